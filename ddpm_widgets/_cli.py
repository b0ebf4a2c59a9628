"""The command `ddpm-widgets`: the lessons in a folder of your own, a training run, a picture of samples.

Written by hand, not in a notebook: nothing here is about diffusion, and nobody imports it. torch and diffusers load only
when a command needs them, so that `--help` answers at once.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from . import _arguments
from ._course import PACKAGE, copy_course, course
from ._files import new_file, remove_empty, save_picture, writable
from .storage import write_atomic

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended: 128 + SIGINT


# The lessons


def lab(args: argparse.Namespace) -> int:
    folder = args.folder.expanduser()
    did = copy_course(folder)
    print(f"The lessons are in {folder.resolve()}", flush=True)
    if did["renewed"]:
        print(f"Brought up to date: {', '.join(did['renewed'])}.")
    if did["left alone"]:
        print(
            f"Left alone, because you have changed them: {', '.join(did['left alone'])}. "
            "For fresh copies, name another folder."
        )
    if args.copy_only:
        return 0
    if find_spec("jupyterlab") is None:
        raise ValueError('JupyterLab must be installed, found none: `pip install "ddpm-widgets[lab]"` brings it.')
    first = next(name for name in course() if name.startswith("lessons/01"))
    # a setting ahead of the reader's own: no question about news, which would cover the first lesson
    settings = [str(PACKAGE / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    command = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", "--log-level=ERROR", "--LabApp.log_level=ERROR"]
    command += [f"--LabApp.default_url=/lab/tree/{first}", "--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    command += ["--KernelManager.transport_encryption=auto"]  # or each kernel warns that what it says can be read
    if args.port:
        command.append(f"--ServerApp.port={args.port}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")
    if args.no_browser or (sys.platform == "linux" and not any(map(os.environ.get, screens))):
        print("Open the address below that starts with http://127.0.0.1 in a browser.", flush=True)
        command.append("--no-browser")
    print("Ctrl-C, twice, ends JupyterLab.", flush=True)
    if os.name == "posix":
        os.chdir(folder)
        os.execv(command[0], command)  # JupyterLab takes this process over, and Ctrl-C with it
    return subprocess.call(command, cwd=folder)


# Training and sampling


def images(name: str, batch_size: int, seed: int, size: int) -> Any:
    "The data that `--data` names."
    from . import fashion_mnist, garments
    from .downloads import Unavailable

    if name == "fashion-mnist":
        try:
            return fashion_mnist(batch_size, seed=seed, size=size)
        except Unavailable as e:
            raise ValueError(str(e).replace("stand_in=True", "--data garments")) from e
    return garments(batch_size, seed=seed, size=size)


def train(args: argparse.Namespace) -> int:
    out = args.out.expanduser()
    checkpoints = out / "checkpoints"
    writable(out)
    if args.resume or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        if not args.resume:
            found = "files in it" if out.is_dir() else "a file"
            raise ValueError(
                f"{out} must be a new or empty folder, found {found}: name another with --out, or pass --resume to go on with the run in it."
            )
        if not any(checkpoints.glob("*.safetensors")):
            raise ValueError(
                f"{out} must hold a checkpoint to go on from, found none: leave --resume out, and name a new folder."
            )

    from . import Checkpoint, TrainingMonitor, save_model, show_images
    from . import train as fit

    dls = images(args.data, args.batch_size, args.seed, args.size)
    out.mkdir(parents=True, exist_ok=True)
    print(
        f"{args.model} on {dls.source}: {args.epochs} epoch{'s' * (args.epochs > 1)} of {len(dls.train)} steps. "
        "Ctrl-C ends it early and keeps what it has learned; --resume goes on from there."
    )
    monitor = TrainingMonitor(n_samples=16)
    try:
        learn = fit(
            dls,
            args.model,
            epochs=args.epochs,
            lr=args.lr,
            seed=args.seed,
            labels=args.labels,
            cbs=[monitor, Checkpoint(checkpoints, every=args.checkpoint_every)],
            resume=checkpoints,
        )
    except BaseException:
        remove_empty(checkpoints, out)  # as if nothing had been asked for
        raise
    if not learn.accelerator.is_main_process:  # of several, one keeps the results
        return 0
    if learn.stop_reason:
        print(
            f"Ended after {learn.steps:,} of {learn.total_steps:,} steps: {learn.stop_reason}. The same command with --resume goes on from there."
        )
    model: Any = learn.ema_model or learn.model
    if getattr(model, "diffusion", None) is None:  # interrupted before the first step
        remove_empty(checkpoints, out)
        return INTERRUPTED
    save_model(
        model,
        out / "model.safetensors",
        data=dls.source,
        epochs=args.epochs,
        steps=learn.steps,
        seed=args.seed,
        validation_loss=learn.valid_loss,
    )
    monitor.to_png(out / "loss.png")
    monitor.to_html(out / "training.html", title=f"{args.model} on {dls.source}")
    d, quick = model.diffusion, {}
    why = "the model's own choice"
    if d.steps is None:  # all T steps would keep a person waiting for minutes
        why = f"because the model's own choice, {d.sampler} in all {d.schedule.T}, takes minutes"
        quick = {"sampler": "dpm++", "steps": min(20, d.schedule.T)}
        d = d._replace(**quick, spacing="trailing")
    print(f"Drawing 64 images with {d.sampler} in {d.steps} steps (spacing {d.spacing}), {why}.", flush=True)
    save_picture(show_images(learn.sample(64, seed=args.seed, **quick)), out / "samples.png")
    print(
        f"Kept in {out}: model.safetensors (for `ddpm-widgets sample --weights`), loss.png, samples.png, and training.html to open in a browser."
    )
    return INTERRUPTED if learn.stop_reason == "interrupted" else 0


def draw(args: argparse.Namespace) -> int:
    out = new_file(args.out.expanduser(), args.force)
    film = args.film and new_file(args.film.expanduser(), args.force)
    if out == film:
        raise ValueError(f"--film must be another file than -o, found {film} for both: name a page, .html.")
    if film and film.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--film must be a page, .html, found {film.name!r}: choose such a name.")
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise ValueError(f"-o must be a picture, .png, .jpg or .webp, found {out.name!r}: choose such a name.")

    from . import SamplingPlayer, load_model, pretrained, sample, sample_steps, show_images
    from .weights import PRETRAINED

    model = pretrained(args.weights) if args.weights in PRETRAINED else load_model(args.weights)
    label = int(args.label) if (args.label or "").isdigit() else args.label
    options = {"sampler": args.sampler, "steps": args.steps, "seed": args.seed}
    options |= {"labels": label, "guidance": args.guidance}
    side = math.isqrt(args.n)
    columns = args.columns or (side if side**2 == args.n else None)
    save_picture(show_images(sample(model, n=args.n, **options), columns=columns), out)
    print(f"{args.n} image{'s' * (args.n > 1)} in {out}")
    if film:
        SamplingPlayer(sample_steps(model, n=min(args.n, 16), progress=True, **options)).to_html(film)
        print(f"How they came about is in {film}: open it in a browser.")
    return 0


def record(args: argparse.Namespace) -> int:
    out = new_file(args.out or Path(f"{args.recipe.stem}.json"), force=True)
    from .record import measure_recipe, read_record

    before = read_record(out) if out.is_file() and not args.force else None
    if before:
        print(f"{len(before['runs'])} of {args.runs} runs stand in {out} already; --force measures anew.")
    keep = lambda record: write_atomic(out, f"{json.dumps(record, indent=1)}\n".encode())  # noqa: E731
    found = measure_recipe(args.recipe, runs=args.runs, n=args.n, limit=args.budget, before=before, keep=keep)
    print(f"FID {', '.join(f'{fid:.3f}' for fid in found['fids'])}: {out}")
    return 0


def arguments() -> argparse.ArgumentParser:
    return _arguments.arguments(lab, train, draw, record)


def main(argv: Sequence[str] | None = None) -> int:
    "Run one command; returns its exit code."
    parser = arguments()
    args = parser.parse_args(argv)
    if not hasattr(args, "run"):
        parser.print_help(sys.stderr)
        parser.exit(2, "\nddpm-widgets: a command is required: lab, train, sample or record\n")
    try:
        return args.run(args)
    except KeyboardInterrupt:
        print("\nEnded by Ctrl-C.", file=sys.stderr)
        return INTERRUPTED
    except Exception as e:  # one sentence: what was wrong, what was found, how to mend it
        print(f"ddpm-widgets: {sentence(e)}", file=sys.stderr)
        return 1


def sentence(e: Exception) -> str:
    "An error on one line; that of the system without its number, and with the file's name."
    if isinstance(e, OSError) and e.strerror:
        return f"{e.filename or 'a file'} must be within reach, found {e.strerror!r}: check its permissions and the room on the disk."
    text = " ".join(str(e).split())
    if isinstance(e, ValueError | OSError | TypeError) and text:
        return text
    return f"the command must end without an error, found {type(e).__name__} ({text}): please report it."
