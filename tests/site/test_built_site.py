"""The built site as readers meet it: every page that Quarto wrote, on a server that knows nothing else, every other host blocked.

`make docs` builds it, `make check-docs` looks at it with these tests. They are skipped where DDPM_WIDGETS_SITE does not name
the folder of a built site; `test_docs_pages.py` looks at what the site is made of without Quarto.
"""

import gzip
import os
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_accessibility import AXE, RULES

SITE = os.environ.get("DDPM_WIDGETS_SITE", "")
if not (Path(SITE) / "index.html").is_file() or not SITE:
    pytest.skip("DDPM_WIDGETS_SITE names no folder of a built site: see `make check-docs`", allow_module_level=True)
PAGES = sorted(
    str(p.relative_to(SITE))
    for p in Path(SITE).rglob("*.html")
    if p.relative_to(SITE).parts[0] not in ("static", "site_libs")
)
BASE = "/ddpm-widgets/"  # a project's site stands in a folder of its host
PACKED = (".woff", ".woff2", ".webp", ".png")  # a server compresses everything else
MOST = 400_000  # bytes that a page may ask for until it is loaded, compressed, plotly aside

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
each_page = pytest.mark.parametrize("name", PAGES)


class Handler(SimpleHTTPRequestHandler):
    "Serves the site under BASE, and keeps what a page weighed."

    def log_message(self, *args):
        pass

    def translate_path(self, path):
        return super().translate_path(path.removeprefix(BASE.rstrip("/")) if path.startswith(BASE) else "/no-such-page")

    def do_GET(self):
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if file.is_dir() else file
        if file.is_file() and "plotly" not in file.name:
            data = file.read_bytes()
            self.server.weights[file.name] = len(data if file.suffix in PACKED else gzip.compress(data))
        super().do_GET()


