"Losses and weights that are not finite: the fit ends, or leaves the batch out, and no sound file is lost."

import math
import warnings

import pytest
import torch
from test_checkpoints import Dls, Do, end, learner, resumed
from torch import nn

from ddpm_widgets import (
    Callback,
    Checkpoint,
    CheckpointError,
    GradientClip,
    Learner,
    OneCycle,
    Progress,
    Recorder,
    Resume,
    TerminateOnNaN,
    train,
)
from ddpm_widgets.storage import read_hashed, write_hashed


class Spoil(Callback):
    "Makes the loss, or all gradients, some value at some steps."

    def __init__(self, *steps, value=math.nan, what="loss", training=True):
        self.steps, self.value, self.what, self.training = steps, value, what, training

    def after_loss(self, learn):
        if self.what == "loss" and learn.training == self.training and learn.steps in self.steps:
            learn.loss = learn.loss * self.value

    def after_backward(self, learn):
        if self.what == "gradients" and learn.steps in self.steps:
            for p in learn.model.parameters():
                p.grad.fill_(self.value)


def said(found):
    return [str(w.message) for w in found if "finite" in str(w.message)]


def run(learn, *cbs, epochs=3):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        learn.fit(epochs, cbs=cbs)
    return said(found)


def sound(folder):
    files = sorted(folder.glob("*.safetensors"))
    for file in files:
        for name, x in read_hashed(file)[0].items():
            assert "callbacks" in name or not x.is_floating_point() or x.isfinite().all(), (file, name)
    return [int(file.stem[5:]) for file in files]


