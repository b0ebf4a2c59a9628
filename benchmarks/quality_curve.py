"""FID against the number of sampling steps, for every sampler (DDPM with both its variances) and two noise schedules.

    python benchmarks/quality_curve.py [--n 1024] [--steps 5 8 10 15 20 30 50] [--out benchmarks/quality_curve.json]

The model is the one in the package, which was trained with the cosine schedule. A network never sees a schedule, only pictures with more or less noise.
So for the linear schedule it is told, at each timestep, its own timestep with the same signal-to-noise ratio (lesson 6 explains it; `spacing="linear_levels"`
does it for everyday use). DDPM with all 1000
steps is measured once (`--full` sets how many images; 0 leaves it out). Results are written after every point. What is in the file already, of the same
weights, is not measured again; a point of other weights stays until it is measured anew.
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from torch import nn

from ddpm_widgets import SAMPLERS, evaluate, fashion_mnist, linear_schedule, load_model, pretrained
from ddpm_widgets.weights import MODELS, PRETRAINED

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--n", type=int, default=1024, help="images for each point")
parser.add_argument("--steps", type=int, nargs="+", default=[5, 8, 10, 15, 20, 30, 50])
parser.add_argument("--full", type=int, default=1024, help="images for DDPM's 1000 steps")
parser.add_argument("--weights", type=Path, help="a file of `save_model`, instead of the model in the package")
parser.add_argument("--precision", default="auto", help="auto is bf16 where the machine computes in it")
parser.add_argument("--out", type=Path, default=HERE / "quality_curve.json")
args = parser.parse_args()
dls = fashion_mnist(128, seed=0)


class Translated(nn.Module):
    "The same network for another schedule."

    def __init__(self, model, schedule):
        super().__init__()
        self.model, self.diffusion = model, model.diffusion._replace(schedule=schedule)
        own = model.diffusion.schedule.snr.log()
        self.same_noise = (own[None] - schedule.snr.log()[:, None]).abs().argmin(1)

    def forward(self, x_t, t):
        return self.model(x_t, self.same_noise.to(t.device)[t])


WAYS = {
    **{name: {"sampler": name} for name in SAMPLERS},
    "ddpm, small variance": {"sampler": "ddpm", "variance": "small"},
}
points = json.loads(args.out.read_text()) if args.out.is_file() else []
weights = hashlib.sha256((args.weights or MODELS / PRETRAINED["fashion-mnist"][0]).read_bytes()).hexdigest()[:8]


def measure(name: str, model, way: str, steps: int, n: int) -> None:
    key = {"schedule": name, "sampler": way, "steps": steps, "n": n}
    former = [p for p in points if key.items() <= p.items()]
    if any(p["weights"] == weights for p in former):
        return
    found = evaluate(
        model,
        n,
        dls=dls,
        seeds=(0,),
        **WAYS[way],
        steps=steps,
        spacing="trailing",
        precision=args.precision,
        progress=False,
    )
    points[:] = [p for p in points if p not in former]
    points.append(
        {
            **key,
            "weights": weights,
            "fid": round(found.fid, 3),
            "kid": round(found.kid, 6),
            "floor": round(found.floor_fid, 3),
        }
    )
    args.out.write_text(json.dumps(points, indent=1) + "\n")
    print(f"{name:7} {way:20} {steps:5} steps   FID {found.fid:7.3f}   real {found.floor_fid:.3f}", flush=True)


device = "cuda" if torch.cuda.is_available() else "cpu"
models = {"cosine": (load_model(args.weights) if args.weights else pretrained()).to(device)}
models["linear"] = Translated(models["cosine"], linear_schedule())
for name, model in models.items():
    for way in WAYS:
        for steps in args.steps:
            measure(name, model, way, steps, args.n)
if args.full:
    measure("cosine", models["cosine"], "ddpm", 1000, args.full)
