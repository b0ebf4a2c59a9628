"ScheduleExplorer and DensityScrubber on a page saved by `to_html`: no kernel, no network, a real mouse and keyboard."

import base64

import numpy as np
import pytest

from ddpm_widgets.widgets.density_scrubber import DensityScrubber
from ddpm_widgets.widgets.noise_scrubber import NoiseScrubber
from ddpm_widgets.widgets.page import save_html
from ddpm_widgets.widgets.schedule_explorer import FORMULAS, ScheduleExplorer

LINEAR = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
RAW = "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let s = ''; for (const v of d) s += String.fromCharCode(v); return [btoa(s), c.width, c.height]; }"  # fmt: skip


def pixels(canvas):
    "What is on a canvas, as (h, w, 3) integers."
    data, width, height = canvas.evaluate(RAW)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3].astype(int)


def near(got, expected):
    "Within one grey level."
    assert np.abs(got - expected.astype(int)).max() <= 1
    assert expected.std() > 10, "a picture that could be anything"


class Shown:
    "A widget on a page."

    def __init__(self, page, index=0):
        self.page, self.place = page, page.locator("[data-ddw]").nth(index)
        self.root = self.place.locator(".ddw")
        self.root.wait_for()
        self.slider = self.root.get_by_role("slider", name="timestep t")

    @property
    def t(self):
        return self.get("t")

    def get(self, name):
        return self.place.evaluate("(el, name) => el.ddw.model.get(name)", name)

    def set(self, name, value):
        self.place.evaluate("(el, [name, value]) => el.ddw.model.set(name, value)", [name, value])

    def painted(self, **what):
        "Wait until the page shows what the model says (and `what`); returns t."
        for name, value in {"painted": self.t, **what}.items():
            self.page.wait_for_function("([el, k, v]) => el.dataset[k] === String(v)", arg=[self.root.element_handle(), name, value])  # fmt: skip
        self.page.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
        return self.t

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)


@pytest.fixture
def open_page(page, tmp_path):
    "Save widgets, open the file, return them as shown there."

    def make(*widgets):
        page.goto(save_html(tmp_path / "page.html", *widgets).as_uri())
        shown = [Shown(page, i) for i in range(len(widgets))]
        return shown if len(shown) > 1 else shown[0]

    return make


def drag(s, box, share, held=False):
    "Press at the left end of a box and move to a share of its width."
    y = box["y"] + box["height"] / 2
    s.page.mouse.move(box["x"] + 3, y)
    s.page.mouse.down()
    s.page.mouse.move(box["x"] + share * box["width"], y, steps=6)
    if not held:
        s.page.mouse.up()


def timeline_keys(s):
    "The timeline's keys, and that the page does not see what the widget used."
    s.page.evaluate("() => { window.leaked = []; addEventListener('keydown', (e) => leaked.push(e.key)); }")
    s.set("t", 500)
    s.painted()
    s.slider.focus()
    for key, t in [("ArrowRight", 501), ("ArrowDown", 500), ("PageUp", 600), ("End", 999), ("Home", 0), ("Shift+ArrowRight", 10)]:  # fmt: skip
        s.page.keyboard.press(key)
        assert s.painted() == t, key
    assert s.page.evaluate("leaked") == ["Shift"]
    s.page.keyboard.press("Space")
    s.page.wait_for_function("el => +el.dataset.painted > 30", arg=s.root.element_handle())
    s.page.keyboard.press("Space")


# -- the explorer


def strip(s, name):
    "The canvases of one schedule's strip: ten, and the one at the cursor."
    return s.root.get_by_role("group", name=f"schedule {name}").locator("canvas")


@pytest.mark.parametrize("shape", [(32, 32), (2, 20, 28, 3)], ids=["grey", "rgb"])
def test_strips_are_numpys(open_page, shape):
    y = np.arange(np.prod(shape)).reshape(shape)
    e = ScheduleExplorer((y * 7 % 256).astype(np.uint8), t=400, seed=3, schedules={"linear": "linear", "cosine": "cosine", "mine": LINEAR[:50] ** 2})  # fmt: skip
    s = open_page(e)
    s.painted()
    for name in e.names:
        canvases = strip(s, name)
        assert canvases.count() == 11
        for i, t in enumerate(e.timesteps(name)):
            near(pixels(canvases.nth(i)), np.broadcast_to(e.frame(t, name), e.frame(t, name).shape[:2] + (3,)))
        near(pixels(canvases.nth(10)), np.broadcast_to(e.frame(name=name), e.frame().shape[:2] + (3,)))


