"""Paired training runs for lesson 7: what group norm, the timestep and the initialisation do to the loss of 100 steps.

    python benchmarks/paired_runs.py [--steps 100] [--seeds 0 1 2] [--out benchmarks/paired_runs.json]

Every variant of `unet("small")` is trained once with each seed: batches of 32, lr 1e-3, linear schedule, target ε. The runs of one seed share their images,
timesteps and noise, so only the difference within a seed counts. `difference` is the mean of those differences and its standard error. The
losses are those of 1,024 held-out images with the same timesteps and noise for all. It takes about five minutes on one core.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import mse_loss

from ddpm_widgets import fashion_mnist, linear_schedule, noisify
from ddpm_widgets.events import TrainCB
from ddpm_widgets.learner import Learner
from ddpm_widgets.unets import init_ddpm, unet

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--steps", type=int, default=100)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
args = parser.parse_args()
linear = linear_schedule()


class NoTime(nn.Module):
    "A network that is told t=0 for every image."

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x_t, t):
        return self.net(x_t, torch.zeros_like(t))


class Noisify(TrainCB):
    def __init__(self, seed):
        self.g = torch.Generator().manual_seed(seed)

    def before_batch(self, learn):
        learn.batch = noisify(learn.batch[0], linear, generator=self.g)

    def predict(self, learn):
        learn.preds = learn.model(*learn.batch[0])


VARIANTS = {
    "8 groups": lambda: init_ddpm(unet("small")),
    "32 groups": lambda: init_ddpm(unet("small", norm_num_groups=32)),
    "8 groups, not told the time": lambda: NoTime(init_ddpm(unet("small"))),
    "8 groups, PyTorch's initialisation": lambda: unet("small"),
}


@torch.no_grad()
def held_out_loss(model) -> float:
    g, total = torch.Generator().manual_seed(0), 0.0
    for x0, _ in held_out:
        (x_t, t), eps = noisify(x0, linear, generator=g)
        total += float(mse_loss(model(x_t, t), eps)) * len(x0)
    return total / 1024


data = fashion_mnist(32, seed=0)
held_out = data.subset(32, 1024).valid
losses = {}
for seed in args.seeds:
    for name, make in VARIANTS.items():
        dls = data.subset(32 * args.steps, 32)
        dls.train.generator.manual_seed(seed)
        torch.manual_seed(seed)
        learn = Learner(make(), dls, lr=1e-3, cbs=[Noisify(seed)])
        learn.fit(1, valid=False)
        losses[name, seed] = held_out_loss(learn.model.eval())
        print(f"seed {seed}  {name:36} {losses[name, seed]:.4f}", flush=True)

base, rows = next(iter(VARIANTS)), []
for name in VARIANTS:
    row = {"network": name, "steps": args.steps}
    row |= {f"seed {s}": round(losses[name, s], 4) for s in args.seeds}
    differences = torch.tensor([losses[name, s] - losses[base, s] for s in args.seeds])
    if name != base:
        row["difference"] = f"{differences.mean():+.4f} ± {differences.std() / len(differences) ** 0.5:.4f}"
    rows.append(row)
args.out.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
