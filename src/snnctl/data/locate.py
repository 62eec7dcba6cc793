"""Where data sets are looked for, and in which order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from snnctl.data.layouts import Layout

DATA_DIR = "--data-dir"
ENVIRONMENT = "SNNCTL_DATA"
# Data sets whose files bear the same names: a folder called like one of them never holds another.
SAME_FILE_NAMES = ("mnist", "fashion-mnist")


@dataclass(frozen=True)
class Place:
    """A folder that is looked at.

    Args:
        folder: the folder; it need not exist.
        origin: why it is looked at, e.g. ``--data-dir``.
    """

    folder: Path
    origin: str

    def __str__(self) -> str:
        """The folder and, in brackets, its origin."""
        return f"{self.folder} ({self.origin})"


@dataclass(frozen=True)
class Found:
    """Files that are complete.

    Args:
        place: the place they were found in.
        path: the folder or file to read.
        layout: how to read it.
    """

    place: Place
    path: Path
    layout: Layout


def user_cache() -> Path:
    """The folder downloads are kept in, of this user, outside any project."""
    import pooch

    return Path(pooch.os_cache("snnctl"))


def keras_cache() -> Path:
    """The folder in which Keras keeps the data sets it downloads."""
    return _expanded(os.environ.get("KERAS_HOME") or "~/.keras") / "datasets"


def download_folder(name: str, data_dir: Path | None) -> Path:
    """Where the files of the data set ``name`` are downloaded to: under ``--data-dir`` if given, else the cache."""
    return (_expanded(data_dir) if data_dir else user_cache()) / name


def places(data_dir: Path | None, system_folders: Iterable[Path] = ()) -> tuple[Place, ...]:
    """All places, first one first: ``--data-dir``, ``SNNCTL_DATA``, the user's cache, Keras' cache, the system's.

    Args:
        data_dir: the folder given by ``--data-dir``.
        system_folders: folders in which packages of the operating system install the data set.
    """
    named = os.environ.get(ENVIRONMENT)
    return (
        *([Place(_expanded(data_dir), DATA_DIR)] if data_dir else []),
        *([Place(_expanded(named), ENVIRONMENT)] if named else []),
        Place(user_cache(), "user cache"),
        Place(keras_cache(), "Keras cache"),
        *(Place(folder, "system package") for folder in system_folders),
    )


def locate(name: str, layouts: Sequence[Layout], searched: Iterable[Place]) -> Found | None:
    """The first complete set of files of the data set ``name``, or None. Looks at names only, reads nothing.

    In each place the files may lie in a subfolder called ``name`` or directly in it.
    """
    for place in searched:
        for folder in _folders(place.folder, name):
            for layout in layouts:
                path = layout.find(folder)
                if path is not None:
                    return Found(place, path, layout)
    return None


def _expanded(path: str | Path) -> Path:
    # Not Path.expanduser, which raises for a user without a home.
    return Path(os.path.expanduser(path))


def _folders(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    if folder.name == name or folder.name not in SAME_FILE_NAMES:
        yield folder
