"""What guidance buys and costs: the shipped model asked for each class alike, with weights from 0 to 8.

    python benchmarks/guidance.py [--n 1000] [--seeds 0 1 2] [--weights FILE] [--out benchmarks/guidance.json]

For each weight w and seed: how often the classifier reads the class that was asked for, FID to all training images, variety (the mean distance between two
images of one class in the classifier's features, over that of real ones), and the share of pixels at black or white inside the garment's square, over that of
real images. Three more rows have w = 4 over an interval of noise levels, rescaled, and both. Results are written after every row and not measured again.
Prints a table; about half an hour on one core.
"""

import argparse
import hashlib
import json
from pathlib import Path
from statistics import mean, stdev

import torch

from ddpm_widgets import fashion_mnist, fid, load_model, pretrained, sample
from ddpm_widgets.data import dataset_of
from ddpm_widgets.evaluation import classifier, features, reference_features

HERE = Path(__file__).parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--n", type=int, default=1000, help="images of each row, as many of each class")
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--weights", type=Path, help="a file of save_model; without it, the shipped model")
parser.add_argument("--out", type=Path, default=HERE / "guidance.json")
args = parser.parse_args()

WEIGHTS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
INTERVAL, RESCALED = {"guidance_levels": (0.2, 5.0)}, {"guidance_rescale": 0.7}
ROWS = [{"w": w} for w in WEIGHTS] + [
    {"w": 4.0, **INTERVAL},
    {"w": 4.0, **RESCALED},
    {"w": 4.0, **INTERVAL, **RESCALED},
]
model = load_model(args.weights) if args.weights else pretrained()
name = hashlib.sha256(b"".join(v.numpy().tobytes() for v in model.state_dict().values())).hexdigest()[:8]
dls, judge = fashion_mnist(128), classifier()
real = reference_features(dls, judge, progress=False)
asked = torch.arange(args.n) % 10


@torch.inference_mode()
def seen(images: torch.Tensor, labels: torch.Tensor, theirs: torch.Tensor) -> dict[str, float]:
    "What the classifier makes of images of these classes, and how many of their pixels are black or white."
    groups = [theirs[labels == k] for k in range(10)]
    return {
        "agreement": float((judge.head(theirs).argmax(1) == labels).float().mean()),
        "fid": fid(real, theirs),
        "variety": mean(float(torch.pdist(group).mean()) for group in groups),
        "white": float((images > 0.99).float().mean()),
    }


def real_ones() -> dict[str, float]:
    "As many held-out images."
    held_out = dataset_of(dls.valid)
    images = held_out.batch(range(args.n))[0]
    return seen(images, held_out.labels[: args.n], features(images, judge, known=True))


points: list[dict] = json.loads(args.out.read_text()) if args.out.is_file() else []


def keep(key: dict, found: dict[str, float]) -> None:
    points.append({**key, **{k: round(v, 4) for k, v in found.items()}})
    args.out.write_text("[\n" + ",\n".join(map(json.dumps, points)) + "\n]\n", encoding="utf-8")
    print(points[-1], flush=True)


def measured(key: dict) -> bool:
    return any({k: v for k, v in p.items() if k not in ("agreement", "fid", "variety", "white")} == key for p in points)


if not measured(key := {"real": True, "n": args.n}):
    keep(key, real_ones())
for seed in args.seeds:
    for row in ROWS:
        key = json.loads(json.dumps({**row, "seed": seed, "n": args.n, "weights": name}))
        if measured(key):
            continue
        options = {k: v for k, v in row.items() if k != "w"}
        images = sample(model, n=args.n, labels=asked, guidance=row["w"] or None, seed=seed, progress=False, **options)
        keep(key, seen(images, asked, features(images, judge, known=True)))

floor = next(p for p in points if p.get("real") and p["n"] == args.n)
print(
    f"\n{'w':>4} {'read as asked':>20} {'FID':>18} {'variety':>18} {'white pixels':>20}   (mean ± standard deviation over seeds)"
)
for row in [{"real": True}, *ROWS]:
    same = [floor] if row.get("real") else [
        p for p in points if p.get("weights") == name and all(p.get(k) == (list(v) if isinstance(v, tuple) else v) for k, v in row.items())
        and (len(row) > 1 or not p.keys() & {"guidance_levels", "guidance_rescale"}) and len(p.keys() & {"guidance_levels", "guidance_rescale"}) == len(row) - 1
    ]  # fmt: skip
    texts = []
    for value, scale in (("agreement", 1), ("fid", 1), ("variety", floor["variety"]), ("white", 1)):
        values = [p[value] / scale for p in same]
        texts.append(f"{mean(values):10.3f} ± {stdev(values) if len(values) > 1 else 0:.3f}")
    print(
        f"{'real' if row.get('real') else row['w']:>4}",
        *texts,
        *(f"{k}={v}" for k, v in row.items() if k not in ("w", "real")),
    )
