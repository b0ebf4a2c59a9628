"""Against a reference implementation: diffusers' DDPMScheduler, formula by formula, step by step, and over the whole loop.

`fixed_large` is the course's σ² = β_t, `fixed_small` the posterior's variance. Both sides are given the same noise.
"""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler
from torch import nn

from ddpm_widgets import cosine_schedule, linear_schedule, noisify, sample_steps
from ddpm_widgets.samplers import ddpm_coefficients
from ddpm_widgets.schedule import Schedule, respace

LINEAR = linear_schedule()
COSINE = cosine_schedule()


def reference(clip, variance="large", betas="linear", steps=1000, **kwargs):
    scheduler = DDPMScheduler(
        1000,
        beta_schedule=betas,
        variance_type=f"fixed_{variance}",
        clip_sample=clip,
        timestep_spacing="trailing",
        **kwargs,
    )
    scheduler.set_timesteps(steps)
    return scheduler


class Wave(nn.Module):
    "A network that is cheap, smooth, depends on t and on its weight, and keeps the loop bounded without clamping."

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.7))

    def forward(self, x_t, t):
        return torch.tanh(self.weight * x_t + 0.3 * torch.sin(t.float() / 150).view(-1, 1, 1, 1))


def noises(steps, shape, seed=0):
    "The draws of one run: x_T first, then one for each step but the last."
    g = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=g) for _ in range(steps)]


def their_loop(scheduler, model, draws, monkeypatch):
    "diffusers' own loop, fed with `draws`. When steps are skipped it adds noise after its last step too, at t > 0: there it gets zeros."
    x, rest, out = draws[0], iter([*draws[1:], torch.zeros_like(draws[0])]), []
    monkeypatch.setattr("diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda *a, **k: next(rest).to(k["dtype"]))
    with torch.inference_mode():
        for t in scheduler.timesteps:
            eps = model(x, t.expand(len(x)))
            step = scheduler.step(eps, t, x)
            out.append((int(t), x, step.pred_original_sample))
            x = step.prev_sample
    return out, x


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(LINEAR, reference(True)), (COSINE, reference(True, betas="squaredcos_cap_v2"))],
    ids=["linear", "cosine"],
)
def test_schedules(ours, theirs):
    torch.testing.assert_close(ours.betas, theirs.betas.float(), atol=1e-6, rtol=2e-5)
    torch.testing.assert_close(ours.alpha_bar, theirs.alphas_cumprod.float(), atol=1e-7, rtol=1e-4)
    assert (cosine_schedule().betas == 0.999).sum() == 1  # exactly one β is clipped


def test_known_numbers():
    at = [0, 250, 500, 750, 999]
    torch.testing.assert_close(
        LINEAR.alpha_bar[at].double(),
        torch.tensor([0.9999, 0.521423, 0.0777967, 0.00330016, 4.03583e-5]).double(),
        rtol=2e-6,
        atol=0,
    )
    torch.testing.assert_close(
        COSINE.alpha_bar[[0, 500, 999]].double(),
        torch.tensor([0.999959, 0.492285, 2.42873e-9]).double(),
        rtol=2e-5,
        atol=0,
    )
    torch.testing.assert_close(
        LINEAR.posterior_sigmas[[0, 487, 999]].square(), torch.tensor([0, 0.00979, 0.02]), rtol=1e-3, atol=0
    )


def test_noisify_is_add_noise():
    g = torch.Generator().manual_seed(0)
    x0, eps, t = (
        torch.randn(64, 1, 8, 8, generator=g),
        torch.randn(64, 1, 8, 8, generator=g),
        torch.randint(1000, (64,), generator=g),
    )
    (x_t, _), _ = noisify(x0, LINEAR, t=t, noise=eps)
    torch.testing.assert_close(x_t, reference(True).add_noise(x0, eps, t), atol=4e-5, rtol=0)


def in_float64(scheduler, schedule=LINEAR):
    "The same scheduler with its tables in float64, to tell its rounding from our mistakes."
    scheduler.betas = schedule.betas64
    scheduler.alphas = 1 - scheduler.betas
    scheduler.alphas_cumprod = scheduler.alphas.cumprod(0)
    scheduler.one = torch.tensor(1.0, dtype=torch.float64)
    return scheduler


