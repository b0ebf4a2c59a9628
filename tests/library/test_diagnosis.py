"`diagnose`: every fault it knows is planted here, and must be found, with its value, and nothing else."

import copy
import math
import random
import signal
from itertools import islice
from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from ddpm_widgets import (
    DDPMCB,
    EMA,
    DataLoaders,
    Diffusion,
    Finding,
    Learner,
    LiveSampler,
    LRFinder,
    Metrics,
    Recorder,
    Schedule,
    TrainingMonitor,
    cosine_schedule,
    diagnose,
    draw_garments,
    flow_schedule,
    garments,
    init_ddpm,
    linear_schedule,
    sample,
    train,
    unet,
)
from ddpm_widgets.data import ImageDataset
from ddpm_widgets.diagnosis import CHECKS, Case
from ddpm_widgets.diagnosis.checks import FEW_STEPS
from ddpm_widgets.diagnosis.measuring import is_finite, measure_losses
from ddpm_widgets.diagnosis.report import _as_loaders
from ddpm_widgets.diagnosis.tracing import first_not_finite
from ddpm_widgets.noising import TARGETS
from ddpm_widgets.training import ADAM

LINEAR = linear_schedule()
LABELS = np.random.default_rng(0).permutation(np.arange(640) % 10)
X = torch.tensor(draw_garments(640, 0, LABELS)[0][:, None, ::4, ::4]) / 127.5 - 1  # (640, 1, 7, 7), -1 … 1
Y = torch.tensor(LABELS)


class Wiener(nn.Module):
    "As good as a network can be that looks at each pixel alone: healthy without any training, on any images."

    def __init__(self, images=X, schedule=LINEAR, target="eps", carried=None):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.mean, self.s2, self.schedule, self.target = images.mean(0), images.var(0), schedule, target
        self.diffusion = carried

    def forward(self, x_t, t):
        a = self.schedule.alpha_bar[t].view(-1, 1, 1, 1)
        x0 = self.mean + a.sqrt() * self.s2 / (a * self.s2 + 1 - a) * (x_t - a.sqrt() * self.mean)
        answers = {
            "eps": (x_t - a.sqrt() * x0) / (1 - a).sqrt(),
            "x0": x0,
            "v": (a.sqrt() * x_t - x0) / (1 - a).sqrt(),
            "flow": (x_t - a.sqrt() * x0) / (1 - a).sqrt() - x0,
        }
        return self.scale * answers[self.target]


class Dls:
    def __init__(self, images=X, labels=Y, shuffle=True, valid=True, batch_size=32):
        self.train = DataLoader(TensorDataset(images, labels), batch_size, shuffle=shuffle)
        self.valid = DataLoader(TensorDataset(images[::10], labels[::10]), batch_size) if valid else None


def fitted(model=None, dls=None, *cbs, schedule=LINEAR, target="eps", lr=0.0, epochs=3, ema=0.999):
    "A Learner after 60 steps that change nothing, unless a callback does."
    torch.manual_seed(0)
    own = [DDPMCB(schedule, target), Metrics(), Recorder()] + ([EMA(ema)] if ema else [])
    learn = Learner(Wiener() if model is None else model, dls or Dls(), lr=lr, cbs=[*own, *cbs], opt_func=ADAM)
    learn.fit(epochs)
    return learn


@pytest.fixture(autouse=True)
def sixty_steps_are_enough(monkeypatch):
    "For Wiener they are; a real network needs more."
    assert FEW_STEPS == 300
    monkeypatch.setattr("ddpm_widgets.diagnosis.checks.FEW_STEPS", 60)


@pytest.fixture(scope="module")
def well():
    return fitted()


def planted(learn, **attributes):
    "A copy of a Learner, in which some attributes are others. A network that is planted was not trained by it."
    learn = copy.copy(learn)
    vars(learn).update({"opt": None, **attributes} if "model" in attributes else attributes)
    return learn


def only(report, check, severity="error") -> str:
    "What was found by the one check that found anything."
    assert [(f.check, f.severity) for f in report.findings] == [(check, severity)], str(report)
    assert not [f for f in report.results if "itself failed" in f.what], str(report)
    assert report.findings[0].mend
    return report.findings[0].found


# -- where nothing is wrong


def test_a_healthy_network_has_no_findings(well):
    report = diagnose(well)
    assert report.findings == [] and str(report).startswith(f"Nothing wrong in {len(CHECKS)} checks.\n")
    assert {f.check for f in report.of("fine")} == {check.__name__.replace("_", " ") for check in CHECKS}
    for value in ("-1 to 1", "√ᾱ is 0.0064 at t=999", "60 steps, 1,920 images", "1000 steps of ddpm"):
        assert value in str(report)


@pytest.mark.parametrize("target", TARGETS)
def test_nor_has_one_of_another_target(target):
    assert diagnose(fitted(Wiener(target=target), target=target)).findings == []


def test_a_training_that_was_watched_is_looked_into():
    learn = fitted(None, None, TrainingMonitor(sample_every=0, live=LiveSampler()))
    (found,) = [f for f in diagnose(learn).results if f.check == "training batches"]
    assert found.severity == "fine", found


