"The Learner: order of events, what ends a fit, what survives it, and the bugs of others."

import gc
import os
import signal
import subprocess
import sys
import threading
import weakref

import pytest
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ddpm_widgets import (
    CancelBatch,
    CancelEpoch,
    CancelFit,
    Compile,
    Learner,
    LRFinder,
    Metrics,
    MixedPrecision,
    OneCycle,
    Progress,
    Recorder,
    TrainCB,
)
from ddpm_widgets.processes import Processes, count_images


@pytest.fixture(autouse=True)
def interrupts_are_heard():
    "Where the tests themselves run in the background, a shell has told them to ignore interrupts."
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


class Dls:
    def __init__(self, n=100, n_valid=50, batch_size=20):
        g = torch.Generator().manual_seed(0)
        x, v = torch.randn(n, 1, generator=g), torch.randn(n_valid, 1, generator=g)
        self.train = DataLoader(TensorDataset(x, 3 * x + 1), batch_size, shuffle=True)
        self.valid = DataLoader(TensorDataset(v, 3 * v + 1), batch_size)


def learner(*cbs, **kwargs):
    torch.manual_seed(0)
    return Learner(nn.Linear(1, 1), Dls(**kwargs), lr=0.1, cbs=cbs)


WHAT = ("fit", "epoch", "pass", "batch", "predict", "loss", "backward", "step")
EVENTS = ["before_prepare", *(f"{when}_{what}" for what in WHAT for when in ("before", "after"))]


class Log:
    "Notes every event. Not a Callback: any object will do."

    def __init__(self):
        self.events = []
        for event in [*EVENTS, "cleanup_fit"]:
            setattr(self, event, lambda learn, event=event: self.events.append(event))


def test_events_in_order():
    log = Log()
    learner(log, n=20, n_valid=20).fit(1)
    batch = ["before_batch", "before_predict", "after_predict", "before_loss", "after_loss"]
    training = [*batch, "before_backward", "after_backward", "before_step", "after_step", "after_batch"]
    assert log.events == [
        "before_prepare",
        "before_fit",
        "before_epoch",
        "before_pass",
        *training,
        "after_pass",
        "before_pass",
        *batch,
        "after_batch",
        "after_pass",
        "after_epoch",
        "after_fit",
        "cleanup_fit",
    ]


def test_lower_order_comes_first():
    seen = []

    def cb(n):
        return type("CB", (), {"order": n, "before_fit": lambda self, learn: seen.append(n)})()

    learner(cb(3), cb(-1), cb(0)).fit(1, cbs=[cb(2)])
    assert seen == [-1, 0, 2, 3]


@pytest.mark.parametrize(
    ("cancel", "event", "steps"),
    [
        (CancelFit, "before_batch", 0),
        (CancelFit, "before_fit", 0),
        (CancelEpoch, "before_epoch", 0),
        (CancelBatch, "after_predict", 0),
        (CancelBatch, "before_batch", 0),
        (CancelFit, "after_step", 1),
    ],
)
def test_cancel(cancel, event, steps):
    class Cancel:
        def __init__(self):
            setattr(self, event, self.cancel)

        def cancel(self, learn):
            raise cancel

    learn = learner(log := Log(), Cancel())
    learn.fit(2)
    assert learn.steps == steps and log.events[-1] == "cleanup_fit"
    learn.cbs = []
    learn.fit(1)
    assert learn.steps == steps + 5


@pytest.mark.parametrize("operation", ["predict", "get_loss", "backward", "step", "zero_grad"])
def test_an_operation_can_be_taken_over(operation):
    calls = []

    class Mine(TrainCB):
        pass

    def take_over(self, learn):
        calls.append(operation)
        getattr(TrainCB, operation)(self, learn)

    setattr(Mine, operation, take_over)
    learn = learner(Mine())
    learn.fit(1)
    assert len(calls) == (8 if operation in ("predict", "get_loss") else 5) and learn.steps == 5


