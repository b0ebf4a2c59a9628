"SolverLab: the page's samplers against the library's, the exact path, what it takes and refuses, and one look in a browser."

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from ddpm_widgets.samplers import sampler_coefficients
from ddpm_widgets.schedule import cosine_schedule, linear_schedule, respace
from ddpm_widgets.widgets.density_scrubber import diffused
from ddpm_widgets.widgets.solver_lab import SolverLab, exact_path

JS = Path(__file__).parents[2] / "js"
LIBRARY = {
    "ddpm": ("ddpm", {"variance": "large"}),
    "ddpm small": ("ddpm", {"variance": "small"}),
    "ddim": ("ddim", {}),
    "dpm++": ("dpm++", {}),
}


def in_node(code, given):
    code = f"let text = ''; for await (const c of process.stdin) text += c; const g = JSON.parse(text); {code}"
    done = subprocess.run(["node", "--input-type=module", "-e", code], input=json.dumps(given), cwd=JS, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.node
@pytest.mark.parametrize("make", [linear_schedule, cosine_schedule])
def test_steps_and_weights_are_the_librarys(make):
    schedule, counts = make(), [1, 2, 3, 7, 16, 50]
    spacings = ["trailing", "logsnr", "linear_levels", "karras"]
    told = in_node(
        """const { coefficients, respace } = await import("./src/shared/solvers.js");
        console.log(JSON.stringify(g.spacings.flatMap((s) => g.counts.map((n) => {
            const ts = respace(g.alphaBar, n, s);
            return [ts, g.samplers.map((k) => coefficients(k, ts.map((t) => g.alphaBar[t])).map((c) => [c.x0, c.x, c.sigma, c.before]))];
        }))));""",
        {
            "alphaBar": schedule.alpha_bar64.tolist(),
            "counts": counts,
            "spacings": spacings,
            "samplers": list(LIBRARY),
        },
    )
    asked = [(spacing, n) for spacing in spacings for n in counts]
    for (spacing, n), (ts, weights) in zip(asked, told, strict=True):
        fewer = respace(schedule, n, spacing)
        assert ts == fewer.timesteps.tolist()[::-1], (spacing, n)
        for (name, options), own in zip(LIBRARY.values(), weights, strict=True):
            expected = [tuple(c) for c in sampler_coefficients(name, fewer, **options)][::-1]
            np.testing.assert_allclose(own, expected, rtol=1e-6, atol=1e-9, err_msg=f"{name} {spacing} {n}")


@pytest.mark.node
def test_strides_and_ends_are_those_of_a_perfect_network():
    w = SolverLab(steps=12, start=-0.7)
    schedule = np.frombuffer(w.alpha_bar, np.float32).astype(np.float64)
    parts = np.frombuffer(w.parts, np.float32).astype(np.float64).reshape(3, -1)
    told = in_node(
        """const { results, read, errors } = await import("./src/solver/read.js");
        const view = (values) => new DataView(Float32Array.from(values).buffer);
        const model = { get: (name) => ({ parts: view(g.parts), alpha_bar: view(g.alphaBar), mean: 0, std: 1 })[name] };
        const seen = read(model), found = results(seen, 12, "trailing", -0.7, 0);
        console.log(JSON.stringify({ truth: found.truth, paths: found.own.map((o) => [...o.path]), far: found.own.map((o) => o.far), errors: errors(seen, "trailing", 0).map((e) => [...e]) }));""",
        {"parts": parts.ravel().tolist(), "alphaBar": schedule.tolist()},
    )
    assert w.mean + w.std * told["truth"] == pytest.approx(w.end, abs=1e-5 * w.std)
    ts = respace(linear_schedule(), 12).timesteps.tolist()[::-1]
    for name, path in list(zip(LIBRARY, told["paths"], strict=True))[2:]:  # those without fresh noise
        x, before = -0.7, 0.0
        rows = [tuple(c) for c in sampler_coefficients(LIBRARY[name][0], respace(linear_schedule(), 12))][::-1]
        for t, (x0_weight, x_weight, _, before_weight), there in zip(ts, rows, path[1:], strict=True):
            weights, means, stds = diffused(w.parts, schedule[t])
            p = weights / stds * np.exp(-0.5 * ((x - means) / stds) ** 2)
            own = means / np.sqrt(schedule[t]) + np.sqrt(schedule[t]) * parts[2] ** 2 / stds**2 * (x - means)
            x0 = (p * own).sum() / p.sum()  # the mean of x0 given x_t = x
            x, before = x0_weight * x0 + x_weight * x + before_weight * before, x0
            assert there == pytest.approx(x, abs=1e-5), name
    ddim, solver = told["errors"][2:]
    assert told["far"][2] == pytest.approx(ddim[11], rel=1e-9), (
        "the table and the curve agree where both are worked out"
    )
    assert 1.7 < ddim[24] / ddim[49] < 2.3 and solver[24] / solver[49] > 3, "first order, second order"


def test_the_exact_path_keeps_its_share():
    w = SolverLab()
    a = np.append(np.frombuffer(w.alpha_bar, np.float32).astype(np.float64)[::-200], 1.0)
    paths = np.stack([exact_path(w.parts, a, z) for z in (-1.0, -0.2, 0.3, 1.2)])
    assert (np.diff(paths, axis=0) > 0).all(), "paths never cross"


BAD = {
    "no step": (dict(steps=0), "steps must be"),
    "too many steps": (dict(steps=51), "steps must be"),
    "an unknown sampler": (
        dict(samplers="euler"),
        "samplers must be among 'ddpm', 'ddpm small', 'ddim', 'dpm++', found 'euler'.",
    ),  # fmt: skip
    "an unknown spacing": (
        dict(spacing="leading"),
        "spacing must be one of trailing, logsnr, linear_levels, found 'leading'.",
    ),  # fmt: skip
    "a short schedule": (
        dict(schedule=linear_schedule(20)),
        "schedule must be one schedule of at least 50 steps, found 1 of 20.",
    ),  # fmt: skip
    "half a mixture": (dict(means=[1, 2]), "stds must be given for a mixture"),
    "a start far out": (dict(start=4), "start must be"),
}


@pytest.mark.parametrize(("options", "says"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence(options, says):
    with pytest.raises(ValueError) as e:
        SolverLab(**options)
    assert says in str(e.value) and "\n" not in str(e.value)


def test_a_page_can_not_break_it():
    w = SolverLab()
    w.set_state({"steps": 999, "start": -70, "samplers": ["euler"], "spacing": "sideways", "parts": b""})
    assert (w.steps, w.start, w.spacing) == (50, -3, "trailing") and "euler" not in w.samplers and len(w.parts) == 24
    assert w.poster().shape[2] == 3


def test_in_a_page(page, tmp_path):
    w = SolverLab(steps=5)
    page.set_viewport_size({"width": 400, "height": 900})
    page.goto(w.to_html(tmp_path / "page.html").as_uri())
    root = page.locator(".ddw-solver-lab")
    root.wait_for()
    get = lambda name: page.locator("[data-ddw]").evaluate("(el, n) => el.ddw.model.get(n)", name)  # noqa: E731

    def painted(**wanted):
        seen = "([el, w]) => Object.entries(w).every(([k, v]) => el.dataset[k] === String(v))"
        page.wait_for_function(seen, arg=[root.element_handle(), wanted])

    painted(painted=5)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert f"the exact path ends at {w.end:.0f} cm" in root.inner_text()
    root.get_by_role("slider", name="number of steps").focus()
    page.keyboard.press("ArrowRight")
    painted(painted=6)
    assert get("steps") == 6 and root.locator(".plot g:not(.rules) path").count() == 3
    root.get_by_role("button", name="DDIM").click()
    painted(samplers="ddpm,dpm++")
    root.get_by_label("Where the strides begin").select_option("logsnr")
    painted(spacing="logsnr")
    box = root.locator(".plot").bounding_box()
    page.mouse.click(box["x"] + 2, box["y"] + 0.25 * box["height"])
    page.wait_for_function("el => +el.dataset.start > 1", arg=root.element_handle())
    assert get("start") == pytest.approx(3.3 - 0.25 * 6.6, abs=0.05), "the path that passes there"
