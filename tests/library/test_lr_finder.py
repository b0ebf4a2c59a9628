"A trial run is no run: after LRFinder everything is as it was, to the bit, and its curve is that of a bare Learner."

import os
import random
import signal
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_widgets import (
    DDPMCB,
    Callback,
    Checkpoint,
    Learner,
    LRFinder,
    LRSchedule,
    MixedPrecision,
    Recorder,
    TrainingMonitor,
    garments,
    init_ddpm,
    linear_schedule,
    train,
    unet,
)


@pytest.fixture(autouse=True)
def interrupts_are_heard():
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


def data():
    return garments(batch_size=16, n=64, n_valid=16, seed=0)


def net():
    torch.manual_seed(0)
    return init_ddpm(unet("small", block_out_channels=(8, 16, 16)))


class Counts(Callback):
    "A callback of a user's own, which keeps a list and changes the batch."

    def __init__(self):
        self.seen, self.batches, self.passes = [], 0, 0

    def before_batch(self, learn):
        self.batches += 1
        self.seen.append(learn.steps)
        torch.rand(1), np.random.rand(), random.random()

    def after_step(self, learn):
        self.seen.append("step")

    def before_pass(self, learn):
        self.passes += 1


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return repr(value) if isinstance(value, int | float | str | bool | None | np.ndarray) else None


def everything(learn, folder=None):
    "All that a Learner, its callbacks, its data and the world around it hold, in plain numbers."
    opt = None if learn.opt is None else learn.opt.state_dict()
    return {
        "model": plain(learn.model.state_dict()),
        "modes": [m.training for m in learn.model.modules()],
        "carried": repr(getattr(learn.model, "diffusion", None)),
        "average": None if learn.ema_model is None else plain(learn.ema_model.state_dict()),
        "opt": plain(opt),
        "learner": plain({k: v for k, v in vars(learn).items() if k not in ("interrupts", "contexts")}),
        "callbacks": [plain(vars(cb)) for cb in learn.cbs if not isinstance(cb, TrainingMonitor)],
        "states": [plain(cb.state_dict()) for cb in learn.cbs if hasattr(cb, "state_dict")],
        "monitors": [
            (cb.state, cb.note, cb.curve["step"].tolist()) for cb in learn.cbs if isinstance(cb, TrainingMonitor)
        ],
        "random": plain([random.getstate(), np.random.get_state(legacy=False), torch.get_rng_state()]),
        "order": plain(learn.dls.train.generator.get_state()),
        "files": {} if folder is None else {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()},
        "grads": [p.grad is None for p in learn.model.parameters()],
    }


class Fails(Callback):
    def __init__(self, what):
        self.what = what

    def before_step(self, learn):
        if learn.fit_steps == 3:
            self.what(learn)


def error(learn):
    raise RuntimeError("oops")


def interrupt(learn):
    os.kill(os.getpid(), signal.SIGINT)


def interrupt_twice(learn):
    interrupt(learn)
    interrupt(learn)


def explode(learn):
    for p in learn.model.parameters():
        p.grad.fill_(torch.nan)


@pytest.mark.parametrize(
    "how", [None, error, interrupt, interrupt_twice, explode], ids=lambda f: getattr(f, "__name__", "finished")
)
def test_everything_is_as_it_was(how, tmp_path, capsys):
    "A Learner of `train`, with all there is: checkpoints, one cycle, an average, metrics, a monitor, half precision."
    cbs = [
        Checkpoint(tmp_path, every=3),
        TrainingMonitor(sample_every=4, n_samples=1, sample_args={"sampler": "ddim", "steps": 2}),
        Counts(),
    ]
    learn = train(data(), net(), epochs=2, seed=0, precision="bf16", cbs=cbs)
    before = everything(learn, tmp_path)
    capsys.readouterr()
    finder = LRFinder()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            learn.fit(10, lr=1e-5, cbs=[finder, *([Fails(how)] if how else [])])
    except (RuntimeError, KeyboardInterrupt):
        assert how in (error, interrupt_twice)
    after = everything(learn, tmp_path)
    for name in before:
        assert after[name] == before[name], name
    assert (
        len(finder.lrs) == {None: len(finder.lrs), interrupt: 4, explode: 5}.get(how, 3)
        and capsys.readouterr().out == ""
    )


