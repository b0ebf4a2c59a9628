"`make rename`: a new owner's addresses, everywhere and at once. It is tried on a copy of the project."

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import _rename
import pytest
from test_project import differences, own_files

ROOT = Path(__file__).parents[2]
SITE = re.compile(r"https://[\w.-]+\.github\.io/ddpm-widgets(?![\w-])")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the clone has a symlink, and is renamed by make")
REPOSITORY = re.compile(r"https://github\.com/[\w-]+/ddpm-widgets(?![\w-])")


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    "The project as git has it. Its tests leave it as it is."
    clone = tmp_path_factory.mktemp("rename") / "clone"
    for path in own_files():
        target = clone / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target, follow_symlinks=False)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=clone, check=True, capture_output=True)
    return clone


@pytest.fixture
def project(clone, tmp_path) -> Path:
    "A copy of the clone to be renamed."
    return shutil.copytree(clone, tmp_path / "clone", symlinks=True)


def rename(project, *args) -> subprocess.CompletedProcess:
    command = [sys.executable, project / "nbs/_rename.py", *args]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, encoding="utf-8")


def contents(project) -> dict[str, bytes]:
    "Every file but this one, which names the new owners of its tests."
    away = {".git", "__pycache__", Path(__file__).name}
    files = [p for p in project.rglob("*") if p.is_file() and not away & set(p.parts)]
    return {p.relative_to(project).as_posix(): p.read_bytes() for p in files}


def found(project, *words: str) -> set[str]:
    "The files that hold one of the words."
    return {name for name, text in contents(project).items() if any(word.encode() in text for word in words)}


def test_every_address_is_that_of_settings_ini():
    now = _rename.settings()
    for path in set(own_files()) - {Path(__file__)}:
        text = path.read_bytes().decode(errors="ignore")
        assert set(SITE.findall(text)) <= {now["doc_host"] + now["doc_baseurl"]}, path
        assert set(REPOSITORY.findall(text)) <= {now["git_url"]}, path


@pytest.mark.parametrize(
    ("args", "site"),
    [
        (("Ada-Lovelace",), "https://ada-lovelace.github.io/ddpm-widgets"),
        (("a", "http://a.net/", "a@a.net"), "http://a.net"),
        (("ada", "https://docs.lovelace.net/on/ddpm", "ada+ddpm@lovelace.net"), "https://docs.lovelace.net/on/ddpm"),
    ],
    ids=["owner", "a site without a path", "all three"],
)
def test_no_old_address_is_left(args, site, project):
    old = _rename.settings()
    before = contents(project)
    done = rename(project, *args)
    assert done.returncode == 0 and f"https://github.com/{args[0]}/ddpm-widgets, site {site}, mail " in done.stdout
    assert not found(project, old["git_url"], old["doc_host"], *([old["author_email"]] if args[2:] else []))
    assert len(found(project, f"{site}/api/")) > 15, "the modules' docstrings"
    assert len(found(project, f"https://github.com/{args[0]}/ddpm-widgets")) > 8
    assert rename(project, *args).stdout.endswith(" 0 files changed.\n"), "twice is harmless"
    back = [old["git_url"].split("/")[3], old["doc_host"] + old["doc_baseurl"], old["author_email"]]
    assert rename(project, *back).returncode == 0 and contents(project) == before, "and back again"


@pytest.mark.slow
def test_what_is_renamed_is_a_project_like_before(project):
    "nbdev-export has nothing to write, and the tests that hold settings equal pass."
    assert rename(project, "a", "http://a.net/", "a@a.net").returncode == 0
    exported = shutil.copytree(project, project.parent / "exported", symlinks=True)
    export = Path(sys.executable).with_name("nbdev-export")
    subprocess.run([export], cwd=exported, check=True, capture_output=True)
    assert not (left := differences(project / "ddpm_widgets", exported / "ddpm_widgets")), left
    held = ["tests/library/test_project.py", "-k", "agree or configured_at_the_top or citation or readme"]
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *held]
    env = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(tests, cwd=project, env=env, capture_output=True, text=True)
    assert done.returncode == 0 and "5 passed" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "OWNER must be a name on GitHub, found '': give one, as in `make rename OWNER=ada`."),
        (("-ada",), "OWNER must be a name on GitHub, found '-ada': give one, as in `make rename OWNER=ada`."),
        (("https://github.com/ada",), "OWNER must be a name on GitHub, found 'https://github.com/ada': give one"),
        (("ada", "lovelace.net"), "SITE must be the address of a web site, found 'lovelace.net': give one like"),
        (("ada", "https://a b"), "SITE must be the address of a web site, found 'https://a b': give one like"),
        (("ada", "", "lovelace.net"), "EMAIL must be a mail address, found 'lovelace.net': give one like"),
    ],
)
def test_wrong_input_gets_one_sentence_and_changes_nothing(args, sentence, clone):
    before = contents(clone)
    done = rename(clone, *args)
    assert done.returncode == 1 and done.stderr.startswith(sentence) and len(done.stderr.splitlines()) == 1
    assert not done.stdout and contents(clone) == before
