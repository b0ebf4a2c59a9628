"""TrainingMonitor during a real training run in real JupyterLab: seen while the cell runs, and its buttons pressed.

A button must be heard although the cell keeps the kernel busy, and that depends on ipykernel's insides: so the slow
tests do it all again under other versions of ipykernel, each installed into a folder of its own.
"""

import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest

MONITOR = ".ddw-monitor"
TRAIN = """
import json, torch, ipykernel
from ddpm_widgets import garments, init_ddpm, train, unet
from ddpm_widgets.widgets import TrainingMonitor

torch.set_num_threads(1)  # steps keep their pace on a machine that has other work

def small():
    torch.manual_seed(1)
    return init_ddpm(unet("nb17", block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
                          down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2))

def data():
    return garments(n=2048, n_valid=64, batch_size=32)

monitor = TrainingMonitor(sample_every=0, n_samples=4, sample_args={"steps": 5}, smoothing=10)
learn = train(data(), small(), epochs=40, cbs=[monitor], seed=0)
"""
AFTER = "print('the cell that waited')"
GO_ON = "learn.fit(1)"
SAME_WEIGHTS = """if True:
    class StopAt:
        def after_batch(self, learner):
            if learner.steps == learn.steps:
                learner.stop()

    told = train(data(), small(), epochs=40, cbs=[StopAt()], progress=False, seed=0)
    pairs = list(zip(told.model.parameters(), learn.model.parameters(), strict=True))
    print(json.dumps([told.steps, len(pairs), all(torch.equal(a, b) for a, b in pairs)]))"""
GREYS = "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 === 0))"


def notebook(lab, kernel="python3"):
    "A notebook that trains, has a cell waiting behind, and one that trains on."
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in (TRAIN, AFTER, GO_ON)])
    nb.metadata.kernelspec = {"name": kernel, "display_name": kernel, "language": "python"}
    path = lab.folder / f"monitor-{kernel}-{len(list(lab.folder.iterdir()))}.ipynb.source"
    nbformat.write(nb, path)
    return path.rename(path.with_suffix(""))


def ipykernel(lab, version, folder) -> str:
    "Another version of ipykernel, as a kernel of this JupyterLab."
    target = folder / version
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, f"ipykernel=={version}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"ipykernel {version} cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
    name = f"ipykernel-{version}"
    spec = lab.folder.parent / "data" / "kernels" / name / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(
        json.dumps({"argv": argv, "display_name": name, "language": "python", "env": {"PYTHONPATH": str(target)}})
    )
    return name


def buttons_work(page, lab, kernel, version=None):
    "Press them while a cell trains, in JupyterLab or Notebook 7; then the notebook, its monitor and the steps made."
    nb = lab.open(page, notebook(lab, kernel))
    nb.run_cell(0)
    root = page.locator(MONITOR)
    page.wait_for_selector(f"{MONITOR}[data-state=running]", timeout=60_000)

    # loss points appear while the cell runs
    page.wait_for_function("m => document.querySelector(m).dataset.points >= 10", arg=MONITOR, timeout=60_000)
    assert nb.busy
    page.wait_for_function(  # as the status bar has it
        "window.jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'busy'", timeout=10_000
    )
    assert root.locator("dt").first.evaluate("e => getComputedStyle(e).float") == "none", "Jupyter would float it"
    first = int(root.get_attribute("data-painted"))
    page.wait_for_function(
        "([m, n]) => document.querySelector(m).dataset.painted > n", arg=[MONITOR, first + 5], timeout=60_000
    )

    # a cell waits behind, then both buttons and a control are pressed by the mouse
    nb.run_cell(1)
    root.get_by_role("button", name="Sample now").click()
    page.wait_for_selector(f"{MONITOR}[data-frames='1']", timeout=60_000)
    assert nb.busy and root.get_attribute("data-state") == "running"
    greys = np.array(root.locator("canvas").evaluate(GREYS)).reshape(65, 65)
    sampled_at = int(root.get_attribute("data-frame"))
    assert first < sampled_at
    root.get_by_role("button", name="Log axis").click()
    root.get_by_role("slider", name="Smoothing").press("ArrowRight")
    root.get_by_role("button", name="Stop").click()
    page.wait_for_selector(f"{MONITOR}[data-state=stopped]", timeout=20_000)
    nb.wait_idle(60)
    assert not nb.failures
    for _ in range(100):  # a page may hear that the kernel is idle before it hears what was printed
        if "the cell that waited" in json.dumps(nb.cells[1]["outputs"]):
            break
        page.wait_for_timeout(100)
    assert "the cell that waited" in json.dumps(nb.cells[1]["outputs"])

    # kernel and screen agree; nothing was lost and nothing else was touched
    steps, state, log_scale, smoothing, grids, found = nb.ask(
        "print(json.dumps([learn.steps, monitor.state, monitor.log_scale, monitor.smoothing, "
        "[(s, g[0, ..., 0].tolist()) for s, g in monitor.grids], ipykernel.__version__]))"
    )
    assert version in (None, found), "the test must run the version it speaks of"
    assert state == "stopped" and sampled_at < steps < 40 * 64
    assert root.get_attribute("data-painted") == str(steps)
    assert (log_scale, smoothing) == (False, 30), "changes made while the kernel was busy have arrived"
    assert grids[0][0] == sampled_at and np.array_equal(greys[:32, :32], grids[0][1])
    assert f"at step {steps:,}" in root.locator(".ddw-note").inner_text()
    return nb, root, steps


def training_is_kept(page, lab, kernel, version=None):
    nb, root, steps = buttons_work(page, lab, kernel, version)
    assert nb.ask(SAME_WEIGHTS) == [steps, nb.ask("print(len(list(learn.model.parameters())))"), True]

    # training goes on from there, in the same curve
    nb.run_cell(2)
    page.wait_for_selector(f"{MONITOR}[data-state=finished]", timeout=120_000)
    nb.wait_idle()
    assert {root.nth(i).get_attribute("data-painted") for i in range(root.count())} == {str(steps + 64)}


def test_buttons_while_the_cell_runs(page, lab):
    training_is_kept(page, lab, "python3")


def test_interrupting_the_kernel_keeps_the_model(page, lab):
    nb = lab.open(page, notebook(lab))
    nb.run_cell(0)
    page.wait_for_function("m => document.querySelector(m)?.dataset.points >= 10", arg=MONITOR, timeout=60_000)
    nb._run("notebook:interrupt-kernel")
    page.wait_for_selector(f"{MONITOR}[data-state=interrupted]", timeout=10_000)
    nb.wait_idle(60)
    steps = nb.ask("print(json.dumps(learn.steps))")
    assert steps >= 10 and page.locator(MONITOR).get_attribute("data-painted") == str(steps)
    assert not nb.failures


@pytest.mark.slow
@pytest.mark.parametrize("version", ["6.29.5", "6.31.0", "7.2.0"])
def test_buttons_under_other_ipykernels(page, lab, version, tmp_path):
    training_is_kept(page, lab, ipykernel(lab, version, tmp_path), version)
