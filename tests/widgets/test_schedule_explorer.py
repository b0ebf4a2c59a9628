"ScheduleExplorer in Python: the formulas, what it takes, what it refuses, what a page may do, the schedule it gives back."

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ddpm_widgets.schedule import Schedule, cosine_schedule, linear_schedule, sigmoid_schedule
from ddpm_widgets.widgets.base import normal
from ddpm_widgets.widgets.schedule_explorer import FORMULAS, LIMITS, ScheduleExplorer, formula_betas, shirt

JS = Path(__file__).parents[2] / "js"
STEPS = [2, 3, 7, 10, 50, 250, 999, 1000, 1001, 4000]
SETTINGS = [(1e-4, 0.02, 0.008), (1e-6, 0.12, 0.0), (0.02, 0.02, 0.5), (1e-3, 1e-2, 0.1)]


def made(formula, T, beta_min, beta_max, s):
    "The library's own schedule."
    if formula == "linear":
        return linear_schedule(T, beta_min, beta_max)
    return cosine_schedule(T, s) if formula == "cosine" else sigmoid_schedule(T)


# -- three ways to the same numbers


@pytest.mark.parametrize("T", STEPS)
@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_the_librarys(formula, T):
    for setting in SETTINGS:
        theirs = made(formula, T, *setting)
        betas = formula_betas(formula, T, *setting)
        np.testing.assert_allclose(betas, theirs.betas64, rtol=0, atol=1e-9)
        np.testing.assert_allclose(np.cumprod(1 - betas), theirs.alpha_bar64, rtol=1e-6, atol=1e-12)


