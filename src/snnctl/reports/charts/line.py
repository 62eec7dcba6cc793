"""Curves with spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from snnctl.reports.charts.frame import WIDTH, Entry, axes, colour, left_room, legend, marker
from snnctl.reports.charts.levels import Level, draw_level, level_entry
from snnctl.reports.charts.panels import TOP, Panel
from snnctl.reports.charts.scales import Scale, make_scale, single_scale, tick_label, usable
from snnctl.reports.charts.svg import element, escape, label, number, polyline

PLOT = 240.0  # height
MOST_MARKERS = 40  # of a denser curve few points are marked
FEW_MARKERS = 6


@dataclass(frozen=True)
class Series:
    """A curve.

    Args:
        name: for the legend.
        x: places; any order.
        y: values at these; None, NaN or infinite where there is none, which leaves a gap.
        spread: standard deviation (or the like) of each value, drawn to both sides; empty for none.
        dashed: whether the line is dashed and its markers are hollow.
        index: which colour and marker it has; its place among the series when None.
        wide: whether it is drawn broad and pale, so that a curve on top of it does not hide it.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    spread: Sequence[float] = ()
    dashed: bool = False
    index: int | None = None
    wide: bool = False


@dataclass(frozen=True)
class Point:
    """A value that is drawn; ``low`` and ``high`` are its spread's ends."""

    x: float
    y: float
    low: float
    high: float


def line_panel(
    title: str,
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    *,
    log_x: bool = False,
    log_y: bool = False,
    percent_y: bool = False,
    levels: Sequence[Level] = (),
    least: float = 0.0,
) -> Panel:
    """Curves over one axis.

    Args:
        title: says what is shown.
        x_label: name and unit of the horizontal axis.
        y_label: of the vertical one.
        series: the curves; the order gives colours and markers.
        log_x: whether the horizontal axis is logarithmic; 0 has a place of its own at its beginning.
        log_y: likewise.
        percent_y: whether values are parts of 1 shown as percentages.
        levels: lines that the curves are compared with.
        least: what the vertical axis spans at least, if it is not logarithmic.

    Raises:
        ValueError: a series whose ``x``, ``y`` and ``spread`` differ in length.
    """
    series = [replace(one, index=place if one.index is None else one.index) for place, one in enumerate(series)]
    points = [_points(one) for one in series]
    drawn = [point for curve in points for point in curve if point is not None]
    entries = [Entry(one.name, _sample(one)) for one in series] + [level_entry(level) for level in levels]
    listed, height = legend(entries, 12, TOP, WIDTH - 12)
    top = TOP + height + 10
    bottom = top + PLOT
    heights = [point.y for point in drawn] + [level.y for level in levels]
    heights += [end for point in drawn for end in (point.low, point.high) if end > 0 or not log_y]
    y = make_scale(heights, bottom, top, log=log_y, percent=percent_y, least=least)
    y = _within_one(y, heights) if percent_y and not log_y else y
    x = _across({point.x for point in drawn}, left_room(y), log_x)
    body = [listed, axes(x, y, x_label, y_label)]
    body += [draw_level(level, x, y, _value(level.y, percent_y)) for level in levels]
    body += [_curve(*pair, x, y, percent_y) for pair in zip(series, points, strict=True)]
    if not drawn:
        body.append(label("no values", (x.start + x.end) / 2, (top + bottom) / 2, "muted", "middle"))
    words = [_description(series, points, x_label, y_label)]
    words += [f"{level.name}: {_value(level.y, percent_y)} throughout." for level in levels]
    return Panel(title, " ".join(words), "".join(body), bottom + 52)


def _across(places: set[float], left: float, log: bool) -> Scale:
    """The horizontal axis; a single value stands in its middle."""
    if len(places) == 1 and not log:
        return single_scale(next(iter(places)), left, WIDTH - 24)
    return make_scale(places, left, WIDTH - 24, log=log, most=8)


def _points(series: Series) -> list[Point | None]:
    """By x; None where there is a gap."""
    if len(series.x) != len(series.y) or len(series.spread) not in (0, len(series.y)):
        raise ValueError(f"series '{series.name}': x, y and spread differ in length")
    spreads = series.spread or [0.0] * len(series.y)
    rows = [row for row in zip(series.x, series.y, spreads, strict=True) if usable(row[0])]
    points: list[Point | None] = []
    for x, y, spread in sorted(rows, key=lambda row: row[0]):
        half = spread if usable(spread) else 0.0
        points.append(None if y is None or not usable(y) else Point(x, y, y - half, y + half))
    return points


