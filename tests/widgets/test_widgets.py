"The Python side of the widgets: what they take, what they refuse, what a page may do to them, how they are saved."

import base64
import io
import json
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ddpm_widgets.figures import as_schedules
from ddpm_widgets.images import as_images, tile
from ddpm_widgets.widgets.base import Widget, _hash32, normal
from ddpm_widgets.widgets.noise_scrubber import NoiseScrubber
from ddpm_widgets.widgets.page import save_html

LINEAR = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
GREY = np.random.default_rng(0).integers(0, 256, (6, 12, 10), dtype=np.uint8)
RGB = np.random.default_rng(1).integers(0, 256, (6, 12, 10, 3), dtype=np.uint8)


def floats(a):
    "Grey levels as values in [-1, 1]."
    return a / 127.5 - 1


class OnGPU:
    "A tensor as it behaves on a GPU, for machines without one."

    def __init__(self, x):
        self.x = x

    def __array__(self, *args, **kwargs):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def detach(self):
        return self

    def cpu(self):
        return self.x


# -- images

SAME_GREY = {
    "uint8": lambda a: a,
    "int64": lambda a: a.astype(np.int64),
    "float64": floats,
    "float32": lambda a: floats(a).astype(np.float32),
    "channel first": lambda a: a[:, None],
    "channel last": lambda a: a[..., None],
    "list of arrays": list,
    "tuple of tensors": lambda a: tuple(torch.from_numpy(im) for im in a),
    "list of PIL images": lambda a: [Image.fromarray(im) for im in a],
    "torch": torch.from_numpy,
    "torch with gradient": lambda a: torch.from_numpy(floats(a)).requires_grad_(),
    "torch channel first": lambda a: torch.from_numpy(floats(a))[:, None],
    "torch on a GPU": lambda a: OnGPU(torch.from_numpy(floats(a))),
    "view with steps": lambda a: np.repeat(a, 2, 2)[:, :, ::2],
    "view backwards": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "Fortran order": np.asfortranarray,
}


@pytest.mark.parametrize("make", SAME_GREY.values(), ids=SAME_GREY)
def test_grey_images_of_any_kind(make):
    got = as_images(make(GREY))
    assert got.shape == (6, 12, 10, 1) and got.dtype == np.uint8 and got.flags.c_contiguous
    assert np.array_equal(got[..., 0], GREY)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    got = as_images(torch.from_numpy(floats(GREY)).to(dtype))
    assert np.abs(got[..., 0].astype(int) - GREY).max() <= 1


SAME_RGB = {
    "channel last": lambda a: a,
    "channel first": lambda a: a.transpose(0, 3, 1, 2),
    "torch": lambda a: torch.from_numpy(floats(a)).permute(0, 3, 1, 2),
    "list of PIL images": lambda a: [Image.fromarray(im) for im in a],
    "PIL with alpha": lambda a: [Image.fromarray(im).convert("RGBA") for im in a],
}


@pytest.mark.parametrize("make", SAME_RGB.values(), ids=SAME_RGB)
def test_colour_images_of_any_kind(make):
    assert np.array_equal(as_images(make(RGB)), RGB)


def test_single_images():
    assert np.array_equal(as_images(GREY[0])[0, ..., 0], GREY[0])
    assert np.array_equal(as_images(RGB[0])[0], RGB[0])
    assert np.array_equal(as_images(Image.fromarray(RGB[0]))[0], RGB[0])
    assert np.array_equal(as_images(list(GREY[:3]))[..., 0], GREY[:3]), "three grey images are no colour image"
    assert as_images(Image.fromarray(GREY[0]).convert("1")).max() == 255
    assert np.array_equal(as_images(GREY > 127)[..., 0], (GREY > 127) * 255)
    mixed = as_images([Image.fromarray(GREY[0]), Image.fromarray(RGB[0])])
    assert mixed.shape == (2, 12, 10, 3) and np.array_equal(mixed[0, ..., 2], GREY[0])


