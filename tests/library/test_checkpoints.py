"Checkpoints: what was interrupted ends as if it had not been, and what is damaged is never taken."

import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from ddpm_widgets import (
    DDPMCB,
    EMA,
    Callback,
    Checkpoint,
    CheckpointError,
    GradientClip,
    Learner,
    LRSchedule,
    Metrics,
    OneCycle,
    Progress,
    Recorder,
    Resume,
    SettingsError,
    checkpoints,
    linear_schedule,
    storage,
    train,
)
from ddpm_widgets.data import DataLoaders, OnDevice
from ddpm_widgets.events import _checksum
from ddpm_widgets.storage import pack, read_hashed, unpack, write_hashed

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def interrupts_are_heard():
    "Where the tests themselves run in the background, a shell has told them to ignore interrupts."
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


class Dls:
    def __init__(self, n=100, seed=None, workers=0):
        x = torch.randn(n, 3, generator=torch.Generator().manual_seed(0))
        g = None if seed is None else torch.Generator().manual_seed(seed)
        data = TensorDataset(x, x.sum(1, keepdim=True))
        self.train = DataLoader(data, 16, shuffle=True, generator=g, num_workers=workers)
        self.valid = DataLoader(data, 40)


class Noisy(Callback):
    "Draws from every stream there is, as a user's callback may."

    def before_batch(self, learn):
        x, y = learn.batch
        learn.batch = x + torch.randn_like(x) * random.random() * np.random.rand(), y


def learner(*cbs, dls=None, lr=0.05, width=3, clip=1.0, ema=0.9):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    model = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Dropout(0.2), nn.Linear(width, 1))
    own = [Metrics(), Recorder(), OneCycle(), EMA(ema), GradientClip(clip), Noisy()]
    return Learner(model, dls or Dls(), lr=lr, cbs=[*own, *cbs])


def end(learn):
    "All a fit comes to."
    metrics = next(cb for cb in learn.cbs if isinstance(cb, Metrics))
    weights = [*learn.model.state_dict().values(), *learn.ema_model.state_dict().values()]
    return (
        [w.tolist() for w in weights],
        learn.recorder.losses,
        learn.recorder.lrs,
        learn.recorder.sizes,
        metrics.results,
        learn.steps,
        [learn.train_loss, learn.valid_loss],
        [torch.rand(1).item(), random.random(), np.random.rand()],
    )


def disturb():
    torch.manual_seed(77)
    random.seed(77)
    np.random.seed(77)


class Do(Callback):
    "Does something at one event of one step."

    def __init__(self, event, step, what, training=True):
        def act(learn):
            if learn.steps == step and learn.training == training and not self.done:
                self.done = True
                what(learn)

        self.done = False
        setattr(self, event, act)


def fail(error):
    def what(learn):
        raise error

    return what


def resumed(folder, dls=None, **kwargs):
    learn = learner(dls=dls, **kwargs)
    disturb()
    learn.fit(3, cbs=[Resume(folder, show=False), Checkpoint(folder, every=2)])
    return learn


# ---- bit for bit


class DrawsBefore(Callback):
    "Draws random numbers and forgets what it counted whenever a pass, or an epoch, begins."

    def __init__(self, event, order):
        self.order, self.count = order, 0
        setattr(self, event, self.begin)

    def begin(self, learn):
        self.count = 0
        torch.rand(3), np.random.rand(), random.random()

    def after_batch(self, learn):
        self.count += 1

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


