"""Files of the run folder that plugins return: under names that stay in it, with contents that can be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from snnctl.errors import PluginError

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
RECORDS = ("model.keras", "metrics.json", "history.csv", "run.json", "recipe.yaml", "summary.json", "summary.csv")
"""Those that snnctl writes itself."""


def checked_files(found: Mapping[Any, Any], method: str, where: str) -> dict[str, bytes]:
    """The content of each file, by name.

    Args:
        found: what a plugin returned.
        method: of the plugin, for messages.
        where: see :func:`snnctl.plugins.guard.origin`.

    Raises:
        PluginError: a name with folders, one of snnctl's own files, or content that is neither bytes nor a text.
    """
    return {_name(name, method, where): _content(name, content, method, where) for name, content in found.items()}


def _name(name: Any, method: str, where: str) -> str:
    if not isinstance(name, str) or not FILE_NAME.fullmatch(name) or name.lower() in RECORDS:
        raise PluginError(
            f"{method} returned a file called {name!r:.60}, which cannot be written",
            where=where,
            todo="Names hold letters, digits, dots and dashes, no folders, and are none of snnctl's own.",
        )
    return name


def _content(name: str, content: Any, method: str, where: str) -> bytes:
    if isinstance(content, bytes | bytearray):
        return bytes(content)
    if not isinstance(content, str):
        told = f"{method} returned {type(content).__name__} for the file {name}, not bytes or a text"
        raise PluginError(told, where=where)
    try:
        return content.encode("utf-8")
    except UnicodeEncodeError as error:
        raise PluginError(
            f"{method} returned a text for the file {name} that UTF-8 cannot hold", where=where
        ) from error
