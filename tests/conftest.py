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


@pytest.hookimpl(optionalhook=True)  # pytest-xdist may be missing
def pytest_xdist_auto_num_workers(config) -> int:
    """How many processes `-n auto` starts, as `make test` does: two more than there are cores, and at most six.

    While two tests wait for a browser or a program, two others compute; so each process computes on one core. Tests chosen by a word, by a file
    or because they failed are few: they run in this process, which is faster than starting others.
    """
    chosen = [getattr(config.option, name, None) for name in ("keyword", "lf", "failedfirst", "collectonly")]
    if any(chosen) or config.args != config.getini("testpaths"):
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 2, 6)


# Processor seconds, roughly, of the groups that take longest: a notebook, the site's pages, the package, or the tests of a file.
SECONDS = {
    "08_better_schedules": 150, "05_sampling": 80, "06_watching_it_happen": 115, "04_training": 110, "07_experiments": 110, "09c_say_what_you_want": 75,
    "09_how_good_is_it": 110, "10_your_turn": 100, "01_dropout": 60, "gallery": 50, "30_training": 25,
    "36_evaluation": 20, "pages": 120, "test_processes": 100, "test_checkpoints": 100, "test_pipelines": 70, "test_lessons_lab": 80, "test_accessibility": 60,
    "test_notebook_launcher": 60, "test_monitor_lab": 60, "test_project": 50, "package": 50, "test_evaluation": 40, "test_exercises": 200,
    "test_explorer_static": 40, "test_marimo": 40, "test_player_static": 40, "test_unet_xray": 40, "test_guidance_lab": 40, "test_cli": 25, "test_static_pages": 25,
}  # fmt: skip
QUICK = "test_without_data_or_network["  # where the data is: see tests/support/quick.py


def group(item) -> str:
    """The group that a test belongs to. With several processes, a group stays in one, because its tests share something costly.

    One group are the tests that look at the site's pages, one those that build the package, one those of each file. Each notebook
    that is run is a group of its own.
    """
    for name, fixture in (("pages", "staged"), ("package", "clean")):
        if fixture in getattr(item, "fixturenames", ()):
            return name
    return item.name if item.path.stem in ("test_lessons", "test_notebooks") else item.path.stem


def seconds(name: str) -> float:
    "About how long a group takes."
    if name.startswith(QUICK) and missing("data") is None:
        return 15
    return SECONDS.get(name.rpartition("[")[2].removesuffix("]"), 5)


def side_by_side(names: list[str]) -> list[str]:
    """The groups in the order in which several processes take them from one list.

    Those that compute (the notebooks, then the pages made of them) take turns with all others, many of which wait for a browser, so
    that some of both always run. What takes longest comes first, so that all processes end at about the same time.
    """

    def stage(name):  # a page needs the notebooks that were run in full
        return 1 if name == "pages" else 2 if name.startswith(QUICK) and missing("data") is None else 0

    computing = [name for name in names if name == "pages" or "[" in name]
    turns = []
    for row in (computing, [name for name in names if name not in computing]):
        row.sort(key=lambda name: (stage(name), -seconds(name)))
        total = sum(map(seconds, row))
        turns += [(sum(map(seconds, row[:i])) / total, name) for i, name in enumerate(row)]
    return [name for _, name in sorted(turns)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    "Group the tests, and order the groups: the site's pages come after the notebooks that they show."
    groups: dict[str, list] = {}
    for item in items:
        groups.setdefault(group(item), []).append(item)
        if config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group(group(item)))
    alone = not hasattr(config, "workerinput")
    names = sorted(groups, key=lambda name: name == "pages") if alone else side_by_side(list(groups))
    items[:] = [item for name in names for item in groups[name]]


def pytest_runtest_setup(item):
    for what in ("browser", "data", "node"):
        if item.get_closest_marker(what):
            need_tier(what)


@pytest.fixture(autouse=True)
def data_where_they_are_asked_for(request, monkeypatch):
    "A test without the mark `data` finds none on this machine either."
    if missing("data") is None and not request.node.get_closest_marker("data"):
        monkeypatch.delenv("DDPM_WIDGETS_DATA")


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
    "Where the notebooks that were run are kept for this session, for all its processes; DDPM_WIDGETS_EXECUTED keeps them for longer."
    session = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
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
def reader(nowhere) -> dict[str, str]:
    "The environment in which notebooks run for the site: with the data where it is, else that of `nowhere`."
    return dict(os.environ) if missing("data") is None else nowhere


@pytest.fixture(scope="session")
def staged(tmp_path_factory, executed_folder, reader) -> Path:
    "Every notebook as nbdev and our two processors leave it for Quarto, in a copy of the project: its folder `_proc`."
    root = tmp_path_factory.mktemp("site")
    for name in ("nbs", "ddpm_widgets"):
        shutil.copytree(
            ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"), symlinks=True
        )
    for name in ("pyproject.toml", "_quarto.yml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "benchmarks", root / "benchmarks", ignore=shutil.ignore_patterns("out", "__pycache__"))
    quarto = root / "bin/quarto"  # nbdev-proc-nbs wants to install it where there is none, and does not use it
    quarto.parent.mkdir()
    quarto.write_text("#!/bin/sh\nexit 1\n")
    quarto.chmod(0o755)
    path = f"{quarto.parent}{os.pathsep}{reader['PATH']}"
    env = {**reader, "DDPM_WIDGETS_EXECUTED": str(executed_folder), "PATH": path}
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