@pytest.mark.parametrize("event", ["before_pass", "before_epoch"])
@pytest.mark.parametrize("order", [-50, 0, 150, 250])
def test_what_callbacks_draw_and_reset_as_a_pass_begins(event, order, tmp_path):
    "Stopped at every batch of two epochs, in training and in validation, it ends the same."
    both = Dls(seed=1)
    both.valid = DataLoader(both.valid.dataset, 40, shuffle=True)
    whole = learner(dls=both)
    whole.fit(2, cbs=[begins := DrawsBefore(event, order)])
    truth = end(whole), begins.count
    for batch in range(1, 2 * (7 + 3)):
        seen = []

        class Stop(Callback):
            def after_batch(self, learn, seen=seen, batch=batch):
                seen.append(1)
                if len(seen) == batch:
                    learn.stop()

        again = Dls(seed=1)
        again.valid = DataLoader(again.valid.dataset, 40, shuffle=True)
        folder = tmp_path / str(batch)
        learner(dls=again).fit(2, cbs=[DrawsBefore(event, order), Stop(), Checkpoint(folder, every=100)])
        third = Dls(seed=5)
        third.valid = DataLoader(third.valid.dataset, 40, shuffle=True)
        learn = learner(dls=third)
        disturb()
        learn.fit(2, cbs=[begins := DrawsBefore(event, order), Resume(folder, show=False), Checkpoint(folder)])
        assert (end(learn), begins.count) == truth, f"stopped at batch {batch}"


LOADERS = {"global": lambda: Dls(), "generator": lambda: Dls(seed=3), "workers": lambda: Dls(seed=3, workers=1)}


@pytest.mark.parametrize("loader", LOADERS)
def test_stopped_anywhere_it_ends_the_same(loader, tmp_path):
    "Three epochs of seven batches and three of validation, stopped and resumed five times: in the middle, at both ends, in validation."
    whole = learner(dls=LOADERS[loader]())
    whole.fit(3)
    truth = end(whole)
    for step, training in ((1, True), (6, True), (7, False), (13, True), (21, False)):
        learn = learner(dls=LOADERS[loader]())
        disturb()
        stop = Do("after_batch", step, lambda learn: learn.stop("enough"), training)
        learn.fit(3, cbs=[Resume(tmp_path, show=False), Checkpoint(tmp_path, every=4), stop]) if step > 1 else (
            (learn := learner(dls=LOADERS[loader]())).fit(3, cbs=[Checkpoint(tmp_path, every=4), stop])
        )
        assert learn.steps == step and learn.stop_reason
    assert end(resumed(tmp_path, LOADERS[loader]())) == truth
    assert end(resumed(tmp_path, LOADERS[loader]())) == truth, "a run that has ended is just read"


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ("before_fit", RuntimeError("oops")),
        ("before_batch", KeyboardInterrupt()),
        ("after_predict", MemoryError()),
        ("before_backward", torch.OutOfMemoryError("no room")),
        ("before_step", RuntimeError("oops")),
    ],
    ids=lambda v: v if isinstance(v, str) else type(v).__name__,
)
def test_an_error_keeps_the_step_before_it(event, error, tmp_path):
    "The step that failed has changed nothing yet, so the file is exact."
    whole = learner()
    whole.fit(3)
    truth = end(whole)
    learn = learner()
    with pytest.raises(type(error)):
        learn.fit(
            3,
            cbs=[
                Checkpoint(tmp_path),
                Do(event, 0 if event == "before_fit" else 9, fail(error), event != "before_fit"),
            ],
        )
    files = sorted(p.name for p in tmp_path.iterdir())
    assert files == ([] if event == "before_fit" else ["step-00000007.safetensors", "step-00000009.safetensors"])
    learn.fit(1)  # it goes on here and now too
    assert end(resumed(tmp_path) if files else (lambda x: (x.fit(3), x)[1])(learner())) == truth


def test_an_error_after_the_step_is_kept_and_says_so(tmp_path, capsys):
    with pytest.raises(RuntimeError):
        learner().fit(3, cbs=[Checkpoint(tmp_path), Do("after_step", 9, fail(RuntimeError("oops")))])
    assert "resume=" in capsys.readouterr().out
    learn = learner()
    learn.fit(3, cbs=[Resume(tmp_path)])
    assert "Resumed at step 9 (epoch 2, in the middle of a step that failed)" in capsys.readouterr().out
    assert learn.steps == 21


def test_an_interrupt_is_kept(tmp_path):
    whole = learner()
    whole.fit(3)
    truth = end(whole)
    press = Do("before_backward", 9, lambda learn: os.kill(os.getpid(), signal.SIGINT))
    learn = learner()
    learn.fit(3, cbs=[Checkpoint(tmp_path), press])
    assert learn.stop_reason == "interrupted" and learn.steps == 10
    assert end(resumed(tmp_path)) == truth


