"DensityScrubber in Python: density and paths against the browser's and against known truths, what it takes and refuses."

import io
import json
import math
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ddpm_widgets.schedule import cosine_schedule
from ddpm_widgets.widgets.density_scrubber import DensityScrubber, _kernels, diffused

JS = Path(__file__).parents[2] / "js"
WAITS = np.concatenate([np.random.default_rng(0).normal(54, 6, 30), np.random.default_rng(1).normal(80, 6, 60)])
MOTIONS = ["noising", "ddpm", "ddim"]


def cdf(w, x, t):
    "The distribution function at t, from the components' own."
    weights, means, stds = diffused(w.parts, w.schedule[t])
    z = (np.asarray(x)[..., None] - w.mean) / w.std
    return (weights * 0.5 * (1 + np.vectorize(math.erf)((z - means) / stds / 2**0.5))).sum(-1)


# -- what is drawn


def test_density_is_that_of_noised_samples():
    w = DensityScrubber()
    rng = np.random.default_rng(0)
    people = np.where(rng.random(200_000) < 0.6, rng.normal(128, 6, 200_000), rng.normal(171, 9, 200_000))
    x = (people - w.mean) / w.std
    assert abs(x.mean()) < 0.01 and abs(x.std() - 1) < 0.01, "the process sees mean 0, variance 1"
    for t in (0, 100, 400, 999):
        a = w.schedule[t]
        noised = w.mean + w.std * (np.sqrt(a) * x + np.sqrt(1 - a) * rng.normal(size=len(x)))
        counts, edges = np.histogram(noised, 40, (90, 220), density=True)
        assert np.abs(counts - w.density((edges[1:] + edges[:-1]) / 2, t)).max() < 0.0012
        assert w.density((edges[1:] + edges[:-1]) / 2, t).max() > 0.01


def test_the_end_is_a_gaussian_in_your_unit():
    w = DensityScrubber()
    x = np.linspace(w.mean - 3 * w.std, w.mean + 3 * w.std, 50)
    gauss = np.exp(-0.5 * ((x - w.mean) / w.std) ** 2) / w.std / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(w.density(x, 999), gauss, rtol=2e-3)
    assert np.abs(w.density(x, 0) / gauss - 1).max() > 0.5


@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("data", [dict(), dict(samples=WAITS)], ids=["mixture", "samples"])
def test_walkers_follow_the_density(motion, data):
    w = DensityScrubber(**data, seed=2)
    paths = w.walk(motion)
    n = len(paths)
    assert paths.shape == (n, 1000) and n == (90 if data else 400)
    for t in (0, 200, 600, 999):
        off = np.abs(cdf(w, np.sort(paths[:, t]), t) - (np.arange(n) + 0.5) / n).max()
        assert off < 1.7 / np.sqrt(n), f"{motion} at {t}: {off}"  # Kolmogorov-Smirnov, p < 0.01


def test_ddim_keeps_quantiles():
    w = DensityScrubber(schedule=cosine_schedule(1000))
    paths = w.walk("ddim")
    rank = cdf(w, paths[:, 999], 999)
    for t in (700, 300, 50):
        assert np.abs(cdf(w, paths[:, t], t) - rank).max() < 0.02


def test_noising_begins_at_the_samples():
    w = DensityScrubber(WAITS)
    first = w.walk("noising")[:, 0]
    assert np.abs(np.sort(first) - np.sort(WAITS)).max() < 5 * 0.01 * w.std
    assert w.unit == "" and w.name == "value"


