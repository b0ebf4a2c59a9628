"""Pipelines of diffusers, both ways: one draws what the other draws, over whole loops, from the same generator.

The pipelines are built and saved by diffusers itself, with small random weights.
"""

import os
import subprocess
import sys
import warnings

import pytest
import torch
from diffusers import (
    DDIMPipeline,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    PNDMPipeline,
    PNDMScheduler,
    UNet2DModel,
)

from ddpm_widgets import (
    Diffusion,
    Learner,
    SamplingPlayer,
    cosine_schedule,
    from_diffusers,
    garments,
    linear_schedule,
    load_model,
    sample,
    sample_steps,
    save_model,
    sigmoid_schedule,
    to_diffusers,
    train,
    unet,
)

T = 25
FEW = {"num_train_timesteps": T, "beta_end": 0.4}


def network(channels=1, size=16, out=None, **others):
    "A U-Net of diffusers with small random weights, the last layer's large enough to be seen."
    torch.manual_seed(0)
    small = {"block_out_channels": (8, 16), "norm_num_groups": 4, "layers_per_block": 1}
    blocks = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    return UNet2DModel(size, channels, out or channels, **small, **blocks, **others).eval()


def drawn(pipeline, n=2, steps=T, seed=5):
    "What diffusers draws, as it gives it out: in [0, 1], where it has cut off what lies beyond."
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(seed)
    given = pipeline(batch_size=n, generator=generator, num_inference_steps=steps, output_type="np").images
    return torch.as_tensor(given).permute(0, 3, 1, 2)


def ours(model, n=2, seed=5, **options):
    made = sample(model, n=n, seed=torch.Generator().manual_seed(seed), progress=False, **options)
    return (made / 2 + 0.5).clamp(0, 1)


def same(a, b):
    assert a.shape == b.shape and (a - b).abs().max() <= 1e-4, float((a - b).abs().max())
    assert a.std() > 0.05, "nothing to compare"


BETAS = ["linear", "scaled_linear", "squaredcos_cap_v2"]


@pytest.mark.parametrize("clip", [True, False], ids=["clipped", "unclipped"])
@pytest.mark.parametrize("variance", ["fixed_small", "fixed_large"])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("betas", BETAS)
def test_from_diffusers_draws_what_the_pipeline_draws(betas, prediction, variance, clip, tmp_path):
    described = {"beta_schedule": betas, "prediction_type": prediction, "variance_type": variance, "clip_sample": clip}
    pipeline = DDPMPipeline(network(size=8), DDPMScheduler(**FEW, **described))
    pipeline.save_pretrained(tmp_path / "pipeline")
    model = from_diffusers(tmp_path / "pipeline")
    assert model.diffusion.schedule.T == T and not model.training
    same(ours(model), drawn(pipeline))


@pytest.mark.slow
@pytest.mark.parametrize(("variance", "prediction"), [("fixed_large", "epsilon"), ("fixed_small", "v_prediction")])
def test_over_all_of_a_thousand_steps(variance, prediction, tmp_path):
    "As the published models of the paper are: linear, clipped."
    scheduler = DDPMScheduler(variance_type=variance, prediction_type=prediction)
    pipeline = DDPMPipeline(network(size=8), scheduler)
    model = from_diffusers(pipeline)
    theirs = drawn(pipeline, steps=1000)
    same(ours(model), theirs)
    same(drawn(DDPMPipeline.from_pretrained(to_diffusers(model, tmp_path / "back")), steps=1000), theirs)


@pytest.mark.parametrize("clip", [True, False], ids=["clipped", "unclipped"])
@pytest.mark.parametrize("variance", ["large", "small"])
@pytest.mark.parametrize("target", ["eps", "v", "x0"])
@pytest.mark.parametrize("schedule", [linear_schedule, cosine_schedule, sigmoid_schedule])
def test_to_diffusers_draws_what_the_model_draws(schedule, target, variance, clip, tmp_path):
    torch.manual_seed(1)
    model = unet("nb17", block_out_channels=(8, 16), layers_per_block=1).eval()
    model.diffusion = Diffusion(schedule(T), target, shape=(1, 8, 8), variance=variance, clip=clip)
    pipeline = DDPMPipeline.from_pretrained(to_diffusers(model, tmp_path / "pipeline"))
    same(ours(model), drawn(pipeline))
    again = from_diffusers(tmp_path / "pipeline")
    assert again.diffusion[1:4] == model.diffusion[1:4] and again.diffusion[-3:-1] == (variance, clip)
    torch.testing.assert_close(again.diffusion.schedule.betas64, model.diffusion.schedule.betas64, rtol=1e-7, atol=0)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.parameters(), strict=True))


def test_colour_at_64_both_ways(tmp_path):
    scheduler = DDPMScheduler(60, variance_type="fixed_large")
    DDPMPipeline(network(3, 64), scheduler).save_pretrained(tmp_path / "theirs")
    pipeline = DDPMPipeline.from_pretrained(tmp_path / "theirs")
    model = from_diffusers(str(tmp_path / "theirs"))
    assert model.diffusion.shape == (3, 64, 64)
    same(ours(model), drawn(pipeline, steps=60))
    again = DDPMPipeline.from_pretrained(to_diffusers(model, tmp_path / "ours"))
    same(drawn(again, steps=60), drawn(pipeline, steps=60))


