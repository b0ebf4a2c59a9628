"""The front page, every guide and every lesson run from top to bottom, in at most three minutes each on two cores.

With the real data where it is, and as a reader without network meets them: no data, an empty cache, nobody to download from.
"""

import os
from pathlib import Path

import pytest
from _execute import LESSONS, executed, uses_the_data
from conftest import missing

LIMIT = 180  # seconds: the lessons' promise to a reader with two cores
ONE_CORE = 5 / 3  # what takes two cores' threads 180 s takes one thread, which is what CI gives a test, 300 s
QUICK = (Path(__file__).parents[1] / "support/quick.py").read_text(encoding="utf-8")
DEPENDENT = [path for path in LESSONS if uses_the_data(path)]

pytestmark = pytest.mark.slow


def printed(nb) -> str:
    "All that a notebook's cells said."
    outputs = [out for cell in nb.cells for out in cell.get("outputs", [])]
    said = [out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs]
    return "\n".join(said).replace("-", " ")


def run(path, folder, env):
    "The notebook as it is, within the time that a lesson may take."
    nb, seconds = executed(path, folder, env)
    print(f"{path.stem}: {seconds:.0f} s")
    limit = LIMIT * (ONE_CORE if env.get("OMP_NUM_THREADS") == "1" else 1)
    assert seconds <= limit, f"{path.name} took {seconds:.0f} s; a lesson runs in at most {LIMIT} s on two cores"
    return nb


def leaves_no_band(nb):
    "A bar that is done leaves nothing: no empty output, no words on stderr but warnings."
    for cell in nb.cells:
        for out in cell.get("outputs", []):
            if out.get("name") == "stderr":
                assert out["text"].replace("\r", "").strip(), f"an empty band after:\n{cell.source}"
                assert "it/s" not in out["text"] and "%|" not in out["text"], f"a bar after:\n{cell.source}"


@pytest.mark.data
@pytest.mark.parametrize("path", DEPENDENT, ids=lambda p: p.stem)
def test_with_the_real_data(path, executed_folder):
    nb = run(path, executed_folder, dict(os.environ))
    leaves_no_band(nb)
    assert "stand in" not in printed(nb), "the real data is there, and the lesson does not use it"


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_without_data_or_network(path, executed_folder, nowhere):
    "As it is, unless the test above has run it as it is: then without what takes long, see tests/support/quick.py."
    if path in DEPENDENT and missing("data") is None:
        nb, _ = executed(path, executed_folder, nowhere, first=QUICK)
    else:
        nb = run(path, executed_folder, nowhere)
    leaves_no_band(nb)
    if path in DEPENDENT:
        said = printed(nb)
        assert "stand in" in said and "DDPM_WIDGETS_DATA" in said, "say what is shown, and how to get the real data"


def test_there_are_lessons():
    assert {"index", "06_faq", "02_generative_models", "07_experiments", "10_your_turn"} <= {p.stem for p in LESSONS}
    assert {"gallery", "01_dropout", "09_how_good_is_it"} <= {p.stem for p in DEPENDENT}
    assert "index" not in {p.stem for p in DEPENDENT}, "what it loads stands in its prose alone"