def test_a_run_goes_on_and_resumes_as_if_nothing_had_been(tmp_path):
    "To the bit: trained, tried and trained again; and resumed from files that were there before."

    def run(folder, tried):
        learn = train(data(), net(), epochs=1, seed=0, progress=False, cbs=[Checkpoint(folder)])
        if tried:
            learn.fit(3, lr=1e-5, cbs=[LRFinder()])
        learn.fit(1)
        again = train(data(), net(), epochs=1, seed=0, progress=False, resume=folder) if tried is None else learn
        return everything(again)["model"], learn.recorder.losses, torch.rand(1).item()

    assert run(tmp_path / "a", True) == run(tmp_path / "b", False)
    learn = train(data(), net(), epochs=1, seed=0, progress=False, cbs=[Checkpoint(tmp_path / "c")])
    learn.fit(3, lr=1e-5, cbs=[LRFinder()])
    assert train(data(), net(), epochs=1, seed=0, progress=False, resume=tmp_path / "c").steps == 4


def test_a_learner_that_has_not_trained_has_no_optimizer_yet():
    learn = Learner(net(), data(), cbs=[DDPMCB(linear_schedule()), Recorder()])
    before = everything(learn)
    learn.fit(2, lr=1e-5, cbs=[LRFinder()])
    assert everything(learn) == before and learn.opt is None and learn.recorder is None


def test_the_curve_is_that_of_a_bare_learner(tmp_path):
    "Whatever else there is among the callbacks: the same rates, the same losses."

    def curve(*cbs, opt_func=torch.optim.Adam, train_first=False):
        torch.manual_seed(0)
        learn = Learner(net(), data(), cbs=[DDPMCB(linear_schedule()), *cbs], opt_func=opt_func)
        torch.manual_seed(1)
        learn.fit(4, lr=1e-4, cbs=[finder := LRFinder()])
        return finder.lrs, finder.losses, finder.suggestion

    class Meddles(Callback):
        "Sets a learning rate of its own."

        def before_batch(self, learn):
            learn.opt.param_groups[0]["lr"] = 7.0

    alone = curve()
    assert (
        all(b / a == pytest.approx(1.2) for a, b in zip(alone[0], alone[0][1:], strict=False)) and alone[0][0] == 1e-4
    )
    from ddpm_widgets import EMA, Metrics, OneCycle, Progress

    halving = LRSchedule(lambda opt, steps: torch.optim.lr_scheduler.ExponentialLR(opt, 0.5))
    busy = [OneCycle(), EMA(), Metrics(), Recorder(), Progress(), Checkpoint(tmp_path / "c"), halving, Meddles()]
    assert curve(*busy, TrainingMonitor(sample_every=0)) == alone
    assert not (tmp_path / "c").exists(), "a trial writes nothing, not even a folder"


def test_what_decides_a_step_takes_part():
    class Look(Callback):
        def after_predict(self, learn):
            assert learn.accelerator.mixed_precision == "bf16"
            looked.append(1)

    looked = []
    learn = Learner(nn.Linear(1, 1), data(), cbs=[MixedPrecision("bf16"), Look()])
    learn.cbs.append(
        type(
            "Images",
            (),
            {"before_batch": lambda self, learn: setattr(learn, "batch", (learn.batch[0][:, 0, 0, :1],) * 2)},
        )()
    )
    learn.fit(1, cbs=[finder := LRFinder(max_mult=1e9)])
    assert len(looked) == 5 and len(finder.lrs) == 4  # four batches, and one of validation


def test_an_optimizer_that_names_its_weights_itself():
    "The trial trains the Learner's own network: what an opt_func or a callback knows of it stays true."
    model = nn.Sequential(nn.Linear(1, 4), nn.Linear(4, 1))
    learn = Learner(model, data(), opt_func=lambda params, lr: torch.optim.SGD(model[1].parameters(), lr))
    learn.cbs = [
        type(
            "Images",
            (),
            {"before_batch": lambda self, learn: setattr(learn, "batch", (learn.batch[0][:, 0, 0, :1],) * 2)},
        )()
    ]
    before = plain(model.state_dict())
    learn.fit(20, lr=1e-3, cbs=[finder := LRFinder()])
    assert plain(model.state_dict()) == before and finder.losses[20] < finder.losses[0]


def test_no_curve_no_suggestion():
    with pytest.raises(ValueError, match="must have tried learning rates, found none"):
        _ = LRFinder().suggestion


class Fills:
    "What a callback of one's own may fill or draw from."

    def __init__(self):
        self.total, self.seen = torch.zeros(()), {"steps": []}
        self.rng = np.random.default_rng(0)

    def before_batch(self, learn):
        self.total += 1
        self.seen["steps"].append(learn.steps)
        self.rng.random()


def test_what_a_callback_of_ones_own_has_filled_is_left_alone():
    learn = train(data(), net(), epochs=1, seed=0, progress=False, cbs=[cb := Fills()])
    before = cb.total.clone(), list(cb.seen["steps"]), cb.rng.bit_generator.state
    learn.fit(1, lr=1e-5, cbs=[LRFinder()])
    assert (cb.total, cb.seen["steps"], cb.rng.bit_generator.state) == before
