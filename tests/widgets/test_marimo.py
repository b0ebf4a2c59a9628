"""The scrubber and the monitor in real marimo: its kernel, its page, its way to run cells again."""

import numpy as np
import pytest
from test_monitor_lab import GREYS, MONITOR, TRAIN
from test_scrubber_lab import SETUP

pytest.importorskip("marimo", reason="marimo is not installed")
from marimo_host import Marimo, says  # noqa: E402

pytestmark = pytest.mark.slow
SCRUBBER = ".ddw-noise-scrubber"
PAINTED = f"""(t) => {{
    const roots = [...document.querySelectorAll("marimo-anywidget")].map((el) => el.shadowRoot.querySelector("{SCRUBBER}"));
    return roots.length > 0 && roots.every((r) => r?.dataset.painted === String(t));
}}"""


@pytest.fixture
def marimo(tmp_path, need):
    "Starts marimo with a notebook of these cells."
    need("browser")
    started = []

    def start(*cells: str, **settings) -> Marimo:
        started.append(
            host := Marimo(tmp_path / f"marimo{len(started)}", ["import json\nimport marimo as mo", *cells], **settings)
        )
        return host

    yield start
    for host in started:
        host.close()


def test_scrubber_in_marimo(page, marimo):
    host = marimo(
        SETUP.rpartition("\n")[0] + "\nscrubber = mo.ui.anywidget(w)",
        "scrubber",
        "scrubber",
        says("scrubber.value['t']", "t"),
        'put = mo.ui.button(label="Set", on_click=lambda _: scrubber.widget.set_trait("seed", 5) or scrubber.widget.set_trait("t", 100))\nput',
        "put.value\n_w = scrubber.widget\n"
        + says("{'t': _w.t, 'seed': _w.seed, 'frame': _w.frame()[0, ..., 0].tolist()}", "frame"),
    )
    host.open(page)
    roots = page.locator(SCRUBBER)
    roots.nth(1).wait_for(timeout=60_000)
    assert host.said("t") == 250

    # a drag by the mouse moves both views, changes pixels, and arrives in the kernel, where cells run again for it
    page.wait_for_function(PAINTED, arg=250)
    before = roots.nth(1).locator("canvas").evaluate(GREYS)
    chart = roots.first.locator(".ddw-plot")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 50, steps=30)
    page.mouse.up()
    t = int(roots.first.get_attribute("data-painted"))
    assert abs(t - 0.75 * 999) < 3
    page.wait_for_function(PAINTED, arg=t)
    assert roots.nth(1).locator("canvas").evaluate(GREYS) != before
    host.wait_said("t", t)
    page.wait_for_function(PAINTED, arg=t)  # what the kernel has heard of does not pull t back

    # keys are the widget's
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(PAINTED, arg=t - 2)
    host.wait_said("t", t - 2)

    # Python sets, the views repaint; what Python says of the pixels is on screen
    page.get_by_role("button", name="Set", exact=True).click()
    page.wait_for_function(PAINTED, arg=100)
    page.wait_for_function(  # the cell runs for each t that it hears of, at last for this one
        "() => { const said = JSON.parse(document.getElementById('frame').innerText); return said.t === 100 && said.seed === 5; }"
    )
    expected = np.array(host.said("frame")["frame"])
    for i in range(2):
        canvas = roots.nth(i).locator("canvas")
        got = canvas.evaluate(
            "c => Array.from(c.getContext('2d').getImageData(0, 0, 32, 32).data.filter((_, i) => i % 4 === 0))"
        )
        assert np.abs(np.array(got).reshape(32, 32) - expected).max() <= 1


TRAINING = TRAIN.replace("import json, torch, ipykernel", "import torch")
SAID = says("[learn.steps, monitor.state, monitor.log_scale, monitor.smoothing, len(monitor.curve['step'])]", "said")
GRID = says("[monitor.grids[0][0], monitor.grids[0][1][0, ..., 0].tolist()] if learn else 0", "grid")


def is_training(page):
    "Wait until the monitor shows the loss of a run that goes on."
    root = page.locator(MONITOR)
    root.wait_for(timeout=60_000)
    assert root.get_attribute("data-state") == "running"
    reaches(page, 5)
    reaches(page, int(root.get_attribute("data-painted")) + 5)
    assert page.locator("#said").count() == 0, "the cell still runs"
    return root


def reaches(page, step: int):
    page.locator(f"{MONITOR}[data-painted]").first.wait_for()
    page.wait_for_function(
        "([m, n]) => +document.querySelector('marimo-anywidget').shadowRoot.querySelector(m).dataset.painted >= n",
        arg=[MONITOR, step],
        timeout=60_000,
    )


def test_monitor_in_marimo(page, marimo):
    ask = 'ask = mo.ui.run_button(label="Ask")\nask'
    more = 'more = mo.ui.run_button(label="More")\nmore'
    go_on = "mo.stop(not more.value)\nlearn.fit(20)"
    host = marimo(TRAINING, ask, "ask.value\n" + SAID, GRID, more, go_on)
    host.open(page)
    root = is_training(page)

    root.get_by_role("button", name="Sample now").click()
    page.locator(f"{MONITOR}[data-frames='1']").wait_for(timeout=60_000)
    assert root.get_attribute("data-state") == "running"
    greys = np.array(root.locator("canvas").evaluate(GREYS)).reshape(65, 65)
    sampled_at = int(root.get_attribute("data-frame"))
    root.get_by_role("button", name="Log axis").click()
    root.get_by_role("slider", name="Smoothing").press("ArrowRight")
    root.get_by_role("button", name="Stop").click()
    page.locator(f"{MONITOR}[data-state=stopped]").wait_for(timeout=20_000)

    # kernel and screen agree
    steps, state, log_scale, smoothing, points = host.said("said")
    assert sampled_at < steps < 40 * 64 and points == steps and state == "stopped"
    assert root.get_attribute("data-painted") == str(steps)
    assert (log_scale, smoothing) == (False, 30), "changes made while the cell ran have arrived"
    step, image = host.said("grid")
    assert step == sampled_at and np.array_equal(greys[:32, :32], image)
    assert f"at step {steps:,}" in root.locator(".ddw-note").inner_text()
    assert root.count() == 1

    # training goes on from there, shown where it does; marimo's own button interrupts it, and the model is kept
    page.get_by_role("button", name="More", exact=True).click()
    page.locator(f"{MONITOR}[data-state=running]").nth(1).wait_for()
    reaches(page, steps + 5)
    page.get_by_test_id("interrupt-button").click()
    page.locator(f"{MONITOR}[data-state=interrupted]").nth(1).wait_for(timeout=20_000)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_function("() => document.getElementById('said').innerText.includes('interrupted')")
    later, state, *_, points = host.said("said")
    assert state == "interrupted" and later >= steps + 5 and points == later
    assert {root.nth(i).get_attribute("data-painted") for i in range(2)} == {str(later)}
