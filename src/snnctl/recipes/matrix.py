"""``matrix:``: every combination of the values of some settings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from snnctl.recipes.applying import canonical
from snnctl.recipes.complaints import Complaints
from snnctl.recipes.marked import Entry, Marked
from snnctl.recipes.option_keys import Insides
from snnctl.recipes.place import Place
from snnctl.recipes.settings import Setting
from snnctl.recipes.variables import VARIABLE, texts

MOST = 1_000  # combinations


@dataclass(frozen=True)
class Axis:
    """One key of the matrix.

    Args:
        key: as the results name it.
        place: of the key.
        values: at least one, all different.
    """

    key: str
    place: Place
    values: tuple[Marked, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The parts of the key."""
        return tuple(self.key.split("."))


def read_matrix(matrix: Mapping[str, Entry], complaints: Complaints) -> list[Axis]:
    """The axes of a matrix whose keys are written alike; those that cannot be used are left out.

    Args:
        matrix: lists by key.
        complaints: takes what is wrong with keys and values.
    """
    axes = [axis for key, entry in matrix.items() if (axis := _axis(key, entry, complaints)) is not None]
    known = {axis.keys for axis in axes}
    for axis in axes:
        for length in range(1, len(axis.keys)):
            if axis.keys[:length] in known:
                message = f"'{axis.key}' is a part of '{'.'.join(axis.keys[:length])}', which is in the matrix too"
                complaints.add(axis.place, message, "leave out one of them")
    return axes


def unpinned(axes: Sequence[Axis], settings: Sequence[Setting], known: Insides, complaints: Complaints) -> list[Axis]:
    """The axes that no setting gives a single value.

    Args:
        axes: of the matrix.
        settings: of the command line.
        known: what each option of any verb holds.
        complaints: takes settings of a part of an axis.
    """
    given = [(setting, canonical(setting.keys, known)) for setting in settings]
    for setting, keys in given:
        for axis in axes:
            if len(keys) > len(axis.keys) and keys[: len(axis.keys)] == axis.keys:
                todo = f"set {axis.key} as a whole"
                complaints.add(setting.place, f"'{'.'.join(keys)}' is a part of '{axis.key}' in the matrix", todo)
    return [axis for axis in axes if not any(axis.keys[: len(keys)] == keys for _, keys in given)]


def combinations(axes: Sequence[Axis], complaints: Complaints) -> Iterator[list[Setting]]:
    """The settings of every combination, the last key's values fastest; only the first if there are too many."""
    number = math.prod(len(axis.values) for axis in axes)
    chosen: Iterator[tuple[Marked, ...]] = product(*(axis.values for axis in axes))
    if number > MOST:
        message = f"the matrix has {number:,} combinations; at most {MOST:,} are allowed"
        complaints.add(axes[0].place, message, "give fewer values, or make several recipes of it")
        chosen = iter([next(chosen)])
    for values in chosen:
        yield [Setting(axis.keys, value, axis.place) for axis, value in zip(axes, values, strict=True)]


def same(value: Any) -> str:
    """A text that equal values have in common: 1 and 1.0, but not 1, true and "1"."""
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _axis(key: str, entry: Entry, complaints: Complaints) -> Axis | None:
    node = entry.value
    if not all(key.split(".")):
        complaints.add(entry.place, f"'{key}' is no key of a matrix", "write STEP.KEY, defaults.KEY or a variable")
        return None
    if not isinstance(node.value, list):
        if node.value is not None:  # that it is empty is said by whoever knows whether it extends another
            complaints.add(node.place, f"the values of '{key}' must be a list, not {node.kind}", "write `[...]`")
        return None
    if not node.value:
        complaints.add(node.place, f"the list of values of '{key}' is empty", "give at least one, or leave it out")
        return None
    for place, text in texts(node):
        if VARIABLE.search(text):
            complaints.add(place, f"{text!r:.60}: variables are not replaced inside `matrix`", "write the value itself")
    first: dict[str, Marked] = {}
    for value in node.value:
        earlier = first.setdefault(same(value.plain()), value)
        if earlier is not value:
            complaints.add(value.place, f"a value of '{key}' is here twice", f"first at {earlier.place}")
    return Axis(key, entry.place, tuple(first.values()))