@pytest.mark.parametrize("stopped", [True, False])
def test_an_impatient_interrupt_waits_for_the_file(stopped, tmp_path):
    "Ctrl-C again, while the last file is being written: it is written, and then the interrupt is heard if it was the first."

    class Impatient(Callback):
        order = 99  # just before Checkpoint

        def cleanup_fit(self, learn):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    learn, stop = learner(), Do("after_batch", 5, lambda learn: os.kill(os.getpid(), signal.SIGINT))
    cbs = [Checkpoint(tmp_path, every=100), Impatient(), *[stop] * stopped]
    if stopped:
        learn.fit(1, cbs=cbs)
        assert learn.stop_reason == "interrupted" and learn.steps == 5
    else:
        with pytest.raises(KeyboardInterrupt):
            learn.fit(1, cbs=cbs)
        assert learn.steps == 7
    assert [p.name for p in tmp_path.iterdir()] == [f"step-{learn.steps:08d}.safetensors"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler and not learn.interrupts.holding


def test_images_on_the_device_keep_their_order():
    images = np.arange(50 * 16, dtype=np.uint8).reshape(50, 4, 4)
    dl = OnDevice(
        DataLoaders.from_arrays(images, [0] * 50, images, [0] * 50, batch_size=8, size=4, seed=1).train, "cpu"
    )
    state = dl.generator.get_state()
    whole = list(dl)
    dl.generator.set_state(state)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(whole[3:], dl.skip_first(3), strict=True))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_killed_at_20_moments_it_ends_the_same():
    "SIGKILL at random moments and in the midst of writing, in four kinds of run."
    script = ROOT / "benchmarks/kill_and_resume.py"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, script, "20", "0"], capture_output=True, text=True, env=env, timeout=400)
    assert done.returncode == 0, done.stderr[-5000:]
    assert re.match(r"20 kills .* all ends bit-equal", done.stdout)


# ---- files


def test_the_last_two_are_kept(tmp_path):
    learner().fit(3, cbs=[Checkpoint(tmp_path, every=4)])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00000020.safetensors", "step-00000021.safetensors"]


def test_a_damaged_file_is_named_and_the_one_before_it_taken(tmp_path, capsys):
    whole = learner()
    whole.fit(3)
    truth = end(whole)
    learner().fit(3, cbs=[Checkpoint(tmp_path, every=4), Do("after_batch", 9, lambda learn: learn.stop())])
    old, new = sorted(tmp_path.iterdir())
    data = bytearray(new.read_bytes())
    data[len(data) // 2] ^= 1
    new.write_bytes(data)
    with pytest.warns(
        UserWarning,
        match=r"step-00000009.safetensors must be .*its hash does not fit.*? step-00000008.safetensors, is taken instead",
    ):
        learn = resumed(tmp_path)
    assert end(learn) == truth
    for path in tmp_path.iterdir():
        path.write_bytes(b"rubbish")
    with pytest.raises(CheckpointError, match="found a different or a damaged one"):
        learner().fit(3, cbs=[Resume(tmp_path)])


def test_nothing_is_overwritten(tmp_path):
    learner().fit(3, cbs=[Checkpoint(tmp_path)])
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(CheckpointError, match=r"found step-00000021.safetensors of an earlier run: pass resume='"):
        learner().fit(3, cbs=[Checkpoint(tmp_path)])
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    learn = learner(saver := Checkpoint(tmp_path / "sub folder, ünïcode"))
    learn.fit(1)
    learn.fit(1)  # its own files it may follow up
    assert saver.written.name == "step-00000014.safetensors"


def test_a_folder_without_checkpoints_is_a_beginning(tmp_path, capsys):
    learner().fit(1, cbs=[Resume(tmp_path / "new"), Checkpoint(tmp_path / "new")])
    assert "No checkpoint in" in capsys.readouterr().out and list((tmp_path / "new").iterdir())
    with pytest.raises(FileNotFoundError, match="there is no file"):
        learner().fit(1, cbs=[Resume(tmp_path / "none.safetensors")])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lr": 0.1}, "lr=0.05 where this one has 0.1"),
        ({"width": 5}, "model="),
        ({"clip": 2.0}, "clip=1.0 where this one has 2.0"),
        ({"ema": 0.99}, "ema=0.9 where this one has 0.99"),
        ({"dls": Dls(n=200)}, "batches=7 where this one has 13"),
        ({"dls": Dls(seed=1)}, "random generators"),
        ({"epochs": 2}, "epochs=3 where this one has 2"),
    ],
    ids=["lr", "width", "clip", "ema", "data", "order", "epochs"],
)
def test_other_settings_are_named(change, words, tmp_path):
    learner().fit(3, cbs=[Checkpoint(tmp_path, every=5), Do("after_batch", 6, lambda learn: learn.stop())])
    epochs = change.pop("epochs", 3)
    learn = learner(**change)
    before = [p.clone() for p in learn.model.parameters()]
    with pytest.raises(SettingsError, match=re.escape(words)) as e:
        learn.fit(epochs, cbs=[Resume(tmp_path, show=False)])
    assert "\n" not in str(e.value) and str(e.value).endswith(".")
    assert all(torch.equal(a, b) for a, b in zip(before, learn.model.parameters(), strict=True))
    change["epochs"] = epochs
    if epochs == 2:
        change.pop("epochs")
        learner().fit(3, cbs=[Resume(tmp_path, show=False)])


