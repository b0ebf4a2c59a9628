"Fashion-MNIST on its way to you, and everything that can happen to it there."

import gzip
import hashlib
import http.server
import io
import itertools
import logging
import multiprocessing
import os
import pickle
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import warnings
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from torch.utils.data import DataLoader

from ddpm_widgets import datasets, downloads
from ddpm_widgets.data import DataError, DataLoaders, ImageDataset, pad, scale
from ddpm_widgets.datasets import FASHION_MNIST_FILES, cifar10, fashion_mnist, garments, image_folder, read_idx
from ddpm_widgets.downloads import Unavailable, download_files
from ddpm_widgets.drawing import CLASSES, draw_garments

TRAIN, TRAIN_LABELS, TEST, TEST_LABELS = FASHION_MNIST_FILES
CHECKSUMS = dict(FASHION_MNIST_FILES)
IMAGES, _ = draw_garments(3)


def idx(array: np.ndarray) -> bytes:
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()
    )


def one_sentence(error: BaseException, *words: str) -> str:
    text = str(error)
    assert text.endswith(".") and "\n" not in text and ". " not in text, text
    for word in words:
        assert word in text, (word, text)
    return text


@pytest.fixture(scope="session")
def arrays():
    images, labels = draw_garments(160, seed=5)
    return images[:120], labels[:120], images[120:], labels[120:]


@pytest.fixture
def mini(tmp_path, arrays):
    "A folder with four small files in the official format."
    folder = tmp_path / "mini" / "fashion-mnist"
    folder.mkdir(parents=True)
    for name, array in zip(FASHION_MNIST_FILES, arrays, strict=True):
        (folder / name).write_bytes(gzip.compress(idx(array)))
    return folder


@pytest.fixture(autouse=True)
def far_from_home(monkeypatch, tmp_path, request):
    "No test sees this machine's cache; only those marked `data` see its files."
    monkeypatch.setattr(datasets, "cache_folder", lambda name: tmp_path / name)
    if not request.node.get_closest_marker("data"):
        monkeypatch.delenv("DDPM_WIDGETS_DATA", raising=False)


# ---- batches


def test_a_batch(arrays):
    dls = DataLoaders.from_arrays(*arrays, batch_size=50, seed=0)
    x, y = next(iter(dls.train))
    assert x.shape == (50, 1, 32, 32) and x.dtype == torch.float32 and x.is_contiguous()
    assert y.shape == (50,) and y.dtype == torch.int64
    assert dls.range == (-1.0, 1.0) and dls.classes == tuple("0123456789") and dls.source == "arrays"
    assert [len(x) for x, _ in dls.train] == [50, 50, 20] and [len(x) for x, _ in dls.valid] == [40]


def test_pixels_are_exact(arrays):
    dls = DataLoaders.from_arrays(*arrays, batch_size=40)
    x, y = next(iter(dls.valid))
    expected = np.full((40, 32, 32), -1.0)
    expected[:, 2:30, 2:30] = arrays[2] / 127.5 - 1
    assert np.abs(x[:, 0].numpy() - expected).max() < 1e-6
    assert y.tolist() == arrays[3].tolist()
    assert torch.equal(dls.valid.dataset[7][0], x[7]) and dls.valid.dataset[7][1] == y[7]
    back = ((x[:, 0, 2:30, 2:30] + 1) * 127.5).round().to(torch.uint8)
    assert np.array_equal(back.numpy(), arrays[2])


def test_scale_reaches_both_ends():
    levels = scale(torch.arange(256, dtype=torch.uint8))
    assert levels[0] == -1 and levels[255] == 1 and levels.dtype == torch.float32
    assert torch.allclose(levels.diff(), torch.tensor(2 / 255), atol=1e-6)
    assert torch.allclose(levels, -levels.flip(0), atol=1e-6)  # symmetric: no grey level is favoured


def test_pad():
    white = torch.full((2, 1, 28, 28), 255, dtype=torch.uint8)
    square = pad(white, 32)
    assert square[..., 2:30, 2:30].min() == 255 and square.sum() == white.sum()
    assert pad(white, 28).equal(white) and pad(white, 33).sum() == white.sum()
    with pytest.raises(DataError, match="size must be 28 or more for images of 28×28, found 27") as e:
        pad(white, 27)
    one_sentence(e.value)


def test_training_is_shuffled_validation_is_not(arrays):
    dls = DataLoaders.from_arrays(*arrays, batch_size=32, seed=3)
    epochs = [torch.cat([x for x, _ in dls.train]).flatten(1) for _ in range(2)]
    in_order = dls.train.dataset.batch(range(120))[0].flatten(1)
    rows = [sorted(map(tuple, e.tolist())) for e in (*epochs, in_order)]
    assert rows[0] == rows[1] == rows[2]  # every picture once
    assert not epochs[0].equal(epochs[1]) and not epochs[0].equal(in_order)
    valid = [torch.cat([x for x, _ in dls.valid]) for _ in range(2)]
    assert valid[0].equal(valid[1]) and valid[0].equal(dls.valid.dataset.batch(range(40))[0])


def labels_of_two_epochs(dls):
    return [torch.cat([y for _, y in dls.train]).tolist() for _ in range(2)]


def test_labels_stay_with_their_images(arrays):
    dls = DataLoaders.from_arrays(*arrays, batch_size=32, seed=3)
    label = {image.tobytes(): y for image, y in zip(arrays[0], arrays[1], strict=True)}
    for x, y in dls.train:
        images = ((x[:, 0, 2:30, 2:30] + 1) * 127.5).round().to(torch.uint8).numpy()
        assert [label[np.ascontiguousarray(i).tobytes()] for i in images] == y.tolist()


def test_the_seed_rules_the_order(arrays):
    def order(seed):
        return labels_of_two_epochs(DataLoaders.from_arrays(*arrays, seed=seed))

    torch.manual_seed(0)
    a = order(1)
    torch.manual_seed(99)
    assert a == order(1) != order(2)
    torch.manual_seed(7)
    b = order(None)
    torch.manual_seed(7)
    assert b == order(None)


def test_a_look_does_not_disturb_the_shuffling(arrays):
    dls, other = (DataLoaders.from_arrays(*arrays, seed=1) for _ in range(2))
    torch.manual_seed(0)
    state = torch.get_rng_state()
    x, y = other.one_batch()
    other.show(6)
    assert torch.equal(state, torch.get_rng_state())
    assert labels_of_two_epochs(dls) == labels_of_two_epochs(other)
    assert len(x) == 120 and y.tolist() == arrays[1].tolist()


def test_subset(arrays):
    dls = DataLoaders.from_arrays(*arrays, batch_size=16, seed=4, source="mine")
    few = dls.subset(60)
    assert (len(few.train.dataset), len(few.valid.dataset), few.train.batch_size) == (60, 10, 16)
    assert few.source == "mine" and few.classes == dls.classes and few.range == dls.range
    assert sorted(torch.cat([y for _, y in few.train]).tolist()) == sorted(arrays[1][:60].tolist())
    assert labels_of_two_epochs(dls.subset(60)) == labels_of_two_epochs(dls.subset(60))
    with pytest.raises(DataError, match="n must be a whole number from 1 to 120, found 121") as e:
        dls.subset(121)
    one_sentence(e.value)
    with pytest.raises(DataError, match="OneByOne") as e:
        DataLoaders(DataLoader(OneByOne(dls.train.dataset)), dls.valid).one_batch()
    one_sentence(e.value)


def test_show(arrays):
    dls = DataLoaders.from_arrays(*arrays)
    picture = np.array(dls.show(12, columns=6, zoom=1))
    assert picture.shape == (2 * 33 - 1, 6 * 33 - 1)
    assert np.array_equal(picture[2:30, 2:30], arrays[0][0])


class OneByOne(torch.utils.data.Dataset):
    def __init__(self, ds):
        self.ds = ds

    def __len__(self):
        return len(self.ds)

    def __getitem__(self, i):
        return self.ds[i]


