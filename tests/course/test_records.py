"The tables that lessons quote from benchmarks/ hold what the records hold."

import ast
import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def prose(lesson: str, folder: str = "nbs/lessons") -> str:
    nb = json.loads((ROOT / f"{folder}/{lesson}.ipynb").read_text(encoding="utf-8"))
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


def test_the_page_in_colour_quotes_its_scores():
    found, text = record("cifar10"), prose("colour", "nbs")
    real = found["real"]
    scores = f"{real['fid']:.2f} | {100 * real['agreement']:.1f} % | {real['precision']:.2f} | {real['recall']:.2f}"
    assert f"| real, held out | {scores} |" in text
    for row in found["rows"]:
        fid, agreement = row["fid"], [100 * share for share in row["agreement"]]
        scores = f"{mean(fid):.2f} ± {stdev(fid):.2f} | {mean(agreement):.1f} ± {stdev(agreement):.1f} % | "
        scores += " | ".join(f"{mean(row[name]):.2f}" for name in ("precision", "recall"))
        assert f"| w = {row['w']:g} | {scores} |" in text and len(fid) == 3
    assert len(found["rows"]) >= 2


def test_the_page_in_colour_quotes_which_kinds_are_weak():
    found = record("cifar10")["read"]
    assert [sum(row) for row in found] == [100] * 10
    airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck = range(10)
    said = f"finds {found[ship][ship]} ships, {found[truck][truck]} trucks and {found[horse][horse]} horses, but only "
    said += f"{found[deer][deer]} deer, {found[bird][bird]} birds and {found[cat][cat]} cats: it takes another "
    said += f"{found[cat][dog]} cats for dogs. And it finds {found[frog][frog]} frogs."
    assert said in prose("colour", "nbs")
