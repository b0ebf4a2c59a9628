"What goes wrong outside of Python: damaged files, a page that sends rubbish, names that look like markup, two at once."

import gzip
import json
import multiprocessing
import os
import random
import shutil
import struct
import subprocess
import threading
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import ddpm_widgets as d
from ddpm_widgets import weights
from ddpm_widgets.datasets import FASHION_MNIST_FILES, read_idx
from ddpm_widgets.downloads import download_files
from ddpm_widgets.storage import read_hashed

LINEAR = d.linear_schedule(20)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8)


class Line:
    x = torch.randn(40, 1, generator=torch.Generator().manual_seed(0))
    train = DataLoader(TensorDataset(x, 3 * x), 10, shuffle=True)
    valid = DataLoader(TensorDataset(x, 3 * x), 20)


# ---- 200 damaged files


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def damages(good, others, chance):
    "A good file's bytes in 25 kinds of disrepair."
    n = len(good)

    def flipped():
        at = chance.randrange(n)
        return good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1 :]

    yield from (flipped() for _ in range(9))
    yield from (good[: chance.randrange(1, n)] for _ in range(5))
    yield b""
    yield bytes(n)
    yield good[: n // 2] + bytes(n // 4) + good[n // 2 + n // 4 :]  # a hole, as a disk that was full leaves
    yield good[1:]
    yield good + b"\0"
    yield b"<!DOCTYPE html><title>Please sign in</title>" + b" " * 200
    yield b'{"tensors": [1, 2, 3]}'
    yield b"PK\x03\x04" + good
    yield b"\x80\x04\x95" + good  # what a pickle begins with
    yield from chance.sample(others, 2)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    "A good file of each kind, and how it is read."
    folder = tmp_path_factory.mktemp("good")
    model = d.unet("nb17", block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1)
    model.diffusion = d.Diffusion(LINEAR)
    d.Learner(nn.Linear(1, 1), Line, cbs=[d.Recorder()]).fit(1, cbs=[d.Checkpoint(folder / "run")])
    (folder / "images.gz").write_bytes(gzip.compress(idx(IMAGES), mtime=0))
    (folder / "labels").write_bytes(idx(np.arange(6, dtype=np.uint8)))

    def resume(path):
        name = path.with_name("step-00000004.safetensors")
        path.rename(name)
        d.Learner(nn.Linear(1, 1), Line, cbs=[d.Recorder()]).fit(1, cbs=[d.Resume(name, show=False)])

    def images(path):
        assert np.array_equal(read_idx(path, 3), IMAGES)
        raise d.DataError("the very same pictures: a date in gzip's header, say")

    def labels(path):
        array = read_idx(path, 1)
        if len(array) == 6:
            raise d.DataError("a flipped bit in a plain file without a hash is a label like any other")

    return {
        "model": (d.save_model(model, folder / "model.safetensors").read_bytes(), d.load_model, d.WeightsError),
        "checkpoint": (next((folder / "run").iterdir()).read_bytes(), resume, d.CheckpointError),
        "features": (
            weights.write_safetensors(folder / "f.safetensors", {"features": torch.zeros(3, 4)}).read_bytes(),
            lambda path: read_hashed(path, "evaluate")[0]["features"],
            (ValueError, KeyError),
        ),
        "images": ((folder / "images.gz").read_bytes(), images, d.DataError),
        "labels": ((folder / "labels").read_bytes(), labels, d.DataError),
        "shipped": ((weights.MODELS / "fashion-mnist.safetensors").read_bytes(), None, ValueError),
        "classifier": (
            (weights.MODELS / "classifier.safetensors").read_bytes()
            if (weights.MODELS / "classifier.safetensors").exists()
            else b"x" * 99,
            None,
            ValueError,
        ),
    }


@pytest.mark.parametrize("kind", ["model", "checkpoint", "features", "images", "labels"])
def test_40_damaged_files_of_each_kind_are_refused(kind, good, tmp_path, capsys):
    content, read, error = good[kind]
    others = [g for name, (g, _, _) in good.items() if name not in (kind, "shipped", "classifier")]
    chance = random.Random(kind)
    (neighbour := tmp_path / "neighbour").write_bytes(content)
    count = 0
    for round in range(2):
        for bad in damages(content, others, chance):
            if bad == content or count == 40:
                continue
            count += 1
            (folder := tmp_path / f"{round} {count}, ünïcode").mkdir()
            (path := folder / "file").write_bytes(bad)
            with pytest.raises(error) as e:
                read(path)
            assert "\n" not in str(e.value), str(e.value)
            assert next(folder.iterdir()).read_bytes() == bad, "it was touched"
    assert count == 40 and neighbour.read_bytes() == content


def test_a_damaged_cache_of_features_is_computed_again(tmp_path, monkeypatch):
    from ddpm_widgets import evaluation

    dls = d.garments(4, n=8, n_valid=4)
    first = evaluation.reference_features(dls, cache=tmp_path, progress=False)
    path = next(tmp_path.iterdir())
    whole = bytearray(path.read_bytes())
    whole[-1] ^= 1
    path.write_bytes(whole)
    assert torch.equal(evaluation.reference_features(dls, cache=tmp_path, progress=False), first)
    monkeypatch.setattr(evaluation, "features", None)  # the mended file is read
    assert torch.equal(evaluation.reference_features(dls, cache=tmp_path, progress=False), first)


def test_saving_into_a_full_disk_keeps_the_old_file(tmp_path):
    "A real one, where the machine lets us make one; of 256 kB."
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        not shutil.which("mount")
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True).returncode
    ):
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        model = d.unet("nb17", block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1)
        model.diffusion = d.Diffusion(LINEAR)
        (path := disk / "model.safetensors").write_bytes(b"old")
        with pytest.raises(OSError, match="No space left"):
            for _ in range(9):
                d.save_model(model, path)
                path = disk / f"{_}.safetensors"
        assert not list(disk.glob("*.part"))
        learn = d.Learner(nn.Sequential(nn.Linear(1, 30_000), nn.Linear(30_000, 1)), Line)
        with pytest.warns(UserWarning, match="No space left on device.*the training goes on"):
            learn.fit(1, cbs=[d.Checkpoint(disk / "run")])
        assert learn.steps == 4 and not list(disk.rglob("*.part"))
    finally:
        subprocess.run(["umount", disk], check=True)


