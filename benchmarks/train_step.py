"""Our Learner against a bare PyTorch loop: the same U-Net, the same data loader, the same optimizer, the same noise, in one run.

    python benchmarks/train_step.py [--preset small] [--steps 60] [--rounds 5]

The two take turns, a block of steps each, so that a machine whose speed drifts slows both. Prints images/s of each block, and the median of the
ratios block by block; 0.98 or more is the promise.
"""

import argparse
import statistics
import time

import torch
import torch.nn.functional as F

from ddpm_widgets import DDPMCB, Learner, Metrics, Recorder, fashion_mnist, init_ddpm, linear_schedule, unet

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", default="small", help="which U-Net")
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--steps", type=int, default=60, help="steps of a block, long enough for what a fit costs once")
parser.add_argument("--rounds", type=int, default=5, help="blocks of each, after one that does not count")
args = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
n = args.steps * args.batch_size
dls = fashion_mnist(args.batch_size, stand_in=True).subset(n, n_valid=args.batch_size)
schedule = linear_schedule()


def synchronize() -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def network():
    torch.manual_seed(0)
    return init_ddpm(unet(args.preset)).to(device)


class Bare:
    "The loop as one would write it without a library; the loss is kept, as a recorder would."

    def __init__(self):
        self.model = network()
        self.opt = torch.optim.AdamW(self.model.parameters(), lr=1e-3, fused=True)  # as the Learner does
        self.signal, self.noise = schedule.sqrt_alpha_bar.to(device), schedule.sqrt_one_minus_alpha_bar.to(device)

    def block(self):
        losses = []
        self.model.train()
        for x0, _ in dls.train:
            x0 = x0.to(device)
            t = torch.randint(schedule.T, (len(x0),), device=device)
            eps = torch.randn_like(x0)
            x_t = self.signal[t].view(-1, 1, 1, 1) * x0 + self.noise[t].view(-1, 1, 1, 1) * eps
            loss = F.mse_loss(self.model(x_t, t), eps)
            loss.backward()
            self.opt.step()
            self.opt.zero_grad()
            losses.append(loss.detach())
        return torch.stack(losses).tolist()


class Ours:
    def __init__(self):
        self.learn = Learner(network(), dls, lr=1e-3, cbs=[DDPMCB(schedule), Metrics(), Recorder()])

    def block(self):
        self.learn.fit(1, valid=False)
        return self.learn.recorder.losses


bare, ours, ratios = Bare(), Ours(), []
for r in range(args.rounds + 1):
    seconds = {}
    for name, runner in (("bare", bare), ("ours", ours)) if r % 2 else (("ours", ours), ("bare", bare)):
        start = synchronize()
        runner.block()
        seconds[name] = synchronize() - start
    if r:  # the first warms up
        ratios.append(seconds["bare"] / seconds["ours"])
        print(
            f"bare {n / seconds['bare']:7.1f} images/s   ours {n / seconds['ours']:7.1f} images/s   ratio {ratios[-1]:.3f}",
            flush=True,
        )
print(
    f"{args.preset}, {device.type}: the Learner reaches {statistics.median(ratios):.3f} of the bare loop's images/s (median of {len(ratios)}; least {min(ratios):.3f}, most {max(ratios):.3f})"
)
