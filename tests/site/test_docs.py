"""The site without Quarto: what the processors of `ddpm_widgets/_docs.py` leave of every notebook, and what Quarto is told.

The whole site is staged once, from the notebooks that other tests have run by then; see `staged` in conftest.py.
"""

import base64
import hashlib
import html
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import _execute
import nbformat
import numpy as np
import pytest
import yaml
from nbdev.process import NBProcessor

from ddpm_widgets import _docs, _lighten
from ddpm_widgets.images import png

ROOT = Path(__file__).parents[2]
NBS = ROOT / "nbs"
QUICK = (ROOT / "tests/support/quick.py").read_text(encoding="utf-8")
SOURCES = sorted(p.relative_to(NBS) for p in NBS.rglob("[a-z0-9]*.ipynb") if ".ipynb_checkpoints" not in p.parts)
CDN = re.compile(  # each with a dot, which no base64 holds
    r"//[\w.-]*cdn[\w-]*\.\w|unpkg\.com|jsdelivr\.net|cdnjs\.|esm\.sh|skypack\.dev|require\.min\.js|fonts\.(?:googleapis|gstatic)",
    re.I,
)
POSTER = base64.b64encode(png(np.zeros((4, 4, 3), np.uint8))).decode()
each_page = pytest.mark.parametrize("name", SOURCES, ids=lambda p: str(p.with_suffix("")))