def test_a_batch_costs_one_indexing(arrays, monkeypatch):
    dls = DataLoaders.from_arrays(*arrays, batch_size=32)
    calls = []
    fetch = ImageDataset.__getitems__
    monkeypatch.setattr(ImageDataset, "__getitems__", lambda self, at: calls.append(len(at)) or fetch(self, at))
    monkeypatch.setattr(ImageDataset, "__getitem__", None)
    usual = list(dls.valid)
    assert calls == [32, 8]
    monkeypatch.undo()
    for (a, b), (c, d) in zip(usual, DataLoader(OneByOne(dls.valid.dataset), 32), strict=True):
        assert a.equal(c) and b.equal(d)


@pytest.mark.parametrize("workers", [0, 2])
def test_loader_of_your_own(arrays, workers):
    "The data set and the collate function work in worker processes too."
    dls = DataLoaders.from_arrays(*arrays)
    loader = DataLoader(dls.valid.dataset, 16, collate_fn=dls.valid.collate_fn, num_workers=workers)
    assert torch.cat([y for _, y in loader]).tolist() == arrays[3].tolist()
    assert torch.equal(pickle.loads(pickle.dumps(dls.valid.dataset)).images, dls.valid.dataset.images)


def test_accelerate_prepares_both(arrays):
    from accelerate import Accelerator

    dls = DataLoaders.from_arrays(*arrays, batch_size=32, seed=1)
    train, valid = Accelerator(cpu=True).prepare(dls.train, dls.valid)
    shapes = [tuple(x.shape) for x, _ in train]
    assert shapes == [(32, 1, 32, 32)] * 3 + [(24, 1, 32, 32)]
    assert torch.cat([y for _, y in valid]).tolist() == arrays[3].tolist()


def test_two_processes_share_an_epoch(arrays):
    from accelerate.data_loader import prepare_data_loader

    seen = []
    for rank in range(2):
        dls = DataLoaders.from_arrays(*arrays, batch_size=15, seed=1)
        loader = prepare_data_loader(dls.train, num_processes=2, process_index=rank, put_on_device=False)
        seen.append([x.flatten(1) for x, _ in loader])
    assert [len(s) for s in seen] == [4, 4]  # half of the 8 batches each
    everything = sorted(map(tuple, torch.cat(seen[0] + seen[1]).tolist()))
    assert everything == sorted(map(tuple, scale(pad(torch.tensor(arrays[0])[:, None], 32)).flatten(1).tolist()))


def test_read_only_arrays_give_no_warning(arrays):
    frozen = [np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape) for a in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dls = DataLoaders.from_arrays(*frozen, size=28)
    dls.train.dataset.images.zero_()  # and the loader owns its copy
    assert frozen[0].any()


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda a: (a[0] / 255, *a[1:]), ["training images must be uint8", "float64"]),
        (lambda a: (a[0][0], *a[1:]), ["(28, 28)"]),
        (lambda a: (a[0], a[1][:-1], *a[2:]), ["120 training images", "(119,)"]),
        (lambda a: (a[0], a[1].astype(int) - 1, *a[2:]), ["0 to 99999", "found -1 to 8"]),
        (lambda a: (a[0], a[1] * 1.0, *a[2:]), ["integer label", "float64"]),
        (lambda a: (a[0], a[1], a[2][:0], a[3][:0]), ["validation images", "at least one", "(0, 28, 28)"]),
    ],
)
def test_arrays_that_will_not_do(arrays, change, words):
    with pytest.raises(DataError) as e:
        DataLoaders.from_arrays(*change(arrays))
    one_sentence(e.value, *words)


@pytest.mark.parametrize("size", [0, -3, 2.5, True, "128"])
def test_batch_sizes_that_will_not_do(arrays, size):
    with pytest.raises(DataError, match="batch_size must be a whole number") as e:
        DataLoaders.from_arrays(*arrays, batch_size=size)
    one_sentence(e.value, repr(size))


# ---- garments


def test_garments():
    dls = garments(64, n=300, n_valid=100, seed=2)
    assert (len(dls.train.dataset), len(dls.valid.dataset), dls.train.batch_size) == (300, 100, 64)
    assert dls.source == "garments (drawn stand-in)" and dls.classes == CLASSES and dls.range == (-1, 1)
    assert dls.train.dataset.labels.bincount().tolist() == [30] * 10
    assert dls.valid.dataset.labels.bincount().tolist() == [10] * 10
    x, _ = next(iter(dls.train))
    assert x.shape == (64, 1, 32, 32) and x.min() == -1 and x.max() <= 1
    assert x[:, :, :2].max() == -1 and (x == -1).float().mean() > 0.3
    twice = dls.train.dataset.images.flatten(1)[:, None] == dls.valid.dataset.images.flatten(1)[None]
    assert not twice.all(2).any()  # nothing to check on was seen in training
    with pytest.raises(DataError, match="n must be a whole number from 1 to 10000000, found 0") as e:
        garments(n=0)
    one_sentence(e.value)


def test_garments_are_reproducible():
    a, b, c = (garments(64, n=100, n_valid=20, seed=s) for s in (2, 2, 3))
    assert a.train.dataset.images.equal(b.train.dataset.images) and labels_of_two_epochs(a) == labels_of_two_epochs(b)
    assert not a.train.dataset.images.equal(c.train.dataset.images)


# ---- idx files


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6)), packed=st.booleans()
)
def test_idx_round_trip(tmp_path, array, packed):
    path = tmp_path / "some-idx"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    back = read_idx(path, axes=array.ndim)
    assert np.array_equal(back, array) and back.dtype == np.uint8
    with pytest.raises(DataError, match="must begin with the bytes"):
        read_idx(path, axes=array.ndim + 1)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.booleans(), packed=st.booleans())
def test_damage_is_never_silent(tmp_path, where, bit, cut, packed):
    "Cut a gzipped file anywhere, or flip any bit: an error, or the very same array (a date in gzip's header, say)."
    good = gzip.compress(idx(IMAGES)) if packed else idx(IMAGES)
    where %= len(good)
    flipped = good[:where] + bytes([good[where] ^ 1 << bit]) + good[where + 1 :]
    if not cut and not packed and where >= 16:
        return  # a flipped pixel in a plain file is a picture like any other
    path = tmp_path / "images-idx3-ubyte.gz"
    path.write_bytes(good[:where] if cut else flipped)
    try:
        assert np.array_equal(read_idx(path, 3), IMAGES) and not cut
    except DataError as e:
        one_sentence(e, str(path), "found", "fetch")


def read_error(path, content, axes=3):
    path.write_bytes(content)
    with pytest.raises(DataError) as e:
        read_idx(path, axes)
    return one_sentence(e.value, str(path), "must", "found", "fetch that file again")


def test_each_damage_has_its_sentence(tmp_path, arrays):
    path, good = tmp_path / TRAIN, idx(arrays[0])
    packed = gzip.compress(good)
    assert "cut short after 900 bytes" in read_error(path, packed[:900])
    assert "a damaged one (CRC" in read_error(path, packed[:-8] + bytes(4) + packed[-4:])
    assert "damaged" in read_error(path, packed[:500] + bytes(100) + packed[600:])
    assert "00 00 08 03, found 00 00 08 01" in read_error(path, gzip.compress(idx(arrays[1])))
    assert "00 00 08 01, found 00 00 08 03" in read_error(path, packed, axes=1)
    assert "120×28×28 = 94080 bytes after its header, found 94079" in read_error(path, good[:-1])
    assert "121×28×28" in read_error(path, good[:4] + struct.pack(">I", 121) + good[8:])
    assert "found 94081" in read_error(path, good + b"x")
    assert "16 bytes of idx header, found 9" in read_error(path, good[:9])
    assert "found a web page" in read_error(path, b"\n<!DOCTYPE html><title>Sign in</title>")
    assert "found nothing" in read_error(path, b"")
    huge = bytes([0, 0, 8, 3]) + b"\xff" * 12  # promises more than memory holds
    assert f"{(2**32 - 1) ** 3} bytes" in read_error(path, huge)


# ---- folders


def loaded(dls, arrays):
    assert torch.equal(dls.train.dataset.images, pad(torch.tensor(arrays[0])[:, None], 32))
    assert dls.train.dataset.labels.tolist() == arrays[1].tolist()
    assert torch.equal(dls.valid.dataset.images, pad(torch.tensor(arrays[2])[:, None], 32))
    assert dls.valid.dataset.labels.tolist() == arrays[3].tolist()


