"DDPMCB, EMA and train: what they do to a batch, to weights, and to what you get back."

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ddpm_widgets import (
    DDPMCB,
    EMA,
    RECIPES,
    DataError,
    DataLoaders,
    Learner,
    LRFinder,
    LRSchedule,
    Muon,
    OneCycle,
    Recipe,
    TrainingMonitor,
    evaluate,
    evaluation,
    garments,
    init_ddpm,
    linear_schedule,
    load_model,
    min_snr_weights,
    pretrained,
    sample,
    sample_steps,
    save_model,
    train,
    unet,
)
from ddpm_widgets.randomness import reseed
from ddpm_widgets.unets import half_precision
from ddpm_widgets.weights import _unwrapped

TINY = {
    "block_out_channels": (8, 16),
    "norm_num_groups": 8,
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D",) * 2,
    "up_block_types": ("UpBlock2D",) * 2,
}
LINEAR = linear_schedule()


def tiny():
    torch.manual_seed(0)
    return init_ddpm(unet("nb17", **TINY))


class Dls:
    def __init__(self, n=64, batch_size=16):
        g = torch.Generator().manual_seed(0)
        images = (torch.rand(n, 1, 8, 8, generator=g) > 0.5).float() * 2 - 1
        self.train = DataLoader(TensorDataset(images, torch.zeros(n)), batch_size, shuffle=True)
        self.valid = DataLoader(TensorDataset(images[:16], torch.zeros(16)), batch_size)


class Keep:
    "Keeps what the network was given and asked for."

    def after_predict(self, learn):
        (self.x_t, self.t), self.target = learn.batch
        self.preds = learn.preds


@pytest.mark.parametrize(
    "change", [lambda x: torch.cat([x, x.flip(-1)]), lambda x: x[:5]], ids=["augmented to twice as many", "fewer"]
)
def test_a_callback_may_change_the_size_of_a_batch(change):
    class Resize:
        order = -1

        def before_batch(self, learn):
            x, y = learn.batch
            learn.batch = change(x), y

    learn = Learner(tiny(), Dls(), lr=1e-3, cbs=[Resize(), DDPMCB(LINEAR), keep := Keep()])
    learn.fit(1)
    assert len(keep.x_t) == len(keep.t) == len(change(torch.zeros(16, 1, 8, 8)))


def test_half_precision_images_stay_half():
    data = Dls()
    x, y = data.train.dataset.tensors
    data.train = DataLoader(TensorDataset(x.bfloat16(), y), 16)
    net = nn.Conv2d(1, 1, 1).bfloat16()
    net.forward = lambda x_t, t, inner=net.forward: inner(x_t)
    learn = Learner(net, data, lr=1e-3, cbs=[DDPMCB(LINEAR), keep := Keep()])
    learn.fit(1, valid=False)
    assert keep.x_t.dtype == keep.target.dtype == torch.bfloat16


def test_a_callback_s_own_methods_are_not_taken_for_operations():
    class EarlyStopping:
        def should_stop(self):
            raise AssertionError("this is the callback's own business")

        prepare_loader = should_stop

    Learner(tiny(), Dls(), lr=1e-3, cbs=[DDPMCB(LINEAR), EarlyStopping()]).fit(1, valid=False)


@pytest.mark.parametrize("target", ["eps", "x0", "v"])
def test_a_batch_becomes_noisy_image_timestep_and_target(target):
    learn = Learner(tiny(), Dls(), cbs=[DDPMCB(LINEAR, target, torch.Generator().manual_seed(0)), keep := Keep()])
    learn.fit(1, valid=False)
    a, b = LINEAR.sqrt_alpha_bar[keep.t].view(-1, 1, 1, 1), LINEAR.sqrt_one_minus_alpha_bar[keep.t].view(-1, 1, 1, 1)
    x0 = {"eps": (keep.x_t - b * keep.target) / a, "x0": keep.target, "v": a * keep.x_t - b * keep.target}[target]
    clear = keep.t < 900  # later, 1/√ᾱ magnifies the rounding
    torch.testing.assert_close(x0[clear].abs(), torch.ones_like(x0[clear]), atol=1e-4, rtol=0)
    assert keep.preds.shape == keep.target.shape and len(set(keep.t.tolist())) > 8


