"""The first 500 of the 2,345 steps of the course's notebook 17 on real Fashion-MNIST: its U-Net, initialisation, batch, optimizer and one-cycle schedule over
5 epochs, with gradients clipped to norm 1.

    python benchmarks/first_steps.py [--steps 500]

Prints the loss on the way and the validation loss at the end, and writes both, with a grid of samples, to benchmarks/out/. About 25 minutes on two CPU
cores.
"""

import argparse
import json
import time
from pathlib import Path

from ddpm_widgets import fashion_mnist, train
from ddpm_widgets.images import image_grid

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--steps", type=int, default=500, help="optimizer steps of 128 images")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

out = Path(__file__).with_name("out")
out.mkdir(exist_ok=True)


class Report:
    "Every 20th step, the loss over the last 20. Ends the run in time."

    def after_step(self, learn):
        if learn.steps % 20 == 0 or learn.steps == 1:
            losses = learn.recorder.losses[-19:] + [learn.loss.item()]
            print(
                f"step {learn.steps:4}  loss {sum(losses) / len(losses):.4f}  {time.perf_counter() - start:6.0f} s",
                flush=True,
            )
        if learn.steps == args.steps:
            learn.stop(f"{args.steps} steps were asked for")


dls = fashion_mnist(128, seed=args.seed)
start = time.perf_counter()
learn = train(dls, "nb17", epochs=5, lr=5e-3, seed=args.seed, cbs=[Report()], progress=False)
seconds = time.perf_counter() - start
learn.dls = dls.subset(128, n_valid=2048)
learn.fit(1, train=False)
images = learn.sample(16, steps=100, seed=0, progress=False)
figures = {
    "steps": learn.steps,
    "seconds": round(seconds),
    "images per second": round(learn.steps * 128 / seconds, 1),
    "first loss": learn.recorder.losses[0],
    "last 20": sum(learn.recorder.losses[-20:]) / 20,
    "validation loss": learn.valid_loss,
}
print(figures)
(out / "first_steps.json").write_text(json.dumps({**figures, "losses": learn.recorder.losses}))
image_grid(((images[:, 0] + 1) * 127.5).round().byte().cpu().numpy()).save(out / "first_steps.png")
