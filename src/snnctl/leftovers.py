"""The hidden folders beside a run folder while it is written and swapped, and what is left of them after ``kill -9``.

``.NAME.partial-HOST-PID`` is being written; ``.NAME.old-HOST-PID`` is what NAME held until the new one is in its place.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

BEGAN = time.time_ns()  # what is older has been made by no process that has this one's number now


def beside(target: Path, purpose: str) -> Path:
    """The hidden name of this process's own folder beside ``target``; ``purpose`` is "partial" or "old"."""
    return target.with_name(f".{target.name}.{purpose}-{_host()}-{os.getpid()}")


def clear_leftovers(target: Path) -> None:
    """Put ``target`` back if a process died while it replaced it, and remove what dead processes have left beside it.

    Only folders of processes that ran on this machine and are gone are touched: of another machine's nothing is known.

    Args:
        target: absolute path of an output folder; need not exist.
    """
    with suppress(OSError):
        old, partial = _folders(target, "old"), _folders(target, "partial")
        if all(_is_dead(folder) for folder in old):  # otherwise somebody is about to put something there
            _restore(target, old)
        for folder in filter(_is_dead, (*old, *partial)):
            if os.path.lexists(target) or folder not in old:
                shutil.rmtree(folder, ignore_errors=True)


def _restore(target: Path, old: list[Path]) -> None:
    """The youngest takes its place again, unless that is taken."""
    if old and not os.path.lexists(target):
        with suppress(OSError):  # another process was faster
            max(old, key=lambda folder: folder.stat().st_ctime_ns).rename(target)


def _folders(target: Path, purpose: str) -> list[Path]:
    """Folders beside ``target`` with a name from :func:`beside`, of any process; no links."""
    name = re.compile(rf"\.{re.escape(target.name)}\.{purpose}-.*-[1-9][0-9]*")
    with os.scandir(target.parent) as entries:
        return [Path(entry) for entry in entries if name.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)]


def _is_dead(folder: Path) -> bool:
    """Whether the process that made a folder ran here and does so no more."""
    made_by, _, number = folder.name.rpartition("-")
    if sys.platform == "win32" or not made_by.endswith((f".partial-{_host()}", f".old-{_host()}")):
        return False
    try:
        if int(number) == os.getpid():  # in a container numbers come again
            return folder.stat().st_ctime_ns < BEGAN
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError, ValueError):  # it is another user's, or no number of a process
        return False
    return False


def _host() -> str:
    """This machine's name, as far as it can be part of a file's."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", platform.node())[:32] or "localhost"