def test_the_sliders_change_everything(open_page):
    e = ScheduleExplorer(t=666)
    s = open_page(e)
    s.painted()
    paths = s.root.locator(".chart path").evaluate_all("ps => ps.map((p) => p.getAttribute('d'))")
    assert len(paths) == 15, "three curves in three charts, twice three in one"
    s.root.get_by_role("slider", name="linear: beta max").focus()
    for _ in range(3):
        s.page.keyboard.press("ArrowRight")
    e.beta_max = s.get("beta_max")
    assert e.beta_max == 0.04 and s.t == 666, "arrows on a slider move that slider"
    s.root.get_by_role("slider", name="T, steps").focus()
    s.page.keyboard.press("Home")
    for _ in range(8):
        s.page.keyboard.press("ArrowRight")
    e.T = s.get("T")
    assert e.T == 15 and s.painted(steps=15) == round(666 / 999 * 14), "the cursor stays at its part of the way"
    e.t = s.t
    for name in FORMULAS:
        near(pixels(strip(s, name).nth(3)), np.repeat(e.frame(e.timesteps()[3], name), 3, 2))
        near(pixels(strip(s, name).nth(10)), np.repeat(e.frame(name=name), 3, 2))
    a = e.alpha_bar["linear"][e.t]
    row = s.root.locator("tbody tr").first.locator("td").all_inner_texts()
    assert (
        row[3:5] == [f"{a**0.5:.3f}", f"{(1 - a) ** 0.5:.3f}"]
        and row[5].replace("−", "-") == f"{np.log(a / (1 - a)):.2f}"
    )
    after = s.root.locator(".chart path").evaluate_all("ps => ps.map((p) => p.getAttribute('d'))")
    assert all(x != y for x, y in zip(paths, after, strict=True))
    s.button("Reset the sliders").click()
    s.painted(steps=1000)
    assert [s.get(k) for k in ("T", "beta_min", "beta_max", "s")] == [1000, 1e-4, 0.02, 0.008]
    assert s.root.locator(".chart path").evaluate_all("ps => ps.map((p) => p.getAttribute('d'))") == paths


def test_beta_min_stays_below_beta_max(open_page):
    s = open_page(ScheduleExplorer(beta_max=0.001))
    s.root.get_by_role("slider", name="linear: beta min").focus()
    s.page.keyboard.press("End")
    s.painted()
    assert s.get("beta_min") == 0.001
    s.root.get_by_role("slider", name="linear: beta max").focus()
    s.page.keyboard.press("Home")
    s.painted()
    assert s.get("beta_max") == 0.001


def test_curves_are_the_schedules(open_page):
    e = ScheduleExplorer(t=200)
    s = open_page(e)
    s.painted()
    for k, name in enumerate(FORMULAS):
        d = s.root.locator(".chart").nth(1).locator("path").nth(k).get_attribute("d")
        x, y = np.array([p.split(" ") for p in d[1:].split("L")], float).T
        t = x / 1000 * 999
        np.testing.assert_allclose(1 - y / 100, np.interp(t, range(1000), e.alpha_bar[name]), atol=2e-3)
        dot = s.root.locator(".chart").nth(1).locator(".ddw-dot").nth(k).evaluate("d => parseFloat(d.style.top)")
        assert abs(1 - dot / 100 - e.alpha_bar[name][200]) < 1e-6


def test_together_or_alone_and_the_chosen_one(open_page):
    s = open_page(ScheduleExplorer())
    s.page.evaluate("() => { window.leaked = []; addEventListener('keydown', (e) => leaked.push(e.key)); }")
    s.root.get_by_role("radio", name="Choose cosine").check()
    assert s.get("selected") == "cosine"
    s.page.keyboard.press("ArrowDown")
    assert s.get("selected") == "sigmoid" and s.t == 666, "arrows on a radio button choose"
    assert s.page.evaluate("leaked") == []
    for name in ("linear", "sigmoid"):
        s.button(name).click()
    s.painted()
    assert s.get("hidden") == ["linear", "sigmoid"]
    assert s.root.locator(".strip").count() == 1 and s.root.locator(".chart path").count() == 5
    assert s.button("cosine").is_disabled(), "the last one stays"
    s.button("linear").click()
    s.root.get_by_role("group", name="schedule linear").wait_for()


