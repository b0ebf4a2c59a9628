"The command `ddpm-widgets`: what it writes, what it leaves alone, what it says."

import gzip
import json
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm_widgets import _cli, _course, draw_garments, load_model
from ddpm_widgets.datasets import FASHION_MNIST_FILES

ROOT = Path(__file__).parents[2]
FAST = ["--model", "small", "--epochs", "1", "--batch-size", "8"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    "A data folder with 64 + 32 images in the official format."
    folder = tmp_path_factory.mktemp("data") / "fashion-mnist"
    folder.mkdir()
    images, labels = draw_garments(96, seed=5)
    for name, array in zip(FASHION_MNIST_FILES, (images[:64], labels[:64], images[64:], labels[64:]), strict=True):
        head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        (folder / name).write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes()))
    return folder.parent


@pytest.fixture
def few_images(folder, monkeypatch):
    monkeypatch.setenv("DDPM_WIDGETS_DATA", str(folder))


def run(*args) -> int:
    return _cli.main([str(a) for a in args])


# help and errors


@pytest.mark.parametrize("command", [(), ("lab",), ("train",), ("sample",), ("record",)])
def test_help_teaches_and_loads_nothing_heavy(command):
    code = "import sys, ddpm_widgets._cli as c\ntry: c.main(sys.argv[1:])\nfinally: assert not {'torch', 'diffusers', 'anywidget'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "default" in done.stdout or "a first quarter of an hour" in done.stdout
    assert all(f"\n  {code} " in done.stdout for code in (0, 1, 2, 130)), "its exit codes"


def help_of(command: str, capsys) -> str:
    with pytest.raises(SystemExit):
        run(*command.split(), "--help")
    return capsys.readouterr().out


@pytest.mark.parametrize("where", ["", "lab", "train", "sample", "record", "README.md"])
def test_what_the_help_shows_can_be_typed(where, capsys):
    "Every example, in the help and in the README, is a line that the command takes."
    text = (ROOT / where).read_text(encoding="utf-8") if where.endswith(".md") else help_of(where, capsys)
    examples = re.findall(r"^ *ddpm-widgets ((?:lab|train|sample|record)\b.*)$", text, re.M)
    assert len(examples) >= 2
    for line in examples:
        words = re.split(r" {2,}| #", line)[0].split()  # what it does stands beside it
        args = _cli.arguments().parse_args(words)
        assert args.run, line


def test_no_command_at_all_shows_what_there_is(capsys):
    with pytest.raises(SystemExit) as e:
        run()
    said = capsys.readouterr().err
    assert (
        e.value.code == 2
        and "open the lessons in JupyterLab" in said
        and said.endswith("lab, train, sample or record\n")
    )


@pytest.mark.parametrize(
    "args, says",
    [
        ((), "required"),
        (("fly",), "invalid choice"),
        (("train", "--epochs", "0"), "1 or more, found '0'"),
        (("train", "--lr", "-1"), "above 0, found '-1'"),
        (("train", "--lr", "nan"), "above 0"),
        (("sample", "-n", "many"), "whole number"),
        (("train", "--size", "30"), "a multiple of 8, 8 or more, found '30'"),
        (("lab", "--port", "99999"), "from 1 to 65535, found '99999'"),
        (("sample", "--sampler", "runge"), "invalid choice"),
        (("train", "--data", "cats"), "invalid choice: 'cats'"),
    ],
)
def test_wrong_options_exit_with_2(args, says, capsys):
    with pytest.raises(SystemExit) as e:
        run(*args)
    assert e.value.code == 2 and says in capsys.readouterr().err


