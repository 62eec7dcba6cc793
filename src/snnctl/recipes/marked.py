"""Values that know where in the file they come from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from snnctl.recipes.place import Place


@dataclass(frozen=True)
class Marked:
    """A value and its place.

    Args:
        value: a scalar, a list of :class:`Marked`, or a dict of key to :class:`Entry`.
        place: where it stands, or the setting it comes from.
        spelling: a scalar as it is written there; None if it was not read from YAML.
    """

    value: Any
    place: Place
    spelling: str | None = None

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: entry.value.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value

    def as_text(self) -> str:
        """The value as it is written in YAML, on one line: a scalar as it is spelled, a text without quotes."""
        if isinstance(self.value, str):
            return self.value
        if self.spelling is not None:
            return self.spelling
        if isinstance(self.value, dict):
            return "{" + ", ".join(f"{key}: {entry.value.as_text()}" for key, entry in self.value.items()) + "}"
        if isinstance(self.value, list):
            return "[" + ", ".join(item.as_text() for item in self.value) + "]"
        return json.dumps(self.value)

    def find(self, *keys: str) -> Place:
        """The place to blame for the value at ``keys``: that of the key, as deep as there is one."""
        place, node = self.place, self
        for key in keys:
            entry = node.value.get(key) if isinstance(node.value, dict) else None
            if entry is None:
                break
            place, node = entry.place, entry.value
        return place

    def scalars(self) -> Iterator[Marked]:
        """The value itself, or those in the mapping or list, however deep."""
        if isinstance(self.value, dict):
            for entry in self.value.values():
                yield from entry.value.scalars()
        elif isinstance(self.value, list):
            for item in self.value:
                yield from item.scalars()
        else:
            yield self

    @property
    def kind(self) -> str:
        """What a person calls this type of value."""
        names = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", type(None): "empty"}
        return names.get(type(self.value), "a number")


@dataclass(frozen=True)
class Entry:
    """One key of a mapping: the place of the key, and the value."""

    place: Place
    value: Marked


def with_value(node: Marked, keys: list[str], value: Marked) -> Marked:
    """A copy of the mapping ``node`` with ``value`` at ``keys``."""
    key, *rest = keys
    old = node.value.get(key)
    if not rest:
        return Marked({**node.value, key: Entry(value.place, value)}, node.place)
    inner = old.value if old and isinstance(old.value.value, dict) else Marked({}, value.place)
    place = old.place if old else value.place
    return Marked({**node.value, key: Entry(place, with_value(inner, rest, value))}, node.place)
