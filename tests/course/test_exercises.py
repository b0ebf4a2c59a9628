"""Every exercise: what is right passes, and each usual mistake is recognised by its own hint.

An answer is written here as a reader writes it. A wrong one is the right one with a few words replaced, so nothing is
taken from the tables that recognise it.
"""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter

import ddpm_widgets
from ddpm_widgets import exercises
from ddpm_widgets.exercises.engine import (
    EXERCISES,
    Complaint,
    Exercise,
    Verdict,
    _wrapped_evenly,
    call_answer,
    grade,
)

CHECKS = {name: getattr(exercises, name) for name in exercises.__all__}  # this loads every lesson's module

LESSONS = sorted((Path(__file__).parents[2] / "nbs/lessons").glob("[0-9]*.ipynb"))

# For each check: the right answer as source, another right one, and for each hint, named by its first words, the wrong
# answers that earn it: a dict {words of the right answer: words in their place}, or a source of its own.
ANSWERS: dict[str, tuple[str, str, dict[str, list]]] = {}

ANSWERS["check_dropout"] = (
    """
def dropout(x, p, training):
    if not training:
        return x
    mask = torch.rand(x.shape) > p
    return mask * x / (1 - p)
""",
    """
dropout = torch.nn.functional.dropout
""",
    {
        "everything comes back": [{"mask * x / (1 - p)": "x"}],
        "the right share is dropped, but": [{"mask * x / (1 - p)": "mask * x"}],
        "what is kept becomes smaller": [{"/ (1 - p)": "* (1 - p)"}],
        "what is kept grows, but": [{"/ (1 - p)": "/ p"}],
        "the mask is the wrong way round": [
            {"> p": "< p"},
            {"> p": "< p", "/ (1 - p)": ""},
            {"> p": "< p", "/ (1 - p)": "/ p"},
        ],
        "it drops in evaluation too": [{"if not training": "if False"}],
        "it drops in evaluation and not": [{"if not training": "if training"}],
        "that is dropout as it was first": [{"return x\n": "return x * (1 - p)\n", "mask * x / (1 - p)": "mask * x"}],
        "all images of the batch lose": [{"x.shape": "x.shape[1:]"}],
    },
)

ANSWERS["check_sample_heights"] = (
    """
def sample_heights(n):
    child = torch.rand(n) < 0.4
    mean = torch.where(child, 128, 171)
    std = torch.where(child, 6, 9)
    return mean + std * torch.randn(n)
""",
    """
def sample_heights(n):
    rng = np.random.default_rng(1)
    child = rng.choice([True, False], n, p=[0.4, 0.6])
    return np.where(child, rng.normal(128, 6, n), rng.normal(171, 9, n))
""",
    {
        "everybody is as tall": [{"mean + std * torch.randn(n)": "torch.full((n,), 153.8)"}],
        "one bell, with the right": [{"mean + std * torch.randn(n)": "torch.normal(153.8, 22.5, (n,))"}],
        "each person is a blend": [
            {"mean + std": "0.4 * torch.normal(128, 6, (n,)) + 0.6 * torch.normal(171, 9, (n,)) + 0"}
        ],
        "all of them come from one": [
            {"torch.rand(n) < 0.4": "torch.tensor(True)"},
            {"torch.rand(n) < 0.4": "torch.tensor(False)"},
        ],
        "the shares have changed": [{"< 0.4": "> 0.4"}],
        "children and adults come in equal": [{"0.4": "0.5"}],
        "the groups are far too wide": [{"std * torch": "std**2 * torch"}],
        "the groups are too narrow": [{"std * torch": "std.sqrt() * torch"}],
        "nobody is smaller": [{"torch.randn(n)": "torch.rand(n)"}],
    },
)

COLUMN = ".reshape(-1, 1, 1, 1)"
BROADCAST: dict[str, list] = {
    "one number for each image is asked for, and your numbers meet the images at their last": [{COLUMN: ""}],
    "one number for each image is asked for, and your numbers meet the images at their rows": [
        {COLUMN: ".reshape(-1, 1)"}
    ],
    "your n numbers meet the images at the channel axis": [{COLUMN: ".reshape(-1, 1, 1)"}],
}

