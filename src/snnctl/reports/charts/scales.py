"""From values to pixels: linear and logarithmic scales with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LARGEST = 1e300  # beyond it differences overflow
SMALLEST = 1e-300  # below it powers of ten vanish
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
            value = math.log10(max(value, SMALLEST))
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
    least: float = 0.0,
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
        least: what a linear axis spans at least, so that chance does not look like a trend.
        most: about how many ticks there may be.
    """
    found = [float(value) for value in values if usable(value)]
    if log:
        return _log_scale(found, start, end, percent, most)
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    low, high = _opened(*_widened(low, high, least, percent))
    step = nice_step(high / most - low / most)  # not high - low, which may overflow
    if not percent and all(value.is_integer() for value in found):
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    largest = max(abs(first), abs(last)) * step
    ticks = [(index * step, tick_label(index * step, step, percent, largest)) for index in range(first, last + 1)]
    return Scale(first * step, last * step, start, end, ticks)


def nice_step(rough: float) -> float:
    """1, 2 or 5 times a power of ten, at least ``rough``."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def single_scale(value: float, start: float, end: float) -> Scale:
    """An axis with one value in its middle, which alone has a tick."""
    room = abs(value) or 1.0
    return Scale(value - room, value + room, start, end, [(value, f"{value:g}".replace("-", "−"))])


def tick_label(value: float, step: float, percent: bool = False, largest: float = 0.0) -> str:
    """``value`` with as many decimals as ``step`` needs, written as the ``largest`` of its axis has to be."""
    if percent:
        value, step, largest = 100 * value, 100 * step, 100 * largest
    size = max(abs(value), step, largest)
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


def _widened(low: float, high: float, least: float, percent: bool) -> tuple[float, float]:
    """A range of at least ``least``; parts of 1 stay parts of 1."""
    missing = least - (high - low)
    if missing <= 0:
        return low, high
    low, high = low - missing / 2, high + missing / 2
    shift = min(max(-low, 0.0), max(1 - high, 0.0)) - min(max(high - 1, 0.0), max(low, 0.0)) if percent else 0.0
    return low + shift, high + shift


def _log_scale(found: Sequence[float], start: float, end: float, percent: bool, most: int) -> Scale:
    """From the tick below the lowest value to the one above the highest."""
    positive = [max(value, SMALLEST) for value in found if value > 0]
    has_zero = any(value == 0 for value in found)
    low, high = (math.log10(min(positive)), math.log10(max(positive))) if positive else (-1.0, 0.0)
    if high - low < 0.3:
        low, high = low - 0.15, high + 0.15
    places = _log_places(low, high, most)
    low, high = math.log10(places[0]), math.log10(places[-1])
    ticks = list(zip(places, _log_labels(places, percent), strict=True))
    if not has_zero:
        return Scale(low, high, start, end, ticks, log=True)
    length = end - start
    ticks.insert(0, (0.0, "0 %" if percent else "0"))
    return Scale(low, high, start + 0.1 * length, end, ticks, True, zero=start + 0.03 * length, edge=start)


def _log_places(low: float, high: float, most: int) -> list[float]:
    """Powers of ten around a range of logarithms; between few of them multiples; of many every second, third, ..."""
    first, last = math.floor(low + 1e-9), math.ceil(high - 1e-9)
    decades = max(last - first, 1)
    if decades > most:
        every = math.ceil(decades / most)
        return [10.0**decade for decade in range(first // every * every, -(-last // every) * every + 1, every)]
    for factors in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 4, 5, 6, 7, 8, 9)):
        grid = [factor * 10.0**decade for decade in range(first, first + decades + 1) for factor in factors]
        begin = max((place for place, value in enumerate(grid) if math.log10(value) <= low + 1e-9), default=0)
        stop = min((place for place, value in enumerate(grid) if math.log10(value) >= high - 1e-9), default=len(grid))
        places = grid[begin : max(stop, begin + 1) + 1]
        if len(places) > 4:
            break
    return places


def _log_labels(places: Sequence[float], percent: bool) -> list[str]:
    """In one notation: plain, or if that is too long for one of them, as powers of ten."""
    shown = [100 * value if percent else value for value in places]
    short = all(1e-3 * (1 - 1e-9) <= value < 1e5 for value in shown)
    texts = [f"{value:g}" if short else scientific(value) for value in shown]
    return [f"{text} %" for text in texts] if percent else texts
