"""The entries of a ``.keras`` file, which is a ZIP archive: what must be in it, and what must not."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from snnctl.errors import ModelError

CONFIG = "config.json"
METADATA = "metadata.json"
LARGEST_TEXT = 64 << 20  # bytes; the configuration of a large network has a few hundred thousand
AGAIN = "Copy or save it again."


def check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive that is not as Keras writes it.

    Raises:
        ModelError: an entry is missing, there twice, too large, damaged, or leads out of the archive.
    """
    names = archive.namelist()
    missing = {CONFIG, METADATA} - set(names)
    if missing:
        raise _damaged(path, f"its {' and '.join(sorted(missing))} is missing: it is not as Keras wrote it")
    for name, count in Counter(names).items():
        if count > 1:
            raise _damaged(path, f"its part {name} is there {count} times: it is not as Keras wrote it")
        if _leads_out(name):
            raise _damaged(path, f"its part {name!r} leads out of the archive: it is not as Keras wrote it")
    for name in (CONFIG, METADATA):
        size = archive.getinfo(name).file_size
        if size > LARGEST_TEXT:
            raise _damaged(path, f"its {name} has {size:,} bytes; at most {LARGEST_TEXT:,} are read")
    damaged = archive.testzip()
    if damaged:
        raise _damaged(path, f"its part {damaged} is not as Keras wrote it")


def read_object(archive: zipfile.ZipFile, name: str, path: Path) -> dict[str, Any]:
    """The JSON object in the entry ``name``.

    Raises:
        ModelError: it is something else.
    """
    try:
        content = json.loads(archive.read(name))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"its {name} is not JSON, or is nested too deeply") from error
    if not isinstance(content, dict):
        raise _damaged(path, f"its {name} is no JSON object")
    return content


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or ":" in name


def _damaged(path: Path, what: str) -> ModelError:
    return ModelError(f"{path} is damaged: {what}.", todo=AGAIN)