ANSWERS["check_noisify"] = (
    """
def noisify(x0, alpha_bar, t):
    eps = torch.randn_like(x0)
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * eps
    return x_t, eps
""",
    """
def noisify(x0, alpha_bar, t):
    n = torch.normal(0, 1, (7,))  # other draws than the check's own
    eps = torch.randn(*x0.shape, generator=torch.Generator().manual_seed(5))
    return torch.stack([alpha_bar[i] ** 0.5 * x + (1 - alpha_bar[i]) ** 0.5 * e for x, i, e in zip(x0, t, eps)]), eps
""",
    {
        "x_t is still the clean image": [{"return x_t": "return x0"}],
        "the weights are ᾱ_t and 1-ᾱ_t. These": [{"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}],
        "the noise has its right weight": [{"= ab.sqrt()": "= ab"}],
        "the image has its right weight": [{"(1 - ab).sqrt()": "(1 - ab)"}],
        "the weight of the noise is 1-√ᾱ_t": [{"(1 - ab).sqrt()": "(1 - ab.sqrt())"}],
        "the image keeps its full size": [{"ab.sqrt() * x0": "x0"}],
        "the noise comes in at full strength": [{"(1 - ab).sqrt() * eps": "eps"}],
        "the two weights have changed": [{"ab.sqrt() * x0 + (1 - ab).sqrt()": "(1 - ab).sqrt() * x0 + ab.sqrt()"}],
        "x_t holds the opposite": [{"x0 + (": "x0 - ("}],
        "you read ᾱ one step too early": [{"alpha_bar[t]": "alpha_bar[t - 1]"}],
        "your eps is never negative": [{"randn_like": "rand_like"}],
        "all images get the same noise": [
            {"torch.randn_like(x0)": "torch.randn(x0.shape[1:]).repeat(len(x0), 1, 1, 1)"}
        ],
        "the eps that you return is not": [{"return x_t, eps": "return x_t, torch.randn_like(x0)"}],
        "x_t and eps come back in the wrong": [{"return x_t, eps": "return eps, x_t"}],
        **BROADCAST,
    },
)

ANSWERS["check_x0_from_eps"] = (
    """
def undo(x_t, eps, alpha_bar, t):
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    return (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
""",
    """
def undo(x_t, eps, alpha_bar, t):
    ab = alpha_bar.double().index_select(0, t)[:, None, None, None]
    return (ab**-0.5 * x_t - (1 / ab - 1) ** 0.5 * eps).clamp(-1, 1)
""",
    {
        "x_t comes back as it was": [{"(x_t - (1 - ab).sqrt() * eps) / ab.sqrt()": "x_t"}],
        "the noise is gone, but the image is still as faint": [{"/ ab.sqrt()": ""}],
        "the image has its full size again": [{"- (1 - ab).sqrt() * eps": ""}],
        "too much noise is taken": [{"(1 - ab).sqrt() * ": ""}],
        "ᾱ_t and 1-ᾱ_t are shares": [{"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}],
        "the noise is taken away rightly": [{"/ ab.sqrt()": "/ ab"}],
        "you divide by the right number": [{"(1 - ab).sqrt()": "(1 - ab)"}],
        "the noise is added a second": [{"x_t - ": "x_t + "}],
        "the noise is gone, and the image is fainter": [{"/ ab": "* ab"}],
        "you read ᾱ one step too early": [{"alpha_bar[t]": "alpha_bar[t - 1]"}],
        "everything below 0 is gone": [{"return (": "return torch.clamp((", "/ ab.sqrt()": "/ ab.sqrt(), 0, 1)"}],
        **BROADCAST,
    },
)

ANSWERS["check_largest_loss"] = (
    """
class LargestLoss:
    largest, step = 0.0, None

    def after_step(self, learn):
        loss = learn.loss.item()
        if loss > self.largest:
            self.largest = loss
            self.step = learn.steps
""",
    """
class LargestLoss(ddpm_widgets.Callback):
    def __init__(self):
        self.seen = []

    def after_step(self, learn):
        self.seen.append((learn.loss.detach(), learn.steps))
        self.largest, self.step = max(self.seen)
""",
    {
        "nothing has been kept": [
            {"        loss = learn.loss.item()\n": "        return\n"},
            {"loss > self.largest": "loss < self.largest"},
        ],
        "you keep the loss of the last": [{"if loss > self.largest": "if True"}],
        "that is the smallest loss": [{"= 0.0,": "= float('inf'),", "loss > self.largest": "loss < self.largest"}],
        "you keep the first loss": [{"loss > self.largest": "not self.largest"}],
        "the loss is right, the step is one too small": [
            {"learn.steps": "learn.iter"},
            {"learn.steps": "learn.steps - 1"},
        ],
        "the loss is right, but the step moves": [{"            self.step =": "        self.step ="}],
        "the step is set, the loss is not": [{"self.largest = loss": "largest = loss"}],
        "the loss is kept, its step is not": [{"self.step =": "step ="}],
        "right numbers, but `largest` is still": [{"learn.loss.item()": "learn.loss"}],
    },
)

ANSWERS["check_posterior_sigmas"] = (
    """
def small_sigmas(linear):
    ab, prev, beta = linear.alpha_bar, linear.alpha_bar_prev, linear.betas
    return ((1 - prev) / (1 - ab) * beta).sqrt()
""",
    """
def small_sigmas(schedule):
    out = [0.0]
    for t in range(1, schedule.T):
        out.append((schedule.betas[t] * (1 - schedule.alpha_bar[t - 1]) / (1 - schedule.alpha_bar[t])).item() ** 0.5)
    return out
""",
    {
        "that is √β_t, the larger": [{"((1 - prev) / (1 - ab) * beta)": "beta"}, {"1 - prev": "1 - ab"}],
        "that is β̃_t itself": [{".sqrt()": ""}],
        "that is β_t: a variance": [{"((1 - prev) / (1 - ab) * beta).sqrt()": "beta"}],
        "the fraction is right, but β_t": [{" * beta": ""}],
        "the root covers the fraction": [{"* beta).sqrt()": ").sqrt() * beta"}],
        "the root covers β_t": [{"* beta).sqrt()": ") * beta.sqrt()"}],
        "the fraction stands on its head": [{"(1 - prev) / (1 - ab)": "(1 - ab) / (1 - prev)"}],
        "right from t=1 on. At t=0": [{"linear.alpha_bar_prev": "linear.alpha_bar[torch.arange(linear.T) - 1]"}],
        "below the line stands 1-α_t": [{"1 - ab": "1 - linear.alphas"}],
        "the fraction is of ᾱ": [{"(1 - prev) / (1 - ab)": "prev / ab"}],
    },
)

ANSWERS["check_sampler_step"] = (
    """
def step(x_t, eps, t, z, s):
    mean = (x_t - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()
    return mean + s.betas[t].sqrt() * z if t > 0 else mean
""",
    """
def step(x_t, eps, t, z, s):
    ab, prev = s.alpha_bar[t], s.alpha_bar[t - 1] if t else torch.tensor(1.0)
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    x0 = x0.clamp(-1, 1)
    of_x0, of_x_t = prev.sqrt() * s.betas[t] / (1 - ab), s.alphas[t].sqrt() * (1 - prev) / (1 - ab)
    return of_x0 * x0 + of_x_t * x_t + s.sigmas[t] * z * bool(t)
""",
    {
        "x_t comes back": [{"mean =": "return x_t\n    mean ="}],
        "right down to t=1. At t=0 you add noise": [{"if t > 0 else mean": ""}],
        "the mean is right, and the noise z is never": [{"+ s.betas[t].sqrt() * z": ""}],
        "the mean is right, but z is multiplied with β_t": [{"+ s.betas[t].sqrt()": "+ s.betas[t]"}],
        "this uses √β̃_t": [{"+ s.betas[t].sqrt()": "+ s.posterior_sigmas[t]"}],
        "the noise that the network sees is added": [
            {"x_t - ": "x_t + "},
            {"x_t - (1": "x_t + (1", "AGAIN": ""},
            {"x_t - (1": "x_t + (1", "    x0 = x0.clamp(-1, 1)\n": "", "AGAIN": ""},
        ],
        "ε̂ is divided by 1-ᾱ_t": [{"(1 - s.alpha_bar[t]).sqrt()": "(1 - s.alpha_bar[t])"}],
        "ε̂ is multiplied with β_t and not": [{" / (1 - s.alpha_bar[t]).sqrt()": ""}],
        "all of ε̂ is taken away": [{"s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps": "eps"}],
        "the mean is divided by α_t. ": [{"s.alphas[t].sqrt()": "s.alphas[t]"}],
        "the mean is divided by √ᾱ_t": [{"s.alphas[t].sqrt()": "s.alpha_bar[t].sqrt()"}],
        "the noise is taken away, but the step in": [{"/ s.alphas[t].sqrt()": ""}],
        "you go all the way to the guess": [
            {
                "s.betas[t] / (1 - s.alpha_bar[t]).sqrt()": "(1 - s.alpha_bar[t]).sqrt()",
                "s.alphas[t]": "s.alpha_bar[t]",
            },
        ],
        "both weights use ᾱ_t": [{"s.alpha_bar[t - 1] if t else torch.tensor(1.0)": "s.alpha_bar[t]", "AGAIN": ""}],
        "right down to t=1. At t=0 alpha_bar[t-1]": [{"if t else torch.tensor(1.0)": "", "AGAIN": ""}],
        "the weights of the guess and of x_t": [
            {"of_x0 * x0 + of_x_t * x_t": "of_x_t * x0 + of_x0 * x_t", "AGAIN": ""}
        ],
        "the guess is clamped to [0, 1]": [{"clamp(-1, 1)": "clamp(0, 1)", "AGAIN": ""}],
        "the guess x̂0 is divided by ᾱ_t": [
            {"/ ab.sqrt()": "/ ab", "AGAIN": ""},
            {"/ ab.sqrt()": "/ ab", "    x0 = x0.clamp(-1, 1)\n": "", "AGAIN": ""},
        ],
    },
)

ANSWERS["check_sampler"] = (
    """
@torch.no_grad()
def sample(model, s, n):
    model.eval()
    x = torch.randn(n, 1, 32, 32)
    for t in reversed(range(s.T)):
        eps = model(x, torch.full((n,), t))
        x = (x - s.betas[t] / (1 - s.alpha_bar[t]).sqrt() * eps) / s.alphas[t].sqrt()
        if t > 0:
            z = torch.randn(x.shape)
            x = x + s.sigmas[t] * z
    return x
""",
    """
def sample(model, schedule, n):
    return ddpm_widgets.sample(model, schedule, n, shape=(1, 32, 32), progress=False)
""",
    {
        "the network is never asked": [{"reversed(range(s.T))": "[]"}],
        "the network is still in training": [{"model.eval()": "model"}],
        "the pictures are right, but PyTorch": [{"@torch.no_grad()\n": ""}],
        "the steps are right, but the network": [{"@torch.no_grad()\n": "", "model.eval()": ""}],
        "the timesteps run upwards": [{"reversed(range(s.T))": "range(s.T)"}],
        "the last step is missing": [{"reversed(range(s.T))": "range(s.T - 1, 0, -1)"}],
        "the first step is missing": [{"reversed(range(s.T))": "reversed(range(s.T - 1))"}],
        "right down to t=1": [{"if t > 0": "if True"}],
        "no step adds noise": [{"if t > 0": "if False"}],
        "the noise of each step is multiplied": [{"s.sigmas[t]": "s.betas[t]"}],
        "this uses √β̃_t": [{"s.sigmas[t]": "s.posterior_sigmas[t]"}],
        "every step adds the same": [
            {"            z = torch.randn(x.shape)\n": "", "    for": "    z = torch.randn(x.shape)\n    for"}
        ],
        "all images get the same": [{"z = torch.randn(x.shape)": "z = torch.randn(1, 1, 32, 32)"}],
        "you start from uniform": [{"torch.randn(n,": "torch.rand(n,"}],
        "you start from an even grey": [{"torch.randn(n,": "torch.zeros(n,"}],
    },
)

ANSWERS["check_step_change"] = (
    """
def step_change(x):
    moved = x[1:] - x[:-1]
    return moved.pow(2).mean((1, 2, 3, 4)).sqrt()
""",
    """
def step_change(x):
    return [float(np.sqrt(np.mean((b.numpy() - a.numpy()) ** 2))) for a, b in zip(x, x[1:])]
""",
    {
        "changes up and changes down": [{".pow(2)": "", ".sqrt()": ""}],
        "that is the mean of the absolute": [
            {".pow(2)": ".abs()", ".sqrt()": ""},
            {".pow(2)": ".pow(2).sqrt()", ")).sqrt()": "))"},
        ],
        "that is the mean square": [{".sqrt()": ""}],
        "that is the root of the sum": [{".mean(": ".sum("}],
        "that is the standard deviation": [{".pow(2).mean((1, 2, 3, 4)).sqrt()": ".std((1, 2, 3, 4))"}],
        "that is how far each picture is from the first": [{"x[:-1]": "x[0]"}],
        "that is how far each picture is from the last": [{"x[1:] - x[:-1]": "x[-1] - x[:-1]"}],
        "you subtract two sizes": [
            "def step_change(x):\n    size = x.pow(2).mean((1, 2, 3, 4)).sqrt()\n    return size[1:] - size[:-1]"
        ],
        "that is the size of each picture": [{"x[1:] - x[:-1]": "x"}],
        "you have one number for each step and each": [{"(1, 2, 3, 4)": "(2, 3, 4)"}],
        "you have one number for all": [{"(1, 2, 3, 4)": ""}],
        "one number too many": [{"x[1:] - x[:-1]": "torch.cat([torch.zeros_like(x[:1]), x[1:] - x[:-1]])"}],
    },
)

ANSWERS["check_wrapped_predict"] = (
    """
class Wrapped(torch.nn.Module):
    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, batch):
        x_t, t = batch
        return self.unet(x_t, t).sample
""",
    """
def wrap(net):
    class Pair(torch.nn.Sequential):
        def forward(self, pair):
            return self[0](*pair, return_dict=False)[0]

    return Pair(net)
""",
    {
        "the noisy images come back": [{"self.unet(x_t, t).sample": "x_t"}],
        "it returns the object": [{".sample": ""}],
        "the network gets the pair as one": [{"self.unet(x_t, t)": "self.unet(batch)"}],
        "forward takes two arguments": [{"self, batch": "self, x_t, t", "        x_t, t = batch\n": ""}],
        "the network is told t=0": [{"self.unet(x_t, t)": "self.unet(x_t, 0)"}],
        "x_t and t have changed": [{"self.unet(x_t, t)": "self.unet(t, x_t)"}],
        "right answers, but the wrapper has no": [{"= unet": "= [unet]", "self.unet(": "self.unet[0]("}],
        "nn.Module has to be initialised": [{"        super().__init__()\n": ""}],
        "right answers, but no gradient": [
            {"    def forward": "    @torch.no_grad()\n    def forward"},
            {".sample": ".sample.detach()"},
        ],
    },
)

ANSWERS["check_ddim_step"] = (
    """
def ddim_step(x_t, eps, ab, ab_prev):
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    return ab_prev.sqrt() * x0 + (1 - ab_prev).sqrt() * eps
""",
    """
def ddim_step(x, e, a, b):
    x0 = ((x - (1 - a) ** 0.5 * e) / a**0.5).clamp(-1, 1)
    keep = ((1 - b) / (1 - a)) ** 0.5
    return keep * x + (b**0.5 - a**0.5 * keep) * x0
""",
    {
        "x_t comes back": [{"return": "return x_t #"}],
        "only the guess is left": [{"+ (1 - ab_prev).sqrt() * eps": ""}],
        "you go all the way": [{"return": "return x0 #"}],
        "as much noise is put back": [{"1 - ab_prev": "1 - ab"}],
        "the guess gets the weight that it has here": [{"return ab_prev.sqrt()": "return ab.sqrt()"}],
        "the guess keeps its full": [{"ab_prev.sqrt() * x0": "x0"}],
        "1-ᾱ is a variance": [{"(1 - ab_prev).sqrt()": "(1 - ab_prev)"}],
        "the weights are ᾱ and 1-ᾱ": [
            {"(1 - ab_prev).sqrt()": "(1 - ab_prev)", "return ab_prev.sqrt()": "return ab_prev"}
        ],
        "the guess x̂0 is divided": [{"/ ab.sqrt()": "/ ab"}],
        "in the guess 1-ᾱ stands": [{"(1 - ab).sqrt()": "(1 - ab)"}],
        "the noise that the network sees is added": [{"x_t - ": "x_t + "}],
        "the guess is right, and then": [{"x0 + (": "x0 - ("}],
        "the noise you put back is freshly": [{".sqrt() * eps\n": ".sqrt() * torch.randn(x_t.shape)\n"}],
        "that is the mean of DDPM": [
            """
def ddim_step(x_t, eps, ab, ab_prev):
    alpha = ab / ab_prev
    x0 = (x_t - (1 - ab).sqrt() * eps) / ab.sqrt()
    of_x0 = ab_prev.sqrt() * (1 - alpha) / (1 - ab)
    return of_x0 * x0 + alpha.sqrt() * (1 - ab_prev) / (1 - ab) * x_t
"""
        ],
        "ab and ab_prev have changed": [{"ab, ab_prev)": "ab_prev, ab)"}],
        "the guess is clamped to [0, 1]": [{"/ ab.sqrt()\n": "/ ab.sqrt()\n    x0 = x0.clip(0, 1)\n"}],
    },
)

ANSWERS["check_v_target"] = (
    """
def v_target(x0, eps, alpha_bar, t):
    ab = alpha_bar[t].reshape(-1, 1, 1, 1)
    return ab.sqrt() * eps - (1 - ab).sqrt() * x0
""",
    """
def v_target(x0, eps, alpha_bar, t):
    angle = alpha_bar[t].sqrt().arccos().view(len(t), 1, 1, 1)
    return angle.cos() * eps - angle.sin() * x0
""",
    {
        "that is still ε itself": [{"return": "return eps #"}],
        "that is x0 itself": [{"return": "return x0 #"}],
        "the sign of x0": [{"eps - (": "eps + ("}],
        "that is -v": [
            {"return ab.sqrt() * eps - (1 - ab).sqrt() * x0": "return (1 - ab).sqrt() * x0 - ab.sqrt() * eps"}
        ],
        "the weights have changed places": [
            {"ab.sqrt() * eps - (1 - ab).sqrt() * x0": "(1 - ab).sqrt() * eps - ab.sqrt() * x0"}
        ],
        "that is x_t": [{"ab.sqrt() * eps - (1 - ab).sqrt() * x0": "ab.sqrt() * x0 + (1 - ab).sqrt() * eps"}],
        "the weights are ᾱ_t and 1-ᾱ_t": [{"ab.sqrt()": "ab", "(1 - ab).sqrt()": "(1 - ab)"}],
        "the weight of ε is ᾱ_t": [{"return ab.sqrt()": "return ab"}],
        "the weight of x0 is 1-ᾱ_t": [{"(1 - ab).sqrt()": "(1 - ab)"}],
        "you read ᾱ one step too early": [{"alpha_bar[t]": "alpha_bar[t - 1]"}],
        **BROADCAST,
    },
)

ANSWERS["check_spacing"] = (
    """
def spacing(T, steps):
    stride = T // steps
    return range(T - 1, -1, -stride)
""",
    """
def spacing(T, steps):
    return ddpm_widgets.respace(ddpm_widgets.cosine_schedule(T), steps).timesteps
""",
    {
        "those are all the timesteps": [{"-stride": "-1"}],
        "the strides are equal, but the last": [{"T - 1, -1, -stride": "0, T, stride"}],
        "one of your timesteps is T": [{"T - 1, -1, -stride": "T, 0, -stride"}],
        "both ends are there, so the strides are a little too long. From": [
            {"range(T - 1, -1, -stride)": "np.linspace(0, T - 1, steps).round()"}
        ],
        "both ends are there, so the strides are a little too long, and": [
            {"range(T - 1, -1, -stride)": "np.linspace(0, T - 1, steps).astype(int)"}
        ],
        "one step is missing at the end": [{"T - 1, -1": "T - 1, stride"}],
        "those are the first few": [{"T - 1, -1, -stride": "steps"}],
        "those are the last few": [{"T - 1, -1, -stride": "T - steps, T"}],
    },
)

ANSWERS["check_frechet_distance"] = (
    """
def frechet_distance(a, b):
    d = a.mean(0) - b.mean(0)
    ca, cb = torch.cov(a.T), torch.cov(b.T)
    values = torch.linalg.eigvals(ca @ cb)
    return (d**2).sum() + torch.trace(ca) + torch.trace(cb) - 2 * values.sqrt().real.sum()
""",
    """
def frechet_distance(a, b):
    a, b = a.numpy(), b.numpy()
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eig(ca @ cb)
    root = (vectors * np.sqrt(values)) @ np.linalg.inv(vectors)
    return np.linalg.norm(a.mean(0) - b.mean(0)) ** 2 + np.trace(ca + cb - 2 * root)
""",
    {
        "only the means are compared": [{" + torch.trace(ca) + torch.trace(cb) - 2 * values.sqrt().real.sum()": ""}],
        "only the shapes are compared": [{"(d**2).sum() + ": ""}],
        "the distance of the means is not": [{"(d**2).sum()": "d.norm()"}],
        "the squared differences of the means": [{"(d**2).sum()": "(d**2).mean()"}],
        "the differences of the means are summed": [{"(d**2).sum()": "d.sum()"}],
        "the product of the covariances has no root": [{"values.sqrt().real.sum()": "torch.trace(ca @ cb)"}],
        "you take the root of each number": [{"values.sqrt().real.sum()": "torch.trace((ca @ cb).abs().sqrt())"}],
        "you take the trace first": [{"values.sqrt().real.sum()": "values.sum().sqrt().real"}],
        "the mixed term has a factor": [{"- 2 *": "-"}],
        "the mixed term has the wrong sign": [{"- 2 *": "+ 2 *"}],
        "the covariances are divided by n. ": [
            {"torch.cov(a.T), torch.cov(b.T)": "a.T.cov(correction=0), b.T.cov(correction=0)"}
        ],
        "the covariances are taken without": [
            {"torch.cov(a.T), torch.cov(b.T)": "a.T @ a / (len(a) - 1), b.T @ b / (len(b) - 1)"}
        ],
        "standard deviations stand": [{"torch.cov(a.T), torch.cov(b.T)": "torch.diag(a.std(0)), torch.diag(b.std(0))"}],
        "only the variance of each": [{"torch.cov(a.T), torch.cov(b.T)": "torch.diag(a.var(0)), torch.diag(b.var(0))"}],
        "correlations stand": [{"torch.cov(a.T), torch.cov(b.T)": "torch.corrcoef(a.T), torch.corrcoef(b.T)"}],
        "that is the root of what": [{"return ": "return (", "real.sum()": "real.sum()).sqrt()"}],
    },
)

ANSWERS["check_kernel_distance"] = (
    """
def kernel_distance(a, b):
    def k(x, y):
        return (x @ y.T / x.shape[1] + 1) ** 3

    def pairs(x):
        n = len(x)
        return (k(x, x).sum() - k(x, x).diag().sum()) / (n * (n - 1))

    return pairs(a) + pairs(b) - 2 * k(a, b).mean()
""",
    """
def kernel_distance(a, b):
    def k(x, y):
        return (sum(x * y) / len(x) + 1) ** 3

    a, b = a.numpy(), b.numpy()
    within = [np.mean([k(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]) for s in (a, b)]
    return sum(within) - 2 * np.mean([k(x, y) for x in a for y in b])
""",
    {
        "each sample is also compared": [{"(k(x, x).sum() - k(x, x).diag().sum()) / (n * (n - 1))": "k(x, x).mean()"}],
        "the pairs of a sample with itself": [{"(n * (n - 1))": "n**2"}],
        "the pairs between the two sets count": [{"- 2 *": "-"}],
        "the pairs between the two sets are sub": [{"- 2 *": "+ 2 *"}],
        "the product of the features is not": [{" / x.shape[1]": ""}],
        "the 1 in the kernel": [{" + 1": ""}],
        "the kernel is squared": [{"** 3": "** 2"}],
        "the kernel is not taken": [{" ** 3": ""}],
        "the product is divided by the number of samples": [{"x.shape[1]": "x.shape[0]"}],
        "that is a root": [{"return pairs": "return (pairs", ".mean()": ".mean()).abs().sqrt()"}],
    },
)

ANSWERS["check_normalise_images"] = (
    """
def normalise(images):
    x = images.permute(0, 3, 1, 2)
    x = x.float() / 127.5 - 1
    return x
""",
    """
def normalise(images):
    return (images.numpy().transpose(0, 3, 1, 2) / np.float32(255)) * 2 - 1
""",
    {
        "the images come back": [{"return x": "return images"}],
        "the images run from 0 to 1": [{"127.5 - 1": "255"}],
        "the images run from -0.5": [{"127.5 - 1": "255 - 0.5"}],
        "the images still run": [{" / 127.5 - 1": ""}],
        "the images run from 0 to 2": [{" - 1\n": "\n"}],
        "255 does not become 1": [{"127.5": "128"}],
        "the arithmetic was done in bytes": [{"x.float() / 127.5 - 1": "(2 * x - 255).float() / 255"}],
        "mean 0 and variance 1, but": [{"x.float() / 127.5 - 1": "(x.float() - x.float().mean()) / x.float().std()"}],
        "each image gets mean 0": [
            {
                "x = x.float() / 127.5 - 1": "x = x.float().flatten(1)",
                "return x": "return ((x - x.mean(1, True)) / x.std(1, keepdim=True)).view(-1, 3, *images.shape[1:3])",
            }
        ],
        "each image is stretched": [
            {
                "x = x.float() / 127.5 - 1": "x = x.float().flatten(1)\n    lo, hi = x.min(1, True)[0], x.max(1, True)[0]",
                "return x": "return (2 * (x - lo) / (hi - lo) - 1).view(-1, 3, *images.shape[1:3])",
            }
        ],
        "the channels still come last": [{".permute(0, 3, 1, 2)": ""}],
        "right shape, but the pixels": [{".permute(0, 3, 1, 2)": ".reshape(-1, 3, images.shape[1], images.shape[2])"}],
        "height and width have": [{"(0, 3, 1, 2)": "(0, 3, 2, 1)"}],
        "right numbers in float64": [{".float()": ".double()"}],
        "float16 is too coarse": [{"return x": "return x.half()"}],
    },
)


def written(source: str):
    "What a reader's cell defines."
    names: dict = {}
    exec(source, {"torch": torch, "np": np, "ddpm_widgets": ddpm_widgets}, names)
    return [value for name, value in names.items()][-1]


def wrong(check: str, change) -> str:
    "A wrong answer's source: a source of its own, or the right one, or with AGAIN the other right one, changed."
    if isinstance(change, str):
        return change
    source = ANSWERS[check][1 if "AGAIN" in change else 0]
    for old in change:
        assert old == "AGAIN" or old in source, f"{old!r} is not in the answer to {check}"
    # all at once, so that what one change writes is not what the next one finds
    found = re.compile("|".join(re.escape(old) for old in sorted(change, key=len, reverse=True)))
    return found.sub(lambda m: change[m[0]], source)


def check(name: str, answer) -> Verdict:
    return CHECKS[name](answer)


RIGHT = [(name, i) for name in ANSWERS for i in (0, 1)]
WRONG = [
    (name, hint, i) for name, (*_, hints) in ANSWERS.items() for hint, all in hints.items() for i in range(len(all))
]


@pytest.mark.parametrize("name, i", RIGHT)
def test_right_answers_pass(name, i, capsys):
    verdict = check(name, written(ANSWERS[name][i]))
    said = " ".join(capsys.readouterr().out.split())
    assert verdict and verdict.right and said == f"right: {verdict.text}" == f"right: {EXERCISES[name].praise}"


@pytest.mark.parametrize("name, hint, i", WRONG)
def test_each_mistake_has_its_own_hint(name, hint, i, capsys):
    source = wrong(name, ANSWERS[name][2][hint][i])
    verdict = check(name, written(source))
    said = " ".join(capsys.readouterr().out.split())
    assert not verdict and verdict.text.startswith(hint), f"{source}\n{verdict.text}"
    assert said == f"not yet: {verdict.text}"
    assert verdict.text in {text for _, text in EXERCISES[name].mistakes}


# Nothing is left out


def test_every_check_has_an_exercise_and_every_exercise_answers_here():
    assert all(name.startswith("check_") for name in CHECKS)
    assert set(CHECKS) == set(EXERCISES) == set(ANSWERS)
    for check in CHECKS.values():
        assert (inspect.getdoc(check) or "").startswith(("Lesson ", "Lessons "))


@pytest.mark.parametrize("name", ANSWERS)
def test_every_hint_is_earned_here(name):
    starts, hints = list(ANSWERS[name][2]), {hint for _, hint in EXERCISES[name].mistakes}
    for hint in hints:
        assert sum(hint.startswith(start) for start in starts) == 1, hint
    assert len(starts) == len(hints)


@pytest.mark.parametrize("name", ANSWERS)
def test_hints_are_sentences(name):
    for hint in [EXERCISES[name].praise, *(hint for _, hint in EXERCISES[name].mistakes)]:
        assert re.search(r"[.?]$", hint) and len(hint) < 260 and "  " not in hint, hint


def test_every_lesson_of_the_course_has_an_exercise():
    assert {exercise.lesson for exercise in EXERCISES.values()} == set(range(1, 11))


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_the_lesson_uses_its_exercises(path, capsys):
    "Each is unsolved in the lesson and earns a hint; the folded solution below it passes."
    cells = [(c["cell_type"], "".join(c["source"])) for c in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    names: dict = {"torch": torch, **CHECKS}
    used = []
    for (kind, source), (_, below) in zip(cells, cells[1:], strict=False):
        for node in ast.parse(source).body if kind == "code" else ():  # a solution may use what the lesson wrote before
            if isinstance(node, ast.FunctionDef):
                exec(ast.unparse(node), names)
        if kind == "code" and (call := re.search(r"\b(check_\w+)\((\w+)\)", source)):
            name, function = call.groups()
            used.append(name)
            exec(source, names)
            assert capsys.readouterr().out.startswith("not yet: "), f"{name} is solved already"
            assert grade(names[function], EXERCISES[name])[1] in {hint for _, hint in EXERCISES[name].mistakes}
            folded = re.match(r"<details><summary>A solution</summary>\n(.*?)</details>", below, re.S)
            assert folded and (solution := re.search(r"```python\n(.*?)```", folded[1], re.S)), (
                f"{name}: fold a solution"
            )
            exec(solution[1], names)
            assert grade(names[function], EXERCISES[name]) == (True, EXERCISES[name].praise)
    assert any(EXERCISES[name].lesson == int(path.stem[:2]) for name in used)


# What fits no row


def say(answer, name="check_noisify") -> str:
    right, text = grade(answer, EXERCISES[name])
    assert not right
    return text


def test_it_wants_the_function_itself():
    assert say(3) == "pass noisify itself, without calling it; this is of type int."
    assert say(None) == "pass noisify itself, without calling it; this is of type NoneType."


def test_it_says_how_it_calls():
    assert say(lambda x0, t: x0) == "it is called as noisify(x0, alpha_bar, t), and yours takes (x0, t)."


def test_an_error_is_shown_with_its_line():
    def noisify(x0, alpha_bar, t):
        ab = alpha_bar[t]
        return ab.squareroot() * x0

    said = (
        "it stops at `return ab.squareroot() * x0` with AttributeError: 'Tensor' object has no attribute 'squareroot'"
    )
    assert say(noisify) == said


def test_an_error_deep_in_a_library_is_shown_at_the_readers_line():
    def undo(x_t, eps, alpha_bar, t):
        return torch.nn.functional.conv2d(x_t, torch.ones(1, 2, 3, 3))

    assert "it stops at `return torch.nn.functional.conv2d(" in say(undo, "check_x0_from_eps")


@pytest.mark.parametrize(
    "result, said",
    [
        (None, "it returns nothing: does it end with `return`?"),
        (torch.zeros(3), "it returns one thing, and 2 are asked for: x_t, eps."),
        ((1, 2, 3), "it returns 3 things, and 2 are asked for: x_t, eps."),
        (("a", "b"), "x_t is of type str, where a tensor is asked for."),
        (
            (torch.zeros(3), torch.zeros(32, 1, 32, 32)),
            "x_t has the shape (3,), and should have (32, 1, 32, 32).",
        ),
        (
            (torch.full((32, 1, 32, 32), torch.nan), torch.zeros(32, 1, 32, 32)),
            "x_t holds NaN: look for the root of a negative number, or for 0/0.",
        ),
    ],
)
def test_what_is_plainly_wrong(result, said):
    assert say(lambda x0, alpha_bar, t: result) == said


def test_arguments_must_not_be_written_into():
    def noisify(x0, alpha_bar, t):
        ab, eps = alpha_bar[t].view(-1, 1, 1, 1), torch.randn_like(x0)
        x0 *= ab.sqrt()
        return x0.add_((1 - ab).sqrt() * eps), eps

    assert say(noisify) == "it writes into x0, and whoever called it still needs that: make a new tensor."


def test_an_unknown_mistake_is_measured():
    assert say(lambda s: s.posterior_sigmas + 0.25, "check_posterior_sigmas") == "σ: off by up to 0.25."
    text = say(lambda x, p, training: x * 2 if training else x, "check_dropout")
    assert text.startswith("the share of zeros is 0, and should be 0.3. So it is for p=0.3, training=True; for p=0.3")
    text = say(lambda x_t, eps, t, z, s: x_t * 0, "check_sampler_step")
    assert text.startswith("x_{t-1}: off by up to ") and text.endswith(" So it is for t=0.")


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize(
    "result", [None, 7, "seven", [], (), {}, torch.zeros(0), torch.zeros(2, 2), object(), [[1], [2, 3]]]
)
def test_no_answer_breaks_a_check(name, result):
    "Whatever comes back, a sentence does too."
    takes = EXERCISES[name].takes
    answer = eval(f"lambda {takes}: result", {"result": result}) if takes else lambda *_: result
    right, text = grade(answer, EXERCISES[name])
    assert not right and text


def test_an_answer_that_cannot_be_read_gets_a_sentence():
    odd = Exercise(
        lesson=0, name="f", takes="x", gives="y", calls=lambda: [(1,)], right=lambda x: x, praise="good.", mistakes=[],
        measure=lambda f, x: {"y": {}[f(x)]},
    )  # fmt: skip
    assert "KeyError" in grade(lambda x: x + 1, odd)[1]


# Manners


def test_what_is_printed_fits_and_leaves_no_word_alone(capsys):
    for exercise in EXERCISES.values():
        for _, hint in exercise.mistakes:
            lines = _wrapped_evenly(f"not yet: {hint}").splitlines()
            assert " ".join(lines) == f"not yet: {hint}" and max(map(len, lines)) <= 96
            assert len(lines) == 1 or min(map(len, lines)) > 20, lines


def test_the_readers_random_numbers_go_on_undisturbed():
    torch.manual_seed(1234)
    expected = torch.rand(2)
    torch.manual_seed(1234)
    for name in ("check_noisify", "check_sampler", "check_sampler_step"):
        check(name, written(ANSWERS[name][0]))
        check(name, lambda *_: None)
    assert torch.equal(torch.rand(2), expected)


def test_a_verdict_is_the_same_every_time():
    answer = written(ANSWERS["check_dropout"][0])
    assert len({grade(answer, EXERCISES["check_dropout"]) for _ in range(5)}) == 1


def test_gradients_may_be_switched_off_around_a_check():
    with torch.no_grad():
        assert grade(written(ANSWERS["check_wrapped_predict"][0]), EXERCISES["check_wrapped_predict"])[0]
        assert "PyTorch keeps all" in say(written(wrong("check_sampler", {"@torch.no_grad()\n": ""})), "check_sampler")


def test_a_notebook_shows_nothing_of_a_verdict():
    verdict = Verdict(True, "good.")
    assert repr(verdict) == "" and DisplayFormatter().format(verdict) == ({}, {})


def test_two_complaints_about_one_mistake_are_one():
    def a(first):
        return first.missing

    def b(second):
        return second.missing

    complaints = []
    for answer in (a, b):
        with pytest.raises(Complaint) as caught:
            call_answer(answer, 1)
        complaints.append(caught.value)
    assert complaints[0].key == complaints[1].key and str(complaints[0]) != str(complaints[1])


@pytest.mark.parametrize(
    "code",
    [
        "from ddpm_widgets import exercises; exercises.check_noisify",
        "import ddpm_widgets; ddpm_widgets.exercises.check_noisify",
        "from ddpm_widgets.exercises import check_noisify",
    ],
)
def test_it_is_found_and_costs_nothing_before(code):
    before = (
        "import ddpm_widgets, sys; assert 'ddpm_widgets.exercises' not in sys.modules and 'torch' not in sys.modules; "
    )
    done = subprocess.run([sys.executable, "-c", before + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
