"""Samplers by name, the noise that belongs to an image, and what a trained model carries."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ddpm_widgets import (
    DDPMCB,
    EMA,
    SAMPLERS,
    Diffusion,
    Learner,
    SamplingPlayer,
    Schedule,
    cosine_schedule,
    linear_schedule,
    load_model,
    min_snr_weights,
    noisify,
    respace,
    sample,
    sample_steps,
    save_model,
    sigmoid_schedule,
    to_x0_and_eps,
    translate,
    unet,
)
from ddpm_widgets.noising import TARGETS, make_target, rates_at
from ddpm_widgets.samplers import sampler_coefficients, visits
from ddpm_widgets.schedule import SPACINGS

LINEAR, COSINE = linear_schedule(), cosine_schedule()
TINY = {"block_out_channels": (8, 16), "layers_per_block": 1}
QUIET = {"shape": (1, 8, 8), "progress": False}


def tiny():
    torch.manual_seed(0)
    return unet("nb17", **TINY)


class Perfect(nn.Module):
    "Knows the image, and answers as a network with this target would."

    def __init__(self, image, schedule, target):
        super().__init__()
        self.image, self.schedule, self.target = image, schedule, target

    def forward(self, x_t, t):
        signal, noise = rates_at(t, self.schedule, x_t)
        eps = (x_t.double() - signal.double() * self.image.double()) / noise.double()
        return make_target(self.image.double(), eps, t, self.schedule, self.target).float()


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("schedule", [LINEAR, COSINE, sigmoid_schedule()], ids=lambda s: s.name)
def test_one_step_with_a_perfect_network_gives_the_image(schedule, target, sampler):
    image = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    got = sample(
        Perfect(image, schedule, target), schedule, 2, sampler=sampler, steps=1, target=target, seed=1, **QUIET
    )
    # the signal left at the last t of the cosine schedule is 5e-5: float32 divides by it
    torch.testing.assert_close(got, image, atol=0.02 if target == "eps" and schedule.name != "linear" else 1e-4, rtol=0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_image_does_not_depend_on_its_batch(sampler):
    whole = sample(tiny(), LINEAR, 7, sampler=sampler, steps=6, seed=5, **QUIET)
    for size in (1, 3, 7):
        parts = sample(tiny(), LINEAR, 7, sampler=sampler, steps=6, seed=5, batch_size=size, **QUIET)
        torch.testing.assert_close(parts, whole, atol=1e-4, rtol=0)  # a network rounds otherwise in another batch size
    torch.testing.assert_close(
        sample(tiny(), LINEAR, 2, sampler=sampler, steps=6, seed=5, **QUIET), whole[:2], atol=1e-4, rtol=0
    )
    assert not torch.allclose(sample(tiny(), LINEAR, 7, sampler=sampler, steps=6, seed=6, **QUIET), whole, atol=0.1)


def test_neighbouring_seeds_share_no_image():
    starts = [next(iter(sample_steps(tiny(), LINEAR, 8, shape=(1, 8, 8), steps=2, seed=s))).x_t for s in (0, 1, 2)]
    everything = torch.cat(starts)
    assert len(everything.flatten(1).unique(dim=0)) == 24


def test_without_a_seed_pytorchs_own_decides():
    def draw():
        return sample(tiny(), LINEAR, 2, steps=2, **QUIET)

    torch.manual_seed(3)
    a, b = draw(), draw()
    assert torch.equal(a, b)  # tiny() seeds PyTorch anew each time …
    model = tiny()
    a, b = (sample(model, LINEAR, 2, steps=2, **QUIET) for _ in range(2))
    assert not torch.equal(a, b)  # … and without that every draw is new


def test_x_T_is_cut_into_batches_too():
    x_T = torch.randn(5, 1, 8, 8)
    kwargs = {"sampler": "ddim", "steps": 4, "x_T": x_T, **QUIET}
    torch.testing.assert_close(
        sample(tiny(), LINEAR, 5, batch_size=2, **kwargs), sample(tiny(), LINEAR, 5, **kwargs), atol=1e-4, rtol=0
    )


SCHEDULES = st.sampled_from([LINEAR, COSINE, sigmoid_schedule(), linear_schedule(50), cosine_schedule(7)])


@settings(max_examples=60, deadline=None)
@given(SCHEDULES, st.sampled_from(SPACINGS), st.data())
def test_spacings(schedule, spacing, data):
    steps = data.draw(st.integers(1, schedule.T))
    kept = respace(schedule, steps, spacing).timesteps
    assert len(kept) == steps and (kept.diff() > 0).all() and kept[0] >= 0 and kept[-1] < schedule.T
    if spacing not in ("leading", "linear_levels", "karras"):
        assert kept[-1] == schedule.T - 1
    elif spacing == "leading":
        assert kept[0] == 0


def test_logsnr_strides_are_equal_where_there_are_enough_timesteps():
    strides = torch.logit(respace(LINEAR, 12, "logsnr").alpha_bar64).diff()
    assert float(strides.std() / strides.mean().abs()) < 0.1
    strides = torch.logit(respace(LINEAR, 12).alpha_bar64).diff()
    assert float(strides.std() / strides.mean().abs()) > 0.2


def test_linear_levels_are_those_of_the_linear_schedule():
    for steps in (1, 5, 20):  # with more, two levels may share a nearest timestep: one moves on
        theirs = respace(LINEAR, steps)
        assert respace(LINEAR, steps, "linear_levels").timesteps.tolist() == theirs.timesteps.tolist()
        ours = respace(COSINE, steps, "linear_levels")
        off = (torch.logit(ours.alpha_bar64) - torch.logit(theirs.alpha_bar64)).abs()
        apart = torch.logit(COSINE.alpha_bar64).diff().abs()[ours.timesteps.clamp(max=998)]
        assert (off <= apart).all(), "the nearest timestep is no further off than its neighbour"
    assert len(respace(COSINE, COSINE.T, "linear_levels").timesteps) == COSINE.T


def test_the_spacing_goes_with_the_sampler_that_the_model_likes():
    model = tiny()
    model.diffusion = Diffusion(COSINE, shape=(1, 8, 8), sampler="dpm++", steps=5, spacing="linear_levels")
    visits = {name: respace(COSINE, 5, name).timesteps.tolist()[::-1] for name in ("linear_levels", "trailing")}

    def told(**asked):
        return [step.t for step in sample_steps(model, n=1, **{**QUIET, **asked})]

    assert visits["linear_levels"] != visits["trailing"]
    assert told() == told(steps=5) == told(sampler="dpm++", steps=5, spacing="linear_levels") == visits["linear_levels"]
    assert told(sampler="dpm++", steps=5) == told(spacing="trailing") == visits["trailing"]


@settings(max_examples=40, deadline=None)
@given(SCHEDULES, st.sampled_from(list(SAMPLERS)), st.data())
def test_every_step_keeps_signal_and_noise_in_balance(schedule, sampler, data):
    "With the true image and noise, x_{t-1} is √ᾱ_{t-1} x0 plus noise of variance 1-ᾱ_{t-1} (DDPM's large variance apart)."
    process = respace(schedule, data.draw(st.integers(1, schedule.T)))
    options = {
        "ddpm": {"variance": "small"},
        "ddim": {"eta": data.draw(st.floats(0, 1))},
        "dpm++": {},
        "euler": {},
        "heun": {},
    }[sampler]
    alpha_bar = process.alpha_bar64.tolist()
    rows = sampler_coefficients(sampler, process, **options)
    at = visits(rows, process.T)
    for k, (t, w) in enumerate(zip(at, rows, strict=True)):
        before = alpha_bar[at[k - 1]] if k else 1.0  # Heun's correction stays where it is
        guess = w.x0_weight + w.before_weight
        assert math.isclose(guess + w.x_t_weight * math.sqrt(alpha_bar[t]), math.sqrt(before), abs_tol=1e-7)
        assert math.isclose(w.x_t_weight**2 * (1 - alpha_bar[t]) + w.sigma**2, 1 - before, abs_tol=1e-7)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"sampler": "runge"}, "sampler must be one of ddpm, ddim, dpm"),
        ({"sampler": "dpm++", "eta": 0.5}, "has no eta; it takes no option"),
        ({"sampler": "ddim", "variance": "small"}, "has no variance; it takes eta"),
        ({"sampler": "ddim", "eta": 1.5}, "eta must be a finite number at least 0 and at most 1, found 1.5"),
        ({"spacing": "random", "steps": 3}, "spacing must be one of"),
        ({"steps": 0}, "steps must be a whole number from 1 to"),
        ({"schedule": None}, "carries no schedule"),
    ],
)
def test_bad_input_before_any_work(kwargs, words):
    class Never(nn.Module):
        def forward(self, x_t, t):
            raise AssertionError("it was asked")

    for draw in (sample, sample_steps):
        with pytest.raises(ValueError, match=words):
            draw(Never(), **{"schedule": LINEAR, "n": 2, **kwargs})


class Dls:
    "Two batches of noise, 8×8."

    def __init__(self):
        self.train = self.valid = [(torch.rand(4, 1, 8, 8) * 2 - 1, torch.zeros(4)) for _ in range(2)]


def fitted(**kwargs):
    learn = Learner(tiny(), Dls(), lr=1e-3, cbs=[DDPMCB(COSINE, **kwargs), EMA()])
    learn.fit(1)
    return learn


def test_the_model_carries_what_sampling_must_know():
    learn = fitted(target="v", data_range=(0.0, 1.0))
    for model in (learn.model, learn.ema_model):
        d = model.diffusion
        assert (d.schedule.name, d.target, d.data_range, d.shape) == ("cosine", "v", (0.0, 1.0), (1, 8, 8))
    told = sample(
        learn.ema_model, COSINE, 3, steps=5, target="v", clamp=(0, 1), shape=(1, 8, 8), seed=0, progress=False
    )
    assert torch.equal(sample(learn.ema_model, n=3, steps=5, seed=0, progress=False), told)
    assert told.min() >= 0
    other = sample(learn.ema_model, n=3, steps=5, target="eps", seed=0, progress=False)
    assert not torch.allclose(other, told, atol=0.01), "what is said goes before what is carried"


def test_a_model_s_own_sampler_and_steps():
    model = tiny()
    model.diffusion = Diffusion(LINEAR, sampler="dpm++", steps=4, shape=(1, 8, 8))
    assert len(list(sample_steps(model, n=1))) == 4
    assert len(list(sample_steps(model, n=1, steps=6))) == 6
    assert len(list(sample_steps(model, n=1, sampler="ddpm"))) == 1000, "another sampler does not inherit its steps"
    assert [s.coefficients.before_weight != 0 for s in sample_steps(model, n=1)] == [False, True, True, False]


def test_min_snr_weights_the_error_of_x0():
    "All targets weigh x̂0's squared error by min(SNR, γ)."
    t = torch.tensor([0, 3, 100, 500, 999])
    x0 = torch.randn(5, 1, 4, 4)
    (x_t, _), eps = noisify(x0, LINEAR, t=t)
    wrong = x0 + 0.1
    signal, noise = rates_at(t, LINEAR, x0)
    answers = {
        "x0": wrong,
        "eps": (x_t - signal * wrong) / noise,
        "v": signal * (x_t - signal * wrong) / noise - noise * wrong,
    }
    for target, answer in answers.items():
        error = (answer - make_target(x0, eps, t, LINEAR, target)).square().flatten(1).mean(1)
        weighted = min_snr_weights(LINEAR, target, 5.0)[t] * error
        torch.testing.assert_close(weighted, 0.01 * LINEAR.snr[t].clamp(max=5), rtol=5e-3, atol=1e-8)


def test_min_snr_weighs_training_only():
    losses = []

    class Keep:
        def after_loss(self, learn):
            (_, t), target = learn.batch
            each = (learn.preds - target).square().flatten(1).mean(1)
            losses.append(
                (
                    learn.training,
                    float(learn.loss),
                    float(each.mean()),
                    float((min_snr_weights(COSINE, "v", 5)[t] * each).mean()),
                )
            )

    learn = Learner(tiny(), Dls(), lr=1e-3, cbs=[DDPMCB(COSINE, "v", min_snr=5.0), Keep()])
    learn.fit(1)
    assert {training for training, *_ in losses} == {True, False}
    for training, loss, plain, weighted in losses:
        assert loss == pytest.approx(weighted if training else plain, rel=1e-4) and abs(plain - weighted) > 1e-3


def test_saved_and_loaded(tmp_path):
    learn = fitted(target="v")
    path = save_model(learn.ema_model, tmp_path / "ünd so.safetensors", fid=1.5)
    again = load_model(path)
    assert torch.equal(*(sample(m, n=2, steps=4, seed=0, progress=False) for m in (learn.ema_model, again)))
    assert again.card == {"fid": 1.5} and not again.training and not list(tmp_path.glob("*.part"))


def test_a_damaged_file_is_one_sentence(tmp_path):
    path = save_model(fitted().model, tmp_path / "m.safetensors")
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], b"", b"<html>", whole[:8] + b"x" + whole[9:]):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match="must be a whole file of save_model") as e:
            load_model(path)
        assert "\n" not in str(e.value)


def test_the_player_shows_each_sampler_s_own_weights():
    for sampler in SAMPLERS:
        steps = list(sample_steps(tiny(), LINEAR, 2, sampler=sampler, steps=12, shape=(1, 8, 8), seed=0))
        shown = SamplingPlayer(steps).coefficients[0]
        expected = [(s.coefficients.x0_weight + s.coefficients.before_weight, s.coefficients.x_t_weight) for s in steps]
        torch.testing.assert_close(torch.tensor(shown), torch.tensor(expected))


def test_half_precision_changes_little_and_only_the_networks_arithmetic():
    model = tiny()
    model.diffusion = Diffusion(COSINE, "v", shape=(1, 8, 8))
    torch.nn.init.normal_(model.unet.conv_out.weight, std=0.1)
    options = {"n": 4, "steps": 10, "sampler": "dpm++", "seed": 0, "progress": False}
    full, half = sample(model, **options), sample(model, **options, precision="bf16")
    assert half.dtype == torch.float32 and not torch.equal(full, half)
    assert (full - half).abs().mean() < 0.02
    assert torch.equal(full, sample(model, **options, precision="fp32"))
    with pytest.raises(ValueError, match="precision must be"):
        sample(model, n=1, precision="fp8")


@pytest.mark.parametrize("trained", ["eps", "x0", "v"])
@pytest.mark.parametrize("asked", ["eps", "x0", "v"])
def test_a_translated_network_answers_as_one_trained_so(trained, asked):
    "Its guess at x0 is the network's own at the timestep with as much noise, whatever it is asked for."
    cosine, seen = cosine_schedule(), []

    class Network(nn.Module):
        diffusion = Diffusion(cosine, trained, sampler="dpm++", steps=20, variance="small")

        def forward(self, x_t, t):
            seen.append(t)
            return torch.tanh(x_t)

    network = Network()
    new = translate(network, LINEAR, asked)
    t = torch.tensor([0, 1, 300, 700, 998])
    x_t = torch.randn(5, 1, 4, 4, dtype=torch.float64)
    x0, eps = to_x0_and_eps(new(x_t, t), x_t, t, LINEAR, asked)
    own = seen[0]
    torch.testing.assert_close(cosine.snr[own].log(), LINEAR.snr[t].log(), atol=0.02, rtol=0.06)
    expected, _ = to_x0_and_eps(network(x_t, own), x_t, own, cosine, trained)
    torch.testing.assert_close(x0, expected, atol=1e-5, rtol=1e-5)
    signal, noise = LINEAR.sqrt_alpha_bar[t].view(-1, 1, 1, 1), LINEAR.sqrt_one_minus_alpha_bar[t].view(-1, 1, 1, 1)
    torch.testing.assert_close(signal * x0 + noise * eps, x_t, atol=1e-5, rtol=1e-5)
    assert new.diffusion == network.diffusion._replace(
        schedule=LINEAR, target=asked, sampler="ddpm", steps=None, spacing="trailing", variance="large"
    )


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x[:, :1].expand(-1, 2, -1, -1),
        lambda x: x.mean((1, 2, 3), keepdim=True),
        lambda x: x[:1],
        lambda x: x.mean(),
        lambda x: (x, x),
        lambda x: None,
    ],
    ids=["channels", "pixels", "batch", "scalar", "tuple", "None"],
)
def test_an_answer_of_another_shape_is_not_stretched(answer):
    class Network(nn.Module):
        def forward(self, x_t, t):
            return answer(x_t)

    with pytest.raises(
        ValueError, match=r"the network's answer must have the shape of its target, \(2, 3, 8, 8\)"
    ) as e:
        sample(Network(), linear_schedule(5), n=2, shape=(3, 8, 8), progress=False)
    assert "\n" not in str(e.value)


def test_what_cannot_be_translated_is_said():
    with pytest.raises(ValueError, match="carries no schedule"):
        translate(nn.Linear(1, 1), LINEAR)
    model = tiny()
    model.diffusion = Diffusion(LINEAR)
    with pytest.raises(TypeError, match="schedule must be a Schedule"):
        translate(model, "linear")
    with pytest.raises(ValueError, match="target must be one of"):
        translate(model, LINEAR, "noise")


def test_a_shortened_schedule_is_gone_through_whole():
    "Whatever number of steps the model would take of its own."
    model = unet("fast", block_out_channels=(8, 16), norm_num_groups=8)
    model.diffusion = Diffusion(cosine_schedule(), sampler="ddim", steps=20, spacing="linear_levels")
    for steps in (10, 50):
        short = respace(cosine_schedule(), steps)
        seen = [step.t for step in sample_steps(model, short, n=1, shape=(1, 16, 16))]
        assert seen == short.timesteps.tolist()[::-1]
    assert len(list(sample_steps(model, n=1, shape=(1, 16, 16)))) == 20


def test_a_network_is_translated_to_whole_schedules():
    model = unet("fast", block_out_channels=(8, 16), norm_num_groups=8)
    model.diffusion = Diffusion(cosine_schedule())
    with pytest.raises(ValueError, match="schedule must have all its timesteps, found 50 of them: pass it whole"):
        translate(model, respace(linear_schedule(), 50))


@pytest.mark.parametrize("timesteps", [[0], [0.5, 1.9], [[0, 1]], [False, True]])
def test_timesteps_are_one_whole_number_for_each_beta(timesteps):
    with pytest.raises(ValueError, match="timesteps must be one whole number for each of the 2 βs"):
        Schedule([0.1, 0.2], timesteps=timesteps)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_one_step_can_be_kept_as_it_is(spacing):
    assert respace(one := Schedule([0.5]), 1, spacing) is one


def test_where_beta_max_must_end():
    linear_schedule(beta_max=0.16)
    with pytest.raises(ValueError, match="choose smaller βs"):
        linear_schedule(beta_max=0.18)
