"""The library's own notebooks run, and every assertion in them holds, one test a notebook.

The site shows the same runs. What `nbdev-test` leaves out, they leave out: a test compares the cells.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from _execute import SKIPPED, executed
from nbdev.config import get_config
from nbdev.test import nb_test_cells

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "nbs/api").rglob("[!_.]*.ipynb"))
SLOW = re.compile(r"\d\d_(training|evaluation|report)$")  # 25 s each


def name(path: Path) -> str:
    return str(path.relative_to(ROOT / "nbs/api").with_suffix(""))


PARAMS = [pytest.param(p, id=name(p), marks=[pytest.mark.slow] * bool(SLOW.search(name(p)))) for p in NOTEBOOKS]


@pytest.mark.parametrize("path", PARAMS)
def test_notebook(path, executed_folder, reader):
    executed(path, executed_folder, reader)


def test_the_cells_that_run_are_those_that_nbdev_test_runs():
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        ours = [cell.id for cell in cells if cell.cell_type == "code" and not SKIPPED.search(cell.source)]
        theirs = [cell.id for cell in nb_test_cells(path, skip_flags=get_config(ROOT).tst_flags.split())]
        assert ours == theirs, path


def test_nbdev_test_passes_too():
    "The command, on one notebook."
    (path,) = (ROOT / "nbs/api").glob("*_checks.ipynb")
    command = [Path(sys.executable).with_name("nbdev-test"), "--n-workers", "0", path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # "Success." too, because nbdev-test that finds no notebook exits with 0
    assert done.returncode == 0 and "Success." in done.stdout, f"{done.stdout}\n{done.stderr}"


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 8


def test_pictures_of_figures_are_shown_as_wide_as_a_cell():
    "They have twice as many pixels, for sharp screens; where no figure can be drawn, they would be cut off."
    for path in sorted((ROOT / "nbs").rglob("[!.]*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for out in cell.get("outputs", []):
                if {"application/vnd.plotly.v1+json", "image/png"} <= set(out.get("data", {})):
                    assert out["metadata"]["image/png"]["width"] == 760, f"{path.name} {cell['id']}"
