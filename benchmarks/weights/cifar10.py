"""Train a network on CIFAR-10 by the call that trains on Fashion-MNIST, and judge it by a classifier that sees colours.

    python benchmarks/weights/classifier.py --pictures train.zip test.zip --out judge.safetensors      once, about 40 minutes of one core
    python benchmarks/weights/cifar10.py train.zip test.zip judge.safetensors --epochs 30 --out cifar-10.safetensors

With a file at --out, nothing is trained: it is judged. Prints FID and class agreement for several weights of the guidance, three seeds each, beside
what as many held-out pictures have, and writes them to benchmarks/cifar10.json. Two hours on two cores; a run that was interrupted goes on.
"""

import argparse
import json
from pathlib import Path

from pictures import colour_pictures

from ddpm_widgets import Checkpoint, evaluate, load_model, save_model, train
from ddpm_widgets.judges import load_classifier

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("pictures", nargs=2, type=Path, metavar=("TRAIN", "TEST"), help="folders or zip archives")
parser.add_argument("judge", type=Path, help="of weights/classifier.py")
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--min-snr", type=float, default=5, help="weigh timesteps by min-SNR-γ with this γ")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--guidance", type=float, nargs="*", default=[0, 0.5, 1, 2])
parser.add_argument("-n", type=int, default=2048)
parser.add_argument("--out", type=Path, required=True)
args = parser.parse_args()

dls = colour_pictures(*args.pictures, args.batch_size, args.seed)
if not args.out.is_file():
    run = args.out.with_suffix("")  # a folder
    keep = [Checkpoint(run)]
    told = {"epochs": args.epochs, "min_snr": args.min_snr, "seed": args.seed}
    learn = train(dls.mirrored(), "fast", labels=True, cbs=keep, resume=run, **told)
    words = {"data": f"{dls.source}, mirrored", "batch_size": args.batch_size, "valid_loss": learn.valid_loss}
    save_model(learn.ema_model, args.out, half=True, **told, **words)

model, judge = load_model(args.out), load_classifier(args.judge)
rows = []
for w in args.guidance:
    found = evaluate(model, args.n, dls=dls, judge=judge, labels="each", guidance=w)
    print(f"w = {w}:\n{found}", flush=True)
    rows.append(
        {
            "w": w,
            "fid": found.fids,
            "floor": found.floor_fid,
            "agreement": found.agreement,
            "floor_agreement": found.floor_agreement,
        }
        | {"precision": found.precision, "recall": found.recall, "nearest": found.nearest}
    )
figures = {"model": model.card, "judge": judge.card, "n": args.n, "rows": rows}
(Path(__file__).parents[1] / "cifar10.json").write_text(json.dumps(figures, indent=1) + "\n")
