"TrainingMonitor on the real Learner, and its promises: bounded memory, quiet in scripts, never in the way."

import io
import os
import subprocess
import sys
import textwrap
import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_widgets import Checkpoint, Learner, LRFinder, garments, linear_schedule, train
from ddpm_widgets.widgets.loss_history import LossByTimestep, LossHistory
from ddpm_widgets.widgets.previews import _least_missed, as_frame
from ddpm_widgets.widgets.training_monitor import TrainingMonitor


class Point(nn.Module):
    "The smallest thing that can be called as model(x_t, t)."

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x, t):
        return self.conv(x)


class Each:
    "Calls a function after each batch, last of all callbacks."

    order = 1000

    def __init__(self, f):
        self.f = f

    def after_batch(self, learn):
        self.f(learn)


@pytest.fixture(scope="module")
def images():
    return garments(n=640, n_valid=128, batch_size=64)


def data():
    return garments(n=640, n_valid=128, batch_size=64)


def rows(monitor):
    return np.frombuffer(monitor.history, np.float32).reshape(-1, 5)


def fit(dls, monitor, *cbs, epochs=3, **kwargs):
    torch.manual_seed(0)
    return train(dls, Point(), epochs=epochs, cbs=[monitor, *cbs], seed=0, **kwargs)


def test_numbers_are_the_learners(images, capsys):
    monitor = TrainingMonitor(sample_every=10, n_samples=3, sample_args={"steps": 4})
    losses, lrs, valid = [], [], []

    class Look:
        order = 50

        def before_step(self, learn):
            lrs.append(learn.opt.param_groups[0]["lr"])

        def after_step(self, learn):
            losses.append(learn.loss.item())

        def after_epoch(self, learn):
            valid.append((learn.steps, learn.valid_loss))

    learn = fit(images, monitor, Look())
    assert (monitor.state, monitor.note) == ("finished", "")
    assert np.array_equal(rows(monitor)[:, 0], np.arange(1, 31))
    for column in (1, 2, 3):
        assert np.array_equal(rows(monitor)[:, column], np.float32(losses))
    assert np.array_equal(rows(monitor)[:, 4], np.float32(lrs))
    assert np.array_equal(np.frombuffer(monitor.valid, np.float32).reshape(-1, 2), np.float32(valid))
    assert monitor.frame_steps == [10, 20, 30] and monitor.frame_shape == [3, 32, 32, 1]
    assert len(monitor.frames) == 3 * 3 * 32 * 32
    p = monitor.progress
    assert (p["step"], p["fit_step"], p["total_steps"], p["epoch"], p["n_epochs"]) == (30, 30, 30, 3, 3)
    assert p["loss"] == losses[-1] and p["device"] == "cpu" and p["precision"] == "fp32" and p["images_per_s"] > 0
    assert np.array_equal(monitor.curve["lr"], np.float32(lrs)) and monitor.grids[-1][0] == learn.steps
    out, err = capsys.readouterr()
    assert "30/30" in err and "finished" in err and out == "", "in a script: one bar, on stderr"


