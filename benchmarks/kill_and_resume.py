"""Kill a training with SIGKILL again and again, resume it each time, and compare its end with a run that nobody touched.

    python benchmarks/kill_and_resume.py [kills] [seed]

Half of the kills come at a random moment of the run, half in the midst of writing a checkpoint: after half of the
bytes, before the file gets its name, or just after. Prints what came of it, and fails unless weights, moving average,
losses, metrics and samples are equal to the last bit. About two minutes for 50 kills on two cores; needs `os.fork`.
"""

import builtins
import gc
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch

from ddpm_widgets import Checkpoint, DataLoaders, Metrics, checkpoints, init_ddpm, sample, train, unet

torch.set_num_threads(1)  # a child cannot use the threads of the process that it was forked from

TINY = {
    "block_out_channels": (8, 16),
    "norm_num_groups": 4,
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D",) * 2,
    "up_block_types": ("UpBlock2D",) * 2,
}
KINDS = {  # how the runs differ
    "fp32": {"every": 1, "seed": None},
    "bf16": {"every": 2, "seed": None, "precision": "bf16"},
    "loader with a generator": {"every": 1, "seed": 5},
    "each epoch": {"every": None, "seed": None},
}


def data(seed: int | None) -> DataLoaders:
    g = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (70, 8, 8), generator=g, dtype=torch.uint8).numpy()
    return DataLoaders.from_arrays(
        images, [i % 10 for i in range(70)], images[:20], [0] * 20, batch_size=16, size=8, seed=seed
    )


def run(folder: Path, every: int | None, seed: int | None, **kwargs) -> None:
    "One training, from wherever it stands to its end; what it came to is written into the folder."
    begun = any(folder.glob("step-*.safetensors"))
    torch.manual_seed(random.randrange(10**6) if begun else 0)  # to a run that is resumed, chance must not matter
    learn = train(
        data(seed),
        init_ddpm(unet("nb17", **TINY)),
        epochs=3,
        seed=None if begun else 0,
        resume=folder,
        cbs=[Checkpoint(folder, every)],
        progress=False,
        **kwargs,
    )
    metrics = next(cb for cb in learn.cbs if isinstance(cb, Metrics))
    images = sample(learn.ema_model, n=2, steps=3, seed=0, progress=False)
    tensors = [*learn.model.state_dict().values(), *learn.ema_model.state_dict().values(), images]
    end = {
        "weights": hashlib.sha256(b"".join(t.numpy().tobytes() for t in tensors)).hexdigest(),
        "losses": learn.recorder.losses,
        "lrs": learn.recorder.lrs,
        "metrics": metrics.results,
        "next random number": torch.rand(1).item(),
    }
    (folder / "end.json").write_text(json.dumps(end))


def die_while_writing(where: str, nth: int) -> None:
    "Let this process kill itself in the midst of writing its nth checkpoint."
    count = 0

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    class Half:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, content):
            if len(content) and count > nth:
                self.file.write(content[: len(content) // 2])
                self.file.flush()
                die()
            return self.file.write(content)

    def counted(path, *args):
        nonlocal count
        count += "step-" in Path(path).name
        return Half(builtins.open(path, *args)) if where == "half" else builtins.open(path, *args)

    def replace(a, b, true=os.replace):
        if where == "unnamed" and count > nth:
            die()
        true(a, b)
        if where == "named" and count > nth:
            die()

    checkpoints.open = counted
    checkpoints.os = type("os", (), {**vars(os), "replace": staticmethod(replace)})


def child(folder: Path, kind: str, where: str | None = None, nth: int = 0) -> int:
    "Fork a process that trains; its id."
    sys.stdout.flush()
    if pid := os.fork():
        return pid
    status = 1
    try:
        os.dup2(os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
        os.dup2(1, 2)
        if where:
            die_while_writing(where, nth)
        run(folder, **KINDS[kind])
        status = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def ended(pid: int) -> bool:  # whether it came to its end; False: it was killed
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return False
    assert os.WEXITSTATUS(status) == 0, "a run failed"
    return True


def main(kills: int = 50, seed: int = 0) -> None:
    warnings.simplefilter("ignore")
    chance = random.Random(seed)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a disk that others use may be slow
    top = Path(tempfile.mkdtemp(dir=memory))
    (top / "warm").mkdir()
    run(top / "warm", **KINDS["bf16"])  # imports all there is to import
    gc.collect()
    gc.freeze()  # and none of it need be looked over again in every child
    truth, seconds = {}, {}
    try:
        for kind in KINDS:
            (folder := top / kind).mkdir()
            start = time.perf_counter()
            assert ended(child(folder, kind)), "nobody killed it"
            truth[kind], seconds[kind] = json.loads((folder / "end.json").read_text()), time.perf_counter() - start
        done = equal = 0
        kinds = {"at a random moment": 0, "half": 0, "unnamed": 0, "named": 0}
        runs: dict[str, Path] = {}
        turn = 0
        while done < kills or runs:
            kind = list(KINDS)[turn % len(KINDS)] if done < kills else next(iter(runs))
            turn += 1
            if kind not in runs:
                runs[kind] = top / f"run {turn}"
                runs[kind].mkdir()
            folder = runs[kind]
            how = chance.choice(["at a random moment", "at a random moment", "half", "unnamed", "named"])
            if done >= kills:
                pid, how = child(folder, kind), "nobody"
            elif how == "at a random moment":
                pid = child(folder, kind)
                time.sleep(chance.uniform(0, seconds[kind]))
                os.kill(pid, signal.SIGKILL)
            else:
                pid = child(folder, kind, how, chance.randrange(4))
            if ended(pid):
                found = json.loads((folder / "end.json").read_text())
                different = [name for name in found if found[name] != truth[kind][name]]
                assert not different, f"{kind}: {', '.join(different)} differ after {done} kills"
                equal += 1
                del runs[kind]
            else:
                done += 1
                kinds[how] += 1
        print(f"{done} kills ({', '.join(f'{n} {how}' for how, n in kinds.items())}), {equal} runs, all ends bit-equal")
    except AssertionError:
        for path in top.glob("*/output.txt"):
            print(path.parent.name, path.read_text()[-2000:], sep="\n", file=sys.stderr)
        raise
    finally:
        shutil.rmtree(top)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
