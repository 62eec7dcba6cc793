"""The picture of a sweep: accuracy over the values of each axis, before and after fine-tuning; and latency."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from snnctl.reports.charts import Panel, Series, stacked
from snnctl.reports.sweep_charts import LABELS, TUNED, UNTUNED, References, differ, sweep_panel
from snnctl.reports.sweep_words import AXES, stage_name
from snnctl.verbs.sweep.grid import UNCONSTRAINED_BY_ZERO
from snnctl.verbs.sweep.jobs import AFTER, BEFORE

Row = Mapping[str, Any]


def to_svg(metrics: Mapping[str, Any]) -> str:
    """All axes below each other in one SVG: accuracy, and latency where it is not the same everywhere.

    Args:
        metrics: of the sweep, as written to ``sweep.json``, without the points of the unconstrained network.
    """
    panels = [panel for axis in metrics["axes"] for figure in LABELS for panel in axis_panels(axis, figure, metrics)]
    return stacked("Accuracy under hardware constraints", panels)


def axis_panels(axis: str, figure: str, metrics: Mapping[str, Any]) -> list[Panel]:
    """A figure over the values of ``axis``; of a grid the points at which all other axes constrain least.

    Args:
        axis: one that was swept.
        figure: "accuracy" or "latency".
        metrics: see :func:`to_svg`.

    Returns:
        The chart; none of a latency that is the same everywhere.
    """
    others = others_at_least(axis, metrics)
    drawn = [row for row in metrics["points"] if _is_on(row, axis, others) and not _is_idle(axis, row[axis])]
    tuned = metrics["finetune_epochs"] > 0
    curves = [_curve(stage_name(AFTER, tuned), drawn, axis, figure, AFTER)] if tuned else []
    curves += [_curve(stage_name(BEFORE, tuned), drawn, axis, figure, BEFORE, UNTUNED if tuned else TUNED)]
    free, control = metrics["unconstrained"], metrics.get("unconstrained_after") or {}
    levels = References(free.get(figure), control.get(figure)).levels()
    if figure != "accuracy" and not differ(curves, levels):
        return []
    return [sweep_panel(chart_title(axis, metrics, figure), axis, figure, curves, levels, metrics.get("images"))]


def chart_title(axis: str, metrics: Mapping[str, Any], figure: str = "accuracy") -> str:
    """What the chart of ``axis`` shows, and of a grid where the other axes are."""
    title = f"{figure.capitalize()} and {AXES[axis].partition(' (')[0]}"
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


def _curve(name: str, rows: Sequence[Row], axis: str, figure: str, stage: str, colour: int = TUNED) -> Series:
    """Solid after fine-tuning, dashed before."""
    found = [row for row in rows if row["stage"] == stage]
    return Series(
        name,
        [row[axis] for row in found],
        [_number(row[figure]) for row in found],
        [_number(row[f"{figure}_std"]) for row in found],
        dashed=stage == BEFORE,
        index=colour,
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value
