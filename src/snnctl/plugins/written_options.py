"""Options that are written into the files of networks: only what JSON gives back as it was."""

from __future__ import annotations

import math
import typing
from types import NoneType, UnionType
from typing import Any, Literal

from snnctl.errors import PluginError
from snnctl.plugins.options import declared_options

SCALARS = (int, float, str, bool, NoneType)
WANTED = "int, float, str, bool, None, Literal, or a list or tuple of these"


def check_written_options(thing: Any) -> None:
    """Refuse options whose values would not be the same once a file that holds them is opened.

    Args:
        thing: a class of hardware constraints.

    Raises:
        PluginError: an option of another type, or a default that is not finite or no plain value.
    """
    for name, (kind, default) in declared_options(thing).items():
        if not _is_written(kind):
            told = getattr(kind, "__name__", None) if isinstance(kind, type) else None
            raise PluginError(
                f"'{thing.name}': option '{name}' is of type {told or kind}; files of networks hold {WANTED}"
            )
        if not _is_plain(default):
            raise PluginError(
                f"'{thing.name}': option '{name}' has the default {default!r:.60}; files of networks hold finite "
                "numbers, texts, true, false, none, and lists of these"
            )


def _is_written(kind: Any) -> bool:
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _is_written(inside[0])
    if origin in (typing.Union, UnionType):
        return all(map(_is_written, inside))
    if origin is Literal:
        return all(isinstance(value, SCALARS) for value in inside)
    if origin in (list, tuple):
        return all(each is Ellipsis or _is_written(each) for each in inside)
    return kind in (*SCALARS, None)


def _is_plain(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    return value is None or type(value) in (int, str, bool)
