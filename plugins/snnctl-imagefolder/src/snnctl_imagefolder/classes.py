"""The classes of a tree of images: the folders, their order, and that all splits have the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from snnctl.errors import DataError
from snnctl_imagefolder.scan import Scan, shown, some

ORDER_FILE = "classes.txt"
UNLABELLED = "To use the images without labels, give the number of classes of the network: --data-opt classes=NUMBER."


def class_folders(scan: Scan, folder: Path) -> tuple[str, ...]:
    """The subfolders that are classes; () if all images lie in ``folder`` itself.

    Raises:
        DataError: some images have a class and others do not, or a class has no images.
    """
    direct = [name for name in scan.names if "/" not in name]
    if len(direct) == len(scan.names):
        return ()
    if direct:
        raise DataError(
            f"{len(direct):,} of the images lie beside the folders of the classes: {some(direct)}.",
            where=shown(str(folder)),
            todo=f"Move them into the folder of their class, or elsewhere. {UNLABELLED}",
        )
    filled = {name.partition("/")[0] for name in scan.names}
    empty = [name for name in scan.folders if name not in filled]
    if empty:
        raise DataError(
            f"There are no images in {'these folders' if len(empty) > 1 else 'the folder'} among those of the classes: "
            f"{some(empty)}.",
            where=shown(str(folder)),
            todo="Put images there, or remove the folder.",
        )
    return scan.folders


def same_classes(found: Mapping[str, Sequence[str]], root: str) -> tuple[str, ...]:
    """The classes that every split has.

    Args:
        found: the folders of the splits, and the classes of each.
        root: for messages.

    Raises:
        DataError: the splits differ; names the classes that are missing.
    """
    (first, classes), *others = found.items()
    for name, have in others:
        if set(have) == set(classes):
            continue
        lacking = [(first, name, classes, have), (name, first, have, classes)]
        only = [
            f"only {shown(one)} has {some([each for each in these if each not in those])}"
            for one, _, these, those in lacking
            if set(these) - set(those)
        ]
        raise DataError(
            f"{shown(first)} and {shown(name)} do not hold the same classes: {'; '.join(only)}.",
            where=root,
            todo=f"{_way_out(first, classes, name, have)} {UNLABELLED}",
        )
    return tuple(classes)


def _way_out(first: str, classes: Sequence[str], second: str, have: Sequence[str]) -> str:
    """What to do about two splits that differ: add what one lacks, or, if both lack something, name folders alike."""
    lacking = {
        second: [each for each in classes if each not in have],
        first: [each for each in have if each not in classes],
    }
    if all(lacking.values()):
        return "Name the folders of the classes alike in both."
    split, missing = next((split, missing) for split, missing in lacking.items() if missing)
    folders = "folder" if len(missing) == 1 else "folders"
    return f"Add the missing {folders} to {shown(split)}: {some(missing)}, with images."


def ordered(classes: Sequence[str], root: Path) -> tuple[str, ...]:
    """The classes in the order of ``classes.txt``, if there is one; else as they are, sorted.

    Raises:
        DataError: the file cannot be read, or does not name each class once.
    """
    path = root / ORDER_FILE
    if not path.is_file():
        return tuple(classes)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise DataError(f"The order of the classes cannot be read: {why}.", where=shown(str(path))) from error
    names = tuple(line.strip() for line in lines if line.strip())
    faults = {
        "names no folder": [name for name in names if name not in classes],
        "lacks": [name for name in classes if name not in names],
        "names twice": sorted({name for name in names if names.count(name) > 1}),
    }
    wrong = [f"it {what}: {some(which)}" for what, which in faults.items() if which]
    if wrong:
        raise DataError(
            f"The file does not name each class once; {'; '.join(wrong)}.",
            where=shown(str(path)),
            todo="Write the name of one folder in each line, or remove the file: the classes are sorted then.",
        )
    return names
