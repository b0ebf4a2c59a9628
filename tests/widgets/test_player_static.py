"The SamplingPlayer on a page saved by `to_html`: pixels against numpy, mouse, keyboard, company and manners."

from types import SimpleNamespace

import numpy as np
import pytest
from test_sampling_player import reverse
from test_static_pages import LINEAR, Shown, near, shown

from ddpm_widgets.widgets.noise_scrubber import NoiseScrubber
from ddpm_widgets.widgets.page import save_html
from ddpm_widgets.widgets.sampling_player import SamplingPlayer, ddpm_coefficients


def steps(count=40, n=8, c=1, seed=0, T=1000):
    "A way from noise to n pictures; x̂0 is half there from the start."
    rng = np.random.default_rng(seed)
    y, x, k = np.mgrid[:32, :32, :n]
    end = (((y * 8 + x * 3 + k * 17) % 256) / 127.5 - 1).transpose(2, 0, 1)[:, None].repeat(c, 1)
    for i, t in enumerate(np.linspace(T - 1, 0, count).round().astype(int)):
        u, z = i / max(1, count - 1), rng.normal(size=end.shape)
        yield SimpleNamespace(t=int(t), x_t=u**2 * end + (1 - u**2) * z, x0=end * (0.5 + u / 2), eps=z)


class Player(Shown):
    "A player on a page."

    def __init__(self, page, index=0):
        self.page, self.place = page, page.locator("[data-ddw]").nth(index)
        self.root = self.place.locator(".ddw-sampling-player")
        self.root.wait_for()
        self.slider, self.chart = self.root.locator("input[type=range]"), self.root.locator(".ddw-chart")
        self.canvas = self.root.locator(".bands canvas")


@pytest.fixture
def open_page(page, tmp_path):
    def make(*widgets):
        page.goto(save_html(tmp_path / "page.html", *widgets).as_uri())
        found = [(Player if isinstance(w, SamplingPlayer) else Shown)(page, i) for i, w in enumerate(widgets)]
        return found if len(found) > 1 else found[0]

    return make


def matches(s, w):
    "Every canvas shows what Python says, within one grey level."
    for k in range(len(w.runs)):
        for j, pictures in enumerate(w.pictures(k)[w.index(k)]):
            near(shown(s.canvas.nth(k * len(w.streams) + j), w.shape), pictures)


# -- what is on screen


@pytest.mark.parametrize("c", [1, 3], ids=["grey", "rgb"])
def test_pixels_are_the_frames(open_page, c):
    w = SamplingPlayer(steps(20, 4, c=c))
    s = open_page(w)
    walk = list(steps(20, 4, c=c))
    for i in (0, 7, 13, 19):
        s.set("t", walk[i].t)
        s.painted(walk[i].t)
        for k, stream in enumerate(("x_t", "x0", "eps")):
            got = shown(s.canvas.nth(k), w.shape)
            near(got, np.rint((getattr(walk[i], stream).clip(-1, 1) + 1) * 127.5).transpose(0, 2, 3, 1))
    assert not s.page.errors and not s.page.outside


def test_a_packed_film_is_what_python_says(open_page):
    w = SamplingPlayer({"a": reverse(50, 16), "b": reverse(10, 16, seed=1)})
    assert w.tolerance > 1 and len(w.frames) <= 1_000_000
    s = open_page(w)
    for t in (w.ts[0][0], w.ts[0][9], w.ts[0][-4], 0):
        s.set("t", t)
        w.t = t
        s.painted(t)
        matches(s, w)
    assert f"noise to ±{w.tolerance} of 255 grey levels" in s.root.inner_text()
    assert not s.page.errors and not s.page.outside


