"""Level lines: what the points of a chart are compared with."""

from __future__ import annotations

from dataclasses import dataclass

from snnctl.reports.charts.frame import Entry, colour
from snnctl.reports.charts.scales import Scale
from snnctl.reports.charts.svg import element, escape, number


@dataclass(frozen=True)
class Level:
    """A line over the whole width.

    Args:
        name: for the legend.
        y: its value.
        index: which of the curves' colours it has; that of the text when None.
        dotted: whether it is dotted, and not dashed and dotted.
    """

    name: str
    y: float
    index: int | None = None
    dotted: bool = False


def draw_level(level: Level, x: Scale, y: Scale, written: str) -> str:
    """The line; ``written`` is its value as it is read."""
    at = y(level.y)
    if at is None:
        return ""
    words = element("title", escape(f"{level.name}: {written}"))
    return element("path", words, d=f"M{number(x.outset)} {number(at)}H{number(x.end)}", class_=_line(level))


def level_entry(level: Level) -> Entry:
    """Its line of the legend."""
    return Entry(level.name, element("path", d="M-14 0H14", class_=_line(level)))


def _line(level: Level) -> str:
    ink = "neutral" if level.index is None else f"s{colour(level.index)}"
    return f"level {ink}" + (" dotted" if level.dotted else "")
