"""Train a network on CIFAR-10 by the call that trains on Fashion-MNIST, and judge it by a classifier that sees colours.

    python benchmarks/weights/classifier.py --pictures train.zip test.zip --epochs 14 --out judge.safetensors      once, about 40 minutes of one core
    python benchmarks/weights/cifar10.py train.zip test.zip judge.safetensors --out cifar-10.safetensors

With a file at --out, nothing is trained: it is judged. Prints FID and class agreement for several weights of the guidance, three seeds each, beside
what as many held-out pictures have, and writes them to benchmarks/cifar10.json. Two hours on two cores; a run that was interrupted goes on. What is shipped lies in
ddpm_widgets/models, its hash stands in `PRETRAINED`, and `python benchmarks/weights/page.py cifar-10` makes the page's file of it.
"""

import argparse
import json
import platform
from pathlib import Path

import torch
from pictures import colour_pictures

from ddpm_widgets import Checkpoint, evaluate, load_model, sample, save_model, train
from ddpm_widgets.judges import load_classifier

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("pictures", nargs=2, type=Path, metavar=("TRAIN", "TEST"), help="folders or zip archives")
parser.add_argument("judge", type=Path, help="of weights/classifier.py")
parser.add_argument("--epochs", type=int, default=10)
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
    words = {"batch_size": args.batch_size, "images": learn.steps * args.batch_size, "valid_loss": learn.valid_loss}
    words |= {"torch": str(torch.__version__), "machine": f"{platform.machine()}, {torch.get_num_threads()} threads"}
    save_model(learn.ema_model, args.out, half=True, data="CIFAR-10 as JPEG files, with mirror images", **told, **words)

model, judge = load_model(args.out), load_classifier(args.judge)
out = Path(__file__).parents[1] / "cifar10.json"
former = json.loads(out.read_text()) if out.is_file() else {}
if (former.get("model"), former.get("n")) != (model.card, args.n):
    former = {}
figures = former | {"model": model.card, "judge": judge.card, "n": args.n, "seeds": [0, 1, 2]}
rows = {row["w"]: row for row in former.get("rows", [])}
scores = ("fid", "agreement", "class_fid", "precision", "recall", "nearest", "very_near")
for w in args.guidance:
    asked = {"dls": dls, "judge": judge, "labels": "each", "guidance": w, "precision": "auto"}
    found = [evaluate(model, args.n, seeds=[seed], **asked) for seed in figures["seeds"]]
    print(f"w = {w}:", *found, sep="\n", flush=True)
    rows[w] = {"w": w} | {name: [round(getattr(one, name), 4) for one in found] for name in scores}
    floors = ("fid", "agreement", "class_fid", "precision", "recall")
    figures["real"] = {name: round(getattr(found[0], f"floor_{name}"), 4) for name in floors}
    figures["rows"] = [rows[w] for w in sorted(rows)]
    out.write_text(json.dumps(figures, indent=1) + "\n")

labels = torch.arange(1000) % 10  # which kinds are weak: as what does the judge read a hundred of each?
with torch.inference_mode():
    read = judge(sample(model, n=1000, labels=labels, guidance=1, seed=0, precision="auto")).argmax(1)
figures["read"] = torch.zeros(10, 10, dtype=int).index_put_((labels, read), torch.tensor(1), accumulate=True).tolist()
out.write_text(json.dumps(figures, indent=1) + "\n")
