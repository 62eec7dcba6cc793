"""Values that know where in the file they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from snnctl.errors import RecipeError


@dataclass(frozen=True)
class Marked:
    """A value and its place.

    Args:
        value: a scalar, a list of :class:`Marked`, or a dict of key to :class:`Entry`.
        place: ``file:line:column``, or the setting it comes from.
    """

    value: Any
    place: str

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: entry.value.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value

    def find(self, *keys: str) -> str:
        """The place to blame for the value at ``keys``: that of the key, as deep as there is one."""
        place, node = self.place, self
        for key in keys:
            entry = node.value.get(key) if isinstance(node.value, dict) else None
            if entry is None:
                break
            place, node = entry.place, entry.value
        return place

    @property
    def kind(self) -> str:
        """What a person calls this type of value."""
        names = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", type(None): "empty"}
        return names.get(type(self.value), "a number")


@dataclass(frozen=True)
class Entry:
    """One key of a mapping: the place of the key, and the value."""

    place: str
    value: Marked


@dataclass(frozen=True)
class Complaint:
    """Something wrong, where, and what to do."""

    place: str
    message: str
    todo: str = ""

    def lines(self) -> Iterator[str]:
        """The complaint as it is printed."""
        yield f"{self.place}: {self.message}"
        if self.todo:
            yield f"  {self.todo}"

    @property
    def order(self) -> tuple[int, int, int]:
        """Sorts complaints as a reader meets them: line and column, then what has neither (settings)."""
        numbers = self.place.split(":")[-2:]
        if len(numbers) == 2 and all(number.isdecimal() for number in numbers):
            return 0, int(numbers[0]), int(numbers[1])
        return 1, 0, 0


def refuse(complaints: list[Complaint]) -> RecipeError:
    """One error that lists all complaints in the order of their lines."""
    complaints = sorted(complaints, key=lambda complaint: complaint.order)
    if len(complaints) == 1:
        [one] = complaints
        return RecipeError(one.message, where=one.place, todo=one.todo)
    lines = [line for complaint in complaints for line in complaint.lines()]
    return RecipeError("\n".join([f"{len(complaints)} problems; nothing was run", *lines]))
