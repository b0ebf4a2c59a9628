"Whatever writes a file writes the whole of it, or leaves the old one; the error names the file."

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ddpm_widgets as d
from ddpm_widgets import _cli, _course, _files, storage
from ddpm_widgets.checkpoints import Checkpoint

IMAGES = np.zeros((2, 4, 4), np.uint8)
SCHEDULE = d.linear_schedule(20)


def model():
    net = d.unet("nb17", block_out_channels=(8, 16), norm_num_groups=4, layers_per_block=1)
    net.diffusion = d.Diffusion(SCHEDULE, shape=(1, 8, 8))
    return net


def command(out, *more):
    "`ddpm-widgets sample`; what it says on one line is raised again."
    weights = d.save_model(model(), out.parent / "weights.safetensors")
    args = ["sample", "--weights", str(weights), "-n", "2", "--steps", "2", "--force", "-o", str(out), *more]
    namespace = _cli.arguments().parse_args(args)
    return namespace.run(namespace)


WRITERS = {
    "to_html": lambda path: d.NoiseScrubber(IMAGES, SCHEDULE).to_html(path),
    "to_png": lambda path: d.NoiseScrubber(IMAGES, SCHEDULE).to_png(path),
    "save_html": lambda path: d.widgets.page.save_html(path, d.DensityScrubber(), d.NoiseScrubber(IMAGES, SCHEDULE)),
    "save_model": lambda path: d.save_model(model(), path),
    "sample -o": lambda path: command(path.with_suffix(".png")),
    "sample --film": lambda path: command(path.with_name("x.png"), "--film", str(path)),
    "lab": lambda path: _course._write(path, b"a lesson"),
}


class System:
    "The os module, with a call that fails."

    def __init__(self, **broken):
        self.broken = broken

    def __getattr__(self, name):
        if name in self.broken:
            raise_ = self.broken[name]

            def fails(*args, **kwargs):
                raise OSError(raise_, os.strerror(raise_))

            return fails
        return getattr(os, name)


@pytest.mark.parametrize("what", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT], ids=errno.errorcode.get)
@pytest.mark.parametrize("writer", WRITERS)
def test_an_error_keeps_the_old_file_and_names_it(writer, what, tmp_path, monkeypatch):
    path = tmp_path / ("film.html" if "film" in writer else "out.png")
    weights = d.save_model(model(), tmp_path / "weights.safetensors").read_bytes()
    monkeypatch.setattr(d, "save_model", lambda *_: tmp_path / "weights.safetensors") if "sample" in writer else None
    kept = ["film.html", "out.png", "x.png"]
    for name in kept:
        (tmp_path / name).write_bytes(b"old")
    monkeypatch.setattr(storage, "os", System(fsync=what))
    with pytest.raises(OSError) as e:
        WRITERS[writer](path)
    text = str(e.value)
    assert str(tmp_path) in text and os.strerror(what) in text and "Errno" not in text and "\n" not in text
    assert e.value.errno == what and text.endswith(".")
    monkeypatch.undo()
    assert all((tmp_path / name).read_bytes() == b"old" for name in kept)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*kept, "weights.safetensors"])
    assert (tmp_path / "weights.safetensors").read_bytes() == weights or writer == "save_model"
    WRITERS[writer](path)  # nothing blocks the next try
    assert path.read_bytes() != b"old"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows kills in another way")
@pytest.mark.parametrize("writer", ["to_html", "to_png"])
def test_a_kill_while_it_writes_keeps_the_old_file(writer, tmp_path):
    path = tmp_path / "page"
    path.write_bytes(b"old")
    code = f"""if True:
        import os, signal, sys
        from pathlib import Path
        import numpy as np, ddpm_widgets as d
        from ddpm_widgets import storage
        class System:
            def __getattr__(self, name):
                if name == "fsync":
                    os.kill(os.getpid(), signal.SIGKILL)
                return getattr(os, name)
        storage.os = System()
        d.NoiseScrubber(np.zeros((2, 4, 4), np.uint8), np.linspace(0.9, 0.1, 9)).{writer}(sys.argv[1])"""
    assert subprocess.run([sys.executable, "-c", code, path]).returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    WRITERS[writer](path)
    assert path.read_bytes() != b"old"