def test_a_short_run_on_garments_has_no_errors():
    dls = garments(n=1280, n_valid=64, batch_size=16)
    tiny = {"patch": 4, "block_out_channels": (16, 32), "norm_num_groups": 4, "layers_per_block": 1}
    torch.manual_seed(0)
    learn = train(dls, init_ddpm(unet("small", **tiny)), epochs=1, lr=1e-2, progress=False, seed=0)
    report = diagnose(learn)
    assert not report.of("error") and not [f for f in report.results if "itself failed" in f.what], str(report)
    assert {f.check for f in report.findings} <= {"training steps", "loss by timestep"}
    assert report.network.gain() > 0.1 and len(report.of("not checked")) == 0


# -- the loss and what it is worth


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("schedule", [LINEAR, cosine_schedule(200)], ids=["linear", "cosine"])
def test_the_linear_predictor_has_the_loss_of_the_formula(target, schedule):
    "Wiener is that predictor, measured on the images that it has its mean and variance from."
    model = Wiener(schedule=schedule, target=target)
    b = measure_losses(model, Diffusion(schedule, target), X, X.mean(0), X.var(0))
    np.testing.assert_allclose(b.loss[target], b.linear[target], rtol=1e-4)
    assert b.gain() == pytest.approx(1, abs=1e-4)
    for first, last, linear, constant in zip(b.first, b.last, b.linear[target], b.constant[target], strict=True):
        a, s2 = schedule.alpha_bar[first : last + 1, None], X.var(0).flatten()
        D = a * s2 + 1 - a
        expected = {
            "eps": (a * s2 / D, torch.ones(())),
            "x0": ((1 - a) * s2 / D, s2),
            "v": (s2 / D, a + (1 - a) * s2),
            "flow": ((a.sqrt() + (1 - a).sqrt()) ** 2 * s2 / D, 1 + s2 + 0 * a),
        }[target]
        np.testing.assert_allclose([linear, constant], [float(e.mean()) for e in expected], rtol=0.06)


def test_a_network_that_learned_nothing(well):
    model = Wiener(carried=well.model.diffusion)
    nn.init.zeros_(model.scale)
    found = only(diagnose(planted(well, model=model, ema_model=None)), "loss by timestep")
    assert found.startswith("1.001 over all timesteps, where a constant has 1.001 and a linear guess 0.1")


class Blind(Wiener):
    def forward(self, x_t, t):
        return super().forward(x_t, t) * (t < 600).view(-1, 1, 1, 1)


def test_a_network_that_is_blind_in_a_band(well):
    report = diagnose(planted(well, model=Blind(carried=well.model.diffusion), ema_model=None))
    found = only(report, "loss by timestep")
    assert report.findings[0].what.endswith("t = 600 … 999")
    assert "loss 1.007 at t = 800 … 899, where a constant has 1.007 and a linear guess 0.000" in found
    assert report.network.spans(np.array([True, False, True, True] + [False] * 6)) == "0 … 99 and 200 … 399"


class Poor(Wiener):
    def forward(self, x_t, t):
        return super().forward(x_t, t) * torch.where(t < 300, 1, 0.7).view(-1, 1, 1, 1)


def test_a_network_that_is_worse_than_a_line(well):
    report = diagnose(planted(well, model=Poor(carried=well.model.diffusion), ema_model=None))
    found = only(report, "loss by timestep", "warning")
    worst = np.argmax(report.network.loss["eps"] - report.network.linear["eps"])
    assert report.findings[0].what.endswith("t = 300 … 999")
    assert f"loss {report.network.loss['eps'][worst]:.3f} at t = {100 * worst} … {100 * worst + 99}" in found


def test_the_figure_holds_the_losses(well):
    report = diagnose(well)
    fig = report.plot()
    assert isinstance(fig, go.Figure) and [d.name for d in fig.data][:2] == ["network", "its moving average"]
    np.testing.assert_allclose(fig.data[0].y, report.network.loss["eps"].clip(1.0001e-4), rtol=0.03)
    np.testing.assert_allclose(fig.data[0].x[:2], [49.5, 149.5])
    assert f"network {report.network.loss['eps'].mean():.3g}" in fig.layout.meta["alt"]
    with pytest.raises(ValueError, match="no data"):
        diagnose(Wiener(carried=Diffusion(LINEAR))).plot()


# -- data


@pytest.mark.parametrize(
    "scaled, severity, words, mend",
    [
        (lambda x: 127.5 * (x + 1), "error", "from 0 to 255", "x / 127.5 - 1"),
        (lambda x: 0.5 * (x + 1), "warning", "from 0 to 1", "2 * x - 1"),
        (lambda x: (x - x.mean()) / x.std(), "error", f"to {float((1 - X.mean()) / X.std()):.4g}", "to [-1, 1]"),
    ],
    ids=["0…255", "0…1", "standardised"],
)
def test_images_in_another_range(well, scaled, severity, words, mend):
    x = scaled(X)
    carried = Diffusion(LINEAR, shape=(1, 7, 7))
    learn = planted(well, model=Wiener(x, carried=carried), ema_model=None, dls=Dls(x))
    report = diagnose(learn)
    found = only(report, "data range", severity)
    assert words in found and "[-1, 1]" in found and mend in report.findings[0].mend
    learn.model.diffusion = carried._replace(data_range=(float(x.min()), float(x.max())))
    assert diagnose(learn).findings == []


