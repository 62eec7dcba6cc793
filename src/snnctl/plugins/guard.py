"""The one place where plugins' failures are caught: whatever their code raises becomes a PluginError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from snnctl.errors import PluginError, SnnctlError

LONGEST = 300
AUTHOR = "Ask its author; --debug shows where it failed."
Kinds = tuple[type[BaseException], ...]


@contextmanager
def guard(
    what: str, *, where: str = "", todo: str = AUTHOR, passed: Kinds = (SnnctlError, MemoryError)
) -> Iterator[None]:
    """Around every call of a plugin's code. Plugins raise anything, also ``SystemExit``.

    Args:
        what: what failed, if it does.
        where: see :func:`origin`.
        todo: what the user can do about it.
        passed: exceptions that are let through, besides Ctrl-C, which is not the plugin's.

    Raises:
        PluginError: anything else was raised.
    """
    try:
        yield
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, *passed)):
            raise
        raise PluginError(f"{what}: {describe(error)}", where=where, todo=todo) from error


def origin(thing: Any) -> str:
    """What messages call a registered thing: kind, name and package."""
    from snnctl.plugins.kinds import word_for

    cls = thing if isinstance(thing, type) else type(thing)
    return f"{word_for(thing)} '{thing.name}' ({cls.__module__.partition('.')[0]})"


def describe(error: BaseException) -> str:
    """The error's kind and text, in one line even if the text cannot be had."""
    try:
        text = _printable(" ".join(str(error).split())[:LONGEST])
    except BaseException:
        text = ""
    if text and isinstance(error, SnnctlError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _printable(text: str) -> str:
    """What terminals would obey, and what no file can hold, as Python writes it in a string."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
