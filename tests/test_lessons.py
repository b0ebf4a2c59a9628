"""The front page and every lesson run from top to bottom, in at most three minutes each on two cores.

With the real data where it is, and as a reader without network meets them: no data, an empty cache, nobody to download from.
"""

import os
from pathlib import Path

import pytest
from _execute import LESSONS, execute

OFFLINE = Path(__file__).parent / "offline"
LIMIT = 180  # seconds: the lessons' promise to a reader with two cores

pytestmark = pytest.mark.slow
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


def printed(nb) -> str:
    "All that a notebook's cells said."
    outputs = [out for cell in nb.cells for out in cell.get("outputs", [])]
    said = [out.get("text") or out.get("data", {}).get("text/plain", "") for out in outputs]
    return "\n".join(said).replace("-", " ")


def run(path, env):
    nb, seconds = execute(path, env)
    print(f"{path.stem}: {seconds:.0f} s")
    assert seconds <= LIMIT, f"{path.name} took {seconds:.0f} s; a lesson runs in at most {LIMIT} s on two cores"
    return nb


def uses_the_data(path) -> bool:
    return "fashion_mnist(" in path.read_text(encoding="utf-8")


@pytest.fixture
def nowhere(tmp_path) -> dict[str, str]:
    "The environment of a reader without the data, without a cache and without network."
    env = {k: v for k, v in os.environ.items() if k not in ("DDPM_WIDGETS_DATA", "MPLBACKEND")}
    homes = {k: str(tmp_path) for k in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA", "HF_HOME")}
    return {**env, **homes, "PYTHONPATH": str(OFFLINE)}


@pytest.mark.data
@each_lesson
def test_with_the_real_data(path):
    nb = run(path, dict(os.environ))
    assert "stand in" not in printed(nb), "the real data is there, and the lesson does not use it"


@each_lesson
def test_without_data_or_network(path, nowhere):
    said = printed(run(path, nowhere))
    if uses_the_data(path):
        assert "stand in" in said and "DDPM_WIDGETS_DATA" in said, "say what is shown, and how to get the real data"


def test_there_are_lessons():
    assert {"index", "02_generative_models", "03_forward_process", "04_training", "05_sampling"} <= {
        p.stem for p in LESSONS
    }
