"""What dragging costs: NoiseScrubber's timeline against `interact` sliders that redraw the same pictures in Python.

One redraws as fast as Python can, numpy and a PNG; the other as most notebooks do, one `imshow` of matplotlib (left out
where that is not installed: `pip install matplotlib`). All stand in one notebook in real JupyterLab, in headless
Chromium, with 64 images of 32×32. A step is one arrow key on the slider: its time runs from the key's event to the end of
the frame that shows the new pictures. The scrubber draws inside a frame, so that is the same one; what `interact` brings
is shown by the next frame after the PNG is decoded. The frames and messages are counted over a drag: a real press of the
mouse, then one move in every frame the browser offers.

    python benchmarks/scrub_latency.py [--steps 120] [--redraws 20]
"""

import argparse
import statistics
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/support")]  # the tests' JupyterLab
import lab as jupyter  # noqa: E402
from conftest import find_browser  # noqa: E402

SCRUBBER = """
import io, json
import numpy as np
from PIL import Image
from ddpm_widgets.widgets import NoiseScrubber
y, x, k = np.mgrid[:32, :32, :64]
images = ((y * 8 + x * 3 + k * 17) % 256).astype(np.uint8).transpose(2, 0, 1)
alpha_bar = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
w = NoiseScrubber(images, alpha_bar, t=250)
w"""
INTERACT = """
import ipywidgets
from IPython.display import display
x0, eps = images / 127.5 - 1, np.random.default_rng(0).standard_normal(images.shape)
def redraw(t):
    x_t = np.sqrt(alpha_bar[t]) * x0 + np.sqrt(1 - alpha_bar[t]) * eps
    pixels = np.uint8(np.rint((x_t.clip(-1, 1) + 1) * 127.5)).reshape(4, 16, 32, 32).swapaxes(1, 2).reshape(128, 512)
    display(Image.fromarray(pixels))
ipywidgets.interact(redraw, t=ipywidgets.IntSlider(250, 0, 999));"""
MATPLOTLIB = """
import matplotlib
matplotlib.use("module://matplotlib_inline.backend_inline")
import matplotlib.pyplot as plt
def replot(t):
    x_t = np.sqrt(alpha_bar[t]) * x0 + np.sqrt(1 - alpha_bar[t]) * eps
    plt.figure(figsize=(8, 2))
    plt.imshow(x_t.reshape(4, 16, 32, 32).swapaxes(1, 2).reshape(128, 512), cmap="gray", vmin=-1, vmax=1)
    plt.axis("off")
    plt.show()
ipywidgets.interact(replot, t=ipywidgets.IntSlider(250, 0, 999));"""
MEASURE = """
window.times = [];
window.frames = [];
window.messages = [];
// the time when what was drawn in this frame is done
const frameEnd = () => new Promise((go) => { const c = new MessageChannel(); c.port1.onmessage = () => go(performance.now()); c.port2.postMessage(0); });
window.nextFrame = () => new Promise((go) => requestAnimationFrame(go));
window.watch = (slider, changed) => {
    slider.addEventListener("keydown", async (e) => {
        const begin = e.timeStamp;
        await changed();
        times.push((await frameEnd()) - begin);
    }, true);
};
window.painted = (root) => () => new Promise((go) => {
    const was = root.dataset.painted;
    const observer = new MutationObserver(() => { if (root.dataset.painted !== was) observer.disconnect(), go(); });
    observer.observe(root, { attributes: true, attributeFilter: ["data-painted"] });
});
window.redrawn = (place) => () => new Promise((go) => {
    const was = place.querySelector("img").src;
    const observer = new MutationObserver(async () => {
        const img = place.querySelector("img");
        if (!img || img.src === was) return;
        observer.disconnect();
        await img.decode();
        await nextFrame();
        go();
    });
    observer.observe(place, { subtree: true, childList: true, attributes: true });
});
const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
kernel.anyMessage.connect((_, { msg, direction }) => {
    const bytes = (msg.buffers ?? []).reduce((n, b) => n + b.byteLength, 0) + JSON.stringify(msg.content).length;
    messages.push({ at: performance.now(), sent: direction === "send", type: msg.header.msg_type, bytes });
});
"""
DRAWN = """(root) => {
    window.frames = [];
    let was;
    const look = (now) => {
        if (root.dataset.painted !== was) frames.push(now);
        was = root.dataset.painted;
        window.looking = requestAnimationFrame(look);
    };
    look();
}"""


