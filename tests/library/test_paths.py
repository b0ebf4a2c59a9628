"""One process under many names: clocks, scales and velocities, Euler and Heun beside diffusers', and a flow that is trained."""

import re

import pytest
import torch
from diffusers import EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler, HeunDiscreteScheduler
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ddpm_widgets import (
    DDPMCB,
    PATHS,
    Callback,
    CancelFit,
    Diffusion,
    Learner,
    alpha_bar_at,
    clock_time,
    cosine_schedule,
    diagnose,
    flow_schedule,
    garments,
    linear_schedule,
    load_model,
    noise_level,
    on_path,
    page_weights,
    respace,
    sample,
    sample_steps,
    save_model,
    score,
    to_diffusers,
    train,
    translate,
    unet,
    velocity,
)
from ddpm_widgets.noising import TARGETS, draw_timesteps, make_target
from ddpm_widgets.samplers import visits

LINEAR, COSINE, FLOW = linear_schedule(), cosine_schedule(), flow_schedule()
TINY = {"block_out_channels": (8, 16), "layers_per_block": 1}
LEVELS = st.floats(1e-3, 1e3)  # σ/α


def random_net():
    "A network with random weights, so that its answer depends on x_t and on t."
    torch.manual_seed(0)
    net = unet("nb17", **TINY)
    return net.eval()


class Scaled(nn.Module):
    "A guess at x0 that is smooth in x_t: the answer for standard normal images, squashed."

    def __init__(self, schedule, target="eps"):
        super().__init__()
        self.schedule, self.target = schedule, target
        self.diffusion = None

    def x0(self, x_t, alpha_bar):
        return torch.tanh(2 * alpha_bar.sqrt() * x_t)

    def forward(self, x_t, t):
        a = self.schedule.alpha_bar64[t].view(-1, 1, 1, 1)
        x0 = self.x0(x_t.double(), a)
        eps = (x_t.double() - a.sqrt() * x0) / (1 - a).sqrt()
        return make_target(x0, eps, t, self.schedule, self.target).to(x_t.dtype)


# --- clocks and scales


@given(LEVELS)
@settings(max_examples=50, deadline=None)
def test_every_clock_is_read_back(level):
    alpha_bar = torch.tensor(1 / (1 + level**2), dtype=torch.float64)
    assert float(noise_level(alpha_bar)) == pytest.approx(level, rel=1e-9)
    for path in PATHS:
        time = clock_time(alpha_bar, path)
        assert float(alpha_bar_at(time, path)) == pytest.approx(float(alpha_bar), rel=1e-6)
        alpha, sigma = PATHS[path].rates(time)
        assert float(sigma / alpha) == pytest.approx(level, rel=1e-6)


@pytest.mark.parametrize("path", PATHS)
def test_slopes_are_the_derivatives_of_the_rates(path):
    time = clock_time(LINEAR.alpha_bar64[[5, 300, 800]], path).requires_grad_()
    for rate, slope in zip(PATHS[path].rates(time), PATHS[path].slopes(time), strict=True):
        found = torch.autograd.grad(rate.sum(), time)[0] if rate.requires_grad else torch.zeros_like(time)
        torch.testing.assert_close(found, slope.detach() + torch.zeros_like(time))


@pytest.mark.parametrize(("path", "target"), [("vp", "v"), ("edm", "eps"), ("flow", "flow")])
def test_three_targets_are_velocities(path, target):
    x0, eps = torch.randn(2, 4, 1, 8, 8)
    t = torch.tensor([0, 200, 600, 999])
    time = clock_time(LINEAR.alpha_bar64[t], path).view(-1, 1, 1, 1).float()
    torch.testing.assert_close(
        velocity(x0, eps, time, path), make_target(x0, eps, t, LINEAR, target), atol=1e-5, rtol=1e-4
    )


def test_the_score_is_the_slope_of_the_density():
    "Of x = α·x0 + σ·ε with one known x0: log p(x) = -(x - α·x0)²/(2σ²)."
    x0, alpha, sigma = 0.3, 0.8, 0.6
    x = torch.tensor([-1.0, 0.2, 0.9], requires_grad=True)
    (-((x - alpha * x0) ** 2) / (2 * sigma**2)).sum().backward()
    torch.testing.assert_close(score((x.detach() - alpha * x0) / sigma, torch.tensor(sigma)), x.grad)