def test_images_need_not_be_square(tmp_path):
    model = from_diffusers(DDPMPipeline(network(size=(8, 16)), DDPMScheduler(50)))
    assert model.diffusion.shape == (1, 8, 16)
    pipeline = DDPMPipeline.from_pretrained(to_diffusers(model, tmp_path / "ours"))
    same(ours(model), drawn(pipeline, steps=50))


def test_a_pipeline_that_draws_in_fewer_steps_comes_with_them():
    "DDIMPipeline takes 50 steps unless it is asked for others."
    pipeline = DDIMPipeline(network(), DDIMScheduler(1000, clip_sample=False))
    model = from_diffusers(pipeline)
    assert model.diffusion.sampler == "ddim" and model.diffusion.steps == 50 and model.diffusion.spacing == "leading"
    same(ours(model), drawn(pipeline, steps=50))


def test_a_range_other_than_one_is_clipped_to_itself(tmp_path):
    pipeline = DDPMPipeline(network(size=8), DDPMScheduler(50, clip_sample_range=0.5))
    model = from_diffusers(pipeline)
    assert model.diffusion.data_range == (-0.5, 0.5)
    same(ours(model), drawn(pipeline, steps=50))
    assert (
        DDPMPipeline.from_pretrained(to_diffusers(model, tmp_path / "ours")).scheduler.config.clip_sample_range == 0.5
    )


