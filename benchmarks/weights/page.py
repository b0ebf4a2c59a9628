"""Write the shipped model as int8 for pages: ddpm_widgets/models/fashion-mnist.page, what `LiveSampler()` and the site draw with.

    python benchmarks/weights/page.py [--cost]

`--cost` measures what int8 costs: FID and KID of 2,048 pictures in 20 steps, by float16 and by int8, from the same noise, with three seeds.
"""

import argparse
import statistics
from pathlib import Path

import torch
from safetensors.torch import load

from ddpm_widgets import evaluate, fashion_mnist, pretrained, sample
from ddpm_widgets.page_network import page_weights
from ddpm_widgets.weights import MODELS


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
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--out", type=Path, default=MODELS / "fashion-mnist.page")
    args = parser.parse_args()
    file = page_weights(pretrained(), classes=())
    args.out.write_bytes(file)
    print(f"{args.out}: {len(file):,} bytes")
    if not args.cost:
        return
    real = torch.stack([x for x, _ in fashion_mnist().valid.dataset])
    found: dict[str, list[float]] = {"fp16": [], "int8": []}
    for seed in range(3):
        for name, model in (("fp16", pretrained()), ("int8", as_page(pretrained()))):
            result = evaluate(sample(model, 2048, seed=seed), real)
            found[name].append(result.fid)
            print(f"seed {seed} {name}: {result}", flush=True)
    for name, values in found.items():
        print(f"{name}: FID {statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}")


if __name__ == "__main__":
    main()
