"The scrubber in real JupyterLab: two views, links, messages, Python at the other end."

import numpy as np
import pytest
from lab import listeners_left
from nbformat.v4 import new_code_cell, new_notebook

SETUP = """
import numpy as np
from ddpm_widgets.widgets import NoiseScrubber
LINEAR = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
y, x, k = np.mgrid[:32, :32, :64]
images = ((y * 8 + x * 3 + k * 17) % 256).astype(np.uint8).transpose(2, 0, 1)
w = NoiseScrubber(images, LINEAR, t=250, link="g")
other = NoiseScrubber(images[:4], LINEAR[:100], link="g")
third = NoiseScrubber(images[:4], LINEAR)
w"""
COUNT = """() => {
    window.messages = [];
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    kernel.anyMessage.connect((_, { msg, direction }) => {
        if (direction === "send" && msg.header.msg_type === "comm_msg") {
            const bytes = (msg.buffers ?? []).reduce((n, b) => n + b.byteLength, 0);
            messages.push({ at: performance.now(), bytes: bytes + JSON.stringify(msg.content).length });
        }
    });
}"""

WATCH = """() => {
    window.seen = [];
    const root = document.querySelector(".ddw-noise-scrubber");
    new MutationObserver(() => seen.push(+root.dataset.painted)).observe(root, { attributes: true, attributeFilter: ["data-painted"] });
}"""


@pytest.mark.slow
def test_scrubber_in_jupyterlab(page, lab, tmp_path):
    nb, roots = scrubber_works(page, lab, tmp_path)

    # run the second view's cell again and again: its old views leave nothing behind
    assert listeners_left(page, nb, cell=1) < 0.5
    roots.nth(3).wait_for()
    assert page.evaluate("globalThis[Symbol.for('ddpm-widgets.links')].members.size") == 4


def scrubber_works(page, lab, tmp_path):
    "In JupyterLab or Notebook 7."
    import nbformat

    cells = [new_code_cell(c) for c in (SETUP, "w", "other", "third")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "scrubber.ipynb")
    nb = lab.open(page, tmp_path / "scrubber.ipynb")
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    roots = page.locator(".ddw-noise-scrubber")
    roots.nth(3).wait_for()
    assert page.locator(".jp-OutputArea-output img").count() == 0, "where the widget is shown, its poster is not"

    assert roots.first.locator(".ddw-play").evaluate("e => getComputedStyle(e).borderRadius") == "50%"

    def painted():
        page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
        return [int(r.get_attribute("data-painted")) for r in roots.all()]

    def settles(expected):
        page.wait_for_function(
            "(ts) => [...document.querySelectorAll('.ddw-noise-scrubber')].map((r) => +r.dataset.painted).join() === ts.join()",
            arg=expected,
            timeout=10_000,
        )

    # a drag in one view moves the other view and the link group (shorter: in step), never backwards, and is frugal
    page.evaluate(COUNT)
    page.evaluate(WATCH)
    chart = roots.first.locator(".ddw-plot")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 50)
    page.mouse.down()
    for i in range(1, 61):
        page.mouse.move(box["x"] + box["width"] * i / 80, box["y"] + 50)
        page.wait_for_timeout(16)
    page.mouse.up()
    t = painted()[0]
    assert abs(t - 0.75 * 999) < 3
    settles([t, t, round(t / 999 * 99), 0])
    page.wait_for_timeout(400)
    sent = page.evaluate("messages")
    seconds = (sent[-1]["at"] - sent[0]["at"]) / 1000
    assert 2 <= len(sent) <= 2 * (10 * seconds + 2), "two models, ten messages a second each at most"
    assert max(m["bytes"] for m in sent) < 1000, "no message carries pixels"
    seen = page.evaluate("seen")
    assert len(seen) > 20 and seen == sorted(seen), "what the kernel has heard of never pulls t back"
    assert nb.ask("import json; print(json.dumps([w.t, other.t, third.t]))") == [t, round(t / 999 * 99), 0]

    # what is jslinked follows too (ipywidgets sends for it, at its own pace)
    nb.ask('import ipywidgets; link = ipywidgets.jslink((w, "t"), (third, "t")); print(1)')
    page.wait_for_timeout(300)  # its model is made in the page
    page.keyboard.press("ArrowRight")
    t += 1
    settles([t, t, round(t / 999 * 99), t])

    # Python sets, the views repaint; what Python says of the pixels is on screen
    nb.ask("w.t = 100; w.seed = 5; print(1)")
    settles([100, 100, 10, 100])
    expected = np.array(nb.ask("print(json.dumps(w.frame()[0, ..., 0].tolist()))"))
    got = (
        roots.nth(1)
        .locator("canvas")
        .evaluate("c => Array.from(c.getContext('2d').getImageData(0, 0, 32, 32).data.filter((_, i) => i % 4 === 0))")
    )
    assert np.abs(np.array(got).reshape(32, 32) - expected).max() <= 1

    # a key used by the widget does not run or move cells
    roots.first.locator("input[type=range]").focus()
    active = page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
    for key in ("ArrowDown", "ArrowUp", "ArrowRight", "PageUp"):
        page.keyboard.press(key)
    settles([201, 201, 20, 201])
    assert page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex") == active
    return nb, roots
