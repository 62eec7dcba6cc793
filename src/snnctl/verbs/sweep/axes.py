"""The values of an axis as they are written: ``a,b,c``, whole numbers also ``3..8``, in recipes lists as well."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

RANGE = re.compile(r"(\d+)\s*\.\.\s*(\d+)")
MOST = 10_000  # values of an axis, and points of a sweep

Reader = Callable[[Any], Any]


def whole_numbers(low: int, high: int) -> Reader:
    """Reads an axis of whole numbers from ``low`` to ``high``, such as ``3..5,8``, as a tuple without repetitions.

    What is read raises ValueError, with what is expected instead.
    """

    def read(text: str) -> Iterator[int]:
        if found := RANGE.fullmatch(text):
            first, last = int(found[1]), int(found[2])
            if first > last:
                raise ValueError(f"the range {text} runs backwards; write {last}..{first}")
            _check(last, low, high)
            yield from range(first, last + 1)
            return
        try:
            yield int(text)
        except ValueError:
            raise ValueError("it should be whole numbers such as 3,4,8 or 3..8") from None

    return lambda value: _values(value, read, low, high)


def numbers(low: float, high: float, *, above_low: bool = False) -> Reader:
    """Reads an axis of numbers from ``low`` to ``high`` as a tuple without repetitions.

    Args:
        low: smallest number allowed.
        high: largest number allowed.
        above_low: whether ``low`` itself is not allowed.
    """

    def read(text: str) -> Iterator[float]:
        try:
            yield float(text)
        except ValueError:
            ranged = ".." in text
            hint = "; ranges are for whole numbers" if ranged else ""
            raise ValueError(f"it should be numbers such as 0,0.01,0.1{hint}") from None

    return lambda value: _values(value, read, low, high, above_low)


def _values(
    value: Any, read: Callable[[str], Iterator[float]], low: float, high: float, above_low: bool = False
) -> Any:
    if value is None:
        return None
    found = [number + 0 for part in _parts(value) for number in read(part)]  # + 0: no negative zero
    if not found:
        raise ValueError("it should be at least one number")
    for number in found:
        _check(number, low, high, above_low)
    if len(found) > MOST:
        raise ValueError(f"it should be at most {MOST:,} values, not {len(found):,}")
    return tuple(dict.fromkeys(found))


def _parts(value: Any) -> Iterator[str]:
    """The numbers and ranges in ``value``, each as a text."""
    if isinstance(value, str):
        yield from (part.strip() for part in value.split(","))
    elif isinstance(value, Iterable) and not isinstance(value, Mapping | bytes):
        for item in value:
            if not isinstance(item, str) and isinstance(item, Iterable):
                raise ValueError("it should be a number, or several in a list or text; not lists in a list")
            yield from _parts(item)
    elif isinstance(value, bool) or not hasattr(value, "__float__"):
        raise ValueError("it should be a number, or several in a list or text")
    else:
        yield repr(value.item() if hasattr(value, "item") else value)


def _check(number: float, low: float, high: float, above_low: bool = False) -> None:
    if math.isfinite(number) and (low < number <= high or (number == low and not above_low)):
        return
    between = f"above {low:g} and at most {high:g}" if above_low else f"from {low:g} to {high:g}"
    raise ValueError(f"{number:.12g} is not {between}")
