"""The front page and every lesson run from top to bottom, in at most three minutes each on two cores.

With the real data where it is, and as a reader without network meets them: no data, an empty cache, nobody to download from.
"""

import os

import pytest
from _execute import LESSONS, executed

LIMIT = 180  # seconds: the lessons' promise to a reader with two cores
ONE_CORE = 5 / 3  # what takes two cores' threads 180 s takes one thread, which is what CI gives a test, 300 s

pytestmark = pytest.mark.slow
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


def printed(nb) -> str:
    "All that a notebook's cells said."
    outputs = [out for cell in nb.cells for out in cell.get("outputs", [])]
    said = [out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs]
    return "\n".join(said).replace("-", " ")


def run(path, folder, env):
    nb, seconds = executed(path, folder, env)
    print(f"{path.stem}: {seconds:.0f} s")
    limit = LIMIT * (ONE_CORE if env.get("OMP_NUM_THREADS") == "1" else 1)
    assert seconds <= limit, f"{path.name} took {seconds:.0f} s; a lesson runs in at most {LIMIT} s on two cores"
    return nb


def uses_the_data(path) -> bool:
    return "fashion_mnist(" in path.read_text(encoding="utf-8")


@pytest.mark.data
@each_lesson
def test_with_the_real_data(path, executed_folder):
    nb = run(path, executed_folder, dict(os.environ))
    assert "stand in" not in printed(nb), "the real data is there, and the lesson does not use it"


@each_lesson
def test_without_data_or_network(path, executed_folder, nowhere):
    said = printed(run(path, executed_folder, nowhere))
    if uses_the_data(path):
        assert "stand in" in said and "DDPM_WIDGETS_DATA" in said, "say what is shown, and how to get the real data"


def test_there_are_lessons():
    assert {"index", "02_generative_models", "07_experiments", "10_your_turn"} <= {p.stem for p in LESSONS}