@pytest.mark.parametrize(
    "args, says",
    [
        (("sample", "--weights", "nowhere.safetensors"), "there is no file nowhere.safetensors"),
        (("sample", "--weights", "text.safetensors"), "must be a whole file of save_model"),
        (("sample", "-o", "grid.txt"), "must be a picture"),
        (("sample", "-o", "nowhere/grid.png"), "nowhere must be a folder, found none"),
        (("sample", "-o", "full.png/grid.png"), "full.png must be a folder, found a file"),
        (("sample", "-o", "full.png"), "full.png must be a new file, found one"),
        (("sample", "--film", "full.png"), "full.png must be a new file, found one"),
        (("sample", "-o", "full", "--force"), "full must be a file, found a folder"),
        (("sample", "-o", "a.png", "--film", "a.png"), "--film must be another file than -o"),
        (("sample", "--film", "film.txt"), "--film must be a page, .html, found 'film.txt'"),
        (("sample", "-o", "/proc/a.png"), "must be a place that can be written to"),
        (("train", "--out", "/proc/run"), "must be a place that can be written to"),
        (("train", "--out", "nowhere", "--resume"), "nowhere must hold a checkpoint to go on from, found none"),
        (("sample", "--weights", "full"), "full must be a folder with checkpoints or model.safetensors, found neither"),
        (("sample", "--steps", "2000"), "2000"),
        (("train", "--out", "full"), "full must be a new or empty folder, found files in it"),
        (("train", "--out", "full", "--resume"), "full must hold a checkpoint to go on from, found none"),
        (("train", "--out", "full.png"), "full.png must be a new or empty folder, found a file"),
        (("lab", "full.png", "--copy-only"), "must be a folder"),
    ],
)
def test_what_must_be_mended_is_one_sentence_and_exits_with_1(args, says, tmp_path, monkeypatch, capsys, few_images):
    monkeypatch.chdir(tmp_path)
    Path("full.png").write_bytes(b"mine")
    Path("text.safetensors").write_text("not weights")
    Path("full").mkdir()
    Path("full/mine.txt").write_text("mine")
    before = sorted(map(str, Path(".").rglob("*")))
    assert run(*args) == 1
    err = capsys.readouterr().err
    last = err.strip().splitlines()[-1]
    assert last.startswith("ddpm-widgets: ") and says in last, err
    assert sorted(map(str, Path(".").rglob("*"))) == before, "nothing is left behind"
    assert Path("full.png").read_bytes() == b"mine" and Path("full/mine.txt").read_text() == "mine"


# train and sample


def test_train_then_sample(tmp_path, capsys, few_images):
    out = tmp_path / "my run ü"
    assert run("train", *FAST, "--seed", 3, "--out", out) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "checkpoints",
        "loss.png",
        "model.safetensors",
        "samples.png",
        "training.html",
    ]
    card = load_model(out / "model.safetensors").card
    assert (card["steps"], card["epochs"], card["seed"]) == (8, 1, 3) and card["validation_loss"] > 0
    assert Image.open(out / "loss.png").width > 100
    assert "<script" in (out / "training.html").read_text(encoding="utf-8")

    picture, film = tmp_path / "grid.png", tmp_path / "film.html"
    weights = ["--weights", out / "model.safetensors"]
    sample = ["sample", *weights, "-n", 6, "--columns", 3, "--steps", 3, "--seed", 1, "-o", picture]
    assert run(*sample, "--film", film) == 0
    first = picture.read_bytes()
    size = Image.open(picture).size
    assert size[0] / size[1] == pytest.approx(1.5, abs=0.05) and film.stat().st_size > 10_000
    assert run(*sample) == 1, "it is not replaced unasked"
    assert run(*sample, "--force") == 0 and picture.read_bytes() == first, "same seed, same picture"
    assert run(*[a if a != 1 else 2 for a in sample], "--force") == 0 and picture.read_bytes() != first
    capsys.readouterr()


@pytest.mark.parametrize(
    "model, asked, says",
    [
        ("fast", {}, "with dpm++ in 20 steps (spacing linear_levels), the model's own choice."),
        (
            "small",
            {"sampler": "dpm++", "steps": 20},
            "with dpm++ in 20 steps (spacing trailing), because the model's own choice, ddpm in all 1000, takes minutes.",
        ),
    ],
)
def test_train_draws_as_the_model_chooses_and_says_how(model, asked, says, tmp_path, monkeypatch, capsys, few_images):
    import ddpm_widgets
    from ddpm_widgets import DDPMCB, Learner, ddpm_callback, respace, sampling, training, unet

    drawn = []

    def tiny(dls, preset, *, cbs, **settings):  # the recipe of the preset, for a network that trains at once
        r = training.RECIPES.get(preset, training.Recipe())
        cb = DDPMCB(r.schedule(), r.target, sampler=r.sampler, steps=r.steps, spacing=r.spacing)
        net = unet("nb17", block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1)
        learn = Learner(net, dls, lr=1e-3, cbs=[cb, *cbs])
        learn.fit(1)
        return learn

    def watched(model, schedule=None, n=16, **kwargs):
        if n == 64:
            names = ("target", "shape", "sampler", "steps", "spacing")
            options = sampling.SamplingOptions(**{name: kwargs.get(name) for name in names})
            made = options.resolve(model, schedule)
            drawn.append(({**kwargs}, made.schedule.timesteps.tolist()))
        return sampling.sample(model, schedule, 4, **{**kwargs, "steps": 2})

    monkeypatch.setattr(ddpm_callback, "sample", watched)
    monkeypatch.setattr(ddpm_widgets, "train", tiny)
    assert run("train", *FAST, "--model", model, "--batch-size", 32, "--seed", 5, "--out", tmp_path / "run") == 0
    assert f"Drawing 64 images {says}\n" in capsys.readouterr().out
    (kwargs, timesteps), d = drawn[0], load_model(tmp_path / "run/model.safetensors").diffusion
    assert len(drawn) == 1 and kwargs["seed"] == 5 and {k: kwargs[k] for k in asked} == asked
    assert len(timesteps) == 20 and timesteps == respace(d.schedule, 20, d.spacing).timesteps.tolist()


