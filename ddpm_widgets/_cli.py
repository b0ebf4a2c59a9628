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
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from . import __version__
from ._course import PACKAGE, copy_course, course
from ._files import new_file, remove_empty, save_picture, writable

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

    model = pretrained() if args.weights == "fashion-mnist" else load_model(args.weights)
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


# The command line


def at_least(least: int, most: float = float("inf"), step: int = 1) -> Callable[[str], int]:
    "A whole number from `least` to `most`, a multiple of `step`, for argparse."
    what = "a whole number" if step == 1 else f"a multiple of {step}"
    bounds = f", {least} or more" if most == float("inf") else f" from {least} to {most}"

    def number(text: str) -> int:
        if not text.lstrip("-").isdigit() or not least <= int(text) <= most or int(text) % step:
            raise argparse.ArgumentTypeError(f"must be {what}{bounds}, found {text!r}")
        return int(text)

    return number


def positive(text: str) -> float:
    "A number above 0, for argparse."
    try:
        if 0 < (x := float(text)) < float("inf"):
            return x
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"must be a number above 0, found {text!r}")


class Help(argparse.RawDescriptionHelpFormatter):
    "Keep texts as they are written, and leave out the line of COMMAND itself."

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        return text.partition("\n")[2] if action.nargs == argparse.PARSER else text


EXIT_CODES = """\
exit codes:
  0     done
  1     something to mend: one sentence says what
  2     a wrong option
  130   ended by Ctrl-C"""