def press(page, slider, n):
    "Press the arrow key n times, each when the last one is on screen; the milliseconds that each took."
    page.evaluate("times.length = 0")
    for i in range(n):
        slider.focus()  # without it here, keys were lost at times
        page.keyboard.press("ArrowRight")
        page.wait_for_function("(n) => times.length === n", arg=i + 1)
    return page.evaluate("times")


def drag(page, plot, steps):
    "Press the mouse on a plot, move it in every frame, let go; the messages meanwhile and shortly after."
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(300)
    page.evaluate("messages.length = 0")
    plot.evaluate(
        """async (plot, steps) => {
            const box = plot.getBoundingClientRect();
            for (let i = 1; i <= steps; i++) {
                await nextFrame();
                const clientX = box.left + 4 + ((box.width - 8) * i) / steps;
                plot.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, clientX, clientY: box.top + 20, bubbles: true }));
            }
            await nextFrame();
        }""",
        steps,
    )
    page.mouse.up()
    page.wait_for_timeout(500)
    return page.evaluate("messages")


def interact(page, place, steps):
    "What a step takes with an `interact` slider, and the bytes of each picture."
    place.scroll_into_view_if_needed()
    handle = place.locator(".noUi-handle")
    handle.evaluate("(el, place) => watch(el, redrawn(place))", place.element_handle())
    press(page, handle, 3)
    page.evaluate("messages.length = 0")
    times = press(page, handle, steps)
    return times, [m["bytes"] for m in page.evaluate("messages") if m["type"] == "display_data"]


def measure(page, notebook, steps, redraws):
    "Prints what a step takes in all."
    page.evaluate(MEASURE)
    root, places = page.locator(".ddw-noise-scrubber"), page.locator(".widget-interact")
    root.wait_for()
    for place in places.all():
        place.locator("img").wait_for()
    slider = root.get_by_role("slider", name="timestep t")
    slider.evaluate("(el, root) => watch(el, painted(root))", root.element_handle())
    slider.focus()
    page.wait_for_timeout(800)
    press(page, slider, 10)
    ours = press(page, slider, steps)

    root.scroll_into_view_if_needed()
    root.evaluate(DRAWN)
    messages = drag(page, root.locator(".ddw-plot"), 200)
    page.evaluate("cancelAnimationFrame(looking)")
    frames = page.evaluate("frames")[2:]  # those while the mouse is down but still are left out
    sent = [m for m in messages if m["sent"] and m["type"] == "comm_msg"]
    seconds = (frames[-1] - frames[0]) / 1000
    span = (sent[-1]["at"] - sent[0]["at"]) / 1000  # the last one follows when the mouse has rested
    p50 = statistics.median(ours)
    print("64 images of 32×32 in JupyterLab, milliseconds from a key to the end of the frame that shows it")
    print(
        f"  NoiseScrubber           p50 {p50:6.1f}, p95 {statistics.quantiles(ours, n=20)[-1]:.1f} of {len(ours)} steps"
    )
    print(f"    dragging: {(len(frames) - 1) / seconds:.0f} frames a second over {seconds:.1f} s, {len(sent)} messages sent ({(len(sent) - 1) / span:.1f} a second)")  # fmt: skip
    carried = [m for m in messages if m["bytes"] > 16 * 1024]
    largest = max(m["bytes"] for m in messages)
    print(
        f"    {len(carried)} messages carry pixels: the largest, both ways, has {largest} bytes, one picture {64 * 1024}"
    )
    for name, place in zip(("interact, numpy and PNG", "interact, matplotlib"), places.all(), strict=False):
        theirs, pixels = interact(page, place, redraws)
        median = statistics.median(theirs)
        print(
            f"  {name:23} p50 {median:6.1f} of {len(theirs)} steps, {statistics.median(pixels) / 1000:.0f} kB each; ratio {median / p50:.1f}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=120, help="of the scrubber")
    parser.add_argument("--redraws", type=int, default=20, help="of interact")
    args = parser.parse_args()
    if not (chrome := find_browser()):
        sys.exit("No Chromium or Chrome found: install one, or name it in CHROME.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        server = jupyter.Lab(Path(folder))
        browser = p.chromium.launch(
            executable_path=chrome, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            path = Path(folder) / "latency.ipynb"
            cells = [SCRUBBER, INTERACT, *([MATPLOTLIB] if find_spec("matplotlib") else [])]
            nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
            page = browser.new_context(viewport={"width": 1200, "height": 1400}).new_page()
            notebook = server.open(page, path)
            notebook.run_all()
            notebook.wait_idle()
            if notebook.failures:
                sys.exit("\n".join(notebook.failures))
            measure(page, notebook, args.steps, args.redraws)
        finally:
            browser.close()
            server.close()


if __name__ == "__main__":
    main()
