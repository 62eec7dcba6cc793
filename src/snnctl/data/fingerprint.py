"""What files hold, as a short text: by content, or by name, size and time of change where reading takes too long."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20


def content_of(path: Path) -> str:
    """The SHA-256 of a file; of a folder that of the names and contents of all files below it.

    Raises:
        OSError: something cannot be read.
    """
    if not path.is_dir():
        return _content(path)
    return digest([[name, _content(Path(file))] for name, file in _below(path)])


def stat_of(path: Path, *, below: bool = False) -> str:
    """Changes when files do; nothing is read but names, sizes and times of change.

    Args:
        path: of a file or folder; where it lies counts, too.
        below: whether the files in subfolders count.

    Raises:
        OSError: it is not there, or a folder cannot be entered.
    """
    if not path.is_dir():
        return digest([os.path.realpath(path), *_stat(path)])
    files = _below(path) if below else ((entry.name, entry.path) for entry in _entries(path) if not entry.is_dir())
    return digest([os.path.realpath(path), [[name, *_stat(file)] for name, file in files]])


def digest(value: object) -> str:
    """The SHA-256 of plain data, the same for the same data."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _content(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _stat(path: str | Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns


def _below(folder: Path) -> Iterator[tuple[str, str]]:
    """(relative name, path) of every file, in a fixed order; links to folders are not followed."""
    for place, folders, files in os.walk(folder, onerror=_fail):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(place, name)
            if os.path.exists(path):  # not a link to nothing
                yield os.path.relpath(path, folder), path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if os.path.exists(entry.path)), key=lambda entry: entry.name)


def _fail(error: OSError) -> None:
    raise error
