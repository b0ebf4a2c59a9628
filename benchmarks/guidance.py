"""What guidance buys and what it costs: classes read as asked for, FID, precision, recall and white pixels, for w from -1 to 8.

    python benchmarks/guidance.py [FILE] [--n 2048] [--seeds 0 1 2] [--weights -1 0 0.5 1 2 4 8] [--out benchmarks/guidance.json]

FILE is a file of weights that knows the classes; without one it is the one in the package. Each point is n images, all classes alike, in the model's own
20 steps; the images of one seed begin with the same noises for every w. `agreement` is the share that the package's classifier reads as the class asked for;
`fid` is by the classifier, `second_fid`, `precision` and `recall` are by the second judge; `saturated` is the share of pixels that are white (at most 1 %
below it), `black` the share that are black. `real` holds the same of as many held-out images. Results are written after every point, and not measured again
unless model or n change. Prints a table; three minutes on one core for each point of 2,048 images, so an hour for all of them.
"""

import argparse
import hashlib
import json
from pathlib import Path
from statistics import mean, stdev

import torch

from ddpm_widgets import classifier, evaluate, fashion_mnist, load_model, sample
from ddpm_widgets.data import dataset_of
from ddpm_widgets.judges import accuracy
from ddpm_widgets.weights import MODELS

SCORES = "agreement", "fid", "second_fid", "precision", "recall", "saturated", "black"
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file", nargs="?", type=Path, default=MODELS / "fashion-mnist-classes.safetensors")
parser.add_argument("--n", type=int, default=2048, help="images of each seed")
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--weights", type=float, nargs="+", default=[-1, 0, 0.5, 1, 2, 4, 8], help="of the guidance")
parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
args = parser.parse_args()

model, dls, judge = load_model(args.file), fashion_mnist(500), classifier()
measured = {"model": hashlib.sha256(args.file.read_bytes()).hexdigest(), "n": args.n, "seeds": args.seeds}
kept = json.loads(args.out.read_text()) if args.out.is_file() else {}
if {name: kept.get(name) for name in measured} != measured:
    kept = {**measured, "rows": []}


@torch.inference_mode()
def scores(images: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    "What each of SCORES says of images that should be of these classes."
    found = evaluate(images, dls=dls, progress=False)
    read = torch.cat([judge(some) for some in images.split(500)])
    whole = {
        "agreement": float(accuracy(read, labels)),
        "saturated": float((images >= 0.98).float().mean()),  # from -1 to 1, so 0.02 is 1 %
        "black": float((images <= -0.98).float().mean()),
    }
    whole |= {name: getattr(found, name) for name in ("fid", "second_fid", "precision", "recall")}
    return {name: round(whole[name], 4) for name in SCORES}


def write() -> None:
    rows = ",\n  ".join(map(json.dumps, kept["rows"]))
    first = "".join(f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in kept.items() if name != "rows")
    args.out.write_text(f'{{\n{first} "rows": [\n  {rows}\n ]\n}}\n', encoding="utf-8")


if "real" not in kept:
    held_out = dataset_of(dls.valid)
    kept["real"] = scores(*held_out.batch(range(args.n)))
    write()
labels = torch.arange(args.n) % 10
for w in args.weights:
    if any(row["w"] == w for row in kept["rows"]):
        continue
    points = []
    for seed in args.seeds:
        images = sample(model, n=args.n, labels=labels, guidance=w, seed=seed, progress=False)
        points.append(scores(images, labels))
        print(f"w = {w:g}, seed {seed}: {points[-1]}", flush=True)
    kept["rows"].append({"w": w, **{name: [point[name] for point in points] for name in SCORES}})
    kept["rows"].sort(key=lambda row: row["w"])
    write()

print(f"\n{args.n} images, mean ± standard deviation of the seeds\n    w " + "".join(f"{s:>18}" for s in SCORES))
print(" real " + "".join(f"{kept['real'][name]:18.4f}" for name in SCORES))
for row in kept["rows"]:
    many = len(args.seeds) > 1
    shown = [f"{mean(row[s]):.3f}" + (f" ± {stdev(row[s]):.3f}" if many else "") for s in SCORES]
    print(f"{row['w']:5g} " + "".join(f"{one:>18}" for one in shown))