def test_images_that_are_integers():
    learn = Learner(Wiener(), Dls((127.5 * (X + 1)).byte()), cbs=[DDPMCB(LINEAR)])
    with pytest.raises(TypeError):
        learn.fit(1)
    finding = diagnose(learn).findings[0]
    assert finding.check == "data range" and "torch.uint8" in finding.found and "0 to 255" in finding.found


def test_images_with_nan(well):
    x = X.clone()
    x[[0, 100]] = torch.nan
    found = only(diagnose(planted(well, dls=Dls(x))), "data range")
    assert found == f"{2 + 2} of {512 + 64} images looked at"  # 0 and 100 are validation images too


def test_nothing_but_nan(well):
    report = diagnose(planted(well, dls=Dls(X * torch.nan)))
    assert "576 of 576" in only(report, "data range")
    assert {f.what for f in report.of("not checked")} == {"no image is finite"}


def test_empty_images(well):
    x = X.clone()
    x[64:] = -1
    model = Wiener(x, carried=well.model.diffusion)
    found = only(diagnose(planted(well, model=model, ema_model=None, dls=Dls(x))), "data range")
    assert found.startswith("90% of them hold a single value")


def test_a_clamp_that_cuts(well):
    report = diagnose(well, clamp=(0, 1))
    found = only(report, "data range")
    assert "from -1 to 1" in found and "[0, 1]" in found and 'clamp="data"' in report.findings[0].mend
    assert diagnose(well, clamp=None).findings == []


def test_images_in_order_and_sorted_by_label(well):
    order = Y.argsort(stable=True)
    found = only(diagnose(planted(well, dls=Dls(X[order], Y[order], shuffle=False))), "shuffling")
    assert found.startswith("images 0, 1, 2, 3, …") and "99% of neighbours share a label, by chance 10% would" in found


def test_images_in_order_but_mixed(well):
    found = only(diagnose(planted(well, dls=Dls(shuffle=False))), "shuffling", "warning")
    assert found.startswith("images 0, 1, 2, 3, …")


class Stream(IterableDataset):
    def __init__(self, order):
        self.order = order

    def __iter__(self):
        return ((X[i], Y[i]) for i in self.order)


def test_a_stream_that_is_sorted(well):
    def dls(order):
        return SimpleNamespace(train=DataLoader(Stream(order.tolist()), 32), valid=Dls().valid)

    found = only(diagnose(planted(well, dls=dls(Y.argsort()))), "shuffling")
    assert "the order is not known; 99% of neighbours" in found
    assert diagnose(planted(well, dls=dls(torch.arange(640)))).findings == []


def test_loaders_of_any_kind(well):
    "A list of batches, images alone, no validation set, the package's own."
    batches = SimpleNamespace(train=[(X[:64], Y[:64]), (X[64:128], Y[64:128])], valid=None)
    assert diagnose(planted(well, dls=batches)).findings == []
    assert diagnose(planted(well, dls=Dls(valid=False))).findings == []
    assert diagnose(well.model, X).findings == [] and diagnose(well.model, X.numpy()).findings == []
    assert diagnose(well.model, Dls().valid).findings == []
    byte = (127.5 * (X[:, 0] + 1)).round().byte()
    own = DataLoaders.from_arrays(byte, Y, byte[:64], Y[:64], size=7)
    assert diagnose(well.model, own).findings == []


def test_labels_in_place_of_images(well):
    data = SimpleNamespace(train=DataLoader(TensorDataset(Y, X), 32), valid=None)
    report = diagnose(planted(well, dls=data))
    assert "int64 of shape (512,)" in only(report, "images") and report.findings[0].what == "these are not images"
    assert str(report).startswith("1 error in ") and "that could not be made" in str(report)


def test_one_picture_over_and_over(well):
    x = X[:3].repeat(200, 1, 1, 1)
    model = Wiener(x, carried=well.model.diffusion)
    found = only(diagnose(planted(well, model=model, ema_model=None, dls=Dls(x, Y[:600]))), "images")
    assert found == "3 different images among 512 of the training data"
    few = Dls(X[:15], Y[:15])  # a small data set repeats nothing
    assert not [f for f in diagnose(planted(well, dls=few)).findings if f.check == "images"]


# -- what training does


class ByHand:
    "Prepares batches as people write it, with a fault or none."

    def __init__(self, fault=None):
        self.fault, self.calls = fault, []

    def before_batch(self, learn):
        self.calls.append(learn)
        x0, _ = learn.batch
        fault, t, eps = self.fault, torch.randint(1000, (len(x0),)), torch.randn_like(x0)
        if fault == "mirrored":  # healthy: the loader's images, some of them mirrored
            x0 = torch.where(torch.rand(len(x0), 1, 1, 1) < 0.5, x0, x0.flip(-1))
        if fault == "some t":
            t = t % 700
        if fault in ("uniform", "half"):
            eps = torch.rand_like(x0) if fault == "uniform" else eps / 2
        a = (cosine_schedule() if fault == "schedule" else LINEAR).alpha_bar[t].view(-1, 1, 1, 1)
        x_t = a * x0 + (1 - a) * eps if fault == "no root" else a.sqrt() * x0 + (1 - a).sqrt() * eps
        if fault == "own noise":
            eps = torch.randn_like(eps)
        learn.batch = (x_t, t[torch.randperm(len(t))] if fault == "shuffled t" else t), eps


