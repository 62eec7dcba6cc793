"""What the generators of reference pages share: types, defaults and limits in words, and tables."""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal

from pydantic.fields import FieldInfo

WORDS = {Path: "path", str: "text", int: "integer", float: "number", bool: "true or false", dict: "mapping"}
COMPARISONS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


def write_or_check(pages: Mapping[Path, str], script: str, arguments: list[str]) -> int:
    """Write the pages, or compare with ``--check``; returns the exit code."""
    if "--check" not in arguments:
        for path, text in pages.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path} is out of date: run python scripts/{Path(script).name}", file=sys.stderr)
    return int(bool(stale))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def type_words(kind: Any, words: Mapping[Any, str] = WORDS) -> str:
    """A type in a few words; choices are listed."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        return " or ".join(dict.fromkeys(type_words(choice, words) for choice in arguments if choice is not NoneType))
    if origin is Annotated:
        return type_words(arguments[0], words)
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin in (list, tuple, set):
        inner = dict.fromkeys(type_words(item, words) for item in arguments if item is not Ellipsis)
        return f"list of {' or '.join(inner)}" if inner else "list"
    return words.get(origin or kind) or getattr(kind, "__name__", str(kind))


def limits(field: FieldInfo) -> str:
    """The limits of an option in words; empty if there are none."""
    found = dict.fromkeys(_limits([*field.metadata, field.annotation]))
    return ", ".join(found)


def default_words(value: Any) -> str:
    """A default as it would be written; empty for none."""
    if value is None or value == {} or value == [] or value == "":
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _limits(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, FieldInfo):
            yield from _limits(part.metadata)
        elif typing.get_origin(part) is not None and typing.get_origin(part) is not Literal:
            yield from _limits(typing.get_args(part))
        else:
            for name, word in COMPARISONS.items():
                if (bound := getattr(part, name, None)) is not None and isinstance(bound, int | float):
                    yield f"{word} {bound:,.12g}"
