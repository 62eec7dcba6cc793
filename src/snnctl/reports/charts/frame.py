"""What charts with two axes share: room for them, grid, labels and legend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from snnctl.reports.charts.palette import SERIES
from snnctl.reports.charts.scales import Scale
from snnctl.reports.charts.svg import element, label, number, shortened, text_width, wrapped

WIDTH = 460.0  # narrow, so that a telephone does not shrink the letters much
ROW = 20.0  # of the legend
HEAD = 30.0  # of the title
HEAD_SIZE = 15.0  # of its letters


SHAPES = (
    "",  # a circle
    "M-.9 -.9h1.8v1.8h-1.8Z",
    "M0 -1.2L1.15 .85H-1.15Z",
    "M0 -1.3L1.3 0L0 1.3L-1.3 0Z",
    "M0 1.2L1.15 -.85H-1.15Z",
    "M-1.2 0L.85 -1.15V1.15Z",
    "M1.2 0L-.85 -1.15V1.15Z",
    "M-1.1 0L-.5 -1H.5L1.1 0L.5 1H-.5Z",
    "M-.4 -1.2h.8v.8h.8v.8h-.8v.8h-.8v-.8h-.8v-.8h.8Z",
    "M-1.1 -1.1H1.1L-1.1 1.1H1.1Z",
)
COORDINATE = re.compile(r"-?\d*\.?\d+")


@dataclass(frozen=True)
class Entry:
    """One line of a legend.

    Args:
        name: of the series.
        sample: elements drawn within 28 x 12 pixels around (0, 0).
    """

    name: str
    sample: str


def colour(index: int) -> int:
    """Which of the colours the series ``index`` has."""
    return index % SERIES


def marker(index: int, x: float, y: float, hollow: bool = False, size: float = 4.5, title: str = "") -> str:
    """A mark whose shape, and not only its colour, tells the series ``index`` from others."""
    size = 1.4 * size if hollow else size  # a hollow one surrounds a filled one at the same place
    unit = SHAPES[(index + index // SERIES) % len(SHAPES)]
    shape = COORDINATE.sub(lambda found: number(float(found[0]) * size), unit) if unit else _circle(number(size), size)
    c = colour(index)
    return element(
        "path",
        element("title", title) if title else "",
        d=shape,
        transform=f"translate({number(x)} {number(y)})",
        class_=f"marker s{c} {'hollow' if hollow else f'f{c}'}",
    )


def _circle(radius: str, size: float) -> str:
    across = number(2 * size)
    return f"M-{radius} 0a{radius} {radius} 0 1 0 {across} 0a{radius} {radius} 0 1 0 -{across} 0Z"


def head(title: str, inline: bool) -> tuple[str, float]:
    """The visible title of a chart that is a file of its own, and the height it takes."""
    if inline:
        return "", 6.0
    lines = wrapped(title, WIDTH - 24, HEAD_SIZE)
    shown = "".join(label(line, 12, 22 + place * ROW, "head") for place, line in enumerate(lines))
    return shown, HEAD + ROW * (len(lines) - 1)


def legend(entries: Sequence[Entry], left: float, top: float, right: float) -> tuple[str, float]:
    """Entries in rows from ``left`` to ``right``, and the height they take; none for a single series without a name."""
    if not [entry for entry in entries if entry.name]:
        return "", 0.0
    parts, x, y = [], left, top + 12
    for entry in entries:
        name = shortened(entry.name, right - left - 40)
        width = 34 + text_width(name) + 18
        if x > left and x + width - 18 > right:
            x, y = left, y + ROW
        parts.append(element("g", entry.sample, transform=f"translate({number(x + 14)} {number(y - 4)})"))
        parts.append(label(name, x + 34, y))
        x += width
    return "".join(parts), y - top + 12


def left_room(y: Scale) -> float:
    """Width that the labels of a vertical axis and its name take."""
    return 46 + max((text_width(text, 12) for _, text in y.ticks), default=0)


def axes(x: Scale, y: Scale, x_label: str, y_label: str, vertical_grid: bool = False) -> str:
    """Grid, ticks and names of both axes."""
    parts = []
    bottom, top, left = y.outset, y.end, x.outset
    for value, text in y.ticks:
        at = y(value)
        if at is not None:
            parts.append(element("path", d=f"M{number(left)} {number(at)}H{number(x.end)}", class_="grid"))
            parts.append(label(text, left - 8, at + 4, "small muted", "end"))
    for value, text in _apart(x):
        at = x(value)
        if at is not None:
            tick = f"M{number(at)} {number(top)}V{number(bottom)}" if vertical_grid else ""
            parts.append(element("path", d=tick, class_="grid") if tick else "")
            parts.append(element("path", d=f"M{number(at)} {number(bottom)}v5", class_="axis"))
            parts.append(label(text, at, bottom + 19, "small muted", "middle"))
    parts.append(element("path", d=f"M{number(left)} {number(bottom)}H{number(x.end)}", class_="axis"))
    if x.zero is not None:
        parts.append(_axis_break((x.zero + x.start) / 2, bottom))
    parts.append(label(x_label, (left + x.end) / 2, bottom + 40, "small", "middle"))
    if y_label:
        parts.append(label(y_label, 24, (top + bottom) / 2, "small", "middle", rotate=-90))
    return "".join(parts)


def _apart(scale: Scale) -> list[tuple[float, str]]:
    """The ticks whose labels do not touch."""
    kept: list[tuple[float, str]] = []
    edge = float("-inf")
    for value, text in scale.ticks:
        at, half = scale(value), text_width(text, 12) / 2
        if at is not None and at - half >= edge:
            kept.append((value, text))
            edge = at + half + 8
    return kept


def _axis_break(at: float, bottom: float) -> str:
    """Two strokes between 0 and the rest of a logarithmic axis."""
    strokes = "".join(f"M{number(at + shift)} {number(bottom + 5)}l4 -10" for shift in (-5, 1))
    return element("path", d=strokes, class_="axis")
