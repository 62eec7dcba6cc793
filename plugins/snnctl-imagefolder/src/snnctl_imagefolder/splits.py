"""Which images are for training and which for testing: by their folders, or drawn from their names."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from snnctl.errors import UsageError
from snnctl_imagefolder.scan import some, subfolders

TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation")
HOLDOUT = 0.2
OPTION = "data set imagefolder, option holdout"


def split_folders(root: Path) -> tuple[dict[str, str], list[str]]:
    """The folders of the splits in ``root``, by split, and the other folders beside them.

    There are none if ``root`` holds the classes themselves, one of which may well be called "train".

    Raises:
        DataError: a folder cannot be read.
    """
    folders = subfolders(root)
    named = {name: subfolders(root / name) for name in folders if name.lower() in TRAIN + TEST}
    others = [name for name in folders if name not in named]
    if not named or (others and not any(named.values())):
        return {}, []
    train = _first(TRAIN, list(named))
    # In some trees the images of "test" have no classes, as they were those of a competition, and those of "val" have.
    like_train = [name for name in named if train is None or bool(named[name]) == bool(named[train])]
    test = _first(TEST, like_train) or _first(TEST, list(named))
    found = {split: name for split, name in (("train", train), ("test", test)) if name is not None}
    return found, [name for name in folders if name not in found.values()]


def held_out(names: Sequence[str], part: float) -> list[bool]:
    """Which images are for testing, if ``part`` of all is to be: decided for each by its name alone.

    An image therefore stays where it is when others are added. Letters that systems store differently count as the
    same.

    Args:
        names: paths with "/" relative to the folder of the classes.
        part: from 0 to 1.
    """
    return [_fraction(name) < part for name in names]


def checked_part(holdout: float | None, has_test: bool, root: str) -> float:
    """The part that is held out.

    Args:
        holdout: as asked for; None if it is not.
        has_test: whether there is a folder of test images, which leaves nothing to be held out.
        root: for messages.

    Raises:
        UsageError: no part of 1, or asked for beside a folder of test images.
    """
    if holdout is None:
        return 0.0 if has_test else HOLDOUT
    if not 0 <= holdout < 1:
        raise UsageError(f"{holdout:g} is no part to hold out: it is at least 0 and less than 1.", where=OPTION)
    if has_test:
        raise UsageError(
            f"There is a folder of test images in {root} already, so none are held out.",
            where=OPTION,
            todo="Leave the option out, or move that folder elsewhere.",
        )
    return holdout


def left_out(folders: Sequence[str], root: str) -> list[str]:
    """A note on folders that are not read, if there are any."""
    return [f"{root}: not read, as they lie beside the splits: {some(list(folders))}"] if folders else []


def _first(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    """The name that stands first in ``wanted``, whatever its case."""
    fitting = [name for name in names if name.lower() in wanted]
    return min(fitting, key=lambda name: (wanted.index(name.lower()), name), default=None)


def _fraction(name: str) -> float:
    """A number from 0 to below 1 that looks random and depends on nothing but the name."""
    canonical = unicodedata.normalize("NFC", name).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(canonical).digest()[:6], "big") / 2**48
