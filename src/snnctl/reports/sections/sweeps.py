"""How figures change with hardware constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snnctl.reports.charts import Series, line_chart
from snnctl.reports.facts import Absent, Facts, ReportedRun, Section, number, objects, text
from snnctl.reports.markup import Html, details, figure, join, table, tag
from snnctl.reports.numbers import DASH, count, percent, plain

AXES = {
    "noise": "noise (τ_c)",
    "time_bits": "bits of a spike's time",
    "weight_bits": "bits of a weight",
    "threshold_bits": "bits of a threshold",
    "latency_quantile": "part of the spikes that windows hold",
    "zeta": "margin of the windows",
}
FIGURES = (("accuracy", "accuracy", True), ("latency", "latency (τ_c)", False))
LOG_RATIO = 50  # of the largest to the smallest positive value of a logarithmic axis
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
    free = number(run.metrics, "unconstrained", "accuracy")
    words = f"Without constraints: {percent(free)}. " if free is not None else ""
    repeats = number(run.metrics, "repeats")
    words += f"Bands are the standard deviation of {count(repeats)} seeds." if repeats and repeats > 1 else ""
    return join(
        [tag("p", words) if words else "", tag("div", *charts, class_="pair"), details("All points", _table(points))]
    )


def _axis_charts(run: ReportedRun, points: Points, axis: str) -> list[Html]:
    """Accuracy and, where it changes, latency over one axis; nothing if the axis was not swept.

    Of a grid, each combination of the other constraints is a curve.
    """
    own = [point for point in points if point.get("axis") in (axis, None) and number(point, axis) is not None]
    if len({number(point, axis) for point in own}) < (2 if any(point.get("axis") is None for point in own) else 1):
        return []
    charts = []
    for key, label, as_percent in FIGURES:
        series = [] if key == "latency" and not _changes(own, key) else _series(own, axis, key)
        if series:
            title = f"{run.name}: {label.partition(' (')[0]} by {AXES[axis].partition(' (')[0]}"
            values = [value for one in series for value in one.x if value > 0]
            log = bool(values) and max(values) >= LOG_RATIO * min(values)
            chart = line_chart(title, AXES[axis], label, series, log_x=log, percent_y=as_percent, inline=True)
            charts.append(figure(chart, title, title))
    return charts


def _changes(points: Points, key: str) -> bool:
    return len({number(point, key) for point in points}) > 1


def _series(points: Points, axis: str, key: str) -> list[Series]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for point in points:
        others = [f"{name.replace('_', ' ')} {number(point, name):g}" for name in AXES if _sets(point, name, axis)]
        stage = {"before": "before fine-tuning", "after": "after fine-tuning"}.get(text(point, "stage"), "")
        groups.setdefault(", ".join(part for part in (stage, *others) if part), []).append(point)
    return [_one(name, group, axis, key) for name, group in list(groups.items())[:MOST_SERIES]]


def _one(name: str, points: Points, axis: str, key: str) -> Series:
    values = [(number(point, axis), number(point, key), number(point, f"{key}_std") or 0.0) for point in points]
    rows = [(x, y, spread) for x, y, spread in values if x is not None and y is not None]
    spreads = [row[2] for row in rows] if any(row[2] for row in rows) else []
    return Series(name, [row[0] for row in rows], [row[1] for row in rows], spreads, name.startswith("before"))


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
                DASH if spread is None else f"{100 * spread:.2f}",
                plain(number(point, "spikes_per_neuron"), 3),
                plain(number(point, "latency")),
            ]
        )
    return table("Points of the sweep", heads, rows)
