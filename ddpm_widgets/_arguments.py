"""What can be typed after `ddpm-widgets`: commands, their options and help. Written by hand, as `_cli.py` is, which does what they say."""

import argparse
from collections.abc import Callable
from pathlib import Path

from . import __version__


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


Run = Callable[[argparse.Namespace], int]


def arguments(lab: Run, train: Run, sample: Run, record: Run) -> argparse.ArgumentParser:
    "The parser; what it parses has as its `run` the function of the command."
    parser = argparse.ArgumentParser(
        "ddpm-widgets",
        formatter_class=Help,
        usage="%(prog)s [-h] [--version] COMMAND ...",
        description="Learn diffusion models by hand: fourteen lessons with widgets, and a small library that trains and samples.",
        epilog=f"""\
a first quarter of an hour:
  ddpm-widgets sample -n 64 -o garments.png     garments from the trained network that comes along
  ddpm-widgets lab                              the fourteen lessons, in JupyterLab
  ddpm-widgets train --epochs 1 --out my-run    train one of your own
  ddpm-widgets sample --weights my-run/model.safetensors -o mine.png

`ddpm-widgets COMMAND --help` says what a command does, with examples.

{EXIT_CODES}""",
    )
    parser.add_argument("--version", action="version", version=f"ddpm-widgets {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", prog="ddpm-widgets")

    def command(name: str, run: Run, help: str, description: str, epilog: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=description, epilog=epilog, formatter_class=Help)
        sub.set_defaults(run=run)
        return sub

    sub = command(
        "lab",
        lab,
        "open the lessons in JupyterLab",
        """\
Copy the fourteen lessons into a folder and open JupyterLab on the first.

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
        sample,
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
        help="a file that `ddpm-widgets train` or save_model wrote, a checkpoint, the folder of a run, or a network that comes along: fashion-mnist, or fashion-mnist-classes for --label (default: %(default)s)",
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
counted in multiply-adds, so that it is the same on every machine. The file is written
after each run: the same command goes on where it was interrupted.""",
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
    sub.add_argument("--force", action="store_true", help="measure anew, and replace the file")
    return parser
