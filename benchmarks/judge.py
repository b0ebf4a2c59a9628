"""Judge a model by both judges, with precision, recall and the nearest training images, and say what that costs.

    python benchmarks/judge.py [FILE] [--n 2048] [--seeds 0 1 2] [--labels each] [--precision auto] [--faults] [--out benchmarks/judge.json]

FILE is a file of weights; without one it is the model in the package. Takes three minutes on two idle cores for n = 2,048 and three seeds, and the first
time one more for the features of the training images. `--faults` judges damaged photographs instead of a model: what does each judge see, and what not?
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F

from ddpm_widgets import evaluate, fashion_mnist, fid, kid, load_model, pretrained, sample
from ddpm_widgets.data import dataset_of
from ddpm_widgets.evaluation import _compare_neighbours, reference_features
from ddpm_widgets.judges import classifier, features, fingerprint, second_judge

FEW = 2048  # photographs that are damaged


def damaged(x, labels, train):
    "Name → photographs with that fault. The first 2,048 are damaged; where a class is missing, the next ones fill up."
    g = torch.Generator().manual_seed(0)
    kernel = torch.outer(*2 * [torch.tensor([1.0, 8, 1]) / 10])[None, None]
    few, left_out = x[:FEW], lambda *classes: x[~torch.isin(labels, torch.tensor(classes))][:FEW]
    blurred = [few]
    for _ in range(3):
        blurred.append(F.conv2d(F.pad(blurred[-1], (1, 1, 1, 1), value=-1.0), kernel))
    noise, rim = torch.randn(few.shape, generator=g), few.clone()
    rim[..., :2] = -0.5
    return {
        "as they are": few,
        **{f"blurred {n} times": blurred[n] for n in (1, 2, 3)},
        **{f"noise {s}": few + s * noise for s in (0.02, 0.05, 0.1, 0.2)},
        **{f"mirrored, {p} in 4": torch.cat([few[: p * FEW // 4].flip(-1), few[p * FEW // 4 :]]) for p in (1, 2, 4)},
        **{f"{n} to the right": few.roll(n, -1) for n in (1, 2)},
        "two grey columns at the left rim": rim,
        "no bags": left_out(8),
        "no bags, no boots": left_out(8, 9),
        **{f"{FEW // n}, each {n} times": few[: FEW // n].repeat(n, 1, 1, 1) for n in (2, 8, 32)},
        "half of the classes": left_out(0, 2, 4, 6, 8),
        "one in ten a training image": torch.cat([train[: FEW // 10], few[FEW // 10 :]]),
        "training images": train[:FEW],
    }


def show_faults(dls):
    "What each judge makes of damaged photographs."
    valid = dataset_of(dls.valid)
    sets = damaged(valid.batch(range(len(valid)))[0], valid.labels, dataset_of(dls.train).batch(range(FEW))[0])
    found = {name: report(evaluate(x, dls=dls, progress=False)) for name, x in sets.items()}
    floor = found["as they are"]
    for name, row in found.items():
        ratios = (row[k] / floor[k] for k in ("fid", "second_fid"))
        print(
            f"{name:33} FID {row['fid']:7.3f} ({next(ratios):5.1f})   second {row['second_fid']:7.4f} ({next(ratios):5.1f})"
            f"   precision {row['precision']:.3f} recall {row['recall']:.3f} nearest {row['nearest']:.3f} very near {row['very_near']:.3f}"
        )
    return found


def report(found):
    "An `Evaluation`, as JSON has it."
    return asdict(found) | {"second_fid": found.second_fid}


def cost(model, dls, n, options):
    "Seconds for one draw of n images: to draw them, to judge them by the classifier, and for all that the second judge adds."
    clock = [time.perf_counter()]
    images = sample(model, n=n, seed=0, progress=False, **options)
    clock.append(time.perf_counter())
    real = [reference_features(dls, judge, progress=False) for judge in (classifier(), second_judge())]
    clock.append(time.perf_counter())
    seen = features(images, known=True)
    fid(real[0], seen), kid(real[0], seen)
    clock.append(time.perf_counter())
    seen = features(images, second_judge(), known=True)
    fid(real[1], seen)
    _compare_neighbours(real[1], seen, [seen], n, False)
    clock.append(time.perf_counter())
    draw, _, first, second = (b - a for a, b in zip(clock, clock[1:], strict=False))
    return {"draw": draw, "first": first, "second": second, "ratio": (draw + first + second) / (draw + first)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, help="a file of weights; none: the model in the package")
    parser.add_argument("--n", type=int, default=2048)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--labels", help='"each": ask for all classes alike')
    parser.add_argument("--precision", default=None, help="auto: half precision where it is faster")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    args = parser.parse_args()
    dls = fashion_mnist(500)
    kept = json.loads(args.out.read_text()) if args.out.is_file() else {}
    kept["judges"] = {type(judge).__name__: fingerprint(judge) for judge in (classifier(), second_judge())}
    if args.faults:
        kept["faults"] = show_faults(dls)
    else:
        model = pretrained() if args.file is None else load_model(args.file)
        options = {k: v for k, v in (("labels", args.labels), ("precision", args.precision)) if v is not None}
        start = time.perf_counter()
        found = evaluate(model, args.n, dls=dls, seeds=args.seeds, progress=False, **options)
        seconds = {"all": time.perf_counter() - start}
        print(found)
        options.pop("labels", None)
        seconds |= cost(model, dls, args.n, options)
        print({name: round(value, 3) for name, value in seconds.items()})
        name = "pretrained" if args.file is None else args.file.name
        kept[f"{name}, n={args.n}" + (f", labels={args.labels}" if args.labels else "")] = report(found) | {
            "seconds": seconds
        }
    args.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
