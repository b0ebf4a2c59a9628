"""Write the shipped models as int8 for pages: ddpm_widgets/models/*.page, what `LiveSampler()`, `GuidanceLab()` and the site draw with.

    python benchmarks/weights/page.py [NAME …] [--cost]        with a name, that network only

`--cost` measures what int8 costs: FID and KID of 2,048 pictures in 20 steps, by float16 and by int8, from the same noise, with three seeds.
"""

import argparse
from pathlib import Path

from safetensors.torch import load

from ddpm_widgets import evaluate, page_weights, pretrained
from ddpm_widgets.weights import MODELS
from ddpm_widgets.widgets.live_sampler import SHIPPED


def as_page(model):
    "The same network with the weights that the page has: int8 times scale."
    tensors = load(page_weights(model))
    state = {name: value for name, value in tensors.items() if not name.endswith((".scale", ".betas"))}
    for name in state:
        if (scale := tensors.get(f"{name}.scale")) is not None:
            state[name] = state[name].float() * scale.view(-1, *[1] * (state[name].ndim - 1))
    model.unet.load_state_dict(state)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=[*SHIPPED], metavar="NAME")
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--out", type=Path, default=MODELS, help="a folder")
    args = parser.parse_args()
    for name in args.names:
        file, path = page_weights(pretrained(name)), args.out / f"{name}.page"
        path.write_bytes(file)
        print(f"{path}: {len(file):,} bytes")
    if not args.cost:
        return
    for name, model in (("fp16", pretrained()), ("int8", as_page(pretrained()))):
        print(f"{name}:\n{evaluate(model, 2048)}", flush=True)


if __name__ == "__main__":
    main()