@pytest.mark.node
def test_formulas_are_the_pages():
    cases = [(f, T, *s) for f in FORMULAS for T in (2, 3, 10, 50, 999, 1000, 1001, 4000) for s in SETTINGS]
    code = """import { formula } from "./src/shared/schedules.js";
        let text = "";
        for await (const chunk of process.stdin) text += chunk;
        console.log(JSON.stringify(JSON.parse(text).map(([name, T, beta_min, beta_max, s]) => {
            const c = formula(name, { T, beta_min, beta_max, s });
            return [c.beta, c.alphaBar, c.signal, c.noise, c.logSnr].map((y) => [...y]);
        })));"""
    done = subprocess.run(["node", "--input-type=module", "-e", code], input=json.dumps(cases), cwd=JS, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    for (name, T, *setting), curves in zip(cases, json.loads(done.stdout), strict=True):
        s = made(name, T, *setting)
        a, b = s.alpha_bar64.numpy(), s.betas64.numpy()
        for got, want in zip(curves, [b, a, a**0.5, (1 - a) ** 0.5, np.log(a / (1 - a))], strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6, err_msg=f"{name} {T} {setting}")
        np.testing.assert_allclose(curves[1], a, rtol=1e-6)


# -- the schedule it gives


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_schedule_as_set(formula):
    e = ScheduleExplorer(T=77, beta_min=1e-3, beta_max=0.05, s=0.02, selected=formula)
    got, want = e.schedule, made(formula, 77, 1e-3, 0.05, 0.02)
    assert isinstance(got, Schedule) and got.name == formula and torch.equal(got.betas64, want.betas64)
    e.set_state({"T": 30})
    assert e.schedule.T == 30
    np.testing.assert_allclose(e.alpha_bar[formula], e.schedule.alpha_bar64, rtol=1e-6)


def test_every_setting_in_the_limits_gives_a_schedule():
    corners = [(T, lo, hi, s) for T in LIMITS["T"] for lo in LIMITS["beta_min"] for hi in (0.02, LIMITS["beta_max"][1]) for s in LIMITS["s"]]  # fmt: skip
    for T, lo, hi, s in corners:
        for formula in FORMULAS:
            assert ScheduleExplorer(T=T, beta_min=lo, beta_max=hi, s=s, selected=formula).schedule.T == T


def test_own_schedules_come_back_as_they_are():
    mine, values = linear_schedule(50), np.linspace(0.99, 0.01, 20)
    e = ScheduleExplorer(schedules={"mine": mine, "values": values, "cosine": "cosine"}, selected="mine")
    assert e.schedule is mine
    e.selected = "values"
    assert e.schedule is values and e.T == 1000
    assert [len(a) for a in e.alpha_bar.values()] == [50, 20, 1000]
    np.testing.assert_allclose(e.alpha_bar["mine"], mine.alpha_bar64, rtol=1e-6)


@pytest.mark.parametrize(
    ("schedules", "names"),
    [
        (FORMULAS, ["linear", "cosine", "sigmoid"]),
        ("cosine", ["cosine"]),
        ({"a": "linear", "b": linear_schedule(10)}, ["a", "b"]),
        (["linear", linear_schedule(10)], ["linear 1", "linear 2"]),
        ([0.9, 0.5, 0.1], ["schedule"]),
        (cosine_schedule(10), ["cosine"]),
    ],
)
def test_which_schedules(schedules, names):
    e = ScheduleExplorer(schedules=schedules)
    assert e.names == names == list(e.alpha_bar) and e.selected == names[0]


def test_only_own_schedules_set_T():
    e = ScheduleExplorer(schedules=[linear_schedule(50), np.linspace(0.9, 0.1, 20)])
    e.set_state({"T": 999})
    assert e.T == 50 and 0 <= e.t < 50


# -- pictures


def test_frame_is_equation_4():
    im = np.random.default_rng(0).integers(0, 256, (3, 12, 10, 3), dtype=np.uint8)
    e = ScheduleExplorer(im, t=300, seed=9)
    e.image = 2
    a = linear_schedule().alpha_bar64[300].item()
    x_t = np.sqrt(a) * (im[2] / 127.5 - 1) + np.sqrt(1 - a) * normal(9, (12, 10, 3))
    assert np.abs(e.frame() - (x_t.clip(-1, 1) + 1) * 127.5).max() <= 0.51
    assert e.timesteps() == [0, 111, 222, 333, 444, 555, 666, 777, 888, 999]
    assert not np.array_equal(e.frame(500, "linear"), e.frame(500, "cosine"))
    for wrong in (dict(t=1000), dict(name="nobody")):
        with pytest.raises(ValueError, match="t must be a whole number from 0 to 999|name must be one of linear"):
            e.frame(**wrong)


def test_the_linear_schedule_wastes_its_last_steps():
    "What the strips are there to show: the last pictures of the linear schedule hardly differ, those of the others do."
    e = ScheduleExplorer()
    change = {}
    for name in FORMULAS:
        late = [e.frame(t, name).astype(float) for t in e.timesteps(name)[6:9]]
        change[name] = np.mean([np.abs(b - a).mean() for a, b in zip(late, late[1:], strict=False)])
    assert 2 * change["linear"] < min(change["cosine"], change["sigmoid"]), change


def test_the_default_picture_is_a_garment():
    im = shirt()
    assert im.shape == (32, 32) and im.dtype == np.uint8 and np.array_equal(im, im[:, ::-1])
    assert (im[0] == 0).all() and im[12:28, 12:20].min() > 60, "light in the middle, black around"


def test_poster(tmp_path):
    e = ScheduleExplorer(hidden=["sigmoid"])
    picture = np.asarray(Image.open(io.BytesIO(e.to_png())))
    tile = e.frame(0, "linear").repeat(2, 0).repeat(2, 1)
    assert np.array_equal(picture[40:104, 16:80], tile.repeat(3, 2))
    assert len(e.to_png()) < 100_000 and "linear, cosine" in e.description() and "sigmoid" not in e.description()
    text = e.to_html(tmp_path / "e.html").read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)=["'](?!data:)|https?://(?!www\.w3\.org)""", text)


# -- bad input