def test_explorer_mouse_and_keys(open_page):
    e = ScheduleExplorer()
    s = open_page(e)
    for i in range(4):
        drag(s, s.root.locator(".plot").nth(i).bounding_box(), 0.2 * (i + 1))
        assert abs(s.painted() - 999 * 0.2 * (i + 1)) < 12
    first, last = strip(s, "linear").nth(0).bounding_box(), strip(s, "linear").nth(9).bounding_box()
    middle = {"x": first["x"] + first["width"] / 2, "y": first["y"], "height": first["height"], "width": last["x"] - first["x"]}  # fmt: skip
    drag(s, middle, 0.7)
    assert abs(s.painted() - 699) < 5
    lens = strip(s, "cosine").nth(10).bounding_box()
    thumb = s.slider.evaluate("el => { const b = el.getBoundingClientRect(); return b.left + 8 + (b.width - 16) * el.value / el.max; }")  # fmt: skip
    assert abs(lens["x"] + lens["width"] / 2 - thumb) < 1.5, "the picture at the cursor stands above the slider's thumb"
    e.t = s.t
    near(pixels(strip(s, "cosine").nth(10)), np.repeat(e.frame(name="cosine"), 3, 2))
    timeline_keys(s)


def test_other_noise_other_image(open_page):
    e = ScheduleExplorer(np.random.default_rng(0).integers(0, 256, (3, 1, 16, 16), dtype=np.uint8))
    s = open_page(e)
    s.button("Draw again").click()
    s.button("Previous image").click()
    s.painted(seed=1, image=2)
    e.seed, e.image = 1, 2
    near(pixels(strip(s, "linear").nth(2)), np.repeat(e.frame(222), 3, 2))


# -- the density


def outline(s, selector):
    "The points of a path, as fractions of the panel."
    d = s.root.locator(selector).get_attribute("d")
    return np.array([p.split(" ") for p in d.removesuffix("Z")[1:].split("L")], float).T / 1000


def test_density_on_screen_is_the_formula(open_page):
    for w in (DensityScrubber(), DensityScrubber(np.random.default_rng(0).normal(3, 1, 40), t=5)):
        s = open_page(w)
        lo, hi = w._range()
        for t in (0, 250, 999):
            s.set("t", t)
            s.painted()
            x, y = outline(s, ".side .area")
            x, y = x[1:-1], y[1:-1]  # corners on the axis
            p = w.density(hi - y * (hi - lo), t) * w.std
            np.testing.assert_allclose(x * max(0.55, 1.04 * p.max()), p, atol=2e-3)
        assert 0.3 < x.max() <= 1


def test_paths_and_dots_are_numpys(open_page):
    w = DensityScrubber(t=300, seed=4)
    s = open_page(w)
    lo, hi = w._range()
    for motion, name in [("noising", "Add noise"), ("ddpm", "Sample: DDPM"), ("ddim", "Sample: DDIM")]:
        s.button(name).click()
        s.painted(motion=motion)
        assert s.get("paths") == motion
        walk = w.walk(motion)
        paths = s.root.locator(".plot g path")
        assert paths.count() == w.count
        for i in (0, 5, 15):
            x, y = np.array([p.split(" ") for p in paths.nth(i).get_attribute("d")[1:].split("L")], float).T / 1000
            np.testing.assert_allclose(hi - y * (hi - lo), walk[i, np.rint(x * 999).astype(int)], atol=0.05)
        tops = s.root.locator(".plot i").evaluate_all("els => els.map((e) => parseFloat(e.style.top))")
        np.testing.assert_allclose(hi - np.array(tops) / 100 * (hi - lo), walk[: w.count, 300], atol=0.01)
        bars = s.root.locator(".bars").get_attribute("d")
        share = [float(b.split("H")[1].split("V")[0]) for b in bars.split("M")[1:]]
        counts = np.histogram((hi - walk[:, 300]) / (hi - lo), 32, (0, 1))[0]
        np.testing.assert_allclose(np.array(share) / sum(share), counts[counts > 0] / counts.sum(), atol=1e-3)
    s.button("Histogram").click()
    s.painted(histogram="false")
    assert s.root.locator(".bars").get_attribute("d") == ""
    s.button("Draw again").click()
    s.painted(seed=5)
    w.seed = 5
    tops = s.root.locator(".plot i").evaluate_all("els => els.map((e) => parseFloat(e.style.top))")
    np.testing.assert_allclose(hi - np.array(tops) / 100 * (hi - lo), w.walk("ddim")[: w.count, 300], atol=0.01)


def test_density_mouse_and_keys(open_page):
    w = DensityScrubber()
    s = open_page(w)
    box = s.root.locator(".plot").bounding_box()
    drag(s, box, 0.6, held=True)
    assert abs(s.painted() - 599) < 4
    cursor = s.root.locator(".ddw-cursor").first.bounding_box()
    thumb = s.slider.evaluate("el => { const b = el.getBoundingClientRect(); return b.left + 8 + (b.width - 16) * el.value / el.max; }")  # fmt: skip
    assert abs(cursor["x"] - thumb) < 1.5, "the cursor stands above the slider's thumb"
    s.page.mouse.move(box["x"] - 500, box["y"])
    assert s.painted() == 0
    s.page.mouse.up()
    timeline_keys(s)