def test_bands_are_the_mean_squared_error_by_t(images):
    monitor = TrainingMonitor(sample_every=0, n_bands=4)
    errors, bands = [], []

    def look(learn):
        if learn.training:
            (_, t), target = learn.batch
            errors.extend((learn.preds.detach() - target).square().mean((1, 2, 3)).tolist())
            bands.extend((t * 4 // 1000).tolist())

    fit(images, monitor, Each(look))
    e, b = np.array(errors), np.array(bands)
    assert monitor.timesteps == 1000 and len(monitor.bands) == 4
    # of the newest images; which those are depends on when it was last looked at
    means = np.array([[e[-n:][b[-n:] == k].mean() for k in range(4)] for n in (len(e), len(e) // 10)])
    assert (means.min(0) * 0.9 < monitor.bands).all() and (monitor.bands < means.max(0) * 1.1).all()


def test_bands_follow_the_schedule_and_forget(images):
    monitor = TrainingMonitor(sample_every=0)
    fit(images, monitor, epochs=1, schedule=linear_schedule(T=50))
    assert monitor.timesteps == 50 and None not in monitor.bands
    bands = LossByTimestep(n=1, timesteps=10, memory=100)
    for value in (1.0, 3.0):
        for _ in range(20):
            bands.add(torch.full((50, 1), value), torch.zeros(50, 1), torch.zeros(50, dtype=torch.long))
            last = bands.values()
    assert abs(last[0] - 9) < 0.1


def test_bands_of_a_short_run_are_not_those_of_its_beginning():
    bands, images = LossByTimestep(n=1), torch.zeros(32, 1)
    for step in range(400):
        error = 1 / (1 + step / 20)
        bands.add(images + error**0.5, images, torch.zeros(32))
        (shown,) = bands.values()
    assert error < shown < 1.3 * error


def test_a_learner_that_knows_no_diffusion():
    x = torch.randn(256, 1)
    dls = type("Data", (), {"train": [(x, x)] * 5, "valid": None})
    monitor = TrainingMonitor()
    Learner(nn.Linear(1, 1), dls, cbs=[monitor]).fit(2)
    assert monitor.state == "finished" and len(rows(monitor)) == 10
    assert monitor.bands == [] and monitor.frame_steps == [] and not monitor.can_sample


@pytest.mark.parametrize("sample_at", [None, 5])
def test_stop_equals_a_run_told_to_stop(sample_at):
    def stop(learn):
        if learn.steps == 17:
            learn.stop()

    told = fit(data(), TrainingMonitor(sample_every=0), Each(stop))
    monitor = TrainingMonitor(sample_every=0, sample_args={"steps": 4})

    class Press:
        def after_step(self, learn):
            if learn.steps == sample_at:
                monitor._pressed(None, {"do": "sample"}, [])
            if learn.steps == 17:
                monitor._pressed(None, {"do": "stop"}, [])

    learn = fit(data(), monitor, Press())
    assert told.steps == learn.steps == 17 and monitor.state == "stopped"
    assert monitor.frame_steps == ([sample_at] if sample_at else [])
    for a, b in zip(told.model.parameters(), learn.model.parameters(), strict=True):
        assert torch.equal(a, b)
    learn.fit(1)  # goes on in the same curve
    assert monitor.state == "finished" and rows(monitor)[-1, 0] == 27 and len(rows(monitor)) == 27


def test_stop_is_heard_in_the_middle_of_sampling(images, monkeypatch):
    monkeypatch.setattr("ddpm_widgets.widgets.training_monitor._SENDS_PER_SECOND", 1e9)
    calls = []

    def count(*_):
        calls.append(1)
        if len(calls) == 7:
            monitor.stop()

    def press(learn):
        if learn.steps == 4:
            learn.ema_model.register_forward_hook(count)

    monitor = TrainingMonitor(sample_every=5, sample_args={"steps": 500})
    learn = fit(images, monitor, Each(press))
    assert learn.steps == 5 and monitor.state == "stopped" and monitor.frame_steps == []
    assert len(calls) == 7, "the sampler made no further call of the model"
    assert not learn.ema_model._forward_pre_hooks and not learn.model._forward_pre_hooks


def test_failed_sampling_does_not_end_the_training(images):
    def broken(n):
        raise RuntimeError("no paint left")

    monitor = TrainingMonitor(sample_every=3, sampler=broken)
    with pytest.warns(UserWarning, match="no paint left"):
        learn = fit(images, monitor, epochs=1)
    assert learn.steps == 10 and monitor.state == "finished" and "no paint left" in monitor.note


@pytest.mark.parametrize(
    ("error", "state", "note"),
    [
        (KeyboardInterrupt(), "interrupted", "Interrupted at step 4"),
        (RuntimeError("out of memory"), "error", "RuntimeError: out of memory"),
    ],
)
def test_how_it_ended(images, error, state, note):
    def fail(learn):
        if learn.steps == 4:
            raise error

    monitor = TrainingMonitor(sample_every=0)
    with pytest.raises(type(error)):
        fit(images, monitor, Each(fail))
    assert monitor.state == state and monitor.note.startswith(note)
    assert rows(monitor)[-1, 0] == 4, "the last step is there"


def test_an_error_outside_is_not_the_runs(images):
    monitor = TrainingMonitor(sample_every=0)
    try:
        raise LookupError("before")
    except LookupError:
        fit(images, monitor, epochs=1)
    assert monitor.state == "finished"


def test_another_model_begins_a_new_curve(images):
    monitor = TrainingMonitor(sample_every=0)
    fit(images, monitor, epochs=2)
    fit(images, monitor, epochs=1)
    assert len(rows(monitor)) == 10


def test_a_loss_that_is_not_a_number_is_said(images):
    monitor = TrainingMonitor(sample_every=0)

    class Spoil:
        def after_step(self, learn):
            if learn.steps == 6:
                learn.loss = learn.loss * float("nan")

    fit(images, monitor, Spoil(), epochs=1)
    assert "nan since step 6" in monitor.note and monitor.state == "finished"
    assert np.isnan(rows(monitor)[5, 1]) and np.isfinite(rows(monitor)[6:, 1]).all()


def test_history_is_bounded_and_exact():
    history, losses = LossHistory(), np.random.default_rng(0).exponential(size=100_000)
    sizes = []
    for step, loss in enumerate(losses, start=1):
        history.add(step, loss, lr=step)
        if step % 997 == 0 or step < 50:
            r = history.rows
            sizes.append(r.nbytes)
            assert r[-1, 0] == r[-1, 4] == step and len(r) <= 2000
    r = history.rows
    assert max(sizes) <= 2000 * 5 * 4
    edges = np.concatenate([[0], r[:, 0]]).astype(int)
    for i in range(len(r)):
        part = losses[edges[i] : edges[i + 1]]
        assert np.allclose(r[i, 1:4], [part.mean(), part.min(), part.max()])


def test_memory_in_the_kernel_is_bounded():
    monitor = TrainingMonitor(sample_every=0)
    learn = type("Learn", (), {"steps": 0, "fit_steps": 0, "total_steps": 100_000, "training": True, "batch_size": 8})()
    learn.epoch, learn.n_epochs, learn.batch, learn.preds, learn.stop_reason = 0, 1, None, None, None
    learn.opt = type("Opt", (), {"param_groups": [{"lr": 1e-3}]})
    monitor._start_bar = lambda learn: None
    monitor.before_fit(learn)
    used = []
    for i in range(100_000):
        learn.loss = 1 / (1 + i)
        monitor.before_step(learn)
        monitor.after_loss(learn)
        learn.steps = learn.fit_steps = i + 1
        monitor.after_step(learn)
        monitor.after_batch(learn)
        if i == 5_000:
            tracemalloc.start()
        if i in (20_000, 99_999):
            used.append(tracemalloc.get_traced_memory()[0])
    monitor.cleanup_fit(learn)
    tracemalloc.stop()
    assert used[1] - used[0] < 100_000, f"{used[1] - used[0]:,} bytes more after 80,000 more steps"
    assert len(monitor.history) <= 40_000 and rows(monitor)[-1, 0] == 100_000


def test_the_time_lapse_is_bounded_and_even():
    monitor = TrainingMonitor(frame_bytes=20 * 256)
    for step in range(1, 501):
        monitor._keep(step * 10, np.full((4, 8, 8, 1), step % 256, np.uint8))
    steps = np.array(monitor.frame_steps)
    assert len(monitor.frames) <= 20 * 256 and len(steps) == 20
    assert steps[0] == 10 and steps[-1] == 5000
    assert np.diff(steps).max() <= 4 * np.diff(steps)[:-2].min()
    frames = np.frombuffer(monitor.frames, np.uint8).reshape(20, -1)
    assert np.array_equal(frames[:, 0], steps // 10 % 256), "each frame stays with its step"
    assert _least_missed([0, 10, 11, 20, 30]) in (1, 2)


@pytest.mark.parametrize(
    "samples",
    [
        torch.zeros(4, 1, 8, 8),
        torch.zeros(4, 3, 8, 8, dtype=torch.bfloat16, requires_grad=True),
        np.zeros((4, 8, 8)),
        np.full((4, 1, 8, 8), np.nan),
        np.full((4, 8, 8, 3), 7.0),
        np.zeros((4, 8, 8), np.uint8),
    ],
)
def test_samples_of_all_kinds(samples):
    frame = as_frame(samples)
    assert frame.shape[:3] == (4, 8, 8) and frame.shape[3] in (1, 3) and frame.dtype == np.uint8


def test_bad_options_are_refused_in_a_sentence():
    for options, error, word in [
        ({"sample_evry": 10}, TypeError, "sample_every"),
        ({"sample_every": -1}, ValueError, "-1"),
        ({"n_samples": 0}, ValueError, "n_samples"),
        ({"timesteps": 0}, ValueError, "timesteps"),
        ({"n_bands": 2.5}, ValueError, "2.5"),
    ]:
        with pytest.raises(error, match=word):
            TrainingMonitor(**options)


def test_only_the_main_process_shows_anything(images, capsys):
    monitor = TrainingMonitor()
    learn = type("Learn", (), {"accelerator": type("A", (), {"is_main_process": False})})()
    for event in (
        "before_fit",
        "before_batch",
        "before_step",
        "after_loss",
        "after_step",
        "after_batch",
        "cleanup_fit",
    ):
        getattr(monitor, event)(learn)
    assert monitor.state == "ready" and capsys.readouterr() == ("", "")


def test_a_page_may_set_what_is_for_the_reader_and_nothing_else(images):
    monitor = TrainingMonitor()
    monitor.set_state({"state": "finished", "log_scale": False, "frame": 7, "smoothing": 0, "note": "<b>"})
    assert (monitor.state, monitor.log_scale, monitor.frame, monitor.smoothing, monitor.note) == (
        "ready",
        False,
        7,
        30,
        "",
    )


def test_saved_as_page_and_picture(images, tmp_path):
    monitor = TrainingMonitor(sample_every=5, n_samples=3, sample_args={"steps": 4})
    with pytest.raises(ValueError, match="nothing to show yet"):
        monitor.to_png()
    fit(images, monitor, epochs=1)
    from PIL import Image

    picture = np.asarray(Image.open(io.BytesIO(monitor.to_png())))
    assert picture.std() > 10 and "finished" in monitor.description()
    assert "frame_steps" in monitor.to_html(tmp_path / "run.html").read_text(encoding="utf-8")


def test_it_needs_neither_torch_nor_the_learner():
    code = (
        "import sys; from ddpm_widgets.widgets import TrainingMonitor; TrainingMonitor(); "
        "print([m for m in ('torch', 'diffusers', 'ddpm_widgets.learner') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_one_process_knows_nothing_of_launched_ones():
    "Also where accelerate is loaded, and where loaders of data fork."
    code = """
        import sys, torch, multiprocessing
        from torch import nn
        from torch.utils.data import DataLoader, TensorDataset
        from ddpm_widgets import Learner, TrainingMonitor
        data = TensorDataset(torch.randn(64, 1), torch.randn(64, 1))
        class Data:
            train = valid = DataLoader(data, 8, num_workers=1, multiprocessing_context="fork")
        monitor = TrainingMonitor()
        Learner(nn.Linear(1, 1), Data, cbs=[monitor]).fit(1)
        print(monitor.state, "accelerate.launchers" in sys.modules, "ddpm_widgets.widgets.launched" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.stdout == "finished True False\n", done.stderr


# ---- what came before, and where it is kept


def whole_curve(monitor, learn):
    assert np.array_equal(rows(monitor)[:, 0], np.arange(1, learn.steps + 1))
    assert np.array_equal(rows(monitor)[:, 1], np.float32(learn.recorder.losses))
    assert np.array_equal(rows(monitor)[:, 4], np.float32(learn.recorder.lrs))


def test_a_resumed_run_shows_what_came_before(tmp_path):
    "Loss, learning rate and validation of the steps that another process took, with a monitor or without; also when none is left."

    def stop(learn):
        if learn.steps == 17:
            learn.stop()

    torch.manual_seed(0)
    first = train(data(), Point(), epochs=3, cbs=[Checkpoint(tmp_path, every=100), Each(stop)], seed=0, progress=False)
    assert first.steps == 17
    monitor = TrainingMonitor(sample_every=0)
    learn = fit(data(), monitor, Checkpoint(tmp_path), resume=tmp_path)
    assert learn.steps == 30 and monitor.state == "finished"
    whole_curve(monitor, learn)
    assert np.frombuffer(monitor.valid, np.float32).reshape(-1, 2)[:, 0].tolist() == [10, 20, 30]
    again = TrainingMonitor(sample_every=0)
    learn = fit(data(), again, Checkpoint(tmp_path), resume=tmp_path)  # which had ended
    whole_curve(again, learn)
    assert again.valid == monitor.valid and again.progress["loss"] == learn.recorder.losses[-1]


def test_a_monitor_shows_the_fits_before_it(images):
    learn = train(data(), Point(), epochs=1, seed=0, progress=False)
    monitor = TrainingMonitor(sample_every=0)
    learn.fit(1, cbs=[monitor])
    whole_curve(monitor, learn)
    learn.fit(1)  # not seen
    learn.fit(1, cbs=[monitor])
    assert learn.steps == 40
    whole_curve(monitor, learn)
    assert np.frombuffer(monitor.valid, np.float32).reshape(-1, 2)[:, 0].tolist() == [10, 20, 30, 40]


def test_a_curve_that_nobody_kept_is_not_invented(images):
    "A Recorder that has losses of steps that do not count."
    learn = train(data(), Point(), epochs=1, seed=0, progress=False)
    learn.fit(1, lr=1e-5, cbs=[LRFinder(max_mult=1e9)])
    assert learn.steps == len(learn.recorder.losses) == 10
    learn.recorder.load_state_dict({k: torch.cat([v, v]) for k, v in learn.recorder.state_dict().items()})
    monitor = TrainingMonitor(sample_every=0)
    learn.fit(1, cbs=[monitor])
    assert rows(monitor)[:, 0].tolist() == list(range(11, 21))


@pytest.mark.parametrize("how", ["interrupt", "error", "stop", "finish"])
def test_the_note_names_the_file_in_which_all_is_kept(how, tmp_path, monkeypatch):
    monitor = TrainingMonitor(sample_every=0)

    def end(learn):
        if learn.steps == 7:
            if how == "interrupt":
                learn.stop("interrupted")
            elif how == "error":
                raise RuntimeError("out of memory")
            elif how == "stop":
                monitor.stop()

    kept = Checkpoint(tmp_path / "my run", every=100)
    if how == "error":
        with pytest.raises(RuntimeError):
            fit(data(), monitor, kept, Each(end), epochs=1)
    else:
        fit(data(), monitor, kept, Each(end), epochs=1)
    step = {"finish": 10, "stop": 8}.get(how, 7)  # pressed after the monitor's turn, Stop is heard at its next
    file = tmp_path / "my run" / f"step-{step:08d}.safetensors"
    assert file.is_file() and monitor.progress["checkpoint"] == str(file)
    said = f"All of it is in {file}: resume={str(tmp_path / 'my run')!r} goes on from there."
    words = {
        "interrupt": "Interrupted at step 7. ",
        "error": "RuntimeError: out of memory. ",
        "stop": "Stopped by you ",
    }
    if how == "finish":
        assert monitor.note == "" and monitor.state == "finished"
    else:
        assert monitor.note.startswith(words[how]) and monitor.note.endswith(f" {said}")
        assert monitor.note.count("All of it") == 1


def test_no_file_is_named_that_does_not_hold_all(tmp_path, monkeypatch, capsys):
    "The disk has become full: what is named is an earlier step, and called that."
    from ddpm_widgets import checkpoints

    monitor = TrainingMonitor(sample_every=0)

    def end(learn):
        if learn.steps == 7:

            def full(*args):
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(checkpoints, "write_hashed", full)
            learn.stop()

    with pytest.warns(UserWarning, match="No space left on device"):
        fit(data(), monitor, Checkpoint(tmp_path, every=5), Each(end), epochs=1)
    assert monitor.state == "stopped" and "All of it" not in monitor.note
    assert (
        f"What there was at an earlier step is in {tmp_path / 'step-00000005.safetensors'}" in capsys.readouterr().out
    )


def test_a_saved_notebook_shows_how_the_run_ended():
    "Its poster is that of the end, wherever the monitor was displayed: before the run, by itself, and of runs that stop or fail."
    import nbformat
    from nbclient import NotebookClient

    cell = nbformat.v4.new_code_cell
    book = nbformat.v4.new_notebook(
        cells=[
            cell(
                "import torch; torch.set_num_threads(1)\nfrom ddpm_widgets import *\n"
                "dls = garments(batch_size=8, n=16, n_valid=8, seed=0)\n"
                "def monitor(): return TrainingMonitor(n_samples=2, sample_args={'steps': 2})\n"
                "def run(*cbs): return train(dls, unet('small', block_out_channels=(8, 16, 16)), epochs=1, seed=0, cbs=cbs, ema=None)\n"
                "class Fail(Callback):\n    def after_epoch(self, learn): raise OSError('no more')\n"
                "first, second, third, fourth = [monitor() for _ in range(4)]"
            ),
            cell("first"),
            cell("display(second)\ndisplay(second)"),
            cell("learn = run(first)"),
            cell("run(second);"),
            cell("run(third);"),
            cell("try: run(fourth, Fail())\nexcept OSError: pass"),
            cell("learn.fit(1)"),
            cell(
                "import base64\nfor m in (first, second, third, fourth): print(base64.b64encode(m.to_png()).decode())"
            ),
        ]
    )
    NotebookClient(book, timeout=200, kernel_name="python3", store_widget_state=False).execute()
    first, second, third, fourth = "".join(o.text for o in book.cells[-1].outputs).split()
    posters = [[o.data.get("image/png", "").strip() for o in c.outputs if "data" in o] for c in book.cells[1:-1]]
    assert posters == [[first], [second, second], [], [], [third], [fourth], []], (
        "displayed before, not displayed again"
    )
