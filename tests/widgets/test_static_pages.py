"The widgets on a page saved by `to_html`: opened from disk, no kernel, no network, a real mouse and keyboard."

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from ddpm_widgets._docs import AT_ONCE
from ddpm_widgets.widgets.noise_scrubber import NoiseScrubber
from ddpm_widgets.widgets.page import embed, host_script, save_html

LINEAR = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
_F = np.cos((np.arange(1001) / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2
COSINE = np.cumprod(1 - np.minimum(1 - _F[1:] / _F[:-1], 0.999))
RAW = "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let s = ''; for (const v of d) s += String.fromCharCode(v); return [btoa(s), c.width, c.height, {...c.dataset}]; }"  # fmt: skip


def pictures(n=12, h=32, w=32, c=1):
    "Images with every grey level in them, each different."
    y, x, k = np.mgrid[:h, :w, :n]
    im = (y * 8 + x * 3 + k * 17 + (np.hypot(x - w / 2, y - h / 2) < 4 + k) * 100).transpose(2, 0, 1) % 256
    return np.stack([(im * (1 + ch)) % 256 for ch in range(c)], -1).astype(np.uint8)


def shown(canvas, shape):
    "The images on a canvas, as the widget laid them out."
    data, width, height, at = canvas.evaluate(RAW)
    rgb = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3]
    n, h, w, c = shape
    columns, gx, gy = (int(at[k]) for k in ("columns", "gapX", "gapY"))
    corners = [(i // columns * (h + gy), i % columns * (w + gx)) for i in range(n)]
    return np.stack([rgb[y : y + h, x : x + w, :c] for y, x in corners]).astype(int)


class Shown:
    "A widget on a page."

    def __init__(self, page, index=0):
        self.page, self.place = page, page.locator("[data-ddw]").nth(index)
        self.root = self.place.locator(".ddw-noise-scrubber")
        self.root.wait_for()
        self.slider, self.chart = self.root.locator("input[type=range]"), self.root.locator(".ddw-chart")
        self.canvas = self.root.locator(".bands canvas")

    @property
    def t(self):
        return self.get("t")

    def get(self, name):
        return self.place.evaluate("(el, name) => el.ddw.model.get(name)", name)

    def set(self, name, value):
        self.place.evaluate("(el, [name, value]) => el.ddw.model.set(name, value)", [name, value])

    def painted(self, t=None):
        "Wait until what the model says is on screen; returns t."
        t = self.t if t is None else t
        self.page.wait_for_function(
            "([el, t]) => el.dataset.painted === String(t)", arg=[self.root.element_handle(), t]
        )
        self.page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
        return t

    def box(self, what=".ddw-plot"):
        return self.root.locator(what).bounding_box()


@pytest.fixture
def open_page(page, tmp_path):
    "Save widgets, open the file, return them as shown there."

    def make(*widgets):
        page.goto(save_html(tmp_path / "page.html", *widgets).as_uri())
        return [Shown(page, i) for i in range(len(widgets))] if len(widgets) > 1 else Shown(page)

    return make


def near(got, expected):
    "Within one grey level."
    expected = expected.astype(int)
    assert np.abs(got - expected).max() <= 1
    assert expected.std() > 10, "a picture that could be anything"


# -- what is on screen


@pytest.mark.parametrize("c", [1, 3], ids=["grey", "rgb"])
def test_pixels_are_numpys_at_several_t(open_page, c):
    w = NoiseScrubber(pictures(c=c), LINEAR, seed=7)
    s = open_page(w)
    for t in (0, 1, 250, 500, 999):
        s.set("t", t)
        s.painted(t)
        near(shown(s.canvas, w.shape), w.frame(t))


def test_one_image_and_a_thousand(open_page):
    for w in (NoiseScrubber(pictures(1, 20, 28), LINEAR, t=300), NoiseScrubber(pictures(1000), LINEAR, t=300)):
        s = open_page(w)
        s.painted(300)
        near(shown(s.canvas, w.shape), w.frame())


def test_terms_add_up_and_every_schedule_has_its_own(open_page):
    w = NoiseScrubber(pictures(), {"linear": LINEAR, "cosine": COSINE}, t=400)
    s = open_page(w)
    assert s.canvas.count() == 2
    s.root.get_by_role("button", name="Show the terms").click()
    s.canvas.nth(5).wait_for()
    s.painted()
    x0, eps = w.images / 127.5 - 1, w.noise()
    for k, (name, curve) in enumerate(w.schedule.items()):
        a = float(curve[400])
        for canvas, value in zip(range(3), (a**0.5 * x0, (1 - a) ** 0.5 * eps, None), strict=True):
            expected = w.frame(schedule=name) if value is None else (value.clip(-1, 1) + 1) * 127.5
            near(shown(s.canvas.nth(3 * k + canvas), w.shape), np.rint(expected))
    weights = s.root.locator(".band").nth(1).locator(".weight").all_inner_texts()
    a = COSINE[400]
    assert [x.split()[0] for x in weights] == [f"{a**0.5:.3f}", f"{(1 - a) ** 0.5:.3f}"]
    assert (
        s.root.locator(".band").nth(1).locator(".ddw-head > .ddw-num").inner_text()
        == f"signal-to-noise ratio {a / (1 - a):.2f}"
    )


def test_other_noise_and_new_noise_at_each_t(open_page):
    w = NoiseScrubber(pictures(), LINEAR, t=600, seed=3)
    s = open_page(w)
    s.root.get_by_role("button", name="Draw again").click()
    s.page.wait_for_function("el => el.dataset.seed === '4'", arg=s.root.element_handle())
    s.painted()
    w.seed = 4
    near(shown(s.canvas, w.shape), w.frame())
    s.root.get_by_role("button", name="New noise at each t").click()
    w.fresh = True
    for t in (600, 601):
        s.set("t", t)
        s.painted(t)
        near(shown(s.canvas, w.shape), w.frame(t))
    assert not np.array_equal(w.noise(600), w.noise(601))


def test_state_set_from_outside_repaints(open_page):
    w = NoiseScrubber(pictures(), LINEAR, t=100)
    s = open_page(w)
    w.images = pictures(5, 16, 24)
    state = w.saved_state()
    s.place.evaluate(
        """(el, { state, buffers }) => {
            const bytes = Uint8Array.from(atob(buffers.find((b) => b.path[0] === "x0").data), (c) => c.charCodeAt(0));
            el.ddw.model.set("x0", new DataView(bytes.buffer));
            el.ddw.model.set("shape", state.shape);
        }""",
        state,
    )
    s.root.locator('.bands canvas[data-columns="5"]').wait_for()  # a new canvas: the old one never changes
    s.painted()
    near(shown(s.canvas, w.shape), w.frame())


# -- hands


def test_drag_along_the_curve(open_page):
    w = NoiseScrubber(pictures(), LINEAR)
    s = open_page(w)
    box = s.box()
    y = box["y"] + box["height"] / 2
    s.page.mouse.move(box["x"] + 2, box["y"] + 2)
    s.page.mouse.down()
    seen = []
    for share in (0.25, 0.5, 0.75):
        s.page.mouse.move(box["x"] + share * box["width"], y, steps=6)
        seen.append(s.painted())
        assert abs(s.t - share * 999) <= 2
        near(shown(s.canvas, w.shape), w.frame(s.t))
        dot = s.box(".ddw-dot")  # the handle lies on the curve
        at = 1 - (dot["y"] + dot["height"] / 2 - box["y"]) / box["height"]
        assert abs(at - LINEAR[s.t]) < 0.02
    s.page.mouse.move(box["x"] + 5 * box["width"], y + 500)  # the grip holds outside, t stays within
    assert s.painted() == 999
    s.page.mouse.up()
    s.page.mouse.move(box["x"], y)
    assert s.painted() == 999 and seen == sorted(set(seen))


def test_drag_the_slider(open_page):
    w = NoiseScrubber(pictures(), LINEAR)
    s = open_page(w)
    box = s.slider.bounding_box()
    y = box["y"] + box["height"] / 2
    s.page.mouse.move(box["x"] + 8, y)
    s.page.mouse.down()
    s.page.mouse.move(box["x"] + box["width"] / 2, y, steps=10)
    s.page.mouse.up()
    assert abs(s.painted() - 500) < 10
    near(shown(s.canvas, w.shape), w.frame(s.t))


def test_keys(open_page):
    s = open_page(NoiseScrubber(pictures(), LINEAR, t=500))
    s.page.evaluate("() => { window.leaked = []; addEventListener('keydown', (e) => leaked.push(e.key)); }")
    s.slider.focus()
    steps = [("ArrowRight", 501), ("ArrowUp", 502), ("ArrowLeft", 501), ("ArrowDown", 500), ("PageUp", 600),
             ("PageDown", 500), ("End", 999), ("ArrowRight", 999), ("Home", 0), ("Shift+ArrowRight", 10)]  # fmt: skip
    for key, t in steps:
        s.page.keyboard.press(key)
        assert s.t == t, key
        s.painted(t)
    assert s.page.evaluate("leaked") == ["Shift"], "the notebook must not see keys that the widget used"
    s.page.keyboard.press("b")
    assert s.page.evaluate("leaked")[-1] == "b", "nor miss those it did not"
    assert "t 10: signal 0.99" in s.slider.get_attribute("aria-valuetext")


def test_play_and_pause(open_page):
    s = open_page(NoiseScrubber(pictures(), LINEAR, t=100))
    s.slider.focus()
    s.page.keyboard.press("Space")
    s.page.wait_for_function("el => +el.dataset.painted > 150", arg=s.root.element_handle())
    s.root.get_by_role("button", name="Pause").click()
    t = s.painted()
    s.page.wait_for_timeout(150)
    assert s.t == t
    s.set("t", 990)
    s.root.get_by_role("button", name="Play").click()
    s.painted(999)
    s.root.get_by_role("button", name="Play").wait_for()  # stops at the end by itself, and then begins anew
    s.root.get_by_role("button", name="Play").click()
    s.page.wait_for_function("el => +el.dataset.painted < 500", arg=s.root.element_handle())


def test_the_wheel_scrolls_the_page_after_a_drag_too(open_page):
    s = open_page(NoiseScrubber(pictures(64), LINEAR, t=500))
    s.page.set_viewport_size({"width": 900, "height": 300})
    s.chart.scroll_into_view_if_needed()
    box = s.box()
    s.page.mouse.move(box["x"] + 30, box["y"] + 30)
    s.page.mouse.down()
    s.page.mouse.move(box["x"] + 90, box["y"] + 40, steps=4)
    s.page.mouse.up()
    s.page.wait_for_function("el => el.dataset.painted !== '500'", arg=s.root.element_handle())
    t, top = s.t, s.page.evaluate("scrollY")
    for way in (-100, 100):
        s.page.mouse.wheel(0, way)
        s.page.wait_for_function("([top, way]) => way < 0 ? scrollY < top : scrollY >= top", arg=[top, way])
    assert s.t == t


# -- looking closely


def test_read_a_pixel(open_page):
    w = NoiseScrubber(pictures(), LINEAR, t=250, labels=[f"thing {i}" for i in range(12)])
    s = open_page(w)
    at = {k: int(v) for k, v in s.canvas.evaluate("c => ({...c.dataset, w: c.width})").items()}
    box, image, x, y = s.canvas.bounding_box(), 5, 9, 21
    scale = box["width"] / at["w"]
    left, top = image % at["columns"] * (32 + at["gapX"]), image // at["columns"] * (32 + at["gapY"])
    point = box["x"] + (left + x + 0.5) * scale, box["y"] + (top + y + 0.5) * scale
    card = s.root.locator(".card.floating")
    assert card.is_hidden()
    s.page.mouse.move(*point)
    card.wait_for()
    assert card.locator("div").first.inner_text() == f"pixel ({x}, {y}) of image 6 · thing 5"
    x0, eps, a = w.images[image, y, x, 0] / 127.5 - 1, w.noise()[image, y, x, 0], LINEAR[250]

    def values():
        return [float(v.replace("−", "-")) for v in card.locator("dd").all_inner_texts()]

    assert np.allclose(values(), [x0, eps, a**0.5 * x0 + (1 - a) ** 0.5 * eps], atol=6e-4)
    s.set("t", 900)
    s.painted(900)
    assert np.isclose(values()[2], LINEAR[900] ** 0.5 * x0 + (1 - LINEAR[900]) ** 0.5 * eps, atol=6e-4)
    path = card.locator("path").get_attribute("d")
    points = np.array([p.split(" ") for p in path[1:].split("L")], float)
    ts = points[:, 0] / 1000 * 999
    expected = np.sqrt(np.interp(ts, range(1000), LINEAR)) * x0 + np.sqrt(1 - np.interp(ts, range(1000), LINEAR)) * eps
    assert np.corrcoef(50 - points[:, 1], expected)[0, 1] > 0.9999, "the path of this pixel over all t"
    s.page.mouse.move(box["x"] + (32 + 0.5) * scale, point[1])  # between two images there is nothing to read
    assert card.is_hidden()
    s.page.mouse.move(*point)
    s.page.mouse.move(5, 5)
    assert card.is_hidden()


def test_enlarge(open_page):
    w = NoiseScrubber(pictures(), LINEAR, t=250)
    s = open_page(w)
    box = s.canvas.bounding_box()
    s.page.mouse.click(box["x"] + 10, box["y"] + 10)
    stage = s.root.locator(".stage")
    stage.wait_for()
    assert s.get("enlarged") == 0
    s.painted()
    near(shown(stage.locator("canvas"), [1, *w.shape[1:]]), w.frame()[:1])
    assert stage.locator("canvas").bounding_box()["width"] >= 220
    stage.get_by_role("button", name="Next image").click()
    stage.get_by_text("Image 2 of 12").wait_for()
    s.painted()
    near(shown(stage.locator("canvas"), [1, *w.shape[1:]]), w.frame()[1:2])
    stage.locator("canvas").focus()
    t = s.t
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        s.page.keyboard.press(key)
    s.painted()  # what is read below is of the last key
    x, y = json.loads("[" + stage.get_by_text("pixel (").inner_text().split("(")[1].split(")")[0] + "]")
    stage.get_by_text(f"pixel ({x}, {y}) of image 2").wait_for()
    s.page.wait_for_function("el => el.textContent.includes('pixel (')", arg=stage.element_handle())
    assert s.t == t, "arrows on the image move the pixel, not t"
    s.page.keyboard.press("Escape")
    stage.wait_for(state="hidden")
    assert s.get("enlarged") == -1
    s.root.get_by_role("button", name="Enlarge").click()
    stage.wait_for()
    stage.get_by_role("button", name="Close").click()
    stage.wait_for(state="hidden")


def test_no_tip_covers_the_enlarged_image(open_page):
    s = open_page(NoiseScrubber(pictures(), LINEAR, t=250))
    box = s.canvas.bounding_box()
    s.page.mouse.move(box["x"] + 10, box["y"] + 10)
    card, stage = s.root.locator(".card.floating"), s.root.locator(".stage")
    card.wait_for()
    s.page.mouse.click(box["x"] + 10, box["y"] + 10)
    stage.wait_for()
    s.page.mouse.move(box["x"] + 14, box["y"] + 14)
    assert card.is_hidden()


def test_blind_hides_labels_until_asked_and_plays_towards_the_images(open_page):
    w = NoiseScrubber(pictures(4), LINEAR, labels=["boot", "bag", "boot", "bag"], blind=True)
    s = open_page(w)
    assert s.painted() == 999 and s.root.locator(".label").count() == 0
    box = s.canvas.bounding_box()
    s.page.mouse.move(box["x"] + 10, box["y"] + 10)
    s.root.locator(".card.floating").wait_for()
    s.root.get_by_role("button", name="Enlarge").click()
    assert "boot" not in s.root.inner_text() and "bag" not in s.root.inner_text()
    s.root.get_by_role("button", name="Play").click()
    s.page.wait_for_function("el => +el.dataset.painted < 950", arg=s.root.element_handle())
    s.root.get_by_role("button", name="Show the labels").click()
    s.root.locator(".label").first.wait_for()
    assert s.root.locator(".label").all_inner_texts() == w.labels and not s.get("blind")


# -- company and manners


def test_a_link_group_moves_together(open_page):
    steps50 = np.cumprod(1 - np.linspace(1e-3, 0.3, 50))
    a, b, short, alone = open_page(
        NoiseScrubber(pictures(4), LINEAR, link="g"),
        NoiseScrubber(pictures(6), COSINE, link="g"),
        NoiseScrubber(pictures(4), steps50, link="g"),
        NoiseScrubber(pictures(4), LINEAR),
    )
    assert a.page.locator("script[id^=ddw-]").count() == 1, "the module is there once"
    a.slider.focus()
    for _ in range(5):
        a.page.keyboard.press("PageUp")
    assert [s.painted() for s in (a, b, short, alone)] == [500, 500, 25, 0]
    b.slider.focus()
    b.page.keyboard.press("End")
    assert [s.painted() for s in (a, b, short, alone)] == [999, 999, 49, 0]


def test_mounting_again_leaks_nothing(open_page):
    s = open_page(NoiseScrubber(pictures(), {"a": LINEAR, "b": COSINE}, link="g", terms=True))
    again = """async (el) => {
        el.ddw.unmount();
        delete el.ddw;
        el.dispatchEvent(new CustomEvent("ddw-mount", { bubbles: true }));
        while (!el.ddw) await new Promise(requestAnimationFrame);
        el.querySelector(".ddw-play").click();
        await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    }"""
    cdp = s.page.context.new_cdp_session(s.page)

    def count():
        for _ in range(3):
            cdp.send("HeapProfiler.collectGarbage")
        found = cdp.send("Memory.getDOMCounters")
        members = s.page.evaluate("globalThis[Symbol.for('ddpm-widgets.links')].members.size")
        return found["jsEventListeners"], found["nodes"], members

    for _ in range(3):
        s.place.evaluate(again)
    before = count()
    for _ in range(20):
        s.place.evaluate(again)
    after = count()
    assert after[0] <= before[0] and after[2] == 1, (before, after)
    assert after[1] <= before[1] * 1.2, (before, after)


def test_markup_in_names_is_text(open_page):
    evil = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    s = open_page(NoiseScrubber(pictures(2), {evil: LINEAR, "b": COSINE}, labels=[evil, "<b>bold</b>"], link=evil))
    assert s.root.get_by_text("<b>bold</b>").count() == 2
    assert s.root.locator(".name").first.inner_text() == evil
    assert s.page.evaluate("window.hacked") is None


@pytest.mark.parametrize("width", [360, 400, 700, 1400])
def test_fits_the_page(open_page, width):
    w = NoiseScrubber(pictures(16), {"linear": LINEAR, "cosine": COSINE}, t=300, terms=True, labels=["long label"] * 16)
    s = open_page(w)
    s.page.set_viewport_size({"width": width, "height": 800})
    s.root.get_by_role("button", name="Enlarge").click()
    s.page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")
    s.painted()
    s.page.wait_for_timeout(100)
    right = s.root.bounding_box()["x"] + s.root.bounding_box()["width"]
    for el in s.root.locator("canvas, button, .card, .ddw-timeline").all():
        if el.is_visible():
            box = el.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= right
    near(shown(s.canvas.nth(2), w.shape), w.frame(300, "linear"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_eight_columns_are_four_on_a_phone(new_page, tmp_path, scheme):
    "A row of eight is two rows of four there: sharp, the same pixels, and the pointer finds the image it points at."
    page = new_page(viewport={"width": 390, "height": 844}, device_scale_factor=3, color_scheme=scheme)
    w = NoiseScrubber(pictures(8), {"linear": LINEAR, "cosine": COSINE}, t=300, columns=8, labels=list("abcdefgh"))
    page.goto(w.to_html(tmp_path / "page.html").as_uri())
    s = Shown(page)
    cards, stage = s.root.locator(".card.floating"), s.root.locator(".stage")
    for width, columns in ((390, 4), (480, 4), (1200, 8), (390, 4)):
        page.set_viewport_size({"width": width, "height": 844})
        s.root.locator(f'.bands canvas[data-columns="{columns}"]').nth(1).wait_for()
        s.painted()
        for k, name in enumerate(w.schedules):
            near(shown(s.canvas.nth(k), w.shape), w.frame(schedule=name))
            box, at = s.canvas.nth(k).bounding_box(), s.canvas.nth(k).evaluate("c => ({...c.dataset, w: c.width})")
            scale = box["width"] / at["w"]
            assert 3 * scale == pytest.approx(round(3 * scale), abs=1e-3), "an image pixel covers whole screen pixels"
            for image, x, y in ((0, 0, 0), (3, 31, 31), (5, 9, 21), (7, 31, 31)):
                left = image % columns * (32 + int(at["gapX"])) + x + 0.5
                top = image // columns * (32 + int(at["gapY"])) + y + 0.5
                page.mouse.move(box["x"] + left * scale, box["y"] + top * scale)
                says = f"pixel ({x}, {y}) of image {image + 1} · {'abcdefgh'[image]} · {name}"
                cards.get_by_text(says, exact=True).wait_for()
    page.mouse.down()
    page.mouse.up()
    stage.get_by_text("Image 8 of 8 · h").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert not page.errors and not page.outside


def test_calm_and_sharp(new_page, tmp_path):
    "With reduced motion play goes in few steps; at two screen pixels per CSS pixel images stay sharp."
    page = new_page(reduced_motion="reduce", device_scale_factor=2, color_scheme="dark")
    w = NoiseScrubber(pictures(), LINEAR)
    page.goto(w.to_html(tmp_path / "page.html").as_uri())
    s = Shown(page)
    box, at = s.canvas.bounding_box(), s.canvas.evaluate("c => c.width")
    assert (2 * box["width"] / at) % 1 == pytest.approx(0, abs=1e-3), "an image pixel covers whole screen pixels"
    s.place.evaluate("el => { window.ts = new Set(); el.ddw.model.on('change:t', (_, t) => ts.add(t)); }")
    s.root.get_by_role("button", name="Play").click()
    page.wait_for_timeout(1300)
    assert 1 <= page.evaluate("ts.size") <= 3
    assert not page.errors and not page.outside


def test_without_javascript_the_poster_is_seen(new_page, tmp_path):
    page = new_page(java_script_enabled=False)
    page.goto(NoiseScrubber(pictures(), LINEAR, t=123).to_html(tmp_path / "page.html").as_uri())
    poster = page.get_by_role("img", name="12 images with the noise of timestep 123")
    assert poster.bounding_box()["width"] > 400


def test_the_first_widget_waits_neither_for_the_rest_of_its_page_nor_for_half_a_widget(page):
    "As on the site: the host is async there. The server stops in the midst of the second widget's state; the third has its state in a file, which waits until all else is loaded."
    saved = embed(*[NoiseScrubber(pictures(), LINEAR, t=t) for t in (100, 200)])
    begin, first, second = saved.replace(host_script(), "").split('<div data-ddw="')
    name = first.partition('"')[0]
    state = re.search(r'json">(.*?)</script>', second, re.S)[1]
    third = f'<div data-ddw="{name}" data-ddw-from="third.js"></div><img src="late.png" alt="">'
    now = f'<!doctype html>{begin}<div data-ddw="{first}{AT_ONCE}<div data-ddw="{second[: len(second) // 2]}'
    go_on, picture, log = threading.Event(), threading.Event(), []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            log.append(self.path)
            if self.path == "/late.png":
                picture.wait(20)
            self.send_response(200)
            self.send_header(
                "Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8"
            )
            self.end_headers()
            if self.path == "/third.js":
                self.wfile.write(f'(window.ddwSaved ??= {{}})["third.js"] = {state};'.encode())
            elif self.path == "/":
                self.wfile.write(now.encode())
                go_on.wait(20)
                self.wfile.write((second[len(second) // 2 :] + third).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page.goto(f"http://127.0.0.1:{server.server_port}/", wait_until="commit")
    assert Shown(page).t == 100, "it is there while the page is on its way"
    assert page.locator(".ddw").count() == 1
    go_on.set()
    assert Shown(page, 1).t == 200
    page.wait_for_timeout(200)
    assert "/late.png" in log and "/third.js" not in log
    picture.set()
    assert Shown(page, 2).t == 200
    server.shutdown()
