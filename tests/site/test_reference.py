"The reference: what an entry says, and how a page of the library is arranged."

import inspect
import json
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import pytest
from fastcore.nbio import dict2nb
from nbdev.process import NBProcessor

import ddpm_widgets
from ddpm_widgets import _reference, images
from ddpm_widgets._reference import call, kind, literal, reference, remarks, split_errors
from ddpm_widgets.record import Budget

ROOT = Path(__file__).parents[2]
MODULES = sorted(p for p in (ROOT / "ddpm_widgets").rglob("*.py") if not p.name.startswith("_"))


@cache
def public() -> list:
    "Every function and class that some module shows."
    found = []
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = import_module(name)
        found += [getattr(module, n) for n in getattr(module, "__all__", ())]
    return [what for what in found if inspect.isfunction(what) or inspect.isclass(what)]


def test_an_entry_leads_to_the_line_and_says_where_to_import_from():
    said = reference(images.as_images)
    line = Path(images.__file__).read_text(encoding="utf-8").split("def as_images(")[0].count("\n") + 1
    assert f"/images.py#L{line}" in said and "`from ddpm_widgets.images import as_images`" in said
    assert re.search(r"^Images as bytes, by the rule of this module: .* by their mode\.$", said, re.M), "not in italics"
    assert "`from ddpm_widgets import noisify`" in reference(ddpm_widgets.noisify), "the shorter way where there is one"


def test_every_public_name_has_an_entry_with_every_parameter():
    assert len(public()) > 120
    for what in public():
        said = reference(what)
        assert (
            said.startswith(f"## {what.__qualname__}\n")
            and "#L" in said
            and "<class" not in said
            and " object at " not in said
        )
        rows = re.findall(r"^\| `\**(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", said.partition("{.parameters}")[2].partition(":::")[0], re.M)  # fmt: skip
        assert [name for name, *_ in rows] == [p.name for p in _reference.parameters(what)], what
        assert all(len(default) <= 60 for *_, default, _ in rows), "a column on a phone"
        assert inspect.isclass(what) == (f"```python\nclass {what.__qualname__}" in said), "a class is shown as a class"


def test_hardly_a_parameter_goes_without_a_word():
    "What is said beside a parameter in the code is in the table: also where the formatter has put the remark a line lower."
    assert "draws t and the noise" in reference(ddpm_widgets.noisify)
    assert remarks(ddpm_widgets.noisify)["return"].startswith("(x_t, t), ε")
    silent = [
        (what.__qualname__, p.name)
        for what in public()
        for p in _reference.parameters(what)
        if not remarks(what).get(p.name) and p.name not in ("schedule", "progress", "epochs", "title", "shape", "size")
    ]
    assert len(silent) < 90, silent


def test_how_something_is_called_is_short():
    assert call(ddpm_widgets.noisify) == "def noisify(x0, schedule, t=None, noise=None, generator=None)"
    assert call(ddpm_widgets.Schedule) == 'class Schedule(betas, name="custom", timesteps=None)'
    assert call(ddpm_widgets.NoiseScrubber).startswith("class NoiseScrubber(\n    images,\n    schedule,\n    *,\n")
    assert call(ddpm_widgets.CheckpointError) == "class CheckpointError"
    assert call(Budget) == "class Budget(limit=5e13)"


def test_a_default_is_written_as_one_would_write_it():
    for value, text in (
        (print, "print"),
        (len, "len"),
        (call, "call"),
        (int, "int"),
        ("x", '"x"'),
        (5e13, "5e13"),
        (None, "None"),
    ):
        assert literal(value) == text


def test_types_are_words():
    assert kind(int | None) == "`int` or `None`" and kind(Any) == "any" and kind(inspect.Parameter.empty) == ""
    assert kind(Literal["a", "b"] | Path | None) == '`"a"`, `"b"`, `Path` or `None`'
    assert kind(tuple[Path, ...]) == "`tuple[Path, ...]`" and kind("UNet") == "`UNet`"


def test_what_can_go_wrong_stands_by_itself():
    doc = "Draw images.\n\nTakes a while. Raises ValueError for n\nbelow 1. Safe otherwise.\n\nOSError if the disk is full."
    text, errors = split_errors(doc)
    assert text == "Draw images.\n\nTakes a while. Safe otherwise."
    assert errors == "Raises ValueError for n below 1. OSError if the disk is full."
    table = "A table.\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    assert split_errors(table) == (table, ""), "lines of a table stay lines"


