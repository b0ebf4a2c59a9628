"""Which tiers of tests can run here.

A test marked `browser`, `data` or `node` is skipped, with the reason, where that is missing. Where the environment
variable DDPM_WIDGETS_REQUIRE names it ("browser data node"), the same test fails instead: nothing is skipped unseen.
"""

import gc
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from wheel import clean, dist, installed  # noqa: F401 (fixtures: what is built once serves all tests)

pytest_plugins = ["browsing"]  # tests/support is on the path: see pyproject.toml
ROOT = Path(__file__).parents[1]
OFFLINE = ROOT / "tests/support/offline"
CHROMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
FASHION_MNIST = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]

# nbdev sets this in its own runs, and nbdev-export does nothing where it is set
os.environ.pop("IN_TEST", None)


def find_browser() -> str | None:
    "The browser the tests drive: CHROME if it is set, else the first Chromium or Chrome found."
    return next(filter(None, map(shutil.which, [os.environ["CHROME"]] if "CHROME" in os.environ else CHROMES)), None)


@cache
def missing(what: str) -> str | None:
    "Why the tests marked `what` cannot run here, or None when they can."
    if what == "browser":
        return None if find_browser() else "no Chromium or Chrome found: install one, or name it in CHROME"
    if what == "node":
        if not shutil.which("node"):
            return "no Node.js found: only needed to change the front end"
        return None if (ROOT / "js/node_modules").is_dir() else "js/node_modules is missing: run `make js`"
    if what == "data":
        if not (folder := os.environ.get("DDPM_WIDGETS_DATA")):
            return "DDPM_WIDGETS_DATA is not set: point it at the folder that holds fashion-mnist/"
        gone = [name for name in FASHION_MNIST if not (Path(folder) / "fashion-mnist" / name).is_file()]
        return f"DDPM_WIDGETS_DATA has no fashion-mnist/{gone[0]}" if gone else None
    raise ValueError(f"unknown tier {what!r}: expected browser, data or node")


def need_tier(what: str, ok: object | None = None, reason: str | None = None) -> None:
    "Skip the test, or fail it where DDPM_WIDGETS_REQUIRE names `what`, unless `ok` (by default: unless it is there)."
    reason = missing(what) if ok is None else None if ok else reason or f"{what} is missing"
    if reason:
        required = what in os.environ.get("DDPM_WIDGETS_REQUIRE", "").split()
        pytest.fail(f"required here: {reason}", pytrace=False) if required else pytest.skip(reason)


def sees_pages(item) -> bool:
    "Whether a test looks at the site's pages."
    return "staged" in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """The site's pages come last: the notebooks that other tests have run by then need not run again.

    With `-n 2` tests that share something costly stay in one process: those of the pages, and those of one file. Lessons and notebooks are handed out one by one.
    """
    items.sort(key=sees_pages)
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if sees_pages(item) or item.path.stem not in ("test_lessons", "test_notebooks"):
                item.add_marker(pytest.mark.xdist_group("pages" if sees_pages(item) else item.path.stem))


def pytest_runtest_setup(item):
    for what in ("browser", "data", "node"):
        if item.get_closest_marker(what):
            need_tier(what)


@pytest.fixture(autouse=True, scope="module")
def quick_collections():
    "After a fit accelerate collects garbage; to look through all that is imported takes it seconds on a busy machine."
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def need():
    "`need_tier` for fixtures and for tests that cannot be marked: need('browser'), need('data', ok, reason)."
    return need_tier


@pytest.fixture(scope="session")
def executed_folder(tmp_path_factory) -> Path:
    "Where notebooks that were run are kept for this session; DDPM_WIDGETS_EXECUTED keeps them for longer."
    session = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # what one process has run is there for the other
        session = session.parent
    return Path(os.environ.get("DDPM_WIDGETS_EXECUTED") or session / "executed")


@pytest.fixture(scope="session")
def nowhere(tmp_path_factory) -> dict[str, str]:
    "The environment of a reader without the data, without a cache and without network."
    env = {k: v for k, v in os.environ.items() if k not in ("DDPM_WIDGETS_DATA", "MPLBACKEND")}
    home = str(tmp_path_factory.mktemp("nowhere"))
    homes = dict.fromkeys(("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA", "HF_HOME"), home)
    return {**env, **homes, "PYTHONPATH": os.pathsep.join(filter(None, [str(OFFLINE), env.get("PYTHONPATH")]))}


@pytest.fixture(scope="session")
def staged(tmp_path_factory, executed_folder, nowhere) -> Path:
    "Every notebook as nbdev and our two processors leave it for Quarto, in a copy of the project: its folder `_proc`."
    root = tmp_path_factory.mktemp("site")
    for name in ("nbs", "ddpm_widgets"):
        shutil.copytree(
            ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"), symlinks=True
        )
    for name in ("pyproject.toml", "_quarto.yml"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "benchmarks", root / "benchmarks", ignore=shutil.ignore_patterns("out", "__pycache__"))
    quarto = root / "bin/quarto"  # nbdev-proc-nbs wants to install it where there is none, and does not use it
    quarto.parent.mkdir()
    quarto.write_text("#!/bin/sh\nexit 1\n")
    quarto.chmod(0o755)
    env = dict(os.environ) if missing("data") is None else nowhere
    env = {**env, "DDPM_WIDGETS_EXECUTED": str(executed_folder), "PATH": f"{quarto.parent}{os.pathsep}{env['PATH']}"}
    command = [Path(sys.executable).with_name("nbdev-proc-nbs"), "--n-workers", "2"]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    env["QUARTO_PROJECT_DIR"] = str(root / "_proc")
    subprocess.run([sys.executable, "-m", "ddpm_widgets._docs"], cwd=root / "_proc", env=env, check=True)
    return root / "_proc"


@pytest.fixture(scope="session")
def chrome(need) -> str:
    "The path of the browser."
    need("browser")
    return str(find_browser())
