"""The network in the page against PyTorch, onnxruntime-web and tfjs: the same weights, the same images, one thread each.

    python benchmarks/live_sampler.py [--rounds 5]

One run of headless Chromium holds all three ways to compute in a page; PyTorch computes between them, in rounds, so that a busy
minute is everybody's. Of each round the best pass counts, of the rounds the median. Then LiveSampler itself: a brush is dragged over
the noise for five seconds, pictures and frames are counted; and how large what was loaded is. The peers come from npm and, for the ONNX
file, from pip; they go into benchmarks/out.
"""

import argparse
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
import warnings
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import torch
from playwright.sync_api import Page, sync_playwright

from ddpm_widgets import LiveSampler, page_weights, pretrained

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/support")]
from conftest import find_browser  # noqa: E402

OUT = ROOT / "benchmarks/out/live_sampler"
WAYS = ("ours", "tfjs", "onnxruntime")
FRAMES = """() => {
    globalThis.frames = []; let last = performance.now();
    const tick = (now) => { globalThis.frames.push(now - last); last = now; requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
}"""


def prepare(model: torch.nn.Module) -> None:
    "The peers, the bundle, the weights in two formats."
    OUT.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "benchmarks/live_sampler/package.json", OUT)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=OUT, check=True)
    python = OUT / "python"
    if not python.is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(python)]
        subprocess.run([*command, "onnx", "protobuf", "ml_dtypes"], check=True)
    sys.path.append(str(python))
    entry = ROOT / "benchmarks/live_sampler/engines.js"
    options = ["--bundle", "--format=esm", f"--outfile={OUT / 'engines.js'}", "--log-level=error"]
    env = {**os.environ, "NODE_PATH": str(OUT / "node_modules")}
    subprocess.run([ROOT / "js/node_modules/.bin/esbuild", str(entry), *options], check=True, env=env)
    (OUT / "weights.page").write_bytes(page_weights(model, "fp32"))
    x, t = torch.zeros(1, 1, 32, 32), torch.zeros(1)
    axes = {"x": {0: "n"}, "y": {0: "n"}, "t": {0: "n"}}
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            model, (x, t), str(OUT / "model.onnx"), input_names=["x", "t"], output_names=["y"],
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
    (OUT / "index.html").write_text('<!doctype html><script type="module" src="engines.js"></script>')


@torch.inference_mode()
def torch_pass(model: torch.nn.Module, n: int, rounds: int) -> float:  # milliseconds
    x, best = torch.randn(n, 1, 32, 32), float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        model(x, 500)
        best = min(best, 1000 * (time.perf_counter() - begun))
    return best


def drag(page: Page, seconds: float) -> tuple[float, float, float]:
    "Paint on the noise: pictures a second, the longest frame, and the share of frames above 50 ms."
    page.goto((OUT / "live.html").as_uri())
    page.wait_for_selector("[data-seeds='16']", timeout=120_000)
    box = page.locator(".pad canvas").bounding_box()
    assert box is not None
    root = page.locator(".ddw-live-sampler")
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.wait_for_timeout(300)
    page.evaluate(FRAMES)
    before, begun, k = int(root.get_attribute("data-painted") or 0), time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        k += 1
        where = 0.5 + 0.35 * np.sin(k / 9), 0.5 + 0.35 * np.cos(k / 7)
        page.mouse.move(box["x"] + where[0] * box["width"], box["y"] + where[1] * box["height"])
    frames = np.array(page.evaluate("globalThis.frames"))[1:]
    drawn = int(root.get_attribute("data-painted") or 0) - before
    page.mouse.up()
    return drawn / (time.perf_counter() - begun), float(frames.max()), float((frames > 50).mean())


def heap(page: Page, redraws: int) -> tuple[float, float]:
    "Megabytes of the page's heap before and after many redraws, each of other noise in two steps."
    page.goto((OUT / "live.html").as_uri())
    page.wait_for_selector("[data-seeds='16']", timeout=120_000)
    size = []
    for k in range(redraws + 100):
        n = int(page.get_attribute(".ddw-live-sampler", "data-painted") or 0)
        traits = "m.set('steps', 2); " if k == 0 else ""
        page.evaluate(
            f"{{ const m = document.querySelector('[data-ddw]').ddw.model; {traits} m.set('mix', {k % 100} / 100); m.set('to_seed', {k % 50}); }}"
        )
        page.wait_for_function("n => Number(document.querySelector('.ddw-live-sampler').dataset.painted) > n", arg=n)
        if k in (99, redraws + 99):
            client = page.context.new_cdp_session(page)
            client.send("HeapProfiler.collectGarbage")
            size.append(client.send("Runtime.getHeapUsage")["usedSize"] / 1e6)
    return size[0], size[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = pretrained()
    prepare(model)
    LiveSampler(seed=3).to_html(OUT / "live.html")
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *a: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(OUT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found: dict[str, list[float]] = {f"{way} {n}": [] for way in (*WAYS, "torch") for n in (1, 16)}
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_function("globalThis.ready", timeout=60_000)
        assert (ready := page.evaluate("globalThis.ready")) is True, ready
        x = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            expected = model(x, 500).ravel()
        for way in WAYS:
            own = torch.tensor(page.evaluate("([w, x]) => pass(w, x, 500)", [way, x.ravel().tolist()]))
            print(f"{way:12} differs from PyTorch by {(own - expected).abs().max():.1e}")
        for _ in range(args.rounds):
            for n, passes in ((1, 30), (16, 4)):
                for way in WAYS:
                    found[f"{way} {n}"].append(page.evaluate("a => time(...a)", [way, n, passes]))
                found[f"torch {n}"].append(torch_pass(model, n, passes))
        whole = [page.evaluate("images(1, 10)"), page.evaluate("images(16, 20)")]
        page.close()
        brush = drag(browser.new_page(), 5)
        before, after = heap(browser.new_page(), 1000)
        browser.close()
    server.shutdown()
    median = {name: statistics.median(values) for name, values in found.items()}
    for n in (1, 16):
        for way in (*WAYS, "torch"):
            ms = median[f"{way} {n}"]
            print(f"{n:2} image{'s' * (n > 1):1} {way:12} {ms:7.2f} ms a pass, {ms / median[f'torch {n}']:.2f} of PyTorch's, {ms / median[f'ours {n}']:.2f} of ours")  # fmt: skip
    print(f"one image in 10 steps {whole[0]:.0f} ms, sixteen in 20 steps {whole[1] / 1000:.2f} s")
    print(f"brush: {brush[0]:.1f} pictures a second, longest frame {brush[1]:.0f} ms, {100 * brush[2]:.1f} % of frames above 50 ms")  # fmt: skip
    print(f"heap of the page: {before:.2f} MB, after 1,000 redraws {after:.2f} MB")
    static = ROOT / "ddpm_widgets/static/live_sampler.js"
    print(f"bundle {static.stat().st_size:,} bytes, {len(gzip.compress(static.read_bytes())):,} packed")
    for name, folder in (("onnxruntime-web", "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"), ("tfjs", "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm")):  # fmt: skip
        print(f"{name} loads {(OUT / 'node_modules' / folder).stat().st_size:,} bytes of WebAssembly")
    print(json.dumps({name: round(value, 2) for name, value in median.items()}))


if __name__ == "__main__":
    main()
