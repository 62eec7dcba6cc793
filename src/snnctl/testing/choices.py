"""The values of options of which there are but a few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from snnctl.plugins.options import declared_options


def choices(thing: Any) -> Iterator[dict[str, Any]]:
    """One option with one value at a time: all that a ``bool`` or ``Literal`` can be, but for the default.

    Args:
        thing: whose options they are.
    """
    for name, (kind, default) in declared_options(thing).items():
        for value in _values(kind):
            if value != default or type(value) is not type(default):
                yield {name: value}


def _values(kind: Any) -> Iterator[Any]:
    if kind is bool:
        yield from (False, True)
    elif get_origin(kind) is Literal:
        yield from get_args(kind)
    else:
        for part in get_args(kind) if get_origin(kind) not in (list, tuple, set, dict) else ():
            yield from _values(part)