def notebook(path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def outputs(nb) -> list[dict]:
    return [out for cell in nb["cells"] for out in cell.get("outputs", [])]


def markdown(nb) -> str:
    "All that Quarto reads as Markdown: prose and outputs."
    prose = ["".join(c["source"]) for c in nb["cells"] if c["cell_type"] != "code"]
    return "\n\n".join(prose + ["".join(out.get("data", {}).get("text/markdown", "")) for out in outputs(nb)])


# What every staged notebook holds


@pytest.mark.slow
@pytest.mark.timeout(3600)  # alone, it runs every notebook
@each_page
def test_a_page_is_static(name, staged):
    nb = notebook(staged / name)
    kinds = {kind for out in outputs(nb) for kind in out.get("data", {})}
    assert "text/html" not in kinds, "Quarto would load require.js and jQuery from a CDN"
    assert not kinds & {_docs.VIEW, _docs.PLOTLY, "application/javascript"}
    assert "widgets" not in nb["metadata"], "states that Quarto would hand to a widget manager"
    assert not [out for out in outputs(nb) if out.get("name") == "stderr" or out["output_type"] == "error"]
    for cell in nb["cells"]:
        assert isinstance(cell["source"], list), "Quarto loses the ends of lines of a source that is one string"
        options = [line[2:] for line in cell["source"] if cell["cell_type"] == "code" and line.startswith("#| ")]
        assert isinstance(yaml.safe_load("".join(options)), dict | None), f"no YAML: {options}"
    html = "\n".join(raw for _, raw in re.findall(r"^(`{3,})\{=html\}\n(.*?)\n\1$", markdown(nb), re.M | re.S))
    assert not (found := CDN.findall(html)), found
    assert len(re.findall(r"<script\b", html)) == len(re.findall(r"</script", html)), "a script that ends too early"
    assert "<!--" not in html


@pytest.mark.slow
def test_the_site_shows_the_runs_of_the_other_tests(staged, executed_folder, reader):
    "No notebook was run once more for the site: what a copy depends on is the same in the folder where the site is staged."
    kept = {path.stem for path in executed_folder.glob("*.ipynb")}

    def keys(env, first=""):
        notebooks = [(name, nbformat.read(NBS / name, as_version=4)) for name in SOURCES]
        digests = [_execute.digest(nb, env, _execute.uses_the_data(NBS / name), first) for name, nb in notebooks]
        return {f"{name.stem}-{digest}" for name, digest in zip(SOURCES, digests, strict=True)}

    assert keys(reader) <= kept
    if "DDPM_WIDGETS_EXECUTED" not in os.environ:  # a folder in which runs of other days may be
        assert kept <= keys(reader) | keys({}, QUICK)


@pytest.mark.slow
@each_page
def test_a_page_shows_what_its_notebook_shows(name, staged):
    "As many widgets and figures as cells that display them; each module once, and the host once."
    text, source = markdown(notebook(staged / name)), (NBS / name).read_text(encoding="utf-8")
    modules = re.findall(r'id="ddw-([\w-]+)"', text)
    assert len(modules) == len(set(modules))
    assert set(re.findall(r'data-ddw="([\w-]+)"', text)) == set(modules)
    hosts = [text.count(_docs.host_script()) + text.count(_docs.AT_ONCE), text.count(_docs.host_script("plots"))]
    assert hosts == [int("data-ddw=" in text), int("data-ddw-plot=" in text)]
    posters = source.count("application/vnd.plotly.v1+json")
    if name.parts[0] == "lessons":  # whose outputs are committed
        assert text.count("data-ddw-plot=") == posters
        assert text.count("data-ddw=") == len(re.findall(r"<ddpm_widgets\.widgets\.\S+ object>", source))


@pytest.mark.slow
@each_page
def test_no_level_of_headings_is_skipped(name, staged):
    nb = notebook(staged / name)
    text = []
    for cell in nb["cells"]:
        text.append("".join(cell["source"]) if cell["cell_type"] == "markdown" else "")
        text += ["".join(out.get("data", {}).get("text/markdown", "")) for out in cell.get("outputs", [])]
    prose = re.sub(r"^(`{3,}).*?^\1`*$", "", "\n".join(text), flags=re.M | re.S)
    level = 1
    for heading in re.findall(r"^(#{1,6}) ", prose, re.M):
        assert len(heading) <= level + 1, f"after a heading of level {level} comes one of level {len(heading)}"
        level = len(heading)


@pytest.mark.slow
@each_page
def test_every_picture_is_put_in_words(name, staged):
    nb = notebook(staged / name)
    for cell in nb["cells"]:
        if any("image/png" in out.get("data", {}) for out in cell.get("outputs", [])):
            assert "#| fig-alt: " in "".join(cell["source"]), "".join(cell["source"])[:200]
    text = markdown(nb)
    said = re.findall(r'data-ddw-plot="[^"]*" role="img" aria-label="([^"]*)"', text) + re.findall(
        r"!\[(.*?)\]\(", text
    )
    said += re.findall(r'<img [^>]*alt="([^"]*)"', text)
    assert all(len(words) > 8 for words in said), said


def test_every_column_of_a_table_has_a_name():
    for name in SOURCES:
        for cell in notebook(NBS / name)["cells"]:
            heads = (
                re.findall(r"^(\|.*\|)\n\|[-:| ]+\|$", "".join(cell["source"]), re.M)
                if cell["cell_type"] == "markdown"
                else []
            )
            assert not [h for h in heads if re.search(r"\|\s*\|", h)], (
                f"{name}: a table whose heading is empty: {heads}"
            )


@pytest.mark.slow
def test_links_between_pages_resolve(staged):
    pages = {}
    for name in SOURCES:
        nb = notebook(staged / name)
        front = yaml.safe_load("".join(nb["cells"][0]["source"]).strip().strip("-"))
        pages[(staged / name).with_name(front["output-file"])] = staged / name
    wrong = []
    for name in SOURCES:
        text = re.sub(r"^(`{3,}).*?^\1$", "", markdown(notebook(staged / name)), flags=re.M | re.S)
        targets = re.findall(r"\]\(([^()\s]+)", text) + re.findall(r'(?:href|src)="([^"]+)"', text)
        for target in targets:
            path = target.split("#")[0].split("?")[0]
            if not path or re.match(r"[a-z]+:", path):
                assert not target.startswith(_docs.site()), f"{name}: {target} leaves the site it is on"
                continue
            there = ((staged / name).parent / path).resolve()
            if there not in pages and not there.is_file():
                wrong.append(f"{name}: {target}")
            elif (anchor := target.partition("#")[2]) and there in pages:
                heard = markdown(notebook(pages[there])).lower()
                if f"### {anchor}\n".lower() not in heard and anchor not in heard:
                    wrong.append(f"{name}: {target} (no such heading)")
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_a_lesson_can_be_had_elsewhere(staged):
    for name in SOURCES:
        if name.parts[0] != "lessons":
            continue
        text = markdown(notebook(staged / name))
        assert "After this lesson you can" in text, "what stands below the title is lost"
        assert text.index(f"/blob/main/nbs/{name.as_posix()})") < text.index(f"(../static/notebooks/{name.name})")
        assert (staged / "static/notebooks" / name.name).read_bytes() == (NBS / name).read_bytes()


@pytest.mark.slow
def test_a_page_is_light(staged):
    "A page's own HTML, compressed, without plotly.js: 300 kB, and Quarto's own scripts and styles beside it. Films and samples of a training come on top."
    import gzip

    sizes = {str(name): len(gzip.compress(markdown(notebook(staged / name)).encode())) for name in SOURCES}
    heavy = {}
    for name, size in sizes.items():
        text = markdown(notebook(staged / name))
        films, runs = text.count('data-ddw="SamplingPlayer'), text.count('data-ddw="TrainingMonitor')
        if (
            size > 300_000 + films * 640_000 + runs * 250_000
        ):  # a film holds up to 600 kB (FILM in nbs/_execute.py), noise that nothing compresses
            heavy[name] = size
    assert not heavy, heavy


# The processors, one notebook at a time


def page(*cells, state=None, name="index.ipynb"):
    "A notebook as nbdev hands it to `make_static`, after it."
    nb = {
        "cells": list(cells),
        "metadata": {"widgets": {_docs.STATE: {"state": state or {}}}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    from fastcore.nbio import dict2nb

    nb = dict2nb(nb)
    nb.path_ = NBS / name
    NBProcessor(nb=nb, procs=[_docs.make_static], rm_directives="quarto", process=True)
    return nb


def code(*outs, source="show()"):
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "execution_count": 1,
        "source": source,
        "outputs": list(outs),
    }


def shows(**data):
    return {"output_type": "display_data", "metadata": {}, "data": data}


def model(**state):
    return {"model_name": "AnyModel", "model_module": "anywidget", "state": {"_esm": "export default {}", "_anywidget_id": "a.b.Dial", "layout": "IPY_MODEL_x", **state}}  # fmt: skip


def view(model_id):
    return shows(**{_docs.VIEW: {"model_id": model_id}, "image/png": POSTER})


def test_a_widget_becomes_html():
    nb = page(code(view("m")), code(view("n")), state={"m": model(t=3), "n": model(t=4)})
    first, second = ("".join(cell.outputs[0]["data"]["text/markdown"]) for cell in nb.cells)
    assert first.count("export default {}") == 1 and "export default {}" not in second, "the module is there once"
    assert '{"state":{"t":3},"buffers":[]}' in first and "layout" not in first and '"t":4' in second
    assert first.count(_docs.AT_ONCE) == 1 and _docs.AT_ONCE not in second
    assert f'src="data:image/png;base64,{_docs.lighter(POSTER)}"' in first and set(nb.cells[0].outputs[0]["data"]) == {
        "text/markdown"
    }


def test_a_widget_is_put_in_the_words_of_its_poster():
    out = view("m")
    out["metadata"] = {"image/png": {"alt": "A dial at 3; interactive in a notebook"}}
    (cell,) = page(code(out), state={"m": model(t=3)}).cells
    text = "".join(cell.outputs[0]["data"]["text/markdown"])
    assert 'alt="A dial at 3"' in text and "*A dial at 3*" in text, "here it is interactive without one"


def test_a_view_without_state_is_an_error():
    with pytest.raises(ValueError, match="a widget view without saved state"):
        page(code(view("m")))
    with pytest.raises(ValueError, match="VBoxModel is no anywidget"):
        page(code(view("m")), state={"m": {"model_name": "VBoxModel", "state": {"children": []}}})
    with pytest.raises(ValueError, match="same `link`"):
        page(state={"l": {"model_name": "LinkModel", "state": {}}})


def test_scripts_cannot_end_a_page():
    evil = "const a = '</script><script>alert(1)</script><!--'"
    nb = page(code(view("m")), state={"m": model(_esm=evil, note=evil)})
    text = "".join(nb.cells[0].outputs[0]["data"]["text/markdown"])
    assert "alert(1)" in text and "<script>alert" not in text and "<!--" not in text
    with pytest.raises(ValueError, match="would end it there"):
        page(code(shows(**{"text/html": "<script>a = '</script>'</script>"})))
    with pytest.raises(ValueError, match="a comment inside"):
        page(code(shows(**{"text/html": "<b>bold</b><!-- a note"})))


def test_figures_and_html_and_pictures():
    figure = {"data": [{"y": [1]}], "layout": {"height": 300}, "config": {"plotlyServerURL": "https://plot.ly"}}
    nb = page(
        code(shows(**{_docs.PLOTLY: figure, "text/html": "<div>a</div>"}), source="#| fig-alt: A line.\nfig"),
        code(shows(**{"text/html": ["<b>bold</b>\n", "\n", "```\n"]})),
        code(
            shows(**{"image/png": "QUJD", "image/jpeg": "QUJD"}),
            {"output_type": "stream", "name": "stderr", "text": "50%"},
        ),
        name="api/06_schedule.ipynb",
    )
    one, two, three = (cell.outputs for cell in nb.cells)
    text = "".join(one[0]["data"]["text/markdown"])
    assert 'data-ddw-plot="../static/vendor/plotly/' in text and "height:300px" in text and "plot.ly" not in text
    assert 'aria-label="A line."' in text
    bold = "".join(two[0]["data"]["text/markdown"])
    assert "````{=html}\n<b>bold</b>\n```\n````" in bold, "a longer fence than any inside"
    assert len(three) == 1 and set(three[0]["data"]) == {"image/png"}
    figure["layout"]["meta"] = {"alt": "What the figure says of itself.", "aspect": 1.5}
    (cell,) = page(code(shows(**{_docs.PLOTLY: figure}))).cells
    text = "".join(cell.outputs[0]["data"]["text/markdown"])
    assert 'aria-label="What the figure says of itself." style="aspect-ratio:1.5"' in text, "no longer of one height"


@pytest.mark.slow
@pytest.mark.timeout(3600)  # alone, it runs every notebook
def test_the_page_of_the_idea_shows_its_code(staged):
    "Each function under its own heading, in the order of the file, unfolded; a reference shows the signature alone."
    code = (ROOT / "ddpm_widgets/ddpm.py").read_text(encoding="utf-8")
    cells = notebook(staged / "api/00_ddpm.ipynb")["cells"]
    shown = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    named = re.findall(r"^def (\w+)", code, re.M)
    assert [name for name in re.findall(r"^def (\w+)", shown, re.M) if name in named] == named
    assert "    return signal_rate * x0 + noise_rate * eps\n" in shown and "code-fold" not in shown
    said = markdown({"cells": cells})
    assert all(f"\n## {name}\n" in said or f"\n### {name}\n" in said for name in named)
    assert "**Source**" not in said and "| Type |" not in said


def test_options_are_yaml():
    "Quarto refuses to build a page for one option that is not."
    nb = page(code(source="#| fig-alt: Two rows: real, made\n#| echo: false\n#| label: 'a: b'\nx = {'#| a': 1}"))
    assert (
        nb.cells[0].source == "#| fig-alt: \"Two rows: real, made\"\n#| echo: false\n#| label: 'a: b'\nx = {'#| a': 1}"
    )


def test_links_to_the_site_are_made_relative():
    nb = page(
        {"cell_type": "markdown", "metadata": {}, "source": f"[a]({_docs.site()}api/datasets.html#garments)"},
        name="api/06_schedule.ipynb",
    )
    assert nb.cells[0].source == "[a](../api/datasets.html#garments)"


def test_sample_leads_to_the_one_that_readers_call():
    link = {"cell_type": "markdown", "metadata": {}, "source": f"[`sample`]({_docs.site()}api/ddpm.html#sample)"}
    assert page(dict(link), name="glossary.ipynb").cells[0].source == "[`sample`](api/sampling.html#sample)"
    assert page(dict(link), name="api/00_ddpm.ipynb").cells[0].source == "[`sample`](../api/ddpm.html#sample)"


def test_what_is_new_is_the_changelog_itself():
    "Every line of it, with links to the reference; nobody writes it twice."
    cells = notebook(NBS / "new.ipynb")["cells"]
    assert "".join(cells[-1]["source"]) == _docs.CHANGES and len(cells) == 2
    (cell,) = page({"cell_type": "markdown", "metadata": {}, "source": _docs.CHANGES}, name="new.ipynb").cells
    assert "[`noisify`](api/noising.html#noisify)" in cell.source and _docs.site() not in cell.source
    written = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("\n")[2]
    said = re.sub(r"\[(`[^`]+`)\]\([^)]+\)", r"\1", cell.source).strip()
    assert re.sub(r"^(## (\S+)) \{#v\2\}$", r"\1", said, flags=re.M) == written.strip()


def test_quarto_render_is_refused_anywhere_else(tmp_path):
    command = [sys.executable, "-m", "ddpm_widgets._docs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "make docs" in done.stderr and len(done.stderr.strip().splitlines()) == 1
    (tmp_path / "_proc").mkdir()
    assert subprocess.run(command, cwd=tmp_path / "_proc").returncode == 0
    site = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))
    assert site["project"]["pre-render"] == "python -m ddpm_widgets._docs"
    assert site["project"]["post-render"] == "python -m ddpm_widgets._lighten"


# What is done to the pages that Quarto has built


def placed(weight=0, link="", poster=POSTER):
    from ddpm_widgets.widgets.page import mount_point

    return mount_point("Dial-0a", {"state": {"link": link, "x": "9" * weight}, "buffers": []}, poster, "A dial")


def test_heavy_states_and_posters_leave_the_page(tmp_path):
    page = tmp_path / "deep/film.html"
    page.parent.mkdir()
    heavy = placed(_lighten.HEAVY)
    text = _lighten.apart(page, placed() + heavy + placed(_lighten.HEAVY, link="pair") + placed(poster=""), tmp_path)
    assert text.count("data-ddw=") == 4 and "data:image" not in text
    assert text.count('<script type="application/json">') == 3, "what is light, or moves with others, stays"
    (name,) = re.findall(r'data-ddw-from="([^"]+)"', text)
    brought = (page.parent / name).read_text(encoding="utf-8")
    key, saved = re.fullmatch(r"\(window\.ddwSaved \?\?= \{\}\)\[(.+?)\] = (.+);\n", brought).groups()
    assert json.loads(key) == name and saved == re.search(r">({.*})</script>", heavy)[1]
    posters = re.findall(r'<img src="(\S+)" loading="lazy" width="4" height="4" alt="A dial"', text)
    assert len(set(posters)) == 3
    from PIL import Image

    assert all(np.array(Image.open(page.parent / p)).shape == (4, 4, 3) for p in posters)


def test_the_first_widget_s_module_stays_and_the_others_are_shared(tmp_path):
    from ddpm_widgets.widgets.page import module_script, mount_point

    def page(*kinds, link=""):
        made = {kind: module_script(kind, f"export default {{}} // {kind}", ".a{}") for kind in kinds}
        places = [
            mount_point(name, {"state": {"link": link if kind == "C" else ""}}, "", "it")
            for kind, (name, _) in made.items()
        ]
        return {kind: name for kind, (name, _) in made.items()}, "".join(
            script for _, script in made.values()
        ) + "".join(places)

    (tmp_path / "deep").mkdir()
    for path in (tmp_path / "a.html", tmp_path / "deep/b.html"):
        names, text = page("A", "B", "C", link="pair")
        text = _lighten.apart(path, text, tmp_path)
        assert re.findall(r'id="ddw-([\w-]+)"', text) == [names["A"], names["C"]], (
            "those that move together are there together"
        )
        (src,) = re.findall(r'data-ddw-module="([^"]+)"', text)
        (brought,) = tmp_path.rglob("static/widgets/*.js")
        assert (path.parent / src).resolve() == brought.resolve()
        key, module = re.fullmatch(
            r"\(window\.ddwSaved \?\?= \{\}\)\[(.+?)\] = (.+);\n", brought.read_text(encoding="utf-8")
        ).groups()
        assert json.loads(key) == names["B"] and json.loads(module) == {"esm": "export default {} // B", "css": ".a{}"}


def test_a_poster_looks_as_before(tmp_path):
    "In 48 colours, to a few grey levels; in a file of its own, exactly as in the page."
    from PIL import Image

    grey = np.random.default_rng(0).integers(0, 256, (32, 64, 1), np.uint8).repeat(3, 2)
    poster = _docs.lighter(base64.b64encode(png(grey)).decode())
    light = np.array(Image.open(io.BytesIO(base64.b64decode(poster))).convert("RGB"))
    assert np.abs(light.astype(int) - grey).max() <= 8
    text = _lighten.apart(tmp_path / "page.html", placed(poster=poster), tmp_path)
    (name,) = re.findall(r'<img src="(\S+)"', text)
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / name).convert("RGB")), light)