@pytest.mark.parametrize("text", ["\ud800", "a\udcff.png", "\0", "😀", "<\udfff>"])
def test_a_label_that_cannot_be_encoded_is_written_as_json_has_it(text, tmp_path):
    path = d.NoiseScrubber(IMAGES, SCHEDULE, labels=[text, "b"], link=text).to_html(tmp_path / "page.html", title=text)
    page = path.read_text(encoding="utf-8")
    assert "</html>" in page and path.read_bytes().decode("utf-8") == page


def test_links_devices_and_modes_are_respected(tmp_path):
    (there := tmp_path / "there.png").write_bytes(b"old")
    there.chmod(0o640)
    (link := tmp_path / "link.png").symlink_to(there)
    widget = d.NoiseScrubber(IMAGES, SCHEDULE)
    widget.to_png(link)
    assert link.is_symlink() and there.read_bytes() == widget.to_png() and stat.S_IMODE(there.stat().st_mode) == 0o640
    if hasattr(os, "mkfifo"):
        widget.to_png("/dev/null")
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    long = tmp_path / ("ü" * 120 + ".png")  # 244 bytes: no room for a longer name
    widget.to_png(long)
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".png"] * 3


@pytest.mark.parametrize(
    "path, says",
    [
        ("none/x.png", "No such file or directory': make its folder first"),
        ("file/x.png", "Not a directory"),
        ("folder", "Is a directory': name a file in it"),
        ("x" * 300, "File name too long': choose a shorter name"),
    ],
)
def test_a_path_that_cannot_be_written_is_one_sentence(path, says, tmp_path):
    (tmp_path / "file").touch(), (tmp_path / "folder").mkdir()
    widget = d.NoiseScrubber(IMAGES, SCHEDULE)
    for write in (widget.to_png, widget.to_html):
        with pytest.raises(OSError, match=says) as e:
            write(tmp_path / path)
        assert "Errno" not in str(e.value) and path in str(e.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_protected_file_is_kept(tmp_path):
    (path := tmp_path / "x.png").write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="check its permissions"):
        d.NoiseScrubber(IMAGES, SCHEDULE).to_png(path)
    assert path.read_bytes() == b"old"


def test_a_protected_file_is_kept_from_whoever_asks_the_system(tmp_path, monkeypatch):
    class Locked(System):
        def access(self, *_):
            return False

    (path := tmp_path / "x.png").write_bytes(b"old")
    monkeypatch.setattr(storage, "os", Locked())
    with pytest.raises(PermissionError, match="check its permissions"):
        d.NoiseScrubber(IMAGES, SCHEDULE).to_png(path)
    assert path.read_bytes() == b"old"


def test_only_our_own_temporary_files_are_deleted(tmp_path):
    "Whatever else is in a folder of checkpoints is somebody's."
    theirs = ["precious.part", "notes.2024.part", "step-00000004.safetensors.part", "can-it-be-written", "a.ddpm-widgets.part"]  # fmt: skip
    for name in theirs:
        (tmp_path / name).write_bytes(b"mine")
    ours = tmp_path / "step-00000003.safetensors.0123456789ab.ddpm-widgets.part"
    ours.touch()
    x = torch.randn(8, 1)
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x), 4)
    dls = type("Dls", (), {"train": data, "valid": data})
    d.Learner(torch.nn.Linear(1, 1), dls, cbs=[d.Recorder()]).fit(1, cbs=[Checkpoint(tmp_path)])
    assert not ours.exists() and {p.name for p in tmp_path.iterdir()} == {*theirs, "step-00000002.safetensors"}
    assert all((tmp_path / name).read_bytes() == b"mine" for name in theirs)