def record(args: argparse.Namespace) -> int:
    out = new_file(args.out or Path(f"{args.recipe.stem}.json"), args.force)
    from .record import measure_recipe

    found = measure_recipe(args.recipe, runs=args.runs, n=args.n, limit=args.budget)
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"FID {', '.join(f'{fid:.3f}' for fid in found['fids'])}: {out}")
    return 0


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "ddpm-widgets",
        formatter_class=Help,
        usage="%(prog)s [-h] [--version] COMMAND ...",
        description="Learn diffusion models by hand: thirteen lessons with widgets, and a small library that trains and samples.",
        epilog=f"""\
a first quarter of an hour:
  ddpm-widgets sample -n 64 -o garments.png     garments from the trained network that comes along
  ddpm-widgets lab                              the thirteen lessons, in JupyterLab
  ddpm-widgets train --epochs 1 --out my-run    train one of your own
  ddpm-widgets sample --weights my-run/model.safetensors -o mine.png

`ddpm-widgets COMMAND --help` says what a command does, with examples.

{EXIT_CODES}""",
    )
    parser.add_argument("--version", action="version", version=f"ddpm-widgets {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog="ddpm-widgets")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], help: str, description: str, epilog: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=description, epilog=epilog, formatter_class=Help)
        sub.set_defaults(run=run)
        return sub

    sub = command(
        "lab",
        lab,
        "open the lessons in JupyterLab",
        """\
Copy the thirteen lessons into a folder and open JupyterLab on the first.

Run it again after an upgrade: lessons you have not touched are brought up to date,
those you have changed or run are left as they are, and you are told which.""",
        f"""\
examples:
  ddpm-widgets lab                     into the folder ddpm-lessons
  ddpm-widgets lab fresh --copy-only   fresh copies of all lessons, to read elsewhere

Ctrl-C, twice, ends JupyterLab.

{EXIT_CODES}""",
    )
    sub.add_argument(
        "folder", nargs="?", type=Path, default=Path("ddpm-lessons"), help="where to (default: %(default)s)"
    )
    sub.add_argument("--copy-only", action="store_true", help="copy, and do not start JupyterLab")
    sub.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    sub.add_argument(
        "--port", type=at_least(1, 65535), help="JupyterLab's port (default: 8888, or the next that is free)"
    )

    sub = command(
        "train",
        train,
        "train a diffusion model",
        """\
Train a network on garments, and keep what came of it in a new folder:
  model.safetensors   the network, with its schedule and target
  samples.png         64 images that it makes
  loss.png            the loss curve
  training.html       the same run to scrub through, in any browser
  checkpoints/        what --resume goes on from

The recipe (schedule, target, optimizer, precision) is that of the network:
  fast         found by measurement for two cores: cosine schedule, v target
  small        for a first look, with the course's recipe
  nb15, nb17   the networks of the course's notebooks; they want a GPU""",
        f"""\
examples:
  ddpm-widgets train --epochs 1                         a first run, into the folder ddpm-run
  ddpm-widgets train --model small --epochs 1 --out hi  the least that makes something like garments
  ddpm-widgets train --out long --epochs 30             Ctrl-C keeps what it has learned ...
  ddpm-widgets train --out long --epochs 30 --resume    ... and this goes on from there

{EXIT_CODES}, and what was learned until then is kept""",
    )
    what = sub.add_argument_group("what to train")
    what.add_argument(
        "--model", choices=("fast", "small", "nb15", "nb17"), default="fast", help="the network (default: %(default)s)"
    )
    what.add_argument(
        "--data",
        choices=("fashion-mnist", "garments"),
        default="fashion-mnist",
        help="fashion-mnist (30 MB are downloaded once), or garments, which the package draws itself (default: %(default)s)",
    )
    what.add_argument(
        "--size",
        metavar="PIXELS",
        type=at_least(8, step=8),
        default=32,
        help="height and width of the images, a multiple of 8 (default: %(default)s)",
    )
    what.add_argument(
        "--labels", action="store_true", help="train with classes, so that `sample --label` can ask for one"
    )
    how = sub.add_argument_group("how")
    how.add_argument(
        "--epochs",
        metavar="N",
        type=at_least(1),
        default=5,
        help="passes over the data (default: %(default)s; on two cores the fast network takes about three minutes for each)",
    )
    how.add_argument(
        "--batch-size", metavar="N", type=at_least(1), default=128, help="images in a step (default: %(default)s)"
    )
    how.add_argument(
        "--lr", metavar="RATE", type=positive, help="the top of the learning rate's cycle (default: the recipe's)"
    )
    how.add_argument(
        "--seed", metavar="N", type=at_least(0), default=0, help="same seed, same run (default: %(default)s)"
    )
    where = sub.add_argument_group("where to, and going on")
    where.add_argument(
        "--out",
        metavar="FOLDER",
        type=Path,
        default=Path("ddpm-run"),
        help="a new folder for the results (default: %(default)s)",
    )
    where.add_argument(
        "--checkpoint-every",
        type=at_least(1),
        metavar="STEPS",
        help="steps between two checkpoints (default: one after each epoch)",
    )
    where.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in --out, with the same options, as if it had not ended; with more --epochs it trains for longer",
    )

    sub = command(
        "sample",
        draw,
        "draw images from a trained network",
        """\
Draw images from a trained network, as one picture.

The network knows its schedule, its target and the sampler that suits it. --sampler and
--steps choose another way through the noise:
  ddpm    the sampler of the 2020 paper, with fresh noise in each of its 1000 steps
  ddim    without fresh noise: as good in about 20 steps
  dpm++   looks back at the step before: as good in about 15
  euler   along the probability flow: the same walk as ddim
  heun    the same, and asks the network twice a step""",
        f"""\
examples:
  ddpm-widgets sample                                    64 garments in samples.png, in seconds
  ddpm-widgets sample -n 16 --film film.html             and how they came about, to scrub through
  ddpm-widgets sample -n 8 --sampler ddpm --steps 1000   as in 2020, step by step
  ddpm-widgets sample --weights ddpm-run/model.safetensors -o mine.png
  ddpm-widgets sample --weights ddpm-run -o mine.png     from its newest checkpoint
  ddpm-widgets sample --weights ddpm-run --label Bag --guidance 2    of a network trained with --labels

{EXIT_CODES}""",
    )
    sub.add_argument(
        "--weights",
        metavar="FILE|FOLDER",
        default="fashion-mnist",
        help="a file that `ddpm-widgets train` or save_model wrote, a checkpoint, the folder of a run, or fashion-mnist, which comes along (default: %(default)s)",
    )
    sub.add_argument("-n", metavar="N", type=at_least(1), default=64, help="how many images (default: %(default)s)")
    sub.add_argument(
        "-o",
        "--out",
        metavar="PICTURE",
        type=Path,
        default=Path("samples.png"),
        help="the picture to write: .png, .jpg or .webp (default: %(default)s)",
    )
    ways = ("ddpm", "ddim", "dpm++", "euler", "heun")
    sub.add_argument("--sampler", choices=ways, help="the way through the noise (default: the network's)")
    sub.add_argument(
        "--steps",
        metavar="N",
        type=at_least(1),
        help="steps from noise to image (default: the network's; all of them with --sampler)",
    )
    sub.add_argument("--label", metavar="CLASS", help="a class of a network trained with --labels, by name or number")
    sub.add_argument("--guidance", metavar="W", type=float, help="with --label: how far to push towards it, say 1 to 3")
    sub.add_argument(
        "--seed", metavar="N", type=at_least(0), help="same seed, same images (default: new ones each time)"
    )
    sub.add_argument(
        "--columns", metavar="N", type=at_least(1), help="images in a row (default: a square, where they make one)"
    )
    sub.add_argument(
        "--film",
        metavar="PAGE",
        type=Path,
        help="also write this page (.html): the way of the first 16 images out of the noise",
    )
    sub.add_argument("--force", action="store_true", help="replace files that exist")

    sub = command(
        "record",
        record,
        "train by a recipe of your own within a budget, and judge it",
        """\
Train by the function recipe(budget, seed) in a Python file, three times, and judge the
network that it returns by images that it draws afterwards. What a training may cost is
counted in multiply-adds, so that it is the same on every machine.""",
        f"""\
examples:
  ddpm-widgets record my_recipe.py               three runs; the figures are in my_recipe.json
  ddpm-widgets record my_recipe.py --runs 1 --budget 5e12 -n 512    a quick look, no record

{EXIT_CODES}""",
    )
    sub.add_argument("recipe", metavar="RECIPE", type=Path, help="a Python file with recipe(budget, seed)")
    sub.add_argument("--runs", metavar="N", type=at_least(1), default=3, help="trainings (default: %(default)s)")
    sub.add_argument(
        "-n", metavar="N", type=at_least(2), default=2048, help="images judged of each (default: %(default)s)"
    )
    sub.add_argument(
        "--budget",
        metavar="X",
        type=positive,
        default=5e13,
        help="multiply-adds of a training (default: 5e13, about ten minutes on two slow cores)",
    )
    sub.add_argument("-o", "--out", metavar="FILE", type=Path, help="the file to write (default: RECIPE.json)")
    sub.add_argument("--force", action="store_true", help="replace a file that exists")
    return parser


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
