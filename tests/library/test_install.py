"The package is built from a clean copy, installed into a clean environment, and imported from somewhere else."

import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from test_project import own_files
from wheel import ROOT, Environment, python

from ddpm_widgets import _course


def content(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.fixture(scope="module")
def in_wheel(dist) -> dict[str, bytes]:
    return content(next(dist.glob("*.whl")))


def test_wheel_holds_the_package_and_nothing_else(in_wheel):
    wheel = {name for name in in_wheel if ".dist-info/" not in name}
    package = {p.relative_to(ROOT).as_posix() for p in own_files() if p.is_relative_to(ROOT / "ddpm_widgets")}
    package -= {f"ddpm_widgets/models/cifar-10.{ending}" for ending in ("safetensors", "page")}  # downloaded
    course = {f"ddpm_widgets/course/{name}" for name in _course.course()}
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


def test_the_page_at_the_index_leads_back_here(in_wheel):
    "Its text is README.md with whole addresses; an index shows no <picture>, so one picture is left."
    metadata = next(v for k, v in in_wheel.items() if k.endswith(".dist-info/METADATA")).decode()
    assert "Description-Content-Type: text/markdown" in metadata
    page = metadata[metadata.index("# ddpm-widgets") :]
    assert "make lab" in page and "<picture" not in page and "<source" not in page
    named = re.findall(r"\]\(([^)]+)\)", page) + re.findall(r'src="([^"]+)"', page)
    assert len(named) > 15 and all(name.startswith("https://") for name in named)
    assert any(name.endswith("/blob/main/nbs/lessons/01_dropout.ipynb") for name in named)


def test_sdist_and_wheel_agree(dist, in_wheel):
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        files = {PurePosixPath(*PurePosixPath(m.name).parts[1:]): m for m in sdist.getmembers() if m.isfile()}
        assert {"settings.ini", "constraints.txt", "LICENSE", "README.md"} <= {str(name) for name in files}
        for name, content in in_wheel.items():
            if ".dist-info/" not in name:
                source = name.replace("ddpm_widgets/course/", "nbs/")
                assert sdist.extractfile(files[PurePosixPath(source)]).read() == content, name


def test_the_wheel_is_the_same_without_the_sdist(clean, in_wheel, tmp_path):
    "File for file, hash for hash (the list of them is one of the files)."
    python("-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, cwd=clean)
    assert content(next(tmp_path.glob("*.whl"))) == in_wheel


@pytest.mark.parametrize("kind", ["*.whl", pytest.param("*.tar.gz", marks=pytest.mark.slow)])
def test_installed_elsewhere(dist, tmp_path, kind):
    there = Environment(tmp_path / "venv")
    there.install(next(dist.glob(kind)))
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
    where = Path(there.run("-c", code, cwd=tmp_path).strip())
    assert where.is_relative_to(there.home), f"imported from {where}"

    # the command: lessons in a folder, and a picture from the network that came along
    said = there.run("lab", "lessons here", "--copy-only", exe=there.command, cwd=tmp_path)
    assert "lessons here" in said and (tmp_path / "lessons here/lessons/01_dropout.ipynb").is_file()
    there.run("sample", "-n", "4", "--steps", "2", "-o", "grid.png", exe=there.command, cwd=tmp_path)
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")

    # uninstalled, nothing of it is left
    there.pip("uninstall", "-y", "ddpm-widgets")
    assert there.files() == there.before


def test_what_pip_does_is_said_while_it_does_it(tmp_path):
    "One line for a while of five seconds, all of pip's words in the log, and its last ones where it fails."
    import sys
    from subprocess import run

    sys.path.insert(0, str(ROOT / "nbs"))
    from _install import Doing

    doing = Doing()
    for line, said in (
        ("Collecting numpy>=1.26 (from x)", "1 package found"),
        ("  Downloading torch-2.13.0-cp311-cp311-linux_x86_64.whl (198.6 MB)", "downloading torch 2.13.0, 198.6 MB"),
        ("Installing collected packages: a, b, c", "unpacking 3 packages"),
    ):
        doing.hear(line)
        assert str(doing) == said
    log = tmp_path / "log"
    command = [sys.executable, ROOT / "nbs/_install.py", log, "install", "--no-index", "no-such-package-here"]
    done = run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "no-such-package-here" in done.stderr and str(log) in done.stderr
    assert "no-such-package-here" in log.read_text()


INSTALLS = """
import json, subprocess, sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
first, second = json.loads(sys.argv[1])
shell.run_cell(first).raise_error()
subprocess.run = None  # where it is installed, nothing is asked
shell.run_cell(first).raise_error()
shell.run_cell(second).raise_error()
import ddpm_widgets
print(ddpm_widgets.__file__)
"""


def test_a_lesson_installs_the_package_where_it_is_missing(clean, tmp_path):
    """Its first cell, as it stands, in an environment without the package; then the lesson goes on.

    git is told that the repository's address is a folder here, and pip to take nothing but the package from anywhere.
    """
    cells = json.loads((ROOT / "nbs/lessons/03_forward_process.ipynb").read_text(encoding="utf-8"))["cells"]
    first, second = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"][:2]
    assert "import NoiseScrubber" in second
    origin = shutil.copytree(clean, tmp_path / "origin")
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*name, "commit", "-qm", "All"]):
        subprocess.run(["git", *command], cwd=origin, check=True, capture_output=True)
    there = Environment(tmp_path / "venv")
    missing = there.run("-c", "from importlib.util import find_spec; print(find_spec('ddpm_widgets'))", cwd=tmp_path)
    assert missing == "None\n"
    url = re.search(r'"git\+(https://[^"]+)"', first)[1]
    own = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{origin.as_uri()}.insteadOf", "GIT_CONFIG_VALUE_0": url}
    # the checkout's own metadata, which pip sees beside the borrowed dependencies, is not to be taken for the package
    own |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_FORCE_REINSTALL": "1"}
    said = python("-c", INSTALLS, json.dumps([first, second]), exe=there.exe, env={**there.env, **own}, cwd=tmp_path)
    assert Path(said.split()[-1]).is_relative_to(there.home)
