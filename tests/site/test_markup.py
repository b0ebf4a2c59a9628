"""Names that look like markup: class names, labels, schedules, runs, units, errors. In a saved page and in a page of the site.

Each name would, if it became markup anywhere, set `window.owned` or leave an element behind. And a reader must see it as it is written.
"""

import base64
import json
import re
import shutil

import numpy as np
import pytest
from fastcore.nbio import dict2nb
from nbdev.process import NBProcessor
from test_docs_pages import BLOCK, NBS, PAGE

from ddpm_widgets import Diffusion, _docs, cosine_schedule, garments, page_weights, plot_loss, plot_schedules, unet
from ddpm_widgets.data import DataLoaders, dataset_of
from ddpm_widgets.widgets import (
    DensityScrubber,
    DiffusionPlayground,
    FIDLab,
    GuidanceLab,
    LiveSampler,
    NoiseScrubber,
    PathExplorer,
    SamplingPlayer,
    ScheduleExplorer,
    SolverLab,
    TrainingMonitor,
    UNetXRay,
    save_html,
)

EVIL = (
    '<img src=x onerror="window.owned=1">',
    "</script><script>window.owned=2</script>",
    "\"><svg onload='window.owned=3'>",
    "<a href=javascript:window.owned=4>a</a>",
    "&lt;img src=x onerror=window.owned=5&gt;",
    "</style><style>body{display:none}</style>",
    "${window.owned=6}{{window.owned=7}}<!-- <b>b</b>",
    "' onmouseover=window.owned=8 x='",
)
LINEAR = np.cumprod(1 - np.linspace(1e-4, 0.02, 50))
OWNED = """() => ({
    owned: window.owned ?? null,
    elements: document.querySelectorAll("img[src=x], svg[onload], [onerror], [onmouseover], a[href^=javascript]").length,
    bold: [...document.querySelectorAll("b")].filter((b) => b.textContent === "b").length,
    hidden: getComputedStyle(document.body).display === "none",
})"""
CLEAN = {"owned": None, "elements": 0, "bold": 0, "hidden": False}


class Named:
    "A step of a sampler."

    def __init__(self, t):
        self.t, self.x_t, self.x0, self.eps = t, *np.random.default_rng(t).uniform(-1, 1, (3, 2, 8, 8))


def labelled(classes=()):
    "A small network that takes a class; given their names, it knows none as well."
    known = len(classes) + 1 if classes else len(EVIL)
    model = unet("small", block_out_channels=(8, 16), norm_num_groups=8, num_class_embeds=known)
    model.diffusion = Diffusion(cosine_schedule(10), shape=(1, 8, 8), classes=classes)
    return model


@pytest.fixture(scope="module")
def dls():
    "Data whose class names are the evil ones."
    train, valid = (dataset_of(dl) for dl in (lambda d: (d.train, d.valid))(garments(8, n=8, n_valid=8, seed=0)))
    return DataLoaders.from_datasets(train, valid, 8, 0, EVIL, EVIL[0])


@pytest.fixture(scope="module")
def widgets(dls):
    "Every widget, with evil wherever a word of the reader's can be."
    x, _ = dls.one_batch()
    monitor = TrainingMonitor(sample_every=0)
    monitor.state, monitor.note = "error", f"ValueError: {' '.join(EVIL)}"
    monitor.history = np.float32([[1, 0.5, 0.4, 0.6, 1e-3], [2, 0.4, 0.3, 0.5, 1e-3]]).tobytes()
    monitor.progress = {
        "step": 2,
        "fit_step": 2,
        "total_steps": 2,
        "device": EVIL[0],
        "precision": EVIL[1],
        "phase": EVIL[2],
    }
    x0 = np.random.default_rng(0).uniform(-1, 1, (4, 2, 2))
    playground = DiffusionPlayground(n=20, link=EVIL[0])
    playground.shape = EVIL[2]
    return {
        "noise": NoiseScrubber(x, {name: LINEAR for name in EVIL[:4]}, labels=dls.classes, link=EVIL[2]),
        "explorer": ScheduleExplorer(schedules={name: LINEAR for name in EVIL[:4]}),
        "player": SamplingPlayer({name: [Named(t) for t in (9, 5, 0)] for name in EVIL[:4]}),
        "density": DensityScrubber(name=EVIL[0], unit=EVIL[1]),
        "solver": SolverLab(name=EVIL[0], unit=EVIL[1]),
        "fid": FIDLab(
            np.eye(4), {n: {n: x0, EVIL[2]: x0 / 2} for n in EVIL[:2]}, lambda x: x.reshape(4, 4), counts=[2]
        ),
        "live": LiveSampler(page_weights(labelled(), classes=EVIL), steps=2),
        "guidance": GuidanceLab(labelled(EVIL), steps=2),
        "xray": UNetXRay(page_weights(labelled(), classes=EVIL), np.zeros((1, 8, 8))),
        "monitor": monitor,
        "paths": PathExplorer(link=EVIL[0]),
        "playground": playground,
    }