def test_a_folded_network_is_loaded_where_its_module_was_imported(tmp_path):
    "In a program of its own, from nothing but the folder."
    torch.manual_seed(1)
    model = unet("small", block_out_channels=(8, 16), layers_per_block=1, in_channels=3, out_channels=3).eval()
    model.diffusion = Diffusion(cosine_schedule(40), "v", shape=(3, 16, 16), sampler="dpm++", steps=10)
    folder = to_diffusers(model, tmp_path / "pipeline")
    code = f"""
import ddpm_widgets.pipelines, torch
from diffusers import DDPMPipeline
pipeline = DDPMPipeline.from_pretrained({str(folder)!r})
images = pipeline(2, torch.Generator().manual_seed(5), num_inference_steps=40, output_type="np").images
torch.save(torch.as_tensor(images), {str(tmp_path / "images.pt")!r})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert "Expected types" not in done.stderr
    same(ours(model, sampler="ddpm"), torch.load(tmp_path / "images.pt").permute(0, 3, 1, 2))
    again = from_diffusers(folder)
    assert again.patch == 2 and again.channels == 3
    same(ours(again), ours(model, sampler="ddpm"))


def test_a_model_of_a_pipeline_does_what_a_model_of_ours_does(tmp_path):
    "Taken apart, played back, saved, diagnosed, and trained further on its own terms."
    described = {"prediction_type": "v_prediction", "beta_end": 0.2, "clip_sample": False}  # "fixed_small", by default
    pipeline = DDPMPipeline(network(size=32), DDPMScheduler(50, **described))
    model = from_diffusers(pipeline)
    carried = model.diffusion
    steps = list(sample_steps(model, n=2, seed=0))
    assert len(steps) == 50 and SamplingPlayer(steps).to_png()
    again = load_model(save_model(model, tmp_path / "model.safetensors"))
    assert again.diffusion[1:] == model.diffusion[1:] and again.card == {}
    same(ours(again), ours(model))
    dls = garments(batch_size=8, n=32, n_valid=8, seed=0)
    before = [p.clone() for p in model.parameters()]
    train(dls, model, epochs=1, seed=0, progress=False)
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert model.diffusion[1:] == carried[1:] and (carried.variance, carried.clip) == ("small", False)
    theirs = pipeline.unet.state_dict()
    assert all(torch.equal(a, b) for a, b in zip(before, theirs.values(), strict=True)), "the pipeline keeps its own"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DDPMPipeline(network(), DDPMScheduler(variance_type="learned_range")), "variance_type"),
        (lambda: DDPMPipeline(network(out=2), DDPMScheduler()), "learned variance"),
        (lambda: DDPMPipeline(network(num_class_embeds=10), DDPMScheduler()), "classes"),
        (lambda: DDPMPipeline(network(), DDPMScheduler(thresholding=True)), "thresholding"),
        (lambda: DDPMPipeline(network(), DDPMScheduler(rescale_betas_zero_snr=True)), "between 0 and 1"),
        (lambda: DDPMPipeline(network(size=None), DDPMScheduler()), "sample_size"),
    ],
    ids=["learned", "two-answers", "classes", "thresholding", "no-signal", "no-size"],
)
def test_what_cannot_be_done_here_is_refused_in_one_sentence(make, said):
    with pytest.raises(ValueError, match=said) as e:
        from_diffusers(make())
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    ("described", "name"),
    [
        ({}, "clip_sample"),
        ({"clip_sample": False, "steps_offset": 1}, "steps_offset"),
        ({"clip_sample": False, "set_alpha_to_one": False}, "set_alpha_to_one"),
        ({"clip_sample": False, "timestep_spacing": "linspace"}, "timestep_spacing"),
    ],
)
def test_what_a_scheduler_does_otherwise_is_said(described, name):
    with pytest.warns(UserWarning, match=f"DDIMScheduler with its {name} draws somewhat different images than 'ddim'"):
        from_diffusers(DDIMPipeline(network(), DDIMScheduler(100, **described)))


def test_an_unknown_scheduler_is_said():
    with pytest.warns(UserWarning, match="PNDMScheduler is not among the samplers here"):
        model = from_diffusers(PNDMPipeline(network(), PNDMScheduler()))
    assert model.diffusion.sampler == "ddpm" and model.diffusion.schedule.T == 1000


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path, monkeypatch):
    model = from_diffusers(DDPMPipeline(network(), DDPMScheduler(50)))
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("keep me")
    for folder in (full, full / "mine.txt"):
        with pytest.raises(FileExistsError, match="choose a different one"):
            to_diffusers(model, folder)
    assert (full / "mine.txt").read_text() == "keep me"
    monkeypatch.setattr(DDPMPipeline, "save_pretrained", lambda *a: (_ for _ in ()).throw(OSError(28, "no space")))
    with pytest.raises(OSError, match="no space"):
        to_diffusers(model, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.parametrize("target", [torch.nn.Linear(1, 1), unet("small"), None, 3])
def test_to_diffusers_says_what_it_takes(target, tmp_path):
    with pytest.raises(
        ValueError, match="model must (be a UNet, a ScratchUNet or|carry `diffusion`, found a UNet)"
    ) as e:
        to_diffusers(target, tmp_path / "new")
    assert "\n" not in str(e.value) and not (tmp_path / "new").exists()


def test_a_learner_or_nan_is_not_written(tmp_path):
    model = from_diffusers(DDPMPipeline(network(), DDPMScheduler(50)))
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] = float("nan")
    with pytest.raises(ValueError, match="model must have finite weights, found NaN"):
        to_diffusers(model, tmp_path / "new")
    with pytest.raises(ValueError, match="found a Learner: pass its `ema_model`"):
        to_diffusers(Learner(model, garments(4, n=8, n_valid=4)), tmp_path / "new")
    with pytest.raises(OSError, match="must be a folder to write to"):
        to_diffusers(unet_with_diffusion(), "/dev/null/new")
    assert not list(tmp_path.iterdir())


def unet_with_diffusion():
    model = unet("nb17", block_out_channels=(8, 16), layers_per_block=1)
    model.diffusion = Diffusion(linear_schedule(50))
    return model


def test_a_range_that_diffusers_cannot_clip_to_is_refused(tmp_path):
    model = unet("nb17")
    model.diffusion = Diffusion(linear_schedule(), data_range=(0.0, 1.0))
    with pytest.raises(ValueError, match=r"symmetric about 0.*found \(0.0, 1.0\)"):
        to_diffusers(model, tmp_path / "new")


@pytest.mark.parametrize("source", ["nowhere/at-all", "", 3])
def test_what_is_no_pipeline_is_said(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises((FileNotFoundError, ValueError)) as e:
        from_diffusers(source)
    assert "\n" not in str(e.value) and "source must be" in str(e.value)


@pytest.mark.parametrize(
    "other",
    [{"algorithm_type": "sde-dpmsolver++"}, {"solver_order": 3}, {"use_karras_sigmas": True}, {"solver_type": "heun"}],
)
def test_a_solver_that_is_not_dpm_plus_plus_of_order_2_is_said(other):
    plain, changed = (
        DDPMPipeline(network(), DPMSolverMultistepScheduler(**FEW, timestep_spacing="trailing", **options))
        for options in ({}, other)
    )
    with pytest.warns(UserWarning, match=f"with its .*{next(iter(other))}.* draws somewhat different images"):
        assert from_diffusers(changed).diffusion.sampler == "dpm++"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        from_diffusers(plain)


def test_latents_are_refused():
    pipeline = DDPMPipeline(network(), DDPMScheduler(**FEW))
    pipeline.vqvae = torch.nn.Identity()
    with pytest.raises(ValueError, match="text, latents and flows have no counterpart here"):
        from_diffusers(pipeline)


def test_what_cannot_be_written_is_told_a_mend_that_works(tmp_path):
    layer = torch.nn.Linear(1, 1)
    layer.diffusion = Diffusion(linear_schedule())
    with pytest.raises(ValueError, match="model must be a UNet, a ScratchUNet or diffusers' UNet2DModel, found Linear"):
        to_diffusers(layer, tmp_path / "new")
    (file := tmp_path / "file").write_text("")
    net = unet("small", block_out_channels=(8, 16), norm_num_groups=8)
    net.diffusion = Diffusion(linear_schedule())
    with pytest.raises(FileExistsError, match="which is a file: choose a different one"):
        to_diffusers(net, file)
