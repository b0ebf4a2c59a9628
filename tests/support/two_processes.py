"What tests/library/test_processes.py starts in several processes: `python two_processes.py FOLDER [die | fail | wait | fresh]`."

import json
import os
import signal
import sys
import time
import warnings
from pathlib import Path

import torch

torch.set_num_threads(1)

from ddpm_widgets import Checkpoint, DataLoaders, Metrics, TrainingMonitor, init_ddpm, sample, train, unet  # noqa: E402

TINY = {
    "block_out_channels": (8, 16),
    "norm_num_groups": 4,
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D",) * 2,
    "up_block_types": ("UpBlock2D",) * 2,
}


def data(n=49):
    "Batches of 16, 16, 16 and 1: the last one is for one process alone."
    images = torch.randint(0, 256, (n, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8).numpy()
    labels = [i % 10 for i in range(n)]
    return DataLoaders.from_arrays(images, labels, images[:20], labels[:20], batch_size=16, size=8)


def go(start=0, **kwargs):
    torch.manual_seed(start)
    model = init_ddpm(unet("nb17", **TINY))
    torch.nn.init.normal_(model.unet.conv_out.weight, std=0.1)
    return train(data(), model, epochs=2, seed=kwargs.pop("seed", 1), **kwargs)


def end(learn):
    metrics = next(cb for cb in learn.cbs if isinstance(cb, Metrics))
    return {
        "losses": learn.recorder.losses,
        "sizes": learn.recorder.sizes,
        "metrics": metrics.results,
        "weights": torch.cat([p.detach().flatten() for p in learn.model.parameters()]).tolist(),
        "average": torch.cat([p.detach().flatten() for p in learn.ema_model.parameters()]).tolist(),
        "samples": sample(learn.ema_model, n=5, steps=3, seed=3, progress=False).flatten().tolist(),
    }


class At:
    def __init__(self, step, what):
        self.step, self.what = step, what

    def after_step(self, learn):
        if learn.steps == self.step:
            self.what(learn)


class NaN:
    "A loss that is not finite, in this process alone."

    def after_loss(self, learn):
        if learn.training and learn.steps == 5:
            learn.loss = learn.loss * float("nan")


def while_they_agree(learn):
    "The word to stop comes when the others have been told that there is none, as an interrupt may."
    gather = learn.accelerator.gather

    def agree(told):
        agreed = gather(told)
        learn.accelerator.gather = gather
        learn.stop("late")
        return agreed

    learn.accelerator.gather = agree


def main(folder, what="train"):
    rank = int(os.environ.get("RANK", 0))
    several = int(os.environ.get("WORLD_SIZE", 1)) > 1
    warnings.simplefilter("ignore")
    if what == "die":
        go(cbs=[At(3, lambda learn: os._exit(7) if rank == 1 else None)], progress=False)
        return
    if what == "fail":
        go(cbs=[At(3, lambda learn: 1 / 0 if rank == 1 else None)], progress=False)
        return
    if what == "wait":  # to be killed in the middle of an epoch

        def wait(learn):
            (folder / f"rank {rank} is there").touch()
            time.sleep(0.5)

        go(cbs=[Checkpoint(folder / "kept", every=1), At(3, wait), At(4, wait), At(5, wait)], progress=False)
        return
    if (
        what == "fresh"
    ):  # the first that the package hears of accelerate is a run to resume, as with `ddpm-widgets train`
        learn = go(cbs=[Checkpoint(folder / "kept")], resume=folder / "kept")
        found = [learn.accelerator.num_processes, learn.accelerator.process_index, learn.recorder.losses]
        (folder / f"fresh {rank}.json").write_text(json.dumps(found))
        return
    found = {"whole": end(go(cbs=[Checkpoint(folder / "whole"), TrainingMonitor(sample_every=3, n_samples=2)]))}
    if several:  # told to stop in one process, resumed in both
        stopped = go(
            cbs=[Checkpoint(folder / "part", every=2), At(6, lambda learn: learn.stop("six") if rank else None)]
        )
        found["stopped"] = [stopped.steps, stopped.stop_reason]
        late = go(cbs=[At(6, while_they_agree if rank else lambda learn: None)], progress=False)
        found["late"] = [late.steps, late.stop_reason]
        hit = go(cbs=[At(6, lambda learn: os.kill(os.getpid(), signal.SIGINT) if rank else None)], progress=False)
        found["interrupted"] = [hit.steps, hit.stop_reason]
        bad = go(cbs=[NaN()] if rank else [], progress=False)
        found["nan"] = [
            bad.steps,
            bad.stop_reason,
            bool(torch.stack([p.isfinite().all() for p in bad.model.parameters()]).all()),
        ]
        found["resumed"] = end(go(cbs=[Checkpoint(folder / "part")], resume=folder / "part", seed=99))
        # other weights and other random numbers to begin with: the main process's are everybody's
        found["without a seed"] = end(go(start=rank, seed=None, progress=False))
    (folder / f"rank {rank} of {os.environ.get('WORLD_SIZE', 1)}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
