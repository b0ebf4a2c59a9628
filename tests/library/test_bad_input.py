"Whatever is passed: one sentence of ours, or a result. Nothing else comes out, and nothing is broken afterwards."

import gc
import math
import os
import signal
import traceback
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from PIL import Image
from test_damage import with_classes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import ddpm_widgets as d
from ddpm_widgets import evaluation, exercises, training
from ddpm_widgets.checks import check_number, check_whole
from ddpm_widgets.exercises.engine import Verdict
from ddpm_widgets.judges import second_judge
from ddpm_widgets.plots import step_changes
from ddpm_widgets.widgets.page import save_html

PACKAGE = Path(d.__file__).parent
LINEAR = d.linear_schedule(20)
OURS = (
    ValueError,
    TypeError,
    FileNotFoundError,
)  # DataError, CheckpointError, SettingsError, WeightsError are ValueErrors


def tiny():
    "A small network that carries what sampling must know."
    model = d.unet("small", block_out_channels=(8, 16, 16))
    model.diffusion = d.Diffusion(d.cosine_schedule(10))
    return model


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(0.1))

    def forward(self, x_t, t):
        return x_t * self.scale


TRAINED = Net()
TRAINED.diffusion = d.Diffusion(LINEAR, shape=(1, 4, 4))

GARMENT = Net()  # as large as the judge wants them
GARMENT.diffusion = d.Diffusion(LINEAR, shape=(1, 28, 28))
GARMENTS = d.garments(4, n=8, n_valid=4, seed=0)
STEPS = list(d.sample_steps(TRAINED, n=2, steps=4, sampler="ddim", seed=0))
UNET = d.unet("nb17", block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1)
UNET.diffusion = d.Diffusion(LINEAR)
SEEN = GARMENTS.train.dataset.batch(range(8))[0]
REFERENCES = {type(judge): evaluation.features(SEEN, judge, known=True) for judge in (d.classifier(), second_judge())}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    "What is written somewhere is written here, and the features that `evaluate` compares with are known already."
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    for name in ("a.png", "b.png"):
        Image.new("L", (9, 9)).save(here / name)
    # None is the real images, where these are; whatever else comes here should have been refused before
    known = lambda dls, judge, *_: REFERENCES[type(judge)] if isinstance(dls, d.DataLoaders) else 1 / 0  # noqa: E731
    monkeypatch.setattr(evaluation, "reference_features", known)


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**40, -(2**70), 10**400]),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([b"x", object(), {}, [], (), [1, 2], {"a": 1}, set(), print, float, np.float32(3), np.zeros(3)]),
    st.sampled_from([torch.zeros(0), torch.tensor(float("nan")), torch.zeros(2, 1, 4, 4, dtype=torch.int64)]),
    st.sampled_from(
        [torch.full((2, 1, 4, 4), float("inf")), torch.zeros(2, 3, dtype=torch.complex64), torch.zeros(1, 1)]
    ),
)


def refuses_or_works(call):
    "An error is one of ours: of a documented type, raised by this package, one sentence that ends."
    try:
        call()
    except OURS as e:
        frames = [frame for frame in traceback.extract_tb(e.__traceback__)]
        place = f"{frames[-1].filename}:{frames[-1].lineno}"
        assert Path(frames[-1].filename).is_relative_to(PACKAGE), f"{type(e).__name__} from {place}: {e}"
        sentence = str(e)
        assert "\n" not in sentence and sentence.endswith((".", ".)")), f"no sentence: {sentence!r} ({place})"