@given(st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4))
def test_floats_become_the_nearest_grey_level(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all positive: a warning of its own
        got = as_images(np.array(values, np.float32).reshape(1, 2, 2))
    assert np.abs(floats(got.ravel()) - values).max() <= 0.5 / 127.5 + 1e-6


BAD_IMAGES = {
    "empty batch": (
        np.zeros((0, 8, 8)),
        r"must be at least one image of at least one pixel, found shape \(0, 8, 8\)\.",
    ),
    "empty list": ([], r"must be of shape \(n, h, w\) .*, found \(0,\)\."),
    "no pixels": (np.zeros((2, 0, 8)), r"at least one pixel, found shape \(2, 0, 8\)\."),
    "one number": (np.float32(1), r"must be of shape \(n, h, w\) .*, found \(\)\."),
    "two channels": (np.zeros((4, 2, 8, 8)), r"must be of shape .*\(n, 3, h, w\).*, found \(4, 2, 8, 8\)\."),
    "five axes": (np.zeros((1, 1, 1, 8, 8)), "shape"),
    "NaN": (
        np.where(np.arange(4 * 64).reshape(4, 8, 8) == 130, np.nan, 0.0),
        "1 values that are NaN or infinite, the first in image 2",
    ),  # fmt: skip
    "infinity": (np.full((1, 2, 2), -np.inf), "4 values that are NaN or infinite"),
    "floats to 255": (
        GREY.astype(float),
        r"must lie in \[-1, 1\] if they are floats, found 0 to 255: pass grey levels as uint8\.",
    ),
    "floats too large": (np.linspace(-3, 3, 16).reshape(1, 4, 4), "found -3 to 3: clip or scale them first"),
    "negative integers": (-GREY.astype(int), r"must lie in \[0, 255\] if they are integers, found -\d+ to "),
    "large integers": (
        GREY.astype(int) + 1,
        r"must lie in \[0, 255\] if they are integers, found 1 to 256: pass 16 bits as uint16\.",
    ),
    "text": (np.array([["a", "b"]]), "must be numbers, .*, found type <U1"),
    "a dict": ({"images": GREY}, "must be numbers, .*, found type object"),
    "None": (None, "must be numbers, .*, found type object"),
    "complex": (np.zeros((2, 2), complex), "found type complex128"),
    "sizes differ": (
        [np.zeros((8, 8)), np.zeros((8, 9))],
        r"must have one shape, found \(8, 8\) for image 0 and \(8, 9\) for image 1: resize",
    ),
    "too many": (
        np.zeros((17000, 32, 32), np.uint8),
        r"must be at most 16 MB, found 17 MB .*: pass the first 16,384\.",
    ),
    "too large": (np.zeros((1, 5000, 5000), np.uint8), r"must be at most 16 MB, found 24 MB .*: make them smaller\."),
}


@pytest.mark.parametrize(("images", "says"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_bad_images_get_one_sentence(images, says):
    with pytest.raises(ValueError, match=says) as e:
        as_images(images, "the images")
    assert str(e.value).startswith("the images ") and "\n" not in str(e.value)


def test_images_in_0_1_are_warned_about():
    with pytest.warns(UserWarning, match=r"no negative value; .* pass 2 \* x - 1"):
        as_images(np.linspace(0, 1, 16).reshape(1, 4, 4))


def test_samples_may_be_clipped():
    assert as_images(np.array([[-7.0, 0, 7]]), clip=True).ravel().tolist() == [0, 128, 255]


# -- schedules


class Named:
    def __init__(self, alpha_bar, name=""):
        self.alpha_bar, self.name = alpha_bar, name


def test_schedules_of_any_kind():
    one = (["schedule"], 1)
    for schedule, (names, k) in [
        (LINEAR, one),
        (list(LINEAR), one),
        (tuple(LINEAR), one),
        (torch.from_numpy(LINEAR), one),
        (list(torch.from_numpy(LINEAR)), one),
        (Named(torch.from_numpy(LINEAR).float(), "linear"), (["linear"], 1)),
        (Named(LINEAR), one),
        ({"a": LINEAR, "b": Named(LINEAR**2)}, (["a", "b"], 2)),
        ([LINEAR, LINEAR**2], (["schedule 1", "schedule 2"], 2)),
        ([Named(LINEAR, "x"), Named(LINEAR**2, "y")], (["x", "y"], 2)),
        ([Named(LINEAR, "x"), Named(LINEAR**2, "x")], (["x 1", "x 2"], 2)),
    ]:
        got, curves = as_schedules(schedule)
        assert got == names and curves.shape == (k, 1000) and curves.dtype == np.float32
        assert np.allclose(curves[0], LINEAR, rtol=1e-6)


def test_a_scheduler_of_diffusers_is_taken():
    diffusers = pytest.importorskip("diffusers")
    assert np.allclose(as_schedules(diffusers.DDPMScheduler())[1][0], LINEAR, rtol=1e-4)


BAD_SCHEDULES = {
    "betas": (
        np.linspace(1e-4, 0.02, 1000),
        "must have an alpha_bar that falls, found .* after .* at t=1: .*not the betas",
    ),
    "NaN": (np.array([1, np.nan]), r"must have alpha_bar in \[0, 1\]"),
    "above one": (np.array([1.5, 0.5]), r"must have alpha_bar in \[0, 1\], found 0.5 to 1.5"),
    "one step": (np.array([0.9]), "at least two"),
    "two axes": (np.zeros((2, 3)), r"shape \(2, 3\)"),
    "text": ("linear", "must be an object with alpha_bar, or its values, found 'linear'"),
    "nothing": (None, "schedule"),
    "no schedule": ({}, "empty"),
    "lengths": (
        {"a": LINEAR, "b": LINEAR[:50]},
        r"must be of one length, found 1000 \(a\), 50 \(b\): give all the same T\.",
    ),
}


@pytest.mark.parametrize(("schedule", "says"), BAD_SCHEDULES.values(), ids=BAD_SCHEDULES)
def test_bad_schedules_get_one_sentence(schedule, says):
    with pytest.raises(ValueError, match=says) as e:
        as_schedules(schedule)
    assert "\n" not in str(e.value)


# -- noise


def test_noise_is_the_browsers():
    # the same figures stand in js/test/random.test.js
    assert (_hash32(1), _hash32(0xFFFFFFFF)) == (1753845952, 1734902346)
    assert normal(0, 4).tolist() == [-0.15577910840511322, 0.36462685465812683, 0.5958418250083923, -1.0284136533737183]
    assert normal(2**32 - 1, 4).tolist() == [0.6001390218734741, -0.7222336530685425, -0.798175573348999, -1.6610125303268433]  # fmt: skip
    assert normal(42, 5000)[-2:].tolist() == [-0.551974356174469, 0.5821998119354248]


def test_noise_is_standard_normal():
    e = normal(5, 200_000).astype(float)
    assert abs(e.mean()) < 0.01 and abs(e.std() - 1) < 0.01 and abs((e**4).mean() - 3) < 0.1
    assert abs(np.corrcoef(e[:-1], e[1:])[0, 1]) < 0.01
    for seed in (-1, 2**32):
        with pytest.raises(ValueError, match="seed must be a whole number from 0 to 4294967295"):
            normal(seed, 3)


# -- the scrubber


def test_frame_is_equation_4():
    w = NoiseScrubber(GREY, LINEAR, t=300, seed=9)
    a = LINEAR[300]
    x_t = np.sqrt(a) * floats(GREY) + np.sqrt(1 - a) * normal(9, GREY.shape)
    assert np.abs(w.frame()[..., 0] - (x_t.clip(-1, 1) + 1) * 127.5).max() <= 0.51
    assert w.frame(0).shape == (6, 12, 10, 1)
    w.fresh = True
    assert not np.array_equal(w.noise(1), w.noise(2)) and np.array_equal(w.noise(1), w.noise(1))


BAD_OPTIONS = {
    "t": (dict(t=1000), ValueError, "t must be a whole number from 0 to 999, found 1000: the schedule has 1000 steps."),
    "negative t": (dict(t=-1), ValueError, "t must be a whole number from 0 to 999, found -1"),
    "seed": (dict(seed=-1), ValueError, "seed must be a whole number from 0 to 4294967295, found -1."),
    "columns": (dict(columns=0), ValueError, "columns must be a whole number from 1 to 2147483647, found 0: pass None"),
    "labels": (dict(labels=["a"]), ValueError, "labels must be one for each image, found 1 for 6 images."),
    "misspelled": (dict(colums=3), TypeError, "no option 'colums'; did you mean 'columns'?"),
    "misspelled trait": (dict(lnk="g"), TypeError, "did you mean 'link'?"),
    "unknown": (dict(zzzz=3), TypeError, "no option 'zzzz'; it takes images, schedule, t"),
    "private": (dict(_esm="x"), TypeError, "no option '_esm'"),
}


@pytest.mark.parametrize(("options", "error", "says"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_bad_options_get_one_sentence(options, error, says):
    with pytest.raises(error, match=re.escape(says)):
        NoiseScrubber(GREY, LINEAR, **options)


def test_blind_begins_with_noise():
    images, linear = np.zeros((2, 8, 8)) - 0.5, np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
    begins = [NoiseScrubber(images, linear, **o).t for o in ({}, {"blind": True}, {"blind": True, "t": 500})]
    assert begins == [0, 999, 500]


def test_new_images_and_schedules():
    w = NoiseScrubber(GREY, LINEAR, t=900, labels=list("abcdef"))
    w.enlarged = 5
    w.images = RGB[:2]
    assert w.shape == [2, 12, 10, 3] and np.array_equal(w.images, RGB[:2]) and w.labels == [] and w.enlarged == -1
    w.schedule = {"short": LINEAR[:50]}
    assert w.t == 49 and list(w.schedule) == ["short"]
    with pytest.raises(ValueError, match="images must be at least one image"):
        w.images = np.zeros((0, 2, 2))
    assert w.shape == [2, 12, 10, 3], "what is refused changes nothing"


# -- what a page may do


class Line:
    "A comm that keeps what is sent."

    kernel, comm_id = True, "x"

    def __init__(self):
        self.sent = []

    def send(self, data=None, buffers=(), **kwargs):
        for (name,), value in zip(data.get("buffer_paths", ()), buffers or (), strict=True):
            data["state"][name] = value
        self.sent.append(data)

    def close(self, *args, **kwargs):
        pass

    on_msg = on_close = lambda self, callback: None


def corrections(w, message):
    "What Python answers to a page's message, echoes apart."
    w.comm = Line()
    w._handle_msg({"content": {"data": {"method": "update", "state": message, "buffer_paths": []}}, "buffers": []})
    return {k: v for m in w.comm.sent if m["method"] == "update" for k, v in m["state"].items()}


@pytest.mark.parametrize(
    ("message", "t", "answer"),
    [
        ({"t": 500}, 500, {}),
        ({"t": 5000}, 999, {"t": 999}),
        ({"t": -3}, 0, {"t": 0}),
        ({"t": "soon"}, 100, {"t": 100}),
        ({"t": None}, 100, {"t": 100}),
        ({"t": [1]}, 100, {"t": 100}),
        ({"t": {}}, 100, {"t": 100}),
        ({"t": float("nan")}, 100, {"t": 100}),
        ({"t": float("inf")}, 100, {"t": 100}),
        ({"shape": [1, 1, 1, 1], "x0": b"", "t": 7}, 7, {"shape": [6, 12, 10, 1], "x0": GREY.tobytes()}),
        (
            {"alpha_bar": b"", "schedules": []},
            100,
            {"alpha_bar": LINEAR.astype(np.float32).tobytes(), "schedules": ["schedule"]},
        ),  # fmt: skip
        ({"nobody": 1}, 100, {}),
        (
            {"fresh": "yes", "terms": "no", "seed": -1, "enlarged": 99},
            100,
            {"fresh": False, "terms": False, "seed": 0, "enlarged": 5},
        ),  # fmt: skip
    ],
)
def test_a_page_can_not_break_it(message, t, answer):
    w = NoiseScrubber(GREY, LINEAR, t=100)
    assert corrections(w, message) == answer
    assert w.t == t and w.shape == [6, 12, 10, 1] and np.array_equal(w.images[..., 0], GREY)
    w.frame()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["t", "seed", "fresh", "terms", "enlarged", "shape", "x0", "link", "columns"]), ANYTHING
    )
)
def test_whatever_a_page_sends(message):
    w = NoiseScrubber(GREY[:2], LINEAR[:10])
    w.set_state(message)
    assert 0 <= w.t < 10 and 0 <= w.seed < 2**32 and -1 <= w.enlarged < 2 and w.shape == [2, 12, 10, 1]
    w.frame()


def test_what_is_accepted_is_not_echoed(monkeypatch):
    "An echo that comes late would pull t back while a hand still drags."
    w = NoiseScrubber(GREY, LINEAR)
    sent = []
    monkeypatch.setattr(w, "_send", lambda message, buffers=None: sent.append(message))
    w.set_state({"t": 5, "seed": 3, "fresh": True})
    assert (w.t, w.seed, w.fresh) == (5, 3, True)
    told = {name for message in sent for name in message.get("state", {})}
    assert not told & {"t", "seed", "fresh"}, sent


def test_an_observers_error_is_not_swallowed():
    w = NoiseScrubber(GREY, LINEAR)
    w.observe(lambda change: 1 / 0, "t")
    with pytest.raises(ZeroDivisionError):
        w.set_state({"t": 5})


def test_linked_in_python_with_different_lengths():
    a, b = NoiseScrubber(GREY, LINEAR), NoiseScrubber(GREY, LINEAR[:50])
    traitlets.dlink((a, "t"), (b, "t"))
    a.set_state({"t": 900})
    assert (a.t, b.t) == (900, 49)
    both = NoiseScrubber(GREY, LINEAR)
    traitlets.link((a, "t"), (both, "t"))
    both.t = 3
    assert a.t == 3


# -- saving


def test_html_is_self_contained(tmp_path):
    a, b = NoiseScrubber(GREY, LINEAR, link="g"), NoiseScrubber(RGB, LINEAR, link="g")
    text = a.to_html(tmp_path / "a.html", b, title="<b>&</b>").read_text(encoding="utf-8")
    assert "<title>&lt;b&gt;&amp;&lt;/b&gt;</title>" in text
    assert text.count("<script") == text.count("</script>") == 1 + 2 + 1, "one module, two states, one host"
    rest = text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"""(src|href)=["'](?!data:)|https?://|@import|url\(""", rest)
    states = [json.loads(s) for s in re.findall(r'<script type="application/json">(.*?)</script>', text)]
    assert [s["state"]["shape"] for s in states] == [[6, 12, 10, 1], [6, 12, 10, 3]]
    x0 = next(base64.b64decode(x["data"]) for x in states[0]["buffers"] if x["path"] == ["x0"])
    assert x0 == GREY.tobytes() and not any(k.startswith("_") for k in states[0]["state"])
    with pytest.raises(ValueError, match="widgets must be at least one, found none"):
        save_html(tmp_path / "none.html")


def test_the_host_is_small():
    from ddpm_widgets.widgets.page import STATIC

    assert len((STATIC / "host.js").read_bytes()) < 3_000


def test_poster(tmp_path):
    w = NoiseScrubber(GREY, {"a": LINEAR, "b": LINEAR**2}, t=300, columns=6)
    data = w.to_png(tmp_path / "poster.png")
    assert (tmp_path / "poster.png").read_bytes() == data
    picture = np.asarray(Image.open(io.BytesIO(data)))
    grids = [tile(w.frame(schedule=name), 6, 12, 6) for name in w.schedule]
    top = 42
    for grid in grids:  # the images at t under each schedule, enlarged six times, one grid below the other
        assert np.array_equal(picture[top : top + grid.shape[0], 16 : 16 + grid.shape[1]], grid)
        top += grid.shape[0] + 34
    assert "timestep 300 (a, b)" in w.description()


def test_poster_of_a_thousand_is_small():
    many = np.random.default_rng(0).integers(0, 256, (1000, 32, 32), dtype=np.uint8)
    assert len(NoiseScrubber(many, LINEAR, t=500).to_png()) < 200_000


def test_the_bundle_of_a_notebook_has_widget_and_poster():
    w = NoiseScrubber(GREY, LINEAR)
    data, _ = w._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == w.model_id
    assert base64.b64decode(data["image/png"]) == w.to_png()

    class Broken(NoiseScrubber):
        def poster(self):
            raise RuntimeError

    assert "application/vnd.jupyter.widget-view+json" in Broken(GREY, LINEAR)._repr_mimebundle_()[0]
    with pytest.raises(ValueError, match="nothing to show"):
        Widget().to_png()


def test_widgets_do_not_import_torch():
    code = "import sys, ddpm_widgets.widgets as w; w.NoiseScrubber; print([m for m in ('torch', 'diffusers', 'plotly') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