def test_an_error_in_training_leaves_no_empty_folder(tmp_path, monkeypatch, few_images):
    import ddpm_widgets

    def fails(*args, **kwargs):
        raise ValueError("the data is no good: bring other data.")

    monkeypatch.setattr(ddpm_widgets, "train", fails)
    assert run("train", *FAST, "--out", tmp_path / "run") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal there")
def test_ctrl_c_keeps_what_was_learned(tmp_path, few_images):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "ddpm_widgets", "train", *FAST, "--epochs", "5000", "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = b""
    while not re.search(rb"[1-9]\d*/40000 \[", said):  # until the bar tells of the first steps
        assert process.poll() is None and len(said) < 100_000, said.decode()
        said += os.read(process.stdout.fileno(), 4096)
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=120)[0]
    assert process.returncode == 130, (said + rest).decode()
    assert b"Traceback" not in said + rest
    assert 0 < load_model(out / "model.safetensors").card["steps"] < 40000
    assert (out / "samples.png").is_file()

    # it goes on, and only with the same options
    steps = load_model(out / "model.safetensors").card["steps"]
    assert run("train", *FAST, "--epochs", 2, "--out", out, "--resume") == 1
    process = subprocess.Popen([*command, "--resume"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = b""
    while not re.search(rb"[1-9]\d*/40000 \[", said):
        assert process.poll() is None and len(said) < 100_000, said.decode()
        said += os.read(process.stdout.fileno(), 4096)
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=120)[0]
    assert process.returncode == 130 and f"Resumed at step {steps} ".encode() in said + rest
    assert load_model(out / "model.safetensors").card["steps"] > steps


# lab


def lessons_in(folder) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != _course.RECORD
    }


def test_lab_copies_the_whole_course(tmp_path, capsys):
    assert run("lab", tmp_path / "course", "--copy-only") == 0
    assert lessons_in(tmp_path / "course") == _course.course()
    first = capsys.readouterr().out
    assert str(tmp_path / "course") in first and "Left alone" not in first
    assert run("lab", tmp_path / "course", "--copy-only") == 0
    assert lessons_in(tmp_path / "course") == _course.course()


def test_lab_never_touches_what_the_reader_has_changed(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "course"
    run("lab", folder, "--copy-only")
    names = [name for name in _course.course() if name.endswith(".ipynb")]
    mine, gone, new = names[0], names[1], {name: content + b"\n" for name, content in _course.course().items()}
    (folder / mine).write_bytes(b"my own notes")
    (folder / gone).unlink()
    (folder / "lessons/mine.ipynb").write_bytes(b"another of mine")
    monkeypatch.setattr(_course, "course", lambda: new)  # a later version, all files changed
    capsys.readouterr()
    assert run("lab", folder, "--copy-only") == 0
    said = capsys.readouterr().out
    there = lessons_in(folder)
    assert there.pop(mine) == b"my own notes" and there.pop("lessons/mine.ipynb") == b"another of mine"
    assert there == {name: content for name, content in new.items() if name != mine}
    assert f"Left alone, because you have changed them: {mine}." in said and names[2] in said
    # once changed, always the reader's, also for the version after that
    assert run("lab", folder, "--copy-only") == 0 and (folder / mine).read_bytes() == b"my own notes"


@pytest.mark.parametrize("record", ["", "{", "[]", '{"files": 3}', "null"])
def test_lab_with_a_lost_record_leaves_all_that_differs(tmp_path, record):
    folder = tmp_path / "course"
    run("lab", folder, "--copy-only")
    name = next(iter(_course.course()))
    (folder / name).write_bytes(b"mine")
    (folder / _course.RECORD).write_text(record)
    assert run("lab", folder, "--copy-only") == 0
    assert (folder / name).read_bytes() == b"mine"
    assert json.loads((folder / _course.RECORD).read_text())["version"]


def test_lab_says_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_cli, "find_spec", lambda name: None)
    assert run("lab", tmp_path / "course") == 1
    assert 'pip install "ddpm-widgets[lab]"' in capsys.readouterr().err
    assert (tmp_path / "course/lessons").is_dir(), "the lessons are there all the same"


def test_without_a_network_the_way_on_is_named(monkeypatch, capsys, tmp_path):
    from ddpm_widgets import datasets
    from ddpm_widgets.downloads import Unavailable

    def unreachable(*args):
        raise Unavailable("it could not be downloaded: connect to the internet.")

    monkeypatch.delenv("DDPM_WIDGETS_DATA", raising=False)
    monkeypatch.setattr(datasets, "cached_files", unreachable)
    assert run("train", "--out", tmp_path / "run") == 1
    said = capsys.readouterr().err
    assert "--data garments" in said and "stand_in" not in said