SCHEDULES = {
    "none": lambda: [],
    "constant": lambda: [LRSchedule(lambda opt, steps: lr_scheduler.ConstantLR(opt, 1.0))],
    "decay": lambda: [LRSchedule(lambda opt, steps: lr_scheduler.ExponentialLR(opt, 0.9))],
    "warm-up": lambda: [LRSchedule(lambda opt, steps: lr_scheduler.LambdaLR(opt, lambda i: min(1, (i + 1) / 5)))],
    "late": lambda: [LRSchedule(lambda opt, steps: lr_scheduler.LambdaLR(opt, lambda i: 1 if i < 14 else 14 / steps))],
    "one cycle": lambda: [OneCycle()],
    "cosine": lambda: [LRSchedule(lambda opt, steps: lr_scheduler.CosineAnnealingLR(opt, steps))],
}


@pytest.mark.parametrize("stop_at", [5, 9, 14])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_more_epochs_than_planned(schedule, stop_at, tmp_path):
    "Two epochs become four: what four from the start would have come to, where the rates so far say so; else a warning."

    def run(folder, epochs, *cbs):
        torch.manual_seed(0), random.seed(0), np.random.seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
        learn = Learner(model, Dls(seed=1), lr=0.05, cbs=[Metrics(), Recorder(), EMA(), *SCHEDULES[schedule]()])
        learn.fit(epochs, cbs=cbs)
        return learn

    whole = run(None, 4)
    truth = end(whole)
    run(tmp_path, 2, Checkpoint(tmp_path, every=2), Do("after_batch", stop_at, lambda learn: learn.stop("enough")))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        longer = run(tmp_path, 4, Resume(tmp_path, show=False), Checkpoint(tmp_path, every=3))
    said = [str(w.message) for w in said if "learning rates" in str(w.message)]
    assert longer.steps == 28 and longer.total_steps == 28
    if schedule in ("one cycle", "cosine"):
        assert len(said) == 1 and f"the first {stop_at} steps had the learning rates of a run of 2 epochs" in said[0]
        assert longer.recorder.lrs[stop_at:] == whole.recorder.lrs[stop_at:]
        assert longer.recorder.lrs[:stop_at] != whole.recorder.lrs[:stop_at]
    else:
        assert said == [] and end(longer) == truth
    again = run(tmp_path, 4, Resume(tmp_path, show=False))  # from now on it is a run of four
    assert again.recorder.losses == longer.recorder.losses