def test_names_lead_to_their_entries():
    "Those that have one; a method's name leads to its line in the table of the class."
    assert _reference.linked("See `noisify`.").endswith("api/noising.html#noisify).")
    assert _reference.linked("See `TimestepLosses`.") == "See `TimestepLosses`."
    assert "| [`from_arrays()`]{#dataloaders.from_arrays} |" in reference(ddpm_widgets.data.DataLoaders)


def test_words_in_a_table_are_no_markup():
    assert _reference.cell_text("x_t | y of `a_b`, in [0, 1]") == r"x\_t \| y of `a_b`, in \[0, 1\]"


# How a page is arranged


def page(*cells):
    "A notebook as `run_notebook` leaves it, after `arrange`."
    made = [{"cell_type": "raw", "metadata": {}, "source": "---\ntitle: a\n---"}]
    for i, cell in enumerate(cells):
        if isinstance(cell, str):
            made.append({"cell_type": "markdown", "id": f"m{i}", "metadata": {}, "source": cell})
        else:
            source, *data = cell
            outs = [{"output_type": "display_data", "metadata": {}, "data": d} for d in data]
            made.append({"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": 1, "source": source, "outputs": outs})  # fmt: skip
    nb = dict2nb({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    nb.path_ = ROOT / "nbs/api/07_noising.ipynb"
    NBProcessor(nb=nb, procs=[_reference.arrange], process=True)
    return [cell.source for cell in nb.cells[1:]]


def entry(name, said="\n```python\ncall\n```\n"):
    return f"show_doc({name})", {"text/markdown": f"## {name}{said}"}


def test_a_page_begins_with_an_example_and_what_is_called_most():
    cells = [
        "An idea.",
        entry("UnusualError"),
        entry("helper"),
        "## Formula\n\n```sh\n## no heading\n```",
        entry("noisify"),
        ("helper(1)", {"text/plain": "1"}),
        "Drag it:",
        ("noisify(2)", {"image/png": ""}),
        ("last(3)",),
    ]
    assert page(*cells) == [
        *("## Example", "Drag it:", "noisify(2)"),
        *("show_doc(noisify)", "show_doc(helper)", "show_doc(UnusualError)"),
        *("## How it works", "An idea.", "### Formula\n\n```sh\n## no heading\n```", "helper(1)", "last(3)"),
    ]


def test_the_page_of_one_class_has_its_name():
    def title(name, *cells):
        made = [{"cell_type": "raw", "metadata": {}, "source": f"---\ntitle: widgets.{name}\n---"}]
        nb = dict2nb({"cells": [*made, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        nb.path_ = ROOT / "nbs/api/07_noising.ipynb"
        NBProcessor(nb=nb, procs=[_reference.arrange], process=True)
        return nb.cells[0].source.split("title: ")[1].split("\n")[0]

    def shown(name):
        source, said = entry(name)
        outs = [{"output_type": "display_data", "metadata": {}, "data": said}]
        return {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "execution_count": 1,
            "source": source,
            "outputs": outs,
        }

    assert title("noise_scrubber", shown("NoiseScrubber")) == "NoiseScrubber"
    assert title("film", shown("NoiseScrubber")) == "widgets.film"
    assert title("noise_scrubber", shown("NoiseScrubber"), shown("other")) == "widgets.noise_scrubber"


def test_a_page_that_shows_its_code_or_has_no_entry_is_left_alone():
    code = ["An idea.", entry("jump", ""), ("def jump(): ...",)]
    assert page(*code) == ["An idea.", "show_doc(jump)", "def jump(): ..."]
    assert page("An idea.", ("helper(1)", {"text/plain": "1"})) == ["An idea.", "helper(1)"]


@pytest.mark.slow
@pytest.mark.timeout(3600)  # alone, it runs every notebook
def test_the_page_of_a_widget_begins_with_the_widget(staged):
    for path in sorted((staged / "api/widgets").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = ""
        for cell in cells:
            text += "".join(cell["source"]) if cell["cell_type"] == "markdown" else ""
            text += "".join("".join(out.get("data", {}).get("text/markdown", "")) for out in cell.get("outputs", []))
        if "data-ddw=" in text and "{.parameters}" in text:
            assert (
                text.index("## Example")
                < text.index("data-ddw=")
                < text.index("{.parameters}")
                < text.index("## How it works")
            ), path.name
