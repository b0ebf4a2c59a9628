"""Train the network that knows the classes, `pretrained("fashion-mnist-classes")`, and write it with its model card.

    python benchmarks/weights/fashion_mnist.py [--epochs 98 | --minutes 60] [--start FILE] [--batch-size 500] [--lr 6e-3] [--compile reduce-overhead]

The recipe of `unet("fast")` with labels, as `train(dls, "fast", labels=True)` has it, for longer than a reader would wait: with `--compile`, seven minutes
on a large GPU. Two cores are better off with fewer epochs and smaller batches, `--epochs 22 --batch-size 64 --lr 4e-3`, in about two hours, or with
`--start`, which goes on from a file of `save_model`, also of a network without classes. `--minutes` tries two epochs
to see how long one takes here, and trains for as many as fit. An interrupt ends it early and writes what there is.
Prints the sha256 that belongs into `PRETRAINED`. The one that is shipped went on from the first network, in 46 minutes of one core:
`--start ddpm_widgets/models/fashion-mnist.safetensors --epochs 6 --batch-size 128 --lr 4e-3`. The first network was trained by an earlier form of this
script, without labels.

The weak network, `pretrained("fashion-mnist-weak")`, which leads the others by `Autoguided`, has half as many channels and learned for one epoch, a few
minutes: `--widths 24 48 64 --epochs 1 --batch-size 64 --lr 4e-3 --min-snr 5 --out ddpm_widgets/models/fashion-mnist-weak.safetensors`.
"""

import argparse
import hashlib
import platform
import time
from pathlib import Path

import torch
from torch import nn

from ddpm_widgets import Callback, Compile, fashion_mnist, init_ddpm, load_model, save_model, train, unet
from ddpm_widgets.weights import MODELS

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--epochs", type=int, default=98)
parser.add_argument("--minutes", type=float, help="as many epochs as fit into so many minutes, instead")
parser.add_argument("--batch-size", type=int, default=500)
parser.add_argument("--compile", choices=["default", "reduce-overhead"], help="a mode of torch.compile")
parser.add_argument("--lr", type=float, default=6e-3)
parser.add_argument("--ema", type=float, default=0.999)
parser.add_argument("--drop-label", type=float, default=0.15, help="how often a class is hidden")
parser.add_argument("--min-snr", type=float, help="weigh timesteps by min-SNR-γ with this γ")
parser.add_argument("--widths", type=int, nargs=3, default=[48, 96, 128], help="channels of the network's levels")
parser.add_argument("--start", type=Path, help="go on from the network in this file")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--progress", action=argparse.BooleanOptionalAction, default=True, help="draw a progress bar")
parser.add_argument("--out", type=Path, default=MODELS / "fashion-mnist-classes.safetensors")
args = parser.parse_args()
start = time.perf_counter()


def write(learn) -> Path:
    args.out.parent.mkdir(parents=True, exist_ok=True)
    return save_model(
        learn.ema_model,
        args.out,
        half=True,
        data="Fashion-MNIST, 60,000 training images, padded to 32×32, in [-1, 1]",
        images=learn.steps * args.batch_size,
        epochs=learn.epoch + 1,
        batch_size=args.batch_size,
        lr=args.lr,
        ema=args.ema,
        drop_label=args.drop_label,
        min_snr=args.min_snr,
        seed=args.seed,
        valid_loss=learn.valid_loss,
        minutes=round((time.perf_counter() - start) / 60),
        started_from=load_model(args.start).card if args.start else None,
        machine=f"{platform.machine()}, {torch.get_num_threads()} cores"
        if not torch.cuda.is_available()
        else torch.cuda.get_device_name(),
        torch=str(torch.__version__),
    )


class Keep(Callback):
    "What there is, after every epoch: an hour's work is not lost."

    order = 20

    def after_epoch(self, learn):
        write(learn)


class Clock(Callback):
    "How long the last epoch took."

    def before_epoch(self, learn):
        self.start = time.perf_counter()

    def after_epoch(self, learn):
        self.seconds = time.perf_counter() - self.start


def run(epochs: int, *cbs):
    "Loaders keep the state of their shuffling, so each run has its own."
    dls = fashion_mnist(args.batch_size, seed=args.seed).subset(60_000, n_valid=2_000)
    faster = [Compile(mode=args.compile)] if args.compile else []
    net = init_ddpm(unet("fast", block_out_channels=tuple(args.widths), num_class_embeds=len(dls.classes) + 1))
    if args.start:
        classes = net.unet.class_embedding.weight
        nn.init.normal_(classes, std=0.5)  # from zeros they take too long; at 1 the loss is a third higher at first
        nn.init.zeros_(classes.data[-1])  # no class: the network as it was
        net.load_state_dict(load_model(args.start).state_dict(), strict=False)
    told = {
        "labels": True,
        "drop_label": args.drop_label,
        "min_snr": args.min_snr,
        "lr": args.lr,
        "ema": args.ema,
        "precision": "auto",
        "seed": args.seed,
        "progress": args.progress,
    }
    return train(dls, net, epochs=epochs, cbs=[*faster, *cbs], **told)


epochs = args.epochs
if args.minutes:
    run(2, clock := Clock())
    left = 60 * args.minutes - (time.perf_counter() - start)
    epochs = max(1, int(left / clock.seconds))
    print(f"{clock.seconds:.1f} s an epoch: {epochs} of them", flush=True)
learn = run(epochs, Keep())
path = write(learn)
print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