def test_a_bare_diffusers_model_is_unpacked():
    learn = Learner(tiny().unet, Dls(), cbs=[DDPMCB(LINEAR), keep := Keep()])
    learn.fit(1)
    assert isinstance(keep.preds, torch.Tensor)
    assert learn.sample(2, shape=(1, 8, 8), steps=3, progress=False).shape == (2, 1, 8, 8)


def test_the_first_loss_is_1():
    learn = train(Dls(n=512, batch_size=256), tiny(), epochs=1, lr=1e-6, progress=False)
    assert learn.recorder.losses[0] == pytest.approx(1, abs=0.05)


def test_train_is_repeatable():
    a, b = (train(Dls(), tiny(), epochs=2, seed=3, progress=False).recorder.losses for _ in range(2))
    assert a == b and len(a) == 8


class TestEMA:
    def test_it_is_the_average_the_docstring_promises(self):
        history = []

        class Weights:
            def after_step(self, learn):
                history.append(learn.model.weight.detach().clone())

        model = nn.Linear(1, 1)
        start = model.weight.detach().clone()
        x = torch.randn(100, 1)
        dls = type("D", (), {"train": DataLoader(TensorDataset(x, x), 10), "valid": None})
        learn = Learner(model, dls, lr=0.1, cbs=[EMA(0.6), Weights()])
        learn.fit(1)
        learn.fit(1)  # goes on with the same average
        average = start
        for k, w in enumerate(history, 1):
            d = min(0.6, (1 + k) / (10 + k))
            average = d * average + (1 - d) * w
        torch.testing.assert_close(learn.ema_model.weight.detach(), average)
        assert len(history) == 20

    def test_the_initial_weights_are_forgotten(self):
        "Without warm-up, 79 % of them would be left after 2,345 steps at 0.9999."

        class Frozen:
            def step(self, learn):
                with torch.no_grad():
                    learn.model.weight.fill_(1.0)

        model = nn.Linear(1, 1)
        nn.init.zeros_(model.weight)
        x = torch.randn(2345, 1)
        dls = type("D", (), {"train": DataLoader(TensorDataset(x, x), 1), "valid": None})
        learn = Learner(model, dls, cbs=[EMA(0.9999), Frozen()])
        learn.fit(1)
        assert learn.ema_model.weight.item() > 0.999

    def test_in_mixed_precision_the_model_stays_mixed(self):
        class Look:
            def after_predict(self, learn):
                self.wrapped = hasattr(learn.model, "_original_forward")

        learn = train(Dls(), tiny(), epochs=1, precision="bf16", cbs=[look := Look()], progress=False)
        assert (
            look.wrapped
            and not hasattr(learn.ema_model, "_original_forward")
            and not hasattr(learn.model, "_original_forward")
        )
        assert {p.dtype for p in learn.ema_model.parameters()} == {torch.float32}

    def test_samples_come_from_the_average(self):
        learn = train(Dls(), tiny(), epochs=1, progress=False)
        kwargs = {"shape": (1, 8, 8), "steps": 5, "seed": 0, "progress": False}
        assert torch.equal(learn.sample(2, **kwargs), sample(learn.ema_model, LINEAR, 2, **kwargs))
        assert not torch.equal(learn.sample(2, **kwargs), sample(learn.model, LINEAR, 2, **kwargs))

    @pytest.mark.parametrize("decay", [-0.1, 1, 1.5, float("nan")])
    def test_bad_decay(self, decay):
        with pytest.raises(ValueError, match="decay must be a finite number at least 0 and below 1"):
            EMA(decay)


def test_an_error_does_not_lose_the_learner():
    class Clumsy:
        def after_step(self, learn):
            if learn.steps == 3:
                raise RuntimeError("oops")

    with pytest.raises(RuntimeError, match="oops") as caught:
        train(Dls(), tiny(), epochs=1, cbs=[Clumsy()], progress=False)
    learn = caught.value.learn
    assert learn.steps == 3
    learn.cbs = [cb for cb in learn.cbs if not isinstance(cb, Clumsy)]
    learn.fit(1)
    assert learn.steps == 7


