"""A rectified flow beside the DDPM, trained at equal cost, drawn in 5 to 50 passes of the network.

    python benchmarks/flow.py [--images 30000] [--epochs 1] [--seeds 0 1 2] [--n 512] [--out benchmarks/flow.json]

Both are the `"fast"` network with its optimiser, batches and moving average, on the same images in the same order for the same number of steps. What
differs is what `path="flow"` changes: noise levels, target, and how timesteps are drawn. Judged by FID of the moving average's images, one set of noises
for each training. Euler's method on the DDPM is DDIM. Heun takes two passes a step and one for the last: n steps are 2n-1 passes. Results are written after
every point and not measured again. Prints a table; about an hour on one core.
"""

import argparse
import json
from pathlib import Path
from statistics import mean, stdev

from ddpm_widgets import evaluate, fashion_mnist, train

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--images", type=int, default=30_000, help="training images of each run")
parser.add_argument("--epochs", type=int, default=1, help="how often each run sees them")
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one training of each for every seed")
parser.add_argument("--n", type=int, default=512, help="images judged")
parser.add_argument("--out", type=Path, default=HERE / "flow.json")
args = parser.parse_args()

TRAININGS = {"ddpm": {}, "flow": {"path": "flow"}}
LEVELS, STRAIGHT = {"spacing": "linear_levels"}, {"path": "flow"}
WAYS = {  # trained as, sampler: (steps, options)
    ("ddpm", "euler"): ((5, 10, 20, 50), LEVELS),
    ("flow", "euler"): ((5, 10, 20, 50), STRAIGHT),
    ("flow", "heun"): ((5, 10), STRAIGHT),
}
points: list[dict] = json.loads(args.out.read_text()) if args.out.is_file() else []
whole = fashion_mnist(128, seed=0)


def missing(name: str, seed: int) -> list[tuple[dict, dict]]:
    "What is still to be measured of a training: what a point says of itself, and how it is drawn."
    run = {"trained": name, "seed": seed, "images": args.images * args.epochs, "n": args.n}
    ways = [
        ({**run, "sampler": s, "steps": k}, options)
        for (t, s), (steps, options) in WAYS.items()
        if t == name
        for k in steps
    ]
    return [(key, options) for key, options in ways if not any(key.items() <= p.items() for p in points)]


for seed in args.seeds:
    for name, options in TRAININGS.items():
        if not (wanted := missing(name, seed)):
            continue
        dls = fashion_mnist(128, seed=seed).subset(args.images, n_valid=128)
        learn = train(dls, "fast", epochs=args.epochs, seed=seed, progress=False, **options)
        for key, how in wanted:
            how = {**how, "sampler": key["sampler"], "steps": key["steps"]}
            found = evaluate(learn.ema_model, args.n, dls=whole, seeds=[seed], progress=False, **how)
            passes = key["steps"] * 2 - 1 if key["sampler"] == "heun" else key["steps"]
            points.append({**key, "passes": passes, "fid": round(found.fid, 3)})
            args.out.write_text("[\n" + ",\n".join(map(json.dumps, points)) + "\n]\n", encoding="utf-8")
            print(points[-1], flush=True)

print(
    f"\nFID of {args.n} images after {args.images * args.epochs:,} training images, mean ± standard deviation of the trainings"
)
for (name, sampler), (steps, _) in WAYS.items():
    for k in steps:
        same = [
            p for p in points if (p["trained"], p["sampler"], p["steps"]) == (name, sampler, k) and p["n"] == args.n
        ]
        fids = [p["fid"] for p in same if p["images"] == args.images * args.epochs]
        print(
            f"{name:5} {sampler:6} {same[0]['passes']:3} passes {mean(fids):7.2f} ± {stdev(fids) if len(fids) > 1 else 0:.2f}"
        )
