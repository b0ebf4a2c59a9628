"""Our sampler against the bare forward passes of the network, and against diffusers' DDPMScheduler loop, with the same U-Net, in one run.

    python benchmarks/sample_loop.py [--preset small] [--n 16] [--steps 40] [--rounds 7]

The three take turns. Prints the medians of the ratios: at most 1.02 of the bare passes and at most 1.00 of diffusers' loop is the promise.
"""

import argparse
import statistics
import time

import torch
from diffusers import DDPMScheduler

from ddpm_widgets import linear_schedule, sample, unet

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", default="nb17", help="which U-Net")
parser.add_argument("--n", type=int, default=16, help="images at a time")
parser.add_argument("--steps", type=int, default=40, help="steps of a run")
parser.add_argument("--rounds", type=int, default=9, help="runs of each, after one that does not count")
args = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = unet(args.preset).to(device).eval()
schedule = linear_schedule()
theirs = DDPMScheduler(
    1000, beta_schedule="linear", variance_type="fixed_large", clip_sample=True, timestep_spacing="trailing"
)
theirs.set_timesteps(args.steps)
shape = (args.n, 1, 32, 32)


@torch.inference_mode()
def passes():
    x = torch.randn(shape, device=device)
    for t in theirs.timesteps:
        model(x, torch.full((args.n,), int(t), device=device))


def ours():
    sample(model, schedule, args.n, steps=args.steps, progress=False)


@torch.inference_mode()
def diffusers():
    x = torch.randn(shape, device=device)
    for t in theirs.timesteps:
        x = theirs.step(model(x, t), t, x).prev_sample


def seconds(run):
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


runs = [passes, ours, diffusers]
times: dict[str, list[float]] = {run.__name__: [] for run in runs}
for r in range(args.rounds + 1):
    for run in runs[r % 3 :] + runs[: r % 3]:
        took = seconds(run)
        if r:
            times[run.__name__].append(took)
for name, took in times.items():
    print(f"{name:10} median {1000 * statistics.median(took) / args.steps:7.2f} ms a step")
for name in ("passes", "diffusers"):
    ratios = [a / b for a, b in zip(times["ours"], times[name], strict=True)]
    print(
        f"ours / {name:10} {statistics.median(ratios):.3f} (median of {len(ratios)}; least {min(ratios):.3f}, most {max(ratios):.3f})"
    )
