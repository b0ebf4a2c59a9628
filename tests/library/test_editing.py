"""Holes filled and images redrawn: what is known stays, and the rest is drawn by the same steps as ever."""

import re

import pytest
import torch
from torch import nn

from ddpm_widgets import Diffusion, Schedule, inpaint, linear_schedule, redraw, respace, sample
from ddpm_widgets.noising import rates_at

LINEAR = linear_schedule()
HOLE = torch.zeros(8, 8)
HOLE[:, 4:] = 1


class Half(nn.Module):
    "Knows images whose right half repeats their left: it guesses both from their mean, as is best for even greys (variance 1/3)."

    def __init__(self, schedule=LINEAR, classes=(), **others):
        super().__init__()
        self.schedule, self.seen, self.asked = schedule, [], []
        self.diffusion = Diffusion(schedule, "x0", shape=(1, 8, 8), classes=classes, **others)

    def forward(self, x_t, t, labels=None):
        self.seen.append((int(t[0]), x_t.clone()))
        self.asked.append(None if labels is None else labels.tolist())
        signal, noise = rates_at(t, self.schedule, x_t)
        seen = (x_t[..., :4] + x_t[..., 4:]) / 2
        return (seen * signal / (signal**2 + 1.5 * noise**2)).repeat(1, 1, 1, 2)


def images(n=3):
    return (2 * torch.rand(n, 1, 8, 4, generator=torch.Generator().manual_seed(0)) - 1).repeat(1, 1, 1, 2)


@pytest.mark.parametrize("how", [{"sampler": "ddpm"}, {"sampler": "ddim"}, {"sampler": "ddim", "eta": 1.0}, {"sampler": "dpm++"}, {"sampler": "euler"}, {"sampler": "heun"}])  # fmt: skip
def test_what_is_known_stays_and_the_hole_goes_with_it(how):
    x, net = images(), Half()
    filled = inpaint(net, x * (1 - HOLE), HOLE, seed=0, steps=20, progress=False, **how)
    assert torch.equal(filled[..., :4], x[..., :4])
    halves = torch.stack([filled[..., 4:].flatten(), x[..., 4:].flatten()])
    assert torch.corrcoef(halves)[0, 1] > 0.7, "the hole does not know its surroundings"
    last_t, last = net.seen[-1]
    _, noise = rates_at(torch.full((3,), last_t), LINEAR, x)
    assert (last - x)[..., :4].abs().max() < 6 * noise.max(), "the last step saw something else"


@pytest.mark.parametrize("how", [{"variance": "small"}, {"sampler": "ddim"}, {"sampler": "ddim", "eta": 1.0}])
def test_at_each_step_the_known_part_is_the_image_at_that_noise_level(how):
    "Mean and spread of q(x_t | x_0), eq. 4, at every step of the way."
    x, net = images(1).expand(600, 1, 8, 8), Half()
    inpaint(net, x, HOLE, seed=0, steps=8, progress=False, **how)
    for t, x_t in net.seen[5:8]:  # the last batch is another
        signal, noise = rates_at(torch.full((len(x_t),), t), LINEAR, x_t)
        known = (x_t - signal * x[: len(x_t)])[..., :4]
        assert known.mean().abs() < 6 * noise.max() / known.numel() ** 0.5
        torch.testing.assert_close(known.std(), noise.max(), rtol=0.05, atol=0)


def test_what_stood_in_the_hole_is_not_looked_at():
    "Also if it is the usual mark of what is missing."
    x, net = images(), Half()
    filled = [torch.where(HOLE > 0, k, x) for k in (0.9, -0.5, float("nan"))]
    a, *others = (inpaint(net, y, HOLE, seed=0, steps=5, progress=False) for y in filled)
    assert all(torch.equal(a, b) for b in others)
    with pytest.raises(ValueError, match="images must be finite"):
        redraw(net, filled[2], 0.5, HOLE)


def test_a_hole_over_everything_is_a_drawing_from_noise():
    net = Half()
    drawn = inpaint(net, images(), torch.ones(8, 8), seed=4, sampler="ddim", steps=6, progress=False)
    torch.testing.assert_close(drawn, sample(net, n=3, seed=4, sampler="ddim", steps=6, progress=False), atol=1e-4, rtol=0)  # fmt: skip


