"PathExplorer: clocks against `paths`, weights against the library's own trainings, what it takes and refuses, and a look in a browser."

from statistics import NormalDist

import numpy as np
import pytest
import torch
from test_solver_lab import in_node

from ddpm_widgets.noising import draw_timesteps, make_target, to_x0_and_eps
from ddpm_widgets.paths import PATHS, alpha_bar_at, clock_time
from ddpm_widgets.schedule import cosine_schedule, flow_schedule, linear_schedule, respace
from ddpm_widgets.widgets.path_explorer import PathExplorer, loss_weights, path_rates

LEVELS = [-12.0, -7.3, -2.0, 0.0, 0.4, 3.0, 11.9]
GRID = np.linspace(-12, 12, 961)
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 6, 1), dtype=np.uint8)


# -- three ways to the same numbers


def test_clocks_are_those_of_paths():
    alpha_bar = torch.sigmoid(torch.tensor(LEVELS, dtype=torch.float64))
    for name, path in PATHS.items():
        times = clock_time(alpha_bar, name)
        expected = torch.stack([times, *path.rates(times)], 1)
        np.testing.assert_allclose([path_rates(name, level) for level in LEVELS], expected, rtol=1e-9)
        np.testing.assert_allclose(alpha_bar_at(times, name), alpha_bar, rtol=1e-9)


@pytest.mark.node
@pytest.mark.parametrize("schedule", [linear_schedule(), cosine_schedule(50)], ids=["linear", "cosine"])
def test_the_page_computes_what_python_does(schedule):
    told = in_node(
        """const { read, clockTime, logSnrOf, ratesOf, stepAt, logSnrAt, standsOf, largestDifference, PATHS } = await import("./src/paths/read.js");
        const { weightAt, TRAININGS } = await import("./src/paths/weights.js");
        const view = (a) => new DataView(a.buffer);
        const traits = { x0: view(Uint8Array.from(g.x0)), shape: g.shape, alpha_bar: view(Float32Array.from(g.alphaBar)) };
        const seen = read({ get: (name) => traits[name] }), names = Object.keys(PATHS);
        const eps = seen.eps(5), stands = standsOf(seen);
        console.log(JSON.stringify({
            clocks: names.map((n) => g.levels.map((l) => [clockTime(n, l), ...ratesOf(n, l, false)])),
            back: names.map((n) => g.levels.map((l) => logSnrOf(n, clockTime(n, l)))),
            ts: g.levels.map((l) => stepAt(seen, l)), whole: g.whole.map((t) => logSnrAt(seen, t)), stands: [stands.vp, stands.edm, stands.flow.slice(1)],
            apart: g.levels.map((l) => [false, true].map((same) => largestDifference(seen.x0(1), eps, names.map((n) => ratesOf(n, l, same))))),
            weights: g.levels.map((l) => Object.keys(TRAININGS).map((k) => [k, weightAt(k, l)])),
        }));""",
        {
            "x0": IMAGES.ravel().tolist(),
            "shape": IMAGES.shape,
            "alphaBar": schedule.alpha_bar.tolist(),
            "levels": LEVELS,
            "whole": [0, 7, schedule.T - 1],
        },
    )
    for name, clocks, back in zip(PATHS, told["clocks"], told["back"], strict=True):
        np.testing.assert_allclose(clocks, [path_rates(name, level) for level in LEVELS], rtol=1e-6)
        np.testing.assert_allclose(back, LEVELS, rtol=1e-6, atol=1e-9)
    logit = torch.logit(schedule.alpha_bar.double())
    np.testing.assert_allclose(told["whole"], logit[[0, 7, -1]], rtol=1e-6)
    trailing, karras, even = told["stands"]
    np.testing.assert_allclose(trailing, logit[respace(schedule, 10).timesteps.flip(0)], rtol=1e-6)
    roots = np.linspace(80 ** (1 / 7), 0.002 ** (1 / 7), 10)
    np.testing.assert_allclose(karras, -14 * np.log(roots), rtol=1e-6)
    s = np.arange(0.9, 0.05, -0.1)
    np.testing.assert_allclose(even, 2 * np.log((1 - s) / s), rtol=1e-6, atol=1e-9)
    for level, t, apart, weights in zip(LEVELS, told["ts"], told["apart"], told["weights"], strict=True):
        w = PathExplorer(IMAGES, schedule, log_snr=level, image=1, seed=5)
        assert t == pytest.approx(w.clocks["t"], rel=1e-6)
        assert dict(weights) == pytest.approx(w.weights, rel=1e-6)
        assert apart[0] == pytest.approx(w.largest_difference, rel=1e-5) and apart[1] < 1e-9


