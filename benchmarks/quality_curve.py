"""FID against the number of sampling steps, for every sampler and two noise schedules.

    python benchmarks/quality_curve.py [--n 1024] [--steps 5 8 10 15 20 30 50 100] [--linear FILE] [--out benchmarks/quality_curve.json]

The cosine schedule's model is the one in the package. The linear schedule's is the same network, trained on from there for `--epochs` epochs with the
linear schedule, unless `--linear` names a file to load. DDPM with all 1000 steps is measured once, with the package's model (`--full` sets how many
images; 0 leaves it out). Results are written after every point, and points that are in the file already are not measured again.
"""

import argparse
import json
from pathlib import Path

from ddpm_widgets import SAMPLERS, evaluate, fashion_mnist, linear_schedule, load_model, pretrained, save_model, train

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--n", type=int, default=1024, help="images for each point")
parser.add_argument("--steps", type=int, nargs="+", default=[5, 8, 10, 15, 20, 30, 50, 100])
parser.add_argument("--full", type=int, default=1024, help="images for DDPM's 1000 steps")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--linear", type=Path, default=HERE / "out" / "linear.safetensors")
parser.add_argument("--out", type=Path, default=HERE / "quality_curve.json")
args = parser.parse_args()
dls = fashion_mnist(128, seed=0)


def trained_on(path: Path):
    "The package's model, taught the linear schedule."
    if not path.is_file():
        learn = train(dls, pretrained(), linear_schedule(), epochs=args.epochs, lr=5e-4, seed=0)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_model(learn.ema_model, path)
    return load_model(path)


points = json.loads(args.out.read_text()) if args.out.is_file() else []


def measure(name: str, model, sampler: str, steps: int, n: int) -> None:
    key = {"schedule": name, "sampler": sampler, "steps": steps, "n": n}
    if any(key.items() <= p.items() for p in points):
        return
    found = evaluate(model, n, dls=dls, seeds=(0,), sampler=sampler, steps=steps, progress=False)
    points.append({**key, "fid": round(found.fid, 3), "kid": round(found.kid, 6), "floor": round(found.floor_fid, 3)})
    args.out.write_text(json.dumps(points, indent=1) + "\n")
    print(f"{name:7} {sampler:6} {steps:5} steps   FID {found.fid:7.3f}   real {found.floor_fid:.3f}", flush=True)


models = {"cosine": pretrained(), "linear": trained_on(args.linear)}
for name, model in models.items():
    for sampler in SAMPLERS:
        for steps in args.steps:
            measure(name, model, sampler, steps, args.n)
if args.full:
    measure("cosine", models["cosine"], "ddpm", 1000, args.full)
