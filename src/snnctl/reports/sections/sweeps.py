"""How figures change with hardware constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snnctl.reports.charts import Series, alone
from snnctl.reports.facts import Absent, Facts, ReportedRun, Section, number, objects, text
from snnctl.reports.markup import Html, details, figure, join, table, tag
from snnctl.reports.numbers import DASH, count, percent, plain
from snnctl.reports.sweep_charts import LABELS, TUNED, UNTUNED, References, differ, sweep_panel
from snnctl.reports.sweep_words import AFTER, AXES, BEFORE, stage_name

MOST_SERIES = 8
Points = Sequence[Mapping[str, Any]]


def sweeps(facts: Facts) -> Section | Absent:
    """Curves and a table for each sweep."""
    title = "Constraints"
    parts = []
    for run in facts.runs:
        if points := objects(run.metrics, "points"):
            parts.append(tag("h3", run.name) if len(facts.runs) > 1 else Html(""))
            parts.append(_sweep(run, points))
    if not parts:
        return Absent(title, "No run is a sweep (`snnctl sweep`).")
    return Section("constraints", title, join(parts))


def _sweep(run: ReportedRun, points: Points) -> Html:
    charts = [chart for axis in AXES for chart in _axis_charts(run, points, axis)]
    free = references(run, "accuracy")
    words = f"Without constraints: {percent(free.before)}" if free.before is not None else ""
    words += f", fine-tuned {percent(free.after)}" if words and free.after is not None else ""
    words += ". " if words else ""
    images = number(run.metrics, "images")
    words += f"Measured on {count(images)} {text(run.metrics, 'split')} images. " if images is not None else ""
    repeats = number(run.metrics, "repeats")
    words += f"Bands are the standard deviation of {count(repeats)} seeds." if repeats and repeats > 1 else ""
    return join(
        [tag("p", words) if words else "", tag("div", *charts, class_="pair"), details("All points", _table(points))]
    )


def _axis_charts(run: ReportedRun, points: Points, axis: str) -> list[Html]:
    """Accuracy and, where it changes, latency over one axis; nothing if the axis was not swept.

    Of a grid, each combination of the other constraints is a curve.
    """
    own = [point for point in points if point.get("axis") in (axis, None) and _has_place(point, axis)]
    if len({number(point, axis) for point in own}) < (2 if any(point.get("axis") is None for point in own) else 1):
        return []
    charts = []
    for key in LABELS:
        curves = _curves(run, own, axis, key)
        levels = references(run, key).levels(coloured=all(point.get("axis") is not None for point in own))
        if key == "accuracy" or differ(curves, levels):
            title = f"{run.name}: {key} by {AXES[axis].partition(' (')[0]}"
            panel = sweep_panel(title, axis, key, curves, levels, number(run.metrics, "images"))
            charts.append(figure(alone(panel, inline=True), title, title))
    return charts


def references(run: ReportedRun, key: str) -> References:
    """A figure without constraints, before and after fine-tuning, as far as it is known."""
    control = [
        point
        for point in objects(run.metrics, "points")
        if point.get("stage") == AFTER and all(number(point, name) is None for name in AXES)
    ]
    after = number(run.metrics, "unconstrained_after", key)
    if after is None and control:
        after = number(control[0], key)
    return References(number(run.metrics, "unconstrained", key), after)


def _has_place(point: Mapping[str, Any], axis: str) -> bool:
    """Whether a point lies on the axis; as many bits as there are, which 0 stands for, have no place there."""
    value = number(point, axis)
    return value is not None and not (value == 0 and axis.endswith("_bits"))


def _curves(run: ReportedRun, points: Points, axis: str, key: str) -> list[Series]:
    """After and before fine-tuning, as in ``sweep.svg``."""
    tuned = any(point.get("stage") == AFTER for point in objects(run.metrics, "points"))
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for point in sorted(points, key=lambda point: point.get("stage") != AFTER):
        others = [f"{name.replace('_', ' ')} {number(point, name):g}" for name in AXES if _sets(point, name, axis)]
        stage = stage_name(text(point, "stage"), tuned) if point.get("stage") in (BEFORE, AFTER) else ""
        groups.setdefault(", ".join(part for part in (stage, *others) if part), []).append(point)
    grid = any(point.get("axis") is None for point in points)
    return [
        _one(name, group, axis, key, place if grid else UNTUNED if tuned and group[0].get("stage") == BEFORE else TUNED)
        for place, (name, group) in enumerate(list(groups.items())[:MOST_SERIES])
    ]


def _one(name: str, points: Points, axis: str, key: str, colour: int) -> Series:
    values = [(number(point, axis), number(point, key), number(point, f"{key}_std") or 0.0) for point in points]
    rows = [(x, y, spread) for x, y, spread in values if x is not None and y is not None]
    spreads = [row[2] for row in rows] if any(row[2] for row in rows) else []
    return Series(
        name,
        [row[0] for row in rows],
        [row[1] for row in rows],
        spreads,
        any(point.get("stage") == BEFORE for point in points),
        colour,
    )


def _sets(point: Mapping[str, Any], name: str, axis: str) -> bool:
    return name != axis and point.get("axis") is None and number(point, name) is not None


def _table(points: Points) -> Html:
    axes = [axis for axis in AXES if any(number(point, axis) is not None for point in points)]
    heads = [*(AXES[axis] for axis in axes), "stage", "accuracy", "± (points)", "spikes per neuron", "latency (τ_c)"]
    rows = []
    for point in points:
        spread = number(point, "accuracy_std")
        rows.append(
            [
                *(DASH if (value := number(point, axis)) is None else f"{value:g}" for axis in axes),
                text(point, "stage"),
                percent(number(point, "accuracy")),
                percent(spread).removesuffix(" %"),
                plain(number(point, "spikes_per_neuron"), 3),
                plain(number(point, "latency")),
            ]
        )
    return table("Points of the sweep", heads, rows)