class TestSampling:
    kwargs = {"shape": (1, 8, 8), "steps": 6, "progress": False}

    def test_by_seed(self):
        model = tiny()
        nn.init.normal_(model.unet.conv_out.weight)
        a, b, c = (sample(model, LINEAR, 3, seed=s, **self.kwargs) for s in (0, 0, 1))
        assert torch.equal(a, b) and not torch.equal(a, c) and a.shape == (3, 1, 8, 8) and a.abs().max() <= 1

    def test_the_global_generator_is_left_alone_by_a_seed(self):
        model = tiny()
        state = torch.get_rng_state()
        sample(model, LINEAR, 2, seed=0, **self.kwargs)
        assert torch.equal(state, torch.get_rng_state())

    def test_inference_mode_ends_at_the_yield(self):
        for step in sample_steps(tiny(), LINEAR, 1, shape=(1, 8, 8), steps=3):
            assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
            assert step.x_t.is_inference() and not step.eps.requires_grad

    @pytest.mark.parametrize("how", ["exhausted", "closed", "error"])
    def test_the_model_comes_back_in_its_mode(self, how):
        model = tiny().train()
        model.unet.conv_out.eval()
        walk = sample_steps(model, LINEAR, 1, shape=(1, 8, 8), steps=5)
        next(walk)
        assert not model.training
        if how == "exhausted":
            list(walk)
        elif how == "closed":
            walk.close()
        else:
            with pytest.raises(KeyboardInterrupt):
                walk.throw(KeyboardInterrupt)
        assert model.training and model.unet.down_blocks.training and not model.unet.conv_out.training

    def test_no_host_sync_per_step(self, monkeypatch):
        reads = []
        for name in ("item", "tolist", "__float__", "__bool__", "cpu", "numpy"):
            original = getattr(torch.Tensor, name)
            monkeypatch.setattr(
                torch.Tensor, name, lambda self, *a, _f=original, _n=name: (reads.append(_n), _f(self, *a))[1]
            )
        counts = []
        for steps in (5, 50):
            reads.clear()

            class Net(nn.Module):
                def forward(self, x_t, t):
                    return x_t * 0.1

            sample(Net(), LINEAR, 1, shape=(1, 4, 4), steps=steps, progress=False, seed=0)
            counts.append(len(reads))
        assert counts[0] == counts[1]

    def test_the_bar_can_be_turned_off(self, capsys):
        sample(tiny(), LINEAR, 1, **self.kwargs)
        assert capsys.readouterr().err == ""
        sample(tiny(), LINEAR, 1, shape=(1, 8, 8), steps=3)
        assert "steps" in capsys.readouterr().err

    def test_bad_input_before_any_work(self):
        class Never(nn.Module):
            def forward(self, x_t, t):
                raise AssertionError("worked")

        for kwargs, word in [
            ({"n": 0}, "n must"),
            ({"n": 1.5}, "n must"),
            ({"steps": 0}, "steps"),
            ({"steps": 1001}, "steps"),
            ({"variance": "big"}, "variance"),
            ({"x_T": torch.zeros(1)}, "x_T"),
            ({"target": "noise"}, "target"),
        ]:
            with pytest.raises(ValueError, match=word):
                sample_steps(Never(), LINEAR, **kwargs)


# Recipes


def test_fast_has_a_recipe_of_its_own_and_the_model_carries_it():
    small = {"block_out_channels": (8, 16), "norm_num_groups": 4, "patch": 2}
    model = init_ddpm(unet("fast", **small, down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2))
    learn = train(Dls(), model, epochs=1, progress=False)
    d = learn.ema_model.diffusion
    assert (d.schedule.name, d.target, d.sampler, d.steps, d.spacing) == ("cosine", "v", "dpm++", 20, "linear_levels")
    assert isinstance(learn.opt, Muon) and learn.lr == RECIPES["fast"].lr
    steps = list(sample_steps(learn.ema_model, n=1))
    assert len(steps) == 20
    assert learn.sample(1, sampler="ddpm", steps=5, progress=False).shape == (1, 1, 8, 8)


def test_what_is_asked_for_goes_before_the_recipe():
    model = unet("fast", block_out_channels=(8, 16), norm_num_groups=4, patch=1)
    learn = train(Dls(), model, LINEAR, target="x0", lr=1e-4, precision="fp32", opt_func=torch.optim.SGD, epochs=1, progress=False)  # fmt: skip
    d = learn.model.diffusion
    assert d.schedule.name == "linear" and d.target == "x0" and learn.lr == 1e-4
    assert isinstance(learn.opt, torch.optim.SGD) and learn.accelerator.mixed_precision == "no"


