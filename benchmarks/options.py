"""What makes training and drawing faster on this machine? Each option by itself, in turns with the plain run, on a CPU or a GPU.

    python benchmarks/options.py [--preset fast] [--options bf16 channels_last fused compile graphs kept_on_device] [--rounds 5]

Training: images/s of one U-Net against the plain run (float32, contiguous, foreach AdamW, batches from the data loader); for `compile` and `graphs` (the
same with CUDA graphs, which only a GPU has) the seconds they took to begin. `together` is all that `train` switches on here, with its optimizer, Muon, and
without. Drawing: images/s of DPM-Solver++ in 20 steps, by the plain network, in bf16, and compiled. Prints the median of the ratios to the plain run.
`train` and `sample` do what the table in benchmarks/README.md says pays.
"""

import argparse
import statistics
import time

import torch
import torch.nn.functional as F

from ddpm_widgets import Muon, cosine_schedule, fashion_mnist, init_ddpm, noisify, sample, unet
from ddpm_widgets.noising import make_target

OPTIONS = ("bf16", "channels_last", "fused", "compile", "graphs", "kept_on_device")
TOGETHER = ("channels_last", "fused", "kept_on_device")  # what train switches on for a GPU
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", default="fast")
parser.add_argument("--options", nargs="+", default=OPTIONS, choices=OPTIONS)
parser.add_argument("--batch-size", type=int, default=128)
parser.add_argument("--steps", type=int, default=10, help="steps of a block")
parser.add_argument("--rounds", type=int, default=5, help="blocks of each, after one that does not count")
parser.add_argument("--draw", type=int, nargs="*", default=[16, 128], help="how many images are drawn at a time")
args = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
on_gpu = device.type == "cuda"
schedule = cosine_schedule().to(device)
dls = fashion_mnist(args.batch_size, stand_in=True, seed=0).subset(args.steps * args.batch_size, args.batch_size)


def now() -> float:
    if on_gpu:
        torch.cuda.synchronize()
    return time.perf_counter()


def compiled(net: torch.nn.Module, options: tuple[str, ...]):
    if "graphs" in options:
        return torch.compile(net, mode="reduce-overhead", dynamic=False)
    return torch.compile(net, dynamic=False) if "compile" in options else net


class Training:
    "One network and one way to train it."

    def __init__(self, *options: str):
        torch.manual_seed(0)
        self.model = init_ddpm(unet(args.preset)).to(device)
        if "channels_last" in options:
            self.model.to(memory_format=torch.channels_last)
        self.call = compiled(self.model, options)
        self.half = "bf16" in options
        fused = "fused" in options
        params = self.model.parameters()
        self.opt = (
            Muon(params) if "muon" in options else torch.optim.AdamW(params, 1e-3, fused=fused, foreach=not fused)
        )
        self.data = dls.to(device).train if "kept_on_device" in options else dls.train

    def block(self) -> float:
        "Images/s over one pass."
        start, n = now(), 0
        for x0, _ in self.data:
            (x_t, t), eps = noisify(x0.to(device), schedule)
            with torch.autocast(device.type, torch.bfloat16, enabled=self.half):
                preds = self.call(x_t, t)
            F.mse_loss(preds.float(), make_target(x0.to(device), eps, t, schedule, "v")).backward()
            self.opt.step()
            self.opt.zero_grad()
            n += len(x0)
        return n / (now() - start)


class Drawing:
    "One network and one way to draw with it."

    def __init__(self, n: int, *options: str):
        net = unet(args.preset).to(device).eval()
        if "channels_last" in options:
            net.to(memory_format=torch.channels_last)
        net.forward = compiled(net.forward, options)  # type: ignore[method-assign]
        precision = "bf16" if "bf16" in options else "fp32"
        self.n, self.draw = (
            n,
            lambda: sample(net, schedule, n, sampler="dpm++", steps=20, seed=0, precision=precision, progress=False),
        )

    def block(self) -> float:
        "Images/s of a few drawings."
        start = now()
        for _ in range(3):
            self.draw()
        return 3 * self.n / (now() - start)


def compare(title: str, entrants: dict[str, tuple[type, tuple]]) -> None:
    "Blocks in turns; the first of the entrants is what the others are compared with."
    runs = {}
    for name, (kind, options) in entrants.items():
        try:
            start = now()
            runs[name] = kind(*options)
            runs[name].block()
        except Exception as e:  # no compiler on this machine, say: the others are wanted all the same
            runs.pop(name, None)
            print(f"{name}: {type(e).__name__}: {str(e).splitlines()[0][:150]}")
            continue
        runs[name].block()
        if {"compile", "graphs"} & set(options):
            print(f"{title}, {name}: {now() - start:.0f} s to begin", flush=True)
    speeds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(args.rounds):
        for name, run in runs.items():
            speeds[name].append(run.block())
    print(f"{title}: {args.preset}, {where}")
    plain = next(iter(speeds.values()))
    for name, found in speeds.items():
        ratio = statistics.median(a / b for a, b in zip(found, plain, strict=True))
        print(f"  {name:34} {statistics.median(found):8.0f} images/s   {ratio:5.2f} of plain", flush=True)


where = torch.cuda.get_device_name() if on_gpu else f"{torch.get_num_threads()} threads"
wanted = [option for option in args.options if on_gpu or option != "graphs"]
together = [o for o in wanted if o in (TOGETHER if on_gpu else ("bf16", "fused"))]
each = {option: (Training, (option,)) for option in wanted}
sums = {"together": together, "together, Muon": [*together, "muon"]}
if on_gpu and "graphs" in wanted:
    sums |= {"together, graphs, Muon": [*together, "graphs", "muon"]}
    sums |= {"together, bf16, graphs, Muon": [*together, "bf16", "graphs", "muon"]}
compare(
    f"training, batches of {args.batch_size}",
    {"plain": (Training, ()), **each, **{name: (Training, tuple(options)) for name, options in sums.items()}},
)
for n in args.draw:
    ways = [
        ("bf16",),
        ("bf16", "compile"),
        *([("bf16", "channels_last"), ("graphs",), ("bf16", "graphs")] if on_gpu else []),
    ]
    ways = [way for way in ways if set(way) <= set(wanted)]
    compare(f"drawing {n}", {"plain": (Drawing, (n,)), **{", ".join(way): (Drawing, (n, *way)) for way in ways}})
