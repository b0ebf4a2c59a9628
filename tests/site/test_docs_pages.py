"""The site's pages as readers meet them: served from this machine, every other host blocked, no kernel.

Quarto is not needed. It passes raw HTML on as it is, so that is what a page is made of here: the HTML blocks of each staged
notebook, inside the body that Quarto would give it, with heavy states in files of their own as in the built site. Each widget
is dragged by the mouse, and its pixels compared with numpy.
"""

import base64
import json
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from test_static_pages import RAW, near
from test_static_pages import shown as images_on

from ddpm_widgets import _lighten, pretrained, sample, two_sample
from ddpm_widgets import widgets as W
from ddpm_widgets.widgets.density_scrubber import axis

NBS = Path(__file__).parents[2] / "nbs"
BLOCK = re.compile(r"^(`{3,})\{=html\}\n(.*?)\n\1$", re.M | re.S)
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>{title}</title><style>body {{ margin: 0 auto; max-width: 800px; padding: 1rem; color: rgb(31, 41, 55); }}
body.quarto-dark {{ background: #0c0e13; color: rgb(227, 231, 238); }}</style></head>
<body class="quarto-light"><main>{body}</main></body></html>"""
MADE = {  # a widget to put the page's state into
    "NoiseScrubber": lambda: W.NoiseScrubber(np.zeros((1, 2, 2), np.uint8), [0.9, 0.1]),
    "ScheduleExplorer": W.ScheduleExplorer,
    "SamplingPlayer": W.SamplingPlayer,
    "DensityScrubber": W.DensityScrubber,
    "SolverLab": W.SolverLab,
    "PathExplorer": W.PathExplorer,
    "FIDLab": lambda: W.FIDLab(
        np.eye(4),
        {"a": {"b": np.zeros((4, 2, 2)), "c": np.ones((4, 2, 2))}},
        lambda x: x.reshape(4, 4) + np.eye(4),
        counts=[2],
    ),
    "LiveSampler": W.LiveSampler,
    "DiffusionPlayground": lambda: W.DiffusionPlayground(n=20),
    "UNetXRay": W.UNetXRay,
    "GuidanceLab": W.GuidanceLab,
    "TrainingMonitor": W.TrainingMonitor,
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]  # what is staged is described in tests/conftest.py


def html_of(path) -> str:
    nb = json.loads(path.read_text(encoding="utf-8"))
    outs = [out for cell in nb["cells"] for out in cell.get("outputs", [])]
    text = "\n\n".join("".join(out.get("data", {}).get("text/markdown", "")) for out in outs)
    return "\n".join(raw for _, raw in BLOCK.findall(text))


@pytest.fixture(scope="session")
def site(staged):
    "The staged pages as HTML files, served from this machine: {name without .ipynb: address}."
    names = sorted(
        p.relative_to(NBS).with_suffix("") for p in NBS.rglob("[a-z0-9]*.ipynb") if ".ipynb_checkpoints" not in p.parts
    )
    pages = {str(name): body for name in names if (body := html_of(staged / name.with_suffix(".ipynb")))}
    for name, body in pages.items():
        file = (staged / name).with_suffix(".html")
        file.write_text(_lighten.apart(file, PAGE.format(title=name, body=body), staged), encoding="utf-8")
    handler = partial(
        type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *a: None}), directory=str(staged)
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {name: f"http://127.0.0.1:{server.server_port}/{name}.html" for name in pages}
    server.shutdown()


class Placed:
    "A widget on a page, and its double in Python."

    def __init__(self, page, place):
        self.page, self.place = page, place
        self.root = place.locator(".ddw")
        place.scroll_into_view_if_needed()
        self.root.wait_for()
        self.kind = place.get_attribute("data-ddw").split("-")[0]
        if beside := place.get_attribute("data-ddw-from"):
            saved = page.evaluate("url => window.ddwSaved[url]", beside)
        else:
            saved = json.loads(place.locator(":scope > script").first.text_content())
        self.state = saved["state"]
        state = dict(self.state)
        for buffer in saved["buffers"]:
            assert len(buffer["path"]) == 1
            state[buffer["path"][0]] = base64.b64decode(buffer["data"])
        network = self.state.get("network")
        self.python = MADE[self.kind](*([pretrained(network)] if network else []))
        with self.python.hold_trait_notifications():
            for name, value in state.items():
                if self.python.has_trait(name):
                    self.python.set_trait(name, value)

    def get(self, name):
        return self.place.evaluate("(el, name) => el.ddw.model.get(name)", name)

    def settled(self):
        self.page.evaluate(
            "() => new Promise((go) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(go)), 150))"
        )

    def drag(self, slider, share):
        "Press on a slider's thumb and take it to a share of its way."
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        low, high, now = (float(slider.evaluate(f"e => e.{k}")) for k in ("min", "max", "value"))
        x = box["x"] + 8 + (box["width"] - 16) * (now - low) / max(high - low, 1)
        y = box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + 8 + (box["width"] - 16) * share, y, steps=8)
        self.page.mouse.up()
        self.settled()

    def pixels(self, canvas):
        data, width, height = canvas.evaluate(RAW)[:3]
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3].astype(int)


def check_noise_scrubber(w):
    w.drag(w.root.locator("input[type=range]").first, 0.3)
    p, t = w.python, w.get("t")
    assert abs(t - 0.3 * (len(p.schedule[p.schedules[0]]) - 1)) < 20
    each = 3 if p.terms else 1
    for k, name in enumerate(p.schedules):
        near(images_on(w.root.locator(".bands canvas").nth(k * each + each - 1), p.shape), p.frame(t, name))


def check_sampling_player(w):
    if not w.python.ts:
        return
    w.drag(w.root.locator("input[type=range]").first, 0.4)
    p = w.python
    p.t = w.get("t")
    for k in range(len(p.runs)):
        for j, pictures in enumerate(p.pictures(k)[p.index(k)]):
            got = images_on(w.root.locator(".bands canvas").nth(k * len(p.streams) + j), p.shape)
            assert np.abs(got - pictures.astype(int)).max() <= 1


def check_schedule_explorer(w):
    w.drag(w.root.get_by_role("slider", name="timestep t"), 0.7)
    p = w.python
    p.t = w.get("t")
    assert abs(p.t - 0.7 * (p.T - 1)) < 25
    name = [n for n in p.names if n not in p.hidden][0]
    for i in (0, 4, 9):
        near(w.pixels(w.root.locator("canvas").nth(i)), p.frame(p.timesteps(name)[i], name))


def check_training_monitor(w):
    "The last state, with the history of samples to go through."
    p = w.python
    if len(p.frame_steps) > 1:
        w.drag(w.root.locator(".ddw-lapse input[type=range]"), 0.0)
        step = w.get("frame")
        assert step == p.frame_steps[0]
        n, h, width, channels = p.frame_shape
        size = n * h * width * channels
        grid = np.frombuffer(p.frames, np.uint8)[:size].reshape(p.frame_shape)
        got = w.pixels(w.root.locator("canvas.ddw-samples"))
        assert np.abs(got[:h, :width, :channels] - grid[0].astype(int)).max() <= 1
    assert len(p.history) > 0 and w.root.locator("canvas, svg").count() > 1


def check_density_scrubber(w):
    "The outline of the density and the dots of the walkers, where numpy has them."
    w.drag(w.root.locator("input[type=range]").first, 0.8)
    t, p = w.get("t"), w.python
    assert abs(t - 0.8 * (len(p.schedule) - 1)) < 25 and w.root.get_attribute("data-painted") == str(t)
    lo, hi = p._range()
    outline = w.root.locator(".side .area").get_attribute("d").removesuffix("Z")[1:].split("L")
    x, y = np.array([point.split(" ") for point in outline], float)[1:-1].T / 1000  # without the corners on the axis
    density = p.density(hi - y * (hi - lo), t) * p.std
    np.testing.assert_allclose(x * max(0.55, 1.04 * density.max()), density, atol=2e-3)
    if p.paths:
        tops = w.root.locator(".plot i").evaluate_all("els => els.map((e) => parseFloat(e.style.top))")
        np.testing.assert_allclose(hi - np.array(tops) / 100 * (hi - lo), p.walk(p.paths)[: p.count, t], atol=0.01)


def check_solver_lab(w):
    "The exact path, where Python has it."
    w.drag(w.root.get_by_role("slider", name="number of steps"), 0.5)
    steps, p = w.get("steps"), w.python
    assert abs(steps - 25) < 3 and w.root.get_attribute("data-painted") == str(steps)
    lo, hi = axis(p.parts)
    end = float(w.root.locator(".exact").get_attribute("d").split(" ")[-1]) / 1000
    assert p.mean + p.std * (hi - end * (hi - lo)) == pytest.approx(p.end, abs=0.002 * p.std)


def check_path_explorer(w):
    "The clocks, as Python has them."
    w.drag(w.root.get_by_role("slider", name="flow time s"), 0.7)
    p = w.python
    p.log_snr = w.get("log_snr")
    assert abs(p.clocks["s"] - 0.7) < 0.05 and float(w.root.get_attribute("data-painted")) == w.get("log_snr")
    _, sigma, s = w.root.locator(".slide .ddw-num").all_inner_texts()
    assert float(sigma) == pytest.approx(p.clocks["sigma"], rel=0.005) and float(s) == pytest.approx(
        p.clocks["s"], abs=6e-4
    )


def check_fid_lab(w):
    "The figures, as Python has them."
    w.drag(w.root.get_by_role("slider", name="how much of it"), 0.99)
    p = w.python
    p.strength = w.get("strength")
    assert p.strength == len(p.strengths[p.fault]) - 1
    for (mean, _), text in zip(p.figures().values(), w.root.locator(".value").all_inner_texts(), strict=True):
        assert float(text.split(" ")[0].replace("−", "-")) == pytest.approx(mean, rel=0.01)


def check_live_sampler(w):
    "A picture of the page's own network, near the one that PyTorch draws with weights that are not rounded."
    w.root.locator("xpath=self::*[@data-painted]").wait_for(timeout=60_000)
    p = w.python
    drawn = w.place.evaluate("el => Array.from(new Float32Array(el.ddw.model.get('image').buffer))")
    way = {"steps": p.steps, "sampler": p.sampler, "spacing": p.spacing}
    way |= {"labels": p.label, "guidance": p.guidance} if p.classes else {}
    theirs = sample(pretrained(p.network), n=1, x_T=torch.tensor(p.x_T)[None], progress=False, **way)
    assert np.abs(np.reshape(drawn, p.shape) - theirs[0].numpy()).mean() < 0.1


def check_diffusion_playground(w):
    "It trains by itself, and what it trained answers in Python."
    w.root.get_by_role("button", name="Train", exact=True).click()
    w.root.locator("xpath=self::*[@data-step > 200]").wait_for(timeout=60_000)
    w.root.get_by_role("button", name="Pause").first.click()
    w.place.page.wait_for_timeout(1500)
    p = w.python
    p.weights = bytes(w.place.evaluate("el => Array.from(new Uint8Array(el.ddw.model.get('weights').buffer))"))
    assert two_sample(sample(p.model, n=250, steps=20, sampler="ddim", progress=False), p.points) < 0.5


def check_unet_xray(w):
    "The blocks have answered, in the page's own network, and the pixel follows the pointer."
    w.root.locator("xpath=self::*[@data-painted]").wait_for(timeout=60_000)
    canvas = w.root.locator(".panel canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    w.place.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.8 * box["height"])
    w.place.page.wait_for_timeout(500)
    _, h, wide = w.python.shape
    assert w.get("pixel") == [int(0.3 * wide), int(0.8 * h)]
    ink = "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v)"
    assert all(canvas.evaluate(ink) for canvas in w.root.locator(".block canvas:not([hidden])").all())


def check_guidance_lab(w):
    "A garment of the page's own network at the weight that is chosen, near the one that PyTorch draws with weights that are not rounded."
    w.root.locator("xpath=self::*[@data-painted]").wait_for(timeout=60_000)
    w.root.get_by_role("button", name="the picture at w = 4", exact=True).click()
    w.root.locator("xpath=self::*[@data-w='4']").wait_for(timeout=60_000)
    p = w.python
    drawn = w.place.evaluate("el => Array.from(new Float32Array(el.ddw.model.get('image').buffer))")
    x_T = torch.tensor(p.x_T)[None]
    theirs = sample(
        pretrained("fashion-mnist-classes"),
        n=1,
        x_T=x_T,
        steps=p.steps,
        labels=w.get("label"),
        guidance=4,
        progress=False,
    )
    assert np.abs(np.reshape(drawn, p.shape) - theirs[0].numpy()).mean() < 0.1


CHECKS = {"NoiseScrubber": check_noise_scrubber, "SamplingPlayer": check_sampling_player, "ScheduleExplorer": check_schedule_explorer,
          "TrainingMonitor": check_training_monitor, "DensityScrubber": check_density_scrubber, "SolverLab": check_solver_lab, "PathExplorer": check_path_explorer, "FIDLab": check_fid_lab, "LiveSampler": check_live_sampler, "DiffusionPlayground": check_diffusion_playground, "UNetXRay": check_unet_xray, "GuidanceLab": check_guidance_lab}  # fmt: skip


def test_every_widget_is_alive(site, new_page):
    "On every page: each widget mounts, is dragged, and shows what numpy says; nothing is loaded from elsewhere."
    seen = []
    for name, address in site.items():
        page = new_page()
        console = []
        page.on("console", lambda m, said=console: said.append(m.text) if m.type == "error" else None)
        page.on("response", lambda r, said=console: said.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.goto(address)
        for place in page.locator("[data-ddw]").all():
            w = Placed(page, place)
            try:
                CHECKS[w.kind](w)
            except AssertionError as e:
                raise AssertionError(f"{name}, {w.kind}: {e}") from e
            seen.append(w.kind)
        assert not page.errors and not page.outside and not console, (name, page.errors, page.outside, console)
        page.context.close()
    assert set(seen) == set(CHECKS), "every kind of widget is on some page"
    assert len(seen) >= 20


def test_lessons_open_from_disk(site, staged, new_page):
    "A browser lets such a page load neither modules nor JSON. Widgets, films and figures come alive all the same."
    for name in (n for n in site if n.startswith("lessons/")):
        page = new_page()
        said = []
        page.on("console", lambda m, said=said: said.append(m.text) if m.type in ("error", "warning") else None)
        page.goto((staged / name).with_suffix(".html").as_uri())
        for place in page.locator("[data-ddw]").all():
            Placed(page, place)
        for place in page.locator("[data-ddw-plot]").all():
            place.scroll_into_view_if_needed()
            page.wait_for_function("e => e.dataset.painted !== undefined", arg=place.element_handle())
        assert not page.errors and not page.outside and not said, (name, page.errors, page.outside, said)
        page.context.close()


def test_a_film_waits_until_it_is_near(site, staged, new_page):
    film = next(p for p in sorted((staged / "lessons").glob("06*.html")))
    text = film.read_text(encoding="utf-8").replace("<main>", '<main><div style="height: 9000px"></div>')
    film.with_stem("far").write_text(text, encoding="utf-8")
    page = new_page()
    asked = []
    page.on("request", lambda r: asked.append(r.url.rpartition("/")[2]))
    page.goto(next(a for n, a in site.items() if n.startswith("lessons/06")).replace(film.stem, "far"))
    place = page.locator("[data-ddw-from]").first
    script = place.get_attribute("data-ddw-from").rpartition("/")[2]
    page.wait_for_timeout(500)
    assert script not in asked and place.locator("img").get_attribute("alt")
    place.scroll_into_view_if_needed()
    place.locator(".ddw").wait_for()
    assert asked.count(script) == 1 and place.locator("> img").count() == 0 and not page.errors


def test_figures_are_drawn_in_the_page_s_colours(site, new_page):
    name, address = next((n, a) for n, a in site.items() if n.startswith("lessons/06"))
    page = new_page()
    page.goto(address)
    place = page.locator("[data-ddw-plot]").first
    place.scroll_into_view_if_needed()
    page.wait_for_function("e => e.dataset.painted !== undefined", arg=place.element_handle())
    ink = "e => getComputedStyle(e.querySelector('.xtick text')).fill"
    assert place.evaluate(ink) == "rgb(31, 41, 55)"
    assert place.evaluate("e => getComputedStyle(e.querySelector('.main-svg')).backgroundColor") == "rgba(0, 0, 0, 0)"
    page.evaluate("document.body.className = 'quarto-dark'")
    page.wait_for_function(f"e => ({ink})(e) === 'rgb(227, 231, 238)'", arg=place.element_handle())
    assert place.bounding_box()["width"] > 700
    page.set_viewport_size({"width": 400, "height": 800})
    page.wait_for_function(
        "e => e.querySelector('.main-svg').getBoundingClientRect().width < 400", arg=place.element_handle()
    )
    assert not page.errors and not page.outside


def test_linked_widgets_stay_linked(staged, new_page):
    "Two widgets of one page with the same `link`, brought by the processors."
    import ipywidgets
    from fastcore.nbio import dict2nb
    from nbdev.process import NBProcessor

    from ddpm_widgets import _docs

    pictures = np.arange(2 * 64, dtype=np.uint8).reshape(2, 8, 8)
    pair = [W.NoiseScrubber(pictures, np.linspace(0.99, 0.01, 100), link="a") for _ in range(2)]
    state = ipywidgets.Widget.get_manager_state(drop_defaults=False, widgets=pair)
    show = [
        {"output_type": "display_data", "metadata": {}, "data": {_docs.VIEW: {"model_id": w.model_id}}} for w in pair
    ]
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": "pair", "outputs": show}
    nb = dict2nb({"cells": [cell], "metadata": {"widgets": {_docs.STATE: state}}, "nbformat": 4, "nbformat_minor": 5})
    nb.path_ = NBS / "index.ipynb"
    NBProcessor(nb=nb, procs=[_docs.make_static], process=True)
    text = "\n".join("".join(out["data"]["text/markdown"]) for out in nb.cells[0].outputs)
    file = staged / "pair.html"
    file.write_text(PAGE.format(title="pair", body="\n".join(raw for _, raw in BLOCK.findall(text))), encoding="utf-8")
    page = new_page()
    page.goto(file.as_uri())  # from disk, too
    first, second = (Placed(page, place) for place in page.locator("[data-ddw]").all())
    first.drag(first.root.locator("input[type=range]").first, 0.5)
    assert first.get("t") == second.get("t") != 0
    assert not page.errors and not page.outside
