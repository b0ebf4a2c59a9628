"""A long run of a tiny model with the monitor: does memory grow, and does a step take longer at the end?

    python benchmarks/long_run.py [steps]

100,000 steps by default, some minutes on two cores. Prints the growth of the process's memory and the time of a step as
ratios: last tenth against second tenth. Both should be close to 1.
"""

import gc
import os
import sys
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ddpm_widgets import Callback, Learner, Metrics, TrainingMonitor


def memory() -> float:  # MB in use by this process
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Watch(Callback):
    "Notes time and memory ten times in the run."

    order = 200

    def __init__(self, every: int):
        self.every, self.notes = every, []

    def after_step(self, learn):
        if learn.steps % self.every == 0:
            gc.collect()
            self.notes.append((time.perf_counter(), memory()))


def main(steps: int = 100_000) -> None:
    torch.manual_seed(0)
    x = torch.randn(8_000, 1)

    class Line:
        train = DataLoader(TensorDataset(x, 3 * x + 1), 8)
        valid = None

    monitor = TrainingMonitor(sample_every=1000, n_samples=4, sampler=lambda n: torch.randn(n, 1, 8, 8))
    learn = Learner(nn.Linear(1, 1), Line, lr=1e-3, cbs=[Metrics(), monitor, watch := Watch(steps // 10)])
    learn.opt_func = torch.optim.SGD
    learn.fit(-(-steps // 1000))
    times, sizes = zip(*watch.notes, strict=True)
    took = [b - a for a, b in zip(times, times[1:], strict=False)]
    print(f"{learn.steps:,} steps, {1000 * took[0] / watch.every:.3f} ms a step in the second tenth")
    print(f"time of a step, last tenth against second tenth: {took[-1] / took[0]:.3f}")
    print(f"memory, end against second tenth: {sizes[-1] / sizes[1]:.4f} ({sizes[-1] - sizes[1]:+.1f} MB)")
    print(f"history on the page: {len(monitor.history) / 1024:.0f} kB, samples {len(monitor.frames) / 1024:.0f} kB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