# -- the weights are those of trainings


QUANTILES = {  # log-SNR by a uniform number, as each training draws it
    "linear": lambda u: -np.log(np.expm1(0.1 * u + 9.95 * u**2)),
    "cosine": lambda u: -2 * np.log(np.tan(u * np.pi / 2)),
    "edm": lambda u: -2 * (-1.2 + 1.2 * NormalDist().inv_cdf(u)),
    "flow": lambda u: -2 * np.log(u / (1 - u)),
    "logit-normal": lambda u: -2 * NormalDist().inv_cdf(u),
}
TARGETS = {"linear": "eps", "cosine": "v", "edm": "x0", "flow": "flow", "logit-normal": "flow"}


@pytest.mark.parametrize("name", QUANTILES)
def test_weight_is_density_times_error(name):
    "The density as the numerical slope of the clock, the error as the library's own target makes it of one in v."
    draw = QUANTILES[name]
    schedule = flow_schedule()
    x0, eps = torch.randn(2, 1, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for u in (0.1, 0.4, 0.5, 0.7, 0.95):
        t = torch.tensor([int(1000 * u)])
        a = schedule.alpha_bar64[t]
        log_snr = float(torch.logit(a))
        x_t = a.sqrt() * x0 + (1 - a).sqrt() * eps
        wrong_x0 = to_x0_and_eps(eps + 0.01, x_t, t, schedule)[0]
        target = TARGETS[name]
        off = make_target(wrong_x0, eps + 0.01, t, schedule, target) - make_target(x0, eps, t, schedule, target)
        error = float(off.square().mean()) / 0.01**2 * float(a)  # an error in v is 1/√ᾱ times one in ε
        if name == "edm":
            sigma = np.exp(-log_snr / 2)
            error *= (sigma**2 + 0.5**2) / (0.5 * sigma) ** 2
        lo, hi = 1e-9, 1 - 1e-9  # the u that draws this log-SNR
        for _ in range(60):
            middle = (lo + hi) / 2
            lo, hi = (middle, hi) if draw(middle) > log_snr else (lo, middle)
        d = 1e-4 * min(lo, 1 - lo)
        density = 2 * d / (draw(lo - d) - draw(lo + d))
        assert loss_weights(np.array(log_snr))[name] == pytest.approx(density * error, rel=1e-3)


LIBRARY = {  # the library's own draws: ᾱ and how probable
    "linear": lambda: (linear_schedule(), None),
    "cosine": lambda: (cosine_schedule(), None),
    "flow": lambda: (flow_schedule(), None),
    "logit-normal": lambda: (flow_schedule(), draw_timesteps(1000, 10**6, "logit-normal", torch.Generator().manual_seed(0))),
}  # fmt: skip


@pytest.mark.parametrize("name", LIBRARY)
def test_the_librarys_timesteps_are_drawn_so(name):
    "The share of draws between two log-SNRs. 1,000 whole steps are not quite the continuous time of the formulas."
    schedule, drawn = LIBRARY[name]()
    log_snr = torch.logit(schedule.alpha_bar64)[torch.arange(schedule.T) if drawn is None else drawn]
    edges = np.arange(-8, 9, 2.0)
    shares = np.histogram(log_snr, edges)[0] / len(log_snr)
    fine = np.linspace(-8, 8, 3201)
    level = np.exp(-fine / 2)
    error = {"linear": 1, "cosine": 1 + level**2}.get(name, (1 + level) ** 2)
    density = loss_weights(fine)[name] / error * (1 + level**2)
    own = [np.trapezoid(density[400 * i : 400 * i + 401], dx=0.005) for i in range(8)]
    np.testing.assert_allclose(own, shares, atol=2.5e-3)


def test_area_is_one_and_two_trainings_are_one():
    w = PathExplorer(IMAGES)
    total = {name: 0.0 for name in w.weights}
    for level in GRID[:-1] + 0.0125:
        w.log_snr = level
        for name, value in w.weights.items():
            total[name] += value * 0.025
        assert w.weights["cosine"] == pytest.approx(w.weights["flow"])
    assert total == pytest.approx(dict.fromkeys(total, 1), abs=1e-3)


# -- pictures, and what it takes


def test_frames_are_the_paths_images():
    w = PathExplorer(IMAGES, log_snr=-1.2, image=2, seed=9)
    assert w.frame("edm").shape == (8, 6, 1) and not np.array_equal(w.frame("edm"), w.frame("flow"))
    ratio = w.values("edm") / w.values("flow")
    np.testing.assert_allclose(ratio, 1 + w.clocks["sigma"])
    w.same_scale = True
    assert w.largest_difference < 1e-12 and np.array_equal(w.frame("edm"), w.frame("flow"))
    with pytest.raises(ValueError, match="path must be one of vp, edm, flow, found 'ddim'."):
        w.frame("ddim")
    assert w.poster().shape[2] == 3 and "log-SNR -1.20" in w.description()


def test_clock_of_the_schedule():
    linear = linear_schedule()
    for t in (0, 300, 999):
        w = PathExplorer(log_snr=float(torch.logit(linear.alpha_bar64[t])))
        assert w.clocks["t"] == pytest.approx(t, abs=2e-3)
    assert PathExplorer(schedule=linear, log_snr=12).clocks["t"] == 0
    assert np.isfinite(PathExplorer(schedule=[1.0, 0.5, 0.0]).clocks["t"])


BAD = {
    "a level out of range": (dict(log_snr=13), "log_snr must be a finite number at least -12 and at most 12, found 13."),
    "no such image": (dict(image=3), "image must be a whole number from 0 to 2, found 3."),
    "a seed below 0": (dict(seed=-1), "seed must be"),
    "an unknown training": (dict(curves="ddpm"), "curves must be among 'linear', 'cosine', 'edm', 'flow', 'logit-normal', found 'ddpm'."),
    "two schedules": (dict(schedule=[linear_schedule(), cosine_schedule()]), "schedule must be one schedule, found 2."),
    "betas": (dict(schedule=[0.1, 0.2]), "schedule must have an alpha_bar that falls"),
    "a word for a switch": (dict(same_scale="maybe"), "same_scale"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "says"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence(options, says):
    with pytest.raises(ValueError) as e:
        PathExplorer(IMAGES, **options)
    assert says in str(e.value) and "\n" not in str(e.value)


def test_a_page_can_not_break_it():
    w = PathExplorer(IMAGES)
    w.set_state({"log_snr": -99, "image": 7, "seed": -3, "curves": ["flow", "edm", "flow"], "x0": b"", "same_scale": 3})
    assert (w.log_snr, w.image, w.seed, w.curves, w.same_scale) == (-12, 2, 0, ["edm", "flow"], False)
    w.set_state({"log_snr": float("nan"), "curves": ["nobody"]})
    assert w.log_snr == -12 and w.curves == ["edm", "flow"]


# -- in a browser


def test_in_a_page(page, tmp_path):
    w = PathExplorer(IMAGES, log_snr=2, image=1, seed=4, link="pair")
    other = PathExplorer(IMAGES, cosine_schedule(), curves=[], link="pair")
    page.set_viewport_size({"width": 400, "height": 1400})
    page.goto(w.to_html(tmp_path / "page.html", other).as_uri())
    root = page.locator(".ddw-path-explorer").first
    root.wait_for()
    place = page.locator("[data-ddw]").first
    get = lambda name: place.evaluate("(el, n) => el.ddw.model.get(n)", name)  # noqa: E731
    assert page.evaluate("document.documentElement.scrollWidth") <= 400

    def settle():
        "Wait for the paint, then hold what is shown against numpy."
        wait = "el => el.querySelector('.ddw-path-explorer').dataset.painted === String(el.ddw.model.get('log_snr'))"
        page.wait_for_function(wait, arg=place.element_handle())
        w.log_snr, w.same_scale = get("log_snr"), root.get_attribute("data-scale") == "same"
        pixels = root.locator("canvas").evaluate_all(
            "els => els.map((e) => Array.from(e.getContext('2d').getImageData(0, 0, e.width, e.height).data).filter((_, i) => i % 4 === 0))"
        )
        for name, shown in zip(PATHS, pixels, strict=True):
            assert np.abs(np.array(shown).reshape(8, 6, 1) - w.frame(name).astype(int)).max() <= 1, name
        t, sigma, s = root.locator(".slide .ddw-num").all_inner_texts()
        assert f"angle {w.clocks['angle']:.3f}" in t and s == f"{w.clocks['s']:.3f}"
        assert float(sigma) == pytest.approx(w.clocks["sigma"], rel=5e-3)
        assert float(root.locator(".scales + span b").inner_text()) == pytest.approx(w.largest_difference, abs=6e-4)
        dots = root.locator(".ddw-dot").evaluate_all("els => els.map((e) => parseFloat(e.style.top))")
        np.testing.assert_allclose(0.25 * (1 - np.array(dots) / 100), list(w.weights.values()), atol=1e-6)
        return w.log_snr

    def drag(area, along):
        "From where the mark is now, in two strides."
        area.scroll_into_view_if_needed()
        box = area.bounding_box()
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.4, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * along, y, steps=3)
        page.mouse.up()
        return settle()

    assert settle() == 2
    clock = lambda name: root.get_by_role("slider", name=name)  # noqa: E731
    assert drag(clock("timestep t"), 0.7) == pytest.approx(-5.3, abs=0.4)
    assert float(clock("timestep t").input_value()) == pytest.approx(699, abs=20)
    assert drag(clock("noise level"), 0.25) == pytest.approx(6, abs=0.8)
    assert drag(clock("flow time"), 0.5) == pytest.approx(0, abs=0.2)
    assert drag(root.locator(".plot"), 0.75) == pytest.approx(-6, abs=0.1)
    clock("flow time").press("Home")
    assert settle() == 12, "the clean image is as far as the page goes"
    clock("timestep t").press("End")
    assert settle() == pytest.approx(float(torch.logit(linear_schedule().alpha_bar[999].double())), abs=1e-4)
    clock("noise level").press("ArrowLeft")
    assert settle() == pytest.approx(-10.08)
    root.get_by_role("button", name="Same scale").click()
    page.wait_for_function("el => el.dataset.scale === 'same'", arg=root.element_handle())
    settle()
    assert root.locator(".scales + span b").inner_text() == "0.000"
    root.get_by_role("button", name="EDM").click()
    page.wait_for_function("el => el.dataset.curves === 'linear,cosine,flow,logit-normal'", arg=root.element_handle())
    assert root.locator(".plot path").count() == 4 and get("curves") == ["linear", "cosine", "flow", "logit-normal"]
    there = page.locator("[data-ddw]").nth(1).evaluate("el => el.ddw.model.get('log_snr')")
    here = w.clocks["t"]
    w.alpha_bar, w.log_snr = other.alpha_bar, there
    assert w.clocks["t"] == pytest.approx(here, abs=1), "linked by the timestep, as all widgets are"
    assert not page.errors and not page.outside
