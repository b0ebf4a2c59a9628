"Plots: grids of images of any kind, figures that hold the right numbers, one sentence for what is wrong."

import colorsys
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from PIL import Image

from ddpm_widgets.figures import COLORS, INK, LIGHT, TONES, colors_of
from ddpm_widgets.loss_plots import PairsMonitor, _smooth, plot_loss, plot_pairs
from ddpm_widgets.plots import (
    _half_way,
    plot_curves,
    plot_density,
    plot_normals,
    plot_paths,
    plot_plane,
    plot_schedules,
    plot_step_changes,
    plot_sum,
    show_images,
    step_changes,
)

ROOT = Path(__file__).parents[2]
LINEAR = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))
GREY = np.random.default_rng(0).integers(0, 256, (6, 12, 10), np.uint8)


def steps(n=30, seed=0, tensors=False):
    "A walk from noise to one picture."
    rng = np.random.default_rng(seed)
    end, z = rng.uniform(-1, 1, (2, 1, 8, 8)), rng.normal(size=(2, 1, 8, 8))
    for i in range(n):
        u = i / n
        x_t, x0 = (1 - u**3) * z + u**3 * end, end * min(1, 2 * u)
        make = torch.as_tensor if tensors else np.asarray
        yield SimpleNamespace(t=n - 1 - i, x_t=make(x_t), x0=make(x0), eps=make(z))


# -- images


@pytest.mark.parametrize(
    "images",
    [
        GREY,
        torch.as_tensor(GREY),
        [Image.fromarray(im) for im in GREY],
        GREY[:, None] / 127.5 - 1,
        torch.as_tensor(GREY / 127.5 - 1, dtype=torch.float64),
        list(GREY),
    ],
    ids=["uint8", "torch", "PIL", "float", "torch float", "list"],
)
def test_every_pixel_is_in_the_grid(images):
    grid = np.array(show_images(images, columns=4, scale=1))[..., 0]
    for i, im in enumerate(GREY):
        y, x = i // 4 * 13, i % 4 * 11
        assert np.array_equal(grid[y : y + 12, x : x + 10], im)
    assert grid.shape == (2 * 13 - 1, 4 * 11 - 1)


def test_scale_and_colour():
    rgb = np.stack([GREY, GREY[::-1], 255 - GREY], -1)
    assert np.array_equal(np.array(show_images(rgb[0], scale=3))[1::3, 1::3], rgb[0])
    assert show_images(GREY[:1], scale=2).size == (20, 24)
    assert show_images(np.zeros((64, 32, 32), np.uint8)).width <= 960


def test_labels_stand_below_and_are_text():
    plain, labelled = show_images(GREY, columns=3, scale=4), show_images(GREY, columns=3, scale=4, labels=["<b>"] * 6)
    assert labelled.height > plain.height + 2 * 10
    below = np.array(labelled)[12 * 4 + 2 : 12 * 4 + 20, :40]
    assert below.min() < 140 and below.max() == 255, "there is writing"


def test_a_grid_as_png_is_clear_between_its_images(tmp_path):
    "So it suits a dark page, too. Its pixels are RGB all the same, and it can be saved as a JPEG."
    for labels in (None, ["x"] * 6):
        grid = show_images(np.full_like(GREY, 255), columns=3, scale=4, labels=labels)
        grid.save(tmp_path / "grid.png")
        grid.save(tmp_path / "grid.jpg")
        seen = np.array(Image.open(tmp_path / "grid.png").convert("RGBA"))
        assert grid.mode == "RGB" and (seen[:48, :40] == 255).all(), "a white image stays white"
        assert (seen[:48, 41:43, 3] == 0).all()
        assert labels is None or (seen[50:66, :40, 3] == 0).mean() > 0.5


def test_noise_is_clipped_and_0_1_is_warned_about():
    noisy = torch.randn(4, 1, 8, 8) * 2
    got = np.array(show_images(noisy, columns=1, scale=1))[:8, :8, 0]
    assert np.abs(got - (noisy[0, 0].clamp(-1, 1).numpy() + 1) * 127.5).max() <= 0.51
    with pytest.warns(UserWarning, match=r"pass 2 \* x - 1"):
        show_images(np.linspace(0, 1, 64).reshape(1, 8, 8))


