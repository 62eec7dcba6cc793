"""A time axis over the windows of all levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from snnctl.reports.charts.svg import element, label, number, text_width

MOST_RATIO = 12  # of the widest to the narrowest window drawn to scale


@dataclass(frozen=True)
class TimeAxis:
    """From absolute times to pixels.

    Args:
        bounds: where windows begin and end, ascending, in tau_c.
        left: pixel of the first.
        right: pixel of the last.
        even: whether every window is drawn equally wide, since some could not be seen otherwise.
    """

    bounds: Sequence[float]
    left: float
    right: float
    even: bool

    def __call__(self, time: float) -> float:
        """The pixel of ``time``; of one beyond the axis, its end."""
        first, last = self.bounds[0], self.bounds[-1]
        time = min(max(time, first), last)
        if not self.even:
            return self.left + (time - first) / (last - first) * (self.right - self.left)
        place = max(index for index, bound in enumerate(self.bounds[:-1]) if bound <= time)
        low, high = self.bounds[place : place + 2]
        part = (place + (time - low) / (high - low)) / (len(self.bounds) - 1)
        return self.left + part * (self.right - self.left)


def time_axis(times: Sequence[float], left: float, right: float) -> TimeAxis:
    """An axis for windows that begin and end at ``times`` (any order, repeated or not)."""
    bounds: list[float] = []
    for time in sorted(times):
        if not bounds or time - bounds[-1] > 1e-9 * max(1.0, abs(time)):
            bounds.append(time)
    if len(bounds) < 2:
        first = bounds[0] if bounds else 0.0
        bounds = [first, first + 1]
    widths = [high - low for low, high in pairwise(bounds)]
    return TimeAxis(bounds, left, right, even=max(widths) > MOST_RATIO * min(widths))


def draw_times(axis: TimeAxis, top: float, bottom: float) -> str:
    """A line at each window's beginning and end, with its time where there is room."""
    parts, edge = [], float("-inf")
    for bound in axis.bounds:
        at = axis(bound)
        parts.append(element("path", d=f"M{number(at)} {number(top)}V{number(bottom)}", class_="grid"))
        text = f"{bound:.4g}".replace("-", "−")
        half = text_width(text, 12) / 2
        if at - half > edge:
            parts.append(label(text, at, bottom + 18, "small muted", "middle"))
            edge = at + half + 8
    name = "time (τ_c)" + ("; windows drawn equally wide" if axis.even else "")
    parts.append(label(name, (axis.left + axis.right) / 2, bottom + 40, "small", "middle"))
    return "".join(parts)