# ---- two at once


def download(folder, mirror, files):
    download_files(files, [mirror], folder, False, "ask a friend")


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
def test_two_processes_download_at_once(tmp_path, monkeypatch):
    "Both get all of it, nobody sees half of it, nothing is left over; the path has spaces and umlauts."
    import hashlib
    import http.server

    body = {name: gzip.compress(name.encode() * 20_000) for name in FASHION_MNIST_FILES}

    class Slow(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content = body[self.path.rsplit("/", 1)[1]]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:50])
            self.wfile.flush()
            threading.Event().wait(0.05)
            self.wfile.write(content[50:])

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    files = {name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in body.items()}
    try:
        fork = multiprocessing.get_context("fork")
        folder = tmp_path / "Kleider für Übung"
        args = (folder, f"http://127.0.0.1:{server.server_port}/", files)
        both = [fork.Process(target=download, args=args) for _ in range(2)]
        for p in both:
            p.start()
        for p in both:
            p.join(60)
        assert [p.exitcode for p in both] == [0, 0]
        assert {p.name: p.read_bytes() for p in folder.iterdir()} == body
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# ---- what a page sends


def widgets():
    yield d.NoiseScrubber(IMAGES, LINEAR)
    yield d.ScheduleExplorer(IMAGES)
    yield d.TrainingMonitor()
    yield d.SamplingPlayer(frames_of())
    yield d.DensityScrubber()
    yield d.SolverLab()
    yield d.FIDLab(
        np.eye(4),
        {"a": {"b": np.zeros((4, 2, 2)), "c": np.ones((4, 2, 2))}},
        lambda x: x.reshape(4, 4) + np.eye(4),
        counts=[2],
    )
    yield d.LiveSampler()
    yield d.DiffusionPlayground(n=20)
    yield d.UNetXRay()
    yield d.GuidanceLab(with_classes())
    yield d.PathExplorer(IMAGES)


@cache
def with_classes():
    "A small network of random weights that knows three classes, and none."
    model = d.unet("small", block_out_channels=(8, 16), norm_num_groups=8, num_class_embeds=4)
    model.diffusion = d.Diffusion(d.cosine_schedule(100), "v", shape=(1, 16, 16), classes=("boot", "bag", "coat"))
    return model


def frames_of():
    class Net(nn.Module):
        def forward(self, x_t, t):
            return 0.1 * x_t

    return d.sample_steps(Net(), LINEAR, 2, shape=(1, 8, 8))