@pytest.mark.parametrize("path", PATHS)
def test_an_image_changes_scale_and_keeps_its_noise_level(path):
    x0, eps = torch.randn(2, 3, 8, dtype=torch.float64)
    a = COSINE.alpha_bar64[400]
    alpha, sigma = PATHS[path].rates(clock_time(a, path))
    torch.testing.assert_close(on_path(a.sqrt() * x0 + (1 - a).sqrt() * eps, a, path), alpha * x0 + sigma * eps)


# --- one network, three paths


@pytest.mark.parametrize("spacing", ["trailing", "karras", "logsnr"])
@pytest.mark.parametrize("schedule", [LINEAR, COSINE, FLOW], ids=lambda s: s.name)
def test_one_network_draws_the_same_along_three_paths(schedule, spacing):
    "DDIM, Euler on EDM's path and Euler on the flow's: one walk, where steps are matched."
    how = {"n": 4, "steps": 12, "spacing": spacing, "seed": 3, "shape": (1, 16, 16), "progress": False, "clamp": None}
    first, *others = (
        sample(Scaled(schedule), schedule, **how, **options)
        for options in ({"sampler": "ddim"}, {"sampler": "euler", "path": "edm"}, {"sampler": "euler", "path": "flow"})
    )
    for other in others:
        assert (first - other).abs().max() < 1e-3
    apart = sample(Scaled(schedule), schedule, **how, sampler="euler", path="vp")
    assert (first - apart).abs().max() > 1e-2, "on an arc, Euler's steps are others"


@pytest.mark.parametrize("path", ["edm", "flow", "vp"])
def test_heun_is_of_second_order(path):
    "Twice the steps: about a quarter of the error, where Euler's is halved."
    x_T = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()

    class Exact(Scaled):
        double = nn.Parameter(torch.zeros((), dtype=torch.float64))  # computes in float64

    def at_199(sampler, steps):  # all visit this timestep; the last step, to the image, is Euler's everywhere
        walk = sample_steps(
            Exact(FLOW), FLOW, 4, x_T=x_T, steps=steps, shape=(1, 8, 8), clamp=None, sampler=sampler, path=path
        )
        return [step.x_t for step in walk if step.t == 199][-1]

    exact = at_199("heun", 1000)
    euler, heun = ([float((at_199(how, n) - exact).abs().mean()) for n in (50, 100)] for how in ("euler", "heun"))
    assert 0.4 < euler[1] / euler[0] < 0.6
    assert 0.15 < heun[1] / heun[0] < 0.35 and heun[0] < euler[0] / 3


@pytest.mark.parametrize("path", ["edm", "flow", "vp"])
def test_heun_is_the_average_of_two_velocities(path):
    "The weighted sum against algorithm 1 written out, step by step."
    few = respace(LINEAR, 6)
    model = Scaled(few)
    x_T = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    how = {"shape": (1, 8, 8), "clamp": None, "sampler": "heun", "path": path}
    few.timesteps = torch.arange(6)
    steps = list(sample_steps(model, few, 2, x_T=x_T, **how))
    assert [s.t for s in steps] == [5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0]

    own, a = PATHS[path], few.alpha_bar64

    def moving(x, i):  # in the path's own scale
        scale = own.rates(clock_time(a[i], path))[0] / a[i].sqrt()
        x0 = model.x0(x / scale, a[i])
        eps = (x / scale - a[i].sqrt() * x0) / (1 - a[i]).sqrt()
        return velocity(x0, eps, clock_time(a[i], path), path)

    x = on_path(x_T.double(), a[5], path)
    for k, i in enumerate(range(5, 0, -1)):
        step = clock_time(a[i - 1], path) - clock_time(a[i], path)
        there = x + step * moving(x, i)
        torch.testing.assert_close(on_path(steps[2 * k + 1].x_t.double(), a[i - 1], path), there, atol=1e-4, rtol=1e-4)
        x = x + step * (moving(x, i) + moving(there, i - 1)) / 2
        torch.testing.assert_close(on_path(steps[2 * k + 2].x_t.double(), a[i - 1], path), x, atol=1e-4, rtol=1e-4)