@pytest.mark.node
@pytest.mark.parametrize("data", [dict(), dict(samples=WAITS, bandwidth=2.0), dict(means=[-3, 0, 4], stds=[0.1, 1, 2], weights=[1, 2, 3])], ids=["heights", "samples", "three"])  # fmt: skip
def test_density_and_paths_are_the_pages(data):
    w = DensityScrubber(**data, seed=5, schedule=cosine_schedule(200))
    x = np.linspace(*w._range(), 101)
    ts = [0, 20, 100, 199]
    given = {"parts": np.frombuffer(w.parts, np.float32).tolist(), "alphaBar": w.schedule.tolist(), "starts": w._starts().tolist() if w.starts else [],
             "walkers": w.walkers, "seed": 5, "z": ((x - w.mean) / w.std).tolist(), "ts": ts}  # fmt: skip
    code = """import { density, diffuse, draw, walk } from "./src/shared/mixture.js";
        let text = "";
        for await (const chunk of process.stdin) text += chunk;
        const g = JSON.parse(text), k = g.parts.length / 3;
        const m = { weights: g.parts.slice(0, k), means: g.parts.slice(k, 2 * k), stds: g.parts.slice(2 * k) };
        const starts = g.starts.length ? g.starts : draw(m, g.walkers, g.seed);
        console.log(JSON.stringify({
            density: g.ts.map((t) => g.z.map((z) => density(diffuse(m, g.alphaBar[t]), z))),
            paths: ["noising", "ddpm", "ddim"].map((motion) => [...walk(motion, m, g.alphaBar, starts, g.seed)]),
        }));"""
    done = subprocess.run(["node", "--input-type=module", "-e", code], input=json.dumps(given), cwd=JS, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = json.loads(done.stdout)
    np.testing.assert_allclose(page["density"], [w.density(x, t) * w.std for t in ts], rtol=1e-6, atol=1e-9)
    for motion, values in zip(MOTIONS, page["paths"], strict=True):
        mine = (w.walk(motion) - w.mean) / w.std
        np.testing.assert_allclose(np.reshape(values, mine.shape), mine, rtol=0, atol=1e-6, err_msg=motion)


# -- from samples


def test_few_samples_are_one_kernel_each():
    weights, means, stds = _kernels(WAITS)
    assert np.array_equal(means, WAITS) and len(set(stds)) == 1 and weights.sum() == pytest.approx(1)
    assert _kernels(WAITS, 2.0)[2][0] == 2


def test_many_samples_are_bins():
    many = np.random.default_rng(0).gamma(3, 2, 50_000)
    w = DensityScrubber(many, unit="kg", name="mass")
    x = np.linspace(0.3, 20, 60)
    gamma = x**2 * np.exp(-x / 2) / 16
    assert np.abs(w.density(x, 0) - gamma).max() < 0.006 and w.walkers >= 100
    assert abs(w.mean - many.mean()) < 0.1 and abs(w.std - many.std()) < 0.1
    assert len(w.to_png()) < 100_000 and sum(map(len, (w.parts, w.starts, w.alpha_bar))) < 10_000


@pytest.mark.parametrize("kind", [list, tuple, np.float32, torch.tensor], ids=["list", "tuple", "float32", "torch"])
def test_kinds_of_numbers(kind):
    samples = kind(WAITS.tolist()) if kind in (list, tuple, torch.tensor) else WAITS.astype(kind)
    np.testing.assert_allclose(DensityScrubber(samples).density([60, 80], 50), DensityScrubber(WAITS).density([60, 80], 50), rtol=1e-4)  # fmt: skip


BAD = {
    "NaN": (dict(samples=[1, np.nan, 3]), ValueError, "samples must be finite, found nan at position 1"),
    "constant": (dict(samples=[3, 3]), ValueError, "samples must be of at least two different values, found only 3."),
    "empty": (dict(samples=[]), ValueError, "samples must be one row of numbers, at least one, found shape (0,)"),
    "images": (
        dict(samples=np.zeros((2, 3))),
        ValueError,
        "samples must be one row of numbers, at least one, found shape (2, 3)",
    ),
    "words": (dict(samples=["tall"]), ValueError, "samples must be numbers, found ['tall']"),
    "both": (dict(samples=[1, 2], means=[0]), ValueError, "samples must be given without means, found both"),
    "half": (dict(means=[0, 1]), ValueError, "stds must be given for a mixture, found None"),
    "lengths": (
        dict(means=[0, 1], stds=[1]),
        ValueError,
        "weights, means and stds must be equally many, up to 128, found 2, 2 and 1.",
    ),
    "std": (dict(means=[0], stds=[0]), ValueError, "stds must be above 0, found 0."),
    "weights": (dict(means=[0], stds=[1], weights=[-1]), ValueError, "weights must be above 0, found -1."),
    "bandwidth": (dict(samples=[1, 2], bandwidth=0), ValueError, "bandwidth must be a finite number above 0, found 0"),
    "bandwidth below 0": (
        dict(samples=[1, 2], bandwidth=-1.5),
        ValueError,
        "bandwidth must be a finite number above 0, found -1.5",
    ),
    "bandwidth NaN": (
        dict(samples=[1, 2], bandwidth=float("nan")),
        ValueError,
        "bandwidth must be a finite number above 0, found nan",
    ),
    "bandwidth in words": (
        dict(samples=[1, 2], bandwidth="wide"),
        ValueError,
        "bandwidth must be a finite number above 0, found 'wide'",
    ),
    "paths": (dict(paths="up"), ValueError, "paths must be 'noising', 'ddpm' or 'ddim', found 'up'."),
    "count": (dict(count=99), ValueError, "count must be a whole number from 0 to 60, found 99."),
    "t": (dict(t=1000), ValueError, "t must be a whole number from 0 to 999, found 1000: the schedule has 1000 steps."),
    "schedules": (
        dict(schedule={"a": [0.9, 0.1], "b": [0.8, 0.1]}),
        ValueError,
        "schedule must be one schedule, found 2",
    ),
    "misspelled": (dict(smples=[1, 2]), TypeError, "no option 'smples'; did you mean 'samples'?"),
}


@pytest.mark.parametrize(("options", "error", "says"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence(options, error, says):
    with pytest.raises(error, match=re.escape(says)) as e:
        DensityScrubber(**options)
    assert "\n" not in str(e.value)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["t", "seed", "paths", "histogram", "count", "parts", "alpha_bar", "std"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(MOTIONS),
    )
)
def test_whatever_a_page_sends(message):
    w = DensityScrubber()
    w.set_state(message)
    assert 0 <= w.t < 1000 and 0 <= w.seed < 2**32 and w.paths in MOTIONS and w.histogram in (True, False)
    assert w.count == 16 and len(w.alpha_bar) == 4000 and w.std > 20


def test_poster(tmp_path):
    w = DensityScrubber(t=150)
    picture = np.asarray(Image.open(io.BytesIO(w.to_png()))).astype(int)
    assert picture.shape == (308, 704, 3) and len(w.to_png()) < 150_000
    early = np.abs(picture - np.asarray(Image.open(io.BytesIO(DensityScrubber(t=900).to_png()))).astype(int))
    assert early[:, 510:].max() > 100, "the density beside it moves with t"
    assert "timestep 150 of 1000" in w.description()
    assert w.to_html(tmp_path / "w.html").stat().st_size < 300_000
