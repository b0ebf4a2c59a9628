"The judge, the two distances, and what `evaluate` says of a model."

import re

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_widgets import Diffusion, cosine_schedule, evaluate, fashion_mnist, fid, garments, kid
from ddpm_widgets import evaluation as module
from ddpm_widgets.data import dataset_of
from ddpm_widgets.evaluation import Classifier, _quantise, classifier, features, fingerprint

G = torch.Generator().manual_seed(0)


@pytest.fixture(scope="module")
def dls():
    return garments(n=600, n_valid=300)


def held_out(dls, n=300):
    return dataset_of(dls.valid).batch(range(n))[0]


class Painter(nn.Module):
    "A model that answers every question with grey, so that samples are cheap; it carries what `sample` must know."

    def __init__(self, steps=3):
        super().__init__()
        self.diffusion = Diffusion(cosine_schedule(), "x0", sampler="ddim", steps=steps)

    def forward(self, x_t, t):
        return 0.5 * x_t


# The judge


@pytest.mark.data
@pytest.mark.slow
def test_the_classifier_is_as_good_as_its_card_says():
    dls, judge = fashion_mnist(500), classifier()
    with torch.inference_mode():
        right = sum(int((judge(x).argmax(1) == y).sum()) for x, y in dls.valid)
    assert right / 10_000 >= 0.94
    assert right / 10_000 == pytest.approx(judge.card["test_accuracy"], abs=5e-4)  # half precision in the file


def test_each_caller_has_a_classifier_of_his_own():
    a, b = classifier(), classifier()
    assert not a.training and re.fullmatch(r"[0-9a-f]{64}", fingerprint(a)) and fingerprint(a) == fingerprint(b)
    with torch.no_grad():
        a.head.weight.zero_()
    assert fingerprint(a) != fingerprint(b)
    assert classifier().head.weight.abs().sum() > 0 and b.head.weight.abs().sum() > 0


def test_padding_does_not_change_features():
    judge = Classifier().eval()
    x = torch.rand(3, 1, 28, 28, generator=G) * 2 - 1
    padded = torch.nn.functional.pad(x, (2, 2, 2, 2), value=-1.0)
    with torch.no_grad():
        assert torch.equal(judge.features(x), judge.features(padded))
    assert judge.features(x).shape == (3, 256)


def test_dropout_is_for_training_only():
    judge, x = Classifier(dropout=0.5), torch.randn(4, 1, 28, 28, generator=G)
    judge.eval()
    assert torch.equal(judge(x), judge(x))
    judge.dropout.train()
    assert not torch.equal(judge(x), judge(x))


# Features


def test_images_are_judged_as_they_would_be_saved():
    x = torch.tensor([-3.0, -1.0, 0.0, 0.003, 1.0, 7.0]).view(1, 1, 1, 6).expand(1, 1, 28, 6).repeat(1, 1, 1, 5)
    seen = _quantise(x)
    assert seen.min() == -1 and seen.max() == 1
    levels = (seen + 1) * 127.5
    assert torch.allclose(levels, levels.round(), atol=1e-4)
    assert torch.equal(_quantise(x.expand(1, 3, 28, 30)), seen)  # colours are averaged


@pytest.mark.parametrize(
    "bad, says",
    [
        (torch.zeros(4, 28, 28), r"\(4, 28, 28\)"),
        (torch.zeros(4, 1, 16, 16), r"28 pixels or more, found \(4, 1, 16, 16\)"),
        (torch.zeros(4, 2, 32, 32), r"1 or 3"),
        (torch.full((4, 1, 32, 32), torch.nan), r"NaN or infinity in 4 of 4"),
    ],
)
def test_features_refuse_what_is_no_image(bad, says):
    with pytest.raises(ValueError, match=says):
        features(bad)


def test_features_do_not_depend_on_the_batch():
    x = torch.rand(10, 1, 32, 32, generator=G) * 2 - 1
    assert torch.allclose(features(x, batch_size=10), features(x, batch_size=3), atol=1e-5)


# The distances


def numpy_fid(a, b):
    "Equation 6 of the paper, by eigenvalues of a symmetric matrix."
    a, b = a.double().numpy(), b.double().numpy()
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    w, v = np.linalg.eigh(s1)
    root = v @ np.diag(np.sqrt(w.clip(0))) @ v.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ s2 @ root).clip(0)).sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * cross


def test_fid_is_the_formula():
    a = torch.randn(500, 12, generator=G) @ torch.randn(12, 12, generator=G)
    b = torch.randn(400, 12, generator=G) + 0.3
    assert fid(a, b) == pytest.approx(numpy_fid(a, b), rel=1e-6)
    assert fid(a, a) == pytest.approx(0, abs=1e-6)


def test_kid_is_the_formula():
    a, b = torch.randn(60, 5, generator=G).double(), (torch.randn(60, 5, generator=G) + 0.5).double()
    k = lambda x, y: (x @ y.T / 5 + 1) ** 3  # noqa: E731
    off = lambda m: (m.sum() - m.diagonal().sum()) / (60 * 59)  # noqa: E731
    expected = off(k(a, a)) + off(k(b, b)) - 2 * k(a, b).mean()
    assert kid(a, b, subsets=1) == pytest.approx(float(expected), rel=1e-9)


