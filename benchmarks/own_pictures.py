"""What lesson 10's main road gives: train on a folder of pictures for some minutes of one core, draw, and look up the nearest training pictures.

    OMP_NUM_THREADS=1 python benchmarks/own_pictures.py [FOLDER NAME] [--seconds 200] [--mirror] [--out benchmarks/own_pictures.json]

Adds a row to the JSON file and writes NAME.png beside it: a row of eight pictures that were drawn, and below each the nearest training picture (RMS over
pixels). `distance` is the median of that distance over 64 drawn pictures; `of_new_pictures` is the same for up to 64 held-out pictures, which the
network cannot have memorised. Without a folder, the dyed garments of lesson 10 are drawn. Distances are from -1 for black to 1 for white.
"""

import argparse
import json
import platform
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import torch
from PIL import Image

from ddpm_widgets import image_folder, sample, show_images, train
from ddpm_widgets.data import dataset_of
from ddpm_widgets.drawing import draw_garments

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=Path, nargs="?")
parser.add_argument("name", nargs="?", default="dyed garments")
parser.add_argument("--seconds", type=float, default=200)
parser.add_argument("--mirror", action="store_true")
parser.add_argument("--lr", type=float, default=4e-3)
parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
args = parser.parse_args()


class Clock:
    "That of lesson 10, by processor time, so that other work on the machine does not count."

    def __init__(self, seconds, lr):
        self.seconds, self.lr = seconds, lr

    def before_step(self, learn):
        self.start = getattr(self, "start", None) or process_time()
        done = min(1, (process_time() - self.start) / self.seconds)
        for group in learn.opt.param_groups:
            group["lr"] = self.lr * min(done / 0.1, (1 - done) / 0.9)
        if done == 1:
            learn.stop("the time is up")


def dyed_garments(home: Path) -> Path:
    "The folder that lesson 10 makes: 2,000 drawn garments, each in a colour of its own."
    dye = 0.3 + 0.7 * torch.rand(2_000, 3, generator=torch.Generator().manual_seed(1)).numpy()
    for i, (grey, kind, colour) in enumerate(zip(*draw_garments(2_000, seed=1), dye, strict=True)):
        (home / str(kind)).mkdir(exist_ok=True)
        picture = Image.fromarray((grey[..., None] * colour).astype("uint8"))
        picture.resize((64, 64), Image.Resampling.BICUBIC).save(home / f"{kind}/{i}.png")
    return home


scratch = TemporaryDirectory()
folder = args.folder or dyed_garments(Path(scratch.name))
dls = image_folder(folder, batch_size=64, size=32, mirror=args.mirror, seed=0, progress=False)
learn = train(dls, "fast", epochs=100_000, ema=0.99, seed=0, cbs=[Clock(args.seconds, args.lr)], progress=False)
made = sample(learn.ema_model, n=64, seed=0, progress=False)
known, new = (dataset_of(part).batch(range(len(dataset_of(part))))[0] for part in (dls.train, dls.valid))


def nearest(pictures):
    "The RMS distance to the nearest training picture, and which it is."
    distance = torch.cdist(pictures.flatten(1), known.flatten(1)) / known[0].numel() ** 0.5
    return distance.min(1)


distance, at = nearest(made)
row = {
    "pictures": args.name,
    "training": len(known),
    "core_seconds": args.seconds,
    "steps": learn.steps,
    "distance": round(float(distance.median()), 3),
    "of_new_pictures": round(float(nearest(new[:64])[0].median()), 3),
    "machine": f"{platform.machine()}, {torch.get_num_threads()} thread",
}
rows = json.loads(args.out.read_text()) if args.out.is_file() else []
args.out.write_text(json.dumps([*rows, row], indent=1) + "\n")
show_images(torch.cat([made[:8], known[at[:8]]]), columns=8).save(args.out.with_name(f"{args.name}.png"))
print(row)
