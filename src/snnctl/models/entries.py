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
WEIGHTS = "model.weights.h5"
LARGEST_TEXT = 64 << 20  # bytes; the configuration of a large network has a few hundred thousand
ALWAYS_UNPACKED = 64 << 20  # bytes; less than this is unpacked however small the file is
LARGEST_EXPANSION = 20  # how many times its own size a file may unpack to; Keras does not pack at all
AGAIN = "Copy or save it again."


def check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive that is not as Keras writes it.

    Raises:
        ModelError: an entry is missing, there twice, too large, damaged, or leads out of the archive.
    """
    names = archive.namelist()
    missing = {CONFIG, METADATA, WEIGHTS} - set(names)
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise _damaged(path, f"its {' and '.join(sorted(missing))} {verb} missing: it is not as Keras wrote it")
    for name, count in Counter(names).items():
        if count > 1:
            raise _damaged(path, f"its part {name} is there {count} times: it is not as Keras wrote it")
        if _leads_out(name):
            raise _damaged(path, f"its part {name!r} leads out of the archive: it is not as Keras wrote it")
    _check_sizes(archive, path)
    damaged = archive.testzip()
    if damaged:
        raise _damaged(path, f"its part {damaged} is not as Keras wrote it")


def read_object(archive: zipfile.ZipFile, name: str, path: Path) -> dict[str, Any]:
    """The JSON object in the entry ``name``.

    Raises:
        ModelError: it is something else.
    """
    return parsed_object(archive.read(name), f"its {name}", path)


def parsed_object(content: bytes | str, called: str, path: Path) -> dict[str, Any]:
    """The JSON object that ``content`` spells; ``called`` is what the message calls it.

    Raises:
        ModelError: it is something else.
    """
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"{called} is not JSON, or is nested too deeply") from error
    if not isinstance(parsed, dict):
        raise _damaged(path, f"{called} is no JSON object")
    return parsed


def _check_sizes(archive: zipfile.ZipFile, path: Path) -> None:
    """Before anything is unpacked; no more than the sizes stated here is unpacked later."""
    for name in (CONFIG, METADATA):
        size = archive.getinfo(name).file_size
        if size > LARGEST_TEXT:
            raise _damaged(path, f"its {name} has {size:,} bytes; at most {LARGEST_TEXT:,} are read")
    unpacked, packed = sum(entry.file_size for entry in archive.infolist()), path.stat().st_size
    if unpacked > max(ALWAYS_UNPACKED, LARGEST_EXPANSION * packed):
        raise _damaged(path, f"it has {packed:,} bytes, but unpacks to {unpacked:,}: it is not as Keras wrote it")


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or ":" in name


def _damaged(path: Path, what: str) -> ModelError:
    return ModelError(f"{path} is damaged: {what}.", todo=AGAIN)