def test_the_courses_networks_keep_the_courses_recipe():
    learn = train(Dls(), tiny(), epochs=1, progress=False)
    d = learn.model.diffusion
    assert (d.schedule.name, d.target, d.sampler, d.steps, learn.lr) == ("linear", "eps", "ddpm", None, 5e-3)
    assert learn.accelerator.mixed_precision == "no"


def test_precision_by_name():
    learn = train(Dls(), tiny(), epochs=1, precision="bf16", progress=False)
    assert learn.accelerator.mixed_precision == "bf16" and next(learn.model.parameters()).dtype == torch.float32
    assert half_precision("auto") in ("bf16", None) and half_precision("fp32") is None
    with pytest.raises(ValueError, match="precision must be fp32, bf16, fp16 or auto, found 'half'"):
        train(Dls(), tiny(), epochs=1, precision="half", progress=False)


def test_the_lr_finder_gives_the_moving_average_back_too():
    learn = train(Dls(), tiny(), epochs=1, progress=False)
    before = [p.clone() for p in learn.ema_model.parameters()]
    learn.fit(2, lr=1e-2, cbs=[LRFinder(gamma=2)])
    assert all(torch.equal(a, b) for a, b in zip(before, learn.ema_model.parameters(), strict=True))


@pytest.mark.parametrize("asked", [{}, {"sampler": "ddim"}, {"sampler": "ddpm", "steps": 3}])
@pytest.mark.parametrize("preset", ["nb17", "fast"])
def test_the_monitor_samples_with_every_recipe(preset, asked):
    small = {"block_out_channels": (8, 16), "norm_num_groups": 4, "patch": 1, "layers_per_block": 1}
    model = init_ddpm(unet(preset, **small, down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2))
    monitor = TrainingMonitor(sample_every=2, n_samples=1, sample_args=asked)
    train(Dls(), model, epochs=1, progress=False, cbs=[monitor])
    assert "No more samples" not in monitor.note, monitor.note
    assert len(monitor.frame_steps) >= 2


def test_small_learns_at_half_the_courses_rate():
    assert RECIPES["small"] == Recipe(lr=2.5e-3) and Recipe().lr == 5e-3


def test_a_preset_is_built_for_the_channels_of_the_images():
    "In colour without being told; the model draws, and is kept and read again, in colour."
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (24, 3, 32, 32), dtype=np.uint8), np.arange(24) % 10
    dls = DataLoaders.from_arrays(images, labels, images[:8], labels[:8], batch_size=8)
    learn = train(dls, "small", epochs=1, seed=0, progress=False)
    assert learn.model.channels == 3 and learn.model.diffusion.shape == (3, 32, 32)
    assert learn.sample(2, steps=2, progress=False).shape == (2, 3, 32, 32)
    grey = DataLoaders.from_arrays(images[:, 0], labels, images[:8, 0], labels[:8], batch_size=8)
    assert train(grey, "small", epochs=1, progress=False).model.overrides == {}


def test_the_courses_recipe_to_the_letter():
    "Adam with a larger ε; and a weighted loss whose weights are those of min-SNR-γ, once."
    assert Recipe().opt_func.func is torch.optim.Adam and Recipe().opt_func.keywords["eps"] == 1e-5
    schedule = linear_schedule(50)
    cb = DDPMCB(schedule, "v", min_snr=5.0)
    learn = SimpleNamespace(
        batch=((None, torch.tensor([3, 40])), torch.zeros(2, 1, 1, 1)), preds=torch.ones(2, 1, 1, 1)
    )
    learn.training, learn.loss_func = True, torch.nn.functional.mse_loss
    cb.get_loss(learn)
    assert learn.loss.item() == pytest.approx(min_snr_weights(schedule, "v", 5.0)[[3, 40]].mean().item())


