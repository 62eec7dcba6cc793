"""From values to pixels: linear and logarithmic scales with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LARGEST = 1e300  # beyond it differences overflow
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """An axis.

    Args:
        low: value at ``start``; of a logarithmic axis the decimal logarithm of it.
        high: value at ``end``, likewise.
        start: pixel.
        end: pixel.
        ticks: value and label of each.
        log: whether it is logarithmic.
        zero: pixel at which a logarithmic axis shows 0, apart from the rest; None if it does not.
        edge: pixel at which the axis is drawn from, if that is not ``start``.
    """

    low: float
    high: float
    start: float
    end: float
    ticks: Sequence[tuple[float, str]] = ()
    log: bool = False
    zero: float | None = None
    edge: float | None = None

    @property
    def outset(self) -> float:
        """The pixel that the axis is drawn from."""
        return self.start if self.edge is None else self.edge

    def __call__(self, value: float) -> float | None:
        """The pixel of ``value``; None for what has no place: no number, or not positive on a logarithmic axis."""
        if not usable(value):
            return None
        if self.log:
            if value <= 0:
                return self.zero if value == 0 else None
            value = math.log10(value)
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def usable(value: float | None) -> bool:
    """Whether it is a number that can be drawn."""
    return value is not None and abs(value) <= LARGEST


def make_scale(
    values: Iterable[float],
    start: float,
    end: float,
    *,
    log: bool = False,
    percent: bool = False,
    from_zero: bool = False,
    most: int = 6,
) -> Scale:
    """An axis that holds ``values``.

    Args:
        values: what is to be seen; others than finite numbers are left out.
        start: pixel of its low end.
        end: pixel of its high end.
        log: whether it is logarithmic; 0 then gets a place of its own.
        percent: whether labels are percentages of 1.
        from_zero: whether a linear axis begins at 0.
        most: about how many ticks there may be.
    """
    found = [float(value) for value in values if usable(value)]
    if log:
        return _log_scale(found, start, end, percent, most)
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    low, high = _opened(low, high)
    step = nice_step(high / most - low / most)  # not high - low, which may overflow
    if not percent and all(value.is_integer() for value in found):
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [(index * step, tick_label(index * step, step, percent)) for index in range(first, last + 1)]
    return Scale(first * step, last * step, start, end, ticks)


def nice_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, at least ``rough``."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def tick_label(value: float, step: float, percent: bool = False) -> str:
    """``value`` with as many decimals as ``step`` needs."""
    if percent:
        value, step = 100 * value, 100 * step
    size = max(abs(value), step)
    if size >= 1e5 or step < 1e-4:
        text = scientific(value)
    else:
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        text = f"{value + 0.0:.{decimals}f}".replace("-", "−")
        text = text.lstrip("−") if not float(text.replace("−", "-")) else text
    return f"{text} %" if percent else text


def scientific(value: float) -> str:
    """``2×10⁻⁷``; 0 stays 0."""
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".").replace("-", "−")
    power = "10" + str(int(exponent)).translate(SUPERSCRIPTS)
    return {"1": power, "−1": f"−{power}"}.get(mantissa, f"{mantissa}×{power}")


def _opened(low: float, high: float) -> tuple[float, float]:
    """A range that is not empty: one value gets some room on both sides."""
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return low, high
    if low == 0:
        return 0.0, 1.0
    room = abs(low) / 10
    return low - room, high + room


def _log_scale(found: Sequence[float], start: float, end: float, percent: bool, most: int) -> Scale:
    positive = [value for value in found if value > 0]
    has_zero = any(value == 0 for value in found)
    low, high = (math.log10(min(positive)), math.log10(max(positive))) if positive else (-1.0, 0.0)
    if high - low < 0.3:
        low, high = low - 0.15, high + 0.15
    room = 0.03 * (high - low)
    low, high = low - room, high + room
    ticks = _log_ticks(low, high, percent, most)
    if not has_zero:
        return Scale(low, high, start, end, ticks, log=True)
    length = end - start
    ticks.insert(0, (0.0, "0 %" if percent else "0"))
    return Scale(low, high, start + 0.1 * length, end, ticks, True, zero=start + 0.03 * length, edge=start)


def _log_ticks(low: float, high: float, percent: bool, most: int) -> list[tuple[float, str]]:
    """Powers of ten; between few of them, 2 and 5 times those; of many, every second, third, ..."""
    decades = range(math.floor(low), math.ceil(high) + 1)
    inside = [decade for decade in decades if low <= decade <= high]
    if len(inside) > most:
        every = math.ceil(len(inside) / most)
        return [(10.0**decade, _log_label(10.0**decade, percent)) for decade in inside if decade % every == 0]
    for factors in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 4, 5, 6, 7, 8, 9)):
        values = [factor * 10.0**decade for decade in decades for factor in factors]
        ticks = [value for value in values if low <= math.log10(value) <= high]
        if len(ticks) >= 3:
            break
    return [(value, _log_label(value, percent)) for value in ticks]


def _log_label(value: float, percent: bool) -> str:
    shown = 100 * value if percent else value
    text = f"{shown:g}" if 1e-3 * (1 - 1e-9) <= shown < 1e5 else scientific(shown)
    return f"{text} %" if percent else text
