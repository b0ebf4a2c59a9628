"""What makes training faster on this machine? Images/s of one U-Net with each option switched on by itself, in turns with the plain one.

    python benchmarks/options.py [--preset fast] [--options bf16 channels_last fused compile kept_on_device] [--rounds 5]

On a GPU and on a CPU alike. Prints the median of the ratios to the plain run (float32, contiguous, foreach AdamW, batches from the data loader), and
for `compile` the seconds it took to begin. `train` switches on what its table in benchmarks/README.md says pays.
"""

import argparse
import statistics
import time

import torch
import torch.nn.functional as F

from ddpm_widgets import cosine_schedule, fashion_mnist, init_ddpm, noisify, unet
from ddpm_widgets.noising import make_target

OPTIONS = ("bf16", "channels_last", "fused", "compile", "kept_on_device")
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", default="fast")
parser.add_argument("--options", nargs="+", default=OPTIONS, choices=OPTIONS)
parser.add_argument("--batch-size", type=int, default=128)
parser.add_argument("--steps", type=int, default=10, help="steps of a block")
parser.add_argument("--rounds", type=int, default=5, help="blocks of each, after one that does not count")
args = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
schedule = cosine_schedule().to(device)
dls = fashion_mnist(args.batch_size, stand_in=True, seed=0).subset(args.steps * args.batch_size, args.batch_size)


class Run:
    "One network and one way to train it."

    def __init__(self, option: str | None):
        torch.manual_seed(0)
        self.model = init_ddpm(unet(args.preset)).to(device)
        if option == "channels_last":
            self.model.to(memory_format=torch.channels_last)
        self.call = torch.compile(self.model) if option == "compile" else self.model
        self.half = option == "bf16"
        self.opt = torch.optim.AdamW(self.model.parameters(), 1e-3, fused=option == "fused", foreach=option != "fused")
        self.data = dls.to(device).train if option == "kept_on_device" else dls.train

    def block(self) -> float:
        "Images/s over one pass."
        start = time.perf_counter()
        n = 0
        for x0, _ in self.data:
            (x_t, t), eps = noisify(x0.to(device), schedule)
            with torch.autocast(device.type, torch.bfloat16, enabled=self.half):
                preds = self.call(x_t, t)
            F.mse_loss(preds.float(), make_target(x0.to(device), eps, t, schedule, "v")).backward()
            self.opt.step()
            self.opt.zero_grad()
            n += len(x0)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return n / (time.perf_counter() - start)


runs: dict[str, Run] = {}
for name in ("plain", *args.options):
    start = time.perf_counter()
    runs[name] = Run(None if name == "plain" else name)
    runs[name].block()
    if name == "compile":
        print(f"compile: {time.perf_counter() - start:.0f} s to begin")
speeds: dict[str, list[float]] = {name: [] for name in runs}
for _ in range(args.rounds):
    for name, run in runs.items():
        speeds[name].append(run.block())
where = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} threads"
print(f"{args.preset}, batches of {args.batch_size}, {where}")
for name, found in speeds.items():
    ratio = statistics.median(a / b for a, b in zip(found, speeds["plain"], strict=True))
    print(f"{name:15} {statistics.median(found):8.0f} images/s   {ratio:5.2f} of plain")