def test_kid_draws_the_same_subsets_every_time_and_leaves_the_global_generator_alone():
    a, b = torch.randn(50, 4, generator=G), torch.randn(80, 4, generator=G)
    before = torch.random.get_rng_state()
    first = kid(a, b, subset_size=20)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(8)
    assert kid(a, b, subset_size=20) == first, "wherever the global generator stands"


def test_a_distance_needs_two_images():
    with pytest.raises(ValueError, match="two images or more each, found 1 and 5"):
        fid(torch.zeros(1, 4), torch.zeros(5, 4))


# evaluate


def test_real_images_score_the_floor(dls, tmp_path):
    found = evaluate(held_out(dls), dls=dls, cache=tmp_path, progress=False)
    assert found.fid == found.floor_fid > 0 and found.kid == found.floor_kid and found.n == 300
    worse = evaluate(
        held_out(dls) + 0.1 * torch.randn(300, 1, 32, 32, generator=G), dls=dls, cache=tmp_path, progress=False
    )
    assert worse.fid > found.fid and worse.kid > found.kid


def test_a_report_can_be_reproduced(dls, tmp_path):
    options = {"n": 40, "dls": dls, "cache": tmp_path, "progress": False, "seeds": (5, 6), "eta": 0.5}
    found = evaluate(Painter(), **options)
    again = evaluate(Painter(), **{**options, "batch_size": 7})
    assert found.fids == pytest.approx(again.fids, rel=1e-3) and found.fids[0] != found.fids[1]
    assert found.fid == pytest.approx(sum(found.fids) / 2) and found.fid_range == max(found.fids) - min(found.fids)
    said = repr(found)
    for part in (
        "40 images",
        "seeds 5, 6",
        "ddim, 3 steps, eta 0.5",
        "cosine",
        "target x0",
        "first 40 held out",
        "256 levels",
    ):
        assert part in said, f"{part!r} is missing in\n{said}"
    assert fingerprint(classifier())[:12] in said


def test_the_floor_says_when_there_are_not_enough_real_images(dls, tmp_path):
    found = evaluate(Painter(), n=310, seeds=(0,), dls=dls, cache=tmp_path, progress=False)
    assert "the first 300 held out, all there are, instead of 310" in repr(found)
    assert np.isnan(found.fid_range) and "seeds from" not in repr(found)


def test_the_global_generator_is_not_touched(dls, tmp_path):
    before = torch.random.get_rng_state()
    evaluate(Painter(), n=8, seeds=(0,), dls=dls, cache=tmp_path, progress=False)
    assert torch.equal(before, torch.random.get_rng_state())


def test_reference_features_are_computed_once(dls, tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr(module, "features", lambda x, *a, f=features, **k: looked.append(len(x)) or f(x, *a, **k))
    first = evaluate(held_out(dls, 20), dls=dls, cache=tmp_path, progress=False)
    assert 600 in looked
    looked.clear()
    assert evaluate(held_out(dls, 20), dls=dls, cache=tmp_path, progress=False).fid == first.fid
    assert 600 not in looked
    (kept,) = tmp_path.glob("features-*.safetensors")
    kept.write_bytes(kept.read_bytes()[:1000])  # cut short: computed again, and mended
    assert evaluate(held_out(dls, 20), dls=dls, cache=tmp_path, progress=False).fid == first.fid
    assert 600 in looked and kept.stat().st_size > 600 * 256 * 4
    looked.clear()
    evaluate(held_out(dls, 20), dls=dls, judge=Classifier().eval(), cache=tmp_path, progress=False)
    assert 600 in looked, "another judge, other features"
    other = garments(n=600, n_valid=300, seed=1)
    looked.clear()
    evaluate(held_out(dls, 20), dls=other, cache=tmp_path, progress=False)
    assert 600 in looked, "other data, other features"


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda d: evaluate(Painter(), n=1, dls=d), "n must be a whole number from 2 to 2147483647, found 1"),
        (lambda d: evaluate(Painter(), n=2.5, dls=d), "found 2.5"),
        (lambda d: evaluate(Painter(), seeds=(), dls=d), r"whole numbers, one or more, found \(\)"),
        (
            lambda d: evaluate(torch.zeros(4, 1, 32, 32), steps=5, dls=d),
            "steps must be left out where images are given, found 5",
        ),
        (lambda d: evaluate(Painter(), sampler="runge", dls=d), "sampler must be one of"),
        (lambda d: evaluate(nn.Identity(), dls=d), "carries no schedule"),
    ],
)
def test_bad_input_is_refused_before_any_work(dls, call, says, monkeypatch):
    monkeypatch.setattr(module, "features", lambda *a, **k: pytest.fail("worked before it looked"))
    with pytest.raises(ValueError, match=says):
        call(dls)
