"""Horizontal bars: a value for each of several groups and series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from snnctl.reports.charts.frame import WIDTH, Entry, colour, head, legend
from snnctl.reports.charts.palette import SERIES
from snnctl.reports.charts.scales import Scale, make_scale
from snnctl.reports.charts.svg import document, element, escape, label, number, shortened, text_width

BAR = 14.0
GAP = 12.0  # between groups
MOST_LABEL = 130.0  # width
FILLINGS = ("", " pale", " empty")


@dataclass(frozen=True)
class Bars:
    """The bars of one series.

    Args:
        name: for the legend.
        values: one a group; None, NaN or infinite where there is none.
        index: which colour it has; its place among the series when None.
    """

    name: str
    values: Sequence[float | None]
    index: int | None = None


def bar_chart(title: str, x_label: str, groups: Sequence[str], series: Sequence[Bars], *, inline: bool = False) -> str:
    """Bars from 0, a group below the other, each with its value beside it, as SVG.

    Args:
        title: says what is shown.
        x_label: name and unit of the values.
        groups: names.
        series: what is compared within each group.
        inline: see :func:`~snnctl.reports.charts.svg.document`.

    Raises:
        ValueError: a series that has not one value a group.
    """
    for bars in series:
        if len(bars.values) != len(groups):
            raise ValueError(f"series '{bars.name}': {len(bars.values)} values for {len(groups)} groups")
    indices = [place if bars.index is None else bars.index for place, bars in enumerate(series)]
    titled, top = head(title, inline)
    entries = [Entry(bars.name, _sample(index)) for bars, index in zip(series, indices, strict=True)]
    listed, height = legend(entries, 12, top, WIDTH - 12) if len(series) > 1 else ("", 0.0)
    top += height + 8
    left = 24 + min(max((text_width(name, 12) for name in groups), default=0), MOST_LABEL)
    heights = [value for bars in series for value in bars.values if value is not None]
    x = make_scale(heights, left, WIDTH - 70, from_zero=True)
    row = BAR * max(len(series), 1) + GAP
    bottom = top + row * max(len(groups), 1)
    body = [titled, listed, _grid(x, top, bottom), label(x_label, (left + x.end) / 2, bottom + 40, "small", "middle")]
    for place, group in enumerate(groups):
        start = top + place * row + GAP / 2
        name = shortened(group, MOST_LABEL, 12)
        middle = start + BAR * len(series) / 2
        body.append(label(name, left - 10, middle + 4, "small", "end"))
        for at, (bars, index) in enumerate(zip(series, indices, strict=True)):
            text = f"{group}, {bars.name}" if bars.name else group
            body.append(_bar(bars.values[place], text, index, x, start + at * BAR))
    if not groups or not series:
        body.append(label("no values", (left + x.end) / 2, (top + bottom) / 2 + 4, "muted", "middle"))
    words = _description(x_label, groups, series)
    return document(title, words, WIDTH, bottom + 52, "".join(body), inline)


def _bar(value: float | None, text: str, index: int, x: Scale, top: float) -> str:
    at = x(value) if value is not None else None
    if value is None or at is None:
        return ""
    zero = x(0.0) or 0.0
    c = colour(index)
    start, end = min(zero, at), max(zero, at)
    bar = element(
        "rect",
        element("title", escape(f"{text}: {value:.4g}")),
        x=start,
        y=top + 1,
        width=end - start,
        height=BAR - 2,
        class_=f"bar f{c} s{c}{_filling(index)}",
    )
    return bar + label(f"{value:.3g}", end + 6, top + BAR - 3.5, "small muted")


def _grid(x: Scale, top: float, bottom: float) -> str:
    parts = []
    for value, text in x.ticks:
        at = number(x(value) or 0.0)
        parts.append(element("path", d=f"M{at} {number(top)}V{number(bottom)}", class_="grid"))
        parts.append(label(text, float(at), bottom + 18, "small muted", "middle"))
    zero = number(x(0.0) or 0.0)
    return "".join(parts) + element("path", d=f"M{zero} {number(top)}V{number(bottom)}", class_="axis")


def _sample(index: int) -> str:
    c = colour(index)
    return element("rect", x=-9, y=-6, width=18, height=12, class_=f"bar f{c} s{c}{_filling(index)}")


def _filling(index: int) -> str:
    """Neighbours differ, and so do series of the same colour."""
    return FILLINGS[(index + index // SERIES) % len(FILLINGS)]


def _description(x_label: str, groups: Sequence[str], series: Sequence[Bars]) -> str:
    parts = [f"{x_label}."]
    for bars in series:
        values = [f"{group} {value:.3g}" for group, value in zip(groups, bars.values, strict=True) if value is not None]
        parts.append(f"{bars.name}: {', '.join(values) or 'no values'}." if bars.name else ", ".join(values) + ".")
    return " ".join(parts)
