"How notebooks are run once for all tests: what a copy depends on, and what becomes of it when a run fails or is cut off."

import os
import subprocess
import sys
import time

import _execute
import nbformat
import pytest
from jupyter_client.launcher import launch_kernel
from jupyter_client.provisioning import local_provisioner
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

COUNT = "open('runs', 'a').write('x')"
EXECUTED = """
import sys
from pathlib import Path
import _execute
_execute.executed(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    "A folder with a library of one module, in place of this one."
    (tmp_path / "ddpm_widgets").mkdir()
    (tmp_path / "ddpm_widgets/one.py").write_text("a = 1\n")
    (tmp_path / "nbs").mkdir()
    (tmp_path / "nbs/_execute.py").write_text("")
    monkeypatch.setattr(_execute, "NBS", tmp_path / "nbs")
    monkeypatch.setattr(_execute, "__file__", str(tmp_path / "nbs/_execute.py"))
    return tmp_path


def notebook(folder, *cells):
    "A notebook of code cells."
    path = folder / "some.ipynb"
    cells = [new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Some", id="m"), *cells]), path)
    return path


def runs(folder) -> int:
    path = folder / "runs"
    return len(path.read_text()) if path.exists() else 0


def start(path, folder):
    env = {**os.environ, "PYTHONPATH": os.path.dirname(_execute.__file__)}
    return subprocess.Popen([sys.executable, "-c", EXECUTED, path, folder], env=env)


def test_a_copy_depends_on_code_library_data_and_what_runs_first(project):
    def key(source="fashion_mnist()", prose="# Some", data="/here", first=""):
        path = notebook(project, source)
        nb = nbformat.read(path, 4)
        nb.cells[0].source = prose
        return _execute.digest(nb, {"DDPM_WIDGETS_DATA": data}, _execute.uses_the_data(path), first)

    one = key()
    assert key(prose="# Other words") == one
    assert len({one, key(data=""), key(first="b = 2"), key(source="cifar10()"), key(source="1")}) == 5
    assert key(source="1", data="") == key(source="1"), "it loads no data set"
    module = project / "ddpm_widgets/one.py"
    module.write_text("a = 2\n")
    changed = key()
    module.rename(module.with_stem("two"))
    assert len({one, changed, key()}) == 3, "a changed library, and a renamed module"
    (project / "nbs/_execute.py").write_text("# otherwise\n")
    assert key() != changed


def test_a_notebook_runs_once_and_again_when_the_library_has_changed(project, tmp_path):
    path, folder = notebook(tmp_path, COUNT, "print('said')"), tmp_path / "kept"
    for _ in range(2):
        nb, seconds = _execute.executed(path, folder)
        assert nb.cells[-1].outputs[0].text == "said\n" and seconds > 0
    assert runs(tmp_path) == 1
    (project / "ddpm_widgets/one.py").write_text("a = 2\n")
    _execute.executed(path, folder)
    assert runs(tmp_path) == 2


def test_an_assertion_that_fails_is_told_each_time(project, tmp_path):
    path, folder = notebook(tmp_path, COUNT, "assert 1 > 2, 'not so'"), tmp_path / "kept"
    for count in (1, 2):
        with pytest.raises(CellExecutionError, match="not so"):
            _execute.executed(path, folder)
        assert runs(tmp_path) == count and not list(folder.glob("*.ipynb"))


def test_what_runs_first_is_no_cell(project, tmp_path):
    path = notebook(tmp_path, "print(a)")
    nb, _ = _execute.executed(path, tmp_path / "kept", first="a = 'from the first'")
    assert [cell.id for cell in nb.cells] == ["m", "c0"] and nb.cells[1].outputs[0].text == "from the first\n"


def test_a_widget_is_kept_as_each_cell_left_it(tmp_path):
    "But a monitor, which is displayed before it watches, as it stands at the end; and names of the cells are left alone."
    scrub = "import numpy as np; from ddpm_widgets import NoiseScrubber, TrainingMonitor, linear_schedule; scrub = NoiseScrubber(np.zeros((1, 8, 8)), linear_schedule(), t=250); scrub"
    train = "from ddpm_widgets import garments, train; train(garments(16, 32, 8), 'small', epochs=1, cbs=[monitor], progress=False); json = 1"
    path = notebook(
        tmp_path,
        scrub,
        "scrub.t = 999",
        "scrub",
        "monitor = TrainingMonitor(); monitor",
        train,
        "print(json, '_ddw' in globals())",
    )
    nb, _ = _execute.execute(path)
    state = nb.metadata["widgets"][_execute.STATE]["state"]
    views = [
        o.data[_execute.WIDGET]["model_id"]
        for c in nb.cells[1:]
        for o in c.outputs
        if _execute.WIDGET in o.get("data", {})
    ]
    first, second, monitor = (state[view]["state"] for view in views)
    assert (first["t"], second["t"]) == (250, 999) and first["_esm"] == second["_esm"]
    assert monitor["state"] == "finished" and [c.execution_count for c in nb.cells[1:]] == [1, 2, 3, 4, 5, 6]
    assert nb.cells[-1].outputs[0].text == "1 False\n"


def test_two_processes_run_it_once(tmp_path):
    path = notebook(tmp_path, COUNT, "import time; time.sleep(1)")
    processes = [start(path, tmp_path / "kept") for _ in range(2)]
    assert [p.wait(60) for p in processes] == [0, 0] and runs(tmp_path) == 1


def test_who_is_killed_keeps_nobody_waiting_and_leaves_no_copy(tmp_path):
    path, folder = notebook(tmp_path, COUNT, "import time; time.sleep(2)"), tmp_path / "kept"
    process = start(path, folder)
    give_up = time.monotonic() + 60
    while not runs(tmp_path) and time.monotonic() < give_up:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert runs(tmp_path) == 1 and not list(folder.glob("*.ipynb"))
    assert start(path, folder).wait(60) == 0
    assert runs(tmp_path) == 2 and len(list(folder.glob("*.ipynb"))) == 1


FRESH = """
import os, socket, sys
assert os.getcwd() == {cwd!r} and os.environ["X"] == "1" and "ddpm_widgets" not in sys.modules, os.getcwd()
assert "DDPM_WIDGETS_DATA" not in os.environ and "_kernels" not in sys.modules
try:
    socket.getaddrinfo("example.com", 80)
except OSError as e:
    assert "no network in this test" in str(e)
else:
    raise AssertionError("the network is there")
"""


def test_a_kernel_begins_fresh(tmp_path, nowhere):
    "Also where it is forked: in its folder, with the environment it was given, and with that one's sitecustomize."
    nb, _ = _execute.execute(notebook(tmp_path, "kept = 1", FRESH.format(cwd=str(tmp_path))), {**nowhere, "X": "1"})
    again, _ = _execute.execute(notebook(tmp_path, "assert 'kept' not in globals()"), {**nowhere, "X": "2"})
    assert not nb.cells[1].outputs and not again.cells[1].outputs
    assert local_provisioner.launch_kernel is launch_kernel, "others start theirs as usual"