@pytest.mark.parametrize("variance", ["large", "small"])
@pytest.mark.parametrize("clip", [True, False], ids=["clipped", "unclipped"])
@pytest.mark.parametrize("t", [0, 1, 2, 250, 487, 500, 998, 999])
def test_one_step(t, clip, variance, monkeypatch):
    """One step from the same x_t with the same ε̂ and the same z, against diffusers with its tables in float64 and as it is.

    As it is, its float32 tables alone move a step by up to 5e-5 at t=1 (1-ᾱ_t loses three digits), and by more at t=999, where x̂0 is x_t magnified
    157 times. That share, measured, is added to the tolerance.
    """
    g = torch.Generator().manual_seed(t)
    x_t, eps, z = (torch.randn(4, 1, 16, 16, generator=g) for _ in range(3))
    monkeypatch.setattr("diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda *a, **k: z.to(k["dtype"]))
    stock = reference(clip, variance).step(eps, t, x_t).prev_sample
    exact = in_float64(reference(clip, variance)).step(eps.double(), t, x_t.double()).prev_sample
    x0 = (x_t - LINEAR.sqrt_one_minus_alpha_bar[t] * eps) / LINEAR.sqrt_alpha_bar[t]
    if clip:
        x0 = x0.clamp(-1, 1)
    w = ddpm_coefficients(LINEAR, variance)[t]
    ours = w.x0_weight * x0 + w.x_t_weight * x_t + w.sigma * z
    torch.testing.assert_close(ours.double(), exact, atol=2e-6, rtol=2e-6)
    rounding = float((stock - exact).abs().max())
    assert rounding < 5e-4
    torch.testing.assert_close(ours, stock, atol=(4e-5 if clip else 1e-4) + rounding, rtol=0)
    if t == 0:  # exact at the end: the image itself, no noise
        assert torch.equal(ours, x0)


@pytest.mark.parametrize("variance", ["large", "small"])
@pytest.mark.parametrize(
    ("ours", "betas", "steps", "clip"),
    [
        (LINEAR, "linear", 1000, True),
        (LINEAR, "linear", 1000, False),
        (LINEAR, "linear", 50, True),
        (COSINE, "squaredcos_cap_v2", 1000, True),
    ],
    ids=["linear", "linear-unclipped", "linear-50-steps", "cosine"],
)
def test_whole_loop(ours, betas, steps, clip, variance, monkeypatch):
    """All steps in a row with the same draws: every x_t on the way, and the image at the end.

    With fewer steps each β is 1-ᾱ_t/ᾱ_prev. Against diffusers as it is, float32 tables and all, only the end is compared.
    """
    model, shape = Wave(), (2, 1, 8, 8)
    draws = noises(steps, shape)
    rest = iter(draws[1:])
    with monkeypatch.context() as patch:
        patch.setattr("ddpm_widgets.sampling.Noise", lambda *a: lambda: next(rest))
        walk = sample_steps(
            model,
            ours,
            2,
            shape=shape[1:],
            steps=steps,
            variance=variance,
            clamp=(-1, 1) if clip else None,
            x_T=draws[0],
        )
        mine = [(s.t, s.x_t.clone(), s.x0.clone()) for s in walk]
    assert next(rest, None) is None  # every draw was used: none at t=0, none twice
    theirs, last = their_loop(
        in_float64(reference(clip, variance, betas, steps), ours),
        model.double(),
        [d.double() for d in draws],
        monkeypatch,
    )
    assert [m[0] for m in mine] == [t[0] for t in theirs]
    for (t, x, _), (_, their_x, _) in zip(mine, theirs, strict=True):
        scale = max(1.0, float(their_x.abs().max()))
        assert float((x - their_x).abs().max()) <= 2e-5 * scale, f"x_t differs at t={t}"
    assert float((mine[-1][2] - last).abs().max()) <= 2e-5 * max(1.0, float(last.abs().max()))
    _, stock = their_loop(reference(clip, variance, betas, steps), model.float(), draws, monkeypatch)
    assert float((mine[-1][2] - stock).abs().max()) <= 3e-4 * max(1.0, float(stock.abs().max()))


BETAS = {"linear": "linear", "cosine": "squaredcos_cap_v2"}
KINDS = {"eps": "epsilon", "x0": "sample", "v": "v_prediction"}


def in_double(scheduler, ours):
    "diffusers' scheduler with our float64 table in place of its float32 one: what differs then is the formula."
    scheduler.alphas_cumprod = ours.alpha_bar64
    if hasattr(scheduler, "alpha_t"):
        scheduler.alpha_t, scheduler.sigma_t = ours.alpha_bar64.sqrt(), (1 - ours.alpha_bar64).sqrt()
    return scheduler


def same_walk(mine, theirs):
    "Every x_t, and the end, to float32's rounding."
    assert [m[0] for m in mine] == [t[0] for t in theirs]
    for (t, x), (_, their_x) in zip(mine, theirs, strict=True):
        assert float((x - their_x).abs().max()) <= 3e-5 * max(1.0, float(their_x.abs().max())), f"x_t differs at t={t}"


def walked(monkeypatch, draws, **kwargs):
    "Our run with these draws: (t, x_t) of every step, and (-1, the image)."
    rest = iter(draws[1:])
    monkeypatch.setattr("ddpm_widgets.sampling.Noise", lambda *a: lambda: next(rest))
    steps = list(sample_steps(Wave(), n=2, shape=(1, 8, 8), x_T=draws[0], **kwargs))
    return [(s.t, s.x_t.clone()) for s in steps] + [(-1, steps[-1].x0.clone())]


@pytest.mark.parametrize("target", ["eps", "x0", "v"])
@pytest.mark.parametrize("clip", [True, False], ids=["clipped", "unclipped"])
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    ("ours", "steps"), [(LINEAR, 1000), (LINEAR, 50), (COSINE, 20)], ids=lambda x: getattr(x, "name", x)
)
def test_ddim(ours, steps, eta, clip, target, monkeypatch):
    "Each step and the whole loop."
    draws = noises(steps, (2, 1, 8, 8))
    mine = walked(monkeypatch, draws, schedule=ours, sampler="ddim", eta=eta, steps=steps,
                  clamp=(-1, 1) if clip else None, target=target)  # fmt: skip
    scheduler = DDIMScheduler(1000, beta_schedule=BETAS[ours.name], clip_sample=clip, timestep_spacing="trailing",
                              set_alpha_to_one=True, prediction_type=KINDS[target])  # fmt: skip
    scheduler = in_double(scheduler, ours)
    scheduler.set_timesteps(steps)
    model, x, theirs = Wave().double(), draws[0].double(), []
    rest = iter(draws[1:] + draws[:1])  # the last step's is multiplied by zero
    with torch.inference_mode():
        for t in scheduler.timesteps:
            theirs.append((int(t), x))
            z = next(rest).double()
            x = scheduler.step(
                model(x, t.expand(2)), t, x, eta, use_clipped_model_output=True, variance_noise=z
            ).prev_sample
    same_walk(mine, [*theirs, (-1, x)])


