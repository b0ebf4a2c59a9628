"Things that hold for every input: hypothesis looks for one where they do not."

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ddpm_widgets import cosine_schedule, linear_schedule, noisify, sigmoid_schedule, unet
from ddpm_widgets.noising import TARGETS, make_target, to_x0_and_eps
from ddpm_widgets.samplers import ddpm_coefficients
from ddpm_widgets.schedule import respace

LINEAR = linear_schedule()
schedules = st.one_of(
    st.builds(
        lambda T, low, ratio: linear_schedule(T, low, min(0.1, low * ratio)),
        st.integers(2, 2000),
        st.floats(1e-6, 1e-2),
        st.floats(1, 50),
    ),
    st.builds(cosine_schedule, st.integers(2, 2000), st.floats(0, 0.1)),
    st.builds(
        lambda T, w, tau: sigmoid_schedule(T, -w, w, tau), st.integers(2, 2000), st.floats(1, 6), st.floats(0.3, 1.5)
    ),
)


@given(schedules)
@settings(max_examples=150, deadline=None)
def test_every_schedule_is_sound(s):
    beta, bar = s.betas64, s.alpha_bar64
    assert ((beta > 0) & (beta < 1)).all() and torch.isfinite(bar).all()
    assert (bar.diff() < 0).all() and 0 < bar[-1] and bar[0] < 1
    torch.testing.assert_close((1 - beta).cumprod(0), bar)
    torch.testing.assert_close(
        s.sqrt_alpha_bar**2 + s.sqrt_one_minus_alpha_bar**2, torch.ones(s.T)
    )  # variance is preserved
    assert (s.posterior_sigmas <= s.sigmas * (1 + 1e-6)).all() and s.posterior_sigmas[0] == 0
    for name in ("betas", "alphas", "alpha_bar", "sigmas", "snr"):
        value = getattr(s, name)
        assert value.dtype == torch.float32 and value.shape == (s.T,) and torch.isfinite(value).all()


@given(schedules, st.data())
@settings(max_examples=100, deadline=None)
def test_fewer_steps_are_the_same_process(s, data):
    few = respace(s, data.draw(st.integers(1, s.T)))
    assert few.timesteps[-1] == s.T - 1 and (few.timesteps.diff() > 0).all()
    torch.testing.assert_close(few.alpha_bar, s.alpha_bar[few.timesteps], rtol=1e-5, atol=1e-11)
    for variance in ("large", "small"):
        weights = ddpm_coefficients(few, variance)
        assert weights[0] == (1, 0, 0, 0) and all(math.isfinite(v) and v >= 0 for w in weights for v in w)


@given(st.integers(0, 999), st.floats(-1, 1), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_noisify_has_the_mean_and_variance_of_eq_4(t, value, seed):
    n = 40_000
    (x_t, _), eps = noisify(torch.full((1, n), value), LINEAR, t=t, generator=torch.Generator().manual_seed(seed))
    bar = float(LINEAR.alpha_bar64[t])
    assert abs(x_t.mean().item() - math.sqrt(bar) * value) < 5.5 * math.sqrt((1 - bar) / n) + 1e-6
    assert abs(x_t.var().item() / (1 - bar) - 1) < 5.5 * math.sqrt(2 / n)


@given(
    st.integers(0, 999),
    st.sampled_from(TARGETS),
    st.integers(0, 2**31),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(1, 9),
)
@settings(max_examples=150, deadline=None)
def test_what_was_mixed_can_be_taken_apart(t, target, seed, n, channels, side):
    g = torch.Generator().manual_seed(seed)
    x0 = torch.rand(n, channels, side, side, generator=g, dtype=torch.float64) * 2 - 1
    (x_t, ts), eps = noisify(x0, LINEAR, t=t, generator=g)
    assert x_t.shape == eps.shape == x0.shape and ts.shape == (n,) and x_t.dtype == x0.dtype
    x0_hat, eps_hat = to_x0_and_eps(make_target(x0, eps, ts, LINEAR, target), x_t, ts, LINEAR, target)
    torch.testing.assert_close(x0_hat, x0, atol=2e-5, rtol=0)  # the tables are float32; 1/√ᾱ_T magnifies 157 times
    torch.testing.assert_close(eps_hat, eps, atol=2e-5, rtol=0)


@given(st.integers(0, 2**31), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_a_generator_decides_everything(seed, n):
    a, b = (noisify(torch.zeros(n, 1, 4, 4), LINEAR, generator=torch.Generator().manual_seed(seed)) for _ in range(2))
    assert torch.equal(a[0][0], b[0][0]) and torch.equal(a[0][1], b[0][1]) and torch.equal(a[1], b[1])


def test_timesteps_are_uniform():
    (_, t), _ = noisify(torch.zeros(200_000, 1), LINEAR, generator=torch.Generator().manual_seed(0))
    counts = torch.bincount(t, minlength=1000)
    assert len(counts) == 1000 and counts.min() > 120 and counts.max() < 290  # 200 ± 6 sigma


SMALL = {"block_out_channels": (8, 16), "norm_num_groups": 8, "layers_per_block": 1}
PLAIN = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}


@pytest.fixture(scope="module")
def two_levels():
    return unet("nb17", **SMALL, **PLAIN).eval()


@given(st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_any_size_the_unet_accepts(two_levels, height, width):
    x = torch.zeros(1, 1, height, width)
    if height == width == 2:  # one pixel at the lowest level: no group norm there
        with pytest.raises(ValueError, match="more than one value in each group"):
            two_levels(x, 0)
    elif height % 2 or width % 2:
        with pytest.raises(ValueError, match=rf"multiples of 2, found {height}×{width}"):
            two_levels(x, 0)
    else:
        with torch.no_grad():
            assert two_levels(x, 0).shape == x.shape


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 28, 30, 32, 40])
def test_sizes_of_the_course_unet(size, channels):
    model = unet("nb17", in_channels=channels, out_channels=channels).eval()
    x = torch.zeros(1, channels, size, size)
    if size % 8:
        with pytest.raises(ValueError, match="multiples of 8"):
            model(x, 0)
    else:
        with torch.no_grad():
            assert model(x, 3).shape == x.shape
    with pytest.raises(ValueError, match="takes images of shape"):
        model(torch.zeros(1, channels + 1, 32, 32), 0)
