"Points in the plane: data, a network, the exact denoiser, and the distance of two clouds."

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import ddpm_widgets as d
from ddpm_widgets.plane import SHAPES

COSINE = d.cosine_schedule(100)


def test_the_network_is_the_one_the_page_has():
    "30 inputs in an order that the page's JavaScript shares, written out in numpy."
    torch.manual_seed(0)
    net = d.PlaneNet(width=16, T=40)
    torch.nn.init.normal_(net.layers[-1].weight)
    x, t = torch.randn(7, 2), torch.randint(40, (7,))
    (a, b), tau = x.double().numpy().T, 1000 * t.numpy() / 40
    rows = [a, b]
    for w in (np.pi / 2, np.pi, 2 * np.pi):
        rows += [np.sin(w * a), np.sin(w * b), np.cos(w * a), np.cos(w * b)]
    omegas = [10_000 ** (-k / 8) for k in range(8)]
    rows += [np.sin(w * tau) for w in omegas] + [np.cos(w * tau) for w in omegas]
    h = np.stack(rows, 1)
    weights = [p.detach().double().numpy() for p in net.parameters()]
    assert [w.shape for w in weights[::2]] == [(16, 30), (16, 16), (16, 16), (2, 16)]
    for i in range(0, 8, 2):
        h = h @ weights[i].T + weights[i + 1]
        h = h / (1 + np.exp(-h)) if i < 6 else h
    assert np.abs(net(x, t).detach().numpy() - h).max() < 1e-5
    net.times.zero_()  # not told t
    assert torch.equal(net(x, t), net(x, t * 0))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30), st.sampled_from(["eps", "x0", "v"]))
def test_the_exact_denoiser_is_bayes_rule(seed, n, target):
    g = torch.Generator().manual_seed(seed)
    points = torch.rand(n, 2, generator=g) * 2 - 1
    x_t, t = 2 * torch.randn(9, 2, generator=g), torch.randint(100, (9,), generator=g)
    x0, eps = d.to_x0_and_eps(
        d.exact_denoiser(points, COSINE, target)(x_t, t).double(), x_t.double(), t, COSINE, target
    )
    ab = COSINE.alpha_bar64[t][:, None]
    signal, noise = ab.sqrt(), (1 - ab).sqrt()
    log = torch.stack([-((x_t.double() - signal * p) ** 2).sum(1) / (2 * noise[:, 0] ** 2) for p in points], 1)
    weight = (log - log.max(1, keepdim=True).values).exp()
    expected = (weight / weight.sum(1, keepdim=True)) @ points.double()
    assert torch.allclose(eps, (x_t - signal * expected) / noise, atol=1e-4, rtol=1e-4)
    early = t < 90  # later an error of rounding in ε̂ is divided by a tiny √ᾱ
    assert torch.allclose(x0[early], expected[early], atol=1e-4)


def test_the_exact_denoiser_gives_back_its_points_and_nothing_beats_it():
    points = (
        torch.rand(12, 2, generator=torch.Generator().manual_seed(2)) * 2 - 1
    )  # farther apart than the noise at t=0
    exact = d.exact_denoiser(points, COSINE)
    for options in ({}, {"sampler": "ddim"}, {"sampler": "dpm++"}):
        made = d.sample(exact, n=40, seed=1, progress=False, **options)
        assert (
            made.shape == (40, 2) and torch.cdist(made, points).min(1).values.max() < 0.04
        )  # the noise at t=0 is 0.025
    (x_t, t), eps = d.noisify(points.repeat(500, 1), COSINE, generator=torch.Generator().manual_seed(0))
    best, answer = (exact(x_t, t) - eps).square().mean(), exact(x_t, t)
    for other in (0.9 * answer, 1.1 * answer, answer + 0.05, exact(x_t, (t + 3).clamp(max=99))):
        assert (other - eps).square().mean() > best


def test_the_learner_trains_and_the_samplers_draw_points():
    "Nothing but the network knows that a sample is a point."
    points = d.plane_points("moons", 300)
    batches = points[torch.randint(300, (150, 128), generator=torch.Generator().manual_seed(0))]
    torch.manual_seed(0)
    learn = d.train(
        SimpleNamespace(train=batches), d.PlaneNet(), COSINE, epochs=1, lr=5e-3, clip=None, seed=0, progress=False
    )
    assert learn.model.diffusion.shape == (2,) and learn.steps == 150
    losses = [loss for loss in learn.recorder.losses]
    assert np.mean(losses[-20:]) < 0.6 * np.mean(losses[:5])
    assert learn.sample(8, steps=10, progress=False).shape == (8, 2)
    last = list(d.sample_steps(learn.ema_model, n=8, sampler="ddim", steps=10, x_T=torch.randn(8, 2)))[-1]
    assert last.x0.shape == (8, 2) and last.x0.abs().max() <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12))
def test_the_distance_is_the_formula(seed, n, m):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 2)).astype(np.float32), rng.normal(size=(m, 2)).astype(np.float32)

    def near(a, b):
        pairs = [((p.astype(float) - q) ** 2).sum() for p in a for q in b]
        return sum(np.mean([np.exp(-p / (2 * s**2)) for p in pairs]) for s in (0.1, 0.3, 1))

    found = d.two_sample(x, torch.from_numpy(y))
    assert found == pytest.approx(max(0, near(x, x) + near(y, y) - 2 * near(x, y)) ** 0.5, abs=1e-7)
    assert found == pytest.approx(d.two_sample(y, x), abs=1e-7) and d.two_sample(x, x) < 1e-7


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_points_in_the_square(name):
    points = d.plane_points(name, 400, seed=3)
    assert points.shape == (400, 2) and points.dtype == torch.float32 and points.abs().max() <= 1
    assert torch.equal(points, d.plane_points(name, 400, seed=3))
    assert not torch.equal(points, d.plane_points(name, 400, seed=4))
    floor = d.two_sample(points, d.plane_points(name, 400, seed=4))
    others = [d.two_sample(points, d.plane_points(other, 400)) for other in SHAPES if other != name]
    assert floor < 0.15 and min(others) > 1.5 * floor


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: d.plane_points("moon"), "name must be one of moons, spiral"),
        (lambda: d.plane_points("moons", 0), "n must"),
        (lambda: d.PlaneNet(width=20), "width must be a multiple of 8, found 20: pass 16"),
        (lambda: d.exact_denoiser(torch.zeros(3), COSINE), "points must be points, an array of shape"),
        (lambda: d.exact_denoiser(torch.full((3, 2), float("nan")), COSINE), "points must hold finite numbers"),
        (lambda: d.exact_denoiser(torch.zeros(3, 2), COSINE, "noise"), "target must be one of"),
        (lambda: d.two_sample([[0, 0]], "dots"), "y must be points"),
        (lambda: d.sample(d.PlaneNet(), COSINE, shape=()), "shape must be that of one sample"),
    ],
)
def test_what_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