@pytest.mark.parametrize(
    "error",
    [RuntimeError("oops"), KeyboardInterrupt(), torch.OutOfMemoryError("no room")],
    ids=lambda e: type(e).__name__,
)
@pytest.mark.parametrize("event", [*EVENTS, "cleanup_fit"])
def test_an_error_names_the_callback_and_leaves_the_learner_usable(event, error):
    class Clumsy:
        def __init__(self):
            setattr(self, event, self.fail)

        def fail(self, learn):
            raise error

    error.__notes__ = []
    handler = signal.getsignal(signal.SIGINT)
    learn = learner(log := Log())
    with pytest.raises(type(error)) as caught:
        learn.fit(1, cbs=[Clumsy()])
    assert f"Clumsy.{event}" in caught.value.__notes__[0]
    assert log.events[-1] == "cleanup_fit" and signal.getsignal(signal.SIGINT) is handler
    assert isinstance(learn.model, nn.Linear) and not hasattr(learn.opt, "optimizer")
    before = learn.steps
    learn.fit(2)
    assert learn.steps == before + 10


def test_every_cleanup_runs():
    class Bad:
        def cleanup_fit(self, learn):
            raise ValueError("bad")

    learn = learner(Bad(), log := Log())
    with pytest.raises(ValueError, match="bad"):
        learn.fit(1)
    assert log.events[-1] == "cleanup_fit"


def test_an_interrupt_finishes_the_step():
    "The weights are those of a run that was told to stop at that step; after that, training goes on."

    class PressTheButton:
        def before_backward(self, learn):
            if learn.fit_steps == 2:
                os.kill(os.getpid(), signal.SIGINT)

    class StopAt3:
        def after_step(self, learn):
            if learn.fit_steps == 3:
                learn.stop("told to")

    interrupted = learner(PressTheButton())
    interrupted.fit(2)
    told = learner(StopAt3())
    told.fit(2)
    assert interrupted.steps == told.steps == 3 and interrupted.stop_reason == "interrupted"
    assert all(torch.equal(a, b) for a, b in zip(interrupted.model.parameters(), told.model.parameters(), strict=True))
    interrupted.cbs = []
    interrupted.fit(1)
    assert interrupted.steps == 8 and interrupted.stop_reason is None


def test_a_second_interrupt_does_not_wait():
    class Impatient:
        def before_backward(self, learn):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    learn = learner(Impatient())
    with pytest.raises(KeyboardInterrupt):
        learn.fit(1)
    assert learn.steps == 0 and signal.getsignal(signal.SIGINT) is signal.default_int_handler  # as the fixture left it


def test_fit_in_a_thread():
    learn = learner()
    thread = threading.Thread(target=learn.fit)
    thread.start()
    thread.join()
    assert learn.steps == 5


def test_the_optimizer_goes_on():
    "Two fits of one epoch are one fit of two, momentum and all."

    def run(*epochs):
        learn = learner()
        learn.dls.train = DataLoader(learn.dls.train.dataset, 20)
        for n in epochs:
            learn.fit(n)
        return learn.model.weight.item()

    assert run(1, 1) == run(2)


def test_metrics_are_weighted_by_images_not_by_tuples():
    "50 validation images in batches of 20, 20, 10, each batch a pair of a pair: the length of the tuple says nothing."
    learn = learner()

    class Pairs:
        def before_batch(self, learn):
            x, y = learn.batch
            learn.batch = (x, x), y

        def predict(self, learn):
            learn.preds = learn.model(learn.batch[0][0])

    learn.cbs = [Pairs(), metrics := Metrics(mae=F.l1_loss)]
    learn.fit(1, train=False)
    x, y = learn.dls.valid.dataset.tensors
    with torch.no_grad():
        whole = learn.model(x)
    assert metrics.results[-1]["valid_loss"] == pytest.approx(F.mse_loss(whole, y).item(), rel=1e-5)
    assert metrics.results[-1]["valid_mae"] == pytest.approx(F.l1_loss(whole, y).item(), rel=1e-5)
    assert learn.valid_loss == metrics.results[-1]["valid_loss"]