def test_folder_or_the_one_above(mini, arrays, monkeypatch):
    loaded(fashion_mnist(folder=mini), arrays)
    loaded(fashion_mnist(folder=str(mini.parent)), arrays)
    monkeypatch.setenv("DDPM_WIDGETS_DATA", str(mini))
    loaded(fashion_mnist(), arrays)
    monkeypatch.setenv("DDPM_WIDGETS_DATA", str(mini.parent))
    dls = fashion_mnist(64, seed=1)
    loaded(dls, arrays)
    assert dls.train.batch_size == 64 and dls.source == "idx files with 120 + 40 images"
    monkeypatch.setenv("DDPM_WIDGETS_DATA", str(mini / "nowhere"))
    loaded(fashion_mnist(folder=mini), arrays)  # the folder you name comes first


def test_unpacked_files_and_torchvisions_folder(mini, arrays):
    for name in FASHION_MNIST_FILES:
        packed = mini / name
        (mini / name.removesuffix(".gz")).write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    loaded(fashion_mnist(folder=mini), arrays)
    raw = mini.parent / "FashionMNIST" / "raw"
    raw.parent.mkdir()
    mini.rename(raw)
    loaded(fashion_mnist(folder=mini.parent), arrays)


def test_unpacked_but_still_called_gz(mini, arrays):
    "Some browsers unpack what they download and keep its name."
    (mini / TRAIN).write_bytes(idx(arrays[0]))
    loaded(fashion_mnist(folder=mini), arrays)


def damage(name, change):
    def apply(folder):
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return apply