@pytest.mark.parametrize("strength, first", [(0.1, 99), (0.5, 499), (1.0, 999)])
def test_a_redrawing_begins_part_of_the_way_back(strength, first):
    x, net = images(), Half()
    drawn = redraw(net, x, strength, seed=0, steps=10, sampler="ddim", progress=False)
    assert net.seen[0][0] == first and len(net.seen) == round(10 * strength) and drawn.shape == x.shape
    noise = sample(Half(), n=3, seed=0, steps=1, progress=False)  # to know which noise a seed stands for
    assert noise.shape == x.shape
    signal, rate = rates_at(torch.full((3,), first), LINEAR, x)
    eps = (net.seen[0][1] - signal * x) / rate
    assert abs(float(eps.std()) - 1) < 0.2
    again = redraw(Half(), x, strength, seed=0, steps=10, sampler="ddim", progress=False)
    other = redraw(Half(), x, strength, seed=1, steps=10, sampler="ddim", progress=False)
    assert torch.equal(drawn, again) and not torch.equal(drawn, other)


def test_little_strength_changes_little():
    x = images()
    far = [float((redraw(Half(), x, s, seed=0, steps=20, progress=False) - x).abs().mean()) for s in (0.1, 0.4, 1.0)]
    assert far[0] < far[1] < far[2] and far[0] < 0.3


def test_fresh_noise_is_not_the_noise_that_was_laid_over():
    x, net = torch.zeros(1, 1, 8, 8), Half()
    redraw(net, x, 0.5, seed=0, sampler="ddpm", steps=4, progress=False)
    (t, first), (s, second) = net.seen[:2]
    laid = first / rates_at(torch.tensor([t]), LINEAR, x)[1]
    fresh = second / rates_at(torch.tensor([s]), LINEAR, x)[1]
    assert abs(float(torch.corrcoef(torch.stack([laid.flatten(), fresh.flatten()]))[0, 1])) < 0.6


def test_batches_and_labels_are_cut_together():
    "129 images are two batches; each image has its own class, hole and noise."
    x, net = images(129), Half(classes=("a", "b"))
    holes = HOLE.expand(129, 1, 8, 8).clone()
    holes[128] = 0
    labels = [i % 2 for i in range(129)]
    filled = inpaint(net, x, holes, seed=0, steps=2, labels=labels, progress=False)
    assert net.asked == [labels[:128]] * 2 + [[0]] * 2
    assert torch.equal(filled[128], x[128]) and not torch.equal(filled[127], x[127])


def test_part_of_a_way_may_be_passed_as_a_schedule():
    "What a schedule holds of the model's own process, it may be drawn along."
    net = Half()
    few = respace(LINEAR, 10)
    for part in (few, Schedule(few.betas64[:4], few.name, few.timesteps[:4])):
        net.seen.clear()
        sample(net, part, n=1, progress=False)
        assert [t for t, _ in net.seen] == part.timesteps.tolist()[::-1]
    with pytest.raises(ValueError, match="was trained with T=1000 timesteps, found a schedule with T=10"):
        sample(net, linear_schedule(10), n=1)


NET, X = Half(), images()


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: inpaint(NET, X[0], HOLE), "images must be floats of shape (n, 1, 8, 8), found torch.float32 of shape (1, 8, 8)"),
        (lambda: inpaint(NET, X[:0], HOLE), "images must be floats"),
        (lambda: inpaint(NET, X.byte(), HOLE), "found torch.uint8"),
        (lambda: inpaint(NET, [1], HOLE), "found [1]"),
        (lambda: inpaint(NET, X / 0, HOLE), "images must be finite"),
        (lambda: inpaint(NET, X, torch.ones(3, 3)), "mask must fit the images' shape (3, 1, 8, 8)"),
        (lambda: inpaint(NET, X, "hole"), "mask must fit the images' shape (3, 1, 8, 8), found 'hole'"),
        (lambda: inpaint(NET, X, HOLE * 255), "mask must lie between 0 (stays) and 1 (drawn anew), found 0 to 255"),
        (lambda: redraw(NET, X, 0), "strength must be a finite number above 0 and at most 1"),
        (lambda: redraw(NET, X, seed=-1), "seed must be"),
        (lambda: redraw(NET, X, labels=0), "this network knows no classes"),
        (lambda: redraw(Half(classes=("a",)), X, labels=[0, 0]), "one for each of the 3 images"),
        (lambda: redraw(NET, X, strengths=0.5), "did you mean 'strength'?"),
    ],
)  # fmt: skip
def test_bad_input_before_any_work(call, said):
    with pytest.raises((TypeError, ValueError), match=re.escape(said)):
        call()