def test_count_images():
    x = torch.zeros(7, 1)
    assert [count_images(b) for b in (x, (x, 1), [(x, x), x])] == [7, 7, 7]


def test_no_host_copy_per_batch(monkeypatch):
    "Metrics and Recorder read no tensor before the epoch is over."
    reads = []
    for name in ("item", "tolist", "__float__"):
        original = getattr(torch.Tensor, name)
        monkeypatch.setattr(
            torch.Tensor, name, lambda self, *a, _f=original, _n=name: (reads.append(_n), _f(self, *a))[1]
        )

    class Watch:
        order = -100  # before Metrics reads

        def before_batch(self, learn):
            if learn.iter == 1:
                reads.clear()

        def after_epoch(self, learn):
            self.reads = len(reads)

    learn = learner(watch := Watch(), Metrics(), Recorder(), n=2000)
    learn.dls.train = DataLoader(learn.dls.train.dataset, 20)  # a shuffled one reads its order
    learn.opt_func = lambda p, lr: torch.optim.SGD(p, lr)  # AdamW itself may read its step count
    learn.fit(1, valid=False)
    assert watch.reads == 0


def test_recorder_keeps_every_step():
    learn = learner(recorder := Recorder(), n=6000)
    learn.fit(2)
    assert len(recorder.losses) == len(recorder.lrs) == len(recorder.sizes) == 600
    assert all(isinstance(v, float) for v in recorder.losses) and recorder.losses[-1] < recorder.losses[0]


def test_one_cycle_ends_low_and_can_run_again():
    learn = learner(recorder := Recorder(), OneCycle())
    learn.fit(4, lr=0.5)
    lrs = list(recorder.lrs)
    assert max(lrs) == pytest.approx(0.5, rel=0.1) and lrs[-1] < 0.01 and lrs.index(max(lrs)) < 8
    learn.fit(4, lr=0.5)
    assert recorder.lrs[20:] == pytest.approx(lrs)


def test_lr_finder_gives_the_model_back():
    learn = learner()
    learn.fit(1)
    before, state = [p.clone() for p in learn.model.parameters()], learn.opt.state_dict()["state"][0]["exp_avg"].clone()
    learn.fit(50, lr=1e-4, cbs=[finder := LRFinder(gamma=1.5)])
    assert all(torch.equal(a, b) for a, b in zip(before, learn.model.parameters(), strict=True))
    assert torch.equal(state, learn.opt.state_dict()["state"][0]["exp_avg"]) and learn.steps == 5
    assert finder.lrs[1] == pytest.approx(1.5 * finder.lrs[0]) and finder.suggestion * 10 in finder.lrs
    assert len(finder.lrs) < 250  # it ended by itself


def test_every_fit_has_its_own_precision():
    "accelerate marks a model that it has prepared; a mark left behind would keep a later fit from wrapping it."

    class Look:
        def after_predict(self, learn):
            self.wrapped = hasattr(learn.model, "_original_forward")

    learn = learner(look := Look())
    for cbs in ([MixedPrecision("bf16")], [MixedPrecision("bf16")], [], [MixedPrecision("bf16")]):
        learn.fit(1, cbs=cbs)
        assert look.wrapped == bool(cbs)


def test_precision_does_not_leak():
    "accelerate keeps precision in a global: a fit in bf16 must not make the next one bf16."

    class Look:
        def after_predict(self, learn):
            self.precision = learn.accelerator.mixed_precision

    learn = learner(look := Look())
    learn.fit(1, cbs=[MixedPrecision("bf16")])
    assert (
        look.precision == "bf16" and "forward" not in vars(learn.model) or not hasattr(learn.model, "_original_forward")
    )
    other = learner(look)
    other.fit(1)
    assert look.precision == "no"
    with pytest.raises(ValueError, match="bf16"):
        MixedPrecision("half")