def test_pictures_are_the_same_in_fewer_bytes(tmp_path):
    from PIL import Image

    (tmp_path / "a").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8) // 64 * 64
    Image.fromarray(pixels).save(tmp_path / "a/one.png")
    text = _lighten.pictures(tmp_path / "a/page.html", '<img src="one.png" alt="x"><img src="no.png">', tmp_path)
    assert (
        text == '<img loading="lazy" width="60" height="40" style="--w:60px" src="one.webp" alt="x"><img src="no.png">'
    )
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "a/one.webp")), pixels)
    assert ' alt="" ' in _lighten.pictures(tmp_path / "a/page.html", '<img src="one.png" class="c">', tmp_path)
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["one.png", "one.webp"], "no twin for a dark page"


def test_labels_stand_on_the_ground_of_the_page(tmp_path):
    "Every pixel of an image is kept; what is between them is clear, and a letter's edge as clear as it was light."
    from PIL import Image

    from ddpm_widgets import show_images

    images = np.random.default_rng(1).integers(0, 256, (3, 32, 32), np.uint8)
    images[1] = 255
    grid = show_images(images[:, None], columns=3, scale=2, labels=["one", "two", "three"])
    grid.save(tmp_path / "grid.png")
    seen = np.array(_lighten.clear(Image.open(tmp_path / "grid.png")))
    for i, image in enumerate(images):
        part = seen[:64:2, i * 72 : i * 72 + 64 : 2]
        assert (part[..., :3] == image[..., None]).all() and (part[..., 3] == 255).all()
    label = seen[64:, :, 3]
    assert label.min() == 0 and label.max() > 200 and ((label > 20) & (label < 200)).any()
    on_white = np.array(Image.alpha_composite(Image.new("RGBA", grid.size, "white"), Image.fromarray(seen)))[..., :3]
    assert np.abs(on_white.astype(int) - np.array(grid)).max() <= 3
    plain = Image.fromarray(images[0])
    assert _lighten.clear(plain).mode == "RGB"
    pale = np.array(_lighten.clear(Image.open(tmp_path / "grid.png"), _lighten.PALE))
    assert (pale[..., 3] == seen[..., 3]).all() and (pale[:64] == seen[:64])[seen[:64, :, 3] > 0].all()
    assert (pale[64:][label > 0][:, :3] == _lighten.PALE).all(), "a lighter ink on a dark page"
    text = _lighten.pictures(tmp_path / "page.html", '<img src="grid.png" alt="x">', tmp_path)
    light, dark = re.findall(r'<span class="(light|dark)-content"><img [^>]*src="([^"]+)"', text)
    assert (light, dark) == (("light", "grid.webp"), ("dark", "grid.pale.webp")) and text.count("<img") == 2


