"""DiffusionPlayground: how fast it trains in the page, beside PyTorch; frames while it trains; seconds to a good fit; memory.

    python benchmarks/playground.py [--seconds 8] [--seeds 3] [--minutes 10] [--cores 1]

Headless Chromium opens a page from disk, and PyTorch takes the same steps (the same network, batches of 256, Adam, moving average) on one
thread, in turns with the page, so that a busy minute is both's. `--cores 1` gives the browser one processor core for all: the page, its
Worker and the drawing. A fit is good when the walkers' distance from the data is 1.5 times its floor. Memory is what the browser's
processes for pages hold, and the page's heap, after a tenth of the minutes and at their end.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Page, sync_playwright

from ddpm_widgets import DiffusionPlayground, PlaneNet, cosine_schedule, noisify, plane_points

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/support")]
from conftest import find_browser  # noqa: E402

OUT = Path(tempfile.mkdtemp())
WATCH = """async (seconds) => { // steps, frames and paints a second
    const { dataset } = document.querySelector(".ddw");
    const [step, painted, begun, times] = [Number(dataset.step), Number(dataset.painted), performance.now(), []];
    while (performance.now() - begun < 1000 * seconds) times.push(await new Promise(requestAnimationFrame));
    const gaps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b), gone = (performance.now() - begun) / 1000;
    return { steps: (dataset.step - step) / gone, frames: times.length / gone, slow: gaps[Math.floor(0.95 * gaps.length)] };
}"""
FIT = """async () => { // seconds from the press of Train to the fit
    const root = document.querySelector(".ddw"), begun = performance.now();
    root.querySelector(".train").click();
    while (!(root.dataset.fit && root.dataset.fit < 1.5 && root.dataset.step > 0)) {
        if (performance.now() - begun > 120_000) return { seconds: Infinity, step: Number(root.dataset.step) };
        await new Promise(requestAnimationFrame);
    }
    return { seconds: (performance.now() - begun) / 1000, step: Number(root.dataset.step) };
}"""


def opened(page: Page, **options) -> Page:
    page.goto(DiffusionPlayground(**options).to_html(OUT / "page.html").as_uri())
    page.wait_for_function("() => document.querySelector('.ddw')?.dataset.fit", timeout=60_000)
    return page


def torch_steps(seconds: float) -> float:  # a second
    points, schedule, net = plane_points("moons", 500), cosine_schedule(100), PlaneNet()
    opt = torch.optim.Adam(net.parameters(), lr=0.005)
    average, own = [[p.detach().clone() for p in net.parameters()] for _ in range(2)][0], list(net.parameters())
    begun, n = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        x0 = points[torch.randint(len(points), (256,))]
        (x_t, t), eps = noisify(x0, schedule)
        loss = (net(x_t, t) - eps).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            torch._foreach_lerp_(average, own, 0.001)
        n += 1
    return n / (time.perf_counter() - begun)


def parents() -> dict[int, int]:
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # a process that has ended
            pass
    return found


def memory(page: Page) -> tuple[float, float]:
    "MB of this script's processes that show pages, and of the page's heap."
    known, rss = parents(), 0
    for pid in known:
        line, above = [pid], known.get(pid, 0)
        while above > 1:
            line, above = [*line, above], known.get(above, 0)
        proc = Path(f"/proc/{pid}")
        if os.getpid() in line and b"--type=renderer" in (proc / "cmdline").read_bytes():
            rss += int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    page.evaluate("() => globalThis.gc?.()")
    return rss / 1e6, page.evaluate("() => performance.memory.usedJSHeapSize") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10, help="of training, while memory is watched; 0: not")
    parser.add_argument("--cores", type=int, default=0, help="processor cores of the browser; 0: all there are")
    args = parser.parse_args()
    torch.set_num_threads(1)
    all_cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, all_cores[: args.cores or None])  # the browser's processes inherit it
    with sync_playwright() as p:
        flags = ["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"]
        browser = p.chromium.launch(executable_path=find_browser(), args=flags)
        os.sched_setaffinity(0, all_cores)
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        print(
            f"{args.cores or len(all_cores)} of {len(all_cores)} cores, load {os.getloadavg()[0]:.1f}, PyTorch {torch.__version__}"
        )

        seen: dict[str, list[dict]] = {}
        theirs = []
        for _ in range(3):
            for name, options in {"still": {}, "played": {"direction": "sample"}, "difference, played": {"field": "both", "direction": "sample"}}.items():  # fmt: skip
                opened(page, t=20, running=True, **options).wait_for_timeout(1000)
                if options:
                    page.locator(".ddw-play").click()
                seen.setdefault(name, []).append(page.evaluate(WATCH, args.seconds if not options else 4))
            page.get_by_role("button", name="Pause").first.click()
            theirs.append(torch_steps(args.seconds / 2))
        middle = lambda rows, key: statistics.median(row[key] for row in rows)  # noqa: E731
        for name, rows in seen.items():
            print(
                f"{name:20} {middle(rows, 'steps'):5.0f} steps/s, {middle(rows, 'frames'):4.1f} frames/s, 95 % of them within {middle(rows, 'slow'):.0f} ms"
            )
        print(
            f"{'PyTorch, one thread':20} {statistics.median(theirs):5.0f} steps/s: the page takes {middle(seen['still'], 'steps') / statistics.median(theirs):.2f} times as many"
        )

        for seed in range(args.seeds):
            found = opened(page, seed=seed).evaluate(FIT)
            print(f"seed {seed}: 1.5 × floor after {found['seconds']:.1f} s and {found['step']} steps")

        if args.minutes:
            opened(page, running=True).wait_for_timeout(6000 * args.minutes)
            early = memory(page)
            page.wait_for_timeout(54_000 * args.minutes)
            late = memory(page)
            steps = int(page.get_attribute(".ddw", "data-step") or 0)
            print(
                f"{args.minutes:g} minutes, {steps:,} steps: processes {early[0]:.0f} MB → {late[0]:.0f} MB ({late[0] / early[0]:.3f}), heap {early[1]:.2f} → {late[1]:.2f} MB"
            )
        browser.close()


if __name__ == "__main__":
    main()
