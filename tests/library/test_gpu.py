"What only a GPU can show: the same results as on a CPU, and a loop that never waits for it. Skipped where there is none."

import warnings

import pytest
import torch

from ddpm_widgets import (
    Callback,
    Checkpoint,
    Compile,
    Recorder,
    diagnose,
    evaluate,
    garments,
    noisify,
    pretrained,
    sample,
    sample_steps,
    train,
)
from ddpm_widgets.samplers import SAMPLERS

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that PyTorch can use")


@pytest.fixture
def exact():
    "Products in full float32, and no algorithm that rounds differently each time."
    backends = torch.backends.cudnn, torch.backends.cuda.matmul
    former = [b.allow_tf32 for b in backends]
    backends[0].deterministic = True
    for b in backends:
        b.allow_tf32 = False
    yield
    backends[0].deterministic = False
    for b, was in zip(backends, former, strict=True):
        b.allow_tf32 = was


def data():
    return garments(n=320, n_valid=64, batch_size=32)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_seed_gives_the_same_images_as_on_a_cpu(sampler, exact):
    options = {"n": 4, "sampler": sampler, "steps": 10, "seed": 3, "progress": False}
    there, here = sample(pretrained().to("cuda"), **options), sample(pretrained(), **options)
    assert there.device.type == "cuda"
    assert (there.cpu() - here).abs().mean() < 1e-3


def test_the_seed_decides_and_not_the_batch(exact):
    options = {"n": 6, "seed": 1, "progress": False}
    model = pretrained().to("cuda")
    assert (sample(model, **options) - sample(model, batch_size=4, **options)).abs().mean() < 1e-3


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_drawing_never_waits_for_the_device(sampler):
    steps = sample_steps(pretrained().to("cuda"), n=4, sampler=sampler, steps=10, seed=0, precision="auto")
    next(steps)
    torch.cuda.set_sync_debug_mode("error")
    try:
        assert sum(1 for _ in steps) == 9
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_half_precision_draws_nearly_the_same():
    model = pretrained().to("cuda")
    full, half = (sample(model, n=8, seed=0, precision=p, progress=False) for p in ("fp32", "auto"))
    assert (full - half).abs().mean() < 0.1


def test_when_memory_runs_out_fewer_are_drawn_at_a_time():
    model = pretrained().to("cuda")
    whole = sample(model, n=1024, seed=0, steps=2, sampler="ddim", batch_size=64, progress=False)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_allocated() + 2**28) / total)
    try:
        found = sample(model, n=1024, seed=0, steps=2, sampler="ddim", progress=False)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert (found - whole).abs().mean() < 1e-2


class Waits(Callback):
    "How often the host waited for the device, from the fourth step of the first epoch to its last but one."

    order = -100

    def before_fit(self, learn):
        self.steps = 0

    def before_batch(self, learn):
        if learn.training and learn.epoch == 0 and learn.iter == 3:
            self.caught = warnings.catch_warnings(record=True)
            self.found = self.caught.__enter__()
            warnings.simplefilter("always")
            torch.cuda.set_sync_debug_mode("warn")
        if learn.training and learn.epoch == 0 and learn.iter == learn.n_batches - 1:
            torch.cuda.set_sync_debug_mode("default")
            self.caught.__exit__(None, None, None)
            self.steps = learn.iter - 3


def test_training_seldom_waits_for_the_device():
    waits = Waits()
    learn = train(data(), "small", epochs=2, seed=0, progress=False, cbs=[waits], precision="auto")
    found = [str(w.message) for w in waits.found if "synchroniz" in str(w.message)]
    assert waits.steps == 6
    assert len(found) <= 1, found
    assert next(learn.model.parameters()).is_cuda
    assert learn.sample(4, steps=5, sampler="ddim", progress=False).is_cuda


@pytest.mark.parametrize("preset", ["small", "fast"])
def test_a_network_learns_the_same_as_on_a_cpu(preset, exact, monkeypatch):
    def losses():
        recorder = Recorder()
        train(data(), preset, epochs=2, precision="fp32", seed=0, progress=False, cbs=[recorder])
        return torch.tensor(recorder.losses)

    there = losses()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    here = losses()
    assert there[-5:].mean() < 0.8 * there[:3].mean()
    assert (there[-5:].mean() - here[-5:].mean()).abs() < 0.1  # other noise: each device has its own


def test_a_compiled_network_learns_the_same():
    def losses(*cbs):
        recorder = Recorder()
        train(data(), "small", epochs=2, precision="fp32", seed=0, progress=False, cbs=[recorder, *cbs])
        return torch.tensor(recorder.losses)

    assert (losses() - losses(Compile())).abs().max() < 0.02


class Stop(Callback):
    def after_step(self, learn):
        if learn.fit_steps == 13:
            learn.stop("enough")


def test_a_run_that_is_resumed_ends_with_the_same_bits(tmp_path, exact):
    def run(*cbs, **options):
        learn = train(data(), "small", epochs=2, precision="fp32", seed=0, progress=False, cbs=cbs, **options)
        return torch.cat([p.detach().flatten() for p in learn.ema_model.parameters()])

    whole = run(Checkpoint(tmp_path / "whole"))
    run(Checkpoint(tmp_path / "half"), Stop())
    assert torch.equal(run(Checkpoint(tmp_path / "half"), resume=tmp_path / "half"), whole)


def test_it_is_judged_and_diagnosed_like_any_other():
    dls = data()
    learn = train(dls, "small", epochs=1, seed=0, progress=False)
    found = evaluate(learn.ema_model, 32, dls=dls, seeds=(0,), sampler="ddim", steps=4, progress=False)
    assert found.fid > 0
    assert str(diagnose(learn))


def test_noise_is_added_on_the_device():
    model = pretrained().to("cuda")
    schedule = model.diffusion.schedule.to("cuda")
    x0 = torch.rand(8, 1, 32, 32, device="cuda") * 2 - 1
    (x_t, t), eps = noisify(x0, schedule)
    assert x_t.is_cuda and t.is_cuda and eps.is_cuda
    assert model(x_t, t).shape == x0.shape