def test_a_walker_tells_its_story(open_page):
    w = DensityScrubber(paths="ddim")
    s = open_page(w)
    lo, hi = w._range()
    walk, box = w.walk(), s.root.locator(".plot").bounding_box()
    s.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + (hi - walk[3, 500]) / (hi - lo) * box["height"])
    said = s.root.locator(".note").inner_text()
    nearest = np.abs(walk[:16, 500] - walk[3, 500]).argsort()[:2]
    assert said in [f"This walker begins at {walk[i, 999]:.0f} cm and ends at {walk[i, 0]:.0f} cm." for i in nearest]
    s.page.mouse.move(box["x"], box["y"] - 40)
    s.painted()
    assert "(the score) alone" in s.root.locator(".note").inner_text()


# -- both


def both():
    return ScheduleExplorer(link="g", schedules={"linear": "linear", "mine": LINEAR[:50]}), DensityScrubber(link="g")


def test_linked_with_a_scrubber(open_page):
    e, d, n = open_page(*both(), NoiseScrubber(np.zeros((1, 8, 8), np.uint8), LINEAR[:100], link="g"))
    d.root.scroll_into_view_if_needed()
    drag(d, d.root.locator(".plot").bounding_box(), 0.5)
    assert abs(d.painted() - 499) < 5 and e.painted() == d.t and abs(n.t - d.t / 999 * 99) <= 0.51
    e.slider.focus()
    e.page.keyboard.press("End")
    assert (e.painted(), d.painted(), n.t) == (999, 999, 99)


@pytest.mark.parametrize("width", [360, 700, 1400])
def test_fits_the_page(open_page, width):
    shown = open_page(*both())
    shown[0].page.set_viewport_size({"width": width, "height": 800})
    shown[0].page.wait_for_timeout(150)
    assert shown[0].page.evaluate("document.documentElement.scrollWidth") <= width
    for s in shown:
        s.painted()
        outer = s.root.bounding_box()
        for el in s.root.locator(
            "canvas, button, input, table, td, output, .plot, .side, .scale span, .stamps span"
        ).all():
            if el.is_visible() and (box := el.bounding_box()):
                what = el.evaluate("e => e.outerHTML.slice(0, 80)")
                assert box["x"] >= outer["x"] and box["x"] + box["width"] <= outer["x"] + outer["width"], what


def test_mounting_again_leaks_nothing(open_page):
    shown = open_page(*both())
    again = """async (el) => {
        el.ddw.unmount();
        delete el.ddw;
        el.dispatchEvent(new CustomEvent("ddw-mount", { bubbles: true }));
        while (!el.ddw) await new Promise(requestAnimationFrame);
        el.querySelector(".ddw-play").click();
        await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
    }"""
    cdp = shown[0].page.context.new_cdp_session(shown[0].page)

    def count():
        for _ in range(3):
            cdp.send("HeapProfiler.collectGarbage")
        found = cdp.send("Memory.getDOMCounters")
        return found["jsEventListeners"], found["nodes"], shown[0].page.evaluate("globalThis[Symbol.for('ddpm-widgets.links')].members.size")  # fmt: skip

    def mount(times):
        for _ in range(times):
            for s in shown:
                s.place.evaluate(again)
        return count()

    before, after = mount(3), mount(8)
    assert after[0] <= before[0] and after[2] == 2 and after[1] <= before[1] * 1.2, (before, after)


def test_markup_in_names_is_text(open_page):
    evil = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    e, d = open_page(
        ScheduleExplorer(schedules={evil: LINEAR, "b": "cosine"}), DensityScrubber(name=evil, unit="<b>cm</b>")
    )
    assert e.root.locator(".toggle .text").first.inner_text() == evil
    assert evil in d.root.locator(".what").first.inner_text() and e.page.evaluate("window.hacked") is None


def test_calm_sharp_and_dark(new_page, tmp_path):
    page = new_page(reduced_motion="reduce", device_scale_factor=2, color_scheme="dark")
    page.goto(save_html(tmp_path / "page.html", *both()).as_uri())
    e, d = Shown(page, 0), Shown(page, 1)
    tile = strip(e, "linear").first
    assert (2 * tile.bounding_box()["width"] / 32) % 1 == pytest.approx(0, abs=1e-3), "an image pixel covers whole screen pixels"  # fmt: skip
    d.place.evaluate("el => { window.ts = new Set(); el.ddw.model.on('change:t', (_, t) => ts.add(t)); }")
    d.button("Play").click()
    page.wait_for_timeout(1300)
    assert 1 <= page.evaluate("ts.size") <= 3
    assert not page.errors and not page.outside
