"""The page and the library say the same: `ddpm` has the formulas, and every public function comes to its numbers.

The page is held to the length that it promises, and lessons that quote it to its words.
"""

import inspect
import json
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_widgets import (
    DDPMCB,
    DataLoaders,
    Learner,
    Recorder,
    cosine_schedule,
    ddpm,
    linear_schedule,
    noisify,
    sample,
    sample_steps,
)
from ddpm_widgets.noising import to_x0_and_eps
from ddpm_widgets.samplers import ddpm_coefficients

ROOT = Path(__file__).parents[2]
SCHEDULES = [linear_schedule(), cosine_schedule(200)]
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: f"{s.name}-{s.T}")


class Net(nn.Module):
    "Small, and no constant: it says something about x_t and about t."

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x_t, t):
        return self.conv(x_t) + t.view(-1, 1, 1, 1) / 1000


def test_the_numbers_that_everybody_knows():
    alpha_bar = ddpm.cumulative_alpha(torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64))
    known = torch.tensor([0.9999, 0.521423, 0.0777967, 0.00330016, 4.03583e-5], dtype=torch.float64)
    torch.testing.assert_close(alpha_bar[[0, 250, 500, 750, 999]], known, rtol=2e-6, atol=0)
    *_, variance = ddpm.posterior(torch.linspace(1e-4, 0.02, 1000), alpha_bar, ddpm.previous(alpha_bar))
    assert variance[0] == 0 and abs(variance[487] - 0.00979) < 1e-5 and abs(variance[999] - 0.02) < 1e-5


@each_schedule
def test_a_schedule_holds_the_page_s_numbers(schedule):
    alpha_bar = ddpm.cumulative_alpha(schedule.betas64)
    assert torch.equal(schedule.alpha_bar, alpha_bar.float())
    signal_rate, noise_rate = ddpm.rates(alpha_bar)
    assert torch.equal(schedule.sqrt_alpha_bar, signal_rate.float())
    assert torch.equal(schedule.sqrt_one_minus_alpha_bar, noise_rate.float())
    prev = ddpm.previous(alpha_bar)
    x0_weight, x_t_weight, variance = ddpm.posterior(schedule.betas64, alpha_bar, prev)
    assert torch.equal(schedule.posterior_sigmas, variance.sqrt().float())
    rows = torch.tensor([c[:3] for c in ddpm_coefficients(schedule, "small")], dtype=torch.float64)
    assert torch.equal(rows[1:], torch.stack([x0_weight, x_t_weight, variance.sqrt()], 1)[1:])


@each_schedule
def test_noisify_jumps(schedule):
    x0, t = torch.randn(5, 1, 4, 4), torch.tensor([0, 1, 50, 100, schedule.T - 1])
    (x_t, _), eps = noisify(x0, schedule, t)
    rates = [r[t].view(-1, 1, 1, 1) for r in (schedule.sqrt_alpha_bar, schedule.sqrt_one_minus_alpha_bar)]
    assert torch.equal(x_t, ddpm.jump(x0, eps, *rates))
    assert torch.equal(to_x0_and_eps(eps, x_t, t, schedule)[0], ddpm.x0_from_eps(x_t, eps, *rates))
    torch.testing.assert_close(ddpm.x0_from_eps(x_t, eps, *rates)[:3], x0[:3], rtol=1e-3, atol=1e-4)


def test_a_learner_s_loss_is_the_page_s():
    "The same images, timesteps and noise: DDPMCB in a Learner comes to the loss of `training_loss`."
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8), np.uint8)
    dls = DataLoaders.from_arrays(images, [0] * 8, images, [0] * 8, batch_size=8, size=8)
    schedule = linear_schedule()
    learn = Learner(Net(), dls, lr=0.0, cbs=[DDPMCB(schedule, generator=torch.Generator().manual_seed(5)), Recorder()])
    seen = []
    learn.fit(
        1,
        valid=False,
        cbs=[type("Keep", (), {"order": -1, "before_batch": lambda _, learn: seen.append(learn.batch[0])})()],
    )
    loss = ddpm.training_loss(Net(), seen[0], schedule.betas, torch.Generator().manual_seed(5))
    assert learn.recorder.losses == [pytest.approx(loss.item(), rel=1e-5)]