@pytest.mark.parametrize(
    "fault, what, value",
    [
        ("some t", "training draws only some of the timesteps", "7 of 10 bands"),
        ("uniform", "the noise is not that of the schedule, mean 0 and variance 1", "mean 0.50 and standard deviation 0.29"),
        ("half", "the noise is not that of the schedule, mean 0 and variance 1", "standard deviation 0.50"),
        ("own noise", "the target is not the noise that is in x_t", "the correlation of the noise in x_t"),
        ("shuffled t", "the network is told the timestep of another image", "as a whole the amounts are right"),
        ("no root", "the images are mixed with ᾱ instead of √ᾱ", "of the image at t="),
        ("schedule", "the images are mixed in other amounts than the schedule's", "where it should be"),
    ],
)  # fmt: skip
def test_how_batches_are_prepared(well, fault, what, value):
    report = diagnose(planted(well, cbs=[cb := ByHand(fault)]))
    assert value in only(report, "training batches") and report.findings[0].what == what
    assert cb.calls == [], "copies were asked"


@pytest.mark.parametrize("fault", [None, "mirrored"])
def test_batches_prepared_rightly(well, fault):
    random_state = torch.get_rng_state()
    assert diagnose(planted(well, cbs=[ByHand(fault)])).findings == []
    assert torch.equal(random_state, torch.get_rng_state())


