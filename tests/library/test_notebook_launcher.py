"""accelerate's notebook_launcher in a real kernel: two processes train, the notebook's monitor shows it, and Stop is heard.

The page's side is played here: what it would be sent is kept, and it sends what a pressed button sends.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="gloo on one machine, and fork")]

SETUP = """
import json, os, time
from pathlib import Path
import torch
torch.set_num_threads(1)
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from accelerate import notebook_launcher
from ddpm_widgets import Checkpoint, Learner, Metrics, Recorder, Resume, TrainingMonitor

class Line:
    x = torch.randn(400, 1, generator=torch.Generator().manual_seed(0))
    train = DataLoader(TensorDataset(x, 3 * x), 10, shuffle=True)
    valid = DataLoader(TensorDataset(x, 3 * x), 200)

class Slowly:
    "A step takes a while, so that there is something to watch."
    def after_step(self, learn):
        time.sleep(0.03)

class Leave:
    "Writes down what the process saw, while the fit still minds its signals: the launcher's may come late."
    order = 1000

    def __init__(self, folder):
        self.folder = folder

    def cleanup_fit(self, learn):
        if learn.error:
            return
        a, rank = learn.accelerator, os.environ["RANK"]
        weight = a.unwrap_model(learn.model).weight.item()
        end = [a.num_processes, a.process_index, learn.steps, learn.stop_reason, learn.recorder.losses, weight]
        (self.folder / f"part {rank}").write_text(json.dumps(end))
        (self.folder / f"part {rank}").rename(self.folder / f"end {rank}")

def run(folder, *cbs, epochs=2):
    torch.manual_seed(0)
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    made = [cb() if callable(cb) else cb for cb in cbs]
    cbs = [Recorder(), Metrics(), Slowly(), Leave(folder), *made]
    (folder / f"pid {os.environ['RANK']}").write_text(str(os.getpid()))
    Learner(nn.Linear(1, 1), Line, lr=0.05, cbs=cbs).fit(epochs)