BAD = {
    "formula": (
        dict(schedules="cosin"),
        ValueError,
        "schedules must be named linear, cosine or sigmoid, found 'cosin': pass 'cosine'.",
    ),
    "unknown formula": (
        dict(schedules=["linear", "xyz"]),
        ValueError,
        "schedules must be named linear, cosine or sigmoid, found 'xyz': or pass an object",
    ),
    "none": (dict(schedules=[]), ValueError, "schedules must be one to eight, found 0."),
    "many": (dict(schedules=["linear"] * 9), ValueError, "schedules must be one to eight, found 9."),
    "betas": (dict(schedules=[np.linspace(1e-4, 0.02, 9)]), ValueError, "pass alpha_bar, not the betas"),
    "object": (
        dict(schedules=[object()]),
        ValueError,
        "must be an object with alpha_bar, or its values, found <object",
    ),
    "T": (dict(T=1), ValueError, "T must be a whole number from 2 to 4000, found 1."),
    "beta": (
        dict(beta_max=0.5),
        ValueError,
        "beta_max must be a finite number at least 0.0001 and at most 0.12, found 0.5.",
    ),
    "NaN": (dict(s=float("nan")), ValueError, "s must be a finite number at least 0 and at most 0.5, found nan."),
    "order": (dict(beta_min=0.02, beta_max=0.01), ValueError, "beta_min must be at most beta_max, 0.01, found 0.02"),
    "t": (dict(T=50, t=50), ValueError, "t must be a whole number from 0 to 49, found 50: there are 50 steps."),
    "seed": (dict(seed=-1), ValueError, "seed must be a whole number from 0 to 4294967295, found -1."),
    "selected": (
        dict(selected="nobody"),
        ValueError,
        "selected must be one of linear, cosine, sigmoid, found 'nobody'.",
    ),
    "hidden": (dict(hidden=["nobody"]), ValueError, "hidden must be one of linear, cosine, sigmoid, found 'nobody'."),
    "images": (dict(images=np.zeros((0, 4, 4))), ValueError, "images must be at least one image"),
    "misspelled": (dict(beta_mx=0.1), TypeError, "no option 'beta_mx'; did you mean 'beta_max'?"),
}


@pytest.mark.parametrize(("options", "error", "says"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence(options, error, says):
    with pytest.raises(error, match=re.escape(says)) as e:
        ScheduleExplorer(**options)
    assert "\n" not in str(e.value)


def test_a_trait_set_wrongly():
    e = ScheduleExplorer()
    with pytest.raises(traitlets.TraitError, match="selected must be one of linear, cosine, sigmoid, found 'nobody'"):
        e.selected = "nobody"
    e.T = 9
    assert (e.T, e.t) == (9, 8), "t follows"
    e.beta_max = 5e-5
    assert e.beta_max == LIMITS["beta_max"][0] >= e.beta_min
    e.hidden = list(FORMULAS)
    assert len(e.hidden) == 2, "one stays"


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["T", "t", "beta_min", "beta_max", "s", "seed", "image", "hidden", "selected", "names", "x0", "given"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.sampled_from(FORMULAS)) | st.sampled_from(FORMULAS),
    )
)  # fmt: skip
def test_whatever_a_page_sends(message):
    e = ScheduleExplorer()
    e.set_state(message)
    assert 2 <= e.T <= 4000 and 0 <= e.t < e.T and e.selected in FORMULAS and len(e.hidden) < 3 and e.image == 0
    assert LIMITS["beta_min"][0] <= e.beta_min <= e.beta_max <= LIMITS["beta_max"][1] and 0 <= e.s <= 0.5
    assert e.names == list(FORMULAS) and e.schedule.T == e.T


def test_torch_comes_only_when_asked():
    code = "import sys; from ddpm_widgets.widgets import ScheduleExplorer as E; e = E(); e.to_png(); a = 'torch' in sys.modules; e.schedule; print(a, 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False True"  # fmt: skip
