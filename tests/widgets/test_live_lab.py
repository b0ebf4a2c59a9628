"LiveSampler in real JupyterLab, Notebook 7 and marimo: the network comes over the comm, a hand draws, and Python has what was made."

import nbformat
import numpy as np
import pytest
import torch
from lab import Notebook7, serve
from nbformat.v4 import new_code_cell, new_notebook

from ddpm_widgets import pretrained, sample
from ddpm_widgets.widgets.base import normal

ROOT = ".ddw-live-sampler"
pytestmark = [pytest.mark.slow, pytest.mark.browser]
SETUP = """
import json
from ddpm_widgets import LiveSampler
live = LiveSampler(seed=3)"""


def arrays(ask):
    "The noise and the picture that the kernel has."
    return [np.float32(a) for a in ask("print(json.dumps([live.x_T.ravel().tolist(), live.image.ravel().tolist()]))")]


def is_drawn_from(image, x_T):
    "What PyTorch draws from it with weights that are not rounded."
    way = dict(steps=10, sampler="dpm++", spacing="linear_levels", progress=False)
    theirs = sample(pretrained(), n=1, x_T=torch.tensor(x_T.reshape(1, 1, 32, 32)), **way).numpy().ravel()
    return np.abs(image - theirs).mean() < 0.08


def painted(page, root, more_than=0):
    page.wait_for_function("([e, n]) => Number(e.dataset.painted ?? 0) > n", arg=[root.element_handle(), more_than], timeout=60_000)  # fmt: skip
    return int(root.get_attribute("data-painted"))


def live_works(page, server, tmp_path):
    cells = [new_code_cell(c) for c in (SETUP, "live")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "live.ipynb")
    nb = server.open(page, tmp_path / "live.ipynb")
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    root = page.locator(ROOT)
    root.wait_for()
    n = painted(page, root)
    page.wait_for_timeout(300)  # messages go at most every 100 ms
    x_T, image = arrays(nb.ask)
    assert np.array_equal(x_T, normal(3, 1024)) and is_drawn_from(image, x_T)
    pad = root.locator(".pad canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 60, steps=10)
    page.mouse.up()
    n = painted(page, root, n)
    page.wait_for_timeout(500)
    x_T, image = arrays(nb.ask)
    assert np.abs(x_T - normal(3, 1024)).max() > 0.5 and is_drawn_from(image, x_T)
    # Python sets the noise, and then another network: the page draws with each
    n = int(root.get_attribute("data-painted"))
    nb.ask("live.seed = 12; print(1)")
    n = painted(page, root, n)
    page.wait_for_timeout(300)
    assert is_drawn_from(arrays(nb.ask)[1], normal(12, 1024))
    nb.ask(
        "from ddpm_widgets import pretrained; net = pretrained(); [p.data.zero_() for p in net.unet.conv_out.parameters()]; live.model = net; print(1)"
    )
    painted(page, root, n)
    page.wait_for_timeout(300)
    assert not is_drawn_from(arrays(nb.ask)[1], normal(12, 1024))


def test_live_sampler_in_jupyterlab(page, lab, tmp_path):
    live_works(page, lab, tmp_path)


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory, need):
    pytest.importorskip("notebook", minversion="7.2", reason="Notebook 7 is not installed")
    need("browser")
    yield from serve(Notebook7, tmp_path_factory)


def test_live_sampler_in_notebook7(new_page, notebook7, tmp_path):
    live_works(new_page(), notebook7, tmp_path)


def test_live_sampler_in_marimo(page, tmp_path, need):
    pytest.importorskip("marimo", reason="marimo is not installed")
    from marimo_host import Marimo, says

    need("browser")
    host = Marimo(
        tmp_path / "marimo",
        ["import json\nimport marimo as mo", SETUP.strip().split("\n", 1)[1] + "\nshown = mo.ui.anywidget(live)", "shown",
         "shown.value\n" + says("[live.x_T.ravel().tolist(), live.image.ravel().tolist()]", "made")],
    )  # fmt: skip
    try:
        host.open(page)
        root = page.locator(ROOT)
        root.wait_for(timeout=60_000)
        painted(page, root)
        page.wait_for_timeout(1000)
        x_T, image = (np.float32(a) for a in host.said("made"))
        assert np.array_equal(x_T, normal(3, 1024)) and is_drawn_from(image, x_T)
    finally:
        host.close()
