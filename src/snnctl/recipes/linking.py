"""A second copy of a folder that takes no room: hard links where the file system has them, else copies."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def link_folder(source: Path, target: Path) -> bool:
    """Make the folder ``target`` hold what ``source`` holds, times of change included.

    Args:
        source: a folder of files and folders.
        target: its parent is there; if it is there itself, it is empty.

    Returns:
        Whether every file is linked; otherwise some are copied, and perhaps not on the disk yet.

    Raises:
        OSError: a file is missing, or there is no room for a copy.
    """
    target.mkdir(exist_ok=True)
    linked = True
    for entry in sorted(os.scandir(source), key=lambda found: found.name):
        make = link_folder if entry.is_dir(follow_symlinks=False) else _link
        linked &= make(Path(entry.path), target / entry.name)
    return linked


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target, follow_symlinks=True)
    except FileNotFoundError:
        raise
    except (OSError, NotImplementedError):  # another file system, one without links, or too many of them
        shutil.copy2(source, target)
        return False
    return True
