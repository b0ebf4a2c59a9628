"The package is built from a clean copy, installed into a clean environment, and imported from somewhere else."

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from test_project import own_files

from ddpm_widgets import _cli

ROOT = Path(__file__).parents[1]


def python(*args, exe=sys.executable, **kwargs):
    done = subprocess.run([exe, *args], capture_output=True, text=True, **kwargs)
    assert done.returncode == 0, f"{args}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    "A folder with the sdist, and with the wheel that was built from the sdist."
    clean, out = tmp_path_factory.mktemp("clean"), tmp_path_factory.mktemp("dist")
    for path in own_files():
        target = clean / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    python("-m", "build", "--no-isolation", "--outdir", out, cwd=clean)  # setuptools comes with .[dev]: no network here
    return out


@pytest.fixture(scope="module")
def in_wheel(dist) -> dict[str, bytes]:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def test_wheel_holds_the_package_and_nothing_else(in_wheel):
    wheel = {name for name in in_wheel if ".dist-info/" not in name}
    package = {p.relative_to(ROOT).as_posix() for p in own_files() if p.is_relative_to(ROOT / "ddpm_widgets")}
    course = {f"ddpm_widgets/course/{name}" for name in _cli.course()}
    assert wheel == package | course
    assert sum("course/lessons/" in name and name.endswith(".ipynb") for name in course) >= 8
    suffixes = {PurePosixPath(name).suffix for name in wheel}
    assert {".js", ".css", ".pyi"} <= suffixes and "ddpm_widgets/py.typed" in wheel


def test_metadata(in_wheel):
    metadata = next(v for k, v in in_wheel.items() if k.endswith(".dist-info/METADATA")).decode()
    for line in ("Name: ddpm-widgets", "License-Expression: Apache-2.0", "Requires-Python: >=3.11"):
        assert line in metadata.splitlines()
    assert "Requires-Dist: anywidget>=0.9.18" in metadata
    assert all(f"Provides-Extra: {extra}" in metadata for extra in ("lab", "bench", "dev"))
    assert any(k.endswith("licenses/LICENSE") for k in in_wheel)


def test_sdist_and_wheel_agree(dist, in_wheel):
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        files = {PurePosixPath(*PurePosixPath(m.name).parts[1:]): m for m in sdist.getmembers() if m.isfile()}
        assert {"settings.ini", "constraints.txt", "LICENSE", "README.md"} <= {str(name) for name in files}
        for name, content in in_wheel.items():
            if ".dist-info/" not in name:
                source = name.replace("ddpm_widgets/course/", "nbs/")
                assert sdist.extractfile(files[PurePosixPath(source)]).read() == content, name


def test_installed_elsewhere(dist, tmp_path):
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=sys.platform != "win32")
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    exe = next(scripts.glob("python*"))
    install = ["-m", "pip", "--python", exe, "install", "--no-deps", "--no-index", "--disable-pip-version-check"]
    python(*install, next(dist.glob("*.whl")))
    # The heavy dependencies come from this environment. A .pth file in a folder that a .pth file names is not read,
    # so this checkout, installed in place, does not come along.
    site = Path(python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))", exe=exe).strip())
    site.joinpath("borrowed.pth").write_text("\n".join({sysconfig.get_path(k) for k in ("purelib", "platlib")}))
    code = """
import ast, pathlib, ddpm_widgets, importlib.metadata
home = pathlib.Path(ddpm_widgets.__file__).parent
for stub, package in ((home / "__init__.pyi", "ddpm_widgets"), (home / "widgets/__init__.pyi", "ddpm_widgets.widgets")):
    names = [a.asname or a.name for n in ast.parse(stub.read_text()).body if isinstance(n, ast.ImportFrom) for a in n.names]
    module = __import__(package, fromlist=names)
    assert names and all(getattr(module, name) is not None for name in names)
from ddpm_widgets.widgets import NoiseScrubber, TrainingMonitor
assert len(str(NoiseScrubber._esm)) > 1000 and len(str(TrainingMonitor._css)) > 100
assert importlib.metadata.version("ddpm-widgets") == ddpm_widgets.__version__
assert ddpm_widgets.pretrained().diffusion.target == "v" and ddpm_widgets.classifier().card["test_accuracy"] >= 0.94
print(home)
"""
    where = Path(python("-c", code, exe=exe, cwd=tmp_path).strip())
    assert where.is_relative_to(home), f"imported from {where}"

    # the command: lessons in a folder, and a picture from the network that came along
    command = next(scripts.glob("ddpm-widgets*"))
    said = python("lab", "lessons here", "--copy-only", exe=command, cwd=tmp_path)
    assert "lessons here" in said and (tmp_path / "lessons here/lessons/01_dropout.ipynb").is_file()
    python("sample", "-n", "4", "--steps", "2", "-o", "grid.png", exe=command, cwd=tmp_path)
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")

    # uninstalled, nothing of it is left
    python("-m", "pip", "--python", exe, "uninstall", "-y", "ddpm-widgets")
    left = [p for p in home.rglob("*") if "ddpm" in p.name and "borrowed" not in p.name]
    assert not left, left