def test_the_front_page_s_pictures_are_light(tmp_path):

    folder = tmp_path / "static/front"
    folder.mkdir(parents=True)
    for part in sorted((NBS / "static/front").glob("*.png")):
        (folder / part.name).write_bytes(part.read_bytes())
    names = sorted(p.name for p in folder.glob("*.png"))
    text = _lighten.pictures(
        tmp_path / "index.html", "".join(f'<img src="static/front/{n}" alt="x">' for n in names), tmp_path
    )
    shown = re.findall(r' width="640" height="360" style="--w:640px" src="(\S+)"', text)
    assert [Path(name).stem for name in shown] == [Path(name).stem for name in names] and len(names) == 3
    assert sum((tmp_path / name).stat().st_size for name in shown) < 80_000


def test_every_lesson_has_a_drawing_which_takes_the_theme_s_colours():
    "theme-dark.scss inverts SVGs, so they are drawn on nothing, in ink, and bring no style of their own."
    import runpy

    numbers = [p.stem.split("_")[0] for p in sorted((NBS / "lessons").glob("[0-9]*.ipynb"))]
    cards = runpy.run_path(str(NBS / "_cards.py"))["CARDS"]
    assert list(cards) == numbers
    front = (NBS / "index.ipynb").read_text(encoding="utf-8")
    for number in numbers:
        svg = (NBS / f"static/lessons/{number}.svg").read_text(encoding="utf-8")
        assert cards[number]() in svg, "run nbs/_cards.py"
        assert len(svg) < 12_000 and "<style" not in svg and "href" not in svg
        assert front.count(f"](static/lessons/{number}.svg)") == 1


