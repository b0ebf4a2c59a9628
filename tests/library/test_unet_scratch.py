"""The U-Net from scratch against its reference: diffusers' UNet2DModel, with the same weights."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import ddpm_widgets as d
from ddpm_widgets import unet_scratch, weights
from ddpm_widgets.unet_scratch import sinusoidal
from ddpm_widgets.unets import UNet, description

TINY = {"widths": (8, 16), "groups": 4, "layers": 1, "patch": 2}
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 16, 16), np.uint8)
DLS = d.DataLoaders.from_arrays(IMAGES, [0] * 40, IMAGES[:8], [0] * 8, batch_size=8, size=16, seed=0)


def random_unet(preset="nb17", **overrides) -> UNet:
    "A network of diffusers in which every weight matters: norms do not start at 1, nor biases at 0."
    torch.manual_seed(0)
    net = d.unet(preset, **overrides)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn_like(p))
    return net


def their_answer(net, x, t, labels):
    out = net.unet(F.pixel_unshuffle(x, net.patch), t, class_labels=labels).sample
    return F.pixel_shuffle(out, net.patch)


def assert_same(net: UNet, shape, n=3) -> None:
    "The same answers, and the same gradient for the images and for every weight."
    net = net.double()  # in float32 gradients differ by how many threads add them up
    ours = d.ScratchUNet.from_diffusers(net).double()
    classes = net.unet.config.num_class_embeds
    labels = torch.arange(n) % classes if classes else None
    t = torch.tensor([0, 17, 999])[:n]
    x, mine = (
        torch.randn(n, *shape, generator=torch.Generator().manual_seed(1)).double().requires_grad_() for _ in range(2)
    )
    theirs = their_answer(net, x, t, labels)
    found = ours(mine, t) if labels is None else ours(mine, t, labels)
    torch.testing.assert_close(found, theirs, atol=1e-5, rtol=1e-5)
    weight = torch.randn(theirs.shape, generator=torch.Generator().manual_seed(2)) / theirs[0].numel() ** 0.5
    (theirs * weight).sum().backward()
    (found * weight).sum().backward()
    torch.testing.assert_close(mine.grad, x.grad, atol=1e-5, rtol=1e-4)
    grads = {name: p.grad for name, p in net.unet.named_parameters()}
    assert grads.keys() == dict(ours.named_parameters()).keys()
    for name, p in ours.named_parameters():
        torch.testing.assert_close(p.grad, grads[name], atol=1e-5, rtol=1e-4, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("classes", [None, 3], ids=["", "classes"])
@pytest.mark.parametrize("preset", ["nb15", "nb17", "small", "fast"])
def test_every_preset_is_diffusers(preset, classes):
    assert_same(random_unet(preset, num_class_embeds=classes), (1, 16, 16))


@pytest.mark.parametrize(
    ("overrides", "shape"),
    [
        ({"block_out_channels": (9, 15), "norm_num_groups": 3}, (1, 8, 8)),  # odd widths: one more number than waves
        ({"block_out_channels": (12, 20), "norm_num_groups": 4}, (1, 8, 12)),  # heads of 8 channels leave some over
        ({"block_out_channels": (16,), "norm_num_groups": 8}, (1, 4, 6)),  # no U at all
        ({"block_out_channels": (16, 8, 24), "layers_per_block": 3}, (1, 8, 8)),
        ({"block_out_channels": (8, 16), "in_channels": 3, "out_channels": 3, "patch": 4}, (3, 16, 16)),
        ({"block_out_channels": (8, 16), "in_channels": 2, "out_channels": 5}, (2, 8, 8)),
        ({"block_out_channels": (8, 16), "sample_size": (8, 4)}, (1, 8, 4)),
        ({"block_out_channels": (8, 16), "down_block_types": ("AttnDownBlock2D", "DownBlock2D"),
          "up_block_types": ("UpBlock2D", "AttnUpBlock2D")}, (1, 8, 8)),
    ],
)  # fmt: skip
def test_other_settings_are_diffusers(overrides, shape):
    assert_same(random_unet(**overrides), shape)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(
    groups=st.sampled_from([1, 2, 4]),
    factors=st.lists(st.integers(2, 5), min_size=1, max_size=3),
    layers=st.integers(1, 3),
    attention=st.lists(st.booleans(), min_size=3, max_size=3),
    patch=st.sampled_from([1, 2]),
    channels=st.integers(1, 3),
    classes=st.sampled_from([None, 2]),
)
def test_a_family_of_networks_is_diffusers(groups, factors, layers, attention, patch, channels, classes):
    here = attention[: len(factors)]
    overrides = {
        "block_out_channels": tuple(4 * f for f in factors[:-1]) + (8 * factors[-1],),
        "norm_num_groups": groups,
        "layers_per_block": layers,
        "down_block_types": tuple(
            "AttnDownBlock2D" if a and f > 1 else "DownBlock2D" for a, f in zip(here, factors, strict=True)
        ),
        "patch": patch,
        "in_channels": channels,
        "out_channels": channels,
        "num_class_embeds": classes,
    }
    overrides["up_block_types"] = tuple(k.replace("Down", "Up") for k in reversed(overrides["down_block_types"]))
    size = 2 * patch * 2 ** (len(factors) - 1)
    assert_same(random_unet(**overrides), (channels, size, 2 * size))


def test_an_untouched_unet2dmodel_is_taken_too():
    net = random_unet("small").unet
    ours = d.ScratchUNet.from_diffusers(net.eval())
    x, t = torch.randn(2, 4, 8, 8), torch.tensor([3, 700])
    with torch.no_grad():
        torch.testing.assert_close(ours(x, t), net(x, t).sample, atol=1e-5, rtol=1e-5)
    assert not ours.training
    net.load_state_dict(ours.state_dict())  # and back, by the same names


def test_the_timestep_is_a_number_or_one_for_each():
    ours, x = d.ScratchUNet(**TINY).eval(), torch.randn(2, 1, 8, 8)
    with torch.no_grad():
        each = ours(x, torch.tensor([7, 7]))
        for t in (7, torch.tensor(7), torch.tensor([7])):
            assert torch.equal(ours(x, t), each)


def test_the_waves_are_those_of_diffusers():
    from diffusers.models.embeddings import get_timestep_embedding

    t = torch.arange(1000)
    for dim in (2, 7, 48):
        theirs = get_timestep_embedding(t, dim, flip_sin_to_cos=True, downscale_freq_shift=0)
        torch.testing.assert_close(sinusoidal(t, dim), theirs, atol=0, rtol=0)


def test_it_is_at_most_150_lines():
    text = Path(unet_scratch.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150 and max(map(len, text.splitlines())) <= 120


# Everywhere a network is taken


def test_trained_alike_it_has_the_same_weights():
    theirs = d.init_ddpm(d.unet("nb17", patch=2, block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1))
    ours = d.ScratchUNet.from_diffusers(theirs)
    theirs, ours = (d.train(DLS, net, epochs=1, seed=0, progress=False) for net in (theirs, ours))
    np.testing.assert_allclose(ours.recorder.losses, theirs.recorder.losses, rtol=1e-5)
    for name, value in theirs.model.unet.state_dict().items():
        torch.testing.assert_close(ours.model.state_dict()[name], value, atol=1e-5, rtol=1e-4)
    pictures = [d.sample(learn.ema_model, n=2, steps=3, seed=0, progress=False) for learn in (ours, theirs)]
    torch.testing.assert_close(*pictures, atol=1e-4, rtol=1e-4)


def test_without_a_label_it_takes_the_last_class_as_unet_does():
    theirs = random_unet("small", num_class_embeds=4)
    ours, x, t = d.ScratchUNet.from_diffusers(theirs), torch.randn(2, 1, 16, 16), torch.tensor([3, 700])
    with torch.no_grad():
        torch.testing.assert_close(ours(x, t), theirs(x, t), atol=1e-5, rtol=1e-5)
        assert torch.equal(ours(x, t), ours(x, t, torch.tensor([3, 3])))
        assert not torch.allclose(ours(x, t), ours(x, t, torch.tensor([0, 1])), atol=1e-3)


def test_it_is_trained_and_guided_with_labels():
    dls = d.DataLoaders.from_arrays(
        IMAGES, [0, 1] * 20, IMAGES[:8], [0, 1] * 4, batch_size=8, size=16, seed=0, classes=("a", "b")
    )
    learn = d.train(dls, d.ScratchUNet(**TINY, classes=3), epochs=1, seed=0, labels=True, progress=False)
    pictures = d.sample(learn.ema_model, n=2, steps=2, seed=0, labels="a", guidance=2.0, progress=False)
    assert pictures.shape == (2, 1, 16, 16)


def test_it_begins_as_init_ddpm_says():
    net = d.init_ddpm(d.ScratchUNet((8, 16), groups=4, layers=1))
    blocks = [block for level in [*net.down_blocks, *net.up_blocks] for block in level.resnets]
    assert not any(block.conv2.weight.any() for block in blocks)
    down = net.down_blocks[0].downsamplers[0].conv.weight.flatten(1)
    torch.testing.assert_close(down @ down.T, torch.eye(8), atol=1e-5, rtol=0)
    with torch.no_grad():
        assert net(torch.randn(2, 1, 8, 8), 5).std() < 1e-6


def test_it_is_saved_and_loaded(tmp_path):
    net = d.ScratchUNet(**TINY)
    d.train(DLS, net, epochs=1, seed=0, progress=False, cbs=[d.Checkpoint(tmp_path / "run", 2)])
    found = d.load_model(d.save_model(net, tmp_path / "net.safetensors"))
    average = d.load_model(tmp_path / "run")
    assert type(found) is type(average) is d.ScratchUNet and found.diffusion.target == net.diffusion.target
    x = torch.randn(2, 1, 16, 16)
    with torch.no_grad():
        assert torch.equal(found(x, 3), net.eval()(x, 3)) and average(x, 3).shape == x.shape
    assert description(net) == {"scratch": net.settings}
    assert found.settings == {**net.settings, "widths": [8, 16]}  # as JSON has it


def test_what_was_replaced_is_not_described():
    net = d.ScratchUNet(**TINY)
    net.conv_out = nn.Conv2d(8, 3, 1)
    assert description(net) == {"network": "ScratchUNet"}


def test_the_shipped_network_draws_the_same_garments():
    theirs = d.pretrained()
    ours = d.ScratchUNet.from_diffusers(theirs)
    pictures = [d.sample(net, n=2, steps=5, seed=0, progress=False) for net in (ours, theirs)]
    torch.testing.assert_close(*pictures, atol=1e-4, rtol=1e-4)


def test_the_page_and_the_pipelines_of_diffusers_take_it(tmp_path):
    theirs = d.unet(patch=2, block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1)
    theirs.diffusion = d.Diffusion(d.linear_schedule(10), shape=(1, 16, 16), sampler="ddpm", steps=None)
    ours = d.ScratchUNet.from_diffusers(theirs)
    assert d.page_weights(ours, "fp32") == d.page_weights(theirs, "fp32")
    again = d.from_diffusers(d.to_diffusers(ours, tmp_path / "pipeline"))
    x = torch.randn(2, 1, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(again(x, 3), ours(x, 3), atol=1e-5, rtol=1e-5)


def test_it_is_copied_and_computes_in_half_precision():
    net = copy.deepcopy(d.ScratchUNet(**TINY)).bfloat16()
    assert net(torch.randn(2, 1, 8, 8, dtype=torch.bfloat16), torch.tensor([0, 9])).dtype == torch.bfloat16
    double = d.ScratchUNet.from_diffusers(d.unet("small").double())
    assert double.conv_in.weight.dtype == torch.float64


# What it refuses, in one sentence


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"act_fn": "relu"}, "act_fn='silu', found 'relu'"),
        ({"norm_eps": 1e-6}, "norm_eps"),
        ({"attention_head_dim": 16}, "attention_head_dim"),
        ({"resnet_time_scale_shift": "scale_shift"}, "resnet_time_scale_shift"),
        ({"downsample_type": "resnet"}, "downsample_type"),
        ({"class_embed_type": "identity"}, "class_embed_type"),
        ({"add_attention": False}, "add_attention"),
        ({"dropout": 0.1}, "dropout"),
        ({"up_block_types": ("UpBlock2D", "AttnUpBlock2D", "UpBlock2D")}, "up_block_types"),
    ],
)
def test_a_network_that_it_cannot_be_is_refused(overrides, words):
    with pytest.raises(ValueError, match=r"unet must have ") as e:
        d.ScratchUNet.from_diffusers(d.unet("small", **overrides))
    assert words in str(e.value) and str(e.value).count(". ") == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: d.ScratchUNet.from_diffusers(nn.Linear(1, 1)), "unet must be a UNet or diffusers' UNet2DModel"),
        (lambda: d.ScratchUNet((8, 20), groups=8), "8 groups cannot share 20 channels"),
        (lambda: d.ScratchUNet((4, 4), groups=4), "a level with attention must have 8 channels or more, found 4"),
        (lambda: d.ScratchUNet(**TINY)(torch.randn(1, 1, 6, 8), 0), "multiples of 4, found 6×8"),
        (lambda: d.ScratchUNet(**TINY)(torch.randn(1, 3, 8, 8), 0), "(n, 1, height, width)"),
        (lambda: d.ScratchUNet(**TINY)(torch.randn(1, 1, 8, 8), 0, torch.tensor([1])), "labels must"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(ValueError, match="^[^\n]*$") as e:
        call()
    assert words in str(e.value)


def test_a_file_that_asks_for_a_billion_layers_is_refused(tmp_path):
    net = d.ScratchUNet(**TINY)
    net.diffusion = d.Diffusion(d.linear_schedule(10))
    net.settings["layers"] = 10**9
    tensors = {**net.state_dict(), weights.BETAS: net.diffusion.schedule.betas64}
    words = {"scratch": net.settings, "diffusion": {**net.diffusion._asdict(), "schedule": "linear"}, "card": {}}
    path = weights.write_safetensors(tmp_path / "a.safetensors", tensors, **words)
    with pytest.raises(d.WeightsError, match="more layers than it holds"):
        d.load_model(path)