class Compiler:
    "In the place of one: takes the recorded operations as they are, and counts how often they are recorded and run."

    recorded = run = 0

    def __call__(self, graph, inputs):
        self.recorded += 1

        def go(*args):
            self.run += 1
            return graph(*args)

        return go


@pytest.mark.parametrize("others", [[], [MixedPrecision("bf16")]], ids=["full", "mixed"])
def test_whole_training_batches_go_through_the_compiled_network(others):
    compiler = Compiler()
    learn = learner(Compile(backend=compiler), *others, n=110)  # 5·20 + 10
    learn.fit(3)
    assert compiler.run == 3 * 5
    assert compiler.recorded == 1
    assert others or "forward" not in vars(learn.model)  # (accelerate leaves one there)
    for _ in range(2):  # nothing of it is left: not for the next fit, and not for who calls the network
        learn.cbs = []
        learn.fit(1)
        learn.model(torch.zeros(7, 1))
    assert compiler.run == 3 * 5


def test_a_compiled_network_learns_the_same():
    def losses(*cbs):
        recorder = Recorder()
        learner(recorder, *cbs, n=110).fit(2)
        return recorder.losses

    assert losses(Compile(backend=Compiler())) == pytest.approx(losses(), rel=1e-6)


class Ouch(RuntimeError):
    pass


@pytest.mark.parametrize("others", [[], [MixedPrecision("bf16")]], ids=["full", "mixed"])
def test_an_error_in_the_network_leaves_no_compiled_one_behind(others):
    compiler = Compiler()

    class Fails:
        order = Compile.order + 1

        def before_predict(self, learn):
            if learn.training and learn.iter == 2:
                raise Ouch

    learn = learner(Compile(backend=compiler), *others)
    with pytest.raises(Ouch):
        learn.fit(1, cbs=[Fails()])
    learn.model(torch.zeros(20, 1))
    assert compiler.run == 2
    learn.fit(1)
    assert compiler.run == 2 + 5


def test_nothing_is_kept_alive():
    "A Learner that is gone takes its model along, although accelerate likes to hold on to what it prepared."
    accelerator = Accelerator()  # one that outlives the Learner
    learn = Learner(nn.Linear(1, 1), Dls(), accelerator=accelerator)
    learn.fit(1)
    ref = weakref.ref(learn.model)
    del learn

    gc.collect()
    assert ref() is None


def test_progress_says_why_it_ended(capsys):
    class Stop:
        def after_step(self, learn):
            learn.stop("enough")

    learner(Metrics(), Progress(bar=False), Stop()).fit(3)
    assert "Ended early after 1 of 15 steps: enough." in capsys.readouterr().out


@pytest.mark.parametrize("n", [-1, 1.5, "3", None])
def test_bad_epochs(n):
    with pytest.raises(ValueError, match="n_epochs must be a whole number"):
        learner().fit(n)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