def test_formulas_are_set_at_build(need):
    import shutil

    need("node", bool(shutil.which("node")), "Node.js is missing")
    v = vendor()
    tex = '<span class="math inline">\\sqrt{\\bar\\alpha_t} &lt; 1</span>'
    load = '<script defer="" src="../static/vendor/katex/katex.min.js"></script><script>var mathElements = document.getElementsByClassName("math");</script>'
    pages = {Path("a"): tex + load, Path("b"): tex + tex.replace("inline", "display"), Path("c"): "none"}
    _lighten.formulas(pages, v.VENDOR / "katex/katex.min.js", NBS / "_formulas.js")
    assert "<script" not in pages[Path("a")] and pages[Path("c")] == "none"
    inline, shown = pages[Path("b")].split("</annotation>")[:2]
    assert pages[Path("a")] and 'class="katex-html"' in pages[Path("a")] and "<math" in inline
    assert "katex-display" in pages[Path("b")] and "katex-display" not in pages[Path("a")]
    assert "katex-error" not in "".join(pages.values()) and "\\sqrt{\\bar\\alpha_t} &lt; 1" in inline
    wrong = {Path("a"): tex, Path("b"): '<span class="math inline">UV^\\\\top &lt; 1</span>'}
    with pytest.raises(SystemExit, match=r"^b: KaTeX cannot set the formula UV\^\\\\top < 1$"):
        _lighten.formulas(wrong, v.VENDOR / "katex/katex.min.js", NBS / "_formulas.js")


