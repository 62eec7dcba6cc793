"""A folder of images understood: its splits, its classes, and the label of each image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np

from snnctl.errors import DataError
from snnctl_imagefolder.classes import ORDER_FILE, class_folders, ordered, same_classes
from snnctl_imagefolder.scan import SUFFIXES, Scan, scan, shown, some
from snnctl_imagefolder.splits import checked_part, held_out, left_out, split_folders


@dataclass(frozen=True)
class Part:
    """The images of a split, in the order they are fed in.

    Args:
        names: paths relative to the root, with "/".
        labels: number of each image's class, int64 (images,); None without labels.
    """

    names: tuple[str, ...]
    labels: np.ndarray | None


@dataclass(frozen=True)
class Tree:
    """A folder of images.

    Args:
        root: the folder.
        parts: the splits there are.
        classes: names of the classes' folders, in the order of the labels; () without labels.
        notes: what a user may want to know of it, one sentence each.
        warnings: what a user should look at, likewise.
    """

    root: Path
    parts: Mapping[str, Part]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def read_tree(root: Path, holdout: float | None, labelled: bool) -> Tree:
    """What ``root`` holds. Only names are looked at.

    Args:
        root: has a folder for each split, or for each class, or the images themselves.
        holdout: part of the images that is for testing where there is no folder of test images; None: a fifth.
        labelled: whether subfolders are classes.

    Raises:
        DataError: no folder, no images, or classes that are not clear.
        UsageError: a holdout that cannot be used.
    """
    where = shown(str(root))
    if not root.is_dir():
        raise DataError(
            "There is no such folder." if not root.exists() else "This is no folder.",
            where=where,
            todo="Name the folder of the images: --data-opt root=FOLDER.",
        )
    folders, others = split_folders(root)
    part = checked_part(holdout, "test" in folders, where)
    found = {name: scan(root / name) for name in folders.values()} or {"": scan(root)}
    for name, each in found.items():
        _require_images(each, root / name)
    classes = _classes(found, root, where) if labelled else ()
    notes = [*left_out(others, where), *_notes(found, root, where)]
    if folders and ("test" in folders or "train" not in folders):
        parts = {split: _part(found[name], name, classes) for split, name in folders.items()}
        return Tree(root, parts, classes, tuple(notes))
    parts = _divided(found, part, classes)
    out, images = len(parts["test"].names), sum(len(each.names) for each in parts.values())
    notes.append(f"{where}: {out:,} of {images:,} images are held out for testing (holdout={part:g})")
    return Tree(root, parts, classes, tuple(notes), _untrained(parts["train"], classes, where))


def _require_images(found: Scan, folder: Path) -> None:
    if not found.names:
        raise DataError(
            "There are no images in this folder.",
            where=shown(str(folder)),
            todo=f"Accepted: {', '.join(SUFFIXES)}, in one subfolder for each class.",
        )


def _classes(found: Mapping[str, Scan], root: Path, where: str) -> tuple[str, ...]:
    """Names of the classes in the order of their numbers; () if the images have none."""
    classes = same_classes({name: class_folders(each, root / name) for name, each in found.items()}, where)
    return ordered(classes, root) if classes else ()


def _part(found: Scan, folder: str, classes: tuple[str, ...], names: tuple[str, ...] | None = None) -> Part:
    """The images of ``found``, or those called ``names``, that lie in the folder of that name in the root."""
    names = found.names if names is None else names
    prefix = f"{folder}/" if folder else ""
    if not classes:
        return Part(tuple(prefix + name for name in names), None)
    numbers = {name: number for number, name in enumerate(classes)}
    labels = np.array([numbers[name.partition("/")[0]] for name in names], np.int64)
    rows = spread(labels, len(classes))
    return Part(tuple(prefix + names[row] for row in rows), labels[rows])


def spread(labels: np.ndarray, classes: int) -> np.ndarray:
    """The rows in an order in which the classes are mixed evenly, so that any first part stands for the whole.

    Of the images of one class, the order stays.

    Args:
        labels: of the rows, (rows,).
        classes: how many there are.
    """
    counts = np.bincount(labels, minlength=classes)
    by_class = np.argsort(labels, kind="stable")
    rank = np.empty(len(labels), np.int64)
    rank[by_class] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.lexsort((labels, (rank + 0.5) / counts[labels]))


def _divided(found: Mapping[str, Scan], part: float, classes: tuple[str, ...]) -> dict[str, Part]:
    """The only folder's images, divided into both splits."""
    ((folder, images),) = found.items()
    out = held_out(images.names, part)
    return {
        split: _part(images, folder, classes, tuple(compress(images.names, chosen)))
        for split, chosen in (("train", [not each for each in out]), ("test", out))
    }


def _untrained(train: Part, classes: tuple[str, ...], where: str) -> tuple[str, ...]:
    """A warning of classes whose images are all held out, if there are any."""
    if train.labels is None:
        return ()
    counts = np.bincount(train.labels, minlength=len(classes))
    gone = [name for name, count in zip(classes, counts, strict=True) if not count]
    return (f"{where}: all images are held out for testing, and none are left to train on, of {some(gone)}",) * bool(
        gone
    )


def _notes(found: Mapping[str, Scan], root: Path, where: str) -> list[str]:
    others = sum(each.others for each in found.values()) - ("" in found and (root / ORDER_FILE).is_file())
    loops = [f"{name}/{loop}".lstrip("/") for name, each in found.items() for loop in each.loops]
    notes = []
    if others:
        notes.append(f"{where}: {others:,} file{'s' if others > 1 else ''} of other kinds left out")
    if loops:
        notes.append(f"{where}: links not followed, as they lead to a folder around them: {some(loops)}")
    return notes
