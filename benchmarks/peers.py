"""Ours against diffusers, denoising-diffusion-pytorch and smalldiffusion: training and sampling with the same U-Net, in one run.

    pip install "ddpm-widgets[bench]"
    python benchmarks/peers.py [--preset nb17] [--batch-size 32] [--steps 10] [--n 16] [--sample-steps 20] [--rounds 8] [--out benchmarks/peers.json]

Everybody runs their own loop, on the same U-Net and the same images out of the same kind of loader, with AdamW, in float32, without a progress bar. Each
loop of theirs is compared with one of ours that does as much. (On a GPU, `train` brings its own: images that stay there, weights laid out for it.) Our own
recipe, `train(dls, "fast")` and what it draws with, has a row of its own.

Blocks take turns, so that a machine whose speed drifts slows all alike. Of training only the steps are timed: what comes once, before the first or after
the last, is left out for everybody. A drawing is timed whole. Prints images/s (the median of the blocks) and ours / theirs (the median of the ratios block
by block; least … most); above 1 is the promise. Then all of it again with a U-Net so small that the loop is what is left: where two are close, this says
who spends how much on what is not the network.

About eight minutes on two quiet cores. A peer that is not installed is left out.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import NamedTuple
from unittest.mock import MagicMock, patch

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler
from diffusers.optimization import get_cosine_schedule_with_warmup
from diffusers.training_utils import EMAModel
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from ddpm_widgets import (
    DDPMCB,
    DataLoaders,
    Learner,
    Recorder,
    fashion_mnist,
    init_ddpm,
    linear_schedule,
    sample,
    train,
    unet,
)
from ddpm_widgets.data import dataset_of
from ddpm_widgets.learner import ADAMW
from ddpm_widgets.training import RECIPES
from ddpm_widgets.unets import half_precision

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--preset", default="nb17", choices=["nb15", "nb17"], help="which U-Net; these are diffusers' own")
parser.add_argument("--batch-size", type=int, default=32, help="images in a training step")
parser.add_argument("--steps", type=int, default=10, help="training steps of a block")
parser.add_argument("--n", type=int, default=16, help="images drawn at a time")
parser.add_argument("--sample-steps", type=int, default=20, help="steps of a drawing, which is a block; under 1000")
parser.add_argument("--rounds", type=int, default=8, help="blocks of each, after one that does not count")
parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"), help="where the figures are kept")
args = parser.parse_args()

device = Accelerator().device
schedule = linear_schedule()  # β from 1e-4 to 0.02: the default of diffusers and smalldiffusion too
lr = 1e-3
OWN = "ours, its own recipe"
HALF = half_precision("auto")  # what that computes in: bf16, or None for float32
Block = Callable[[], float]  # runs the steps of a block; the seconds they took


class Entrant(NamedTuple):
    name: str
    block: Block
    steps: int  # of a block
    images: int  # of a block
    how: str  # what it does besides the network, or what is called
    rival: str = ""  # the loop of ours that does as much; "": it is ours


def now() -> float:
    if device.type != "cpu":
        torch.accelerator.synchronize()
    return time.perf_counter()


def timed(steps: Callable[[], object]) -> Block:
    def block():
        start = now()
        steps()
        return now() - start

    return block


# The peers


@contextlib.contextmanager
def torchvision_or_nothing():
    """Two of them import torchvision, for image transforms that nothing here calls. Where it is missing, or does not fit the torch at hand, something
    empty stands in for it while they are imported."""
    try:
        import torchvision  # noqa: F401
    except Exception:  # a build for another torch fails in more than one way
        sys.modules["torchvision"] = MagicMock()
        try:
            yield
        finally:
            del sys.modules["torchvision"]
    else:
        yield


def peer(package: str, module: str):
    "A module of a peer, its progress bars off; None, and a line that says so, where the peer is not installed."
    try:
        with torchvision_or_nothing():
            found = import_module(f"{package}.{module}")
    except ImportError as e:
        print(f'{package} is left out ({e}). To have it in: pip install "ddpm-widgets[bench]"')
        return None
    found.tqdm = lambda *args, **kwargs: tqdm(*args, **{**kwargs, "disable": True})
    return found


ddp = peer("denoising_diffusion_pytorch", "denoising_diffusion_pytorch")
small = peer("smalldiffusion", "diffusion")


def for_ddp(net: nn.Module, **settings):
    "denoising-diffusion-pytorch's GaussianDiffusion around our U-Net."

    class Unet(nn.Module):
        channels = out_dim = 1
        self_condition = False

        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x_t, t, x_self_cond=None):
            return self.net(x_t, t)

    return ddp.GaussianDiffusion(Unet(), image_size=32, objective="pred_noise", auto_normalize=False, **settings)


def for_small(net: nn.Module) -> nn.Module:
    "Our U-Net as smalldiffusion calls it. It speaks of x = x_t/√ᾱ_t and of σ = √(1/ᾱ_t - 1), whose place in its schedule is t."
    from smalldiffusion import ModelMixin

    class Unet(nn.Module, ModelMixin):
        input_dims = (1, 32, 32)

        def __init__(self):
            super().__init__()
            self.net = net
            self.register_buffer("sigmas", small.ScheduleDDPM().sigmas)

        def forward(self, x, sigma, cond=None):
            return self.net(x / (1 + sigma**2).sqrt(), torch.searchsorted(self.sigmas, sigma.flatten()))

    return Unet()


# Training


class Clock:
    "Times the steps of a fit."

    order = 1000  # the last to hear of the start, and of the end

    def before_epoch(self, learn):
        self.start = now()

    def after_epoch(self, learn):
        self.seconds = now() - self.start


def fit(learn: Learner) -> Block:
    def block():
        learn.fit(1, valid=False, cbs=[clock := Clock()])
        if learn.accelerator.mixed_precision != "no":  # a global of accelerate, which must not reach the others
            AcceleratorState._reset_state()
            Accelerator()
        return clock.seconds

    return block


def diffusers_tutorial(net, loader) -> Block:
    "The loop of diffusers' tutorial on unconditional training, with the moving average of its example script."
    accelerator = Accelerator()
    scheduler = DDPMScheduler()
    opt = torch.optim.AdamW(net.parameters(), lr=lr)
    lr_scheduler = get_cosine_schedule_with_warmup(opt, num_warmup_steps=500, num_training_steps=10_000)
    model, opt, loader, lr_scheduler = accelerator.prepare(net.unet, opt, loader, lr_scheduler)
    ema = EMAModel(model.parameters(), decay=0.999, use_ema_warmup=True)
    ema.to(accelerator.device)

    def steps():
        model.train()
        for x0, _ in loader:
            noise = torch.randn(x0.shape, device=x0.device)
            timesteps = torch.randint(0, scheduler.config.num_train_timesteps, (len(x0),), device=x0.device)
            noisy = scheduler.add_noise(x0, noise, timesteps)
            with accelerator.accumulate(model):
                loss = F.mse_loss(model(noisy, timesteps, return_dict=False)[0], noise)
                accelerator.backward(loss)
                accelerator.clip_grad_norm_(model.parameters(), 1.0)
                opt.step()
                lr_scheduler.step()
                opt.zero_grad()
            if accelerator.sync_gradients:
                ema.step(model.parameters())
            accelerator.log({"loss": loss.detach().item(), "lr": lr_scheduler.get_last_lr()[0]})

    return timed(steps)


def ddp_trainer(net, images) -> Block:
    "denoising-diffusion-pytorch's Trainer. It reads folders of pictures and knows Adam only: both are exchanged."
    with patch.multiple(ddp, Dataset=lambda *_, **__: range(100), Adam=torch.optim.AdamW):
        trainer = ddp.Trainer(
            for_ddp(net, beta_schedule="linear"),
            folder="",
            train_lr=lr,
            train_num_steps=0,
            adam_betas=(0.9, 0.999),
            ema_update_every=1,  # as often as the others
            save_and_sample_every=sys.maxsize,
            results_folder=tempfile.gettempdir(),  # nothing is saved
            calculate_fid=False,
        )
    trainer.dl = ddp.cycle(trainer.accelerator.prepare(images))
    trainer.accelerator.print = lambda *_: None  # that training is complete

    def steps():
        trainer.train_num_steps += len(images)
        trainer.train()

    return timed(steps)


def small_loop(net, images) -> Block:
    "smalldiffusion's training_loop. It hands over at every step; its examples read the loss there."
    loop = small.training_loop(images, for_small(net), small.ScheduleDDPM(), Accelerator(), epochs=sys.maxsize, lr=lr)
    return timed(lambda: [next(loop).loss.item() for _ in range(len(images))])


def training(make: Callable[[], nn.Module], batch_size: int, steps: int, own: bool) -> Iterator[Entrant]:
    few = [dataset_of(loader).first(n) for loader, n in ((data.train, steps * batch_size), (data.valid, 1))]
    dls = DataLoaders.from_datasets(*few, batch_size)
    images = DataLoader(few[0], batch_size, shuffle=True, collate_fn=itemgetter(0))  # the same without their labels
    entrant = partial(Entrant, steps=steps, images=steps * batch_size)

    learn = train(dls, make(), schedule, epochs=0, lr=lr, opt_func=ADAMW, progress=False)
    yield entrant("ours, train()", fit(learn), how="clips, one cycle, moving average")
    how = "clips, cosine schedule, moving average"
    yield entrant("diffusers, tutorial", diffusers_tutorial(make(), dls.train), how=how, rival="ours, train()")
    if ddp:
        how = "clips, moving average"
        yield entrant("denoising-diffusion-pytorch, Trainer", ddp_trainer(make(), images), how=how, rival="ours, train()")  # fmt: skip
    learn = Learner(make(), dls, lr=lr, cbs=[DDPMCB(schedule), Recorder()])
    yield entrant("ours, Learner", fit(learn), how="nothing more")
    if small:
        yield entrant("smalldiffusion, training_loop", small_loop(make(), images), how="nothing more", rival="ours, Learner")  # fmt: skip
    if own:
        learn = train(dls, "fast", epochs=0, progress=False)
        yield entrant(OWN, fit(learn), how=f'train(dls, "fast"), {HALF or "float32"}')


# Sampling


def pipeline(kind, scheduler, net, n: int, steps: int) -> Block:
    pipe = kind(net.unet, scheduler(timestep_spacing="trailing")).to(device)
    pipe.set_progress_bar_config(disable=True)
    return timed(lambda: pipe(batch_size=n, num_inference_steps=steps, output_type="pt"))


def small_samples(net, n: int, steps: int, mu: float) -> Block:
    model, sigmas, accelerator = for_small(net).to(device), small.ScheduleDDPM().sample_sigmas(steps), Accelerator()
    draw = partial(small.samples, model, sigmas, gam=1, mu=mu, batchsize=n, accelerator=accelerator)
    return timed(lambda: list(draw()))


def sampling(net: nn.Module, n: int, steps: int, own: bool) -> Iterator[Entrant]:
    net = net.to(device).eval()
    entrant = partial(Entrant, steps=steps, images=n)

    for sampler in ("ddpm", "ddim"):
        ours = f"ours, {sampler}"
        rivals = partial(entrant, rival=ours)
        draw = partial(sample, net, schedule, n, sampler=sampler, steps=steps, progress=False)
        yield entrant(ours, timed(draw), how=f'sample(…, sampler="{sampler}")')
        kind, scheduler = {"ddpm": (DDPMPipeline, DDPMScheduler), "ddim": (DDIMPipeline, DDIMScheduler)}[sampler]
        yield rivals(f"diffusers, {sampler}", pipeline(kind, scheduler, net, n, steps), how=kind.__name__)
        if ddp:
            settings = {  # its DDPM cannot skip steps, and its linear schedule has β ≥ 1 where the process is short
                "ddpm": {"timesteps": steps, "beta_schedule": "cosine"},
                "ddim": {"timesteps": 1000, "sampling_timesteps": steps, "beta_schedule": "linear"},
            }[sampler]
            diffusion = for_ddp(net, **settings).to(device).eval()
            how = f"GaussianDiffusion({[*settings][-2]}={steps})"
            yield rivals(f"denoising-diffusion-pytorch, {sampler}", timed(partial(diffusion.sample, n)), how=how)
        if small:
            mu = {"ddpm": 0.5, "ddim": 0.0}[sampler]
            block = small_samples(net, n, steps, mu)
            yield rivals(f"smalldiffusion, {sampler}", block, how=f"samples(gam=1, mu={mu:g})")
    if own:
        recipe = RECIPES["fast"]
        fast = unet("fast").to(device)
        options = {"target": recipe.target, "sampler": recipe.sampler, "steps": recipe.steps, "precision": "auto"}
        draw = partial(sample, fast, recipe.schedule(), n, progress=False, **options)
        yield Entrant(
            OWN,
            timed(draw),
            recipe.steps or recipe.schedule().T,
            n,
            f'unet("fast"), {recipe.sampler}, {HALF or "float32"}',
        )


# The race


table: dict[str, list[dict]] = {}


def race(title: str, entrants: Iterator[Entrant], rounds: int) -> None:
    "Let all run in turn, and print what came of it."
    runners = list(entrants)
    speed: dict[str, list[float]] = {runner.name: [] for runner in runners}  # images/s, block by block
    for r in range(rounds + 1):
        for runner in runners[r % len(runners) :] + runners[: r % len(runners)]:
            seconds = runner.block()
            if r:  # the first warms up
                speed[runner.name].append(runner.images / seconds)

    def ratios(mine: str, theirs: str) -> list[float]:
        return [a / b for a, b in zip(speed[mine], speed[theirs], strict=True)]

    has_own = OWN in speed
    rows: list[dict] = []
    table[title] = rows
    print(f"\n{title}")
    print(f"{'':38}{'images/s':>9}{'ms/step':>9}  {'ours / theirs':24}{'own recipe / theirs  ' * has_own}how")
    for runner in runners:
        images = median(speed[runner.name])
        step = 1000 * runner.images / runner.steps / images
        name, ours, own = runner.name, "", ""
        rows.append({"name": name, "images_per_second": round(images, 1)})
        if runner.rival:
            found = ratios(runner.rival, name)
            beside = zip(("ours_by_theirs", "least", "most"), (median(found), min(found), max(found)), strict=True)
            rows[-1] |= {key: round(value, 3) for key, value in beside}
            ours = f"{median(found):.3f} ({min(found):.3f} … {max(found):.3f})"
            own = f"{median(ratios(OWN, name)):.2f}" if has_own else ""
            name = f"  {name}"
        print(f"{name:38}{images:9.1f}{step:9.2f}  {ours:24}{f'{own:21}' * has_own}{runner.how}", flush=True)


def network() -> nn.Module:
    torch.manual_seed(0)
    return init_ddpm(unet(args.preset, sample_size=32))


def tiny() -> nn.Module:
    "The same kind, with next to nothing to compute."
    torch.manual_seed(0)
    least = {"block_out_channels": (4,), "norm_num_groups": 4, "layers_per_block": 1, "add_attention": False}
    return init_ddpm(unet(args.preset, sample_size=32, **least))


def about(net: nn.Module) -> str:
    return f"{sum(p.numel() for p in net.parameters()):,} parameters in {len(list(net.parameters()))} tensors"


packages = ["torch", "diffusers"] + ["denoising-diffusion-pytorch"] * bool(ddp) + ["smalldiffusion"] * bool(small)
data = fashion_mnist(stand_in=True, progress=False)
print(", ".join(f"{name} {version(name)}" for name in packages), f"on {device.type}, {torch.get_num_threads()} threads")

B, n = args.batch_size, args.n
race(
    f"Training {args.preset}, {about(network())}: steps of {B} images, float32",
    training(network, B, args.steps, own=True),
    args.rounds,
)
race(
    f"Drawing {n} images with {args.preset}: {args.sample_steps} steps, float32",
    sampling(network(), n, args.sample_steps, own=True),
    args.rounds,
)
race(
    f"The loops alone: training a U-Net of {about(tiny())}, steps of 1 image",
    training(tiny, 1, 20 * args.steps, own=False),
    args.rounds,
)
race(
    "The loops alone: drawing 1 image with it",
    sampling(tiny(), 1, min(10 * args.sample_steps, 999), own=False),
    args.rounds,
)
args.out.write_text(json.dumps(table, indent=1) + "\n")
