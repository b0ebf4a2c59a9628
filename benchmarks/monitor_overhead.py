"""What watching costs: the same training run with TrainingMonitor and without any reporter, in a real kernel.

A kernel of its own trains the smallest U-Net twice in turn, several rounds, with the widget displayed as in a notebook;
which of the two comes first changes from round to round. Besides the ratio of the times it prints what was sent, and the
memory that 100,000 steps take. Three to five minutes on two cores: no round is begun that would not end within --minutes.

    python benchmarks/monitor_overhead.py [--steps 300] [--rounds 3] [--minutes 5] [--batch 64] [--threads 1]
"""

import argparse
import json
import statistics
import time

from jupyter_client.manager import start_new_kernel

SETUP = """
import gc, io, json, sys, time, tracemalloc
import numpy as np
import torch
from ddpm_widgets import EMA, DDPMCB, Learner, garments, init_ddpm, linear_schedule, unet
from ddpm_widgets.widgets import TrainingMonitor

data = garments(n=BATCH * STEPS, n_valid=BATCH, batch_size=BATCH)
few = garments(n=BATCH * 10, n_valid=BATCH, batch_size=BATCH)

def run(cbs, data=data):
    torch.manual_seed(0)
    model = init_ddpm(unet("nb17", block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4,
                           down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2))
    learn = Learner(model, data, lr=1e-3, cbs=[DDPMCB(linear_schedule()), *cbs])
    begin, cpu = time.perf_counter(), time.process_time()
    learn.fit(1, valid=False)
    return time.perf_counter() - begin, time.process_time() - cpu

class Timed:
    "A callback that also measures the CPU time of another one's events."

    order = TrainingMonitor.order

    def __init__(self, cb):
        self.cb, self.spent = cb, 0.0

    def __getattr__(self, event):
        method = getattr(self.cb, event)

        def timed(learn):
            begin = time.thread_time()
            method(learn)
            self.spent += time.thread_time() - begin

        return timed if callable(method) else method

def pair(watched_first):
    timed = Timed(TrainingMonitor(sample_every=0))
    runs = [[timed], []] if watched_first else [[], [timed]]
    times = [run(cbs) for cbs in runs]
    return [*(times[::-1] if watched_first else times), timed.spent]

torch.set_num_threads(THREADS)
run([], few)  # warm up
"""
ROUND = "print(json.dumps(pair(watched_first={})))"
LONG = """
class Learn:
    steps = fit_steps = epoch = 0
    total_steps, n_epochs, batch_size, training = 100_000, 1, 64, True
    batch = preds = stop_reason = None
    opt = type("Opt", (), {"param_groups": [{"lr": 1e-3}]})

def steps(monitor, learn, n):
    begin = time.perf_counter()
    for _ in range(n):
        learn.loss = torch.tensor(1.0)
        for event in ("before_batch", "before_step", "after_loss"):
            getattr(monitor, event)(learn)
        learn.steps = learn.fit_steps = learn.steps + 1
        monitor.after_step(learn)
        monitor.after_batch(learn)
    return (time.perf_counter() - begin) / n

monitor, learn = TrainingMonitor(sample_every=0), Learn()
monitor.before_fit(learn)
per_step = steps(monitor, learn, 10_000)
tracemalloc.start()
steps(monitor, learn, 10_000)
gc.collect()
before = tracemalloc.get_traced_memory()[0]
steps(monitor, learn, 80_000)
gc.collect()
grown = tracemalloc.get_traced_memory()[0] - before
tracemalloc.stop()
monitor.cleanup_fit(learn)
print(json.dumps([per_step, grown, len(monitor.history)]))
"""


class Kernel:
    "A kernel that runs code, and what it sends meanwhile."

    def __init__(self):
        self.manager, self.client = start_new_kernel()

    def run(self, code: str):
        "Run it; what it prints as JSON, and the number and bytes of its comm messages."
        sent, self.messages, self.bytes = self.client.execute(code), 0, 0
        printed = ""
        while True:
            message = self.client.get_iopub_msg(timeout=600)
            if message["parent_header"].get("msg_id") != sent:
                continue
            content = message["content"]
            if message["msg_type"] == "comm_msg":
                self.messages += 1
                self.bytes += sum(map(len, message["buffers"])) + len(json.dumps(content))
            elif message["msg_type"] == "error":
                raise RuntimeError(f"{content['ename']}: {content['evalue']}")
            elif message["msg_type"] == "stream" and content["name"] == "stdout":
                printed += content["text"]
            elif content.get("execution_state") == "idle":
                return json.loads(printed) if printed else None

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=5, help="after the first, begin no round that would end later")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument(
        "--threads", type=int, default=1, help="of PyTorch; one makes a busy machine's times comparable"
    )
    args = parser.parse_args()
    begin = time.monotonic()
    kernel = Kernel()
    try:
        options = {"STEPS": args.steps, "BATCH": args.batch, "THREADS": args.threads}
        kernel.run("\n".join([*(f"{name} = {value}" for name, value in options.items()), SETUP]))
        ratios, cpu_ratios, shares = [], [], []
        print(f"{args.steps} steps of the smallest U-Net, batch {args.batch}", flush=True)
        for i in range(args.rounds):
            began = time.monotonic()
            (bare, bare_cpu), (watched, watched_cpu), spent = kernel.run(ROUND.format(i % 2 == 1))
            ratios.append(watched / bare)
            cpu_ratios.append(watched_cpu / bare_cpu)
            shares.append(spent / watched_cpu)
            print(
                f"  round {i + 1}: {bare:6.2f} s without, {watched:6.2f} s with, ratio {ratios[-1]:.4f} (CPU {cpu_ratios[-1]:.4f}), in the monitor {shares[-1]:.2%}; "
                f"{kernel.messages} messages ({kernel.messages / watched:.1f} a second), {kernel.bytes / 1e6:.2f} MB",
                flush=True,
            )
            now = time.monotonic()
            if now + (now - began) > begin + 60 * args.minutes:
                break
        medians = statistics.median(ratios), statistics.median(cpu_ratios)
        print(
            f"  ratio, median of {len(ratios)}: {medians[0]:.4f}, of CPU time (whatever else runs here) {medians[1]:.4f}"
        )
        per_step, grown, sent = kernel.run(LONG)
        print(f"100,000 steps of nothing: {per_step * 1e6:.1f} µs a step, sending included")
        print(f"  memory grows by {grown / 1024:.0f} KiB over the last 80,000; the history is {sent / 1024:.0f} KiB")
    finally:
        kernel.close()


if __name__ == "__main__":
    main()
