"""The lessons as a reader meets them: in real JupyterLab, with a mouse.

How a page shows a lesson is looked at here, and test_lessons.py runs it in full: so lesson 4 trains for fewer steps, and lesson 5
draws with a network that does not compute. The fixture `page` fails a test whose page had an error or asked anybody but this machine for anything.
"""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm_widgets.widgets.base import normal

NBS = Path(__file__).parents[2] / "nbs"
WIDGET = "application/vnd.jupyter.widget-view+json"
SCRUBBER, MONITOR = ".ddw-noise-scrubber", ".ddw-monitor"
QUICK = (Path(__file__).parents[1] / "support/quick.py").read_text(encoding="utf-8") + "\nprint(0)"
STEPS = 130  # beyond step 100, at which the monitor shows samples
SHORT = f"""
from ddpm_widgets.learner import Learner

class Enough:
    def before_fit(self, learn):
        self.left = {STEPS}

    def after_step(self, learn):
        self.left -= 1
        if not self.left:
            learn.stop("these steps are enough")

def short(self, *args, cbs=(), fit=Learner.fit, **options):
    fit(self, *args, cbs=[*cbs, Enough()], **options)

Learner.fit = short
print(0)
"""
GREYS = "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 === 0))"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # how long a lesson may take: tests/course/test_lessons.py


def widgets(nb, kind) -> list[str]:
    "The model ids of the views of one kind of widget, in the order they stand in the notebook."
    shown = [out["data"][WIDGET]["model_id"] for out in nb.outputs if WIDGET in out.get("data", {})]
    kinds = nb.ask(f"""if True:
        import json
        from ipywidgets.widgets.widget import _instances
        print(json.dumps([type(_instances[id]).__name__ for id in {shown}]))""")
    return [id for id, name in zip(shown, kinds, strict=True) if name == kind]


def about(nb, model_id, expression):
    "An expression about the widget `w`, worked out in the kernel."
    return nb.ask(f"""if True:
        import json
        from ipywidgets.widgets.widget import _instances
        w = _instances["{model_id}"]
        print(json.dumps({expression}))""")


def wait_until(page, look, timeout=10, every=0.1):
    "Wait until `look()` gives something true, and give it back."
    for _ in range(int(timeout / every)):
        if found := look():
            return found
        page.wait_for_timeout(1000 * every)
    raise TimeoutError(f"still {found!r} after {timeout} s")