def test_no_formula_of_a_notebook_is_wrong(need):
    import shutil

    need("node", bool(shutil.which("node")), "Node.js is missing")
    pages = {}
    for name in SOURCES:
        prose = "\n\n".join("".join(c["source"]) for c in notebook(NBS / name)["cells"] if c["cell_type"] == "markdown")
        prose = re.sub(r"^```.*?^```|`[^`]*`", "", prose, flags=re.M | re.S)
        found = re.findall(r"(\$\$?)(?!\s)(.+?)(?<!\s)\1", prose.replace("$$\n", "$$").replace("\n$$", "$$"), re.S)
        pages[name] = "".join(f'<span class="math {"display" if mark == "$$" else "inline"}">{html.escape(tex, quote=False)}</span>' for mark, tex in found)  # fmt: skip
    assert sum(text.count("<span") for text in pages.values()) > 300
    _lighten.formulas(pages, vendor().VENDOR / "katex/katex.min.js", NBS / "_formulas.js")


def test_styles_keep_what_a_page_or_a_script_could_meet():
    page = '<main class="on"><p id="here">.off</p><script>el.className = "late"</script><script type="application/json">{"a": "json"}</script></main>'
    used = _lighten.words([page], ["x.classList.add(`made-${1}`)"])
    css = """/*! licence */ /* note */ :root{--a:1} .on,.off{color:red} .off>p{color:red} main:not(.off) #here::before{content:"x"} .late:hover{top:0} :root{--b:2} main{--c:3;left:var(--a);background:url("data:a;b")} .bi-late{top:0}
    @media print{.off{top:0}} @media screen{.on{top:0} h6{top:0}} .json{top:0} @font-face{src:url(a)} .aa-Panel .on{top:0} @keyframes k{from{top:0}}"""
    kept = _lighten.prune(css, used)
    assert kept.replace(": ", ":") == (
        '/*! licence */:root{--a:1}.on{color:red}main:not(.off) #here::before{content:"x"}.late:hover{top:0}'
        'main{left:var(--a);background:url("data:a;b")}.bi-late{top:0}'
        "@media screen{.on{top:0}}@font-face{src:url(a)}.aa-Panel .on{top:0}@keyframes k{from{top:0}}"
    )