@pytest.mark.parametrize(
    "spoil, words",
    [
        (damage(TRAIN, lambda b: b[: len(b) // 2]), [TRAIN, "cut short"]),
        (damage(TEST, lambda b: b[:300] + b"\0\0\0\0" + b[304:]), [TEST, "damaged"]),
        (damage(TEST_LABELS, lambda b: b"<html>Please sign in</html>"), [TEST_LABELS, "web page"]),
        (damage(TRAIN_LABELS, lambda b: gzip.compress(idx(np.zeros((120, 2))))), [TRAIN_LABELS, "00 00 08 01"]),
        (damage(TRAIN_LABELS, lambda b: gzip.compress(idx(np.zeros(119)))), [TRAIN_LABELS, "120 labels", "found 119"]),
        (damage(TRAIN_LABELS, lambda b: gzip.compress(idx(np.full(120, 10)))), [TRAIN_LABELS, "0 to 9", "found a 10"]),
        (lambda f: (f / TEST_LABELS).unlink(), [TEST_LABELS, "found 3 of them", "put"]),
        (lambda f: [(f / n).unlink() for n in (TRAIN, TEST)], [TRAIN, TEST, "found 2 of them"]),
        (lambda f: [p.unlink() for p in f.iterdir()], ["found none of them", TRAIN, TEST_LABELS]),
    ],
)
@pytest.mark.parametrize("stand_in", [False, True])
def test_a_spoilt_folder_is_refused_and_left_alone(mini, spoil, words, stand_in, monkeypatch):
    "Even with a stand-in and a network at hand: your folder is never papered over, nor written to."
    spoil(mini)
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in mini.iterdir()}
    monkeypatch.setattr(datasets, "cached_files", None)
    for where in ({"folder": mini}, {}):
        monkeypatch.setenv("DDPM_WIDGETS_DATA", str(mini))
        with pytest.raises(DataError) as e:
            fashion_mnist(**where, stand_in=stand_in)
        one_sentence(e.value, str(mini), "must", "found", *words)
    assert before == {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in mini.iterdir()}


def test_a_folder_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("DDPM_WIDGETS_DATA", str(tmp_path / "gone"))
    with pytest.raises(DataError) as e:
        fashion_mnist(stand_in=True)
    one_sentence(e.value, str(tmp_path / "gone"), "found no such folder")


# ---- downloads, from a server that misbehaves


class Server(http.server.BaseHTTPRequestHandler):
    "The first part of the path says how to behave, the second is the file."

    files: dict[str, bytes] = {}
    asked: list[str] = []

    def do_GET(self):
        _, manner, name = self.path.split("/")
        body = self.files[name]
        self.asked.append(self.path)
        if manner == "down":
            return self.send_error(503)
        if manner == "portal":
            body = b"<!DOCTYPE html><html><body>Room 12, please sign in</body></html>"
        if manner == "short":
            body = body[: len(body) // 2]
        if manner == "wrong":
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if manner == "breaks" else body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(mini, monkeypatch):
    Server.files = {name: (mini / name).read_bytes() for name in FASHION_MNIST_FILES}
    Server.asked = []
    monkeypatch.setattr(
        datasets, "FASHION_MNIST_FILES", {n: f"sha256:{hashlib.sha256(b).hexdigest()}" for n, b in Server.files.items()}
    )
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def nobody():
    "An address where nobody listens."
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    return f"http://127.0.0.1:{port}/"


def download(folder, mirrors, progress=True):
    "Fashion-MNIST, in a folder of our choice."
    return download_files(datasets.FASHION_MNIST_FILES, mirrors, folder, progress, datasets._GET_FASHION_MNIST)


def files_in(folder):
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_download_once(server, arrays, tmp_path, capfd, monkeypatch):
    announced = []
    monkeypatch.setattr(downloads.pooch.get_logger(), "handlers", [logging.NullHandler()])
    monkeypatch.setattr(downloads.pooch.get_logger(), "filters", [lambda record: announced.append(record) or True])
    level = downloads.pooch.get_logger().level
    dls = fashion_mnist(mirrors=[f"{server}/good/"], progress=False)
    loaded(dls, arrays)
    assert len(Server.asked) == 4 and files_in(tmp_path / "fashion-mnist") == sorted(FASHION_MNIST_FILES)
    loaded(fashion_mnist(mirrors=[f"{server}/good/"]), arrays)
    loaded(fashion_mnist(download=False), arrays)
    assert len(Server.asked) == 4  # the cache served the rest
    assert capfd.readouterr() == ("", "") and announced == []  # pooch keeps quiet
    assert downloads.pooch.get_logger().level == level


def test_progress_bar(server, tmp_path, capfd):
    download(tmp_path / "kept", [f"{server}/good/"])
    out, err = capfd.readouterr()
    assert out == "" and TRAIN in err and "B/s" in err and err.count("\n") == 0  # bars that clear themselves
    assert "Downloading data" not in err


@pytest.mark.parametrize(
    "manner, why",
    [
        ("down", "it answered 503"),
        ("portal", "a web page came"),
        ("short", "other bytes came"),
        ("wrong", "other bytes came"),
        ("breaks", "broke off halfway"),
        (None, "no connection"),
    ],
)
def test_first_mirror_fails(server, arrays, tmp_path, nobody, manner, why):
    bad = f"{server}/{manner}/" if manner else nobody
    loaded(fashion_mnist(mirrors=[bad, f"{server}/good/"], progress=False), arrays)
    assert files_in(tmp_path / "fashion-mnist") == sorted(FASHION_MNIST_FILES)  # and nothing half done
    assert sum("/good/" in a for a in Server.asked) == 4
    assert sum("/good/" not in a for a in Server.asked) == bool(manner)  # a mirror that failed is not asked again
    with pytest.raises(DataError) as e:
        download(tmp_path / "elsewhere", [bad], progress=False)
    one_sentence(e.value, TRAIN, bad, why, "connect", "DDPM_WIDGETS_DATA")
    assert files_in(tmp_path / "elsewhere") == []


def test_the_second_time_takes_up_where_the_first_broke_off(server, tmp_path, monkeypatch):
    files = Server.files
    Server.files = {**files, TEST: b"something else"}
    with pytest.raises(DataError, match=TEST):
        download(tmp_path / "fashion-mnist", [f"{server}/good/"], progress=False)
    assert files_in(tmp_path / "fashion-mnist") == sorted([TRAIN, TRAIN_LABELS])
    Server.files, Server.asked[:] = files, []
    download(tmp_path / "fashion-mnist", [f"{server}/good/"], progress=False)
    assert [a.rsplit("/", 1)[1] for a in Server.asked] == [TEST, TEST_LABELS]


def test_interrupted_halfway(server, tmp_path, monkeypatch):
    "Ctrl-C while bytes come in: nothing is kept, and the next call starts clean."

    class Interrupted(downloads.Bar):
        def update(self, n=1):
            raise KeyboardInterrupt

    bars = []
    monkeypatch.setattr(downloads, "Bar", lambda **kw: bars.append(Interrupted(**kw)) or bars[-1])
    with pytest.raises(KeyboardInterrupt):
        download(tmp_path / "fashion-mnist", [f"{server}/good/"])
    assert files_in(tmp_path / "fashion-mnist") == [] and bars[-1].disable  # the bar is closed
    monkeypatch.undo()


def test_a_spoilt_cache_is_mended(server, arrays, tmp_path):
    download(tmp_path / "fashion-mnist", [f"{server}/good/"], progress=False)
    (tmp_path / "fashion-mnist" / TRAIN).write_bytes(b"spoilt")
    with pytest.raises(DataError, match=TRAIN):
        fashion_mnist(mirrors=[f"{server}/down/"], progress=False)
    assert (tmp_path / "fashion-mnist" / TRAIN).read_bytes() == b"spoilt"
    loaded(fashion_mnist(mirrors=[f"{server}/good/"], progress=False), arrays)


def test_a_cache_that_cannot_be_written(server, tmp_path, monkeypatch):
    (tmp_path / "fashion-mnist").write_text("a file where a folder should be")
    with pytest.raises(DataError) as e:
        fashion_mnist(mirrors=[f"{server}/good/"], progress=False)
    one_sentence(e.value, str(tmp_path / "fashion-mnist"), "must be a folder", "found")
    assert (tmp_path / "fashion-mnist").read_text() == "a file where a folder should be"


# ---- a folder that nobody may write to, and a disk that is full; both real


@pytest.fixture
def shut():
    "A folder that may be looked into, and not written to; everybody may go there."
    above = Path(tempfile.mkdtemp())
    above.chmod(0o755)
    (folder := above / "kept für immer").mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(above)


def as_nobody(do):
    "What `do` raises in a process without the rights of root, who may write everywhere: the name of the error, and what it says."
    if not hasattr(os, "geteuid") or "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("needs fork, and permissions as Unix has them")
    mine, theirs = multiprocessing.Pipe()

    def run():
        torch.set_num_threads(1)  # OpenMP's threads did not survive the fork
        if os.geteuid() == 0:
            os.setegid(65534), os.seteuid(65534)
        try:
            theirs.send(("nothing", str(do())))
        except Exception as e:
            theirs.send((type(e).__name__, str(e)))

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(60)
    assert process.exitcode == 0 and mine.poll()
    return mine.recv()


@pytest.mark.parametrize("below", ["", "new/and newer"])
def test_a_folder_without_permission(server, shut, below):
    folder = shut / below
    name, said = as_nobody(lambda: download(folder, [f"{server}/good/"], progress=False))
    assert name == "Unavailable", said
    one_sentence(
        ValueError(said), str(folder), "must be a folder to keep", "Permission denied", "check its permissions"
    )
    assert files_in(shut) == [], "nothing was written"
    name, said = as_nobody(lambda: (folder / "x").write_bytes(b""))
    assert name in ("PermissionError", "FileNotFoundError"), "the folder was really shut"


def test_a_cache_without_permission(server, shut, arrays, monkeypatch):
    "With the flag the drawn garments stand in; what is in the cache already can be read there."
    monkeypatch.setattr(datasets, "cache_folder", lambda name: shut)
    monkeypatch.setattr(datasets, "garments", lambda *a, **kw: garments(*a, n=50, n_valid=10, **kw))
    ask = partial(fashion_mnist, mirrors=[f"{server}/good/"], progress=False)
    name, said = as_nobody(ask)
    assert name == "Unavailable" and "Permission denied" in said
    assert as_nobody(lambda: ask(stand_in=True).source) == ("nothing", "garments (drawn stand-in)")
    shut.chmod(0o755)
    download(shut, [f"{server}/good/"], progress=False)
    for path in shut.iterdir():
        path.chmod(0o444)
    shut.chmod(0o555)
    assert as_nobody(lambda: len(ask().train)) == ("nothing", "1")


def test_a_folder_that_may_not_be_read(server, shut):
    download(shut.parent / "kept", [f"{server}/good/"], progress=False)
    for path in [shut.parent / "kept" / TRAIN, shut.parent / "kept"]:
        mode = path.stat().st_mode
        path.chmod(0)
        name, said = as_nobody(lambda: fashion_mnist(folder=shut.parent / "kept"))
        path.chmod(mode)
        assert name == "DataError", said
        one_sentence(ValueError(said), str(shut.parent / "kept"), "ermission")


def test_a_full_disk(server, tmp_path):
    "A real one, where the machine lets us make one: nothing half is left, what was there stays, and with room it goes on."
    (disk := tmp_path / "disk").mkdir()
    size = sum(map(len, Server.files.values())) // 1024 - 8
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        with pytest.raises(DataError) as e:
            download(disk / "kept", [f"{server}/good/"], progress=False)
        one_sentence(e.value, str(disk / "kept"), "No space left on device")
        kept = {p.name: p.read_bytes() for p in (disk / "kept").iterdir()}
        assert kept.items() <= Server.files.items() and len(kept) < 4, sorted(kept)
        subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
        download(disk / "kept", [f"{server}/good/"], progress=False)
        assert {p.name: p.read_bytes() for p in (disk / "kept").iterdir()} == Server.files
    finally:
        subprocess.run(["umount", disk], check=True)


def test_without_a_network(nobody, monkeypatch, capfd):
    "Without the flag one sentence as an error, with it one sentence in print; both say how to get the real data."
    monkeypatch.setattr(datasets, "garments", lambda *a, **kw: garments(*a, n=50, n_valid=10, **kw))
    with pytest.raises(DataError) as e:
        fashion_mnist(mirrors=[nobody], progress=False)
    one_sentence(e.value, "could not be downloaded", "no connection", "connect to the internet", "DDPM_WIDGETS_DATA")
    assert capfd.readouterr() == ("", "")
    dls = fashion_mnist(32, mirrors=[nobody], seed=3, stand_in=True, progress=False)
    assert dls.source == "garments (drawn stand-in)" and dls.train.batch_size == 32
    printed = capfd.readouterr().out
    assert printed.count("\n") == 1
    one_sentence(ValueError(printed.strip()), "Drawn garments stand in", "connect to the internet", "DDPM_WIDGETS_DATA")
    with pytest.raises(DataError, match="download=False") as e:
        fashion_mnist(download=False)
    one_sentence(e.value, "DDPM_WIDGETS_DATA")


def test_the_mirrors_are_sound():
    assert len(datasets.FASHION_MNIST_MIRRORS) >= 2 and all(m.endswith("/") for m in datasets.FASHION_MNIST_MIRRORS)
    assert sum(m.startswith("https://") for m in datasets.FASHION_MNIST_MIRRORS) >= 2
    assert len({m.split("/")[2] for m in datasets.FASHION_MNIST_MIRRORS}) >= 2  # not one host under several names


# ---- the real thing


@pytest.mark.data
def test_official_files_have_the_sha256_written_down():
    for path in datasets._find_fashion_mnist(os.environ["DDPM_WIDGETS_DATA"]):
        assert f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" == CHECKSUMS[path.name]


@pytest.mark.data
def test_real_fashion_mnist():
    folder = Path(os.environ["DDPM_WIDGETS_DATA"])
    dls = fashion_mnist(seed=0)
    assert dls.source == "Fashion-MNIST"
    for loader, n in ((dls.train, 60_000), (dls.valid, 10_000)):
        assert len(loader.dataset) == n and loader.dataset.labels.bincount().tolist() == [n // 10] * 10
    assert dls.train.dataset.labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert [dls.classes[i] for i in dls.valid.dataset.labels[:3]] == ["Ankle boot", "Pullover", "Trouser"]
    x = torch.cat([x for x, _ in itertools.islice(dls.train, 100)])
    inner = (x[..., 2:30, 2:30] + 1) / 2
    assert abs(inner.mean() - 0.2860) < 0.005 and abs(inner.std() - 0.3530) < 0.005  # the figures everyone quotes
    assert all(border.eq(-1).all() for border in (x[..., :2], x[..., 30:], x[:, :, :2], x[:, :, 30:]))
    assert np.array_equal(fashion_mnist(folder=folder).valid.dataset.images, dls.valid.dataset.images)


# ---- CIFAR-10

ARCHIVE = "cifar-10-binary.tar.gz"


@pytest.fixture(scope="session")
def coloured():
    "72 labels and pictures in colour."
    rng = np.random.default_rng(7)
    return rng.permutation(np.arange(72) % 10).astype(np.uint8), rng.integers(0, 256, (72, 3, 32, 32), dtype=np.uint8)


def batches_of(labels, images) -> dict[str, bytes]:
    records = np.concatenate([labels[:, None], images.reshape(len(images), -1)], 1)
    return {
        name: part.tobytes() for name, part in zip(datasets._CIFAR10_BATCHES, np.array_split(records, 6), strict=True)
    }


def packed(files: dict[str, bytes], extra=()) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    return out.getvalue()


@pytest.fixture
def cifar_folder(tmp_path, coloured):
    folder = tmp_path / "cifar"
    folder.mkdir()
    (folder / ARCHIVE).write_bytes(packed(batches_of(*coloured)))
    return folder


def loaded_cifar(dls, coloured):
    labels, images = coloured
    assert torch.equal(dls.train.dataset.images, torch.tensor(images[:60]))
    assert torch.equal(dls.valid.dataset.images, torch.tensor(images[60:]))
    assert dls.train.dataset.labels.tolist() == labels[:60].tolist()
    assert dls.valid.dataset.labels.tolist() == labels[60:].tolist()
    x, y = next(iter(dls.valid))
    assert x.shape[1:] == (3, 32, 32) and x.dtype == torch.float32 and y.dtype == torch.int64
    assert np.abs(x.numpy() - (images[60 : 60 + len(x)] / 127.5 - 1)).max() < 1e-6
    assert dls.classes[:2] == ("Airplane", "Automobile") and len(dls.classes) == 10


def test_cifar10_from_a_folder(cifar_folder, coloured, monkeypatch):
    dls = cifar10(16, folder=cifar_folder, seed=0)
    loaded_cifar(dls, coloured)
    assert dls.source == "CIFAR-10 files with 60 + 12 images" and dls.train.batch_size == 16
    monkeypatch.setenv("DDPM_WIDGETS_DATA", str(cifar_folder))
    loaded_cifar(cifar10(download=False), coloured)
    for name, content in batches_of(*coloured).items():
        (cifar_folder / "cifar-10-batches-bin").mkdir(exist_ok=True)
        (cifar_folder / "cifar-10-batches-bin" / name).write_bytes(content)
    (cifar_folder / ARCHIVE).unlink()
    loaded_cifar(cifar10(folder=cifar_folder), coloured)
    loaded_cifar(cifar10(folder=cifar_folder / "cifar-10-batches-bin"), coloured)
    assert cifar10(folder=cifar_folder, size=40).one_batch()[0].shape[1:] == (3, 40, 40)


def test_cifar10_is_never_unpacked_to_the_disk(cifar_folder, coloured, tmp_path, monkeypatch):
    "Names that lead elsewhere, links and folders are passed over; nothing is written and nothing unpickled."
    away, link, folder = (tarfile.TarInfo(n) for n in ("../../away.bin", "x/test_batch.bin", "y/data_batch_1.bin"))
    link.type, link.linkname, folder.type = tarfile.SYMTYPE, "/etc/passwd", tarfile.DIRTYPE
    (cifar_folder / ARCHIVE).write_bytes(packed(batches_of(*coloured), [away, link, folder]))
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr(pickle, "loads", None)
    monkeypatch.setattr(pickle, "load", None)
    loaded_cifar(cifar10(folder=cifar_folder), coloured)
    assert sorted(tmp_path.rglob("*")) == before


def test_each_damage_of_cifar10_has_its_sentence(cifar_folder, coloured, monkeypatch):
    good, archive = batches_of(*coloured), cifar_folder / ARCHIVE
    whole = archive.read_bytes()
    one, test = datasets._CIFAR10_BATCHES[0], datasets._CIFAR10_BATCHES[-1]
    spoilt = {
        "cut short": [whole[: len(whole) // 2]],
        "damaged": [whole[:2000] + bytes(50) + whole[2050:], whole[:-8] + bytes(8), b"<html>", b""],
        f"no {test}": [packed({k: v for k, v in good.items() if k != test})],
        "records of 3073 bytes, found 36875 bytes": [packed({**good, one: good[one][:-1]})],
        "found 0 bytes": [packed({**good, one: b""})],
        "from 0 to 9, found a 10": [packed({**good, one: b"\x0a" + good[one][1:]})],
    }
    for words, files in spoilt.items():
        for content in files:
            archive.write_bytes(content)
            with pytest.raises(DataError) as e:
                cifar10(folder=cifar_folder)
            one_sentence(e.value, str(cifar_folder), "must", "found", words, "fetch ")
    archive.unlink()
    with pytest.raises(DataError) as e:
        cifar10(folder=cifar_folder)
    one_sentence(e.value, str(cifar_folder), "found neither", ARCHIVE)


def test_a_file_of_cifar10_that_goes_on_and_on_is_not_read_to_its_end(cifar_folder, coloured, monkeypatch):
    files = {**batches_of(*coloured), datasets._CIFAR10_BATCHES[0]: bytes(10_001 * datasets._CIFAR10_RECORD)}
    (cifar_folder / ARCHIVE).write_bytes(packed(files))
    with pytest.raises(DataError, match=f"found {10_000 * datasets._CIFAR10_RECORD + 1} bytes"):
        cifar10(folder=cifar_folder)


@pytest.fixture
def cifar_server(cifar_folder, server, monkeypatch):
    content = (cifar_folder / ARCHIVE).read_bytes()
    Server.files = {ARCHIVE: content}
    monkeypatch.setattr(datasets, "CIFAR10_FILES", {ARCHIVE: f"md5:{hashlib.md5(content).hexdigest()}"})
    return server


def test_cifar10_is_downloaded_once(cifar_server, coloured, tmp_path, mini, monkeypatch, capfd):
    monkeypatch.setenv("DDPM_WIDGETS_DATA", str(mini))  # which holds Fashion-MNIST alone
    loaded_cifar(cifar10(mirrors=[f"{cifar_server}/good/"], progress=False), coloured)
    loaded_cifar(cifar10(mirrors=[f"{cifar_server}/down/"]), coloured)
    loaded_cifar(cifar10(download=False), coloured)
    assert len(Server.asked) == 1 and files_in(tmp_path / "cifar-10") == [ARCHIVE]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "manner, why", [("down", "503"), ("portal", "a web page"), ("wrong", "other bytes"), ("breaks", "broke off")]
)
def test_cifar10_from_the_second_mirror(cifar_server, coloured, tmp_path, manner, why):
    bad = f"{cifar_server}/{manner}/"
    with pytest.raises(Unavailable) as e:
        cifar10(mirrors=[bad], progress=False)
    one_sentence(e.value, ARCHIVE, bad, why, "connect", "folder=")
    assert files_in(tmp_path / "cifar-10") == []
    loaded_cifar(cifar10(mirrors=[bad, f"{cifar_server}/good/"], progress=False), coloured)
    assert files_in(tmp_path / "cifar-10") == [ARCHIVE]


def test_cifar10_without_a_network(tmp_path):
    with pytest.raises(Unavailable) as e:
        cifar10(download=False)
    one_sentence(e.value, str(tmp_path / "cifar-10"), "download=False", "pass download=True", "folder=")


def test_the_mirrors_of_cifar10_are_sound():
    assert list(datasets.CIFAR10_FILES) == [ARCHIVE] and datasets.CIFAR10_FILES[ARCHIVE].startswith("md5:")
    assert len({m.split("/")[2] for m in datasets.CIFAR10_MIRRORS}) >= 2
    assert all(m.startswith("https://") and m.endswith("/") for m in datasets.CIFAR10_MIRRORS)


# ---- any folder of images


def write_image(path, mode="RGB", size=(48, 40), value=(200, 100, 50), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, value).convert(mode).save(path, **options)


@pytest.fixture
def pictures(tmp_path):
    "Two folders of ten images each."
    for i in range(10):
        write_image(tmp_path / f"pictures/boats/{i}.png", size=(30 + i, 60 - i), value=(10 * i, 0, 0))
        write_image(tmp_path / f"pictures/Cats/deep/{i}.JPG", size=(64, 64), value=(0, 10 * i, 200))
    return tmp_path / "pictures"


def colours(dls) -> list[tuple[int, ...]]:
    "The colour in the middle of every image, training images first."
    images = torch.cat([dls.train.dataset.images, dls.valid.dataset.images])
    return [tuple(c) for c in images[:, :, images.shape[2] // 2, images.shape[3] // 2].tolist()]


def test_a_folder_of_images(pictures):
    dls = image_folder(pictures, 8, size=32, seed=3, progress=False)
    assert dls.classes == ("Cats", "boats") and dls.source == "20 images in pictures" and dls.range == (-1, 1)
    assert (len(dls.train.dataset), len(dls.valid.dataset), dls.train.batch_size) == (18, 2, 8)
    x, y = next(iter(dls.train))
    assert x.shape == (8, 3, 32, 32) and x.dtype == torch.float32 and y.dtype == torch.int64
    for (_, _, b), label in zip(colours(dls), [*dls.train.dataset.labels, *dls.valid.dataset.labels], strict=True):
        assert dls.classes[label] == ("Cats" if b > 100 else "boats"), "a label has left its image"
    reds = sorted(r for r, _, b in colours(dls) if b < 100)
    assert reds == [10 * i for i in range(10)]
    again = image_folder(str(pictures), 8, size=32, seed=4, progress=False)
    assert torch.equal(again.valid.dataset.images, dls.valid.dataset.images)  # whatever the seed of the shuffling
    assert labels_of_two_epochs(again) != labels_of_two_epochs(dls)
    assert dls.one_batch()[0].max() <= 1 and np.array(dls.show(6)).ndim == 3


def test_mirrored_pictures_are_added_to_the_training_images_only(pictures):
    for i in range(3):  # black on the left and above, white elsewhere
        lopsided = np.full((40, 40, 3), 255, np.uint8)
        lopsided[: 10 + i, :20] = 0
        Image.fromarray(lopsided).save(pictures / f"boats/lopsided {i}.png")
    plain, both = (image_folder(pictures, 8, size=32, seed=3, mirror=m, progress=False) for m in (False, True))
    images, labels = plain.train.dataset.images, plain.train.dataset.labels
    assert not torch.equal(images, images.flip(3)) and not torch.equal(images.flip(2), images.flip(3))
    for dls in (both, plain.mirrored()):
        assert torch.equal(dls.train.dataset.images, torch.cat([images, images.flip(3)]))
        assert torch.equal(dls.train.dataset.labels, labels.repeat(2))
        assert torch.equal(dls.valid.dataset.images, plain.valid.dataset.images)
        assert (dls.source, dls.classes, dls.train.batch_size) == (plain.source, plain.classes, 8)
    assert labels_of_two_epochs(both) == labels_of_two_epochs(plain.mirrored())


def test_sizes_shares_and_greys(pictures):
    grey = image_folder(pictures, size=20, colour=False, valid=0.5, progress=False)
    assert grey.train.dataset.images.shape == grey.valid.dataset.images.shape == (10, 1, 20, 20)
    assert len(image_folder(pictures, valid=0.001, progress=False).valid.dataset) == 1
    assert len(image_folder(pictures, valid=0.999, progress=False).train.dataset) == 1
    assert image_folder(pictures, progress=False).one_batch()[0].shape[1:] == (3, 64, 64)
    flat = image_folder(pictures / "boats", progress=False)
    assert flat.classes == ("boats",) and flat.train.dataset.labels.max() == 0


def test_the_middle_is_kept_and_nothing_is_squeezed(tmp_path):
    wide = np.zeros((40, 120, 3), np.uint8)
    wide[:, 40:80, 0] = 255  # a red square in the middle
    for name in "ab":
        Image.fromarray(wide).save(tmp_path / f"{name}.png")
    images = image_folder(tmp_path, size=40, progress=False).train.dataset.images
    assert images[0, 0].min() > 200 and images[0, 1:].max() == 0


def test_the_right_way_up(tmp_path):
    upside_down = np.zeros((40, 40), np.uint8)
    upside_down[20:] = 255  # white below, as stored; the camera says that it was held upside down
    exif = Image.Exif()
    exif[0x0112] = 3
    for name in "ab":
        Image.fromarray(upside_down).save(tmp_path / f"{name}.jpg", exif=exif, quality=95)
    image = image_folder(tmp_path, size=40, progress=False).train.dataset.images[0]
    assert image[:, :15].min() > 240 and image[:, 25:].max() < 15


@pytest.mark.parametrize("name", ["rgba.png", "la.png", "palette.png", "palette.gif"])
@pytest.mark.parametrize(
    "background, seen", [("white", (255, 255, 255)), ("black", (0, 0, 0)), ("#ff8800", (255, 136, 0))]
)
def test_what_is_transparent_shows_the_background(tmp_path, name, background, seen):
    clear = Image.new("RGBA", (16, 16), (90, 90, 90, 0))  # nothing to see, whatever lies beneath
    if name.startswith("palette"):
        clear = clear.convert("RGB").quantize(4)
        clear.info["transparency"] = clear.getpixel((0, 0))
    elif name.startswith("la"):
        clear = clear.convert("LA")
    for i in range(2):
        options = {"transparency": clear.info["transparency"]} if "transparency" in clear.info else {}
        clear.save(tmp_path / f"{i}{name}", **options)
    dls = image_folder(tmp_path, size=16, background=background, progress=False)
    assert set(colours(dls)) == {seen}


def test_modes_of_every_kind(tmp_path):
    write_image(tmp_path / "grey.png", "L", value=(128, 128, 128))
    write_image(tmp_path / "one.png", "1", value=(255, 255, 255))
    write_image(tmp_path / "print.jpg", "CMYK", value=(255, 255, 255))
    Image.fromarray(np.full((9, 9), 65535, np.uint16)).save(tmp_path / "scan.png")
    Image.fromarray(np.full((9, 9), 128 * 257, np.uint16)).save(tmp_path / "scan.tiff")
    found = colours(image_folder(tmp_path, size=8, progress=False))
    assert sorted(found) == [(128,) * 3] * 2 + [(255,) * 3] * 3


def test_what_is_no_image_by_its_name_is_passed_over(pictures):
    (pictures / "notes.txt").write_text("hello")
    (pictures / "boats" / "._0.png").write_bytes(b"left by a Mac")
    write_image(pictures / ".ipynb_checkpoints" / "0.png")
    (pictures / "folder.png").mkdir()
    dls = image_folder(pictures, progress=False)
    assert dls.source == "20 images in pictures" and dls.classes == ("Cats", "boats")


def test_an_image_that_cannot_be_read_is_named(pictures, capsys):
    (pictures / "boats" / "3.png").write_bytes((pictures / "boats" / "3.png").read_bytes()[:60])
    (pictures / "boats" / "4.png").write_text("<html>Not found</html>")
    with pytest.raises(DataError) as e:
        image_folder(pictures, progress=False)
    one_sentence(e.value, str(pictures), "must", "found 2 of 20", "3.png (", "4.png (no image", "skip_damaged=True")
    dls = image_folder(pictures, skip_damaged=True, progress=False)
    assert len(dls.train.dataset) + len(dls.valid.dataset) == 18
    assert "Left out 2 of 20 images" in capsys.readouterr().out


def test_a_picture_made_to_exhaust_the_memory_is_refused(pictures, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match="decompression bomb") as e:
        image_folder(pictures, progress=False)
    assert "found 20 of 20" in str(e.value) and "…" in str(e.value)


@pytest.mark.parametrize(
    "spoil, options, words",
    [
        (lambda p: p / "gone", {}, ["found no such folder"]),
        (lambda p: p / "boats" / "0.png", {}, ["zip archive", "found none"]),
        (lambda p: (p / "empty").mkdir() or p / "empty", {}, ["two images or more", ".png", "found 0"]),
        (lambda p: write_image(p / "one" / "0.png") or p / "one", {}, ["two images or more", "found 1"]),
        (lambda p: p, {"size": 0}, ["size", "found 0"]),
        (lambda p: p, {"size": 2.5}, ["size", "found 2.5"]),
        (lambda p: p, {"valid": 1.0}, ["valid", "found 1.0"]),
        (lambda p: p, {"background": "no colour"}, ["background", "'no colour'"]),
        (lambda p: p, {"batch_size": 0}, ["batch_size"]),
    ],
)
def test_folders_that_will_not_do(pictures, spoil, options, words):
    with pytest.raises(DataError) as e:
        image_folder(spoil(pictures), **options, progress=False)
    one_sentence(e.value, "must", "found", *words)


def zipped(folder, path, prefix="", **options) -> Path:
    "A folder as a zip archive."
    with zipfile.ZipFile(path, "w", **options) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, prefix + str(file.relative_to(folder)))
    return path


@pytest.mark.parametrize("prefix", ["", "pictures/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_archive_is_read_where_it_lies(pictures, tmp_path, capsys, prefix, method):
    folder = image_folder(pictures, 8, size=32, seed=3, progress=False)
    (pictures / ".hidden").mkdir()
    write_image(pictures / ".hidden" / "a.png")
    write_image(pictures / "__MACOSX" / "b.png")
    (pictures / "notes.txt").write_text("not an image")
    archive = zipped(pictures, tmp_path / "mine.zip", prefix, compression=method)
    before = sorted(tmp_path.rglob("*"))
    dls = image_folder(archive, 8, size=32, seed=3, progress=False)
    assert dls.classes == ("Cats", "boats") and dls.source == "20 images in mine.zip"
    for mine, theirs in ((dls.train.dataset, folder.train.dataset), (dls.valid.dataset, folder.valid.dataset)):
        assert torch.equal(mine.images, theirs.images) and torch.equal(mine.labels, theirs.labels)
    assert capsys.readouterr().out == "Left out 1 files whose names do not end like an image's (.txt 1).\n"
    assert sorted(tmp_path.rglob("*")) == before, "it was unpacked"


def test_an_archive_without_folders_names_the_one_class(pictures, tmp_path):
    assert image_folder(zipped(pictures / "boats", tmp_path / "ships.zip"), progress=False).classes == ("ships",)
    assert image_folder(zipped(pictures, tmp_path / "a.zip", "deep/"), progress=False).classes == ("Cats", "boats")
    one = zipped(pictures / "boats", tmp_path / "b.zip", "boats/")
    assert image_folder(one, progress=False).classes == ("boats",), "the only folder holds the images themselves"


def test_archives_that_will_not_do(pictures, tmp_path):
    def refused(path, *words, **options):
        with pytest.raises(DataError) as e:
            image_folder(path, **options, progress=False)
        one_sentence(e.value, "must", "found", *words)

    (tmp_path / "text.zip").write_text("no archive")
    refused(tmp_path / "text.zip", "zip archive", "damaged")
    whole = zipped(pictures, tmp_path / "whole.zip")
    data = whole.read_bytes()
    (tmp_path / "half.zip").write_bytes(data[: len(data) // 2])
    refused(tmp_path / "half.zip", "zip archive", "damaged")
    with zipfile.ZipFile(whole) as archive:
        first = min((i for i in archive.infolist() if i.file_size), key=lambda info: info.header_offset)
    spoilt = bytearray(data)
    spoilt[first.header_offset + 30 + len(first.filename) + 50] ^= 255
    (tmp_path / "spoilt.zip").write_bytes(spoilt)
    refused(tmp_path / "spoilt.zip", "found 1 of 20", first.filename, "Bad CRC-32", "skip_damaged=True")
    assert total(image_folder(tmp_path / "spoilt.zip", skip_damaged=True, progress=False)) == 19
    refused(tmp_path / "gone.zip", "no such folder")
    zipfile.ZipFile(tmp_path / "empty.zip", "w").close()
    refused(tmp_path / "empty.zip", "two images or more", "found 0")


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(downloads, "MOST_UNPACKED", 2000)
    (pictures / "large.png").write_bytes(bytes(2001))
    with pytest.raises(DataError) as e:
        image_folder(zipped(pictures, tmp_path / "large.zip", compression=zipfile.ZIP_DEFLATED), progress=False)
    one_sentence(e.value, "large.png (2,001 bytes unpacked, more than 2,000)")


def test_a_bar_while_reading(pictures, capfd):
    image_folder(pictures)
    out, err = capfd.readouterr()
    assert out == "" and "/20 " in err and err.count("\n") == 0


def test_arrays_in_colour(coloured):
    labels, images = coloured
    first = DataLoaders.from_arrays(images, labels, images, labels, size=36)
    last = DataLoaders.from_arrays(images.transpose(0, 2, 3, 1), labels, images, labels, size=36)
    assert torch.equal(first.train.dataset.images, last.train.dataset.images)
    assert first.train.dataset.images.is_contiguous() and first.one_batch()[0].shape == (72, 3, 36, 36)
    assert torch.equal(first.train.dataset.images[:, :, 2:34, 2:34], torch.tensor(images))
    assert np.array_equal(np.array(first.show(4, zoom=1))[2:34, 2:34], images[0].transpose(1, 2, 0))
    few = first.subset(10)
    assert few.one_batch()[0].shape == (10, 3, 36, 36)
    with pytest.raises(DataError, match=r"\(72, 2, 32, 32\)") as e:
        DataLoaders.from_arrays(images[:, :2], labels, images, labels)
    one_sentence(e.value)
    on = first.to("cpu")
    assert torch.equal(next(iter(on.valid))[0], next(iter(first.valid))[0])


# ---- links, endings, and what is left out


def total(dls) -> int:
    return len(dls.train.dataset) + len(dls.valid.dataset)


def test_links_are_followed_without_circles(tmp_path, capsys):
    root, store = tmp_path / "set", tmp_path / "store"
    for i in range(3):
        write_image(root / "birds" / f"{i}.png")
        write_image(store / "cats" / "young" / f"{i}.png")
        write_image(tmp_path / "single" / f"{i}.png")
    os.symlink(store / "cats", root / "cats")
    os.symlink(tmp_path / "single" / "0.png", root / "birds" / "linked.png")
    dls = image_folder(root, size=8, progress=False)
    assert total(dls) == 7 and dls.classes == ("birds", "cats") and capsys.readouterr().out == ""
    os.symlink(root, root / "birds" / "up")  # a circle
    os.symlink(root, store / "cats" / "young" / "and back")  # one over two links
    os.symlink(root / "birds", root / "aves")  # the same images once more: once is enough, under their real name
    dls = image_folder(root, size=8, progress=False)
    assert total(dls) == 7 and dls.classes == ("birds", "cats")
    assert capsys.readouterr().out == "Left out 3 links to folders that were read already.\n"
    assert total(image_folder(root / "cats", size=8, progress=False)) == 7, "named by a link, that leads to the rest"


def test_a_link_that_leads_nowhere_is_an_image_that_cannot_be_read(pictures, capsys):
    os.symlink(pictures / "gone.png", pictures / "boats" / "gone.png")
    os.symlink(pictures / "boats" / "round.png", pictures / "boats" / "round.png")
    with pytest.raises(DataError) as e:
        image_folder(pictures, progress=False)
    one_sentence(e.value, "found 2 of 22", "gone.png (No such file or directory)", "round.png (Too many levels")
    assert "Errno" not in str(e.value)
    assert total(image_folder(pictures, skip_damaged=True, progress=False)) == 20
    assert capsys.readouterr().out.startswith("Left out 2 of 22 images")


def test_every_ending_that_pillow_reads(tmp_path):
    made, kinds = 0, Image.registered_extensions()
    for ending in (
        ".avif",
        ".jp2",
        ".j2k",
        ".tga",
        ".pcx",
        ".ico",
        ".dib",
        ".ppm",
        ".pbm",
        ".sgi",
        ".qoi",
        ".jpe",
        ".TIF",
        ".apng",
        ".icns",
        ".im",
        ".xbm",
    ):
        image = Image.new("1" if ending in (".xbm", ".pbm") else "RGB", (64, 64), "white")
        try:
            image.save(tmp_path / f"a{ending}", format=kinds[ending.lower()])
            made += 1
        except (OSError, KeyError):  # this Pillow does not write it
            (tmp_path / f"a{ending}").unlink(missing_ok=True)
    assert made > 10 and total(image_folder(tmp_path, size=8, progress=False)) == made


def test_what_is_left_out_is_counted_and_said(pictures, capsys):
    for name in ("a.heic", "b.HEIC", "notes.txt", "README", "film.mpg", "figure.eps", "data.h5", "s.json", "s.csv"):
        (pictures / name).write_bytes(b"something else")
    assert total(image_folder(pictures, progress=False)) == 20
    said = capsys.readouterr().out
    assert (
        said.startswith("Left out 9 files whose names do not end like an image's (.heic 2, ") and said.count("\n") == 1
    )
    (pictures.parent / "none").mkdir()
    (pictures.parent / "none" / "a.heic").write_bytes(b"")
    with pytest.raises(DataError) as e:
        image_folder(pictures.parent / "none")
    one_sentence(e.value, "found 0, and 1 files", ".heic 1", "name another folder")


def test_a_pipe_that_is_called_like_an_image_is_not_waited_for(pictures, capsys):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes on this machine")
    os.mkfifo(pictures / "pipe.png")
    assert total(image_folder(pictures, progress=False)) == 20
    assert "Left out 1 files" in capsys.readouterr().out


# ---- no more memory than a file may ask for


def peak_of(code: str) -> float:
    "By how many MB the memory of a fresh process grows at most while it runs this, after the imports."
    program = f"""
import resource, sys, pathlib
import numpy, torch, PIL.Image, ddpm_widgets as d
from ddpm_widgets import datasets
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
PIL.Image.init(), torch.zeros(9).numpy()
before = peak()
try:
    {code}
    print('nothing')
except d.DataError as e:
    print(e)
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    said, grown = done.stdout.strip().rsplit("\n", 1)
    one_sentence(ValueError(said), "must", "found")
    assert done.stderr == ""
    return float(grown)


def bomb(path, head: bytes, megabytes: int) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(head)
        for _ in range(megabytes // 8):
            file.write(bytes(2**23))


@pytest.mark.slow
def test_a_small_file_that_unpacks_to_much(tmp_path):
    short, vast = (
        bytes([0, 0, 8, 3]) + struct.pack(">3I", 10, 28, 28),
        bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**20, 28, 28),
    )
    for head in (short, vast, b""):
        bomb(tmp_path / "images.gz", head, 800)
        assert peak_of(f"datasets.read_idx({str(tmp_path / 'images.gz')!r}, 3)") < 60
    with open(tmp_path / "sparse", "wb") as file:
        file.write(vast)
        file.truncate(20 * 2**30)
    assert peak_of(f"datasets.read_idx({str(tmp_path / 'sparse')!r}, 3)") < 60
    bomb(tmp_path / ARCHIVE, b"", 800)
    assert peak_of(f"d.cifar10(folder={str(tmp_path)!r})") < 60


def tar_of(*members) -> bytes:
    out = io.BytesIO()
    with gzip.open(out, "wb", compresslevel=1) as file:
        for name, size, kind, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = size, kind
            file.write(info.tobuf(tarfile.GNU_FORMAT))
            for chunk in content:
                file.write(chunk)
    return out.getvalue()


@pytest.mark.slow
def test_an_archive_that_goes_on_and_on(tmp_path, monkeypatch):
    zeros = [bytes(2**23)] * 50
    for kind, name in (
        (tarfile.REGTYPE, "cifar/data_batch_1.bin"),
        (tarfile.REGTYPE, "other"),
        (tarfile.GNUTYPE_LONGNAME, "x"),
    ):
        (tmp_path / ARCHIVE).write_bytes(tar_of((name, 400 * 2**20, kind, zeros)))
        assert peak_of(f"d.cifar10(folder={str(tmp_path)!r})") < (600 if kind == tarfile.GNUTYPE_LONGNAME else 100)


def test_headers_within_headers(tmp_path):
    nested = [(f"{i}", 512, tarfile.GNUTYPE_LONGNAME, [b"x" * 512]) for i in range(3000)]
    pax = [("p", 512, tarfile.XHDTYPE, [b"30 GNU.sparse.map=a,b,c,d,e\n".ljust(512, b"\0")])] * 3
    for members in (
        nested,
        pax,
        [("a", 2**40, tarfile.REGTYPE, [])],
        [("a", 512, tarfile.GNUTYPE_SPARSE, [bytes(512)])],
    ):
        (tmp_path / ARCHIVE).write_bytes(tar_of(*members))
        with pytest.raises(DataError) as e:
            cifar10(folder=tmp_path)
        one_sentence(e.value, str(tmp_path), "must", "found", "fetch ")


def test_a_file_of_an_unpacked_archive_that_goes_on_and_on(tmp_path):
    with open(tmp_path / datasets._CIFAR10_BATCHES[0], "wb") as file:
        file.truncate(20 * 2**30)
    assert peak_of(f"d.cifar10(folder={str(tmp_path)!r})") < 100


def test_giant_pictures(tmp_path):
    for name in "ab":
        Image.new("1", (13_000, 13_000)).save(tmp_path / f"{name}.png")
    assert peak_of(f"d.image_folder({str(tmp_path)!r}, progress=False)") < 60
    Image.new("L", (9_000, 9_000)).save(tmp_path / "c.jpg")  # decoded at an eighth
    with pytest.raises(DataError) as e:
        image_folder(tmp_path, progress=False)
    one_sentence(e.value, "found 2 of 3", "13000×13000 pixels, more than 67,108,864")


def test_a_cached_file_is_held_against_its_checksum(server, arrays, tmp_path):
    loaded(fashion_mnist(mirrors=[f"{server}/good/"], progress=False), arrays)
    cached = tmp_path / "fashion-mnist" / TRAIN
    other = gzip.compress(idx(255 - arrays[0]))  # sound, of the same shape, and another
    cached.write_bytes(other)
    with pytest.raises(Unavailable) as e:
        fashion_mnist(download=False)
    one_sentence(e.value, str(cached), "must have the checksum sha256:", "found a different file: delete it")
    assert cached.read_bytes() == other


@pytest.mark.parametrize(
    "n, n_valid, said",
    [(101, 1, "n must be"), (10, 51, "n_valid must be"), ("a", None, "n must be"), (10, 0, "n_valid must be")],
)
def test_a_subset_is_refused_by_the_name_of_what_was_passed(n, n_valid, said):
    with pytest.raises(DataError, match=said):
        garments(n=100, n_valid=50).subset(n, n_valid)


def test_a_subset_of_much_training_and_little_validation():
    few = garments(n=100, n_valid=5).subset(60)
    assert len(few.train.dataset) == 60 and len(few.valid.dataset) == 5


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("seed", [3, None])
def test_images_on_a_device_come_in_the_same_order(seed, drop_last):
    def labels(dls):
        torch.manual_seed(7)
        return [torch.cat([y for _, y in dls.train]) for _ in range(2)]

    plain = garments(16, n=100, n_valid=10)
    order = None if seed is None else torch.Generator().manual_seed(seed)
    plain.train = DataLoader(plain.train.dataset, 16, shuffle=True, generator=order, drop_last=drop_last)
    kept = plain.to("cpu")
    there = labels(plain)
    if order is not None:
        order.manual_seed(seed)
    assert all(map(torch.equal, there, labels(kept)))


WRONG = [{"batch_size": 0}, {"size": 5000}, {"seed": -1}]


@pytest.mark.parametrize(
    "load, wrong",
    [(load, wrong) for load in (cifar10, fashion_mnist) for wrong in [*WRONG, {"size": 10}, {"folder": 3}]]
    + [(image_folder, wrong) for wrong in WRONG],
)
def test_arguments_are_checked_before_anything_is_read_or_fetched(load, wrong, tmp_path, monkeypatch):
    monkeypatch.delenv("DDPM_WIDGETS_DATA", raising=False)
    for name in ("cached_files", "_files_of_folder"):
        monkeypatch.setattr(datasets, name, lambda *_: pytest.fail("too late"))
    with pytest.raises(DataError, match=f"{next(iter(wrong))} must be"):
        load(tmp_path, **wrong) if load is image_folder else load(**wrong)


def test_a_file_that_stalls_has_had_no_answer_in_time():
    stalled = downloads.requests.ConnectionError("HTTPSConnectionPool(host='x', port=443): Read timed out.")
    assert downloads._download_reason(stalled) == "no answer in time"
    assert downloads._download_reason(downloads.requests.exceptions.SSLError("x")) == "its certificate was refused"
    assert downloads._download_reason(downloads.requests.ConnectionError("refused")) == "no connection"