X0 = torch.zeros(2, 1, 4, 4)
FEATURES = torch.randn(5, 3)
IMAGES = np.zeros((4, 8, 8), np.uint8)
LABELS = np.zeros(4, int)
CALLS = {  # name → the function, and arguments that are right
    "linear_schedule": (d.linear_schedule, {"T": 10, "beta_min": 1e-4, "beta_max": 0.02}),
    "cosine_schedule": (d.cosine_schedule, {"T": 10, "s": 0.008}),
    "sigmoid_schedule": (d.sigmoid_schedule, {"T": 10, "start": -3.0, "end": 3.0, "tau": 1.0}),
    "Schedule": (d.Schedule, {"betas": [0.1, 0.2]}),
    "respace": (d.respace, {"schedule": LINEAR, "steps": 5, "spacing": "trailing"}),
    "noisify": (d.noisify, {"x0": X0, "schedule": LINEAR, "t": 3, "noise": X0}),
    "plane_points": (d.plane_points, {"name": "moons", "n": 3, "seed": 0}),
    "PlaneNet": (d.PlaneNet, {"width": 8, "T": 10}),
    "exact_denoiser": (d.exact_denoiser, {"points": np.zeros((3, 2)), "schedule": LINEAR, "target": "eps"}),
    "two_sample": (d.two_sample, {"x": np.zeros((3, 2)), "y": np.ones((2, 2))}),
    "min_snr_weights": (d.min_snr_weights, {"schedule": LINEAR, "target": "eps", "gamma": 5.0}),
    "sample": (
        lambda **kw: d.sample(progress=False, **kw),
        {
            **{
                "model": TRAINED,
                "schedule": None,
                "n": 2,
                "sampler": "ddim",
                "steps": 2,
                "spacing": "leading",
                "eta": 0.0,
            },
            **{"shape": (1, 4, 4), "clamp": (-1, 1), "target": "eps", "seed": 0, "precision": "fp32", "batch_size": 2},
            "x_T": X0,
        },
    ),
    "sample_steps": (
        lambda **kw: d.sample_steps(**kw),
        {"model": TRAINED, "schedule": LINEAR, "n": 2, "sampler": "ddpm", "steps": 2, "variance": "small", "seed": 0},
    ),
    "EMA": (d.EMA, {"decay": 0.9}),
    "GradientClip": (d.GradientClip, {"max_norm": 1.0}),
    "MixedPrecision": (d.MixedPrecision, {"dtype": "bf16"}),
    "LRFinder": (d.LRFinder, {"gamma": 1.2, "max_mult": 3.0}),
    "OneCycle": (d.OneCycle, {"max_lr": 0.1}),
    "DDPMCB": (d.DDPMCB, {"schedule": LINEAR, "target": "v", "generator": None, "min_snr": 5.0, "steps": 3}),
    "Checkpoint": (lambda every, keep: d.Checkpoint("nowhere", every, keep), {"every": 1, "keep": 2}),
    "Learner": (d.Learner, {"model": Net(), "dls": d.DataLoaders([1], [1]), "lr": 0.1}),
    "garments": (d.garments, {"batch_size": 4, "n": 4, "n_valid": 4, "seed": 0, "size": 32}),
    "draw_garments": (d.draw_garments, {"n": 2, "seed": 0, "labels": [1, 2]}),
    "from_arrays": (
        d.DataLoaders.from_arrays,
        {
            **{"train_images": IMAGES, "train_labels": LABELS, "valid_images": IMAGES, "valid_labels": LABELS},
            **{"batch_size": 2, "size": 8},
        },
    ),
    "image_grid": (d.image_grid, {"images": IMAGES, "columns": 2, "zoom": 1}),
    "show_images": (d.show_images, {"images": IMAGES, "columns": 2, "scale": 1}),
    "fid": (d.fid, {"real": FEATURES, "fake": FEATURES}),
    "unet": (d.unet, {"preset": "small"}),
    "pretrained": (d.pretrained, {"name": "fashion-mnist"}),
    "kid": (d.kid, {"real": FEATURES, "fake": FEATURES, "subset_size": 3, "subsets": 2}),
    "features": (evaluation.features, {"images": torch.zeros(2, 1, 28, 28), "judge": None, "batch_size": 2}),
    "evaluate": (
        lambda **kw: d.evaluate(progress=False, **kw),
        {
            **{"model": GARMENT, "n": 2, "dls": GARMENTS, "seeds": (0,), "batch_size": 2, "judge": None, "cache": None},
            **{"sampler": "ddim", "steps": 2, "spacing": "leading", "eta": 0.0, "clamp": None, "schedule": None},
        },
    ),
    "evaluate images": (
        lambda **kw: d.evaluate(progress=False, **kw),
        {"model": torch.zeros(2, 1, 28, 28), "dls": GARMENTS, "seeds": (0, 1)},
    ),
    "diagnose": (
        lambda **kw: d.diagnose(progress=False, **kw),
        {
            **{"source": TRAINED, "data": torch.zeros(4, 1, 4, 4), "schedule": LINEAR, "target": "eps"},
            **{"sampler": "ddim", "steps": 3, "spacing": "trailing", "clamp": "data", "n": 4, "seed": 0},
        },
    ),
    "save_model": (d.save_model, {"model": UNET, "path": "weights.safetensors", "half": True}),
    "load_model": (
        lambda path: d.load_model(d.save_model(UNET, "w.safetensors") if path is ... else path),
        {"path": ...},
    ),
    "NoiseScrubber": (
        d.NoiseScrubber,
        {
            **{"images": IMAGES, "schedule": LINEAR, "t": 3, "seed": 1, "columns": 2, "labels": "abcd", "fresh": True},
            **{"terms": True, "blind": True, "link": "a"},
        },
    ),
    "ScheduleExplorer": (
        d.ScheduleExplorer,
        {
            **{"images": IMAGES, "schedules": ("linear", "cosine"), "T": 50, "beta_min": 1e-4, "beta_max": 0.02},
            **{"s": 0.01, "t": 3, "seed": 1, "selected": "cosine", "hidden": ["linear"]},
        },
    ),
    "SamplingPlayer": (
        d.SamplingPlayer,
        {
            **{"steps": STEPS, "schedule": LINEAR, "n": 2, "show": ("x_t", "x0"), "max_frames": 10},
            **{"max_bytes": 9999, "columns": 2, "speed": 2.0, "loop": True, "total": False, "summary": False},
        },
    ),
    "watch": (
        lambda **kw: list(d.SamplingPlayer().watch(**kw)),
        {"steps": STEPS, "name": "run", "every": 0.1},
    ),
    "DensityScrubber": (
        d.DensityScrubber,
        {
            **{
                "samples": [1.0, 2.0, 4.0],
                "schedule": LINEAR,
                "bandwidth": 0.5,
                "name": "height",
                "unit": "cm",
                "t": 3,
            },
            **{"seed": 1, "paths": "ddim", "count": 3, "histogram": False},
        },
    ),
    "PathExplorer": (
        d.PathExplorer,
        {
            **{
                "images": IMAGES,
                "schedule": [0.9, 0.5, 0.1],
                "log_snr": 1.5,
                "image": 1,
                "seed": 1,
                "same_scale": True,
            },
            **{"curves": ["edm", "flow"], "link": "a"},
        },
    ),
    "SolverLab": (
        d.SolverLab,
        {
            **{
                "schedule": [0.9 * 0.9**t for t in range(60)],
                "weights": [1.0, 2.0],
                "means": [0.0, 4.0],
                "stds": [1.0, 1.0],
            },
            **{
                "name": "height",
                "unit": "cm",
                "steps": 3,
                "spacing": "logsnr",
                "start": 0.5,
                "seed": 1,
                "samplers": ["ddim"],
            },
        },
    ),
    "LiveSampler": (
        d.LiveSampler,
        {
            **{
                "model": None,
                "seed": 1,
                "x_T": np.zeros((1, 32, 32)),
                "steps": 3,
                "sampler": "ddim",
                "spacing": "trailing",
            },
            **{"classes": (), "mode": "fill", "at": 2, "eta": 0.5, "mix": 0.5, "to_seed": 3, "clamp": False},
        },
    ),
    "DiffusionPlayground": (
        lambda **kw: d.DiffusionPlayground(**{"points": [[0.1, 0.2], [0.3, 0.4]], **kw}),
        {
            **{
                "points": [[0.1, 0.2], [0.3, -0.4]],
                "n": 20,
                "seed": 1,
                "t": 3,
                "lr": 0.01,
                "batch": 32,
                "width": 32,
                "T": 50,
                "steps": 5,
            },
            **{
                "eta": 0.5,
                "ema": 0.9,
                "walkers": 10,
                "beta_max": 0.01,
                "s": 0.01,
                "speed": 5,
                "sampler": "flow",
                "target": "v",
                "field": "exact",
            },
        },
    ),
    "GuidanceLab": (
        lambda **kw: d.GuidanceLab(**{"model": with_classes(), **kw}),
        {"label": 1, "guidance": 2.5, "seed": 1, "steps": 3, "step": 2},
    ),
    "UNetXRay": (
        d.UNetXRay,
        {
            **{"model": None, "images": np.zeros((2, 32, 32)), "t": 30, "seed": 1, "index": 1, "classes": ()},
            **{"block": "conv_in", "pixel": (3, 4), "label": 0},
        },
    ),
    "page_weights": (lambda precision: d.page_weights(tiny(), precision), {"precision": "fp16"}),
    "DensityScrubber of a mixture": (
        d.DensityScrubber,
        {"weights": [1.0, 2.0], "means": [0.0, 4.0], "stds": [1.0, 1.0]},
    ),
    "plot_schedules": (lambda schedule: d.plot_schedules(schedule, LINEAR), {"schedule": LINEAR}),
    "plot_loss": (d.plot_loss, {"source": [1.0, 0.5, 0.4]}),
    "plot_loss of several": (lambda a, b: d.plot_loss({"a": a, "b": b}), {"a": [1.0, 0.5], "b": [2.0, 1.0]}),
    "plot_pairs": (d.plot_pairs, {"runs": {"a": [[1.0, 0.5]] * 2, "b": [[1.0, 0.5]] * 2}}),
    "plot_plane": (
        d.plot_plane,
        {"panels": {"a": {"data": np.zeros((3, 2))}}, "columns": 2, "reach": 1.0},
    ),
    "plot_plane layer": (lambda layer: d.plot_plane({"a": {"data": layer}}), {"layer": np.zeros((3, 2, 2))}),
    "plot_step_changes": (d.plot_step_changes, {"steps": STEPS}),
    "step_changes": (step_changes, {"steps": STEPS}),
    "show_images with labels": (
        d.show_images,
        {"images": IMAGES, "columns": 2, "labels": ["a", "b", "c", "d"], "scale": 1},
    ),
    "save_html": (
        lambda path, title: save_html(path, d.DensityScrubber(), title=title),
        {"path": "page.html", "title": "page"},
    ),
    "to_png": (lambda path: d.DensityScrubber().to_png(path), {"path": "picture.png"}),
    "image_folder": (
        lambda **kw: d.image_folder(progress=False, **kw),
        {
            **{"path": "../here", "batch_size": 2, "size": 8, "colour": True, "valid": 0.5, "background": "white"},
            **{"skip_damaged": True, "seed": 0},
        },
    ),
    "Resume": (lambda path: Line.learner().fit(1, cbs=[d.Resume(path, show=False)]), {"path": "nowhere"}),
    "Checkpoint's folder": (lambda path: Line.learner().fit(1, cbs=[d.Checkpoint(path)]), {"path": "run"}),
    "TrainingMonitor": (
        d.TrainingMonitor,
        {"sample_every": 2, "n_samples": 2, "timesteps": 10, "n_bands": 3, "frame_bytes": 1000},
    ),
    "check_whole": (lambda value: check_whole("n", value, 1, 5), {"value": 2}),
    "check_number": (lambda value: check_number("x", value, above=0, most=5), {"value": 2}),
}
COSTLY = (
    *("unet", "pretrained", "fid", "kid", "NoiseScrubber", "ScheduleExplorer", "TrainingMonitor", "SamplingPlayer"),
    *(
        "DensityScrubber",
        "DensityScrubber of a mixture",
        "SolverLab",
        "PathExplorer",
        "LiveSampler",
        "DiffusionPlayground",
        "GuidanceLab",
        "UNetXRay",
        "page_weights",
        "watch",
        "diagnose",
        "evaluate images",
        "save_html",
        "to_png",
    ),
    *("Resume", "Checkpoint's folder", "plot_loss of several"),
)


