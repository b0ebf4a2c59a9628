"""nbs/site.lua, Quarto's filter of every page, in Pandoc alone: what Quarto hands to it is put there by hand."""

import json
import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pypandoc
import pytest

NBS = Path(__file__).parents[2] / "nbs"
QUARTO = """
quarto = {{
  doc = {{ is_format = function() return {html} end, output_file = "{out}", include_text = function(_, text) head = text end }},
  project = {{ directory = "{folder}", offset = ".." }},
}}
"""
AFTER = """
local meta = Meta
function Meta(m) meta(m); m["header-includes"] = { pandoc.RawBlock("html", head or "") }; return m end
"""


@pytest.fixture
def page(tmp_path):
    "HTML that Pandoc makes of Markdown, with the filter."
    (tmp_path / "_quarto.yml").write_text("website:\n  site-url: https://example.org/site/\n")

    def make(markdown, html=True, name="lessons/one.html", whole=False):
        given = QUARTO.format(html=str(html).lower(), out=(tmp_path / name).as_posix(), folder=tmp_path.as_posix())
        lua = tmp_path / "with_quarto.lua"
        lua.write_text(given + (NBS / "site.lua").read_text(encoding="utf-8") + AFTER, encoding="utf-8")
        arguments = ["-f", "markdown", "-t", "html", "--lua-filter", str(lua), "--wrap=none"]
        arguments += ["-s", "--metadata", "title=x"] * whole
        done = subprocess.run([pypandoc.get_pandoc_path(), *arguments], input=markdown, capture_output=True, text=True, encoding="utf-8", env={**os.environ})  # fmt: skip
        assert not done.returncode, done.stderr
        return done.stdout

    return make


def output(said, kind="stdout"):
    return f"::: {{.cell-output .cell-output-{kind}}}\n```\n{said}\n```\n:::\n"


def test_printed_sentences_wrap_and_wide_tables_are_reached_by_keys(page):
    assert '<pre class="said">' in page(output("not yet: two clouds of different shape\ncan share a mean."))
    assert re.search(r'<pre\b[^>]*tabindex="0"', page(output("| you | " + 30 * "12 | ")))
    assert re.search(r'<pre\b[^>]*tabindex="0"', page(output("a  " + 90 * "<", "display")))
    assert "<pre><code>a" in page(output("a  " + 30 * "β  ")) or "<pre><code>a" in page(output("a  b"))
    assert "said" not in page("```python\nx = 1\n```\n") and "said" not in page("```\nno output\n```\n")
    assert "said" not in page(output("Said."), html=False)


def test_links_to_other_sites_open_beside_the_page(page):
    text = page("[a](https://arxiv.org/abs/1) [b](https://example.org/site/x.html) [c](two.html)")
    assert text.count('target="_blank"') == 1
    assert re.search(r'<a href="https://arxiv\.org/abs/1" (?=[^>]*rel="noopener")[^>]*target="_blank"', text)


@pytest.mark.parametrize(("name", "address"), [("index.html", ""), ("lessons/one.html", "lessons/one.html")])
def test_a_page_names_its_address_and_its_first_fonts(page, name, address):
    text = page("words", name=name, whole=True)
    assert f'<link rel="canonical" href="https://example.org/site/{address}">' in text
    assert f'<meta property="og:url" content="https://example.org/site/{address}">' in text
    fonts = re.findall(r'<link rel="preload" href="\.\./static/vendor/(\S+)" as="font"', text)
    assert len(fonts) == 2 and all((NBS / "static/vendor" / font).is_file() for font in fonts)
    assert '<script src="../static/search.js" defer></script>' in text
    assert "canonical" not in page("words", html=False, name=name, whole=True)


CELL = "::: {.cell}\n```python\nplot()\n```\n:::\n\n"


def test_a_paragraph_in_italics_below_a_cell_is_its_caption(page):
    assert '<div class="figure-caption">\n<p>A boot at <span' in page(CELL + "*A boot at $t$.*\n\nText.")
    assert "figure-caption" not in page(CELL + "*A* boot.") + page("Text.\n\n*A boot.*") + page(
        CELL + "Text.\n\n*A boot.*"
    )
    assert "figure-caption" not in page("::: {.aside}\nText.\n:::\n\n*A boot.*")
    assert "figure-caption" not in page(CELL + "*A boot.*", html=False)


def test_a_picture_has_its_words_as_alt_and_a_paragraph_in_italics_as_caption(page):
    text = page("![A boot.](boot.svg)\n\n*Drawn at night.*\n\nText.")
    assert re.search(r'<img\b[^>]*alt="A boot\."', text) and "<figcaption>Drawn at night.</figcaption>" in text
    text = page("![A boot.](boot.svg)\n\nText.")
    assert re.search(r'<img\b[^>]*alt="A boot\."', text) and "figcaption" not in text


def test_a_quotation_below_a_paragraph_is_its_side_note(page):
    text = page("$$a = b$$\n\n> Equation 4.\n\nText.")
    assert re.search(r'<div class="noted">\s*<p>.*</p>\s*<div class="side-note" role="note">\s*<p>Equation 4\.</p>\s*</div>\s*</div>\s*<p>Text', text, re.S)  # fmt: skip
    assert "<blockquote>" in page("# Title\n\n> Said.") and "side-note" not in page("# Title\n\n> Said.")


def test_each_picture_of_a_lesson_has_a_caption():
    "What a lesson shows, its caption says: a paragraph in italics at the start of the cell below."
    missing = []
    for path in sorted((NBS / "lessons").glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell, below in pairwise(cells):
            kinds = " ".join(kind for out in cell.get("outputs", []) for kind in out.get("data", {}))
            first = "".join(below["source"]).split("\n\n")[0]
            is_caption = below["cell_type"] == "markdown" and re.fullmatch(r"\*[^*].*[^*]\*", first)
            if re.search(r"image/|application/vnd", kinds) and not is_caption:
                missing.append(f"{path.name} {cell['id']}")
    assert not missing
