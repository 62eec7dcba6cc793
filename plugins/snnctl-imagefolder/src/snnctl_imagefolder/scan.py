"""Which files of a folder are images, in an order that is the same everywhere."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from snnctl.data.image_folder import SUFFIXES as KNOWN
from snnctl.errors import DataError

SUFFIXES = (*KNOWN, ".webp")
PASSED_OVER = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information")  # what systems leave behind
FIRST = 10  # names in a message


@dataclass(frozen=True)
class Scan:
    """What a folder holds.

    Args:
        names: the image files, paths relative to the folder with "/", sorted.
        folders: its subfolders, sorted, whether there are images in them or not.
        others: how many files of other kinds there are.
        loops: links to a folder that they lie in themselves, which are not followed.
    """

    names: tuple[str, ...]
    folders: tuple[str, ...]
    others: int
    loops: tuple[str, ...]


def scan(folder: Path) -> Scan:
    """The images in a folder and its subfolders; links are followed, hidden files and folders passed over.

    Raises:
        DataError: a folder cannot be read.
    """
    names: list[str] = []
    loops: list[str] = []
    others = 0
    for name, kind in _walk(folder, "", ()):
        if kind == "loop":
            loops.append(name)
        elif name.lower().endswith(SUFFIXES):
            names.append(name)
        else:
            others += 1
    return Scan(tuple(sorted(names, key=order)), subfolders(folder), others, tuple(sorted(loops, key=order)))


def subfolders(folder: Path) -> tuple[str, ...]:
    """The folders that lie directly in ``folder``, sorted; hidden ones are passed over.

    Raises:
        DataError: it cannot be read.
    """
    return tuple(sorted((entry.name for entry in _entries(folder) if _is_folder(entry)), key=order))


def order(name: str) -> tuple[str, str]:
    """What names are sorted by: Unicode's canonical form, as systems store the same letters differently."""
    return unicodedata.normalize("NFC", name), name


def shown(name: str) -> str:
    """A name in messages: what a terminal would obey, or cannot print, is escaped."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in name)


def some(names: list[str] | tuple[str, ...]) -> str:
    """The first names in a message, and how many more there are."""
    more = f" and {len(names) - FIRST:,} more" if len(names) > FIRST else ""
    return ", ".join(map(shown, names[:FIRST])) + more


def _walk(folder: Path, prefix: str, above: tuple[tuple[int, int], ...]) -> Iterator[tuple[str, str]]:
    """Files and loops with their relative paths; ``above`` are the identities of the folders around."""
    entries = _entries(folder)
    state = os.stat(folder)
    within = (*above, (state.st_dev, state.st_ino))
    for entry in entries:
        name = prefix + entry.name
        if not _is_folder(entry):
            yield name, "file"
        elif entry.is_symlink() and _identity(entry) in within:
            yield name, "loop"
        else:
            yield from _walk(folder / entry.name, f"{name}/", within)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Also of a link; one that leads nowhere, or to itself, is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _identity(entry: os.DirEntry[str]) -> tuple[int, int]:
    state = entry.stat()
    return state.st_dev, state.st_ino


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".") and entry.name not in PASSED_OVER]
    except OSError as error:
        raise DataError(f"The folder cannot be read: {error.strerror}.", where=shown(str(folder))) from error