def on_screen(canvas, n, h, w) -> np.ndarray:
    "The images on a scrubber's canvas, (n, h, w)."
    columns, gap_x, gap_y = (int(canvas.get_attribute(f"data-{name}")) for name in ("columns", "gap-x", "gap-y"))
    width = canvas.evaluate("c => c.width")
    picture = np.array(canvas.evaluate(GREYS)).reshape(-1, width)
    corners = [((i // columns) * (h + gap_y), (i % columns) * (w + gap_x)) for i in range(n)]
    return np.stack([picture[y : y + h, x : x + w] for y, x in corners])


def test_lesson_3_scrubber_is_dragged(page, lab):
    nb = lab.open(page, NBS / "lessons/03_forward_process.ipynb")
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    scrubber = widgets(nb, "NoiseScrubber")[0]
    root = page.locator(SCRUBBER).first
    root.scroll_into_view_if_needed()
    canvas, slider = root.locator(".band").first.locator("canvas").last, root.locator("input.ddw-slider")

    shape, seed, fresh, x0 = about(nb, scrubber, "[w.shape, w.seed, w.fresh, list(w.x0)]")
    assert not fresh
    x0 = np.array(x0, float).reshape(shape)
    steps = int(slider.get_attribute("max")) + 1
    alpha_bar = np.cumprod(1 - np.linspace(1e-4, 0.02, steps))  # the paper's schedule, the first this lesson shows
    noise = normal(seed, tuple(shape))
    n, h, w, channels = shape
    assert channels == 1 and x0.std() > 20, "images, not emptiness"

    def numpys(t) -> np.ndarray:
        a = alpha_bar[t]
        x_t = np.sqrt(a) * (x0 / 127.5 - 1) + np.sqrt(1 - a) * noise
        return ((np.clip(x_t, -1, 1) + 1) * 127.5)[..., 0]

    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    at = int(slider.input_value()) / (steps - 1)
    page.mouse.move(box["x"] + 8 + at * (box["width"] - 16), y)
    page.mouse.down()
    seen = []
    for part in (0.1, 0.25, 0.5, 0.8, 0.35):
        page.mouse.move(box["x"] + part * box["width"], y, steps=8)
        t = int(slider.input_value())
        assert abs(t / steps - part) < 0.05, "the handle follows the mouse"
        wait_until(page, lambda t=t: root.get_attribute("data-painted") == str(t))
        assert np.abs(on_screen(canvas, n, h, w) - numpys(t)).max() <= 1, f"pixels at t = {t}"
        seen.append(t)
    page.mouse.up()
    assert len(set(seen)) == 5
    wait_until(page, lambda: about(nb, scrubber, "w.t") == seen[-1])  # the kernel hears it

    # the keys move t, and do not reach the notebook, where "b" or an arrow would add or change cells
    cells = len(nb.cells)
    slider.focus()
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: root.get_attribute("data-painted") == str(seen[-1] + 1))
    wait_until(page, lambda: about(nb, scrubber, "w.t") == seen[-1] + 1)
    assert np.abs(on_screen(canvas, n, h, w) - numpys(seen[-1] + 1)).max() <= 1
    assert len(nb.cells) == cells


def test_lesson_4_shows_training_while_it_trains(page, lab):
    nb = lab.open(page, NBS / "lessons/04_training.ipynb")
    nb.ask(SHORT)
    look = f"""() => {{
        const root = document.querySelector("{MONITOR}");
        const grid = root?.querySelector("canvas.ddw-samples");
        const line = root?.querySelector("path.l-raw");
        return {{
            step: Number(root?.dataset.painted || 0),
            points: Number(root?.dataset.points || 0),
            line: (line?.getAttribute("d") ?? "").length,
            grid: grid?.checkVisibility() && grid.width > 0
                ? new Set(grid.getContext("2d").getImageData(0, 0, grid.width, grid.height).data).size : 0,
        }};
    }}"""
    live = {}  # what was on screen while a cell still ran, by cell

    def watch(i):
        now = page.evaluate(look)
        if nb.busy and now["step"] > 0:  # still running after the look
            live.setdefault(i, []).append(now)

    for i, cell in enumerate(nb.cells):
        if cell["cell_type"] == "code":
            nb.run_cell(i)
            nb.wait_idle(meanwhile=lambda i=i: watch(i))
            assert not nb.failures, f"cell {i}"
    assert live, "the monitor showed nothing before its cell ended"
    training = max(live, key=lambda i: len(live[i]))
    frames = live[training]
    assert len({frame["step"] for frame in frames}) >= 5, "loss points arrive one after another"
    assert frames[-1]["points"] > frames[0]["points"] and frames[-1]["line"] > frames[0]["line"] > 0
    assert any(frame["grid"] > 20 for frame in frames), "a grid of samples, of many greys, before the cell ends"
    last = page.evaluate(look)
    assert last["step"] >= frames[-1]["step"] and last["grid"] > 20
    monitor = widgets(nb, "TrainingMonitor")[0]
    first, *_, final = about(nb, monitor, "[float(x) for x in w.curve['loss']]")
    assert final < first / 3, f"the loss fell, from {first:.3f} to {final:.3f} only"


def test_lesson_5_shows_sampled_images(page, lab):
    nb = lab.open(page, NBS / "lessons/05_sampling.ipynb")
    nb.ask(QUICK)
    nb.run_all()
    nb.wait_idle()
    assert not nb.failures
    pictures = [out["data"]["image/png"] for out in nb.outputs if "image/png" in out.get("data", {})]
    greys = [np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("L")) for picture in pictures]
    assert any(min(grey.shape) >= 64 and grey.std() > 20 for grey in greys), "a grid of samples"
    shown = page.evaluate(
        "() => [...document.querySelectorAll('.jp-OutputArea-output img, .jp-OutputArea-output canvas')]"
        ".filter((el) => el.checkVisibility() && (el.naturalWidth ?? el.width) >= 64).length"
    )
    assert shown >= 1
