"""What fields of a network must be: numbers, shapes, arrays of numbers and of positions."""

from __future__ import annotations

import numpy as np

from snnctl.events.errors import NetworkError

MOST = 2**28  # neurons, pools or outputs of one part: more is a damaged file
LARGEST, SMALLEST = 1e30, 1e-30  # magnitude of a number; of a span or slope that is divided by. Beyond, floats overflow


def require(condition: bool | np.bool_, what: str) -> None:
    """Refuses with a sentence unless the condition holds."""
    if not condition:
        raise NetworkError(what)


def is_real(value: object) -> bool:
    """Whether a value is a number, of a magnitude of at most 1e30."""
    if not isinstance(value, (int, float, np.integer, np.floating)) or isinstance(value, bool):
        return False
    return abs(float(value)) <= LARGEST if isinstance(value, (float, np.floating)) else abs(int(value)) < 2**53


def check_integer(where: str, name: str, value: object) -> None:
    """Refuses what is not a whole number from 0 on."""
    known = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 0
    require(known, f"{where}: {name} is {value!r}, not a whole number from 0 on")


def check_shape(where: str, shape: tuple[int, ...]) -> None:
    """Refuses what is not a shape with elements, and not too many."""
    known = isinstance(shape, tuple) and all(type(side) is int and side > 0 for side in shape)
    require(known, f"{where}: the shape {shape!r} is not a tuple of positive numbers")
    size = 1
    for side in shape:
        size *= side
        require(size < MOST, f"{where}: the shape {shape!r} is too large")


def check_numbers(where: str, name: str, values: np.ndarray, axes: int) -> None:
    """Refuses what is not an array of numbers, of a magnitude of at most 1e30 each."""
    known = isinstance(values, np.ndarray) and values.dtype in (np.float32, np.float64) and values.ndim == axes
    require(known, f"{where}: {name} is not an array of float32 or float64 with {axes} axes")
    require(np.all(np.abs(values) <= LARGEST), f"{where}: {name} has numbers that are not finite, or beyond {LARGEST}")


def check_name(where: str, name: object) -> None:
    """Refuses what is not a text, or an empty one, or one that UTF-8 cannot hold."""
    require(isinstance(name, str) and name != "", f"{where} has no name")
    require(is_text(name), f"{where} has the name {name!r}, which is no text")


def is_text(value: object) -> bool:
    """Whether a value is a text that UTF-8 can hold: a half of a surrogate pair it cannot."""
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:
        return False


def check_integers(where: str, name: str, values: np.ndarray, axes: int) -> None:
    """Refuses what is not an array of whole numbers."""
    known = isinstance(values, np.ndarray) and values.dtype in (np.int32, np.int64) and values.ndim == axes
    require(known, f"{where}: {name} is not an array of int32 or int64 with {axes} axes")


def check_range(where: str, name: str, values: np.ndarray, low: int, end: int) -> None:
    """Refuses numbers outside ``low`` ... ``end - 1``."""
    if values.size:
        known = low <= values.min() and values.max() < end
        require(known, f"{where}: {name} has numbers outside [{low}, {end - 1}]")


def check_starts(where: str, name: str, start: np.ndarray, parts: int, entries: int) -> None:
    """Refuses what does not say where parts start that follow one another and fill all entries."""
    check_integers(where, name, start, 1)
    require(start.size == parts + 1, f"{where}: {name} has {start.size} numbers, for {parts} parts")
    known = start[0] == 0 and start[-1] == entries and np.all(np.diff(start) >= 0)
    require(known, f"{where}: {name} does not rise from 0 to {entries}")