@pytest.mark.parametrize("ending", ["png", "jpg", "JPEG", "webp"])
def test_the_command_writes_the_format_that_is_asked_for(ending, tmp_path):
    path = tmp_path / f"x.{ending}"
    _files.save_picture(Image.new("RGB", (4, 4)), path)
    assert Image.open(path).format == {"png": "PNG", "jpg": "JPEG", "JPEG": "JPEG", "webp": "WEBP"}[ending]


@pytest.mark.parametrize("error, says", [(OSError(28, "No space left on device", "a.png"), "a.png must be within reach, found 'No space left on device'"), (KeyError("x"), "found KeyError"), (RuntimeError("a\nb"), "found RuntimeError (a b)"), (MemoryError(), "found MemoryError")])  # fmt: skip
def test_the_command_says_every_error_in_one_sentence(error, says, monkeypatch, capsys):
    def fails(args):
        raise error

    monkeypatch.setattr(_cli, "draw", fails)
    assert _cli.main(["sample"]) == 1
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1 and "Errno" not in said and "Traceback" not in said


def test_the_command_samples_from_checkpoints(tmp_path, capsys):
    dls = d.garments(batch_size=8, n=16, n_valid=8, seed=0)
    d.train(dls, model(), SCHEDULE, epochs=1, seed=0, progress=False, cbs=[d.Checkpoint(tmp_path / "run/checkpoints")])
    file = next((tmp_path / "run/checkpoints").iterdir())
    for i, weights in enumerate((tmp_path / "run", file.parent, file)):
        out = tmp_path / f"{i}.png"
        args = ["sample", "--weights", weights, "-n", "2", "--steps", "2", "--seed", "0", "-o", out]
        assert _cli.main(list(map(str, args))) == 0
        assert f"step 2 are taken from the checkpoint {file}" in capsys.readouterr().out
    assert (tmp_path / "0.png").read_bytes() == (tmp_path / "2.png").read_bytes()
    assert _cli.main(["sample", "--weights", str(tmp_path), "-o", str(tmp_path / "x.png")]) == 1
    assert "must be a folder with checkpoints or model.safetensors, found neither" in capsys.readouterr().err
    assert Path(file).exists()


def test_what_is_piped_arrives(tmp_path):
    code = "from pathlib import Path; from ddpm_widgets.storage import write_atomic; write_atomic(Path('/dev/stdout'), b'all of it')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == (b"all of it", b"") and not list(tmp_path.iterdir())


def test_a_damaged_file_is_said_in_one_sentence_whoever_reads_it(tmp_path):
    path = storage.write_hashed(tmp_path / "a.safetensors", {"x": torch.ones(3)}, {})
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(
        storage.DamagedFile, match=r"a\.safetensors must be a whole file of write_hashed, .*its hash does not fit"
    ):
        storage.read_hashed(path)
    path.write_bytes(b"?" * 30)
    with pytest.raises(storage.DamagedFile, match=r"a\.safetensors must be a whole file of write_hashed"):
        storage.read_words(path)


def test_names_that_read_alike_are_kept_apart():
    value = {1: torch.ones(1), "1": torch.zeros(1), "a.b": torch.ones(2), "a": {"b": torch.zeros(2)}}
    again = storage.unpack(storage.pack(value, tensors := {}), tensors)
    assert len(tensors) == 4 and again[1].item() == 1 and again["1"].item() == 0
    assert again["a.b"].sum() == 2 and again["a"]["b"].sum() == 0


@pytest.mark.parametrize("value", [np.array([None, 1], object), np.array(1j), np.array(b"x"), np.array("2026", "M8")])
def test_what_cannot_be_read_back_is_not_written(value):
    with pytest.raises(TypeError, match="found ndarray in a"):
        storage.pack({"a": value}, {})
