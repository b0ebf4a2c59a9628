"The tables that lessons quote from benchmarks/ hold what the records hold."

import ast
import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def prose(lesson: str) -> str:
    nb = json.loads((ROOT / f"nbs/lessons/{lesson}.ipynb").read_text(encoding="utf-8"))
    return "\n".join("".join(c["source"]) for c in nb["cells"] if c["cell_type"] == "markdown")


def record(name: str) -> Any:
    return json.loads((ROOT / f"benchmarks/{name}.json").read_text(encoding="utf-8"))


ROWS = {
    "DDPM, large variance": ("ddpm", "cosine"),
    "DDPM, small variance": ("ddpm, small variance", "cosine"),
    "DDIM": ("ddim", "cosine"),
    "DPM-Solver++": ("dpm++", "cosine"),
    "DPM-Solver++, levels of the linear schedule": ("dpm++", "linear"),
}


@pytest.mark.parametrize("row", ROWS)
def test_lesson_8_quotes_the_quality_curve(row):
    points = {(p["sampler"], p["schedule"], p["steps"]): p["fids"] for p in record("quality_curve")}
    each = [points[*ROWS[row], steps] for steps in (5, 10, 15, 20)]
    shown = [f"{mean(f):.2f} ± {stdev(f):.2f}" if len(f) > 1 else f"{f[0]:.2f}*" for f in each]
    assert f"| {row} | " + " | ".join(shown) + " |" in prose("08_better_schedules")


@pytest.mark.parametrize("row", range(4))
def test_lesson_7_quotes_the_paired_runs(row):
    rows = record("paired_runs")
    losses, first = ([rows[k][f"seed {s}"] for s in (0, 1, 2)] for k in (row, 0))
    shown = f"| {rows[row]['network']} | " + " | ".join(f"{x:.4f}" for x in losses) + " | "
    if row:
        less = [a - b for a, b in zip(losses, first, strict=True)]
        shown += f"{mean(less):+.4f} ± {stdev(less) / 3**0.5:.4f}"
    assert shown in prose("07_experiments")


def cell(lesson: str, name: str) -> str:
    nb = json.loads((ROOT / f"nbs/lessons/{lesson}.ipynb").read_text(encoding="utf-8"))
    return next("".join(c["source"]) for c in nb["cells"] if c["id"] == name)


def test_lesson_9c_quotes_what_guidance_buys_and_costs():
    (statement,) = ast.parse(cell("09c_say_what_you_want", "9c000020")).body
    shown = ast.literal_eval(statement.value)
    scores = ("agreement", "fid", "recall", "second_fid")
    measured = {
        row["w"]: tuple(tuple(round(x, 3) for x in row[name]) for name in scores) for row in record("guidance")["rows"]
    }
    assert shown == measured
    assert all(len(seeds) == 3 for row in shown.values() for seeds in row)