@pytest.mark.parametrize("name", CALLS)
def test_right_arguments_are_taken(name):
    function, right = CALLS[name]
    function(**right)


@pytest.mark.parametrize("name", [name for name in CALLS if name not in COSTLY])
def test_numbers_of_numpy_and_torch_are_numbers(name):
    "Wherever a Python int or float is right."
    function, right = CALLS[name]
    for key, value in right.items():
        kinds = {int: (np.int64, np.uint8, torch.tensor), float: (np.float64, np.float32, torch.tensor)}.get(
            type(value), ()
        )
        for kind in kinds:
            function(**{**right, key: kind(value)})
        if isinstance(value, tuple) and value and {type(v) for v in value} <= {int, float}:
            function(**{**right, key: tuple(torch.tensor(v) for v in value)})


@pytest.mark.parametrize("name", CALLS)
def test_any_argument_may_be_anything(name):
    function, right = CALLS[name]

    @settings(
        max_examples=15 if name in COSTLY else 60,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(which=st.sampled_from(sorted(right)), value=junk)
    def fuzz(which, value):
        refuses_or_works(lambda: function(**{**right, which: value}))

    fuzz()


CHECKS = sorted(exercises.__all__)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_takes_any_answer(name, capsys):
    "A check never raises: it says what is wrong with the answer, be it a number or a function that gives nonsense."
    check = getattr(exercises, name)

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(value=junk, called=st.booleans())
    def fuzz(value, called):
        verdict = check((lambda *args: value) if called else value)
        said = capsys.readouterr().out
        assert isinstance(verdict, Verdict) and not verdict and said.startswith("not yet: "), said
        assert verdict.text.endswith((".", ".)", "?")), verdict.text

    fuzz()


def test_evaluate_looks_before_it_works(monkeypatch):
    "Nothing is drawn and no feature computed when any argument is wrong."

    def never(*args, **kwargs):
        raise AssertionError("worked")

    for name in ("sample", "features", "reference_features"):
        monkeypatch.setattr(evaluation, name, never)
    for wrong in (
        *({"n": v} for v in (0, 1, 2.5, True, "2", None)),
        *({"seeds": v} for v in ((), None, 3, "01", (0.5,), (-1,), (2**70,))),
        *({"batch_size": v} for v in (0, -1, 2.5, "x")),
        *({"judge": v} for v in (3, "classifier", nn.Linear(1, 1))),
        *({"dls": v} for v in (3, [1], Line)),
        *({"model": v} for v in (None, "pretrained", np.zeros((2, 1, 28, 28)))),
        *({"model": torch.zeros(shape)} for shape in ((2, 28, 28), (2, 1, 8, 8), (0, 1, 28, 28), (1, 1, 28, 28))),
        {"model": torch.full((2, 1, 28, 28), math.nan)},
        {"model": TRAINED},  # images too small for the judge
        *({"cache": v} for v in (3, b"x")),
        {"steps": 21},
        {"sampler": "dpm"},
    ):
        kwargs = {"model": GARMENT, "n": 2, "dls": GARMENTS, "progress": False, **wrong}
        with pytest.raises(OURS) as e:
            d.evaluate(**kwargs)
        assert str(e.value).endswith("."), wrong


@pytest.mark.parametrize("average, word", [(None, "model"), (GARMENT, "ema_model")])
def test_a_learner_where_its_model_is_wanted(average, word, tmp_path):
    learn = d.Learner(GARMENT, GARMENTS)
    learn.ema_model = average
    for call in (
        lambda: d.evaluate(learn, n=2, dls=GARMENTS, progress=False),
        lambda: d.sample(learn, n=2, progress=False),
        lambda: next(d.sample_steps(learn, n=2)),
    ):
        with pytest.raises(TypeError) as e:
            call()
        assert str(e.value) == f"model must be a network, found a Learner: pass its `{word}`."


def test_train_looks_before_it_works(monkeypatch):
    "No network is built, no callback hears of it, and random numbers go on as before."

    def never(preset, **settings):
        raise AssertionError("built")

    monkeypatch.setattr(
        training, "unet", lambda preset, **settings: d.unet("nb99") if preset == "nb99" else never(preset)
    )

    class Never:
        def before_prepare(self, learn):
            raise AssertionError("worked")

    dls = d.DataLoaders.from_arrays(IMAGES, LABELS, IMAGES, LABELS, batch_size=2, size=8)
    for wrong in (
        *({"epochs": v} for v in (-1, 1.5, "3", None)),
        *({"lr": v} for v in (0, -1, math.nan, "fast")),
        *({"target": v} for v in ("noise", 3)),
        *({"seed": v} for v in (-1, 1.5, "x")),
        *({"model": v} for v in (None, 3, "nb99")),
        *({"precision": v} for v in ("half", 16)),
        *({"ema": v} for v in (1, -0.1, math.nan, "x")),
        *({"clip": v} for v in (0, -1, math.nan)),
        {"min_snr": -1},
        {"schedule": [0.1]},
        {"dls": None},
        {"dls": [1, 2]},
    ):
        kwargs = {"dls": dls, "model": "small", "epochs": 1, "progress": False, "seed": 1, **wrong}
        before = torch.get_rng_state()
        with pytest.raises(OURS) as e:
            d.train(**kwargs, cbs=[Never()])
        assert str(e.value).endswith("."), wrong
        assert torch.equal(torch.get_rng_state(), before) or wrong == {"model": "nb99"}, wrong


def test_a_schedule_that_does_not_fit_the_model():
    with pytest.raises(ValueError, match="trained with T=20 timesteps, found a schedule with T=30"):
        d.sample(TRAINED, d.linear_schedule(30), n=1, progress=False)


def test_a_model_of_another_preset(tmp_path):
    "A checkpoint does not go into a network that is built in another way."
    small = {"block_out_channels": (8, 16), "norm_num_groups": 4, "layers_per_block": 1}
    model = d.unet("nb17", **small)
    model.diffusion = d.Diffusion(LINEAR)
    path = d.save_model(model, tmp_path / "weights mit ümläut.safetensors")
    assert d.load_model(path).preset == "nb17"
    before = path.read_bytes()
    tensors, words = d.weights.read_safetensors(path)
    d.weights.write_safetensors(tmp_path / "other.safetensors", tensors, **{**words, "preset": "small"})
    with pytest.raises(d.WeightsError, match="must be a whole file of save_model"):
        d.load_model(tmp_path / "other.safetensors")
    d.weights.write_safetensors(tmp_path / "other.safetensors", tensors, **{**words, "diffusion": [1]})
    with pytest.raises(d.WeightsError):
        d.load_model(tmp_path / "other.safetensors")
    assert path.read_bytes() == before


# ---- a Learner, used in any order


class Line:
    x = torch.randn(40, 1, generator=torch.Generator().manual_seed(0))
    train = DataLoader(TensorDataset(x, 3 * x), 10, shuffle=True)
    valid = DataLoader(TensorDataset(x, 3 * x), 20)

    @classmethod
    def learner(cls):
        return d.Learner(nn.Linear(1, 1), cls, lr=0.05)


class Trouble(d.Callback):
    def __init__(self, event, step, error):
        def act(learn):
            if learn.fit_steps >= step:
                if error is None:
                    learn.stop("told to")
                elif error == "interrupt":
                    if not learn.stop_reason:
                        os.kill(os.getpid(), signal.SIGINT)
                else:
                    raise error("trouble")

        setattr(self, event, act)


EVENTS = (
    "before_fit",
    "before_epoch",
    "before_batch",
    "after_predict",
    "before_step",
    "after_step",
    "after_batch",
    "after_epoch",
)


class LearnerMachine(RuleBasedStateMachine):
    "Fit, fail, interrupt, resume, sample, change callbacks: the Learner always goes on, and what it recorded is what it did."

    @initialize()
    def begin(self):
        import tempfile

        self.former = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.folder = tempfile.TemporaryDirectory()
        self.fresh()

    def fresh(self, *cbs):
        torch.manual_seed(0)
        self.learn = d.Learner(nn.Linear(1, 1), Line, lr=0.05, cbs=[d.Recorder(), d.Metrics(), *cbs])

    @rule(n=st.integers(0, 2), valid=st.booleans())
    def fit(self, n, valid):
        before = self.learn.steps
        self.learn.fit(n, valid=valid)
        assert self.learn.steps == before + 4 * n and self.learn.stop_reason is None

    @rule(
        event=st.sampled_from(EVENTS),
        step=st.integers(0, 6),
        error=st.sampled_from(
            [RuntimeError, MemoryError, d.CancelFit, d.CancelEpoch, d.CancelBatch, None, "interrupt"]
        ),
    )
    def trouble(self, event, step, error):
        try:
            self.learn.fit(2, cbs=[Trouble(event, step, error)])
        except (RuntimeError, MemoryError) as e:
            assert str(e) == "trouble"
        except d.CancelBatch:  # outside of a batch nobody waits for it
            assert event in ("before_fit", "before_epoch", "after_epoch")
        except d.CancelEpoch:
            assert event == "before_fit"

    @rule(stop=st.integers(1, 7))
    def interrupt_and_resume(self, stop):
        folder = Path(self.folder.name) / str(len(list(Path(self.folder.name).iterdir())))
        ends = []
        for part in (False, True):
            self.fresh(d.EMA(0.5), d.OneCycle())
            if part:
                self.learn.fit(2, cbs=[d.Checkpoint(folder, every=3), Trouble("after_step", stop, "interrupt")])
                assert self.learn.steps == stop
                self.fresh(d.EMA(0.5), d.OneCycle())
                self.learn.fit(2, cbs=[d.Resume(folder, show=False)])
            else:
                self.learn.fit(2)
            ends.append(
                (self.learn.model.weight.item(), self.learn.ema_model.weight.item(), self.learn.recorder.losses)
            )
        assert ends[0] == ends[1]

    @rule(
        cb=st.sampled_from(
            [
                lambda: d.EMA(0.9),
                lambda: d.GradientClip(1.0),
                lambda: d.OneCycle(),
                lambda: d.TrainingMonitor(sample_every=0),
                lambda: d.MixedPrecision("bf16"),
            ]
        )
    )
    def add(self, cb):
        if len(self.learn.cbs) < 5 and not any(type(have) is type(cb()) for have in self.learn.cbs):
            self.learn.cbs.append(cb())

    @rule()
    def remove(self):
        self.learn.cbs = self.learn.cbs[:2]

    @rule()
    def draw(self):
        assert d.sample(TRAINED, n=1, steps=2, progress=False).shape == (1, 1, 4, 4)

    @rule(n=st.sampled_from([-1, 1.5, None, "x"]))
    def wrong(self, n):
        before = self.learn.steps
        with pytest.raises(ValueError):
            self.learn.fit(n)
        assert self.learn.steps == before

    @invariant()
    def whole(self):
        if not hasattr(self, "learn"):
            return
        learn = self.learn
        assert isinstance(learn.model, nn.Linear) and not hasattr(learn.opt, "optimizer")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert len(learn.recorder.losses if learn.recorder else []) <= learn.steps
        assert torch.isfinite(learn.model.weight).all()

    def teardown(self):
        if hasattr(self, "former"):
            signal.signal(signal.SIGINT, self.former)
            self.folder.cleanup()


gc.freeze()
LearnerMachine.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
TestLearnerInAnyOrder = LearnerMachine.TestCase
