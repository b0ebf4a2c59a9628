"The library's own notebooks run, and every assertion in them holds: what `nbdev-test` does, one test per notebook."

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "nbs/api").rglob("[!_.]*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: str(p.relative_to(ROOT / "nbs/api").with_suffix("")))
def test_notebook(path):
    command = [Path(sys.executable).with_name("nbdev-test"), "--n-workers", "0", path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # "Success." too, because nbdev-test that finds no notebook exits with 0
    assert done.returncode == 0 and "Success." in done.stdout, f"{done.stdout}\n{done.stderr}"


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 8
