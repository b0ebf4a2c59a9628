"Precision, recall and nearest distances, against values found by hand and by brute force; and faults that they must see."

import numpy as np
import pytest
import torch

from ddpm_widgets.neighbours import compare_nearest, nearest_distances, precision_recall

G = torch.Generator().manual_seed(0)


def line(*points):
    "Points on a line, in a plane."
    return torch.tensor([[float(x), 0.0] for x in points])


def brute_force(real, fake, k):
    "Equations 1 and 2, from all differences at once, in float64."
    real, fake = real.double().numpy(), fake.double().numpy()
    away = lambda a, b: np.sqrt(((a[:, None] - b) ** 2).sum(2))  # noqa: E731

    def inside(x, others):
        radii = np.sort(away(others, others) + np.diag([np.inf] * len(others)), 1)[:, k - 1]
        return (away(x, others) <= radii).any(1).mean()

    return inside(fake, real), inside(real, fake)


@pytest.mark.parametrize(
    "real, fake, k, expected",
    [
        (line(0, 1, 2), line(0, 1, 2), 1, (1, 1)),
        (line(0, 1, 2), line(-0.5, 2.5, 9, 10), 1, (0.5, 1)),  # balls of radius 1; theirs have 3, 3, 1 and 1
        (line(0, 1, 5, 6), line(0.3, 0.4, 0.5), 1, (1, 0)),  # one half missing, and the other hit between the points
        (line(0, 1, 2, 3), line(0, 1, 2, 6), 2, (0.75, 1)),  # 6 is 3 away from 3, whose ball has radius 2
        (line(0, 1, 2, 3), line(1, 1, 1, 1), 3, (1, 0.25)),  # one point, again and again: balls of radius 0
        (line(0, 2), line(1, 3), 3, (1, 1)),  # fewer images than neighbours: k = 1
    ],
)
def test_precision_and_recall_by_hand(real, fake, k, expected):
    assert precision_recall(real, fake, k) == pytest.approx(expected)


@pytest.mark.parametrize("n, m, k", [(40, 30, 1), (300, 270, 3)])
def test_precision_and_recall_by_brute_force(n, m, k):
    "More rows than are taken at a time, far from the origin."
    real, fake = 50 + torch.randn(n, 3, generator=G), 50.5 + 1.5 * torch.randn(m, 3, generator=G)
    assert precision_recall(real, fake, k) == pytest.approx(brute_force(real, fake, k))


def test_what_is_missing_lowers_recall_and_what_is_wrong_precision():
    "Ten classes, each a cloud."
    centres = 8 * torch.randn(10, 6, generator=G)
    draw = lambda classes: centres[classes] + torch.randn(len(classes), 6, generator=G)  # noqa: E731
    each = torch.arange(1000) % 10
    real, same = draw(each), draw(each)
    half = draw(each % 5)
    noisy = same + torch.randn(same.shape, generator=G)
    (p, r), (p_half, r_half), (p_noisy, _) = (precision_recall(real, x) for x in (same, half, noisy))
    assert min(p, r) > 0.8 and abs(p_half - p) < 0.05 and r_half == pytest.approx(r / 2, abs=0.05)
    assert p_noisy < p - 0.2


def test_nearest_distances_are_those_of_all_pairs():
    a, b = torch.randn(600, 5, generator=G).double() + 100, torch.randn(70, 5, generator=G).double() + 100
    expected = (a[:, None] - b).norm(dim=2).amin(1)
    assert torch.allclose(nearest_distances(a, b), expected)
    assert nearest_distances(b.float(), b.float()).max() < 1e-2, "far from the origin too"


@pytest.mark.parametrize("copies, ratio, near", [(0, 1, 0.01), (100, 0.95, 0.11), (1000, 0, 1)])
def test_copies_are_seen(copies, ratio, near):
    "Of 1,000 images; one in ten hardly moves the median, but the count of those that are very near sees them."
    train, new, held_out = (torch.randn(1000, 8, generator=G) for _ in range(3))
    images = torch.cat([train[:copies] + 1e-3 * torch.randn(copies, 8, generator=G), new[copies:]])
    away = nearest_distances(held_out, train)
    found = compare_nearest(nearest_distances(images, train), away)
    assert found == pytest.approx((ratio, near), abs=0.03)


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: precision_recall(torch.zeros(5, 2), torch.zeros(5, 3)), "from one judge, found 2 and 3 features"),
        (lambda: precision_recall(torch.zeros(1, 2), torch.zeros(5, 2)), "two images or more each, found 1 and 5"),
        (
            lambda: precision_recall(torch.zeros(5, 2), torch.zeros(5, 2), k=0),
            "k must be a whole number, 1 or more, found 0",
        ),
        (lambda: nearest_distances(torch.full((5, 2), torch.nan), torch.zeros(5, 2)), "images must be finite features"),
    ],
)
def test_bad_features_are_refused(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_features_are_called_what_they_were_passed_as():
    good = torch.rand(4, 3)
    with pytest.raises(ValueError, match="images and others must hold two images or more each, found 1 and 4"):
        nearest_distances(good[:1], good)
    with pytest.raises(ValueError, match="others must be finite features, found NaN or infinity"):
        nearest_distances(good, good * float("nan"))