@pytest.mark.parametrize("target", ["x0", "v"])
def test_a_training_for_another_target_is_no_fault_of_its_noise(target):
    learn = fitted(Wiener(target=target), target=target)
    learn.model.diffusion = learn.model.diffusion._replace(target="eps")
    report = diagnose(planted(learn, ema_model=None))
    (finding,) = [f for f in report.results if f.check == "training batches"]
    assert finding.severity == "not checked" and f"asks for {target}" in finding.what
    assert [f.check for f in report.findings] == ["sampling and training"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("schedule", [LINEAR, cosine_schedule(200)], ids=["linear", "cosine"])
def test_the_library_prepares_batches_rightly(target, schedule):
    learn = fitted(Wiener(schedule=schedule, target=target), schedule=schedule, target=target)
    (finding,) = [f for f in diagnose(learn).results if f.check == "training batches"]
    assert finding.severity == "fine" and "standard deviation 1.00" in finding.what


def test_an_optimizer_of_another_network(well):
    found = only(diagnose(planted(well, opt=ADAM(Wiener().parameters(), lr=1e-3))), "weights")
    assert found == "none of the network's 1 tensors of weights is among the 1 of the optimizer"


TINY = {"patch": 4, "block_out_channels": (16, 32), "norm_num_groups": 4, "layers_per_block": 1}


def trained(prepare=lambda net: net, **options):
    torch.manual_seed(0)
    net = prepare(init_ddpm(unet("small", **TINY)))
    return train(garments(n=640, n_valid=64, batch_size=8), net, progress=False, seed=0, **{"lr": 1e-2, **options})


def froze(net):
    for name, p in net.named_parameters():
        p.requires_grad_("mid_block" not in name and "conv_out" not in name)
    return net


@pytest.mark.parametrize(
    "options, what",
    [
        ({"lr": 1e-4}, "the learning rate is too low for the weights to move"),
        ({"clip": 1e-8}, "the gradients are clipped to almost nothing"),
        ({"prepare": froze}, "a part of the network is frozen (requires_grad is False)"),
    ],
    ids=["learning rate", "clip", "frozen"],
)
def test_weights_that_could_not_move(options, what):
    "The cause comes before its effects, and nothing else is advised that would not help."
    report = diagnose(trained(**options))
    first = report.findings[0]
    assert (first.check, first.severity, first.what) == ("weights", "error", what), str(report)
    assert not [f for f in report.findings[1:] if "lower learning rate" in f.mend]


@pytest.mark.parametrize("options", [{"lr": 2e-3}, {"clip": 0.1}, {"target": "v"}, {"min_snr": 5.0}], ids=str)
def test_no_false_alarm(options):
    report = diagnose(trained(**options))
    assert not report.of("error") and not [f for f in report.results if "itself failed" in f.what], str(report)


# -- values that are not finite


class Overflows(Wiener):
    "Computes its first layer in half precision, where squares end at 65,504."

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.body = nn.Sequential(nn.Identity(), nn.Linear(7, 7, bias=False, dtype=torch.float16))
        nn.init.constant_(self.body[1].weight, 6e4)

    def forward(self, x_t, t):
        return super().forward(x_t, t) + 0 * self.body(x_t.half()).float()


def test_the_layer_in_which_it_begins(well):
    model = Overflows(carried=well.model.diffusion)
    report = diagnose(planted(well, model=model, ema_model=None, opt=None))
    found = only(report, "finite values")
    assert "first in body.1 (Linear), in float16" in found and "bf16" in report.findings[0].mend


def test_arithmetic_between_the_layers_belongs_to_the_module_around_them():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.key, self.out = nn.Identity(), nn.Linear(7, 7)

        def forward(self, x):
            return self.out(self.key(x) / 0)

    model = nn.Sequential()
    model.mid = nn.Sequential(Attention())
    model.forward = lambda x_t, t: model.mid(x_t)
    origin = first_not_finite(model, X[:4], torch.arange(4))
    assert origin.layer == "mid.0 (Attention)" and origin.weights
    assert not any(m._forward_hooks or m._forward_hooks_with_kwargs for m in model.modules())


def test_weights_that_are_not_finite(well):
    model = copy.deepcopy(well.model)
    model.spare = nn.Linear(2, 2)
    with torch.no_grad():
        model.spare.bias[1] = torch.inf
    found = only(diagnose(planted(well, model=model, ema_model=None)), "finite values")
    assert "not finite: 1 of 3 weights and buffers, the first spare.bias (float32)" in found


def test_an_average_and_an_optimizer_that_are_not_finite(well):
    average = copy.deepcopy(well.ema_model)
    nn.init.constant_(average.scale, torch.nan)
    opt = copy.copy(well.opt)
    opt.state = {well.model.scale: {**well.opt.state[well.model.scale], "exp_avg": torch.tensor(torch.nan)}}
    found = only(diagnose(planted(well, ema_model=average, opt=opt)), "finite values")
    assert "1 of 1 weights of the moving average, the first scale" in found
    assert "memories of the optimizer, the first exp_avg of scale" in found


class NaNAt:
    "Makes the loss of one step NaN, and with it the weights, unless they are spared."

    def __init__(self, step, spare=False):
        self.step_, self.spare = step, spare

    def after_loss(self, learn):
        if learn.training and learn.steps + 1 == self.step_:
            learn.loss = learn.loss * torch.nan

    def before_step(self, learn):
        if self.spare and learn.steps + 1 == self.step_:
            learn.opt.zero_grad()


def test_the_step_at_which_the_loss_became_nan():
    learn = fitted(None, None, NaNAt(37), lr=1e-9)
    report = diagnose(learn)
    found = only(report, "finite values")
    assert f"the loss is nan for the first time at step 37 of 60, after {learn.recorder.losses[35]:.3g}" in found
    assert "learning rate 1e-09" in found and "no fault in the 640 training images" in found
    assert "not finite: 1 of 1 weights and buffers, the first scale" in found
    assert "1 of 1 weights of the moving average" in found and "exp_avg of scale" in found
    assert "from fresh weights" in report.findings[0].mend and "lower the learning rate" in report.findings[0].mend


def test_a_loss_that_was_survived():
    found = only(diagnose(fitted(None, None, NaNAt(37, spare=True))), "finite values", "warning")
    assert "step 37 of 60" in found


def test_the_image_that_did_it():
    x = X.clone()
    looked_at = {*np.linspace(0, 639, 512).round().astype(int).tolist(), *range(0, 640, 10)}
    hidden = min(set(range(100, 640)) - looked_at)
    x[hidden] = torch.nan
    report = diagnose(fitted(Wiener(), Dls(x), lr=1e-9))
    first = report.findings[0]
    assert first.check == "finite values" and f"image {hidden} of the training data is not finite" in first.found
    assert "leave that image out" in first.mend and "learning rate" not in first.mend


def test_a_real_run_that_ends_in_nan():
    torch.manual_seed(0)
    tiny = {"block_out_channels": (8, 16), "norm_num_groups": 4, "layers_per_block": 1}
    x = F.interpolate(X, size=8)
    learn = train(
        Dls(x), init_ddpm(unet("nb17", **tiny)), epochs=1, lr=1e25, clip=None, precision="bf16", progress=False
    )
    report = diagnose(learn)
    assert (
        report.of("error")[0].check == "finite values" and "the loss is inf at step 2, " in report.of("error")[0].found
    )
    assert not [f for f in report.results if "itself failed" in f.what]
    for net in (learn.model, learn.ema_model):
        nn.init.constant_(net.unet.conv_out.weight, torch.nan)
    with pytest.raises(ValueError, match="not finite"):
        diagnose(learn).plot()


# -- the network


class TwoChannels(Wiener):
    def forward(self, x_t, t):
        return super().forward(x_t, t).repeat(1, 2, 1, 1)


def test_a_network_that_fails(well):
    found = only(diagnose(planted(well, model=TwoChannels(carried=well.model.diffusion))), "network")
    assert "(64, 1, 7, 7)" in found and "(64, 2, 7, 7)" in found
    coloured = nn.Conv2d(3, 1, 3, padding=1)
    coloured.forward, coloured.diffusion = lambda x_t, t: nn.Conv2d.forward(coloured, x_t), well.model.diffusion
    assert "RuntimeError" in only(diagnose(coloured, X), "network")


def test_group_norm_with_one_channel_in_each_group(well):
    model = Wiener(carried=well.model.diffusion)
    model.norms = nn.Sequential(nn.GroupNorm(4, 16), nn.GroupNorm(16, 16))
    report = diagnose(planted(well, model=model, ema_model=None))
    found = only(report, "group norms", "warning")
    assert found == "1 of 2 group norms, the first norms.1: 16 groups for 16 channels"
    assert "norm_num_groups=4" in report.findings[0].mend


def test_the_courses_notebook_15_has_such_norms():
    model = unet("nb15")
    model.diffusion = Diffusion(LINEAR)
    assert "32 groups for 32 channels" in only(diagnose(model), "group norms", "warning")


# -- the schedule


def test_a_schedule_that_leaves_a_picture():
    schedule = Schedule(torch.linspace(1e-4, 0.02, 50))
    learn = fitted(Wiener(schedule=schedule), schedule=schedule)
    found = only(diagnose(learn, sampler="ddim"), "signal left")
    assert "√ᾱ is 0.776 at t=49" in found


def test_stable_diffusions_schedule_leaves_a_little():
    schedule = Schedule(torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
    report = diagnose(fitted(Wiener(schedule=schedule), schedule=schedule))
    assert "√ᾱ is 0.0683" in only(report, "signal left", "warning")  # Lin et al. 2023, table 1


def test_a_spacing_that_begins_too_late(well):
    report = diagnose(well, sampler="ddim", steps=20, spacing="leading")
    assert report.findings == []  # t=950
    report = diagnose(well, sampler="dpm++", steps=4, spacing="leading")
    assert [f.check for f in report.findings] == ["signal left", "sampling steps"]
    assert "at t=750, where 4 steps begin" in report.findings[0].found and "trailing" in report.findings[0].mend


def test_another_schedule_in_sampling(well):
    found = only(diagnose(well, schedule=cosine_schedule()), "sampling and training")
    assert "(cosine)" in found and "0.214 in training (linear)" in found
    found = only(diagnose(well, schedule=linear_schedule(200)), "sampling and training")
    assert "200 steps" in found and "1000" in found
    assert diagnose(well, schedule=linear_schedule()).findings == []


# -- the target


def test_another_target_in_sampling(well):
    report = diagnose(well, target="x0")
    assert "taken for x0" in only(report, "sampling and training") and 'target="eps"' in report.findings[0].mend


@pytest.mark.parametrize("said", TARGETS)
@pytest.mark.parametrize("carried", TARGETS)
def test_what_the_network_says_is_measured(said, carried):
    report = diagnose(Wiener(target=said, carried=Diffusion(LINEAR, carried)), X)
    if said == carried:
        assert report.findings == []
    else:
        found = only(report, "sampling and training")
        loss = report.network.loss[said].mean()
        assert f"to {said} " in found and f"{loss:.3f} for {said}" in found and f"taken for {carried}" in found
        assert diagnose(Wiener(target=said, carried=Diffusion(LINEAR, carried)), X, target=said).findings == []


def test_a_network_that_says_nothing_yet_says_no_other_target(well):
    model = Wiener(carried=well.model.diffusion)
    nn.init.zeros_(model.scale)
    assert "sampling and training" not in {f.check for f in diagnose(model, X).findings}


# -- too few steps


@pytest.mark.parametrize("sampler, few, enough", [("ddpm", 50, 100), ("ddim", 10, 20), ("dpm++", 5, 10)])
def test_few_sampling_steps(well, sampler, few, enough):
    report = diagnose(well, sampler=sampler, steps=few)
    assert only(report, "sampling steps", "warning") == f"{few} steps of {sampler}"
    assert f"take {enough} at least" in report.findings[0].mend
    assert diagnose(well, sampler=sampler, steps=enough).findings == []


def test_the_choice_that_a_network_carries_counts(well):
    model = Wiener(carried=well.model.diffusion._replace(steps=20))
    assert only(diagnose(model, X), "sampling steps", "warning") == "20 steps of ddpm"


def test_few_training_steps():
    report = diagnose(fitted(epochs=2))
    assert "40 steps, 1,280 images" in only(report, "training steps", "warning")


def test_a_training_that_was_stopped():
    class Stop:
        def after_step(self, learn):
            if learn.steps == 65:
                learn.stop("no more coffee")

    found = only(diagnose(fitted(None, None, Stop(), epochs=4)), "training steps", "warning")
    assert found.startswith("no more coffee after 65 of 80 steps")


def test_an_interrupt():
    class Interrupt:
        def after_step(self, learn):
            if learn.steps == 3:
                signal.raise_signal(signal.SIGINT)

    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        found = only(diagnose(fitted(None, None, Interrupt())), "training steps", "warning")
    finally:
        signal.signal(signal.SIGINT, former)
    assert found.startswith("interrupted after 3 of 60 steps")


def test_a_network_that_was_never_fitted():
    torch.manual_seed(0)
    model = init_ddpm(unet("nb17", block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1))
    report = diagnose(Learner(model, Dls(F.interpolate(X, size=8)), cbs=[DDPMCB(LINEAR)]))
    assert [f.check for f in report.of("error")] == ["training steps", "loss by timestep"]
    assert report.of("error")[0].found == "0 steps" and model.diffusion is None
    assert diagnose(Learner(Wiener(), Dls(), cbs=[DDPMCB(LINEAR)])).findings == []  # it was, somewhere else


# -- the learning rate


class Leap:
    "Throws the weights about at one step."

    def __init__(self, step, scale):
        self.at, self.scale = step, scale

    def after_step(self, learn):
        if learn.steps == self.at:
            nn.init.constant_(learn.model.scale, self.scale)


def test_a_loss_that_rises_again():
    learn = fitted(None, None, Leap(40, 0.0), ema=None)
    report = diagnose(learn)
    assert [f.check for f in report.findings] == ["learning rate", "loss by timestep"]
    found = report.findings[0].found
    assert (
        found.startswith("loss 1.")
        and "at the end, 0.1" in found
        and "of 60" in found
        and "lr=" in report.findings[0].mend
    )


def test_a_leap_that_is_made_good():
    class Back(Leap):
        def after_step(self, learn):
            super().after_step(learn)
            if learn.steps == 44:
                nn.init.ones_(learn.model.scale)

    assert diagnose(fitted(None, None, Back(40, 0.0))).findings == []


def test_a_learning_rate_finder_is_no_training():
    learn = fitted(ema=None)
    learn.fit(3, lr=1e-2, cbs=[LRFinder(gamma=1.3, max_mult=1e9)])
    assert len(learn.recorder.losses) == learn.steps == 60 and diagnose(learn).findings == []


# -- the moving average


class PlainEMA:
    "Without a warm-up."

    def __init__(self, decay):
        self.decay = decay

    def before_prepare(self, learn):
        if learn.ema_model is None:
            learn.ema_model = copy.deepcopy(learn.model)

    def after_step(self, learn):
        with torch.no_grad():
            learn.ema_model.scale.lerp_(learn.model.scale, 1 - self.decay)


@pytest.mark.parametrize("ema", [PlainEMA, EMA])
def test_an_average_that_has_not_caught_up(ema):
    model = Wiener()
    nn.init.zeros_(model.scale)
    report = diagnose(fitted(model, None, Leap(1, 1.0), ema(0.9999), ema=None, epochs=5))
    if ema is EMA:  # warms up
        assert report.findings == []
        return
    found = only(report, "moving average")
    assert f"{0.9999**100:.0%}" == "99%"  # of the initial weights are left
    own, average = (float(b.loss["eps"].mean()) for b in (report.network, report.average))
    assert average > 0.95 and f"loss {average:.3f} of the average, {own:.3f} of the network itself" in found
    assert "a decay of 0.9999 averages over 10,000 steps, and there were 100" in found


def test_an_average_that_lags(well):
    lagging = copy.deepcopy(well.ema_model)
    nn.init.constant_(lagging.scale, 0.7)
    only(diagnose(planted(well, ema_model=lagging)), "moving average", "warning")


# -- what may be passed, and what is left behind


def test_a_bare_network():
    report = diagnose(Wiener(carried=Diffusion(LINEAR)))
    assert report.findings == [] and {"shuffling", "training steps", "moving average", "loss by timestep"} <= {
        f.check for f in report.of("not checked")
    }
    report = diagnose(Wiener(), X, schedule=LINEAR, target="eps")
    assert report.findings == [] and "as you say" in str(report)


def test_an_own_loop(well):
    "A Learner with callbacks of its own, and no Recorder."

    class Mine:
        def before_batch(self, learn):
            x0 = learn.batch[0]
            t = torch.randint(1000, (len(x0),))
            eps = torch.randn_like(x0)
            a = LINEAR.alpha_bar[t].view(-1, 1, 1, 1)
            learn.batch = (a.sqrt() * x0 + (1 - a).sqrt() * eps, t), eps

        def predict(self, learn):
            learn.preds = learn.model(*learn.batch[0])

    learn = Learner(Wiener(), Dls(), lr=0.0, cbs=[Mine()])
    learn.fit(3)
    report = diagnose(learn, schedule=LINEAR)
    assert report.findings == [] and "add a Recorder" in str(report)
    with pytest.raises(ValueError, match="carries no schedule"):
        diagnose(learn)


def test_bad_input(well):
    for kwargs, word in [
        ({"steps": 0}, "steps"),
        ({"sampler": "runge"}, "sampler"),
        ({"target": "noise"}, "target"),
        ({"spacing": "even", "steps": 5}, "spacing"),
        ({"n": 1}, "n must"),
    ]:
        with pytest.raises(ValueError, match=word):
            diagnose(well, **kwargs)
    with pytest.raises(TypeError, match="a Learner or a network, found a str"):
        diagnose("model")
    with pytest.raises(ValueError, match="carries no schedule"):
        diagnose(Wiener())


def test_during_a_fit():
    reports = []

    class Ask:
        def after_epoch(self, learn):
            reports.append(diagnose(learn))

    fitted(None, None, Ask(), epochs=2)
    assert [{f.check for f in r.findings} for r in reports] == [{"training steps"}] * 2


@pytest.mark.parametrize("seeded", [True, False])
def test_nothing_is_changed(seeded):
    class Flips(TensorDataset):
        "Draws from all three generators, as augmentations do."

        def __getitem__(self, i):
            x, y = super().__getitem__(i)
            return x * (1 + 0 * (random.random() + np.random.rand() + torch.rand(()))), y

    class Moody(Wiener):
        "Draws random numbers and changes a buffer, but only in training mode."

        def __init__(self):
            super().__init__()
            self.drop = nn.Sequential(nn.Dropout(0.5), nn.BatchNorm2d(1))

        def forward(self, x_t, t):
            return super().forward(x_t, t) + 0 * self.drop(x_t)

    def start():
        torch.manual_seed(0), np.random.seed(0), random.seed(0)
        dls = Dls()
        dls.train = DataLoader(
            Flips(X, Y), 32, shuffle=True, generator=torch.Generator().manual_seed(1) if seeded else None
        )
        model = Moody()
        learn = fitted(model, dls, lr=1e-3, epochs=1)  # 20 steps
        learn.model.train()
        learn.model.drop[0].eval()
        return learn

    def rest(learn):
        "What a run does after that shows whether anything is another."
        modes = [m.training for m in learn.model.modules()]
        draws = random.random(), np.random.rand(), torch.rand(()).item()
        batch = next(iter(learn.dls.train))[1].tolist()
        diffusion, ema, grads = learn.model.diffusion, learn.ema_model.scale.item(), learn.model.scale.requires_grad
        hooks = sum(len(m._forward_hooks) for m in learn.model.modules())
        buffers = [b.tolist() for b in learn.model.buffers()]
        learn.fit(1)
        after = learn.recorder.losses, learn.model.scale.item()
        return modes, draws, batch, diffusion[1:], ema, grads, hooks, buffers, *after

    alone = rest(start())
    learn = start()
    diagnose(learn, sampler="ddim", steps=5)
    diagnose(learn)
    assert torch.is_grad_enabled() and rest(learn) == alone


def test_it_is_repeatable_and_depends_on_the_seed(well):
    a, b, c = diagnose(well), diagnose(well), diagnose(well, seed=1)
    assert [f for f in a.results if f.check != "shuffling"] == [f for f in b.results if f.check != "shuffling"]
    assert (a.network.loss["eps"] == b.network.loss["eps"]).all()
    assert (a.network.loss["eps"] != c.network.loss["eps"]).any()


def test_the_work_is_bounded(well):
    "Ten bands of 64 images for each of two networks, and two forward passes: seconds, for a small U-Net on two cores."
    count = 0

    class Counts(Wiener):
        def forward(self, x_t, t):
            nonlocal count
            count += len(x_t)
            return super().forward(x_t, t)

    model = Counts(carried=well.model.diffusion)
    average = copy.deepcopy(model)
    diagnose(planted(well, model=model, ema_model=average))
    assert count == 64 * (10 + 10 + 2)


def test_samples_of_a_healthy_network_are_what_it_promises(well):
    "The report says fine, and the sampler agrees: finite, and in the range."
    images = sample(well.model, n=4, steps=100, seed=0)
    assert torch.isfinite(images).all() and images.abs().max() <= 1


# -- the report


def test_the_report_can_be_read(well):
    report = diagnose(planted(well, dls=Dls(shuffle=False)), schedule=cosine_schedule(), steps=20)
    text = str(report)
    assert text == repr(report) and text.startswith("1 error and 2 warnings in 16 checks. Mend them from the top")
    assert max(map(len, text.splitlines())) <= 100
    assert text.index("ERROR in sampling and training") < text.index("WARNING in shuffling")
    for f in report.findings:
        assert f"{f.severity.upper()} in {f.check}: {f.what}" in " ".join(text.split())
        assert f.found in " ".join(text.split()) and f.mend in " ".join(text.split())


def test_a_check_may_be_added_and_may_fail(well, monkeypatch):
    def clumsy(case):
        yield Finding("warning", "seen before", "1", "mend it")
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("ddpm_widgets.diagnosis.report.CHECKS", [clumsy, *CHECKS])
    report = diagnose(well)
    assert [(f.check, f.what) for f in report.findings] == [("clumsy", "seen before")]
    assert "ZeroDivisionError: oops" in str(report) and len(report.of("fine")) == len(CHECKS)


def test_every_check_says_in_a_line_what_it_looks_at():
    assert all(check.__doc__ and "\n" not in check.__doc__ for check in CHECKS)


def test_finite_in_any_wrapping():
    assert is_finite([torch.zeros(2), {"a": (torch.tensor(1), None)}]) and not is_finite(
        {"a": [torch.tensor(math.inf)]}
    )


def test_images_are_looked_at_all_over_the_data(well):
    case = Case(well.model, None, None, _as_loaders(Dls(X[Y.argsort()], Y.sort().values)), Diffusion(LINEAR), None)
    labels = case.train_images[1]
    assert len(labels) == 512 and set(labels.tolist()) == set(range(10))
    assert list(islice(iter(_as_loaders(X).valid), 1))[0][0] is X


def test_a_flow_is_plotted_by_its_own_name():
    schedule = flow_schedule()
    report = diagnose(fitted(Wiener(schedule=schedule, target="flow"), schedule=schedule, target="flow"))
    assert "ε - x<sub>0</sub>" in report.plot().layout.yaxis.title.text


def test_images_on_a_device_that_are_sorted_by_label():
    dls = garments(32, n=640, n_valid=64)
    data, order = dls.train.dataset, dls.train.dataset.labels.argsort(stable=True)
    ordered = ImageDataset(data.images[order], data.labels[order], data.classes)
    dls.train = DataLoader(ordered, 32)
    small = init_ddpm(unet("small", block_out_channels=(8, 16), norm_num_groups=8))
    small.diffusion = Diffusion(LINEAR)
    report = diagnose(small, DataLoaders(dls.train, dls.valid).to("cpu"))
    (finding,) = [f for f in report.results if f.check == "shuffling"]
    assert finding.severity == "error" and "% of neighbours share a label, by chance 10% would" in finding.found


@pytest.mark.parametrize("steps, found", [(9, "warning"), (10, "fine")])
def test_ten_steps_of_heun_are_enough(well, steps, found):
    report = diagnose(well, sampler="heun", steps=steps)
    (finding,) = [f for f in report.results if f.check == "sampling steps"]
    assert finding.severity == found and f"{steps} steps of heun" in finding.found + finding.what


def test_images_that_are_all_the_same_teach_nothing_whatever_is_predicted():
    flat = torch.zeros(64, 1, 8, 8)
    for target in TARGETS:
        report = diagnose(Wiener(carried=Diffusion(LINEAR, target), target=target), flat)
        assert "loss by timestep" not in {f.check for f in report.findings}