@pytest.mark.parametrize("clip", [1e-3, None])
def test_gradients_are_clipped_unless_told_otherwise(clip):
    class Norms:
        order = 100

        def before_step(self, learn):
            self.seen.append(float(torch.stack([p.grad.norm() for p in learn.model.parameters()]).norm()))

    norms = Norms()
    norms.seen = []
    train(Dls(), tiny(), epochs=1, clip=clip, progress=False, cbs=[norms])
    assert norms.seen and (max(norms.seen) <= 1.001e-3) == (clip is not None)


class Answers(nn.Module):
    "A network that answers with whatever a function makes of one."

    def __init__(self, make, channels=1):
        super().__init__()
        self.conv, self.make = nn.Conv2d(1, channels, 3, padding=1), make

    def forward(self, x_t, t):
        return self.make(self.conv(x_t))


@pytest.mark.parametrize(
    ("make", "channels", "words"),
    [
        (lambda y: y, 3, "out_channels=1."),
        (lambda y: SimpleNamespace(sample=y), 3, "found a tensor of shape"),
        (lambda y: y, 2, "without a learned variance"),
        (lambda y: y[:, :, ::2, ::2], 1, "keep height and width"),
        (lambda y: y.mean((2, 3), keepdim=True), 1, "keep height and width"),
        (lambda y: y[:, 0], 1, "return such a tensor"),
        (lambda y: y[:1], 1, "return such a tensor"),
        (lambda y: (y,), 1, "return the prediction alone"),
        (lambda y: {"sample": y}, 1, "return the prediction alone"),
        (lambda y: None, 1, "found None"),
    ],
)
@pytest.mark.parametrize("min_snr", [None, 5.0])
def test_an_answer_of_another_shape_is_refused_before_any_step(make, channels, words, min_snr):
    net = Answers(make, channels)
    before = [p.clone() for p in net.parameters()]
    with pytest.raises(ValueError, match="the network's answer must have the shape of its target") as e:
        train(Dls(), net, epochs=1, min_snr=min_snr, progress=False)
    assert words in str(e.value) and "\n" not in str(e.value) and e.value.learn.steps == 0
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_an_answer_in_an_object_is_taken():
    "As diffusers gives it."
    assert train(Dls(), Answers(lambda y: SimpleNamespace(sample=y)), epochs=1, progress=False).steps


def test_a_schedule_of_ones_own_replaces_the_cycle():
    constant = LRSchedule(lambda opt, steps: torch.optim.lr_scheduler.ConstantLR(opt, factor=1.0))
    learn = train(Dls(), tiny(), epochs=1, lr=1e-3, cbs=[constant], progress=False)
    assert set(learn.recorder.lrs) == {1e-3} and not any(isinstance(cb, OneCycle) for cb in learn.cbs)


@pytest.mark.skipif(torch.cuda.is_available() or torch.backends.mps.is_available(), reason="there is a GPU")
def test_half_precision_that_the_machine_does_not_train_in_is_refused():
    with pytest.raises(ValueError, match='precision must be "bf16" or "fp32" .* found "fp16"'):
        train(Dls(), tiny(), epochs=1, precision="fp16", progress=False)
    with pytest.raises(DataError, match="device must be one of this machine's, cpu, found 'cuda'"):
        garments(8, n=8, n_valid=8).to("cuda")


def test_the_same_seed_twice_is_the_same_run():
    "With one and the same data, which have been gone through before; whatever random numbers they are made with."

    class Flips(torch.utils.data.Dataset):
        def __init__(self):
            self.x, self.g = Dls().train.dataset.tensors[0], torch.Generator().manual_seed(5)

        def __len__(self):
            return 32

        def __getitem__(self, i):
            value = float(np.random.rand() + random.random() + torch.rand((), generator=self.g) + torch.rand(()))
            return self.x[i] * value, 0

    def loaders(data):
        seeded = torch.Generator().manual_seed(3)
        return SimpleNamespace(train=DataLoader(data, 8, shuffle=True, generator=seeded), valid=DataLoader(data, 8))

    def run(dls):
        learn = train(dls, tiny(), epochs=1, seed=1, progress=False)
        return learn.recorder.losses, learn.valid_loss

    for dls in (
        garments(8, n=32, n_valid=8, seed=0),
        loaders(Flips()),
        loaders(torch.utils.data.Subset(Flips(), range(24))),
    ):
        first = run(dls)
        next(iter(dls.train))
        assert run(dls) == first
    fresh = garments(8, n=32, n_valid=8, seed=0)
    again = garments(8, n=32, n_valid=8, seed=0)
    next(iter(again.train))
    assert run(fresh) == run(again)


