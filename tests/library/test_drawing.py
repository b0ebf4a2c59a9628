"The drawn garments: reproducible, quick, and near enough to the real thing."

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ddpm_widgets import drawing
from ddpm_widgets.datasets import read_fashion_mnist
from ddpm_widgets.drawing import (
    CLASSES,
    DRAW,
    Sheet,
    between,
    box,
    cover,
    curve,
    draw_garments,
    ellipse,
    limb,
)
from ddpm_widgets.images import image_grid


@pytest.fixture(scope="module")
def drawn():
    return draw_garments(2000, seed=0)


def test_what_comes_back(drawn):
    images, labels = drawn
    assert images.shape == (2000, 28, 28) and images.dtype == np.uint8
    assert labels.dtype == np.int64 and np.bincount(labels).tolist() == [200] * 10
    assert len(DRAW) == 10
    assert CLASSES[:5] == ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
    assert CLASSES[5:] == ("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
    assert (np.diff(labels) != 0).mean() > 0.8  # shuffled


def test_same_seed_same_clothes_whatever_the_threads(drawn, monkeypatch):
    monkeypatch.setattr(drawing, "ThreadPoolExecutor", lambda: ThreadPoolExecutor(max_workers=1))
    images, labels = draw_garments(2000, seed=0)
    assert np.array_equal(images, drawn[0]) and np.array_equal(labels, drawn[1])
    other, _ = draw_garments(2000, seed=1, labels=labels)
    assert (other != images).reshape(2000, -1).any(1).all()


def test_no_picture_twice(drawn):
    assert len(np.unique(drawn[0].reshape(2000, -1), axis=0)) == 2000


def test_labels_given_are_drawn(drawn):
    images, labels = draw_garments(30, labels=np.full(30, 1))
    assert labels.tolist() == [1] * 30
    assert (
        (images[:, 20:, 13:15] < 128).mean() > 0.8 > (images[:, 3:6, 13:15] < 128).mean()
    )  # light falls between two legs
    assert draw_garments(0)[0].shape == (0, 28, 28)
    for bad in ([0, 10], [0.5, 1.0], [[0, 1]], [0], [-1, 0]):
        with pytest.raises(ValueError, match="2 integers from 0 to 9"):
            draw_garments(2, labels=bad)


def test_every_picture_shows_something_and_leaves_room(drawn):
    light = drawn[0].reshape(2000, -1) > 20
    assert light.mean(1).min() > 0.03 and light.mean(1).max() < 0.9
    for c in range(10):  # clothes fill the frame, as in Fashion-MNIST
        images = drawn[0][drawn[1] == c] > 20
        height, width = images.any(2).sum(1).mean(), images.any(1).sum(1).mean()
        assert max(height, width) > 24, (CLASSES[c], height, width)


def test_classes_differ(drawn):
    "Nearest class mean names most of them: on Fashion-MNIST it is right for two in three."
    images, labels = drawn[0].reshape(2000, -1).astype(np.float32), drawn[1]
    means = np.stack([images[:1000][labels[:1000] == c].mean(0) for c in range(10)])
    guess = ((images[1000:, None] - means) ** 2).sum(2).argmin(1)
    assert (guess == labels[1000:]).mean() > 0.6


@pytest.mark.data
def test_near_the_real_ones(drawn, real):
    images, labels = real
    for c in range(10):
        mine, theirs = drawn[0][drawn[1] == c] / 255, images[labels == c] / 255
        assert abs(mine.mean() - theirs.mean()) < 0.06, CLASSES[c]
        assert abs((mine < 0.02).mean() - (theirs < 0.02).mean()) < 0.12, CLASSES[c]
        assert np.corrcoef(mine.mean(0).ravel(), theirs.mean(0).ravel())[0, 1] > 0.8, CLASSES[c]
    # someone who knows only the real ones (nearest neighbour of 5,000) names the drawn ones
    known, asked = images[:5000].reshape(5000, -1) / 255.0, drawn[0].reshape(2000, -1) / 255.0
    distance = (known**2).sum(1) - 2 * asked @ known.T
    right = labels[distance.argmin(1)] == drawn[1]
    assert right.mean() > 0.65
    assert {CLASSES[c] for c in range(10) if right[drawn[1] == c].mean() < 0.4} <= {"Shirt", "Coat"}


@pytest.fixture(scope="module")
def real():

    arrays = read_fashion_mnist(os.environ["DDPM_WIDGETS_DATA"])
    return arrays[2], arrays[3]


def test_a_hundred_thousand_a_minute():
    "60,000 in 20 s on two cores: 0.67 ms of processor for each picture."
    start = time.process_time()
    draw_garments(3000)
    assert time.process_time() - start < 3000 * 0.00067


def test_area_of_shapes():
    s = Sheet(1, np.random.default_rng(0))
    x, y = s.x, s.y - 14
    assert cover(ellipse(x, y, 11, 6)).sum() == pytest.approx(np.pi * 66, rel=0.02)
    assert cover(box(x, y, 9.3, 4.6)).sum() == pytest.approx(4 * 9.3 * 4.6, rel=0.01)
    rounded = cover(box(x, y, 9, 5, 3)).sum()
    assert rounded == pytest.approx(4 * 45 - (4 - np.pi) * 9, rel=0.01)
    assert cover(limb(x, y, -6, -6, 6, 6, 2, 3)).sum() == pytest.approx(72**0.5 * 2 * 5, rel=0.03)
    r = np.hypot(x, y)
    rim = np.abs(9 - r) < 1  # near its edge, an ellipse's value is the distance in pixels
    assert np.abs(ellipse(x, y, 9, 9) - (9 - r))[rim].max() < 0.1
    side = curve(s.y, (0, 2.0), (28, 12.0))
    assert cover(between(s.x, -side, side)).sum() == pytest.approx(28 * 14, rel=0.02)
    assert curve(s.y, (5, 1.0), (10, 3.0), (20, 0.0)).ravel()[[0, 7, 27]].tolist() == pytest.approx([1, 2, 0])


def test_image_grid():
    black, white = np.zeros((3, 1, 28, 28), np.uint8), np.full((3, 1, 28, 28), 1.0)
    assert image_grid(black, columns=2, zoom=2).size == (57 * 2, 57 * 2)
    assert np.array(image_grid(white, columns=3, zoom=1))[5].tolist() == ([255] * 28 + [0]) * 2 + [255] * 28
    assert np.array(image_grid(white * 0, columns=3, zoom=1)).max() == 128
    assert np.array(image_grid(white * 0.5, columns=3, zoom=1, range=(0, 1))).max() == 128
