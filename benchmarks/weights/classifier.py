"""Train the Fashion-MNIST classifier that `evaluate` takes its features from, and write it into the package; or one for other pictures.

    python benchmarks/weights/classifier.py [--epochs 20] [--seed 0] [--out ddpm_widgets/models/classifier.safetensors]
    python benchmarks/weights/classifier.py --pictures train.zip test.zip --out FILE      folders or archives, as `image_folder` reads them

The library's own Learner, with the usual recipe for a small picture: flips, shifts and erased squares, smoothed labels, one cycle of AdamW, and a
moving average of the weights. Takes about 25 minutes on one core.
"""

import argparse
import platform
import time
from pathlib import Path

import torch
from pictures import colour_pictures

from ddpm_widgets import (
    EMA,
    Callback,
    GradientClip,
    Learner,
    Metrics,
    MixedPrecision,
    OneCycle,
    Progress,
    fashion_mnist,
)
from ddpm_widgets.evaluation import CLASSIFIER, Classifier, accuracy, save_classifier

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--epochs", type=int, default=20)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--batch-size", type=int, default=128)
parser.add_argument("--lr", type=float, default=2e-3)
parser.add_argument("--threads", type=int, default=None, help="cores to use")
parser.add_argument("--pictures", nargs=2, type=Path, metavar=("TRAIN", "TEST"), help="pictures in colour, 32×32")
parser.add_argument("--out", type=Path, default=CLASSIFIER)
args = parser.parse_args()
if args.pictures and args.out == CLASSIFIER:
    parser.error("with --pictures, --out must name another file than the package's classifier.")
if args.threads:
    torch.set_num_threads(args.threads)


class Augment(Callback):
    "Each training image is mirrored half of the time, shifted by up to two pixels, and loses a square of ten pixels half of the time."

    def before_batch(self, learn):
        if not learn.training:
            return
        x, y = learn.batch
        n, _, h, w = x.shape
        x = torch.where(torch.rand(n, 1, 1, 1) < 0.5, x, x.flip(-1))
        down, right = torch.randint(-2, 3, (2,)).tolist()
        x = x.roll((down, right), (-2, -1))  # the rim is background
        top, left = torch.randint(0, h - 4, (2, n, 1, 1, 1))
        rows, columns = torch.arange(h).view(-1, 1), torch.arange(w)
        square = (rows >= top) & (rows < top + 10) & (columns >= left) & (columns < left + 10)
        square &= torch.rand(n, 1, 1, 1) < 0.5
        learn.batch = x.masked_fill(square, -1.0).to(memory_format=torch.channels_last), y


torch.manual_seed(args.seed)
if args.pictures:
    dls = colour_pictures(*args.pictures, args.batch_size, args.seed)
    model = Classifier(classes=len(dls.classes), channels=3, side=32).to(memory_format=torch.channels_last)
else:
    dls = fashion_mnist(args.batch_size, seed=args.seed)
    model = Classifier().to(memory_format=torch.channels_last)
cbs = [
    Augment(),
    Metrics(accuracy=accuracy),
    OneCycle(),
    GradientClip(5.0),
    MixedPrecision("bf16"),
    EMA(0.999),
    Progress(bar=False),
]
smooth = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
opt = lambda params, lr: torch.optim.AdamW(params, lr, weight_decay=0.05)  # noqa: E731
learn = Learner(model, dls, smooth, args.lr, cbs, opt)

start = time.perf_counter()
learn.fit(args.epochs)
seconds = time.perf_counter() - start


@torch.inference_mode()
def right(net):
    net.eval()
    return sum(int((net(x).argmax(1) == y).sum()) for x, y in dls.valid) / len(dls.valid.dataset)


figures = {"test_accuracy": right(learn.ema_model), "test_accuracy_last": right(learn.model)}
card = {
    **figures,
    "epochs": args.epochs,
    "seed": args.seed,
    "batch_size": args.batch_size,
    "lr": args.lr,
    "seconds": round(seconds),
    "torch": str(torch.__version__),
    "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
}
args.out.parent.mkdir(parents=True, exist_ok=True)
save_classifier(learn.ema_model, args.out, **card)
print(card)
