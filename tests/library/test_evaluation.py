"The judge, the two distances, and what `evaluate` says of a model."

import re

import numpy as np
import pytest
import torch
from torch import nn

from ddpm_widgets import DataLoaders, Diffusion, cosine_schedule, evaluate, fashion_mnist, fid, garments, kid
from ddpm_widgets import evaluation as module
from ddpm_widgets.data import dataset_of
from ddpm_widgets.evaluation import Classifier, classifier, features, fingerprint
from ddpm_widgets.judges import SECOND_JUDGE, Mixer, _quantise, load_classifier, save_classifier, second_judge

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


def test_a_judge_may_see_colours(tmp_path):
    judge = Classifier(channels=3, side=32).eval()
    red = torch.full((2, 3, 32, 32), -1.0)
    red[:, 0] = 0.5
    same_grey = red.mean(1, keepdim=True).expand(2, 3, 32, 32)
    assert torch.equal(features(red), features(same_grey)) and not torch.equal(
        features(red, judge), features(same_grey, judge)
    )
    with pytest.raises(ValueError, match="images must be in colour"):
        features(red[:, :1], judge)
    corner = red.clone()
    corner[:, :, 0, 0] = 1.0  # the whole 32×32 is seen, and of a larger picture the middle
    assert not torch.equal(features(corner, judge), features(red, judge))
    larger = torch.nn.functional.pad(red, (3, 3, 4, 4))
    assert torch.equal(features(larger, judge), features(red, judge))
    save_classifier(judge, tmp_path / "judge.safetensors", epochs=0)
    again = load_classifier(tmp_path / "judge.safetensors")
    assert (again.channels, again.side, again.card["epochs"]) == (3, 32, 0) and not again.training
    assert torch.allclose(features(red, again), features(red, judge), atol=1e-2)


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


# The second judge


@pytest.mark.data
@pytest.mark.slow
def test_a_linear_probe_reads_the_second_judge():
    "Least squares on the features of 20,000 images, tested on 10,000: no label was used in its training."
    dls, judge = fashion_mnist(500), second_judge()
    x, v = (
        features(dataset_of(d).batch(range(n))[0], judge, known=True)
        for d, n in ((dls.train, 20_000), (dls.valid, 10_000))
    )
    x, v = (torch.cat([one, torch.ones(len(one), 1)], 1).double() for one in (x, v))
    targets = torch.nn.functional.one_hot(dataset_of(dls.train).labels[:20_000], 10).double()
    right = ((v @ torch.linalg.lstsq(x, targets).solution).argmax(1) == dataset_of(dls.valid).labels).double().mean()
    assert right > PROBE, f"{right:.3f}"


PROBE = 0.8


def test_the_second_judge_is_small_and_each_caller_has_its_own():
    a, b = second_judge(), second_judge()
    assert SECOND_JUDGE.stat().st_size <= 1_200_000 and not a.training and fingerprint(a) == fingerprint(b)
    with torch.no_grad():
        a.norm.weight.zero_()
    assert fingerprint(a) != fingerprint(b) == fingerprint(second_judge())


@pytest.mark.parametrize("side", [28, 30, 32, 40])
def test_the_second_judge_sees_the_middle_32_pixels(side):
    judge = Mixer().eval()
    x = torch.rand(3, 1, 28, 28, generator=G) * 2 - 1
    rim = (side - 28) // 2
    padded = torch.nn.functional.pad(x, (rim, side - 28 - rim, rim, side - 28 - rim), value=-1.0)
    with torch.no_grad():
        assert torch.allclose(judge(padded), judge(x), atol=1e-6) and judge(x).shape == (3, 192)


@pytest.mark.data
@pytest.mark.slow
def test_each_judge_sees_what_the_other_overlooks_and_both_see_damage():
    "1,024 photographs with faults: how many times the FID of undamaged ones, by the first judge and by the second."
    dls = fashion_mnist(500)
    x, labels = dataset_of(dls.valid).batch(range(2048))
    row = torch.tensor([1.0, 8, 1]) / 10
    kernel, noise, rim = torch.outer(row, row)[None, None], torch.randn(x.shape, generator=G), x.clone()
    blurred = torch.nn.functional.conv2d(torch.nn.functional.pad(x, (1, 1, 1, 1), value=-1.0), kernel)
    twice = torch.nn.functional.conv2d(torch.nn.functional.pad(blurred, (1, 1, 1, 1), value=-1.0), kernel)
    rim[..., :2] = -0.5
    sets = {
        "blur": (blurred, twice),
        "noise": (x + 0.05 * noise, x + 0.1 * noise),
        "missing": (x[labels != 8], x[(labels != 8) & (labels != 9)]),
        "repeated": (x[:256].repeat(4, 1, 1, 1), x[:64].repeat(16, 1, 1, 1)),
        "mirrored": (torch.cat([x[:512].flip(-1), x[512:]]), x.flip(-1)),
        "shifted": (x.roll(1, -1), x.roll(2, -1)),
        "rim": (rim,),
    }
    found = []
    for judge in (classifier(), second_judge()):
        real = module.reference_features(dls, judge, progress=False)
        score = lambda i, judge=judge, real=real: fid(real, features(i[:1024], judge, known=True))  # noqa: E731
        usual = score(x)
        found.append({name: [score(damaged) / usual for damaged in levels] for name, levels in sets.items()})
        for name, levels in list(found[-1].items())[:-1]:
            assert 0.95 < levels[0] < levels[1] and levels[1] > 1.3, f"{name}: {levels}"
    for name in ("mirrored", "shifted", "rim"):
        first, second = (by[name][0] for by in found)
        assert second > 4 > 2 > first, f"{name}: {first}, {second}"


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


