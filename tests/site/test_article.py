"""What `ddpm_widgets/_article.py` adds to a page, and what the page's script keeps of the reader's way through the course."""

import json
import re
from pathlib import Path

import pytest
import yaml
from browsing import come_back
from nbformat.v4 import new_code_cell

from ddpm_widgets import _article

NBS = Path(__file__).parents[2] / "nbs"


def through(name, *cells):
    "A notebook with front matter and these cells, after the processor."
    from fastcore.nbio import dict2nb
    from nbdev.process import NBProcessor

    front = {"cell_type": "raw", "metadata": {}, "source": "---\ntitle: x\noutput-file: x.html\n---\n\n"}
    links = {"cell_type": "markdown", "metadata": {}, "source": "::: {.lesson-links}\n:::"}
    nb = dict2nb({"cells": [front, links, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    nb.path_ = NBS / name
    NBProcessor(nb=nb, procs=[_article.article], rm_directives="quarto", process=True)
    return nb


def code(source, *outputs):
    return new_code_cell(source, id="a", execution_count=1, outputs=list(outputs))


def front_matter(nb):
    return yaml.safe_load(nb.cells[0].source.strip().strip("-"))


def test_a_lesson_knows_its_place_and_what_is_live():
    widget = {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": '<div data-ddw="A-1">'}}
    nb = through("lessons/03_forward_process.ipynb", code("show()", widget), code("show()", widget))
    said = [cell.source for cell in nb.cells]
    assert front_matter(nb)["body-classes"] == "lesson" and front_matter(nb)["title"] == "x"
    assert "Lesson 3, page 4 of 14 of the course" in said[1]
    assert "Lesson 3 <span>page 4 of 14</span>" in said[1] and "lesson-links" in said[2]
    links = re.findall(r'<a href="(\w+\.html)" title="[^"]+"( aria-current="page")?>', said[1])
    assert len(links) == 14 and [name for name, here in links if here] == ["forward_process.html"]
    assert "**Live here:** 2 widgets" in said[3] and "**Needs Python:**" in said[3]
    assert 'data-finish="forward_process"' in said[-1] and "../static/course.js" in said[-1]


def test_a_page_without_widgets_does_not_promise_any():
    assert "widget" not in _article.what_is_live(0, 0, 0) and "1 widget to" in _article.what_is_live(1, 0, 0)
    assert "2 widgets to drag and to play, and 1 exercise to answer, in your browser." in _article.what_is_live(2, 1, 0)


def test_a_lesson_counts_the_exercises_that_need_python():
    from ddpm_widgets._exercises import elsewhere

    path = NBS / "lessons/05_sampling.ipynb"
    needs = {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": elsewhere(path)}}
    for count, said in ((0, "changing"), (1, "1 exercise, and changing"), (2, "2 exercises, and changing")):
        live = through("lessons/05_sampling.ipynb", *[code("check()", needs)] * count).cells[3].source
        assert f"**Needs Python:** {said} the code." in live


def test_the_front_page_has_no_sidebar_and_other_pages_stay_as_they_are():
    front = through("index.ipynb", code("import os"))
    assert front_matter(front) == {"title": "x", "output-file": "x.html", **_article.FRONT}
    assert '"static/course.js"' in front.cells[-1].source and "code-fold" not in front.cells[2].source
    assert len(through("gallery.ipynb").cells) == 2 and front_matter(through("gallery.ipynb")).keys() == {
        "title",
        "output-file",
    }


@pytest.mark.parametrize(
    ("source", "folded"),
    [
        ("import torch\n\nfrom ddpm_widgets import sample", True),
        ("import torch\nx = 1", False),
        ("#| echo: false\nimport torch", False),
        ("%matplotlib inline\nimport torch", False),
        ("", False),
    ],
)
def test_imports_are_folded_and_nothing_else(source, folded):
    assert _article.only_imports(source) is folded
    nb = through("lessons/03_forward_process.ipynb", code(source))
    cell = next(c for c in nb.cells if c.cell_type == "code")
    assert cell.source.startswith("#| code-fold: true\n") is folded and cell.source.endswith(source)


COURSE = """<!doctype html><html lang="en"><title>x</title><body class="front"><div class="buttons"><p><a href="lessons/dropout.html">Begin with lesson 1</a></p></div>
<div class="path"><a href="lessons/dropout.html">1. Dropout</a><a href="lessons/generative_models.html">2. Generative models</a></div>
<button data-finish="dropout" aria-pressed="false" hidden>I have finished this lesson</button><script>{}</script></body>"""


def opened(new_page, tmp_path, before="", name="page.html"):
    script = (NBS / "static/course.js").read_text(encoding="utf-8")
    (tmp_path / name).write_text(COURSE.format(before + script), encoding="utf-8")
    page = new_page()
    page.goto((tmp_path / name).as_uri())
    return page


def marks(page):
    return page.evaluate("[...document.querySelectorAll('.path a')].map((a) => a.hasAttribute('data-finished'))")


def test_a_finished_lesson_is_marked_and_the_way_goes_on(new_page, tmp_path):
    page = opened(new_page, tmp_path)
    button, begin = page.locator("[data-finish]"), page.locator(".buttons a")
    assert button.is_visible() and marks(page) == [False, False] and begin.text_content() == "Begin with lesson 1"
    come_back(
        page,
        lambda: marks(page) == [True, False] or button.click(),
        lambda: button.get_attribute("aria-pressed") == "true",
    )
    assert marks(page) == [True, False] and page.locator(".path a").first.text_content() == "1. Dropout (finished)"
    assert begin.text_content() == "Go on with lesson 2" and begin.get_attribute("href").endswith("models.html")
    assert json.loads(page.evaluate("localStorage.getItem('ddpm-widgets-finished')")) == ["dropout"]
    button.click()
    assert marks(page) == [False, False] and begin.text_content() == "Begin with lesson 1"
    page.evaluate("localStorage.setItem('ddpm-widgets-finished', '{not JSON')")
    page.reload()
    assert marks(page) == [False, False] and not page.errors


def test_it_works_where_nothing_may_be_kept(new_page, tmp_path):
    forbid = (
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } });"
    )
    page = opened(new_page, tmp_path, forbid)
    page.locator("[data-finish]").click()
    assert marks(page) == [True, False] and not page.errors
