"""The files that the command writes: looked at before any work is done. Written by hand, as `_cli.py` is."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any


def new_file(path: Path, force: bool) -> Path:
    "A path to write to. Raises ValueError when the file exists, unless `force`, and when its folder does not."
    if path.is_dir():
        raise ValueError(f"{path} must be a file, found a folder: name a file in it.")
    if path.exists() and not force:
        raise ValueError(f"{path} must be a new file, found one there: name another, or pass --force to replace it.")
    if not path.parent.is_dir():
        found = "a file" if path.parent.exists() else "none"
        raise ValueError(f"{path.parent} must be a folder, found {found}: make it first, or write somewhere else.")
    return writable(path)


def writable(path: Path) -> Path:
    "The same path. Raises ValueError, before any work is done, when nothing can be written there."
    there = next(place for place in (path.resolve(), *path.resolve().parents) if place.exists())
    try:
        if there.is_dir():
            with NamedTemporaryFile(dir=there):
                pass
        elif not os.access(there, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as e:
        raise ValueError(
            f"{path} must be a place that can be written to, found one that cannot ({e.strerror}): write somewhere else."
        ) from e
    return path


def save_picture(picture: Any, path: Path) -> None:
    "Write a PIL image, in the format that the file's name asks for. Raises OSError, and then the old file is still there."
    from io import BytesIO

    from PIL import Image

    from .storage import write_atomic

    picture.save(data := BytesIO(), Image.registered_extensions()[path.suffix.lower()])
    write_atomic(path, data.getvalue())


def remove_empty(*folders: Path) -> None:
    "Remove those folders that exist and are empty, the inner ones first."
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
