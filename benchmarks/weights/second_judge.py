"""Train the second judge of `evaluate`, which never sees a label, and write it into the package.

    python benchmarks/weights/second_judge.py [--epochs 6] [--seed 0] [--out ddpm_widgets/models/second_judge.safetensors]

An MLP-Mixer learns by contrast (SimCLR, Chen et al. 2020, eq. 1): among all views in the batch, find the other view of the same picture. The two views of
a picture differ in two rectangles each that are erased, in their contrast, and in a faint haze and grain that nobody sees. Each garment is in the batch
twice, as it is and altered in one way (mirrored, moved by up to three pixels, blurred or noisy), and these two count as different pictures: so the
features tell what the classifier was trained to overlook. The library's own Learner and Muon, one cycle, bf16. Takes about 15 minutes on one core.

At the end a linear probe is trained on the features of the training images, with their labels, and tested on the held-out ones. It is not kept.
"""

import argparse
import platform
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from ddpm_widgets import EMA, Callback, GradientClip, Learner, MixedPrecision, Muon, OneCycle, Progress, fashion_mnist
from ddpm_widgets.data import dataset_of
from ddpm_widgets.judges import SECOND_JUDGE, Mixer, features, save_judge

BLUR = torch.outer(*2 * [torch.tensor([0.25, 0.5, 0.25])])[None, None]


def altered(x):
    "Each picture mirrored, moved, blurred or noisy."
    n, h, w = len(x), *x.shape[-2:]
    down, right = torch.randint(-3, 4, (2, n, 1, 1))
    rows, columns = (torch.arange(h).view(1, -1, 1) + down) % h, (torch.arange(w).view(1, 1, -1) + right) % w
    ways = [
        x.flip(-1),
        x[torch.arange(n).view(-1, 1, 1), 0, rows, columns][:, None],  # the rim is background
        F.conv2d(F.pad(x, (1, 1, 1, 1), value=-1.0), BLUR),
        x + (0.15 + 0.15 * torch.rand(n, 1, 1, 1)) * torch.randn_like(x),
    ]
    return torch.stack(ways)[torch.randint(len(ways), (n,)), torch.arange(n)].clamp(-1, 1)


def view(x):
    "Each picture with two rectangles erased, in a contrast of its own, behind some haze and grain: a black background need not be exactly black."
    n, h, w = len(x), *x.shape[-2:]
    y, xs = torch.arange(h).view(-1, 1), torch.arange(w)
    for _ in range(2):
        top, left = torch.randint(-4, h - 4, (2, n, 1, 1, 1))
        high, wide = torch.randint(4, 17, (2, n, 1, 1, 1))
        x = x.masked_fill((y >= top) & (y < top + high) & (xs >= left) & (xs < left + wide), -1.0)
    gamma = torch.exp(0.4 * (2 * torch.rand(n, 1, 1, 1) - 1))
    haze, grain = 0.08 * torch.rand(2, n, 1, 1, 1)
    return (2 * ((x + 1) / 2) ** gamma - 1 + haze + grain * torch.randn_like(x)).clamp(-1, 1)


class Views(Callback):
    "Two views of each garment and two of what it was altered to; the second views come in the same order as the first."

    def before_batch(self, learn):
        x, y = learn.batch
        pictures = torch.cat([x, altered(x)])
        learn.batch = torch.cat([view(pictures), view(pictures)]), y


def contrast(
    z,  # shape (2 m, d): first and second views of m pictures
    _,
    temperature=0.2,
):
    "Cross-entropy of finding the other view of each picture by cosine similarity (Chen et al. 2020, eq. 1)."
    z = F.normalize(z.float(), dim=1)
    n = len(z)
    alike = (z @ z.T / temperature).fill_diagonal_(-1e9)
    return F.cross_entropy(alike, torch.arange(n).roll(n // 2))


def probe(judge, dls):
    "The accuracy of a linear classifier on the features, for held-out images."
    train, valid = dataset_of(dls.train), dataset_of(dls.valid)
    x, v = (features(ds.batch(range(len(ds)))[0], judge, known=True) for ds in (train, valid))
    x, v = (x - x.mean(0)) / x.std(0), (v - x.mean(0)) / x.std(0)
    linear = nn.Linear(x.shape[1], 10)
    opt = torch.optim.LBFGS(linear.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        opt.zero_grad()
        found = F.cross_entropy(linear(x), train.labels)
        found.backward()
        return found

    opt.step(loss)
    return float((linear(v).argmax(1) == valid.labels).float().mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--out", type=Path, default=SECOND_JUDGE)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    dls = fashion_mnist(args.batch_size, seed=args.seed)
    judge = Mixer()
    projected = nn.Sequential(judge, nn.Linear(192, 256), nn.ReLU(), nn.Linear(256, 64))  # the loss sees these 64
    cbs = [Views(), OneCycle(), GradientClip(5.0), MixedPrecision("bf16"), EMA(0.999), Progress(bar=False)]
    opt = lambda params, lr: Muon(params, lr, weight_decay=0.05)  # noqa: E731
    learn = Learner(projected, dls, contrast, args.lr, cbs, opt)
    start = time.perf_counter()
    learn.fit(args.epochs, valid=False)
    seconds = time.perf_counter() - start
    judge = learn.ema_model[0].eval()
    card = {
        "probe_accuracy": probe(judge, dls),
        "images": args.epochs * len(dls.train.dataset),
        "epochs": args.epochs,
        "seed": args.seed,
        "batch_size": args.batch_size,
        "lr": args.lr,
        "seconds": round(seconds),
        "torch": str(torch.__version__),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} threads",
    }
    save_judge(judge, args.out, **card)
    print(card)


if __name__ == "__main__":
    main()