@pytest.mark.parametrize("target", ["eps", "x0", "v"])
@pytest.mark.parametrize(
    ("ours", "steps"), [(LINEAR, 2), (LINEAR, 15), (LINEAR, 200), (COSINE, 20)], ids=lambda x: getattr(x, "name", x)
)
def test_dpm_solver(ours, steps, target, monkeypatch):
    "DPM-Solver++ (2M): each step and the whole loop. Nothing is drawn but x_T."
    draws = noises(1, (2, 1, 8, 8))
    mine = walked(monkeypatch, draws, schedule=ours, sampler="dpm++", steps=steps, clamp=None, target=target)
    scheduler = DPMSolverMultistepScheduler(1000, beta_schedule=BETAS[ours.name], solver_order=2, timestep_spacing="trailing",
                                            final_sigmas_type="zero", prediction_type=KINDS[target])  # fmt: skip
    scheduler = in_double(scheduler, ours)
    scheduler.set_timesteps(steps)
    scheduler.sigmas = torch.cat([((1 - a) / a).sqrt()[None] for a in ours.alpha_bar64[scheduler.timesteps]] + [torch.zeros(1, dtype=torch.float64)])  # fmt: skip
    model, x, theirs = Wave().double(), draws[0].double(), []
    with torch.inference_mode():
        for t in scheduler.timesteps:
            theirs.append((int(t), x))
            x = scheduler.step(model(x, t.expand(2)), t, x).prev_sample
    same_walk(mine, [*theirs, (-1, x)])


def test_ddim_with_eta_1_is_the_small_variance():
    "diffusers' DDIM at η=1 takes the same step as `variance='small'`, all over the schedule."
    scheduler = DDIMScheduler(
        1000, beta_schedule="linear", clip_sample=True, timestep_spacing="trailing", set_alpha_to_one=True
    )
    scheduler.set_timesteps(1000)
    g = torch.Generator().manual_seed(1)
    for t in (1, 2, 250, 500, 999):
        x_t, eps, z = (torch.randn(2, 1, 8, 8, generator=g) for _ in range(3))
        theirs = scheduler.step(eps, t, x_t, eta=1.0, use_clipped_model_output=True, variance_noise=z).prev_sample
        x0 = ((x_t - LINEAR.sqrt_one_minus_alpha_bar[t] * eps) / LINEAR.sqrt_alpha_bar[t]).clamp(-1, 1)
        w = ddpm_coefficients(LINEAR, "small")[t]
        torch.testing.assert_close(w.x0_weight * x0 + w.x_t_weight * x_t + w.sigma * z, theirs, atol=2e-4, rtol=0)