def test_a_single_process_that_is_told_to_end_ends():
    "SIGTERM waits for the step among several processes only: there it is their launcher's."
    code = """
import os, signal
from torch import nn, randn
from torch.utils.data import DataLoader, TensorDataset
from ddpm_widgets import Learner
class Data: train = DataLoader(TensorDataset(randn(64, 1), randn(64, 1)), 8)
class Told:
    def after_step(self, learn): os.kill(os.getpid(), signal.SIGTERM)
Learner(nn.Linear(1, 1), Data, lr=0.1, cbs=[Told()]).fit(1)
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGTERM and "went on" not in done.stdout, done.stderr[-500:]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends a process no signal")
@pytest.mark.parametrize("heard", ["INT INT", "INT TERM INT", "INT INT TERM TERM", "TERM TERM", "INT INT INT"])
def test_what_one_of_several_processes_hears(heard):
    """An interrupt, its echo from the launcher, and the launcher's word to end are one: the step is finished. A third interrupt does not wait.

    One process plays several here: its launcher sends the signals in the midst of a step.
    """

    class Launcher:
        def before_backward(self, learn):
            if learn.fit_steps == 2:
                for name in heard.split():
                    os.kill(os.getpid(), signal.Signals[f"SIG{name}"])

    learn = learner(Processes(), Launcher())
    waited = True
    try:
        learn.fit(1)
    except KeyboardInterrupt:  # would end pytest
        waited = False
    assert (waited, learn.steps) == ((False, 2) if heard == "INT INT INT" else (True, 3))
    assert learn.stop_reason == "interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends a process no signal")
@pytest.mark.parametrize("echo", ["INT", "TERM"])
def test_an_echo_may_come_while_the_first_is_still_being_heard(echo):
    "The launcher's own handler, which the process has inherited, takes its time."

    def inherited(number, frame):
        if echoes:
            os.kill(os.getpid(), echoes.pop())
        raise KeyboardInterrupt

    class Launcher:
        def before_backward(self, learn):
            if learn.fit_steps == 2:
                os.kill(os.getpid(), signal.SIGINT)

    echoes, former = [signal.Signals[f"SIG{echo}"]], signal.signal(signal.SIGINT, inherited)
    try:
        (learn := learner(Processes(), Launcher())).fit(1)
    finally:
        signal.signal(signal.SIGINT, former)
    assert not echoes and (learn.steps, learn.stop_reason) == (3, "interrupted")


def test_a_precision_that_is_not_the_accelerators_is_refused():
    "It would have computed in float32, and said bf16."
    AcceleratorState._reset_state()
    learn = Learner(nn.Linear(1, 1), Dls(), cbs=[MixedPrecision("bf16")], accelerator=Accelerator(mixed_precision="no"))
    with pytest.raises(ValueError, match="precision must be that of the Learner's accelerator, 'no', found 'bf16'"):
        learn.fit(1)
    assert learn.steps == 0


def test_what_cannot_be_compiled_is_said():
    "Unknown options, no compiler, CUDA graphs without a GPU: one sentence, and not one step in another way."

    def broken(graph, inputs):
        raise RuntimeError("no compiler\nand a page of more")

    for options, words in (
        ({"mode": "fastest"}, "Compile must be given options of torch.compile"),
        ({"backend": "nobody's"}, "Compile must be given options of torch.compile"),
        ({"backend": broken}, "Compile must have a compiler that works, found .*no compiler.*: train without it"),
    ):
        learn = learner(Compile(**options))
        with pytest.raises((ValueError, RuntimeError), match=words) as e:
            learn.fit(1)
        assert "\n" not in str(e.value) and learn.steps == 0
        learn.model(torch.zeros(7, 1))
    if not torch.cuda.is_available():
        with pytest.warns(UserWarning, match="records CUDA graphs, and there is no GPU"):
            learner(Compile(mode="reduce-overhead")).fit(0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends a process no signal")
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("kind", ["returns", "raises", "ignored", "default"])
def test_a_programs_own_handler_is_called(kind, several):
    "It may deal with the interrupt itself; one that raises KeyboardInterrupt, as Python's does, ends the fit cleanly."
    heard = []

    class Interrupt(KeyboardInterrupt):  # as marimo's
        pass

    def own(number, frame):
        heard.append(number)
        if kind == "raises":
            raise Interrupt

    handler = {"ignored": signal.SIG_IGN, "default": signal.SIG_DFL}.get(kind, own)
    signal.signal(signal.SIGINT, handler)

    class Press:
        def before_backward(self, learn):
            if learn.fit_steps == 2:
                os.kill(os.getpid(), signal.SIGINT)

    learn = learner(Press(), *([Processes()] if several else []))
    learn.fit(1)
    assert heard == ([] if kind in ("ignored", "default") else [signal.SIGINT])
    ended = kind in ("raises", "default")
    assert (learn.steps, learn.stop_reason) == ((3, "interrupted") if ended else (5, None))
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends a process no signal")
def test_an_interrupt_ends_the_inner_of_two_fits():
    class Inner:
        def before_backward(self, learn):
            if learn.fit_steps == 2:
                os.kill(os.getpid(), signal.SIGINT)

    class Outer:
        def after_step(self, learn):
            if learn.steps == 1:
                inner.fit(1)

    inner, outer = learner(Inner()), learner(Outer())
    outer.fit(1)
    assert (inner.steps, inner.stop_reason) == (3, "interrupted") and (outer.steps, outer.stop_reason) == (5, None)


@pytest.mark.parametrize("event, steps", [("after_epoch", 5), ("after_pass", 5), ("before_epoch", 1)])
def test_a_stop_between_batches_takes_no_step_of_the_next_epoch(event, steps):
    class Enough:
        def __init__(self):
            setattr(self, event, lambda learn: learn.stop("enough"))

    learn = learner(Enough(), log := Log())
    learn.fit(3)
    assert learn.steps == steps and learn.stop_reason == "enough" and log.events.count("before_epoch") == 1


def test_a_stop_after_the_last_epoch_leaves_the_fit_whole():
    class Enough:
        def after_epoch(self, learn):
            if learn.epoch == 1:
                learn.stop("enough")

    learn = learner(Enough(), log := Log())
    learn.fit(2)
    assert learn.steps == 10 and "after_fit" in log.events


def test_the_fourth_interrupt_ends_even_the_cleaning_up():
    class Stuck:
        def cleanup_fit(self, learn):
            for _ in range(4):
                os.kill(os.getpid(), signal.SIGINT)
            self.done = True

    learn = learner(stuck := Stuck())
    with pytest.raises(KeyboardInterrupt):
        learn.fit(1)
    assert not hasattr(stuck, "done") and learn.stop_reason is None


def test_a_failing_cleanup_is_heard_inside_an_except_block_too():
    class Bad:
        def cleanup_fit(self, learn):
            raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        try:
            raise KeyError("an earlier error of the program's own")
        except KeyError:
            learner(Bad()).fit(1)


def test_a_note_counts_from_1_and_knows_nothing_of_the_fit_before():
    class Clumsy:
        def __init__(self, event):
            setattr(self, event, self.fail)

        def fail(self, learn):
            raise Ouch

    def note(learn, event):
        with pytest.raises(Ouch) as caught:
            learn.fit(2, cbs=[Clumsy(event)])
        return caught.value.__notes__[0]

    learn = learner()
    learn.fit(3)
    assert "epoch 1, batch 1; the Learner can go on" in note(learn, "before_fit")
    assert "epoch 1, batch 5" in note(learn, "after_pass")

    class Late(Clumsy):
        def failed_fit(self, learn):
            raise ValueError

    with pytest.raises(ValueError) as caught:
        learn.fit(1, cbs=[Late("after_step")])
    assert "Late.failed_fit" in caught.value.__notes__[0] and "can go on" not in caught.value.__notes__[0]


def test_a_short_first_batch_does_not_choose_what_is_compiled():
    compiled = Compile(backend=(compiler := Compiler()))
    learn = learner(compiled, n=110)

    class Last:
        "As a run that is resumed with only its last, short batch left."

        order = -1

        def before_pass(self, learn):
            if learn.training and learn.epoch == 0:
                learn.dl, learn.first_iter = list(learn.dl)[-1:], 5

    learn.cbs.append(Last())
    learn.fit(2)
    assert compiler.run == 5 and compiler.recorded == 1


def test_a_learning_rate_of_0_leads_to_no_search_for_one():
    with pytest.raises(ValueError, match="lr must be a finite number above 0"):
        learner().fit(1, lr=0, cbs=[LRFinder()])