@pytest.fixture(scope="module")
def served():
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=SITE))
    server.weights = {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def visit(served, new_page):
    "Opens a page; it must have nothing to complain of, then and at the end of the test."
    pages = []

    def open_page(name, **options):
        page = new_page(reduced_motion="reduce", **options)
        page.on("console", lambda m: page.errors.append(m.text) if m.type in ("error", "warning") else None)
        page.on("response", lambda r: page.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        served.weights.clear()
        page.goto(f"http://127.0.0.1:{served.server_port}{BASE}{name}", wait_until="load")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        assert not page.errors and not page.outside, (page.url, page.errors, page.outside)


def walk(page):
    "Scroll to the end, so that all that waits until it is near is there."
    height = page.evaluate("document.documentElement.scrollHeight")
    for y in range(0, height, 600):
        page.evaluate("y => scrollTo(0, y)", y)
        page.wait_for_timeout(40)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)


@each_page
def test_a_page_is_alive_and_light(name, served, visit):
    page = visit(name, viewport={"width": 1400, "height": 900})
    weighs = sum(served.weights.values())
    assert weighs <= MOST, sorted(served.weights.items(), key=lambda item: -item[1])[:6]
    walk(page)
    for place in page.locator("[data-ddw]").all():
        place.scroll_into_view_if_needed()
        place.locator(".ddw").wait_for(timeout=5000)
    for plot in page.locator("[data-ddw-plot]").all():
        plot.scroll_into_view_if_needed()
        plot.locator(".main-svg").first.wait_for(timeout=5000)
    broken = "() => [...document.images].filter((i) => i.complete && !i.naturalWidth && i.checkVisibility()).map((i) => i.src)"
    assert page.evaluate(broken) == []
    assert not page.locator(".katex-error").count()


CUT = """(plot) => {
  const { left, right, top, bottom } = plot.getBoundingClientRect();
  const cut = (r) => r.width && (r.left < left - 1 || r.right > right + 1 || r.top < top - 4 || r.bottom > bottom + 4); // a line is taller than its letters
  return [...plot.querySelectorAll("text")].filter((e) => cut(e.getBoundingClientRect())).map((e) => e.textContent);
}"""


@each_page
def test_nothing_sticks_out_on_a_phone(name, visit):
    page = visit(name, viewport={"width": 400, "height": 800})
    walk(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    for plot in page.locator("[data-ddw-plot]").all():
        plot.scroll_into_view_if_needed()
        page.wait_for_function("e => e.dataset.painted !== undefined", arg=plot.element_handle(), timeout=5000)
        assert plot.evaluate(CUT) == [], "words of a figure that are cut off"


@each_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_accessible(name, scheme, visit, need):
    need("node", AXE.is_file(), "js/node_modules/axe-core is missing: run `make js`")
    page = visit(name, viewport={"width": 1400, "height": 900}, color_scheme=scheme)
    assert ("quarto-dark" in page.evaluate("document.body.className")) == (scheme == "dark"), "the reader's own choice"
    walk(page)
    page.add_script_tag(path=AXE)
    rules = {**RULES, "page-has-heading-one": {"enabled": True}}
    found = page.evaluate("(rules) => axe.run(document, { rules })", rules)["violations"]
    assert not found, "\n".join(f"{v['id']}: {node['html'][:160]}" for v in found for node in v["nodes"])


def test_the_theme_is_kept_from_page_to_page(visit):
    page = visit("index.html", color_scheme="light", viewport={"width": 1400, "height": 900})
    dark = lambda: "quarto-dark" in page.evaluate("document.body.className")  # noqa: E731
    page.locator(".quarto-color-scheme-toggle").first.click()
    assert dark()
    page.goto(page.url.replace("index.html", "lessons/dropout.html"))
    assert dark()


@pytest.mark.parametrize(
    ("words", "leads_to"),
    [
        ("cosine schedule", "schedule"),
        ("noisify", "api/noising.html"),
        ("NoiseScrubber", "api/widgets/noise_scrubber.html"),
        ("how do I train", "guides/own_pictures.html"),
        ("samples are noise", "guides/samples_are_noise.html"),
        ("resume a run", "guides/resume_a_run.html"),
        ("what is a diffusion model", "lessons/generative_models.html"),
        ("train on own folder of pictures", "guides/own_pictures.html"),
        ("ImageFolder", "api/datasets.html"),
        ("nosify", "api/noising.html"),
    ],
)
def test_search_ranks_names_and_guides_first(words, leads_to, visit):
    page = visit("index.html", viewport={"width": 1400, "height": 900})
    page.locator("#quarto-search button, #quarto-search .aa-DetachedSearchButton").first.click()
    page.keyboard.type(words)
    page.locator(".aa-Item").first.wait_for()
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(leads_to)), timeout=5000)


@pytest.mark.parametrize("width", [800, 1400])
def test_nothing_lies_over_what_is_pressed_on_the_front_page(width, visit):
    page = visit("index.html", viewport={"width": width, "height": 900})
    walk(page)
    covered = """() => [...document.querySelectorAll("main a, main button, main summary")].filter((e) => {
      if (!e.checkVisibility()) return false;
      e.scrollIntoView({ block: "center" });
      return [...e.getClientRects()].some(({ left, right, top, bottom }) => [0.1, 0.5, 0.9].some((k) => {
        const hit = document.elementFromPoint(left + k * (right - left), (top + bottom) / 2);
        return !hit?.closest("main");
      }));
    }).map((e) => e.textContent)"""
    assert page.evaluate(covered) == []


def test_the_first_tab_skips_to_the_content(visit):
    page = visit("lessons/dropout.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.url.endswith("#quarto-document-content")


def test_the_network_draws_on_a_page_from_the_disk(new_page):
    page = new_page()
    page.goto((Path(SITE) / "index.html").resolve().as_uri())
    page.locator(".ddw-live-sampler[data-painted]").wait_for(timeout=60_000)
    assert not page.errors and not page.outside


@pytest.mark.parametrize("name", ["gallery.html", "lessons/watching_it_happen.html"])
def test_a_page_lives_on_the_disk(name, new_page):
    page = new_page()
    page.goto((Path(SITE) / name).resolve().as_uri())
    place = page.locator("[data-ddw]").first
    place.scroll_into_view_if_needed()
    slider = place.locator("input[type=range]").first
    slider.wait_for()
    before = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.input_value() != before
    assert not page.errors and not page.outside