# --- beside diffusers


def theirs_draws(scheduler, x, network, scale_input=True):
    "Their loop; `x` in their scale. Returns what stands after every call."
    out = []
    for t in scheduler.timesteps:
        given = scheduler.scale_model_input(x, t) if scale_input else x
        x = scheduler.step(network(given, t), t, x).prev_sample
        out.append(x)
    return out


@pytest.mark.parametrize("target", ["eps", "v"])
@pytest.mark.parametrize("spacing", ["trailing", "karras", "logsnr"])
@pytest.mark.parametrize(
    ("sampler", "scheduler"),
    [("euler", EulerDiscreteScheduler), ("heun", HeunDiscreteScheduler)],
    ids=["euler", "heun"],
)
def test_on_edms_levels_every_step_is_diffusers(sampler, scheduler, spacing, target):
    few, net = respace(LINEAR, 10, spacing), random_net()
    kind = {"eps": "epsilon", "v": "v_prediction"}[target]
    theirs = scheduler(trained_betas=LINEAR.betas64.tolist(), prediction_type=kind)
    theirs.set_timesteps(timesteps=few.timesteps.flip(0).tolist())
    x_T = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    how = {"n": 2, "shape": (1, 16, 16), "clamp": None, "target": target, "sampler": sampler, "path": "edm"}
    ours = list(sample_steps(net, LINEAR, x_T=x_T, steps=10, spacing=spacing, **how))
    with torch.no_grad():
        drawn = theirs_draws(theirs, on_path(x_T, few.alpha_bar[-1], "edm"), lambda x, t: net(x, t.long().expand(2)))
    at = visits(ours[::-1], 10)[::-1]
    assert len(drawn) == len(ours)
    for step, i, x in zip(ours[1:], at[1:], drawn, strict=False):
        level = few.alpha_bar[i]
        torch.testing.assert_close(step.x_t, x * level.sqrt(), atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(ours[-1].x0, drawn[-1], atol=3e-4, rtol=1e-4)


def test_along_the_flow_every_step_is_diffusers():
    few, net = respace(FLOW, 10), random_net()
    s = clock_time(few.alpha_bar64, "flow").flip(0)
    theirs = FlowMatchEulerDiscreteScheduler()
    theirs.set_timesteps(sigmas=s.tolist(), timesteps=few.timesteps.flip(0).tolist())
    x_T = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    how = {"n": 2, "shape": (1, 16, 16), "clamp": None, "target": "flow", "sampler": "euler", "path": "flow"}
    ours = list(sample_steps(net, FLOW, x_T=x_T, steps=10, **how))

    def network(x, t):  # asked in DDPM's scale, as ours is
        a = FLOW.alpha_bar[t.long()]
        return net(x * a.sqrt() / (1 - clock_time(a, "flow")), t.long().expand(2))

    with torch.no_grad():
        drawn = theirs_draws(theirs, on_path(x_T, few.alpha_bar[-1], "flow"), network, scale_input=False)
    for step, i, x in zip(ours[1:], range(8, -1, -1), drawn, strict=False):
        torch.testing.assert_close(on_path(step.x_t, few.alpha_bar[i], "flow"), x, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(ours[-1].x0, drawn[-1], atol=1e-4, rtol=1e-4)


# --- a flow of one's own


def trained(**options):
    torch.manual_seed(0)
    dls = garments(n=64, batch_size=16, seed=0)
    return train(dls, unet("small", block_out_channels=(8, 16)), epochs=1, progress=False, seed=0, **options)


def test_a_flow_is_trained_saved_and_drawn(tmp_path):
    learn = trained(path="flow")
    d = learn.model.diffusion
    assert (d.schedule.name, d.target, d.sampler, d.steps) == ("flow", "flow", "euler", 20)
    assert isinstance(learn.loss, torch.Tensor) and learn.loss.isfinite()
    back = load_model(save_model(learn.ema_model, tmp_path / "flow.safetensors"))
    drawn = [sample(net, n=2, seed=1, progress=False) for net in (learn.ema_model, back)]
    torch.testing.assert_close(*drawn)
    assert torch.equal(learn.sample(2, seed=1, progress=False), drawn[0])
    for sampler in ("ddpm", "ddim", "dpm++", "heun"):  # a flow draws in every way
        assert sample(learn.ema_model, n=1, steps=3, sampler=sampler, progress=False).isfinite().all()
    said = [f.what for f in diagnose(learn, progress=False).findings]
    assert not [what for what in said if "mixed" in what or "noise" in what or "timesteps" in what], said


def test_the_batch_of_a_flow_is_a_straight_line():
    "What the network is asked for is the velocity ε - x0 of (1-s)·x0 + s·ε."
    cb = DDPMCB(FLOW, "flow", timesteps="logit-normal")
    seen = []

    class Look(Callback):
        def before_predict(self, learn):
            seen.append((learn.batch, learn.raw))
            raise CancelFit

    class Keep(Callback):
        order = -100

        def before_batch(self, learn):
            learn.raw = learn.batch[0]

    torch.manual_seed(0)
    Learner(
        unet("small", block_out_channels=(8, 16)),
        garments(n=32, batch_size=16),
        torch.nn.functional.mse_loss,
        1e-3,
        [cb, Look(), Keep()],
    ).fit(1)
    ((x_t, t), target), x0 = seen[0]
    a = FLOW.alpha_bar[t].view(-1, 1, 1, 1)
    s = clock_time(a, "flow")
    torch.testing.assert_close(on_path(x_t, a, "flow"), (1 - s) * x0 + s * (target + x0), atol=1e-4, rtol=1e-4)


def test_logit_normal_times_are_in_the_middle():
    t = draw_timesteps(1000, 20_000, "logit-normal", torch.Generator().manual_seed(0))
    assert 0 <= int(t.min()) and int(t.max()) <= 999
    z = torch.logit((t.double() + 0.5) / 1000)
    assert abs(float(z.mean())) < 0.03 and abs(float(z.std()) - 1) < 0.03


def test_all_targets_have_a_network_translated():
    "A network for each target answers the same as the one it was made from."
    x_t, t = torch.randn(4, 1, 16, 16), torch.tensor([10, 300, 700, 990])
    for target in TARGETS:
        net = Scaled(FLOW)
        net.diffusion = Diffusion(FLOW, "eps", shape=(1, 16, 16))
        found = translate(net, FLOW, target)(x_t, t)
        torch.testing.assert_close(found, Scaled(FLOW, target)(x_t, t), atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: clock_time(torch.tensor(0.5), "straight"), "path must be one of vp, edm, flow, found 'straight'."),
        (lambda: sample(Scaled(LINEAR), LINEAR, sampler="euler", path="ddpm"), "path must be one of"),
        (lambda: sample(Scaled(LINEAR), LINEAR, sampler="ddim", path="flow"), "'ddim' has no path"),
        (lambda: train(garments(n=16, batch_size=8), path="edm"), 'path must be "vp" or "flow", found \'edm\''),
        (lambda: DDPMCB(LINEAR, timesteps="early"), 'timesteps must be "uniform" or "logit-normal", found \'early\''),
    ],
)
def test_what_does_not_go_is_said(call, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_where_a_flow_cannot_go_is_said(tmp_path):
    net = random_net()
    net.diffusion = Diffusion(FLOW, "flow", shape=(1, 16, 16))
    with pytest.raises(ValueError, match="the network in the page draws with"):
        page_weights(net)
    with pytest.raises(ValueError, match="model must predict one of eps, x0, v, found flow"):
        to_diffusers(net, tmp_path / "pipeline")


def test_the_page_computes_no_network_without_a_middle():
    net = unet("small", block_out_channels=(8, 16), norm_num_groups=8, mid_block_type=None)
    net.diffusion = Diffusion(linear_schedule())
    with pytest.raises(ValueError, match="the network in the page needs mid_block_type='UNetMidBlock2D', found None"):
        page_weights(net)