@each_schedule
def test_sample_walks_the_page_s_way(schedule):
    "The same noise: `sample`, and the last of `sample_steps`, are the page's loop. It computes its numbers in float64 here, as a Schedule does."
    shape = (2, 1, 4, 4)
    page = ddpm.sample(lambda x_t, t: Net()(x_t.float(), t), shape, schedule.betas64, torch.Generator().manual_seed(7))
    seed = torch.Generator().manual_seed(7)
    library = sample(Net(), schedule, 2, shape=shape[1:], seed=seed, progress=False)
    torch.testing.assert_close(library, page.float(), rtol=0, atol=2e-5)
    *_, last = sample_steps(Net(), schedule, 2, shape=shape[1:], seed=torch.Generator().manual_seed(7))
    assert torch.equal(last.x0, library)


def code_lines(path) -> list[str]:
    "What a reader reads of a module: no blank lines, no comments of nbdev."
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def own_lines(*things) -> int:
    return sum(len([line for line in inspect.getsource(thing).splitlines() if line.strip()]) for thing in things)


def test_the_page_is_a_page():
    "README promises 70 lines, and the Learner is a page again."
    assert len(code_lines(ROOT / "ddpm_widgets/ddpm.py")) <= 75
    assert len((ROOT / "ddpm_widgets/learner.py").read_text(encoding="utf-8").splitlines()) <= 200
    forward = [ddpm.cumulative_alpha, ddpm.rates, ddpm.jump]
    assert own_lines(*forward) <= 25
    assert own_lines(*forward, ddpm.training_loss, Learner.one_batch, Learner.one_step, Learner.all_batches) <= 60
    back = [ddpm.rates, ddpm.x0_from_eps, ddpm.posterior, ddpm.reverse_step]
    assert own_lines(*back) <= 30


def test_the_page_checks_nothing():
    source = (ROOT / "ddpm_widgets/ddpm.py").read_text(encoding="utf-8")
    assert not re.search(r"^\s*(raise|assert|try|if)\b|isinstance", source, re.M), "formulas alone stand on this page"


def quotations() -> list[tuple[str, str, str]]:
    "(lesson, name, text) for each block of code in a lesson's prose that bears the name of something on the page or of a Learner's method."
    found = []
    for path in sorted((ROOT / "nbs/lessons").glob("[0-9]*.ipynb")):
        nb = json.loads(path.read_text(encoding="utf-8"))
        prose = "\n".join("".join(cell["source"]) for cell in nb["cells"] if cell["cell_type"] == "markdown")
        for block in re.findall(r"^```python\n(.*?)^```", prose, re.M | re.S):
            name = re.search(r"^def (\w+)\(", block, re.M)
            if name and (hasattr(ddpm, name[1]) or hasattr(Learner, name[1])):
                found.append((path.stem, name[1], block))
    return found


def test_lessons_quote_what_is_there():
    quoted = quotations()
    for lesson, name, text in quoted:
        source = inspect.getsource(getattr(ddpm, name, None) or getattr(Learner, name))
        assert text == textwrap.dedent(source), f"{lesson} quotes {name} as it no longer is"
    assert {(lesson[:2], name) for lesson, name, _ in quoted} >= {
        ("03", "jump"),
        ("04", "training_loss"),
        ("04", "one_batch"),
        ("05", "sample"),
    }


def test_one_implementation_of_each_formula():
    "What stands on the page stands nowhere else in the library."
    formulas = {
        "ᾱ from β": r"[.]cumprod\(",
        "the root of 1-ᾱ": r"\(1 - alpha_bar\)\.sqrt|sqrt\(1 - alpha_bar\)",
        "the posterior": r"\* \(1 - alpha_bar_prev\) / \(1 - alpha_bar\)",
    }
    modules = [p for p in (ROOT / "ddpm_widgets").glob("[!_]*.py") if p.stem != "ddpm"]
    found = [
        f"{p.name}: {what}"
        for p in modules
        for what, pattern in formulas.items()
        if re.search(pattern, p.read_text(encoding="utf-8"))
    ]
    assert not found
