"""Ten minutes on this machine: the course's recipe, and `unet("fast")` with its own. Which makes better garments?

    python benchmarks/time_to_quality.py [--minutes 10] [--n 2048] [--out benchmarks/out]

One after the other, in one run. First the speed of each is measured, in turns, so that both know how many images fit into the time: a learning rate
that falls to zero must know when the end comes. Then each trains, and both are judged alike: the same number of images, the same sampler, the same
steps at the same noise levels. Prints a table, writes it to benchmarks/time_to_quality.json, and both sample grids as PNG to --out.
"""

import argparse
import json
import math
import time
from pathlib import Path

from ddpm_widgets import evaluate, fashion_mnist, sample, show_images, train
from ddpm_widgets.training import RECIPES, Recipe

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--minutes", type=float, default=10.0, help="training time of each")
parser.add_argument("--n", type=int, default=2048, help="images judged")
parser.add_argument("--sampler", default="ddim")
parser.add_argument("--steps", type=int, default=50, help="sampling steps of both")
parser.add_argument("--presets", nargs="+", default=["nb17", "fast"])
parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
args = parser.parse_args()
BATCH = {"nb17": 128}  # the course takes 512, and so gets to fewer steps
OTHERS = 64
LR = {"nb17": 2.5e-3}  # at the course's 5e-3 a run of only some hundred steps can die: every answer the same constant


def fit(preset: str, images: int):
    "Train on so many images, as many whole passes as it takes, and return the Learner and the minutes."
    passes = max(1, math.ceil(images / 60_000))
    batch = BATCH.get(preset, OTHERS)
    dls = fashion_mnist(batch, seed=0).subset(max(batch, images // passes // batch * batch), n_valid=128)
    start = time.perf_counter()
    learn = train(dls, preset, epochs=passes, lr=LR.get(preset), seed=0, progress=False)
    return learn, learn.steps * batch, (time.perf_counter() - start) / 60


def images_per_second() -> dict[str, float]:
    "The best of three short blocks of each, in turns."
    best = dict.fromkeys(args.presets, 0.0)
    for _ in range(3):
        for preset in args.presets:
            _, images, minutes = fit(preset, 1536)
            best[preset] = max(best[preset], images / (60 * minutes))
    return best


args.out.mkdir(parents=True, exist_ok=True)
speed = images_per_second()
rows = []
for preset in args.presets:
    learn, images, minutes = fit(preset, int(speed[preset] * 60 * args.minutes))
    options = {"sampler": args.sampler, "steps": args.steps, "spacing": "linear_levels"}
    report = evaluate(learn.ema_model, args.n, seeds=(0,), **options)
    grid = sample(learn.ema_model, n=64, seed=1, **options)
    show_images(grid, columns=16).save(path := args.out / f"time_to_quality_{preset}.png")
    rows.append((preset, images, minutes, learn.valid_loss, report))
    print(f"{preset}: {images:,} images in {minutes:.1f} minutes, grid in {path}\n{report}\n", flush=True)

print(f"{'recipe':8} {'images':>9} {'minutes':>8} {'FID':>8} {'KID/1000':>9}")
for preset, images, minutes, _, report in rows:
    print(f"{preset:8} {images:9,} {minutes:8.1f} {report.fid:8.2f} {1000 * report.kid:9.2f}")
table = [
    {
        "recipe": preset,
        "lr": f"{LR.get(preset) or RECIPES.get(preset, Recipe()).lr:g}",
        "images": images,
        "minutes": round(minutes, 1),
        "FID": round(r.fid, 2),
        "KID": round(r.kid, 5),
    }
    for preset, images, minutes, _, r in rows
]
table.append({"recipe": "real images", "FID": round(rows[0][-1].floor_fid, 3), "KID": round(rows[0][-1].floor_kid, 5)})
Path(__file__).with_suffix(".json").write_text(json.dumps(table, indent=1) + "\n")
print(f"{'real':8} {'':9} {'':8} {rows[0][-1].floor_fid:8.2f} {1000 * rows[0][-1].floor_kid:9.2f}")
if len(rows) > 1:
    print(
        f"FID of {rows[0][0]} / FID of {rows[1][0]}: {rows[0][-1].fid / rows[1][-1].fid:.1f} (15 or more is the promise)"
    )