class TestTraps:
    "Mistakes that others made. Each test fails when the mistake is made here."

    def test_alpha_bar_prev_does_not_wrap(self):
        assert LINEAR.alpha_bar_prev[0] == 1 and LINEAR.posterior_sigmas[0] == 0
        assert ddpm_coefficients(LINEAR)[0] == (1, 0, 0, 0)

    def test_no_noise_at_t_0(self):
        "Two draws that differ in everything but x_1 end in the same place."
        for variance in ("large", "small"):
            assert ddpm_coefficients(LINEAR, variance)[0].sigma == 0

    def test_skipped_steps_have_their_own_beta(self):
        fifty = respace(LINEAR, 50)
        prev = torch.cat([torch.ones(1), LINEAR.alpha_bar[fifty.timesteps[:-1]]])
        torch.testing.assert_close(fifty.betas, 1 - LINEAR.alpha_bar[fifty.timesteps] / prev, atol=1e-6, rtol=0)
        assert fifty.timesteps[-1] == 999 and fifty.betas[-1] > 10 * LINEAR.betas[-1]
        for steps in (1, 3, 7, 999):
            assert len(respace(LINEAR, steps)) == steps and respace(LINEAR, steps).timesteps[-1] == 999

    def test_the_clamp_is_the_range_of_the_data(self):
        "In [0, 1] a clamp to [-1, 1] would let x̂0 go below 0."
        for step in sample_steps(Wave(), LINEAR, 2, shape=(1, 8, 8), steps=10, clamp=(0, 1), seed=0):
            assert step.x0.min() >= 0 and step.x0.max() <= 1

    def test_cosine_never_gives_nan(self):
        for T in (2, 3, 10, 50, 1000, 5000):
            s = cosine_schedule(T)
            for name in ("betas", "alpha_bar", "sigmas", "posterior_sigmas", "snr", "sqrt_one_minus_alpha_bar"):
                assert torch.isfinite(getattr(s, name)).all(), (T, name)
            assert s.alpha_bar[0] < 1

    def test_linear_makes_sense_at_small_T(self):
        for T in (2, 10, 50, 250):
            s = linear_schedule(T)
            assert s.alpha_bar[-1] < 1e-4 and torch.isfinite(s.betas).all() and (s.betas < 1).all()

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_half_precision_keeps_the_first_steps(self, dtype):
        (x_t, _), _ = noisify(torch.zeros(1, 1, 100, 100, dtype=dtype), LINEAR, t=0)
        assert x_t.dtype == dtype
        np.testing.assert_allclose(x_t.float().std().item(), 0.01, rtol=0.05)

    def test_float32_subtraction_is_not_used(self):
        "1-ᾱ_0 in float32 is off in its fourth digit; the schedule takes the root of the float64 difference."
        exact = np.sqrt(1e-4)
        assert abs(LINEAR.sqrt_one_minus_alpha_bar[0].item() - exact) < 1e-8
        assert abs((1 - LINEAR.alpha_bar[0]).sqrt().item() - exact) > 5e-7  # what the mistake would give

    def test_frames_need_not_all_be_kept(self):
        "`sample` holds one step, not a thousand: 1,000 frames of 2,048 images would be 8.4 GB."
        import gc
        import weakref

        alive = []

        class Spy(nn.Module):
            def forward(self, x_t, t):
                alive.append(weakref.ref(x_t))
                return x_t * 0.1

        from ddpm_widgets import sample

        sample(Spy(), LINEAR, 1, shape=(1, 4, 4), steps=100, progress=False)
        gc.collect()
        assert sum(ref() is not None for ref in alive) <= 2


def test_schedule_refuses_what_cannot_work():
    for betas, word in [
        ([0.1, 1.0], "between 0 and 1"),
        ([0.1, float("nan")], "nan"),
        ([-0.1], "-0.1"),
        ([[0.1]], "shape"),
        ([], "shape"),
        ([0.5] * 200, "fall"),
    ]:
        with pytest.raises(ValueError, match=word):
            Schedule(betas)