@pytest.mark.parametrize("what", ["loss", "gradients"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("at", [0, 9, 20])  # the first step, one in the middle, the last
def test_the_fit_ends_before_the_step(what, value, at, tmp_path):
    whole = learner()
    whole.fit(3)
    truth = end(whole)
    learn = learner()
    (word,) = run(learn, TerminateOnNaN(), Checkpoint(tmp_path, every=4), Spoil(at, value=value, what=what))
    assert learn.steps == at and f"at step {at + 1}, with learning rate" in learn.stop_reason
    assert learn.stop_reason in word and word.endswith(f"{learn.checkpoint or 'no checkpoint has been written'}.")
    assert all(x.isfinite().all() for x in (*learn.model.parameters(), *learn.model.buffers()))
    assert sound(tmp_path) == {0: [], 9: [8, 9], 20: [16, 20]}[at]
    assert not at or end(resumed(tmp_path)) == truth


@pytest.mark.parametrize("where", ["weights", "average", "optimizer", "buffer"])
def test_a_checkpoint_alone_keeps_what_is_sound(where, tmp_path, capsys):
    "Also where nothing looks at the loss, and also where it is the last step."

    def spoil(learn):
        with torch.no_grad():
            if where == "weights":
                learn.model[0].weight[0, 0] = torch.nan
            elif where == "average":
                learn.ema_model[0].weight[0, 0] = torch.inf
            elif where == "buffer":
                learn.model[1].running_mean[0] = torch.nan
            else:
                next(iter(learn.opt.state.values()))["exp_avg"].fill_(torch.nan)

    for at, left in ((9, [4, 8]), (21, [16, 20])):
        folder = tmp_path / str(at)
        learn = learner()
        (word,) = run(learn, Checkpoint(folder, every=4), Do("after_step", at, spoil))
        assert (
            "weights must be finite to be kept" in word and f"step-{left[-1]:08d}" in word and "learning rate" in word
        )
        assert sound(folder) == left and learn.stop_reason
        assert learn.steps == {9: 12, 21: 21}[at], "it ends where the next file would have been written"


def test_one_sentence_where_both_have_seen_it(tmp_path):
    class Both(Callback):
        def after_loss(self, learn):
            if learn.steps == 9:
                nn.init.constant_(learn.model[0].weight, torch.nan)
                learn.loss = learn.loss * torch.nan

    learn = learner()
    assert len(run(learn, TerminateOnNaN(), Checkpoint(tmp_path, every=4), Both())) == 1
    assert sound(tmp_path) == [4, 8]


def test_a_validation_that_is_not_finite(tmp_path):
    learn = learner()
    (word,) = run(learn, TerminateOnNaN(), Checkpoint(tmp_path), Spoil(14, training=False))
    assert learn.stop_reason == "the loss is nan in the validation of epoch 2" and learn.stop_reason in word
    assert sound(tmp_path)[-1] == 14


def test_batches_are_left_out_if_asked():
    learn = learner()
    (word,) = run(learn, TerminateOnNaN(skip=2), Spoil(3, what="gradients"), epochs=1)
    assert learn.steps == 3, "the same step fails again and again: three in a row are too many"

    class Once(Callback):
        def after_loss(self, learn):
            if learn.iter in (2, 3, 5):
                learn.loss = learn.loss * torch.inf

    learn = learner()
    (word,) = run(learn, TerminateOnNaN(skip=2), Once(), epochs=1)
    assert learn.steps == 4 and learn.stop_reason is None and word.startswith("4 batches were left out"), word
    assert len(learn.recorder.losses) == 4 and math.isfinite(learn.train_loss)
    with pytest.raises(ValueError, match="skip must be a whole number"):
        TerminateOnNaN(skip=-1)


def test_what_a_bad_batch_did_to_buffers_is_undone():
    "Batch norm takes NaN into its running mean while it predicts."

    class Bad(Callback):
        order = 50

        def before_batch(self, learn):
            if learn.training and learn.iter == 3:
                learn.batch = learn.batch[0] * torch.nan, learn.batch[1]

    for skip in (0, 1):
        learn = learner()
        run(learn, TerminateOnNaN(skip=skip), Bad(), epochs=1)
        assert all(x.isfinite().all() for x in (*learn.model.buffers(), *learn.model.parameters()))
        assert learn.steps == (6 if skip else 3)


def test_gradients_that_overflow_under_a_scaler_are_no_alarm():
    "The scaler leaves the step out, and halves its scale."

    class Scaled(Callback):
        order = -100

        def before_fit(self, learn):
            learn.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)

        def backward(self, learn):
            learn.accelerator.scaler.scale(learn.loss).backward()

        def step(self, learn):
            scaler, opt = learn.accelerator.scaler, getattr(learn.opt, "optimizer", learn.opt)
            scaler.step(opt)
            scaler.update()
            self.scale = scaler.get_scale()

    net = nn.Linear(3, 1)
    learn = Learner(net, Dls(), lr=0.01, cbs=[TerminateOnNaN(), scaled := Scaled()], opt_func=torch.optim.SGD)
    assert run(learn, Spoil(4, value=math.inf, what="gradients"), epochs=1) == []
    assert learn.steps == 7 and learn.stop_reason is None and scaled.scale == 2.0 and net.weight.isfinite().all()


def test_a_loss_is_read_now_and_then_where_reading_means_waiting():
    "As on a GPU: within 16 steps, or at the end of the pass."
    learn = learner()

    class Late(Callback):
        def before_fit(self, learn):
            cb.at_once = False

    cb = TerminateOnNaN()
    (word,) = run(learn, cb, type("L", (Late,), {"order": 120})(), Spoil(3))
    assert learn.stop_reason.startswith("the loss is nan at step 4,") and learn.steps == 7


def test_infinite_masks_are_no_fault(tmp_path):
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(3, 1)
            self.register_buffer("mask", torch.full((2, 2), -math.inf).triu(1))

        def forward(self, x):
            return self.line(x)

    learn = Learner(Masked(), Dls(), cbs=[OneCycle(), Recorder()])
    assert run(learn, Checkpoint(tmp_path), epochs=1) == [] and list(tmp_path.iterdir())
    Learner(Masked(), Dls(), cbs=[OneCycle(), Recorder()]).fit(1, cbs=[Resume(tmp_path, show=False)])


def spoiled(path, change=torch.nan):
    "The same file, with one weight that is not finite, and the right hash."
    tensors, words = read_hashed(path)
    tensors[".model.0.weight"][0, 0] = change
    write_hashed(path, tensors, words)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_file_that_is_not_finite_is_passed_over_and_pushes_nothing_out(value, tmp_path):
    whole = learner()
    whole.fit(3)
    truth = end(whole)
    learner().fit(3, cbs=[Checkpoint(tmp_path, every=4, keep=3)])
    for step in (20, 21):
        spoiled(tmp_path / f"step-{step:08d}.safetensors", value)
    learn = learner()
    with pytest.warns(
        UserWarning, match=r"step-00000021.safetensors must hold finite weights, found (nan|inf) in model"
    ):
        learn.fit(3, cbs=[Resume(tmp_path, show=False), Checkpoint(tmp_path, every=1), Do("after_batch", 18, stop)])
    assert sorted(int(p.stem[5:]) for p in tmp_path.iterdir()) == [17, 18, 20, 21]
    with pytest.warns(UserWarning, match="step-00000018.safetensors, is taken instead"):
        assert end(resumed(tmp_path)) == truth
    for path in tmp_path.iterdir():
        spoiled(path, value)
    with pytest.raises(CheckpointError, match="must hold finite weights"):
        learner().fit(3, cbs=[Resume(tmp_path)])


def stop(learn):
    learn.stop("enough")


def test_train_looks_by_itself(tmp_path, capsys):
    from ddpm_widgets import garments, init_ddpm, unet

    dls = garments(batch_size=8, n=32, n_valid=8, seed=0)
    net = init_ddpm(unet("small", block_out_channels=(8, 16, 16)))
    with pytest.warns(UserWarning, match="losses and gradients must be finite"):
        learn = train(dls, net, epochs=2, seed=0, cbs=[Spoil(5), Checkpoint(tmp_path, every=2)])
    assert learn.steps == 5 and sound(tmp_path) == [4, 5] and any(isinstance(cb, GradientClip) for cb in learn.cbs)
    assert "Ended early after 5 of 8 steps: the loss is nan at step 6" in capsys.readouterr().out
    assert any(isinstance(cb, Progress) for cb in learn.cbs)
    mine = TerminateOnNaN(skip=1)
    learn = train(dls, net, epochs=0, progress=False, cbs=[mine])
    assert [cb for cb in learn.cbs if isinstance(cb, TerminateOnNaN)] == [mine]


def test_a_gradient_that_nobody_clips_is_looked_at_too():
    class SpoilsOne:
        def after_backward(self, learn):
            if learn.steps == 5:
                next(p for p in learn.model.parameters() if p.grad is not None).grad.view(-1)[0] = math.nan

    learn = learner()
    with pytest.warns(UserWarning, match="the norm of the gradients is nan at step 6.*no checkpoint has been written"):
        learn.fit(3, cbs=[TerminateOnNaN(), SpoilsOne()])
    assert learn.steps == 5 and all(x.isfinite().all() for x in learn.model.parameters())


def test_bad_validation_batches_with_good_ones_between_are_not_in_a_row():
    class Every(Callback):
        def after_loss(self, learn):
            if not learn.training and learn.iter % 2:
                learn.loss = learn.loss * math.nan

    learn = Learner(nn.Linear(1, 1), dls := Dls(), lr=0.1, cbs=[Every()])
    dls.valid = [(torch.ones(4, 1), torch.ones(4, 1))] * 6
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        learn.fit(1, train=False, cbs=[TerminateOnNaN(skip=1)])
    assert learn.stop_reason is None and "3 batches were left out" in str(said[-1].message)
