"DiffusionPlayground in real JupyterLab, Notebook 7 and marimo: what a hand draws is the array in Python, and the network goes both ways."

import nbformat
import numpy as np
import pytest
from lab import Notebook7, serve
from nbformat.v4 import new_code_cell, new_notebook
from test_playground import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.browser]
SETUP = """
import json, torch
from ddpm_widgets import Diffusion, DiffusionPlayground, PlaneNet, cosine_schedule
playground = DiffusionPlayground("moons", n=60, batch=64)"""


def until(page, root, expression):
    page.wait_for_function(f"e => {{ const d = e.dataset; return {expression}; }}", arg=root.element_handle(), timeout=60_000)  # fmt: skip


def draw(page, root):
    "A line from (-0.8, 0.5) to (0.8, 0.5), on an empty plane."
    root.get_by_role("button", name="brush").click()
    root.get_by_role("button", name="clear").click()
    plane = root.locator("canvas.plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    at = lambda x, y: (box["x"] + (x + 2) / 4 * box["width"], box["y"] + (2 - y) / 4 * box["height"])  # noqa: E731
    page.mouse.move(*at(-0.8, 0.5))
    page.mouse.down()
    page.mouse.move(*at(0.8, 0.5), steps=12)
    page.mouse.up()
    page.wait_for_timeout(500)  # messages go at most every 100 ms


def is_the_line(points):
    points = np.reshape(points, (-1, 2))
    return len(points) > 60 and abs(points[:, 1] - 0.5).max() < 0.15 and np.ptp(points[:, 0]) > 1.5


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory, need):
    pytest.importorskip("notebook", minversion="7.2", reason="Notebook 7 is not installed")
    need("browser")
    yield from serve(Notebook7, tmp_path_factory)


@pytest.mark.parametrize("host", ["lab", "notebook7"])
def test_drawn_data_and_weights_travel(new_page, host, request, tmp_path):
    cells = [new_code_cell(c) for c in (SETUP, "playground", "playground")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "playground.ipynb")
    page = new_page()
    nb = request.getfixturevalue(host).open(page, tmp_path / "playground.ipynb")
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    views = page.locator(ROOT)
    views.nth(1).wait_for()
    root = views.first
    until(page, root, "d.fit")
    draw(page, root)
    assert is_the_line(nb.ask("print(json.dumps(playground.points.tolist()))"))
    # Python begins, and the page trains; two views are one training
    nb.ask("playground.running = True; print(1)")
    until(page, root, "d.step > 200")
    nb.ask("playground.running = False; print(1)")
    page.wait_for_timeout(2000)
    steps = [int(views.nth(i).get_attribute("data-step")) for i in (0, 1)]
    assert steps[0] == steps[1] == nb.ask("print(json.dumps(playground.step))") and len(page.workers) == 1
    answer = nb.ask("print(json.dumps(playground.model(torch.tensor([[0.0, 0.5]]), torch.tensor([50])).tolist()))")
    assert np.abs(answer).max() > 1e-3, "it has learned something"
    # a network of PyTorch's: the page takes it, and its steps begin anew
    nb.ask(
        "net = PlaneNet(32); net.layers[-1].bias.data += 0.25; net.diffusion = Diffusion(cosine_schedule(100), 'x0', shape=(2,)); playground.model = net; print(1)"
    )
    until(page, root, "d.step == 0")
    page.wait_for_timeout(1500)
    ends = nb.ask("print(json.dumps(playground.samples.tolist()))")
    assert np.allclose(ends, 0.25, atol=1e-5), "it answers x̂0 = 0.25 everywhere, so that is where walkers end"


def test_drawn_data_travel_in_marimo(page, tmp_path, need):
    pytest.importorskip("marimo", reason="marimo is not installed")
    from marimo_host import Marimo, says

    need("browser")
    setup = SETUP.strip().split("\n", 1)[1]
    host = Marimo(
        tmp_path / "marimo",
        ["import json\nimport torch\nimport marimo as mo", setup + "\nshown = mo.ui.anywidget(playground)", "shown",
         "shown.value\n" + says("[playground.points.tolist(), playground.step]", "made")],
    )  # fmt: skip
    try:
        host.open(page)
        root = page.locator(ROOT)
        root.wait_for(timeout=60_000)
        until(page, root, "d.fit")
        draw(page, root)
        root.get_by_role("button", name="Train", exact=True).click()
        until(page, root, "d.step > 100")
        root.get_by_role("button", name="Pause").first.click()
        page.wait_for_timeout(2500)
        points, step = host.said("made")
        assert is_the_line(points) and step > 100
    finally:
        host.close()
