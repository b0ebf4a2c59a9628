"""Muon: against PyTorch's own where that exists, and as a part of a run."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ddpm_widgets import Checkpoint, Muon, garments, train, unet
from ddpm_widgets.muon import orthogonal

TINY = {"block_out_channels": (8, 16), "layers_per_block": 1}


def after(opt, weight, steps=5):
    "A weight after some steps along the same gradients."
    p = nn.Parameter(weight.clone())
    run, g = opt([p]), torch.Generator().manual_seed(1)
    for _ in range(steps):
        p.grad = torch.randn(p.shape, generator=g)
        run.step()
    return p.detach()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(1e-6, 1e6), st.integers(0, 99))
def test_it_turns_and_keeps_the_directions(rows, cols, scale, seed):
    m = torch.randn(rows, cols, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    turned = orthogonal(scale * m, steps=8, dtype=torch.float64)
    u, s, v = torch.linalg.svd(m, full_matrices=False)
    own = u.mT @ turned @ v.mT  # in the directions of m it is diagonal
    clear = s > 1e-3 * s[0]  # the polynomial lifts what is not next to nothing
    assert (own - own.diag().diag()).abs().max() < 1e-6
    assert ((own.diag()[clear] > 0.6) & (own.diag()[clear] < 1.3)).all()


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="PyTorch has its own Muon since 2.9")
@pytest.mark.parametrize("shape", [(24, 60), (60, 24), (32, 32)])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_parity_with_pytorch(shape, decay, monkeypatch):
    w = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    theirs = {"lr": 0.01, "weight_decay": decay, "momentum": 0.9, "adjust_lr_fn": "match_rms_adamw"}

    def ours(params, dtype):
        opt = Muon(params, lr=0.01, weight_decay=decay, momentum=0.9)
        opt.dtype = dtype
        return opt

    expected = after(lambda p: torch.optim.Muon(p, **theirs), w)
    moved = (expected - w).abs().mean()
    # theirs is bfloat16 throughout; two ways to round are as far apart as their digits
    assert (after(lambda p: ours(p, torch.bfloat16), w) - expected).abs().mean() < 0.05 * moved
    assert (after(lambda p: ours(p, torch.float32), w) - expected).abs().mean() < 0.05 * moved


def test_a_kernel_is_a_matrix_and_the_rest_is_adamw():
    w = torch.randn(24, 15, 2, 2, generator=torch.Generator().manual_seed(0))

    def flat(params):
        [p] = params
        grown = nn.Parameter(p.data.view(24, 60))
        run = Muon([grown], lr=0.01)
        step = run.step

        def both():
            grown.grad = p.grad.view(24, 60)
            step()

        run.step = both
        return run

    torch.testing.assert_close(after(lambda p: Muon(p, lr=0.01), w), after(flat, w))
    for shape in ((60,), (4, 60), (60, 3, 2, 2)):  # no matrix, or a thin one
        w = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        expected = after(lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.01), w)
        torch.testing.assert_close(after(lambda p: Muon(p, lr=0.01), w), expected)


def test_all_weights_go_one_way_or_the_other():
    model = unet("fast")
    groups = Muon(model.parameters()).param_groups
    assert sum(len(g["params"]) for g in groups) == len(list(model.parameters()))
    names = {id(p): name for name, p in model.named_parameters()}
    by_number = {names[id(p)] for p in groups[1]["params"]}
    assert {name for name in by_number if name.endswith("weight") and "norm" not in name} == {"unet.conv_out.weight"}


def test_weights_without_a_gradient_stay():
    used, unused = nn.Parameter(torch.ones(20, 20)), nn.Parameter(torch.ones(20, 20))
    opt = Muon([used, unused])
    used.grad = torch.eye(20)
    opt.step()
    assert (unused == 1).all() and not (used == 1).all()


@pytest.mark.parametrize(
    "bad", [{"lr": -1}, {"lr": float("nan")}, {"momentum": 1}, {"steps": 0}, {"least": 0}, {"weight_decay": -1}]
)
def test_bad_input(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Muon([nn.Parameter(torch.ones(20, 20))], **bad)


def test_a_run_goes_on_to_the_last_bit(tmp_path):
    def run(epochs, **kwargs):
        torch.manual_seed(0)
        dls = garments(n=96, n_valid=16, batch_size=16, seed=0)  # anew: loaders know the order that comes next
        return train(dls, unet("nb17", **TINY), epochs=epochs, opt_func=Muon, seed=0, progress=False, **kwargs)

    class Stop:
        def after_step(self, learn):
            if learn.steps == 8:
                learn.stop("enough")

    whole = run(2)
    run(2, cbs=[Checkpoint(tmp_path, every=4), Stop()])
    resumed = run(2, cbs=[Checkpoint(tmp_path, every=4)], resume=tmp_path)
    assert resumed.steps == whole.steps
    for a, b in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)