def test_what_a_seed_cannot_repeat_is_said():
    class Own(torch.utils.data.Dataset):
        def __init__(self):
            self.rng, self.x = np.random.default_rng(0), torch.zeros(16, 1, 8, 8)

        def __len__(self):
            return 16

        def __getitem__(self, i):
            return self.x[i] + float(self.rng.random()), 0

    dls = SimpleNamespace(train=DataLoader(torch.utils.data.ConcatDataset([Own(), Own()]), 8))
    with pytest.warns(UserWarning, match="seed=1 repeats all but what Own.rng draws: give it a new generator"):
        train(dls, tiny(), epochs=1, seed=1, progress=False)


@pytest.mark.parametrize("preset", ["small", "fast"])
def test_the_default_dtype_changes_nothing(preset):
    "Training and sampling come to the same bits under float64, and a network in float64 is trained in it."

    def run(dtype):
        former = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            learn = train(garments(8, n=16, n_valid=8, seed=0), preset, epochs=1, seed=0, progress=False)
            return learn.recorder.losses, learn.valid_loss, learn.sample(2, steps=2, seed=0, progress=False)
        finally:
            torch.set_default_dtype(former)

    (losses, valid, images), other = run(torch.float64), run(torch.float32)
    assert (losses, valid) == other[:2] and torch.equal(images, other[2]) and images.dtype == torch.float32


def test_a_network_in_float64():
    learn = train(Dls(), tiny().double(), epochs=1, progress=False)
    assert learn.steps and learn.sample(1, steps=2, progress=False).dtype == torch.float64
    with pytest.raises(ValueError, match="precision 'bf16' must have weights in float32, found float64"):
        train(Dls(), tiny().double(), epochs=1, precision="bf16", progress=False)


def test_loading_a_model_draws_no_random_numbers(tmp_path):
    "Its initial weights are drawn, and replaced at once."
    state = torch.get_rng_state()
    model = pretrained()
    assert torch.equal(torch.get_rng_state(), state)
    load_model(save_model(model, tmp_path / "model.safetensors"))
    assert torch.equal(torch.get_rng_state(), state)
    evaluation._load_classifier.cache_clear()
    images = sample(model, n=4, steps=2, seed=0, progress=False)
    evaluate(images, dls=garments(8, n=16, n_valid=8, seed=0), cache=tmp_path, progress=False)
    assert torch.equal(torch.get_rng_state(), state)


def test_block_types_are_taken_or_refused_but_not_forgotten():
    plain = ("DownBlock2D",) * 4, ("UpBlock2D",) * 4
    net = unet("nb17", down_block_types=plain[0], up_block_types=plain[1])
    assert not any("attentions" in name for name, _ in net.unet.down_blocks.named_parameters())
    for wrong in ({"up_block_types": plain[1]}, {"down_block_types": plain[0][:2], "up_block_types": plain[1][:2]}):
        with pytest.raises(ValueError, match="must be one for each of the 4 levels"):
            unet("nb17", **wrong)
    assert "Attn" not in "".join(unet("small", block_out_channels=(16, 32, 64)).unet.config.down_block_types[:2])


@pytest.mark.parametrize("groups, widths", [(0, (8, 16)), (3, (8, 16)), (4, (4, 4))])
def test_widths_that_groups_or_attention_cannot_share(groups, widths):
    with pytest.raises(ValueError, match="cannot share|must have 8 channels or more"):
        unet("nb17", block_out_channels=widths, norm_num_groups=groups)


def test_a_data_set_and_a_sampler_that_know_each_other_are_reseeded_once():
    class Knot:
        generator = torch.Generator()

    data, sampler = Knot(), Knot()
    data.sampler, sampler.dataset = sampler, data
    assert reseed(3, SimpleNamespace(dataset=data, sampler=sampler)) == []


def test_a_compiled_network_inside_another_wrapper_is_found():
    inner = nn.DataParallel(net := nn.Linear(1, 1))
    outer = nn.Module()
    outer._orig_mod = inner
    assert _unwrapped(outer) is net
