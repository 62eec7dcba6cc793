"""The picture of a sweep: a chart for each axis, accuracy over its values, before and after fine-tuning."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from snnctl.reports.charts import Series, line_chart
from snnctl.reports.charts.frame import WIDTH
from snnctl.reports.charts.svg import document, label
from snnctl.reports.sweep_words import AXES, UNCONSTRAINED, is_logarithmic, stage_name
from snnctl.verbs.sweep.grid import UNCONSTRAINED_BY_ZERO
from snnctl.verbs.sweep.jobs import AFTER, BEFORE

ROOT = re.compile(r'<svg [^>]*viewBox="0 0 [\d.]+ (?P<height>[\d.]+)"')
HEAD = 34.0  # height of a chart's title

Row = Mapping[str, Any]


def to_svg(metrics: Mapping[str, Any]) -> str:
    """All axes below each other in one SVG.

    Args:
        metrics: of the sweep, as written to ``sweep.json``.
    """
    body, height = "", 0.0
    for axis in metrics["axes"]:
        body += label(chart_title(axis, metrics), 12, height + 22, "head")
        chart = axis_chart(axis, metrics)
        height += HEAD
        body += chart.replace("<svg ", f'<svg y="{height:g}" ', 1)
        found = ROOT.match(chart)
        height += float(found["height"]) if found else 0.0
    words = f"A chart for each axis: {', '.join(AXES[axis] for axis in metrics['axes'])}."
    return document("Accuracy under hardware constraints", words, WIDTH, height, body)


def axis_chart(axis: str, metrics: Mapping[str, Any]) -> str:
    """Accuracy over the values of ``axis``, as SVG; of a grid the points at which all other axes constrain least."""
    others = others_at_least(axis, metrics)
    drawn = [row for row in metrics["points"] if _is_on(row, axis, others) and not _is_idle(axis, row[axis])]
    tuned = metrics["finetune_epochs"] > 0
    series = [_reference(drawn, axis, metrics["unconstrained"])]
    series += [_curve(stage_name(AFTER, tuned), drawn, axis, AFTER)] if tuned else []
    series += [_curve(stage_name(BEFORE, tuned), drawn, axis, BEFORE)]
    wide = is_logarithmic(axis, [row[axis] for row in drawn])
    title = chart_title(axis, metrics)
    return line_chart(title, AXES[axis], "accuracy", series, log_x=wide, percent_y=True, inline=True)


def chart_title(axis: str, metrics: Mapping[str, Any]) -> str:
    """What the chart of ``axis`` shows, and of a grid where the other axes are."""
    title = f"Accuracy and {AXES[axis].partition(' (')[0]}"
    others = others_at_least(axis, metrics) if metrics["mode"] == "grid" else {}
    fixed = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in others.items())
    return f"{title}, at {fixed}" if fixed else title


def others_at_least(axis: str, metrics: Mapping[str, Any]) -> dict[str, float]:
    """The values of all other axes that constrain least."""
    return {name: least(name, values) for name, values in metrics["axes"].items() if name != axis}


def least(axis: str, values: Sequence[float]) -> float:
    """The value of an axis that constrains least."""
    if axis == "noise":
        return min(values)
    return max(values, key=lambda value: math.inf if _is_idle(axis, value) else value)


def _is_idle(axis: str, value: float) -> bool:
    """Whether it means "as many bits as there are", which has no place on an axis of bits."""
    return axis in UNCONSTRAINED_BY_ZERO and axis != "noise" and value == 0


def _is_on(row: Row, axis: str, others: Mapping[str, float]) -> bool:
    if row["axis"] is not None:
        return row["axis"] == axis
    return all(row[name] == value for name, value in others.items())


def _curve(name: str, rows: Sequence[Row], axis: str, stage: str) -> Series:
    """Solid after fine-tuning, dashed before."""
    found = [row for row in rows if row["stage"] == stage]
    return Series(
        name,
        [row[axis] for row in found],
        [_number(row["accuracy"]) for row in found],
        [_number(row["accuracy_std"]) for row in found],
        dashed=stage == BEFORE,
    )


def _reference(rows: Sequence[Row], axis: str, unconstrained: Row) -> Series:
    values = [row[axis] for row in rows]
    ends = list(dict.fromkeys([min(values), max(values)])) if values else []
    return Series(UNCONSTRAINED, ends, [unconstrained["accuracy"]] * len(ends))


def _number(value: float | None) -> float:
    return math.nan if value is None else value
