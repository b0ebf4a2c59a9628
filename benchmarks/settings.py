"""What the recipe's settings give: the `"fast"` network on the same number of images, one setting changed at a time.

    python benchmarks/settings.py [--images 60000] [--epochs 1] [--n 1024] [--only batch lr]

Every run has its own one-cycle schedule over all of its images. Judged by FID of the moving average's images (DPM-Solver++ in 20 steps), beside as many
held-out real images; two more averages, shorter and longer, are kept in the first run and judged as well (until their warm-up ends all are the same: the
shorter one differs after 900 steps, the longer one after 9,000). Prints a table; about four minutes a run on two CPU cores.
"""

import argparse
import time
from functools import partial

from ddpm_widgets import EMA, Muon, evaluate, fashion_mnist, linear_schedule, train
from ddpm_widgets.learner import ADAMW
from ddpm_widgets.training import RECIPES

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--images", type=int, default=60_000, help="training images of each run")
parser.add_argument("--epochs", type=int, default=1, help="how often each run sees them")
parser.add_argument("--n", type=int, default=1024, help="images judged")
parser.add_argument("--only", nargs="+", help="run only settings whose name begins so")
args = parser.parse_args()

LR = RECIPES["fast"].lr
SETTINGS: dict[str, dict] = {
    "recipe (batch 128, lr 4e-3, Muon, v, cosine)": {},
    "batch 64": {"batch": 64},
    "batch 256": {"batch": 256},
    "lr 2e-3": {"lr": LR / 2},
    "lr 8e-3": {"lr": LR * 2},
    "batch 256, lr 8e-3": {"batch": 256, "lr": LR * 2},
    "AdamW, lr 2e-3": {"lr": LR / 2, "opt_func": ADAMW},
    "min-SNR 5": {"min_snr": 5.0},
    "no weight decay": {"opt_func": partial(Muon, weight_decay=0)},
    "target eps": {"target": "eps"},
    "target x0": {"target": "x0"},
    "schedule linear": {"schedule": linear_schedule()},
    "schedule linear, target eps": {"schedule": linear_schedule(), "target": "eps"},
}


class Average(EMA):
    "Another moving average beside the Learner's own."

    order = EMA.order - 1

    def before_prepare(self, learn):
        own, learn.ema_model = learn.ema_model, getattr(self, "model", None)
        super().before_prepare(learn)
        self.model, learn.ema_model = learn.ema_model, own

    def before_fit(self, learn):
        own, learn.ema_model = learn.ema_model, self.model
        super().before_fit(learn)
        learn.ema_model = own


def judge(name: str, model, seconds: float) -> None:
    found = evaluate(model, args.n, dls=whole, seeds=(0,), sampler="dpm++", steps=20, progress=False)
    print(f"{name:40} {seconds:8.0f} {found.fid:8.2f} {1000 * found.kid:9.2f} {found.floor_fid:8.3f}", flush=True)


whole = fashion_mnist(128, seed=0)
print(f"{'setting':40} {'seconds':>8} {'FID':>8} {'KID/1000':>9} {'real':>8}")
for name, change in SETTINGS.items():
    if args.only and not name.startswith(tuple(args.only)):
        continue
    options = dict(change)
    dls = fashion_mnist(options.pop("batch", 128), seed=0).subset(args.images, n_valid=128)
    others = {f"moving average {decay}": Average(decay) for decay in (0.99, 0.9995)} if not change else {}
    start = time.perf_counter()
    learn = train(dls, "fast", epochs=args.epochs, seed=0, progress=False, cbs=list(others.values()), **options)
    seconds = time.perf_counter() - start
    judge(name, learn.ema_model, seconds)
    for title, average in others.items():
        average.model.diffusion = learn.ema_model.diffusion
        judge(title, average.model, seconds)