def _within_one(y: Scale, values: Sequence[float]) -> Scale:
    """Percentages: no axis beyond 0 and 100 % for values within; what spread lies outside is cut off."""
    return y if not values else _cut(y, max(y.low, 0.0), min(y.high, 1.0))


def _cut(y: Scale, low: float, high: float) -> Scale:
    if high <= low:
        return y
    ticks = [tick for tick in y.ticks if low - 1e-9 <= tick[0] <= high + 1e-9]
    return Scale(low, high, y.start, y.end, ticks)


def _curve(series: Series, points: Sequence[Point | None], x: Scale, y: Scale, percent: bool) -> str:
    runs = _runs(points, x, y)
    index = series.index or 0
    c = colour(index)
    parts = [_spread(run, x, y, c) for run in runs] if series.spread else []
    lines = "".join(polyline(_at(point, x, y) for point in run) for run in runs if len(run) > 1)
    if lines:
        parts.append(element("path", d=lines, class_=_line(series)))
    marked = [point for run in runs for point in run]
    if len(marked) > MOST_MARKERS:
        marked = [point for run in runs for point in _few(run, index)]
    for point in marked:
        text = escape(f"{series.name}: {_value(point.x)}, {_value(point.y, percent)}")
        parts.append(marker(index, *_at(point, x, y), hollow=series.dashed, title=text))
    return element("g", *parts, class_="series") if parts else ""


def _few(run: Sequence[Point], index: int) -> list[Point]:
    """Points evenly apart; other curves' lie elsewhere."""
    stride = max(len(run) // FEW_MARKERS, 1)
    return list(run[index * stride // 4 % stride :: stride])


def _line(series: Series) -> str:
    styles = (" wide" if series.wide else "") + (" dashed" if series.dashed else "")
    return f"curve s{colour(series.index or 0)}{styles}"


def _runs(points: Sequence[Point | None], x: Scale, y: Scale) -> list[list[Point]]:
    """Points without a gap between them."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point is not None and x(point.x) is not None and y(point.y) is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _at(point: Point, x: Scale, y: Scale) -> tuple[float, float]:
    return x(point.x) or 0.0, y(point.y) or 0.0


def _spread(run: Sequence[Point], x: Scale, y: Scale, c: int) -> str:
    """A band; at a point that stands alone, a whisker."""
    upper = [(x(point.x) or 0.0, _inside(y, point.high)) for point in run]
    lower = [(x(point.x) or 0.0, _inside(y, point.low)) for point in run]
    if len(run) > 1:
        return element("path", d=polyline([*upper, *reversed(lower)], closed=True), class_=f"band f{c}")
    (at, high), (_, low) = upper[0], lower[0]
    caps = "".join(f"M{number(at - 4)} {number(end)}h8" for end in (high, low))
    return element("path", d=f"M{number(at)} {number(low)}V{number(high)}{caps}", class_=f"curve thin s{c}")


def _inside(y: Scale, value: float) -> float:
    """The pixel of ``value``, or of the end of the axis that it lies beyond."""
    at = y(value)
    return y.start if at is None else min(max(at, min(y.start, y.end)), max(y.start, y.end))


def _sample(series: Series) -> str:
    index = series.index or 0
    line = element("path", d="M-14 0H14", class_=_line(series))
    return line + marker(index, 0, 0, hollow=series.dashed)


def _description(series: Sequence[Series], points: Sequence[Sequence[Point | None]], x: str, y: str) -> str:
    """The same in words: first and last value of each curve."""
    parts = [f"{y} over {x}."]
    for one, curve in zip(series, points, strict=True):
        found = [point for point in curve if point is not None]
        if found:
            first, last = found[0], found[-1]
            parts.append(
                f"{one.name}: {len(found)} points, from {_value(first.y)} at {_value(first.x)} "
                f"to {_value(last.y)} at {_value(last.x)}."
            )
        else:
            parts.append(f"{one.name}: no values.")
    return " ".join(parts)


def _value(value: float, percent: bool = False) -> str:
    return tick_label(value, 0.0001, True) if percent else f"{value:.4g}"