def test_fonts_keep_the_characters_that_are_shown(tmp_path):
    import shutil

    from fontTools.ttLib import TTFont

    v = vendor()
    file = Path(shutil.copy(v.VENDOR / "inter/inter-latin-wght-normal.woff2", tmp_path))
    before = file.stat().st_size
    _lighten.subset(file, {ord(c) for c in "Noise αβ−"})
    font = TTFont(file)
    assert set(map(chr, font.getBestCmap())) == set("Noise −"), "Greek has a file of its own"
    assert file.stat().st_size < before / 5
    (axis,) = font["fvar"].axes
    assert (axis.minValue, axis.maxValue) == (400, 700)


def test_scripts_wait_and_modules_become_plain(tmp_path):
    (tmp_path / "tabs").mkdir()
    (tmp_path / "tabs/tabs.js").write_text("export function init() { return 1; }\n")
    main = tmp_path / "quarto.js"
    main.write_text('import * as tabs from "./tabs/tabs.js";\ntabs.init();\n')
    assert _lighten.classic(main) and not re.search("^(im|ex)port", main.read_text(), re.M)
    main.write_text('import x from "elsewhere";\n')
    assert not _lighten.classic(main) and "elsewhere" in main.read_text(), "left alone"
    page = '<script src="q/quarto.js" type="module"></script><script src="q/tippy.umd.min.js"></script>\n<script src="b.js"></script>'
    assert _lighten.scripts(page, True) == '<script src="q/quarto.js" defer></script><script src="b.js" defer></script>'
    assert "tippy" in _lighten.scripts(page + '<a role="doc-noteref">', True), "it shows the footnotes"
    assert 'type="module"' in _lighten.scripts(page, False)


def test_the_navbar_marks_where_the_reader_is(tmp_path):
    bar = '<body class="a"><header id="quarto-header" class="b"><a class="nav-link active" href="{0}index.html#the-course" aria-current="page"><a class="nav-link" href="{0}api/ddpm.html"><a class="nav-link" href="{0}gallery.html">'
    where = {
        "index": ["", "", ""],
        "gallery": ["", "", "page"],
        "lessons/one": ["true", "", ""],
        "api/ddpm": ["", "page", ""],
        "api/widgets/w": ["", "true", ""],
    }
    for name, marks in where.items():
        up = "../" * name.count("/")
        text = _lighten.current(bar.format(up), tmp_path / f"{name}.html", tmp_path)
        links = re.findall(r'<a class="nav-link( active)?" href="[^"]+"(?: aria-current="(\w+)")?>', text)
        assert [mark for _, mark in links] == marks and [bool(a) for a, _ in links] == [bool(m) for m in marks], name
        assert text.startswith(bar.split("<a")[0] + '<a class="skip" href="#quarto-document-content">')
        assert _lighten.current(text, tmp_path / f"{name}.html", tmp_path) == text, "once is enough"


# What Quarto is told