def test_a_damaged_film_is_said_and_breaks_nothing(open_page):
    w = SamplingPlayer(reverse(12, 4))
    s = open_page(w)
    s.painted(999)
    frames = "new DataView(Uint8Array.from(bytes).buffer)"
    for bytes in ([0], list(w.frames[: len(w.frames) // 2]), list(b"?" + w.frames[1:]), [120, 156] + [7] * 500):
        s.place.evaluate(f"(el, bytes) => el.ddw.model.set('frames', {frames})", bytes)
        s.painted("nothing")
        assert "This film is damaged" in s.root.get_by_role("status").inner_text() and s.slider.is_hidden()
        s.root.press("ArrowRight")
    s.place.evaluate(f"(el, bytes) => el.ddw.model.set('frames', {frames})", list(w.frames))
    s.painted(999)
    matches(s, w)
    assert s.root.get_by_role("status").is_hidden() and not s.page.errors


def test_between_two_frames_the_nearest_is_shown_and_t_stays(open_page):
    w = SamplingPlayer(steps(11))
    s = open_page(w)
    s.set("t", 560)  # frames at 599 and 500
    s.painted(w.ts[0][4])
    w.t = 560
    assert s.t == 560 and w.index() == 4
    matches(s, w)


def test_weights_and_step_are_read(open_page):
    w = SamplingPlayer(steps(200, 4), LINEAR)
    s = open_page(w)
    i = 30
    t, step = w.ts[0][i], w.at[0][i]
    s.set("t", t)
    s.painted(t)
    expected = ddpm_coefficients(LINEAR, [x.t for x in steps(200, 1)])[step - 1]
    assert s.root.locator(".weight").all_inner_texts() == [f"{v:.3f}" for v in expected]
    assert s.root.locator(".step").inner_text() == f"t = {t}, step {step} of 200"
    assert s.root.get_by_text("40 of 200 steps kept").is_visible() or len(w.ts[0]) != 40
    plain = open_page(SamplingPlayer(steps(10, 4)))
    assert plain.root.locator(".weight").count() == 0, "no schedule, no weights"


def test_fresh_noise_is_shown_where_a_sampler_adds_it(open_page):
    def mixed(sigmas):
        for step, sigma in zip(steps(10, 4), sigmas, strict=True):
            step.coefficients = SimpleNamespace(x0_weight=0.25, x_t_weight=0.5, before_weight=0.0, sigma=sigma)
            yield step

    w = SamplingPlayer({"DDPM": mixed([0.1] * 9 + [0.0]), "DDIM": mixed([0.0] * 10)})
    s = open_page(w)
    ddpm, ddim = s.root.locator(".fresh").all()
    assert ddpm.inner_text() == "+ 0.100 fresh noise" and ddim.is_hidden()
    s.set("t", 0)
    s.painted(0)
    assert ddpm.is_hidden(), "the last step adds none"


@pytest.mark.parametrize("total", [False, True])
def test_the_curve_is_what_changed(open_page, total):
    w = SamplingPlayer(steps(40), total=total)
    s = open_page(w)
    change = w.changes()
    lines = s.root.locator(".ddw-curve")
    assert lines.count() == 2
    most = max(change["nearer"].max(), change["guess"].max())
    for k, key in enumerate(("nearer", "guess")):
        points = np.array([p.split(" ") for p in lines.nth(k).get_attribute("d")[1:].split("L")], float)
        parts = change[key]
        expected = np.concatenate([[0], np.cumsum(parts)[:-1]]) / parts.sum() if total else parts / most
        np.testing.assert_allclose(1 - points[:, 1] / 100, expected.clip(0, 1), atol=1e-4)
    done = np.append(0, np.cumsum(change["nearer"])) / change["left"][0]
    left = 40 - np.interp(0.5, done, range(41))
    assert f"last {100 * left / 40:.0f} % of the steps" in s.root.locator(".said").inner_text()


def test_the_summary_may_be_left_out_and_counts_steps_not_frames(open_page):
    walk = list(steps(120))
    assert open_page(SamplingPlayer(walk, summary=False)).root.locator(".said").is_hidden()
    w = SamplingPlayer(walk, max_frames=9)
    s = open_page(w)
    done = np.append(0, np.cumsum(w.changes()["nearer"])) / w.changes()["left"][0]
    taken = np.interp(0.5, done, [at - 1 for at in w.at[0]] + [120])
    assert f"last {100 * (1 - taken / 120):.0f} % of the steps" in s.root.locator(".said").inner_text()
    assert "in a step" in s.root.locator(".legend").inner_text()


def test_without_the_guess_the_last_picture_is_the_finished_one(open_page):
    w = SamplingPlayer(list(steps(13, 4))[:12], show="x_t")
    s = open_page(w)
    s.slider.focus()
    s.page.keyboard.press("End")
    w.t = s.t
    assert s.painted() == s.t == -1 and w.index() == 12
    matches(s, w)
    assert s.root.locator(".step").inner_text() == "finished after 12 steps"
    heights = [float(p.split(" ")[1]) for p in s.root.locator(".ddw-curve").get_attribute("d")[1:].split("L")]
    assert heights[-1] < 90, "the curve does not fall to 0 at the end"


def test_pixels_are_read_beside_the_pointer_and_in_an_enlarged_image(open_page):
    w = SamplingPlayer(steps(10, 4))
    s = open_page(w)
    box, at = s.canvas.nth(1).bounding_box(), s.canvas.nth(1).evaluate("c => c.width")
    scale = box["width"] / at
    s.page.mouse.move(box["x"] + 9.5 * scale, box["y"] + 21.5 * scale)
    card, stage = s.root.locator(".card.floating"), s.root.locator(".stage")
    card.wait_for()
    assert card.locator("div").first.inner_text() == "pixel (9, 21) of image 1, t = 999"
    said = [v.replace("−", "-") for v in card.locator("dd").all_inner_texts()]
    levels = w.pictures()[0, :, 0, 21, 9, 0] / 127.5 - 1
    for text, value in zip(said, levels, strict=True):
        assert text == "≥ +1" if value == 1 else text == "≤ -1" if value == -1 else abs(float(text) - value) < 0.011
    s.page.mouse.down()
    s.page.mouse.up()
    stage.wait_for()
    assert card.is_hidden() and s.get("enlarged") == 0
    s.page.mouse.move(box["x"] + 12.5 * scale, box["y"] + 3.5 * scale)
    assert card.is_hidden(), "while an image is enlarged, pixels are read there alone"
    assert "pixel (9, 21) of image 1" in stage.inner_text()
    stage.get_by_role("button", name="Next image").click()
    stage.get_by_text("Image 2 of 4").wait_for()
    s.painted()
    for k, pictures in enumerate(w.pictures()[0]):
        near(shown(stage.locator("canvas").nth(k), [1, *w.shape[1:]]), pictures[1:2])
    s.root.get_by_role("button", name="Enlarge").click()
    stage.wait_for(state="hidden")


def test_two_runs_stay_in_step(open_page):
    w = SamplingPlayer({"slow": steps(20, 4), "fast": steps(7, 4, T=50)})
    s = open_page(w)
    assert s.canvas.count() == 6 and s.root.locator(".name").all_inner_texts() == ["slow", "fast"]
    for t in (999, 640, 300, 0):
        s.set("t", t)
        w.t = t
        s.painted(w.ts[0][w.index(0)])
        matches(s, w)
    assert s.root.locator(".step").nth(1).inner_text() == "t = 0, step 7 of 7"


def test_one_picture_of_each_step(open_page):
    w = SamplingPlayer(steps(50, 16), show="x_t")
    s = open_page(w)
    s.set("t", 510)
    w.t = 510
    s.painted(w.ts[0][w.index()])
    assert s.canvas.count() == 1 and len(w.ts[0]) == 51
    matches(s, w)


def test_live_and_then_the_film(open_page):
    w = SamplingPlayer(steps(10, 4))
    s = open_page(w)
    s.painted()
    live = np.concatenate([w.pictures()[3, k] for k in range(3)]).tobytes()
    s.place.evaluate(
        """(el, bytes) => {
            const { model } = el.ddw;
            model.set("progress", [7, 444]);
            model.set("t", 444);
            model.set("live", new DataView(Uint8Array.from(bytes).buffer));
        }""",
        list(live),
    )
    s.page.wait_for_function("el => el.dataset.painted === 'live 7'", arg=s.root.element_handle())
    assert s.root.get_by_role("status").inner_text() == "Sampling: step 7, t = 444" and s.slider.is_hidden()
    for k in range(3):
        near(shown(s.canvas.nth(k), w.shape), w.pictures()[3, k])
    s.place.evaluate(
        "el => { el.ddw.model.set('live', new DataView(new ArrayBuffer(0))); el.ddw.model.set('t', 999); }"
    )
    s.painted(999)
    assert s.slider.is_visible() and s.root.get_by_role("status").is_hidden()
    w.t = 999
    matches(s, w)


# -- hands


def test_drag_along_the_curve(open_page):
    w = SamplingPlayer(steps(40))
    s = open_page(w)
    box = s.box()
    y = box["y"] + box["height"] / 2
    s.page.mouse.move(box["x"] + 2, y)
    s.page.mouse.down()
    for share in (0.25, 0.5, 1):
        s.page.mouse.move(box["x"] + share * box["width"], y, steps=5)
        at = w.ts[0][round(share * 39)]
        assert abs(s.painted() - at) <= 30
        w.t = s.t
        matches(s, w)
    s.page.mouse.up()
    assert s.t == 0
    assert s.root.locator(".ddw-flag").inner_text() == "t = 0"


def test_keys(open_page):
    w = SamplingPlayer(steps(40))
    s = open_page(w)
    s.page.evaluate("() => { window.leaked = []; addEventListener('keydown', (e) => leaked.push(e.key)); }")
    s.slider.focus()
    for key, i in [("ArrowRight", 1), ("ArrowUp", 2), ("ArrowLeft", 1), ("PageUp", 5), ("End", 39), ("Home", 0)]:
        s.page.keyboard.press(key)
        assert s.t == w.ts[0][i], key
        s.painted()
    assert s.page.evaluate("leaked") == []
    assert "% of the way done" in s.slider.get_attribute("aria-valuetext")


def test_play_speed_and_loop(open_page):
    w = SamplingPlayer(steps(20, 4), speed=4, loop=True)
    s = open_page(w)
    assert s.root.get_by_role("button", name="Loop").get_attribute("aria-pressed") == "true"
    assert s.root.get_by_label("Speed").input_value() == "4"
    s.set("t", w.ts[0][17])
    s.painted(w.ts[0][17])
    s.root.get_by_role("button", name="Play").click()
    s.page.wait_for_function("el => +el.dataset.painted > 900", arg=s.root.element_handle())  # past the end
    s.root.get_by_role("button", name="Loop").click()
    s.root.get_by_role("button", name="Play", exact=True).wait_for()  # stops at the end
    assert s.painted() == 0 and s.get("loop") is False
    s.root.get_by_label("Speed").select_option("0.5")
    assert s.get("speed") == 0.5
    s.root.get_by_role("button", name="So far").click()
    assert s.get("total") is True and s.root.get_by_text("how much of the way to the picture is done").is_visible()


# -- company and manners


def test_a_link_group_moves_together_with_other_widgets(open_page):
    w = SamplingPlayer(steps(40), link="g")
    player, scrubber = open_page(w, NoiseScrubber(np.zeros((2, 8, 8)) - 0.5, LINEAR, link="g"))
    player.slider.focus()
    for _ in range(3):
        player.page.keyboard.press("PageUp")
    assert player.t == scrubber.t == w.ts[0][12]
    scrubber.painted()
    scrubber.slider.focus()
    scrubber.page.keyboard.press("Home")
    assert player.t == 0
    player.painted(0)
    w.t = 0
    matches(player, w)


def test_mounting_again_leaks_nothing(open_page):
    s = open_page(SamplingPlayer({"a": steps(10, 4), "b": steps(5, 4)}, LINEAR, link="g"))
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
        return found["jsEventListeners"], found["nodes"]

    for _ in range(3):
        s.place.evaluate(again)
    before = count()
    for _ in range(20):
        s.place.evaluate(again)
    after = count()
    assert after[0] <= before[0] and after[1] <= before[1] * 1.2, (before, after)


def test_markup_in_names_is_text(open_page):
    evil = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    s = open_page(SamplingPlayer({evil: steps(9, 2), "b": steps(9, 2)}))
    assert s.root.locator(".name").first.inner_text() == evil and s.page.evaluate("window.hacked") is None


@pytest.mark.parametrize("width", [360, 560, 1400])
def test_fits_the_page(open_page, width):
    s = open_page(SamplingPlayer({"a": steps(10, 16), "b": steps(9, 16)}, LINEAR))
    s.page.set_viewport_size({"width": width, "height": 900})
    s.page.wait_for_timeout(100)
    assert s.page.evaluate("document.documentElement.scrollWidth") <= width
    rows = s.root.locator(".panes")
    inside = s.root.bounding_box()
    for k in range(6):
        box = s.canvas.nth(k).bounding_box()
        pixels = s.canvas.nth(k).evaluate("c => c.width / c.height")
        assert box["width"] / box["height"] == pytest.approx(pixels, rel=0.01), "laid out anew, not squeezed"
        assert box["width"] >= 80 and box["x"] + box["width"] <= inside["x"] + inside["width"]
    assert rows.count() == 2


def test_eight_columns_are_four_on_a_phone(open_page):
    w = SamplingPlayer(steps(10), LINEAR, columns=8)
    s = open_page(w)
    for width, columns in ((390, 4), (1200, 8), (480, 4)):
        s.page.set_viewport_size({"width": width, "height": 900})
        s.root.locator(f'canvas[data-columns="{columns}"]').nth(2).wait_for()
        s.painted()
        matches(s, w)


def test_sharp_on_every_screen(new_page, tmp_path):
    w = SamplingPlayer(steps(10, 4))
    path = w.to_html(tmp_path / "page.html")
    for ratio in (1, 1.5, 2):
        page = new_page(device_scale_factor=ratio)
        page.goto(path.as_uri())
        s = Player(page)
        width, box = s.canvas.first.evaluate("c => c.width"), s.canvas.first.bounding_box()
        assert (box["width"] * ratio / width) % 1 < 1e-6 or (box["width"] * ratio / width) % 1 > 1 - 1e-6


def test_still_for_those_who_want_it(new_page, tmp_path):
    page = new_page(reduced_motion="reduce")
    page.goto(SamplingPlayer(steps(40)).to_html(tmp_path / "page.html").as_uri())
    s = Player(page)
    page.evaluate(
        "() => { window.seen = new Set(); new MutationObserver(() => seen.add(document.querySelector('.ddw-sampling-player').dataset.painted)).observe(document.body, {attributes: true, subtree: true}); }"
    )
    s.root.get_by_role("button", name="Play").click()
    page.wait_for_timeout(1400)
    assert 1 <= page.evaluate("seen.size") <= 4, "two pictures a second"
