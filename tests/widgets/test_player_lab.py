"The player in real JupyterLab: watched while the kernel is busy sampling, then held in hands."

import numpy as np
import pytest
from lab import listeners_left
from nbformat.v4 import new_code_cell, new_notebook

SETUP = """
import json, time
import numpy as np
from types import SimpleNamespace
from ddpm_widgets.widgets import SamplingPlayer
def steps(count, n=4):
    rng, end = np.random.default_rng(0), np.linspace(-1, 1, n * 1024).reshape(n, 1, 32, 32)
    for i, t in enumerate(np.linspace(999, 0, count).round().astype(int)):
        u, z = i / (count - 1), rng.normal(size=end.shape)
        time.sleep(0.05)
        yield SimpleNamespace(t=int(t), x_t=u**2 * end + (1 - u**2) * z, x0=u * end, eps=z)
player = SamplingPlayer(schedule=np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)))
player"""
WATCH = "for step in player.watch(steps(60)): pass"


@pytest.mark.slow
def test_player_in_jupyterlab(page, lab, tmp_path):  # noqa: F811
    import nbformat

    cells = [new_code_cell(c) for c in (SETUP, "player", WATCH)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "player.ipynb")
    nb = lab.open(page, tmp_path / "player.ipynb")
    page.evaluate(
        """() => {
            window.seen = [];
            new MutationObserver(() => {
                const root = document.querySelector(".ddw-sampling-player");
                if (root && seen.at(-1) !== root.dataset.painted) seen.push(root.dataset.painted);
            }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-painted"] });
        }"""
    )
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    roots = page.locator(".ddw-sampling-player")
    roots.nth(1).wait_for()

    # every few steps were on screen while the kernel was busy; then the film, at its beginning
    page.wait_for_function("() => document.querySelector('.ddw-sampling-player').dataset.painted === '999'")
    lives = [int(p.split()[1]) for p in page.evaluate("seen") if p.startswith("live")]
    assert len(lives) >= 8 and lives == sorted(lives) and lives[-1] > 40, lives

    def settles(t):
        page.wait_for_function(
            "(t) => [...document.querySelectorAll('.ddw-sampling-player')].every((r) => r.dataset.painted === String(t))",
            arg=t,
            timeout=10_000,
        )

    # mouse: both views of the model follow, and the kernel hears of it
    ts = nb.ask("print(json.dumps(player.ts[0]))")
    assert len(ts) == 50
    chart = roots.first.locator(".ddw-plot")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 30 / 49, box["y"] + 50, steps=20)
    page.mouse.up()
    settles(ts[30])
    page.wait_for_timeout(300)
    assert nb.ask("print(player.t)") == ts[30]

    # the keyboard; no cell moves
    active = page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex")
    for key in ("ArrowDown", "ArrowRight", "PageUp"):
        page.keyboard.press(key)
    settles(ts[35])
    assert page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex") == active
    page.wait_for_timeout(300)  # for the last of its messages
    assert nb.ask("print(player.t)") == ts[35]

    # Python sets, both views repaint, and what Python says of the pixels is on screen
    nb.ask(f"player.t = {ts[45]}; print(1)")
    settles(ts[45])
    expected = np.array(nb.ask("print(json.dumps(player.pictures()[player.index(), :, 0, ..., 0].tolist()))"))
    for k in range(3):
        canvas = roots.nth(1).locator("canvas").nth(k)
        got = canvas.evaluate(
            "c => Array.from(c.getContext('2d').getImageData(0, 0, 32, 32).data.filter((_, i) => i % 4 === 0))"
        )
        assert np.abs(np.array(got).reshape(32, 32) - expected[k]).max() <= 1

    # run the second view's cell again and again: its old views leave nothing behind
    assert listeners_left(page, nb, cell=1) < 0.5
    roots.nth(1).wait_for()
    assert page.evaluate("globalThis[Symbol.for('ddpm-widgets.links')].members.size") == 2
