"""Hand-written. What makes a staged notebook an article: its front matter, where a lesson stands in the course, and set-up folded away.

The processor runs after those of `_docs.py`; `[tool.nbdev] doc_procs` names it. `nbs/static/course.js` keeps which lessons a
reader has finished.
"""

import ast
import re
from functools import cache
from pathlib import Path

import yaml
from fastcore.nbio import mk_cell
from nbdev.config import nbpath2html
from nbdev.process import Processor

from ._docs import NEEDS_PYTHON, nbs, raw_html

FRONT = {"sidebar": False, "toc": False, "page-layout": "full", "page-navigation": False, "body-classes": "front"}


@cache
def lessons() -> list[Path]:
    "The lessons' notebooks, in the order of the course."
    return sorted((nbs() / "lessons").glob("[0-9]*.ipynb"))


def page_of(lesson: Path) -> str:
    "A lesson's name among pages: `03_forward_process.ipynb` is `forward_process.html` there."
    return nbpath2html(lesson).name


def title_of(lesson: Path) -> str:
    "A lesson's title as plain text."
    found = re.search(r'"# (\d[^"\\]*)', lesson.read_text(encoding="utf-8"))
    return found[1] if found else lesson.stem


class article(Processor):
    "Lessons know their place in the course and fold their imports; the front page has neither sidebar nor table of contents."

    def begin(self):
        path = Path(self.nb.path_).resolve()
        front = path == nbs() / "index.ipynb"
        self.lesson = path in lessons()
        if not self.nb.cells or self.nb.cells[0].cell_type != "raw":
            return
        if front:
            self.add_front_matter(FRONT)
            self.nb.cells.append(mk_cell(script(""), "markdown"))
        if self.lesson:
            self.add_front_matter({"body-classes": "lesson"})
            live = [self.count(text) for text in ('data-ddw="', "data-ddw-exercise=", f"{{.{NEEDS_PYTHON}}}")]
            self.nb.cells.insert(1, mk_cell(standing(path), "markdown"))
            self.nb.cells.insert(3, mk_cell(what_is_live(*live), "markdown"))
            self.nb.cells.append(mk_cell(finish(path), "markdown"))

    def count(self, text: str) -> int:
        "The cells that show this text."
        return sum(text in str(cell.get("outputs", "")) for cell in self.nb.cells)

    def add_front_matter(self, more: dict) -> None:
        cell = self.nb.cells[0]
        found = yaml.safe_load(cell.source.strip().strip("-"))
        cell.source = f"---\n{yaml.safe_dump({**found, **more}, allow_unicode=True)}---\n\n"

    def cell(self, cell):
        if self.lesson and cell.cell_type == "code" and only_imports(cell.source):
            cell.source = f'#| code-fold: true\n#| code-summary: "Imports"\n{cell.source}'


def only_imports(source: str) -> bool:
    "Whether a cell of a notebook imports names, and does nothing else."
    if re.search(r"^(#\|\s*(code-fold|echo|include)|[%!])", source, re.M):
        return False
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    return bool(body) and all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)


def standing(path: Path) -> str:
    "Where a lesson stands in the course, with a link to each other one."
    at = lessons().index(path)
    number = title_of(path).split(".")[0]
    marks = "".join(
        f'<li><a href="{page_of(lesson)}" title="{title_of(lesson)}"{current}><span class="visually-hidden">{title_of(lesson)}</span></a></li>'
        for i, lesson in enumerate(lessons())
        for current in [' aria-current="page"' if i == at else ""]
    )
    words = f"Lesson {number}, page {at + 1} of {len(lessons())} of the course"
    return raw_html(
        f'<nav class="standing" aria-label="The course"><p>Lesson {number} <span>page {at + 1} of {len(lessons())}</span></p><ol>{marks}</ol></nav>',
        words,
    )


def what_is_live(
    widgets: int,
    exercises: int,  # that the page can check
    elsewhere: int,  # exercises that it cannot
) -> str:
    "What a reader can do on this page, and what needs Python."
    counted = [f"{n} {name}{'s' * (n > 1)} {to}" for n, name, to in ((widgets, "widget", "to drag and to play"), (exercises, "exercise", "to answer")) if n]  # fmt: skip
    here = f"{', and '.join(counted)}, in your browser" if counted else "the text, and what the notebook printed and plotted"  # fmt: skip
    more = f"{elsewhere} exercise{'s' * (elsewhere > 1)}, and " if elsewhere else ""
    return f"::: {{.lesson-live}}\n**Live here:** {here}. **Needs Python:** {more}changing the code.\n:::"


def finish(path: Path) -> str:
    "The button at a lesson's end. It stays hidden where there is no JavaScript."
    name = page_of(path).removesuffix(".html")
    return (
        raw_html(
            f'<p class="finish"><button type="button" data-finish="{name}" aria-pressed="false" hidden>I have finished this lesson</button></p>',
            "",
        )
        + "\n"
        + script("../")
    )


def script(up: str) -> str:
    "Markdown that brings course.js; `up` leads to the site's top."
    return raw_html(f'<script src="{up}static/course.js" defer></script>', "")
