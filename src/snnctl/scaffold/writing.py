"""A new package on the disk: all of it, or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

from snnctl.errors import OutputError


def write_package(folder: Path, files: Mapping[str, str]) -> Path:
    """Write ``files`` to a new folder; returns it.

    Args:
        folder: must not exist; folders above it are made.
        files: path in the folder -> content.

    Raises:
        OutputError: it exists, or cannot be written.
    """
    if os.path.lexists(folder):
        raise OutputError(f"{folder} exists already", todo="Choose another name, or another folder with --out.")
    staging: str | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        staging = mkdtemp(prefix=f".{folder.name}-", dir=folder.parent)
        for name, content in files.items():
            path = Path(staging) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        os.chmod(staging, 0o777 & ~_umask())  # mkdtemp makes folders that nobody else can read
        os.rename(staging, folder)
        staging = None
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror}", todo="Choose another folder with --out."
        ) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
    return folder


def _umask() -> int:
    """What the process takes from the permissions of new files."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
