"""`ScratchUNet` against diffusers' `UNet`: training steps a second, with the same weights, images and timesteps, in one run.

    python benchmarks/unet_scratch.py [--presets fast nb17] [--steps 4] [--rounds 21] [--out benchmarks/unet_scratch.json]

The two take turns, a block of steps each, so that a machine whose speed drifts slows both, and the one that begins changes from round to round. Prints the
steps a second of each block, and the median of the ratios; 0.98 or more is the promise. It takes about five minutes on one core.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from ddpm_widgets import ScratchUNet, init_ddpm, unet

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--presets", nargs="+", default=["fast", "nb17"])
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--steps", type=int, default=4, help="steps of a block")
parser.add_argument("--rounds", type=int, default=21, help="blocks of each, after one that does not count")
parser.add_argument("--out", type=Path, help="where to keep the results, as JSON")
args = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(0)
x_t, target = torch.randn(2, args.batch_size, 1, 32, 32, device=device)
t = torch.randint(1000, (args.batch_size,), device=device)


def seconds(model: torch.nn.Module, opt: torch.optim.Optimizer) -> float:
    "How long a block of training steps takes."
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(args.steps):
        F.mse_loss(model(x_t, t), target).backward()
        opt.step()
        opt.zero_grad()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


results = {"device": device.type, "threads": torch.get_num_threads(), "torch": torch.__version__}
for preset in args.presets:
    theirs = init_ddpm(unet(preset)).to(device).train()
    models = {"diffusers": theirs, "scratch": ScratchUNet.from_diffusers(theirs)}
    opts = {name: torch.optim.AdamW(model.parameters(), 1e-3, fused=True) for name, model in models.items()}
    ratios = []
    for r in range(args.rounds + 1):
        order = ("diffusers", "scratch") if r % 2 else ("scratch", "diffusers")
        took = {name: seconds(models[name], opts[name]) for name in order}
        if r:  # the first warms up
            ratios.append(took["diffusers"] / took["scratch"])
            speeds = "   ".join(f"{name} {args.steps / took[name]:6.2f} steps/s" for name in models)
            print(f"{preset}: {speeds}   ratio {ratios[-1]:.3f}", flush=True)
    middle, least, most = (round(f(ratios), 3) for f in (statistics.median, min, max))
    results[preset] = {"ratio": middle, "least": least, "most": most, "rounds": len(ratios)}
    print(f"{preset}: ScratchUNet trains at {middle} of the speed of diffusers' (least {least}, most {most})")
if args.out:
    args.out.write_text(json.dumps(results, indent=1) + "\n")
