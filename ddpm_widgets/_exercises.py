"""Hand-written. The exercises that a page without Python can check: what each is called with, the right results, and those of each usual mistake.

`js/src/exercise` runs the reader's lines and holds their results against these. Exercises with networks and training are not among them.
`offer_exercises` is a processor of `[tool.nbdev] doc_procs`, as those of `_docs`.
"""

import ast
import base64
import gzip
import json
import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from nbdev.process import Processor
from torch import Tensor

from . import exercises
from ._docs import NEEDS_PYTHON, download, places, raw_html
from .exercises.engine import EXERCISES, Complaint, Exercise, Outcome, seed_everything
from .schedule import Schedule
from .widgets.page import host_script, json_script

STATIC = Path(__file__).parent / "static"
FOLDER = "static/exercises"  # of the site
CALL = re.compile(r"\b(check_\w+)\(")
UP = "../"  # from a lesson's page to the site's top
MEASURED = ("check_noisify", "check_dropout", "check_sample_heights", "check_spacing")  # js/src/exercise/measures.js
PICKS = 48  # values of a wrong result that are compared: enough to tell it from all others


def packed(x: Tensor, dtype: torch.dtype = torch.float32) -> str:
    "A tensor's numbers, as base64."
    return base64.b64encode(x.detach().to(dtype).contiguous().numpy().tobytes()).decode()


def argument(value: Any) -> Any:
    "What an answer is called with, as JSON. Raises TypeError for what a page cannot hold."
    if isinstance(value, Tensor):
        kept = torch.float64 if value.dtype == torch.float64 else torch.float32
        dtype = str(value.dtype).removeprefix("torch.")
        return {"shape": list(value.shape), "dtype": dtype, "data": packed(value, kept)}
    if isinstance(value, Schedule):
        names = [name for name in dir(value) if not name.startswith("_")]
        own = {name: getattr(value, name) for name in names if not callable(getattr(value, name))}
        return {
            "fields": {name: argument(v) for name, v in own.items() if isinstance(v, Tensor | int) and name != "name"}
        }
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return {"int": value}
    raise TypeError(f"a page cannot hold a {type(value).__name__}")


def result(x: Tensor, whole: bool) -> dict[str, Any]:
    "A result: all its numbers, or some of them, as far apart as they can be."
    found = {"shape": list(x.shape), "data": packed(x)}
    if whole or x.numel() <= PICKS:
        return found
    picks = (torch.arange(PICKS) * 7919 % x.numel()).tolist()
    return {**found, "data": packed(x.flatten()[picks]), "picks": picks}


def outcome(found: Outcome, whole: bool = False) -> dict[str, Any]:
    "The results of one call, or what was wrong with it: of an error in the code its kind."
    if isinstance(found, Complaint):
        stopped = str(found).startswith("it stops")
        return {"complaint": found.key.partition(":")[0] if stopped else found.key}
    return {"names": list(found), "results": [result(x, whole) for x in found.values()]}


@cache
def for_page(check: str) -> dict[str, Any] | None:
    "An exercise as JSON, by the name of its check; None where it needs Python."
    getattr(exercises, check)  # loads its module
    exercise = EXERCISES[check]
    seed_everything(0)
    try:
        calls = [[argument(a) for a in args] for args in exercise.calls()]
    except TypeError:
        return None
    if (exercise.measure and check not in MEASURED) or not exercise.takes:
        return None
    rows = range(len(exercise.mistakes))
    draws = (
        {"draws": [noise(i, args[0]) for i, args in enumerate(exercise.calls())]} if check == "check_noisify" else {}
    )
    return {
        **draws,
        "check": check,
        "name": exercise.name,
        "takes": exercise.takes.split(", "),
        "gives": exercise.gives.split(", "),
        "tolerance": exercise.tolerance,
        "chance": exercise.chance,
        "praise": exercise.praise,
        "calls": calls,
        "right": outcomes(exercise, whole=True),
        "mistakes": [mistake(exercise, row) for row in rows],
    }


def noise(call: int, x: Tensor) -> str:
    "The noise that `outcomes` lets an answer draw in this call, of the shape of x; and as much again."
    seed_everything(1000 + call)
    return packed(torch.randn(2, *x.shape))


