"""The figures of a sweep as rows, as points (mean and spread over the seeds), and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from snnctl.verbs.sweep.grid import AXES, Point
from snnctl.verbs.sweep.jobs import AFTER, Job, Plan

FIGURES = ("accuracy", "spikes_per_neuron", "latency", "saturated")
MOST = {"accuracy": 1, "spikes_per_neuron": 1, "latency": 1e30, "saturated": 1}
SUMMARY = ("repeats", *(column for name in FIGURES for column in (name, f"{name}_std")))
COLUMNS = ("axis", "stage", *AXES, "seed", *FIGURES)

Row = dict[str, Any]


def sound(key: str, row: Row) -> bool:
    """Whether a row that was kept can be the figures of the job ``key``."""
    if set(row) != set(FIGURES):
        return False
    if all(value is None for value in row.values()):
        return key.startswith(AFTER)  # fine-tuning diverged
    return all(
        isinstance(row[name], int | float) and not isinstance(row[name], bool) and 0 <= row[name] <= most
        for name, most in MOST.items()
    )


def point_rows(point: Point, stage: str, plan: Plan, figures: Mapping[Job, Mapping[str, Any]]) -> list[Row]:
    """The rows of a point before or after fine-tuning, one for each seed.

    Args:
        point: any point of the sweep.
        stage: "before" or "after".
        plan: how often it was measured.
        figures: what was found; None where fine-tuning diverged.
    """
    place = {"axis": point.axis, "stage": stage, **point.setting.values()}
    return [
        {**place, "seed": job.seed, **{name: figures[job].get(name) for name in FIGURES}}
        for job in plan.jobs(point, stage)
    ]


def summarised(rows: Sequence[Row]) -> Row:
    """The rows of one point and stage as one: mean and, as ``*_std``, standard deviation over the seeds (ddof = 1).

    Seeds whose fine-tuning diverged do not count; ``repeats`` is how many do.
    """
    place = {name: rows[0][name] for name in ("axis", "stage", *AXES)}
    found = [row for row in rows if row["accuracy"] is not None]
    summary: Row = {**place, "repeats": len(found)}
    for name in FIGURES:
        values = [row[name] for row in found if row[name] is not None]
        summary[name] = float(np.mean(values)) if values else None
        summary[f"{name}_std"] = _spread(values)
    return summary


def to_csv(rows: Iterable[Row]) -> str:
    """One line a row, the columns in a fixed order; numbers as Python's repr, so that nothing is lost."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
    return file.getvalue()


def _spread(values: Sequence[float]) -> float | None:
    if not values:
        return None
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else repr(value)
