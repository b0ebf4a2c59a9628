"""Which tiers of tests can run here.

A test marked `browser`, `data` or `node` is skipped, with the reason, where that is missing. Where the environment
variable DDPM_WIDGETS_REQUIRE names it ("browser data node"), the same test fails instead: nothing is skipped unseen.
"""

import gc
import os
import shutil
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
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
def chrome(need) -> str:
    "The path of the browser."
    need("browser")
    return str(find_browser())
