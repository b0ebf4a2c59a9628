"""How promptly TrainingMonitor shows the last step, and what 100,000 steps leave behind in the browser.

Real JupyterLab in headless Chromium. First a real training run of 300 steps of the smallest U-Net, several times: from the
end of the last step, by the kernel's clock, to the end of the frame that shows it, by the page's clock on the same machine.
Then 100,000 steps of nothing with the monitor open: the page's memory, nodes and listeners after a tenth and at the end.

    python benchmarks/monitor_live.py [--rounds 5] [--steps 100000]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/support")]  # the tests' JupyterLab
import lab as jupyter  # noqa: E402
from conftest import find_browser  # noqa: E402

TRAIN = """
import json, time, torch
from ddpm_widgets import garments, init_ddpm, train, unet
from ddpm_widgets.widgets import TrainingMonitor
torch.set_num_threads(1)

class Stamp:
    order = 100  # after the monitor has done its part

    def after_batch(self, learn):
        if learn.training:
            self.at = time.time()

data, stamp = garments(n=300 * 8, n_valid=8, batch_size=8), Stamp()
model = lambda: init_ddpm(unet("nb17", block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
                               down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2))"""
RUN = """
learn = train(data, model(), epochs=1, cbs=[TrainingMonitor(sample_every=0), stamp], seed=0)"""
LONG = """
class Learn:
    steps = fit_steps = epoch = 0
    total_steps, n_epochs, batch_size, training = STEPS, 1, 64, True
    batch = preds = stop_reason = None
    opt = type("Opt", (), {"param_groups": [{"lr": 1e-3}]})

def walk(monitor, learn, n):
    begin = time.process_time()
    for _ in range(n):
        learn.loss = torch.tensor(1.0)
        for event in ("before_batch", "before_step", "after_loss"):
            getattr(monitor, event)(learn)
        learn.steps = learn.fit_steps = learn.steps + 1
        monitor.after_step(learn)
        monitor.after_batch(learn)
        time.sleep(0.0005)  # as long as a very fast step: the page must take part
    return (time.process_time() - begin) / n

monitor, fake = TrainingMonitor(sample_every=0), Learn()
monitor.before_fit(fake)
monitor"""
WATCH = """() => {
    window.shown = {};
    const see = () => {
        const root = [...document.querySelectorAll(".ddw-monitor")].at(-1);
        const step = root?.dataset.painted;
        if (step && !(step in shown)) {
            const c = new MessageChannel();  // answered when this frame is done
            c.port1.onmessage = () => (shown[step] = Date.now());
            c.port2.postMessage(0);
            shown[step] = 0;
        }
    };
    new MutationObserver(see).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-painted"] });
}"""


def last_points(page, nb, rounds):
    "For each of `rounds` runs, milliseconds from the last step to its point on the screen."
    lags = []
    for _ in range(rounds):
        page.evaluate(WATCH)
        nb.run_cell(1)
        nb.wait_idle()
        page.wait_for_function("() => shown['300']")
        lags.append(page.evaluate("shown['300']") - 1000 * nb.ask("print(json.dumps(stamp.at))"))
    return lags


def leftovers(page):
    "What the page holds after a garbage collection: MB of heap, nodes, listeners."
    cdp = page.context.new_cdp_session(page)
    for _ in range(3):
        cdp.send("HeapProfiler.collectGarbage")
    found, heap = cdp.send("Memory.getDOMCounters"), cdp.send("Runtime.getHeapUsage")["usedSize"]
    return heap / 1e6, found["nodes"], found["jsEventListeners"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=100_000)
    args = parser.parse_args()
    if not (chrome := find_browser()):
        sys.exit("No Chromium or Chrome found: install one, or name it in CHROME.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as p:
        server = jupyter.Lab(Path(folder))
        browser = p.chromium.launch(
            executable_path=chrome, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            tenth = args.steps // 10
            cells = [TRAIN, RUN, LONG.replace("STEPS", str(args.steps)), f"first = walk(monitor, fake, {tenth})",
                     f"middle = walk(monitor, fake, {8 * tenth})", f"last = walk(monitor, fake, {tenth})"]  # fmt: skip
            path = Path(folder) / "live.ipynb"
            nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), path)
            page = browser.new_context(viewport={"width": 1200, "height": 1400}).new_page()
            nb = server.open(page, path)
            for cell in (0, 1):  # the first run warms up
                nb.run_cell(cell)
                nb.wait_idle()
            lags = last_points(page, nb, args.rounds)
            print(f"last of 300 steps on screen after {statistics.median(lags):.0f} ms (median of {args.rounds}; {min(lags):.0f} to {max(lags):.0f})")  # fmt: skip
            found = []
            for cell in (2, 3, 4, 5):
                nb.run_cell(cell)
                nb.wait_idle()
                if cell in (3, 5):
                    page.wait_for_timeout(1000)
                    found.append(leftovers(page))
            if nb.failures:
                sys.exit("\n".join(nb.failures))
            print(f"{args.steps:,} steps with the monitor open, after a tenth and at the end:")
            for name, a, b in zip(("heap, MB", "nodes", "listeners"), *found, strict=True):
                print(f"  {name:10} {a:10,.1f} {b:10,.1f}   ratio {b / a:.3f}")
            first, last = nb.ask("print(json.dumps([first, last]))")
            print(f"  processor time of a step: the last tenth / the first {last / first:.2f}")
        finally:
            browser.close()
            server.close()


if __name__ == "__main__":
    main()