@pytest.mark.parametrize(
    "images, moved",
    [
        ("train", {"nearest": "less", "very_near": "more"}),
        ("half", {"recall": "less", "precision": "same"}),
        ("noise", {"precision": "less", "nearest": "more"}),
    ],
)
def test_faults_of_neighbours_are_seen(images, moved, dls, tmp_path):
    "Copies of training images; half of the classes missing; noise. Compared with what held-out images score."
    train, valid = dataset_of(dls.train), dataset_of(dls.valid)
    x = {
        "train": train.batch(range(300))[0],
        "half": train.batch((train.labels < 5).nonzero().flatten()[:300].tolist())[0],
        "noise": valid.batch(range(300))[0] + 0.3 * torch.randn(300, 1, 32, 32, generator=G),
    }[images]
    found = evaluate(x, dls=dls, cache=tmp_path, progress=False)
    usual = {"precision": found.floor_precision, "recall": found.floor_recall, "nearest": 1.0, "very_near": 0.01}
    for name, way in moved.items():
        more = getattr(found, name) - usual[name]
        assert {"less": more < -0.2, "more": more > 0.1, "same": more > -0.1}[way], f"{name}: {more:+.2f}"


def test_held_out_images_are_as_near_as_themselves(dls, tmp_path):
    found = evaluate(held_out(dls), dls=dls, cache=tmp_path, progress=False)
    assert found.nearest == 1 and found.very_near == pytest.approx(0.01, abs=0.004)
    assert (found.precision, found.recall) == (found.floor_precision, found.floor_recall)
    assert found.second_fid == found.floor_second_fid > 0
    for part in ("second judge", "precision", "recall", "nearest", "very near", fingerprint(second_judge())[:12]):
        assert part in repr(found), part


@pytest.mark.parametrize("way", ["own judge", "colour", "larger"])
def test_the_second_judge_is_left_out_where_it_knows_nothing(way, dls, tmp_path):
    grey = lambda n, side, channels: torch.randint(0, 255, (n, channels, side, side), dtype=torch.uint8, generator=G)  # noqa: E731
    side, channels = {"own judge": (32, 1), "colour": (32, 3), "larger": (48, 1)}[way]
    images, new, labels = grey(24, side, channels), grey(12, side, channels), torch.zeros(24, dtype=torch.int64)
    data = DataLoaders.from_arrays(images, labels, new, labels[:12], size=side)
    judge = Classifier().eval() if way == "own judge" else None
    found = evaluate(images[12:], dls=data, judge=judge, cache=tmp_path, progress=False)
    assert found.second_fid is None and found.second_fids == () and "second judge" not in repr(found)
    assert found.nearest < 0.1 and "features of the same judge" in repr(found), "the neighbours are still there"


def test_reference_features_are_computed_once(dls, tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr(module, "features", lambda x, *a, f=features, **k: looked.append(len(x)) or f(x, *a, **k))
    first = evaluate(held_out(dls, 20), dls=dls, cache=tmp_path, progress=False)
    assert looked.count(600) == 2, "once for each judge"
    looked.clear()
    assert evaluate(held_out(dls, 20), dls=dls, cache=tmp_path, progress=False).fid == first.fid
    assert 600 not in looked
    kept, second = sorted(tmp_path.glob("features-*.safetensors"), key=lambda p: -p.stat().st_size)
    kept.write_bytes(kept.read_bytes()[:1000])  # cut short: computed again, and mended
    assert evaluate(held_out(dls, 20), dls=dls, cache=tmp_path, progress=False).fid == first.fid
    assert looked.count(600) == 1 and kept.stat().st_size > 600 * 256 * 4 > second.stat().st_size > 600 * 192 * 4
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


def test_images_smaller_than_a_judge_looks_at_are_refused():
    with pytest.raises(ValueError, match="images must have 32 pixels or more a side for this judge"):
        features(torch.rand(2, 1, 28, 28) * 2 - 1, Classifier(side=32))


def test_a_judge_left_in_training_mode_judges_the_same_and_stays_as_it_is():
    images, judge = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1, classifier()
    calm, before = features(images, judge), fingerprint(judge)
    assert torch.equal(features(images, judge.train()), calm) and judge.training and fingerprint(judge) == before


def test_a_wrong_number_of_labels_is_refused_before_any_work(monkeypatch):
    monkeypatch.setattr(module, "reference_features", lambda *_: pytest.fail("too late"))
    net = nn.Conv2d(1, 1, 1)
    net.diffusion = Diffusion(cosine_schedule(), classes=("a", "b"))
    with pytest.raises(ValueError, match="labels must be one class, or one for each of the 100 images, found 2"):
        evaluate(net, 100, labels=[0, 1], dls=garments(n=64, n_valid=16))
