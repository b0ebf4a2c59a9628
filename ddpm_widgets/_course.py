"""The lessons, copied into a reader's folder. Written by hand, like `_cli`: it must load without torch."""

import hashlib
import json
from pathlib import Path

from . import __version__

PACKAGE = Path(__file__).parent
FILES = ("lessons/*.ipynb", "lessons/README.md", "static/*.svg", "static/own_pictures.png")  # of nbs/; also in setup.py
RECORD = ".ddpm-widgets.json"  # in a folder of lessons: the hash of each file as it was copied


def course() -> dict[str, bytes]:  # path in the reader's folder → content
    "The lessons and their pictures: from the package or, in a checkout, from nbs/."
    home = next((p for p in (PACKAGE / "course", PACKAGE.parent / "nbs") if (p / "lessons").is_dir()), None)
    if home is None:
        raise ValueError(f"{PACKAGE} must hold the lessons, found none: install ddpm-widgets again.")
    return {path.relative_to(home).as_posix(): path.read_bytes() for kind in FILES for path in sorted(home.glob(kind))}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    "Write a file, and its folder where it is missing. The old one stays until the new one is complete."
    from .storage import write_atomic

    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, content)


def copy_course(folder: Path) -> dict[str, list[str]]:  # what was "copied", "renewed", "left alone" and "up to date"
    """Bring the lessons in a folder up to date, except those that the reader has changed.

    A file is unchanged only if it has, to the byte, what an earlier copy wrote there.
    Raises ValueError when the folder is a file, OSError when it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} must be a folder, found a file: name another, as in `ddpm-widgets lab my-lessons`.")
    record = folder / RECORD
    try:
        written = dict(json.loads(record.read_text(encoding="utf-8"))["files"]) if record.exists() else {}
    except (ValueError, KeyError, TypeError):
        written = {}  # a damaged record: every file that differs is left alone
    did: dict[str, list[str]] = {"copied": [], "renewed": [], "left alone": [], "up to date": []}
    for name, content in course().items():
        path = folder / name
        there = _sha256(path.read_bytes()) if path.is_file() else None
        if there is None and not path.exists():
            word = "copied"
        elif there == _sha256(content):
            word = "up to date"
        else:
            word = "renewed" if there is not None and there == written.get(name) else "left alone"
        if word in ("copied", "renewed"):
            _write(path, content)
        if word != "left alone":
            written[name] = _sha256(content)
        did[word].append(name)
    _write(record, json.dumps({"version": __version__, "files": written}, indent=1).encode())
    return did
