"ScheduleExplorer and DensityScrubber in real JupyterLab: two views each, mouse, keys, Python at the other end."

import nbformat
import numpy as np
import pytest
from lab import listeners_left
from nbformat.v4 import new_code_cell, new_notebook

SETUP = """
import json
import numpy as np
from ddpm_widgets.widgets import DensityScrubber, ScheduleExplorer
y, x = np.mgrid[:32, :32]
explorer = ScheduleExplorer(((y * 8 + x * 3) % 256).astype(np.uint8), t=100)
density = DensityScrubber(t=100)"""
EXPLORER, DENSITY = ".ddw-schedule-explorer", ".ddw-density-scrubber"


class Held:
    "The two views of one widget in a notebook, and the kernel's model of it."

    def __init__(self, page, nb, name, selector):
        self.page, self.nb, self.name, self.selector = page, nb, name, selector
        self.roots = page.locator(selector)
        self.roots.nth(1).wait_for()
        self.first = self.roots.first
        self.slider = self.first.get_by_role("slider", name="timestep t")

    def settles(self, **shown):
        "Wait until both views show it."
        from playwright.sync_api import TimeoutError  # not at the top: the test is skipped where there is no playwright

        try:
            self.page.wait_for_function(
                """([selector, shown]) => {
                    const roots = [...document.querySelectorAll(selector)];
                    return roots.length === 2 && roots.every((r) => Object.entries(shown).every(([k, v]) => r.dataset[k] === String(v)));
                }""",
                arg=[self.selector, shown],
                timeout=15_000,
            )
        except TimeoutError:
            stand = self.roots.evaluate_all("els => els.map((e) => ({...e.dataset}))")
            raise AssertionError(f"{self.name}: expected {shown} in both views, they show {stand}") from None

    def hears(self, **traits):
        "Wait until the kernel has these values: messages go at most every 100 ms."
        said = None
        for _ in range(30):
            said = self.nb.ask(f"print(json.dumps({{k: getattr({self.name}, k) for k in {list(traits)}}}))")
            if said == traits:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"the kernel has {said}, the page {traits}")

    def drag(self, plot, share):
        "Press at the left end of a plot and move to a share of its width; returns t there."
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        y = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + 3, y)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + share * box["width"], y, steps=15)
        self.page.mouse.up()
        self.page.wait_for_function("([el, t]) => Math.abs(el.dataset.painted - t) < 8", arg=[self.first.element_handle(), share * 999])  # fmt: skip
        t = int(self.first.get_attribute("data-painted"))
        self.settles(painted=t)
        self.hears(t=t)
        return t

    def keys(self):
        "Each moves t in both views and in the kernel; the notebook's own keys stay out of it."
        self.nb.ask(f"{self.name}.t = 500; print(1)")
        self.settles(painted=500)
        self.slider.focus()
        active = self.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
        for key, t in [("ArrowUp", 501), ("ArrowLeft", 500), ("PageUp", 600), ("Home", 0), ("End", 999)]:
            self.page.keyboard.press(key)
            self.settles(painted=t)
        self.page.keyboard.press("PageDown")
        self.settles(painted=899)
        self.hears(t=899)
        assert self.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex") == active


@pytest.fixture
def notebook(page, lab, tmp_path):
    "A notebook that shows each of the two widgets twice."
    cells = [new_code_cell(c) for c in (SETUP, "explorer", "explorer", "density", "density")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "instruments.ipynb")
    nb = lab.open(page, tmp_path / "instruments.ipynb")
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    return nb


@pytest.mark.slow
def test_explorer_and_density_in_jupyterlab(page, notebook):
    explorer = Held(page, notebook, "explorer", EXPLORER)
    density = Held(page, notebook, "density", DENSITY)
    assert page.locator(".jp-OutputArea-output img").count() == 0, "where the widget is shown, its poster is not"

    # mouse: each moves its own t
    explorer.drag(explorer.first.locator(".plot").nth(1), 0.6)
    density.settles(painted=100)
    density.drag(density.first.locator(".plot").first, 0.3)
    for widget in (explorer, density):
        widget.keys()

    # a setting and a choice arrive in Python
    explorer.first.get_by_role("radio", name="Choose cosine").check()
    explorer.hears(selected="cosine")
    explorer.first.get_by_role("slider", name="T, steps").focus()
    page.keyboard.press("Home")
    explorer.settles(steps=2)
    explorer.hears(T=2, t=1)
    assert notebook.ask("print(len(explorer.schedule.alpha_bar))") == 2
    density.first.get_by_role("button", name="Sample: DDIM").click()
    density.settles(motion="ddim")
    density.hears(paths="ddim")

    # Python sets, both views repaint, and what Python computes is on screen
    notebook.ask("explorer.T = 50; explorer.t = 20; explorer.seed = 5; print(1)")
    explorer.settles(painted=20, steps=50, seed=5)
    expected = np.array(notebook.ask("print(json.dumps(explorer.frame(20, 'linear')[..., 0].tolist()))"))
    for root in explorer.roots.all():
        lens = root.get_by_role("group", name="schedule linear").locator("canvas").nth(10)
        got = lens.evaluate(
            "c => Array.from(c.getContext('2d').getImageData(0, 0, 32, 32).data.filter((_, i) => i % 4 === 0))"
        )
        assert expected.std() > 10 and np.abs(np.array(got).reshape(32, 32) - expected).max() <= 1
    notebook.ask("density.t = 700; density.seed = 4; density.histogram = False; print(1)")
    density.settles(painted=700, seed=4, histogram="false")
    walk = "density.walk()[: density.count, 700]"
    expected, (lo, hi) = notebook.ask(f"print(json.dumps([{walk}.tolist(), list(density._range())]))")
    for root in density.roots.all():
        tops = root.locator(".plot i").evaluate_all("els => els.map((e) => parseFloat(e.style.top))")
        np.testing.assert_allclose(hi - np.array(tops) / 100 * (hi - lo), expected, atol=0.01)

    # run a second view's cell again and again: its old views leave nothing behind
    for widget, cell in ((explorer, 2), (density, 4)):
        assert listeners_left(page, notebook, cell) < 0.5
        widget.roots.nth(1).wait_for()
        assert widget.roots.count() == 2
