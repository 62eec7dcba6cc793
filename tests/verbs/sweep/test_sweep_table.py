"""Rows, points and CSV of a sweep, against NumPy; its picture."""

import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from snnctl.verbs.sweep.chart import to_svg
from snnctl.verbs.sweep.grid import AXES, points
from snnctl.verbs.sweep.jobs import Job, Plan
from snnctl.verbs.sweep.table import COLUMNS, FIGURES, point_rows, sound, summarised, to_csv

PLAN = Plan(seed=3, repeats=4, finetunes=True)
AXIS = {"noise": (0.0, 0.3), "time_bits": (2, 4)}
Row = dict[str, Any]


def measured(grid: bool = False) -> dict[Job, Row]:
    random = np.random.default_rng(0)
    jobs = PLAN.all_jobs(points(AXIS, grid))
    return {job: dict(zip(FIGURES, random.random(4).tolist(), strict=True)) for job in jobs}


def groups(grid: bool = False) -> list[list[Row]]:
    figures = measured(grid)
    return [point_rows(point, stage, PLAN, figures) for point in points(AXIS, grid) for stage in PLAN.stages]


def test_rows_that_were_kept_are_told_from_damaged_ones() -> None:
    for job, row in measured().items():
        assert sound(job.key, row)
        for wrong in ("abc", 10**401, 5.0, -0.1, float("nan"), float("inf"), [1], True, None):
            assert not sound(job.key, {**row, "accuracy": wrong}), wrong
        assert not sound(job.key, {})
        assert not sound(job.key, {**row, "more": 1})
        assert sound(job.key, dict.fromkeys(FIGURES)) == (job.stage == "after")


def test_mean_and_spread_are_those_of_numpy_without_seeds_that_diverged() -> None:
    for rows in groups():
        point = summarised(rows)
        assert point["repeats"] == len(rows)
        for name in FIGURES:
            values = np.array([row[name] for row in rows])
            assert point[name] == pytest.approx(values.mean(), rel=1e-14)
            deviation = values.std(ddof=1) if len(values) > 1 else 0.0
            assert point[f"{name}_std"] == pytest.approx(deviation, rel=1e-12)
    lost = dict.fromkeys(FIGURES)
    point = summarised([{**rows[0], **lost}, *rows[1:]])
    assert point["repeats"] == 3
    assert point["accuracy"] == pytest.approx(np.mean([row["accuracy"] for row in rows[1:]]))
    none = summarised([{**row, **lost} for row in rows])
    assert (none["repeats"], none["accuracy"], none["accuracy_std"]) == (0, None, None)


def test_the_table_holds_every_digit() -> None:
    rows = [row for group in groups() for row in group]
    text = to_csv(rows)
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert "\r" not in text
    read = list(csv.DictReader(io.StringIO(text)))
    assert len(read) == len(rows) == 1 + 4 + 4 + 4 + 1 + 4 + 1 + 4
    for line, row in zip(read, rows, strict=True):
        assert (line["axis"], line["stage"], int(line["seed"])) == (row["axis"], row["stage"], row["seed"])
        for name in (*AXES, *FIGURES):
            assert (float(line[name]) if line[name] else None) == row[name]


def picture(grid: bool = False, **changes: Any) -> tuple[str, list[Row]]:
    """The picture of a sweep whose points have ``changes``, and its points."""
    summaries = [{**summarised(rows), **changes} for rows in groups(grid)]
    metrics = {
        "axes": {axis: list(values) for axis, values in AXIS.items()},
        "mode": "grid" if grid else "axes",
        "finetune_epochs": 1,
        "unconstrained": {"accuracy": 0.987654, "latency": 7.5},
        "unconstrained_after": {"accuracy": 0.954321, "latency": 7.5},
        "points": summaries,
    }
    return to_svg(json.loads(json.dumps(metrics))), summaries


@pytest.mark.parametrize("grid", [False, True])
def test_the_picture_shows_every_axis_before_and_after(grid: bool) -> None:
    svg, summaries = picture(grid)
    for words in ("jitter of spike times", "bits of spike times", "98.77 %", "unconstrained, fine-tuned: 95.43 %"):
        assert words in svg
    assert svg.count(">before fine-tuning<") == svg.count(">after fine-tuning<") == 4  # latency differs too
    assert ("at time bits 4" in svg) == grid
    shown = [point for point in summaries if not grid or point["noise"] == 0.0 or point["time_bits"] == 4]
    assert len(shown) == (6 if grid else 8)
    for point in shown:
        assert f"{100 * point['accuracy']:.2f} %" in svg


def test_a_latency_that_is_the_same_everywhere_is_not_drawn() -> None:
    assert "Latency" not in picture(latency=7.5, latency_std=0.0)[0]
    assert picture(latency=8.5, latency_std=0.0)[0].count(">Latency and ") == 2
