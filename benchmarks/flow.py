"""A rectified flow beside the DDPM, trained at equal cost, drawn in 5 to 50 passes of the network.

    python benchmarks/flow.py [--epochs 1] [--seeds 0 1 2] [--n 1024] [--passes 5 10 20 50] [--out benchmarks/flow.json]

Both are the `"fast"` network with its optimiser, batches and moving average: the same images in the same order, the same number of steps. What differs is
what `path="flow"` changes: noise levels, target, and how timesteps are drawn. Judged by FID
of the moving average's images. Heun takes two passes a step and one for the last, so it is given the number of steps that comes nearest without
exceeding the passes. Results are written after every point and not measured again; about ninety minutes on one core for all.
"""

import argparse
import json
from pathlib import Path
from statistics import mean, stdev

from ddpm_widgets import evaluate, fashion_mnist, train

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--n", type=int, default=1024, help="images judged")
parser.add_argument("--passes", type=int, nargs="+", default=[5, 10, 20, 50])
parser.add_argument("--out", type=Path, default=HERE / "flow.json")
args = parser.parse_args()

TRAININGS = {"ddpm": {}, "flow": {"path": "flow"}}
WAYS = {  # how each is drawn
    "ddpm": {
        "euler": {"spacing": "linear_levels"},
        "dpm++": {"spacing": "linear_levels"},
        "heun": {"spacing": "linear_levels"},
    },
    "flow": {"euler": {"path": "flow"}, "dpm++": {}, "heun": {"path": "flow"}},
}
points: list[dict] = json.loads(args.out.read_text()) if args.out.is_file() else []


def save() -> None:
    lines = ",\n".join(json.dumps(p) for p in points)
    args.out.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


for seed in args.seeds:
    for name, options in TRAININGS.items():
        wanted = [(way, passes) for way in WAYS[name] for passes in args.passes]
        key = {"trained": name, "seed": seed, "epochs": args.epochs, "n": args.n}
        wanted = [
            w for w in wanted if not any({**key, "sampler": w[0], "passes": w[1]}.items() <= p.items() for p in points)
        ]
        if not wanted:
            continue
        learn = train(fashion_mnist(128, seed=seed), "fast", epochs=args.epochs, seed=seed, progress=False, **options)
        for way, passes in wanted:
            steps = (passes + 1) // 2 if way == "heun" else passes
            found = evaluate(
                learn.ema_model,
                args.n,
                dls=learn.dls,
                seeds=[seed],
                sampler=way,
                steps=steps,
                progress=False,
                **WAYS[name][way],
            )
            points.append({**key, "sampler": way, "passes": passes, "steps": steps, "fid": round(found.fid, 3)})
            save()
            print(points[-1], flush=True)

print(f"\nFID of {args.n} images, mean ± standard deviation of {len(args.seeds)} trainings")
print("trained  sampler  " + "".join(f"{p:>6} passes" for p in args.passes))
for name, ways in WAYS.items():
    for way in ways:
        cells = []
        for passes in args.passes:
            fids = [
                p["fid"]
                for p in points
                if (p["trained"], p["sampler"], p["passes"], p["n"], p["epochs"])
                == (name, way, passes, args.n, args.epochs)
            ]
            cells.append(f"{mean(fids):6.2f} ± {stdev(fids) if len(fids) > 1 else 0:4.2f}" if fids else " " * 13)
        print(f"{name:8} {way:8} " + "".join(cells))
