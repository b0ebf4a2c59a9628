"""FID against the number of sampling steps, for every sampler (DDPM with both its variances) and two noise schedules.

    python benchmarks/quality_curve.py [--n 1024] [--seeds 0 1 2] [--steps 5 8 10 15 20 30 50] [--out benchmarks/quality_curve.json]

The model is the one in the package, which was trained with the cosine schedule. A network never sees a schedule, only pictures with more or less noise.
For the linear schedule it is given, at each timestep, the timestep of its own schedule with the same signal-to-noise ratio (lesson 6 explains it;
`spacing="linear_levels"` does it for everyday use). `--full` draws that many images with all 1000 steps of DDPM, with the first seed only; 0 leaves them out.
`--ways` and `--schedules` measure a part. Results are written after every point: `fids` and `kids` have one number for each seed, `fid` and `kid` are
their means. A seed that is in the file already, for the same weights, is not measured again. `floors` are the FIDs of as many held-out
real images, one for each set of them that shares no image with the others, and `floor` is their mean.
"""

import argparse
import hashlib
import json
from pathlib import Path
from statistics import mean

import torch
from torch import nn

from ddpm_widgets import SAMPLERS, evaluate, fashion_mnist, linear_schedule, load_model, pretrained
from ddpm_widgets.evaluation import features, fid, reference_features
from ddpm_widgets.weights import MODELS

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--n", type=int, default=1024, help="images for each point")
parser.add_argument("--steps", type=int, nargs="+", default=[5, 8, 10, 15, 20, 30, 50])
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one draw of n images for each")
parser.add_argument("--ways", nargs="+", help="the samplers to measure, instead of all")
parser.add_argument("--schedules", nargs="+", default=["cosine", "linear"])
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
weights = hashlib.sha256((args.weights or MODELS / "fashion-mnist.safetensors").read_bytes()).hexdigest()[:8]


def floors(n: int) -> list[float]:
    "FIDs of as many disjoint sets of n held-out real images as there are."
    held_out = torch.cat([images for images, _ in dls.valid])
    real = reference_features(dls, progress=False)
    return [round(fid(real, seen), 3) for seen in features(held_out).split(n) if len(seen) == n]


def measure(name: str, model, way: str, steps: int, n: int, seeds: list[int]) -> None:
    key = {"schedule": name, "sampler": way, "steps": steps, "n": n, "weights": weights}
    former = next((p for p in points if key.items() <= p.items()), {"fids": [], "kids": []})
    fids, kids = former["fids"], former["kids"]
    if len(fids) >= len(seeds):
        return
    options = {**WAYS[way], "steps": steps, "spacing": "trailing", "precision": args.precision}
    found = evaluate(model, n, dls=dls, seeds=seeds[len(fids) :], **options, progress=False)
    fids, kids = fids + [round(x, 3) for x in found.fids], kids + [round(x, 6) for x in found.kids]
    point = {**key, "fid": round(mean(fids), 3), "kid": round(mean(kids), 6), "floor": round(mean(real[n]), 3)}
    same_curve = {k: key[k] for k in ("schedule", "sampler", "steps", "n")}
    points[:] = [p for p in points if not same_curve.items() <= p.items()]
    points.append({**point, "fids": fids, "kids": kids, "floors": real[n]})
    args.out.write_text("[\n" + ",\n".join(map(json.dumps, points)) + "\n]\n")
    print(f"{name:7} {way:20} {steps:5} steps   FID {fids}   real {real[n]}", flush=True)


device = "cuda" if torch.cuda.is_available() else "cpu"
models = {"cosine": (load_model(args.weights) if args.weights else pretrained()).to(device)}
models["linear"] = Translated(models["cosine"], linear_schedule())
real = {n: floors(n) for n in {args.n, args.full} - {0}}
for name in args.schedules:
    for way in args.ways or WAYS:
        for steps in args.steps:
            measure(name, models[name], way, steps, args.n, args.seeds)
if args.full:
    measure("cosine", models["cosine"], "ddpm", 1000, args.full, args.seeds[:1])