"""


class Notebook:
    "A kernel, and what a page that shows its widgets would know."

    def __init__(self):
        env = {k: v for k, v in os.environ.items() if k not in ("ACCELERATE_USE_CPU", "OMP_NUM_THREADS")}
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        env |= {"PYTHONPATH": os.pathsep.join(paths), "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}
        self.manager, self.client = start_new_kernel(env=env)
        self.widgets: dict[str, dict] = {}
        self.shown: list[str] = []  # the widgets displayed, in order
        self.text = ""

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def hear(self, msg):
        kind, content = msg["msg_type"], msg["content"]
        if kind == "comm_open":
            self.widgets[content["comm_id"]] = dict(content["data"]["state"])
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            self.widgets[content["comm_id"]] |= content["data"]["state"]
        elif kind == "comm_close":
            self.widgets.pop(content["comm_id"], None)
        elif kind == "display_data" and (view := content["data"].get("application/vnd.jupyter.widget-view+json")):
            self.shown.append(view["model_id"])
        elif kind == "stream":
            self.text += content["text"]

    def press(self, widget, what):
        "What the browser sends when a button is pressed."
        data = {"method": "custom", "content": {"do": what}}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", {"comm_id": widget, "data": data}))

    def run(self, code, meanwhile=lambda: None, timeout=120):
        "Run a cell; `meanwhile` after each message. Gives its error's name, or None."
        asked, give_up, error = self.client.execute(code), time.monotonic() + timeout, None
        self.text, self.shown = "", []
        while time.monotonic() < give_up:
            try:
                msg = self.client.get_iopub_msg(timeout=1)
            except Exception:  # queue.Empty
                continue
            self.hear(msg)
            ours = msg["parent_header"].get("msg_id") == asked
            if ours and msg["msg_type"] == "error":
                error = f"{msg['content']['ename']}: {msg['content']['evalue']}"
            if ours and msg["content"].get("execution_state") == "idle":
                return error
            meanwhile()
        raise TimeoutError(f"the cell still runs after {timeout} s: {self.text[-2000:]}")

    def ask(self, expression):
        "The value of an expression in the kernel."
        assert self.run(f"print('=>', __import__('json').dumps({expression}), flush=True)") is None, self.text
        return json.loads(self.text.rpartition("=> ")[2])

    def launch(self, folder, *cbs, meanwhile=lambda: None, epochs=2):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        call = f"run, ({str(folder)!r}, {', '.join(cbs)}, ), num_processes=2, use_port='{port}'"
        return self.run(f"notebook_launcher({call})", meanwhile)


@pytest.fixture(scope="module")
def notebook():
    nb = Notebook()
    assert nb.run(SETUP) is None, nb.text
    yield nb
    nb.close()


def end(folder, rank, seconds=30):
    "What a process left at its end. After an interrupt it may still be busy with that when the cell has ended."
    give_up = time.monotonic() + seconds
    while True:
        try:
            return json.loads((folder / f"end {rank}").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)


def soon(look, seconds=30):
    "What `look` finds: a process that was interrupted may still be busy with its end when the cell has ended."
    give_up = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up, "nothing came"
        time.sleep(0.1)
    return found


def ends(folder):
    return [end(folder, rank) for rank in (0, 1)]


class Watch:
    "What the page is told while the cell runs; does something once, as soon as a step is reached."

    def __init__(self, nb, step=None, do=lambda widget: None):
        self.nb, self.step, self.do, self.seen, self.known = nb, step, do, [], set(nb.widgets)

    def __call__(self):
        for name, state in self.nb.widgets.items():
            if state.get("state") in ("running", "stopping") and (step := (state["progress"] or {}).get("step")):
                if not self.seen or self.seen[-1] != step:
                    self.seen.append(step)
                if self.step and step >= self.step:
                    self.step = None
                    self.do(name)


def test_the_run_is_seen_live_and_its_end_is_kept(notebook, tmp_path):
    "The widget is shown once, in the cell; the processes know of each other; what is left is what the main process saw."
    assert notebook.run("monitor = TrainingMonitor()") is None
    watch = Watch(notebook)
    assert notebook.launch(tmp_path, "monitor", meanwhile=watch) is None, notebook.text
    main, other = ends(tmp_path)
    assert main[:4] == [2, 0, 80, None] and other[:4] == [2, 1, 80, None] and main[4:] == other[4:]
    assert len(watch.seen) >= 5 and watch.seen == sorted(watch.seen), "it was seen to go on"
    name = notebook.ask("monitor.comm.comm_id")
    kept = notebook.ask(
        "[monitor.state, monitor.note, monitor.curve['loss'].tolist(), monitor.progress['step'], len(monitor.valid)]"
    )
    assert kept[:2] == ["finished", ""] and kept[3:] == [80, 2 * 2 * 4]
    assert kept[2] == pytest.approx(main[4], rel=1e-6)
    assert notebook.widgets[name]["state"] == "finished", "the page knows"
    assert notebook.ask("[len(monitor.to_png()) > 1000, monitor._trainer is None, monitor._live]") == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("made", ["in the notebook", "in the function"])
def test_stop_is_heard(made, notebook, tmp_path):
    assert notebook.run("monitor = TrainingMonitor()") is None
    before = set(notebook.widgets)
    watch = Watch(notebook, 5, lambda name: notebook.press(name, "stop"))
    cb = "monitor" if made == "in the notebook" else "TrainingMonitor"
    assert notebook.launch(tmp_path, cb, meanwhile=watch) is None, notebook.text
    main, other = ends(tmp_path)
    assert 5 <= main[2] == other[2] < 60, "soon, and in both after the same step"
    assert main[3] == "stopped by you" and other[3] == "stopped by another process"
    (shown,) = notebook.shown
    state = notebook.widgets[shown]
    assert state["state"] == "stopped" and state["note"].startswith(f"Stopped by you at step {main[2]}.")
    assert "ends with its process" in state["note"]
    if made == "in the function":
        assert shown not in before and notebook.ask("monitor.state") == "ready"
    else:
        assert notebook.ask("[monitor.comm.comm_id, monitor.state]") == [shown, "stopped"]


def test_processes_find_each_other_after_the_notebook_was_alone(notebook, tmp_path):
    "accelerate's word on which process this is must not be inherited from a notebook that has asked."
    assert notebook.run("from accelerate import PartialState; assert PartialState().num_processes == 1") is None
    assert notebook.launch(tmp_path, "TrainingMonitor") is None, notebook.text
    assert [end[:2] for end in ends(tmp_path)] == [[2, 0], [2, 1]]
    assert len(notebook.shown) == 1


@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_is_killed_ends_the_run(rank, notebook, tmp_path):
    "SIGKILL in the middle of an epoch: an error in the cell, soon, and the monitor says what is left."
    assert notebook.run(f"monitor, kept = TrainingMonitor(), Checkpoint({str(tmp_path / 'kept')!r}, every=5)") is None
    watch = Watch(notebook, 12, lambda _: os.kill(int((tmp_path / f"pid {rank}").read_text()), signal.SIGKILL))
    began = time.monotonic()
    error = notebook.launch(tmp_path, "monitor", "kept", meanwhile=watch)
    assert error and "ChildFailedError" in error and time.monotonic() - began < 60
    assert not list(tmp_path.glob("end*"))
    state, note = notebook.ask("[monitor.state, monitor.note]")
    assert state == "error", note
    kept = (tmp_path / "kept").glob("*.safetensors")  # the newest, unless the process was killed before it could tell
    assert any(str(file) in note for file in kept) and f"resume='{tmp_path / 'kept'}'" in note


@pytest.mark.parametrize("told_to_end", [False, True])
def test_interrupt_keeps_all_and_a_second_launch_goes_on(notebook, tmp_path, told_to_end):
    kept = str(tmp_path / "kept")
    assert notebook.run(f"monitor, kept = TrainingMonitor(), Checkpoint({kept!r}, every=1000)") is None

    def interrupt(_):
        main = int((tmp_path / "pid 0").read_text())
        notebook.manager.interrupt_kernel()
        if told_to_end:  # by the launcher, when the other process has come to its end first
            os.kill(main, signal.SIGTERM)

    watch = Watch(notebook, 10, interrupt)
    error = notebook.launch(tmp_path, "monitor", "kept", meanwhile=watch)
    assert error and error.startswith(("SignalException", "KeyboardInterrupt")), error
    main, other = ends(tmp_path)
    assert main[2:4] == other[2:4] == [step := main[2], "interrupted"] and step < 80, "both ended after their step"
    file = Path(kept) / f"step-{step:08d}.safetensors"
    assert soon(lambda: notebook.ask("monitor.state == 'interrupted'"))
    assert file.is_file() and str(file) in notebook.ask("monitor.note")
    for rank in (0, 1):
        (tmp_path / f"end {rank}").unlink()
    assert notebook.launch(tmp_path, "monitor", f"Resume({kept!r})", f"Checkpoint({kept!r})") is None, notebook.text
    again = ends(tmp_path)[0]
    assert again[2] == 80 and again[4][:step] == main[4], "to the last bit"
    assert notebook.ask("monitor.curve['loss'].tolist()") == pytest.approx(again[4], rel=1e-6), "also what came before"
