"""What a page of the built site costs its reader: bytes, requests, the first widget, shifts of the layout, accessibility.

Headless Chromium opens each page from a server that compresses as real ones do, with nothing kept from the page before.
`kB` and `requests` are counted until the page is loaded, plotly aside, which comes when a plot is near. `first widget` is the
time in ms until the first widget is there: from the start of the navigation where it stands on the first screen, else (*)
from the moment when the reader scrolls to it. `shift` is the layout shift (web.dev/cls) until the page has been scrolled
through. `axe` counts what axe-core finds then.

    make docs && python benchmarks/site_pages.py [--width 400] [--scheme dark] [PAGE …]
"""

import argparse
import gzip
import statistics
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/support"), str(ROOT / "tests/widgets")]
from conftest import find_browser  # noqa: E402
from test_accessibility import AXE, RULES  # noqa: E402

SITE = ROOT / "_docs"
WATCH = """
window.seen = { shift: 0 };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new MutationObserver(() => {
  if (!seen.widget && document.querySelector(".ddw")) seen.widget = performance.now();
}).observe(document, { childList: true, subtree: true });
"""


class Compressed(SimpleHTTPRequestHandler):
    "Serves a folder as real hosts do: text is compressed, once."

    packed: dict[Path, bytes] = {}

    def log_message(self, *args):
        pass

    def do_GET(self):
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file() or file.suffix in (".woff2", ".webp", ".png", ".page"):
            return super().do_GET()
        if file not in self.packed:
            self.packed[file] = gzip.compress(file.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(self.packed[file])))
        self.end_headers()
        self.wfile.write(self.packed[file])


def measure(browser, address: str, width: int, scheme: str) -> dict:
    "Open a page in a fresh context, walk through it, and return its figures."
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address, wait_until="load")
    loaded = page.evaluate(
        """() => performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
             .filter((e) => !e.name.includes("plotly")).map((e) => e.transferSize)"""
    )
    page.wait_for_timeout(1000)
    found = {"kB": sum(loaded) / 1000, "requests": len(loaded), "first widget": None, "late": False}
    if page.locator("[data-ddw]").count():
        if page.evaluate("!seen.widget"):
            found["late"] = True
            start = page.evaluate(
                "document.querySelector('[data-ddw]').scrollIntoView({ block: 'center' }), performance.now()"
            )
            page.locator(".ddw").first.wait_for(timeout=10_000)
        found["first widget"] = page.evaluate("seen.widget") - (start if found["late"] else 0)
    for y in range(0, page.evaluate("document.documentElement.scrollHeight"), 600):
        page.evaluate("y => scrollTo(0, y)", y)
        page.wait_for_timeout(60)
    found["shift"] = page.evaluate("seen.shift")
    page.evaluate("scrollTo(0, 0)")
    page.add_script_tag(path=AXE)
    found["axe"] = len(page.evaluate("(rules) => axe.run(document, { rules })", RULES)["violations"])
    context.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as lessons/dropout.html (default: all)")
    parser.add_argument("--width", type=int, default=1400)
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    given = parser.parse_args()
    every = (p.relative_to(SITE) for p in SITE.rglob("*.html"))
    pages = given.pages or sorted(str(p) for p in every if p.parts[0] not in ("static", "site_libs"))
    if not pages:
        sys.exit(f"There is no site in {SITE.name}: build it with `make docs` first.")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressed, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'page':44} {'kB':>6} {'requests':>9} {'first widget':>13} {'shift':>7} {'axe':>4}")
    rows = []
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find_browser())
        for name in pages:
            row = measure(browser, f"http://127.0.0.1:{server.server_port}/{name}", given.width, given.scheme)
            rows.append(row)
            first = "" if row["first widget"] is None else f"{row['first widget']:.0f}{'*' if row['late'] else ' '}"
            print(
                f"{name:44} {row['kB']:6.0f} {row['requests']:9} {first:>13} {row['shift']:7.3f} {row['axe']:4}",
                flush=True,
            )
    server.shutdown()
    widgets = [row["first widget"] for row in rows if row["first widget"] is not None]
    if widgets:
        print(f"first widget: median {statistics.median(widgets):.0f} ms, slowest {max(widgets):.0f} ms")


if __name__ == "__main__":
    main()