def mistake(exercise: Exercise, row: int) -> dict[str, Any]:
    "A usual mistake: its hint, what comes of it, and whether that is left to chance."
    hint, once = exercise.mistakes[row][1], outcomes(exercise, row)
    seed_everything(0)
    calls = exercise.calls()
    again = [outcome(found) for found in exercise.outcomes(exercise.answer(row), 1, calls)]
    return {"hint": hint, "chance": not exercise.measure and once != again, "outcomes": once}


def outcomes(exercise: Exercise, *rows: int, whole: bool = False) -> Sequence[dict[str, Any]]:
    "What the right answer, or one with the mistake of this row, gives for each call."
    return [outcome(found, whole) for found in exercise.outcomes(exercise.answer(*rows), 0)]


class offer_exercises(Processor):
    "Below each cell that ends in a check: a button that opens the exercise, or where it works instead. The verdict on the empty answer goes."

    def begin(self):
        self.path = Path(self.nb.path_).resolve()
        self.brought = False
        self.cells: list[Any] = []  # those above

    def cell(self, cell):
        self.cells.append(cell)
        found = CALL.search(cell.source) if cell.cell_type == "code" and self.path.parent.name == "lessons" else None
        if not found or found[1] not in exercises.__all__:
            return
        check, others = found[1], [out for out in cell.get("outputs") or [] if out.get("name") != "stdout"]
        if for_page(check) is None:
            return self.put(cell, others, elsewhere(self.path))
        weight = sum(len(gzip.compress(text)) for text in (script(check), (STATIC / "exercise.js").read_bytes()))
        place = f'<div class="ddw-exercise" data-ddw-exercise="{check}" data-folder="{UP}{FOLDER}" data-weight="{weight / 1000:.0f}">'
        once = [] if self.brought else [host_script("exercises")]
        self.brought = True
        lines = "\n\n".join([*named_functions(self.cells), start(cell.source, check)])
        html = [f"{place}{json_script(lines)}</div>", *once]
        self.put(cell, others, raw_html("\n".join(html), ""))

    def put(self, cell, others: list[dict[str, Any]], text: str) -> None:
        "Show this text in place of what the check printed."
        cell["outputs"] = [
            *others,
            {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": text}},
        ]


def elsewhere(
    path: Path,  # of the lesson's notebook
) -> str:
    "Where an exercise works that a page cannot check."
    colab, copy = places(path)["Colab"], download(path, UP, "download it")
    said = f"This check needs PyTorch: [open the lesson in Colab]({colab}), or {copy} and run it on your own computer."
    return f"::: {{.{NEEDS_PYTHON}}}\n{said}\n:::"


def named_functions(
    cells: Sequence[Any],  # the exercise's own, and those above it
) -> list[str]:
    "The lesson's functions, which no check is about, that the text above an exercise names: `root`."
    text = next((cell.source for cell in reversed(cells) if cell.cell_type == "markdown"), "")
    sources = [cell.source for cell in cells if cell.cell_type == "code" and not CALL.search(cell.source)]
    found = [(source, node) for source in sources if "def " in source for node in ast.parse(source).body]
    return [
        f"{ast.get_source_segment(source, node)}\n"
        for source, node in found
        if isinstance(node, ast.FunctionDef) and f"`{node.name}`" in text
    ]


def start(
    source: str,  # of the lesson's cell
    check: str,
) -> str:
    "The lines that the reader goes on from: all but those that call the check."
    lines = source.splitlines()
    for node in ast.parse(source).body:
        here = slice(node.lineno - 1, node.end_lineno)
        if f"{check}(" in "\n".join(lines[here]):
            lines[here] = [""] * len(lines[here])
    return "\n".join(line for line in lines if not line.startswith("#|")).strip() + "\n"


def script(check: str) -> bytes:
    "An exercise as a script that a page loads."
    said = json.dumps(for_page(check), ensure_ascii=False, separators=(",", ":"))
    return f'(globalThis.ddwExercises??={{}})["{check}"]={said}'.encode()


def write_exercises(site: Path) -> None:
    "Put the exercises, and what runs them, where the site's pages look for them."
    folder = site / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(STATIC / "exercise.js", folder)
    for check in exercises.__all__:
        if for_page(check):
            (folder / f"{check}.js").write_bytes(script(check))
