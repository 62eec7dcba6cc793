"""A report's file: written whole or not at all, and never over something else."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from snnctl.errors import OutputError
from snnctl.reports.page import is_report
from snnctl.runs import WRITTEN, expanded

NAME = "report.html"
OTHER = "name another file with --out"


def default_file(folders: list[str]) -> Path:
    """``report.html`` in the folder of a single run or recipe; of several, in the working folder."""
    return expanded(folders[0]) / NAME if len(folders) == 1 else Path(NAME)


def prepare_file(path: Path, overwrite: bool = False) -> Path:
    """Find out, before the work starts, whether a report can be written to ``path``.

    A report that is there already is replaced; anything else only with ``overwrite``, and the files of a run never.

    Returns:
        The absolute path. Nothing is made yet.

    Raises:
        OutputError: it is in the way of something, or cannot be written.
    """
    try:
        target = expanded(path).resolve()
        if target.is_dir():
            raise OutputError(f"{path} is a folder", todo=f"name a file with --out, such as {path / NAME}")
        if target.exists():
            _refuse_other(path, target, overwrite)
        parent = next(place for place in target.parents if place.exists())
    except (OSError, RuntimeError, ValueError) as error:
        raise _unwritable(path, error) from error
    if not parent.is_dir():
        raise OutputError(f"cannot write to {path}: {parent} is a file", todo=OTHER)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"no permission to write to {parent}", todo=OTHER)
    return target


def write_file(target: Path, content: str) -> Path:
    """Write ``content``, or nothing; folders above are made.

    Args:
        target: from :func:`prepare_file`.
        content: of the file.

    Raises:
        OutputError: it cannot be written.
    """
    unfinished = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(content, encoding="utf-8")
        unfinished.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()
    return target


def _refuse_other(path: Path, target: Path, overwrite: bool) -> None:
    """Refuse to overwrite what is no report."""
    if target.is_file():
        with target.open(encoding="utf-8", errors="replace") as file:
            if is_report(file.read(2000)):
                return
    of_run = any((target.parent / name).is_file() for name in ("run.json", "summary.json"))
    if target.name != NAME and target.name in WRITTEN and of_run:
        raise OutputError(f"{path} belongs to a run and is not overwritten", todo=OTHER)
    if not target.is_file():
        raise OutputError(f"{path} is no ordinary file", todo=OTHER)
    if not overwrite:
        raise OutputError(f"{path} is there already, and is no report", todo=f"{OTHER}, or add --overwrite")


def _unwritable(path: Path, error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(f"cannot write to {path}: {reason}", todo=OTHER)