def look(page):
    "Every widget as a reader would use it: all of it is seen, pointed at, its buttons and checkboxes pressed, something enlarged."
    page.on("dialog", lambda d: (page.errors.append(d.message), d.dismiss()))
    page.wait_for_function(
        "document.querySelectorAll('[data-ddw] .ddw').length === document.querySelectorAll('[data-ddw]').length"
    )
    for root in page.locator("[data-ddw] .ddw").all():
        root.scroll_into_view_if_needed()
        for canvas in root.locator("canvas:visible").all()[:8]:
            canvas.hover(force=True)
            box = canvas.bounding_box()
            page.mouse.move(box["x"] + 10, box["y"] + 10, steps=3)
        for canvas in root.locator("canvas:visible").all()[:1]:
            canvas.click(position={"x": 12, "y": 12}, force=True)
        for box in root.locator("label:visible").all()[:12]:
            box.hover(force=True)
    page.wait_for_timeout(300)


def text_of(page):
    "All that is there to read, hear or point at, under the widgets."
    return page.evaluate("""() => {
        const said = [];
        for (const el of document.querySelectorAll("[data-ddw] .ddw, [data-ddw] .ddw *, [data-ddw-plot] *")) {
            for (const name of ["aria-label", "title", "alt", "aria-valuetext"]) if (el.hasAttribute(name)) said.push(el.getAttribute(name));
            for (const child of el.childNodes) if (child.nodeType === 3) said.push(child.data);
        }
        return said.join("\\n");
    }""")


def as_html(text):
    "Text without the spaces that a page may add or take."
    return re.sub(r"\s+", " ", text)


def expect_all(page):
    assert page.evaluate(OWNED) == CLEAN
    text = as_html(text_of(page))
    for name in EVIL:
        assert as_html(name) in text, f"not to be read: {name}"
    assert not page.outside


@pytest.mark.parametrize("which", ["noise", "explorer", "player", "density", "solver", "fid", "monitor"])
def test_in_a_page_of_its_own(which, widgets, page, tmp_path):
    path = save_html(tmp_path / "page.html", widgets[which], title=EVIL[1])
    page.goto(path.as_uri())
    look(page)
    assert page.evaluate(OWNED) == CLEAN
    text = as_html(text_of(page))
    mine = {"noise": EVIL, "monitor": EVIL, "density": EVIL[:2], "solver": EVIL[:2], "fid": EVIL[:2]}.get(
        which, EVIL[:4]
    )
    for name in mine:
        assert as_html(name) in text, f"not to be read in {which}: {name}"
    assert page.title() == EVIL[1]


def test_in_a_page_of_the_site(widgets, page, tmp_path):
    "As nbdev and our processor leave it for Quarto; with figures of plotly beside the widgets."

    def cell(i, data):
        output = {"output_type": "display_data", "metadata": {"image/png": {"alt": EVIL[i % 8]}}, "data": data}
        source = f"#| fig-alt: {EVIL[0]}\nshow()"
        return {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "execution_count": 1,
            "source": source,
            "outputs": [output],
        }

    figures = [
        plot_loss({name: [1.0, 0.5, 0.4] for name in EVIL[:5]}),
        plot_schedules({name: LINEAR for name in EVIL[:5]}),
    ]
    poster = base64.b64encode(widgets["noise"].to_png()).decode()
    cells = [
        cell(i, {_docs.VIEW: {"model_id": w.model_id}, "image/png": poster}) for i, w in enumerate(widgets.values())
    ]
    cells += [cell(9 + i, {_docs.PLOTLY: json.loads(fig.to_json())}) for i, fig in enumerate(figures)]
    state = {w.model_id: w._get_embed_state() for w in widgets.values()}
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# A page"}
    metadata = {"widgets": {_docs.STATE: {"state": state}}}
    nb = dict2nb({"cells": [title, *cells], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    nb.path_ = NBS / "gallery.ipynb"
    NBProcessor(nb=nb, procs=[_docs.make_static], rm_directives="quarto", process=True)
    outs = [out for c in nb.cells for out in c.get("outputs", [])]
    body = "\n".join(raw for _, raw in BLOCK.findall("\n\n".join("".join(o["data"]["text/markdown"]) for o in outs)))
    assert body.count("data-ddw=") == len(widgets) == 12 and body.count("data-ddw-plot=") == 2
    (tmp_path / "static").mkdir()
    shutil.copytree(NBS / "static/vendor", tmp_path / "static/vendor")
    (tmp_path / "page.html").write_text(PAGE.format(title="page", body=body), encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    look(page)
    for plot in page.locator("[data-ddw-plot]").all():
        plot.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('[data-ddw-plot][data-painted]').length === 2")
    for link in page.locator(
        "[data-ddw-plot] a"
    ).all():  # plotly knows links in names, and these two words of a name make one
        link.click(force=True)
    page.locator("[data-ddw-plot]").first.hover()
    page.wait_for_timeout(300)
    expect_all(page)