BAD = {
    "empty": (lambda: show_images(np.zeros((0, 8, 8))), "images must be at least one image"),
    "grey levels as floats": (lambda: show_images(GREY.astype(float)), "pass grey levels as uint8"),
    "NaN": (lambda: show_images(np.full((1, 4, 4), np.nan)), "NaN or infinite"),
    "columns": (lambda: show_images(GREY, columns=0), "columns must be a whole number, 1 or more, found 0: pass None"),
    "scale": (lambda: show_images(GREY, scale=0.5), "scale must be a whole number from 1 to 1000, found 0.5"),
    "labels": (lambda: show_images(GREY, labels=["a"]), "labels must be one for each image, found 1 for 6 images"),
    "no schedule": (lambda: plot_schedules(), "schedules must be at least one, found none"),
    "betas": (lambda: plot_schedules(np.linspace(1e-4, 0.02, 9)), "not the betas"),
    "no losses": (
        lambda: plot_loss([]),
        "the training must have one loss for each step, at least one, found shape (0,)",
    ),
    "a path": (lambda: plot_loss("a.log"), "must be a Learner, a Recorder, or the losses, found 'a.log'"),
    "not fitted": (lambda: plot_loss(SimpleNamespace(fit=print, recorder=None)), "add a Recorder"),
    "all NaN": (lambda: plot_loss([np.nan, np.nan]), "must have a finite loss above 0"),
    "no runs": (lambda: plot_loss({}), "source must be at least one training, found an empty dict"),
    "one step": (lambda: plot_step_changes(steps(1)), "steps must be at least two, found 1."),
}


BAD |= {
    "one setting": (lambda: plot_pairs({"a": [[1, 2], [1, 2]]}), "runs must be a dict of two settings or more"),
    "one seed": (
        lambda: plot_pairs({"a": [[1, 2]], "b": [[1, 2]]}),
        "'a' must be two trainings or more, one for each seed",
    ),
    "no pairs": (
        lambda: plot_pairs({"a": [[1, 2]] * 2, "b": [[1, 2]] * 3}),
        "'b' must have the runs of 'a', of [2, 2] steps, found [2, 2, 2].",
    ),
    "other steps": (
        lambda: plot_pairs({"a": [[1, 2], [1]], "b": [[1, 2], [1]]}),
        "runs must be of one number of steps",
    ),
}