def anything(chance, depth=0):
    kinds = [
        lambda: None,
        lambda: chance.random() < 0.5,
        lambda: chance.choice([0, 1, -1, 5, 99, 2**31, 2**53, -(2**63), 10**30]),
        lambda: chance.choice([0.5, -3.2, 1e308, float("nan"), float("inf"), -0.0]),
        lambda: chance.choice(["", "ddpm", "<img src=x onerror=alert(1)>", "\0", "ü" * 50, "IPY_MODEL_x", "__class__"]),
        lambda: chance.randbytes(chance.choice([0, 1, 7, 400])),
        lambda: memoryview(chance.randbytes(8)),
    ]
    if depth < 3:
        kinds += [
            lambda: [anything(chance, depth + 1) for _ in range(chance.randrange(4))],
            lambda: {str(chance.randrange(9)): anything(chance, depth + 1) for _ in range(chance.randrange(3))},
        ]
    return chance.choice(kinds)()


NAMES = [
    "NoiseScrubber",
    "ScheduleExplorer",
    "TrainingMonitor",
    "SamplingPlayer",
    "DensityScrubber",
    "SolverLab",
    "FIDLab",
    "LiveSampler",
    "DiffusionPlayground",
    "UNetXRay",
    "GuidanceLab",
    "PathExplorer",
]  # in the order of `widgets`


@pytest.mark.parametrize("which", range(len(NAMES)), ids=NAMES)
def test_2000_random_messages(which, monkeypatch):
    "Through the handler that the kernel calls: it never raises, and what only Python may set stays."
    widget = list(widgets())[which]
    sent = []
    monkeypatch.setattr(widget, "_send", lambda message, buffers=None: sent.append(message))
    chance = random.Random(which)
    traits = {name: t for name, t in widget.traits().items() if t.metadata.get("sync")}
    mine = {
        name
        for name, t in traits.items()
        if issubclass(t.this_class, d.NoiseScrubber.__mro__[1]) and not t.metadata.get("page")
    }
    own = {name: getattr(widget, name) for name in mine}
    names = [*traits, "nobody", "comm", "_esm", "__init__", ""]
    for _ in range(2000):
        state = {chance.choice(names): anything(chance) for _ in range(chance.randrange(4))}
        state = {k: v for k, v in state.items() if k not in ("layout", "tabbable", "tooltip")}  # ipywidgets' own
        if chance.random() < 0.85:
            content = {"method": "update", "state": state, "buffer_paths": []}
        else:
            content = chance.choice([{"method": "custom", "content": anything(chance)}, {"method": "request_state"}])
        widget._handle_msg({"content": {"data": content}, "buffers": []})
    assert own == {name: getattr(widget, name) for name in mine}, "only Python may set these"
    for name, trait in traits.items():
        trait._validate(widget, getattr(widget, name))
    assert json.dumps(widget.saved_state())
    sent.clear()
    widget._handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})
    assert sent, "it answers"


# ---- names that look like markup


def test_names_never_become_markup(tmp_path):
    evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"
    widget = d.NoiseScrubber(IMAGES, {evil: LINEAR, f"{evil} 2": LINEAR}, link=evil)
    text = widget.to_html(tmp_path / "page.html", title=evil).read_text(encoding="utf-8")
    assert "<img src=x" not in text and "<script>alert" not in text
    assert text.count("<script") == text.count("</script>")


def test_no_script_makes_code_or_markup_of_text():
    for path in (Path(d.__file__).parents[1] / "js/src").rglob("*.js"):
        source = path.read_text(encoding="utf-8")
        for word in ("eval(", "new Function", "document.write", "insertAdjacentHTML", "outerHTML"):
            assert word not in source, f"{path.name}: {word}"
        for line in source.splitlines():
            if "innerHTML" in line and "=" in line:
                assert "${" not in line and "+" not in line, f"{path.name}: {line.strip()}"


# ---- a monitor in a process that was forked from a notebook


def fit_with(monitor):
    learn = d.Learner(nn.Linear(1, 1), Line, cbs=[monitor])
    learn.fit(2)
    assert monitor.state == "finished" and learn.steps == 8


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
def test_a_monitor_works_in_a_forked_child(monkeypatch):
    "As accelerate's notebook_launcher starts it: what the notebook shows is the parent's, the child sends nothing and has a bar."
    monitor = d.TrainingMonitor()
    parent = os.getpid()

    def send(self, *args, **kwargs):
        assert os.getpid() == parent, "a child must not use the parent's sockets"

    comm = type("Comm", (), {"send": send, "comm_id": "1", "kernel": None, "close": send, "on_msg": send})()
    monitor.comm = comm
    torch.set_num_threads(1)
    child = multiprocessing.get_context("fork").Process(target=fit_with, args=(monitor,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert monitor.comm is comm and monitor.state == "ready"


def test_a_monitor_works_with_the_notebook_launcher():
    from accelerate import notebook_launcher

    notebook_launcher(fit_with, (d.TrainingMonitor(),), num_processes=1)
