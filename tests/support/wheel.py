"The package as a reader gets it: built from a clean copy, and installed where no checkout is."

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def python(*args, exe=sys.executable, **kwargs):
    "Run Python, or a command of its environment; returns what it printed."
    done = subprocess.run([exe, *args], capture_output=True, text=True, **kwargs)
    assert done.returncode == 0, f"{args}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


class Environment:
    """A virtual environment of its own, for the package alone.

    The heavy dependencies come from the environment of the tests. A .pth file in a folder that a .pth file names is not
    read, so this checkout, installed in place there, does not come along.
    """

    def __init__(self, home: Path):
        self.home = home
        venv.create(home, with_pip=False, symlinks=sys.platform != "win32")
        self.scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
        self.exe = next(self.scripts.glob("python*"))
        site = Path(python("-c", "import sysconfig; print(sysconfig.get_path('purelib'))", exe=self.exe).strip())
        borrowed = {sysconfig.get_path(k) for k in ("purelib", "platlib")}
        site.joinpath("borrowed.pth").write_text("\n".join(borrowed))
        self.before = self.files()

    @property
    def command(self) -> Path:
        return next(self.scripts.glob("ddpm-widgets*"))

    @property
    def env(self) -> dict[str, str]:
        "For its processes: nothing of this checkout, and JupyterLab's files, which pip puts below an environment's root."
        share = Path(sys.prefix, "share", "jupyter")
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return {**env, "JUPYTER_PATH": str(share), "JUPYTERLAB_DIR": str(share / "lab")}

    def files(self) -> set[Path]:
        return {p for p in self.home.rglob("*") if "__pycache__" not in p.parts}

    def pip(self, *args):
        python("-m", "pip", "--python", self.exe, *args, env=self.env)

    def install(self, file: Path):
        self.pip("install", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", file)

    def run(self, *args, exe: Path | None = None, **kwargs) -> str:
        return python(*args, exe=exe or self.exe, env=self.env, **kwargs)


@pytest.fixture(scope="session")
def clean(tmp_path_factory) -> Path:
    "A copy of the repository's own files."
    from test_project import own_files

    folder = tmp_path_factory.mktemp("clean")
    for path in own_files():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="session")
def dist(clean, tmp_path_factory) -> Path:
    "A folder with the sdist, and with the wheel that was built from the sdist."
    out = tmp_path_factory.mktemp("dist")
    python("-m", "build", "--no-isolation", "--outdir", out, cwd=clean)  # setuptools comes with .[dev]: no network here
    return out


@pytest.fixture(scope="session")
def installed(dist, tmp_path_factory) -> Environment:
    "An environment with the wheel in it."
    environment = Environment(tmp_path_factory.mktemp("installed") / "venv")
    environment.install(next(dist.glob("*.whl")))
    return environment