@pytest.mark.parametrize(("bad", "says"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_sentence(bad, says):
    with pytest.raises(ValueError, match=re.escape(says)) as e:
        bad()
    assert "\n" not in str(e.value)


# -- figures


def luminance(color):
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("page", ["#ffffff", "#12151c"])
@pytest.mark.parametrize("color", [*TONES.values(), INK])
def test_colours_are_seen_on_light_and_on_dark(color, page):
    a, b = sorted([luminance(color), luminance(page)])
    assert (b + 0.05) / (a + 0.05) >= 3, "WCAG 1.4.11: 3 : 1 for graphics and large text"


THEME = (ROOT / "js/src/shared/theme.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("role", TONES)
def test_a_thing_has_one_colour_in_figures_posters_and_widgets(role):
    token = "accent" if role == "signal" else role
    light, dark, forced_dark, forced_light = re.findall(rf"--ddw-{token}: (#\w+);", THEME)
    assert LIGHT[role] == light == forced_light and dark == forced_dark

    def hue(color):
        return colorsys.rgb_to_hls(*(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)))[0] * 360

    for color in (light, dark):
        off = abs(hue(color) - hue(TONES[role]))
        assert min(off, 360 - off) < 26, (role, color)


def test_names_have_their_colours_wherever_they_stand():
    assert colors_of(["cosine", "linear"]) == colors_of(["linear", "cosine"])[::-1]
    assert colors_of(["its guess", "fresh noise", "x_t"]) == [TONES["guess"], TONES["noise"], TONES["signal"]]
    assert len(set(colors_of(["linear", "linear to 0.01", "cosine", "sigmoid"]))) == 4
    assert colors_of(["a", "b"]) == list(COLORS[:2]) and len(colors_of([str(k) for k in range(12)])) == 12
    fig = plot_schedules({"cosine": LINEAR}, {"linear": LINEAR})
    assert [line.line.color for line in fig.data[::2]] == [TONES["cosine"], TONES["linear"]]


@pytest.mark.parametrize(
    "make", [lambda: plot_schedules(LINEAR), lambda: plot_loss([1, 0.5]), lambda: plot_step_changes(steps())]
)
def test_figures_have_no_background_of_their_own(make):
    fig = make()
    assert isinstance(fig, go.Figure)
    layout = fig.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)" and "system-ui" in layout.font.family
    assert len(layout.meta["alt"]) > 30 and layout.template.layout.to_plotly_json() == {}
    fig.to_json()


def test_schedules_are_drawn_as_weights():
    diffusers = pytest.importorskip("diffusers")
    fig = plot_schedules(SimpleNamespace(alpha_bar=torch.as_tensor(LINEAR), name="linear"), diffusers.DDPMScheduler())
    np.testing.assert_allclose(fig.data[0].y, np.sqrt(LINEAR), rtol=1e-6)
    np.testing.assert_allclose(fig.data[3].y, np.sqrt(1 - LINEAR), atol=1e-4)
    assert fig.data[0].name == "linear: √ᾱ signal" and fig.data[0].x[-1] == 999


def test_curves_over_t_run_from_noise_to_image():
    fig = plot_curves({"a": torch.tensor([0.0, 1.0]), "b": [1.0, 0.5]}, "weight", t=[0, 500], alt="Two lines.")
    assert [line.name for line in fig.data] == ["a", "b"] and list(fig.data[0].x) == [0, 500]
    assert fig.layout.xaxis.autorange == "reversed" and fig.layout.meta == {"alt": "Two lines."}
    assert list(plot_curves({"a": [1.0, 2.0]}, "weight").data[0].x) == [0, 1]
    with pytest.raises(ValueError, match=r"curve 'b' must have one number for each timestep, \(3,\), found \(2,\)"):
        plot_curves({"b": [1.0, 2.0]}, "weight", t=[1, 2, 3])


def test_normals_have_the_area_one_and_their_own_colours():
    fig = plot_normals({"signal": (torch.tensor(0.5), 0.1), "x_t": (0.0, torch.tensor(0.2))}, "x")
    for line, mean in zip(fig.data, (0.5, 0.0), strict=True):
        assert abs(line.y.sum() * (line.x[1] - line.x[0]) - 1) < 0.01 and abs(line.x[np.argmax(line.y)] - mean) < 2e-3
    assert fig.data[0].line.color == TONES["signal"] and "signal 0.5 ± 0.1" in fig.layout.meta["alt"]
    with pytest.raises(ValueError, match="normal 'b' must have a standard deviation above 0, found 0[.]"):
        plot_normals({"a": (0, 1), "b": (0, 0)}, "x")
    with pytest.raises(ValueError, match="found an empty dict"):
        plot_normals({}, "x")


def test_a_histogram_follows_its_density():
    x = torch.arange(90.0, 221.0)
    p = torch.exp(-(((x - 150) / 10) ** 2) / 2) / 25.0663
    made = 150 + 10 * torch.randn(50_000, generator=torch.Generator().manual_seed(0))
    line, bars = plot_density(x, p, "height", made=made, mark=150).data
    assert abs(bars.y.sum() * (bars.x[1] - bars.x[0]) - 1) < 1e-3
    assert np.abs(bars.y - np.interp(bars.x, line.x, line.y)).max() < 0.002
    assert line.line.color == TONES["signal"] and bars.marker.color == TONES["guess"]
    with pytest.raises(ValueError, match="density must have one value for each x"):
        plot_density(x, p[1:], "height")


def test_paths_begin_on_the_left():
    fig = plot_paths(torch.arange(1001.0).repeat(3, 1), "height")
    assert len(fig.data) == 3 and fig.layout.xaxis.autorange == "reversed"
    for path in fig.data:
        assert (path.x[0], path.y[0], path.x[-1], path.y[-1]) == (1000, 0, 0, 1000) and len(path.x) == 101
    with pytest.raises(ValueError, match="found [(]5,[)]"):
        plot_paths(np.zeros(5), "height")


def test_panels_of_the_plane_share_scale_and_colours():
    points, arrows = torch.rand(5, 2), torch.rand(4, 3, 2)
    fig = plot_plane({"a": {"data": points}, "b": {"made": arrows, "data": points}, "c": {}}, columns=2)
    assert [(trace.name, trace.mode, trace.xaxis) for trace in fig.data] == [
        *[("data", "markers", "x"), ("made", "lines", "x2"), ("made", "markers", "x2"), ("data", "markers", "x2")]
    ]
    assert fig.data[0].marker.color == fig.data[3].marker.color != fig.data[1].line.color
    assert [trace.showlegend for trace in fig.data] == [True, True, False, False]
    x = fig.data[1].x.reshape(4, 4)
    assert np.abs(x[:, :3] - arrows[..., 0].numpy()).max() < 1e-3 and np.isnan(x[:, 3]).all()  # a gap after each
    assert np.allclose(fig.data[2].y, arrows[:, -1, 1], atol=1e-3)
    assert fig.layout.xaxis3.range == fig.layout.yaxis.range and fig.layout.yaxis3.scaleanchor == "x3"
    assert fig.layout.yaxis3.domain[1] < fig.layout.yaxis2.domain[0] == fig.layout.yaxis.domain[0]
    for panels, columns, width in ((2, 2, 380), (4, 2, 380), (6, 2, 550), (6, 3, 800)):  # square panels, as on a page
        layout = plot_plane({str(i): {} for i in range(panels)}, columns=columns).layout
        across, up = (np.diff(axis.domain)[0] for axis in (layout.xaxis, layout.yaxis))
        ratio = across * (width - 16) / (up * (width / layout.meta["aspect"] - 64))
        assert 0.95 < ratio < 1.15, f"{panels} panels, {width} px wide: {ratio:.2f}"
    with pytest.raises(ValueError, match="layer 'made' must be points, shape .*, found [(]3, 4[)]"):
        plot_plane({"a": {"made": np.zeros((3, 4))}})
    with pytest.raises(ValueError, match="panels must be a dict of dicts, at least one"):
        plot_plane({})


def test_bars_stand_on_each_other_and_add_up():
    bars = plot_sum({"a": torch.tensor(2.0), "b": 0.5, "c": 1}, "bits").data[0]
    assert (
        list(bars.x) == ["a", "b", "c", "sum"]
        and list(bars.base) == [0, 2, 2.5, 0]
        and list(bars.y) == [2, 0.5, 1, 3.5]
    )
    for parts in ({}, {"a": float("nan")}):
        with pytest.raises(ValueError, match="^parts must be finite numbers, at least one, found"):
            plot_sum(parts, "bits")


def test_loss_of_a_learner():
    results = [{"train_loss": 0.5, "valid_loss": 0.3}, {"train_loss": 0.2, "valid_loss": 0.1}]
    learn = SimpleNamespace(
        fit=print, recorder=SimpleNamespace(losses=[1.0, 0.5, 0.25, 0.125]), metrics=SimpleNamespace(results=results)
    )
    raw, smoothed, valid = plot_loss(learn).data
    assert list(raw.y) == [1, 0.5, 0.25, 0.125] and list(raw.x) == [1, 2, 3, 4]
    assert list(valid.x) == [2, 4] and list(valid.y) == [0.3, 0.1]
    assert len(plot_loss(learn.recorder).data) == 2 and len(plot_loss({"a": learn, "b": [1, 2]}).data) == 5


def test_pairs_are_compared_seed_by_seed():
    rng = np.random.default_rng(0)
    seeds = np.exp(
        rng.normal(size=(4, 1)) + 0.3 * rng.normal(size=(4, 300))
    )  # runs that differ far more than the settings
    better = seeds * np.array([0.96, 0.95, 0.94, 0.93])[:, None]
    fig = plot_pairs({"a": list(seeds), "b": list(better)})
    named = [line for line in fig.data if line.name]
    standard_error = np.std([4, 5, 6, 7], ddof=1) / 2
    assert [line.name for line in named] == ["a", f"b: -5.5 ± {standard_error:.1f} %"]
    below = [line for line in fig.data if line.yaxis == "y2"]
    assert [line.y[-1] for line in below[1:5]] == pytest.approx([-4, -5, -6, -7]) and below[-1].y[-1] == pytest.approx(
        -5.5
    )
    assert below[-2].y[-1] - below[-3].y[-1] == pytest.approx(2 * standard_error), (
        "the band is one standard error each way"
    )
    assert fig.layout.yaxis.type == "log" and "b -5.5" in fig.layout.meta["alt"]


def test_pairs_are_drawn_while_they_train(monkeypatch):
    "A run that goes on is compared as far as it has come; one figure is brought up to date, and the last is plot_pairs'."
    import IPython
    import IPython.display

    shown = []
    empties = []  # JupyterLab keeps the figure it has, unless something else comes in between
    handle = SimpleNamespace(
        update=lambda bundle, raw: (shown if "application/vnd.plotly.v1+json" in bundle else empties).append(bundle)
    )
    monkeypatch.setattr(IPython, "get_ipython", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw, display_id: shown.append(bundle) or handle)
    monitor = PairsMonitor({"a": [[4.0, 2.0, 1.0], [8.0, 4.0, 2.0]]}, every=0)
    said = []
    for factor in (0.5, 0.5):
        callback = monitor.run("b")
        for loss in (4.0, 2.0, 1.0):
            learn = SimpleNamespace(training=True, loss=np.float64(factor * loss))
            callback.after_batch(learn)
            callback.after_batch(SimpleNamespace(training=False, loss=learn.loss))
            said.append(next(line.name for line in monitor.figure().data if line.name and line.name != "a"))
        callback.after_fit(learn)
    assert monitor.losses["b"] == [[2, 1, 0.5]] * 2 and len(shown) == 8 == len(empties) + 1
    assert said[0] == said[2] == "b: -50.0 %" and said[5] == "b: -62.5 ± 12.5 %", said
    last = plot_pairs(monitor.losses)
    assert monitor.figure().to_json() == last.to_json() and list(last.data[0].x) == [1, 2, 3]
    with pytest.raises(ValueError, match="losses must have a step of a run, found none: train with"):
        PairsMonitor().figure()


def test_smoothing():
    noisy = 1 + 0.1 * np.random.default_rng(0).normal(size=5000)
    assert (
        _smooth(noisy).std() < 0.03
        and abs(_smooth(noisy)[-1] - 1) < 0.05
        and _smooth(noisy)[0] == pytest.approx(noisy[0])
    )
    assert np.array_equal(_smooth(noisy, span=1), noisy)
    assert np.isnan(_smooth(np.array([np.nan, 1.0]))[0]) and _smooth(np.array([np.nan, 1.0]))[1] == 1


@pytest.mark.parametrize("tensors", [False, True])
def test_step_changes_are_distances(tensors):
    walk = list(steps())
    got = step_changes(steps(tensors=tensors))
    end = walk[-1].x0
    rms = lambda x: np.sqrt((x**2).mean())  # noqa: E731
    np.testing.assert_allclose(got["left"], [rms(s.x_t - end) for s in walk], rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(
        got["moved"][:-1], [rms(b.x_t - a.x_t) for a, b in zip(walk, walk[1:], strict=False)], rtol=1e-3, atol=1e-7
    )
    np.testing.assert_allclose(
        got["guess"][:-1], [rms(b.x0 - a.x0) for a, b in zip(walk, walk[1:], strict=False)], rtol=1e-3, atol=1e-7
    )
    np.testing.assert_allclose(got["nearer"].sum(), got["left"][0])
    assert list(got["t"]) == list(range(29, -1, -1))


def test_most_of_the_change_comes_late_is_said():
    fig = plot_step_changes(steps())
    late = _half_way(step_changes(steps())["nearer"])
    assert (
        late < 12 and f"last {late} of 30 steps" in fig.layout.title.text and fig.layout.xaxis.autorange == "reversed"
    )


def test_no_widget_is_imported():
    code = (
        "import sys, numpy as np, ddpm_widgets as d; from ddpm_widgets.plots import plot_schedules; "
        "d.show_images(np.zeros((2, 8, 8), np.uint8)); plot_schedules([0.9, 0.5]); "
        "print([m for m in ('anywidget', 'ipywidgets', 'torch', 'diffusers') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