def test_the_same_images_in_another_place_are_the_same_data(tmp_path):
    def dls(source, first=0):
        images = np.arange(40 * 64, dtype=np.int64).reshape(40, 8, 8).astype(np.uint8)
        images[0, 0, 0] = first
        return DataLoaders.from_arrays(images, [0] * 40, images, [0] * 40, batch_size=16, size=8, source=source)

    class Flat(Callback):
        def before_batch(self, learn):
            learn.batch = learn.batch[0].flatten(1)[:, :3], learn.batch[0].flatten(1)[:, 3:4]

    learner(Flat(), dls=dls("birds")).fit(2, cbs=[Checkpoint(tmp_path)])
    learn = learner(Flat(), dls=dls("/another/disk/birds-copy"))
    learn.fit(2, cbs=[Resume(tmp_path, show=False)])
    assert learn.steps == 6
    with pytest.raises(SettingsError, match="data='40 images, crc32 .* go on from there with learn.fit"):
        learner(Flat(), dls=dls("birds", first=9)).fit(2, cbs=[Resume(tmp_path, show=False)])


# ---- one folder, one run


RUN = """
import sys, time, torch
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_checkpoints import Callback, Checkpoint, Dls, learner
class Wait(Callback):
    def before_batch(self, learn):
        Path({there!r}).touch()
        time.sleep(60)
learner(dls=Dls(seed=1, workers=1)).fit(1, cbs=[Checkpoint({folder!r}), Wait()])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_second_run_in_the_same_folder_is_refused_and_a_killed_one_leaves_no_lock(tmp_path):
    folder, there = tmp_path / "run", tmp_path / "there"
    code = RUN.format(tests=str(Path(__file__).parent), there=str(there), folder=str(folder))
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    first = subprocess.Popen([sys.executable, "-c", code], env=env)
    try:
        while not there.exists() and first.poll() is None:
            time.sleep(0.05)
        for cbs in ([Checkpoint(folder)], [Resume(folder, show=False), Checkpoint(folder)]):
            with pytest.raises(CheckpointError, match="must be in use by one run, found another .*: wait for its end"):
                learner().fit(1, cbs=cbs)
        assert list(folder.iterdir()) == []
    finally:
        first.kill()
        first.wait()
    learner().fit(1, cbs=[Checkpoint(folder)])  # also while a worker of the first may still be there
    learner().fit(1, cbs=[Resume(folder, show=False), Checkpoint(folder)])
    assert [p.name for p in folder.iterdir()] == ["step-00000007.safetensors"]


def test_two_runs_of_one_program(tmp_path):
    "A fit within a fit, or in another thread: refused as well, and the first goes on."

    def second(learn):
        with pytest.raises(CheckpointError, match="must be in use by one run"):
            learner().fit(1, cbs=[Checkpoint(tmp_path)])

    learner().fit(1, cbs=[Checkpoint(tmp_path), Do("after_batch", 3, second)])
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000007.safetensors"]


def test_only_our_own_drafts_are_removed(tmp_path):
    mine = ("precious.part", "step-1.part", "notes.safetensors.part", "step-00000008.safetensors.4711.part")
    learner().fit(1, cbs=[Checkpoint(tmp_path / "run", every=2)])
    for name in mine:
        (tmp_path / "run" / name).write_text("mine")
    (tmp_path / "run" / "step-00000008.safetensors.0123456789ab.ddpm-widgets.part").write_text(
        "left by a run that was killed"
    )
    learn = learner()
    learn.fit(1, cbs=[Resume(tmp_path / "run", show=False), saver := Checkpoint(tmp_path / "run", every=2)])
    learn.fit(1, cbs=[saver])
    assert all((tmp_path / "run" / name).read_text() == "mine" for name in mine)
    assert not list((tmp_path / "run").glob("*.ddpm-widgets.part"))


def test_folders_and_files_that_are_not_what_they_were(tmp_path, monkeypatch):
    "A folder with a checkpoint's name, a file that cannot be removed, a folder that has gone: the fit goes on, and so does a resume."
    whole = learner()
    whole.fit(3)
    truth = end(whole)
    folder = tmp_path / "run"
    (folder / "step-00000008.safetensors").mkdir(parents=True)
    (folder / "step-00000099.safetensors").mkdir()
    learn = learner()
    with pytest.warns(UserWarning, match="step 8 could not be written .*: move the folder of that name away"):
        learn.fit(3, cbs=[Checkpoint(folder, every=4)])
    assert end(learn) == truth and end(resumed(folder)) == truth
    assert (folder / "step-00000008.safetensors").is_dir() and (folder / "step-00000099.safetensors").is_dir()

    def vanish(learn):
        shutil.rmtree(tmp_path / "gone")

    learn = learner()
    learn.fit(3, cbs=[Checkpoint(tmp_path / "gone", every=4), Do("after_batch", 9, vanish)])
    assert end(learn) == truth and len(list((tmp_path / "gone").iterdir())) == 2
    assert end(resumed(tmp_path / "gone")) == truth

    unlink = Path.unlink

    def busy(self, **kwargs):
        if self.name.startswith("step-"):
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(self, **kwargs)

    monkeypatch.setattr(Path, "unlink", busy)
    learn = learner()
    with pytest.warns(UserWarning, match="could not be removed .*Permission denied.*: remove it yourself"):
        learn.fit(3, cbs=[Checkpoint(tmp_path / "busy", every=4)])
    assert end(learn) == truth and len(list((tmp_path / "busy").iterdir())) == 6


def test_train_names_the_schedule(tmp_path):
    images = np.zeros((32, 8, 8), np.uint8)
    dls = DataLoaders.from_arrays(images, [0] * 32, images, [0] * 32, batch_size=16, size=8)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x_t, t):
            return self.conv(x_t)

    kwargs = {"epochs": 1, "progress": False, "seed": 0}
    train(dls, Net(), linear_schedule(50), cbs=[Checkpoint(tmp_path)], **kwargs)
    with pytest.raises(SettingsError, match="schedule='linear, T=50, .* where this one has 'linear, T=60"):
        train(dls, Net(), linear_schedule(60), resume=tmp_path, **kwargs)
    learn = train(dls, Net(), linear_schedule(50), resume=tmp_path, **kwargs)
    assert learn.steps == 2 and learn.model.diffusion.shape == (1, 8, 8)
    assert any(isinstance(cb, DDPMCB) for cb in learn.cbs)


@pytest.mark.parametrize("kwargs", [{"every": 0}, {"every": 1.5}, {"every": True}, {"keep": 0}, {"keep": None}])
def test_bad_options(kwargs, tmp_path):
    with pytest.raises(ValueError, match="must be a whole number, 1 or more, found"):
        Checkpoint(tmp_path, **kwargs)


def test_a_folder_that_cannot_be_one(tmp_path, monkeypatch):
    (file := tmp_path / "file").write_text("mine")
    with pytest.raises(CheckpointError, match="must be a folder for checkpoints, found a file"):
        learner().fit(1, cbs=[Checkpoint(file)])
    with pytest.raises(CheckpointError, match="must be a folder to write to"):
        learner().fit(1, cbs=[Checkpoint(file / "below")])
    assert file.read_text() == "mine"

    def refuse(*args):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(checkpoints, "make_folder", refuse)
    with pytest.raises(CheckpointError, match="Permission denied"):
        learner().fit(1, cbs=[Checkpoint(tmp_path / "locked")])


def test_a_full_disk_does_not_end_the_training(tmp_path, monkeypatch, capsys):
    "The files that are there stay, nothing half is left, and the training ends as ever."
    whole = learner()
    whole.fit(3)
    truth = end(whole)
    full = False

    class Fsync:
        def __getattr__(self, name):
            return getattr(os, name)

        def fsync(self, fd):
            if full:
                raise OSError(errno.ENOSPC, "No space left on device")
            os.fsync(fd)

    monkeypatch.setattr(storage, "os", Fsync())

    def fill(learn):
        nonlocal full
        full = True

    learn = learner()
    with pytest.warns(
        UserWarning, match="No space left on device.*step-00000008.safetensors is kept, and the training goes on"
    ):
        learn.fit(3, cbs=[Checkpoint(tmp_path, every=4), Do("after_batch", 9, fill)])
    assert end(learn) == truth
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-00000004.safetensors", "step-00000008.safetensors"]
    full = False
    assert end(resumed(tmp_path)) == truth


# ---- the format


def test_a_nest_comes_back_as_it_was():
    g = torch.Generator().manual_seed(3)
    nest = {
        "a": [1, 2.5, None, True, "ü", (1, (2,)), []],
        3: {"t": torch.randn(2, generator=g), "b": torch.zeros(2, dtype=torch.bfloat16)},
        "n": np.random.get_state(legacy=False),
        "r": random.getstate(),
        "odd": [float("inf"), -0.0, 1e-320, 2**80],
        "list": {"list": 1, "tensor": "x", "dict": []},
    }
    again = unpack(json.loads(json.dumps(pack(nest, tensors := {}))), tensors)
    assert str(again) == str(nest) and again["r"] == nest["r"]
    with pytest.raises(TypeError, match=r"found set in a\.0: leave it out of state_dict\(\)\."):
        pack({"a": [{1}]}, {})


def test_every_flipped_bit_is_seen(tmp_path):
    path = write_hashed(tmp_path / "a.safetensors", {"x": torch.arange(4.0)}, {"n": [1, 2]})
    good = path.read_bytes()
    for i in range(0, len(good) * 8, 3):
        path.write_bytes(good[: i // 8] + bytes([good[i // 8] ^ 1 << i % 8]) + good[i // 8 + 1 :])
        with pytest.raises(CheckpointError, match="must be a whole file"):
            read_hashed(path, kind=CheckpointError)
    for n in range(len(good)):
        path.write_bytes(good[:n])
        with pytest.raises(CheckpointError):
            read_hashed(path, kind=CheckpointError)


def test_others_files_are_refused(tmp_path):
    learner().fit(1, cbs=[Checkpoint(tmp_path)])
    path = next(tmp_path.iterdir())
    renamed = path.rename(tmp_path / "step-00000099.safetensors")
    with pytest.raises(CheckpointError, match="must hold the step in its name, found step 7"):
        learner().fit(1, cbs=[Resume(renamed)])
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="it holds no hash of itself"):
        learner().fit(1, cbs=[Resume(tmp_path / "other.safetensors")])
    write_hashed(tmp_path / "model.safetensors", {}, {"kind": "model"})
    with pytest.raises(CheckpointError, match="must be a file of Checkpoint, found 'model'"):
        learner().fit(1, cbs=[Resume(tmp_path / "model.safetensors")])


def test_nothing_is_pickled_and_nothing_evaluated():
    "A pickle is a program: to read one is to run it."
    banned = re.compile(
        r"\b(pickle|cloudpickle|dill|joblib|marshal|shelve)\b|(?<!safetensors\.)torch\.(save|load)\b"
        r"|allow_pickle|\b(?<!\.)eval\(|\bexec\(|new Function|_object\(|all_gather_object|broadcast_object|save_state\(|load_state\("
    )
    for path in [*(ROOT / "ddpm_widgets").rglob("*.py"), *(ROOT / "js/src").rglob("*.js")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code = line.split("#")[0]
            assert not banned.search(code), f"{path.name}:{number}: {line}"


def test_progress_begins_where_it_ended(tmp_path, capsys):
    learner().fit(3, cbs=[Checkpoint(tmp_path), Do("after_batch", 9, lambda learn: learn.stop())])
    capsys.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learner().fit(3, cbs=[Resume(tmp_path), Progress(bar=False)])
    out = capsys.readouterr().out
    assert "Resumed at step 9 (epoch 2)" in out and "epoch 1/3" not in out and "epoch 3/3" in out


def test_images_of_any_precision_are_told_apart(tmp_path):
    "numpy has no bfloat16."
    halves = [torch.randn(8, 3).bfloat16() + k for k in (0, 1)]
    loaders = [DataLoader(TensorDataset(x, torch.zeros(8, 1)), 4) for x in halves]
    assert _checksum(loaders[0]) != _checksum(loaders[1]) and "8 images" in _checksum(loaders[0])