@pytest.fixture
def site():
    return yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_search_results_begin_with_the_lesson(tmp_path, staged):
    offer = next(
        "".join(c["source"])
        for c in json.loads((staged / "lessons/05_sampling.ipynb").read_text(encoding="utf-8"))["cells"]
        if "lesson-links" in "".join(c["source"])
    )
    words = " ".join(re.findall(r"\[([^\]]+)\]", offer))
    index = tmp_path / "search.json"
    stands = "Lesson 3 page 4 of 141. Dropout2. Generative models10. Your turn"
    above = [f"{words}\nAfter this lesson", f"{stands}\nAfter this lesson"]
    index.write_text(json.dumps([{"text": text} for text in (*above, "elsewhere: " + words)]))
    _lighten.excerpts(index)
    assert [e["text"] for e in json.loads(index.read_text())] == [*["After this lesson"] * 2, "elsewhere: " + words]


def test_a_guide_is_found_by_other_words_too(tmp_path):
    index, href = tmp_path / "search.json", "guides/own_pictures.html"
    index.write_text(json.dumps([{"href": href, "text": "Put them."}, {"href": f"{href}#train", "text": "It trains."}]))
    _lighten.excerpts(index)
    first, second = json.loads(index.read_text())
    assert "custom dataset" in first["text"] and second["text"] == "It trains."
    pages = {f"guides/{p.stem.partition('_')[2]}.html" for p in (NBS / "guides").glob("*.ipynb")}
    assert set(_lighten.ASKED) == pages - {"guides/faq.html"}


def test_the_sidebar_lists_every_notebook_once(site):
    def listed(item):
        if isinstance(item, str):
            return sorted(NBS.glob(item)) if "*" in item else [NBS / item]
        if "section" in item:
            inner = item["contents"] if isinstance(item["contents"], list) else [item["contents"]]
            return [p for o in inner for p in listed(o)] + ([NBS / item["href"]] if "href" in item else [])
        return [NBS / item["href"]]

    found = [p.relative_to(NBS) for item in site["website"]["sidebar"]["contents"] for p in listed(item)]
    assert sorted(p for p in found if p.suffix == ".ipynb") == SOURCES
    rendered = {p.relative_to(NBS) for pattern in site["project"]["render"] for p in NBS.glob(pattern.lstrip("/"))}
    assert {p for p in rendered if p.suffix == ".ipynb"} == set(SOURCES)


def test_what_the_configuration_names_is_there(site):
    "Themes, styles, pictures and pages; nothing from another host."
    html = site["format"]["html"]
    theme = html["theme"]
    names = [o for part in theme.values() for o in ([part] if isinstance(part, str) else part)]
    names += [html["css"], site["website"]["favicon"]]
    cards = {site["website"][kind]["image"] for kind in ("open-graph", "twitter-card")}
    assert all(card.startswith("/") for card in cards), "Quarto would look for it beside each page"
    names += [card[1:] for card in cards]
    assert not [name for name in names if not (NBS / name).is_file()]
    assert html["html-math-method"] == {"method": "katex", "url": "/static/vendor/katex/"}
    styles = [NBS / name for name in {*names} if name.endswith((".css", ".scss"))]
    for path in styles:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?://|@import", text), path
        for url in re.findall(r"url\(([^)]+)\)", text):
            assert (NBS / url.strip("\"'")).is_file(), url


def test_the_theme_and_the_widgets_share_no_class():
    "A rule of the site for `.path` would lay out a widget's parts as well."
    theme = set(re.findall(r"^\s*\.([a-z][\w-]*)", (NBS / "theme.scss").read_text(encoding="utf-8"), re.M))
    assert {"path", "skip"} <= theme
    for style in sorted((NBS.parent / "js/src").glob("*.css")):
        used = set(re.findall(r"\.([a-z][\w-]*)", style.read_text(encoding="utf-8")))
        assert not used & theme, style.name


def vendor():
    spec = importlib.util.spec_from_file_location("_vendor", NBS / "_vendor.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_brought_along_is_what_was_recorded():
    v = vendor()
    record = json.loads(v.RECORD.read_text(encoding="utf-8"))
    assert record.keys() == v.WANTED.keys() and not v.wrong(record)
    there = {p.relative_to(NBS).as_posix() for p in v.VENDOR.rglob("*") if p.is_file()}
    assert there == {path for package in record.values() for path in package["files"]}
    for name, package in record.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"]) and package["integrity"].startswith("sha512-")
        licence = next(NBS / path for path in package["files"] if path.endswith("LICENSE")).read_text(encoding="utf-8")
        assert {"MIT": "MIT", "OFL-1.1": "SIL OPEN FONT LICENSE"}[package["license"]] in licence, name


def test_a_changed_file_is_noticed(tmp_path, monkeypatch):
    v = vendor()
    (tmp_path / "a").write_bytes(b"changed")
    monkeypatch.setattr(v, "HERE", tmp_path)
    record = {"p": {"files": {"a": hashlib.sha256(b"as it was").hexdigest(), "b": "0"}}}
    assert v.wrong(record) == ["a", "b"]
