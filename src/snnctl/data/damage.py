"""The error for a file that is there but cannot be read."""

from __future__ import annotations

from pathlib import Path

from snnctl.errors import DataError


def damaged(path: Path, what: str) -> DataError:
    """The error that ``path`` is not what its name promises; ``what`` says why, one clause."""
    return DataError(
        what,
        where=str(path),
        todo="Replace this file with a fresh copy, or remove it and run `snnctl data fetch`.",
    )
