"""The points of a sweep on stdout, alone and as the step of a recipe."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snnctl.cli.recipe_tables import show_outcome
from snnctl.cli.sweep_tables import sweep_table
from snnctl.cli.tables import format_figure, show_points

AXES = ("noise", "time_bits")


def point(
    axis: str | None, stage: str, repeats: int = 1, accuracy: float | None = 0.9, **values: float
) -> dict[str, Any]:
    figures = {"accuracy": accuracy, "spikes_per_neuron": 0.4, "latency": 12.5}
    spread = {"accuracy_std": 0.0007, "spikes_per_neuron_std": 0.01, "latency_std": 0.5}
    return {"axis": axis, "stage": stage, "repeats": repeats, **dict.fromkeys(AXES), **values, **figures, **spread}


def metrics(*points: dict[str, Any], tuned: int = 1, grid: bool = False) -> dict[str, Any]:
    return {
        "axes": {axis: [1] for axis in AXES},
        "mode": "grid" if grid else "axes",
        "repeats": 2,
        "finetune_epochs": tuned,
        "unconstrained": {"accuracy": 0.9},
        "points": list(points),
    }


SWEEP = metrics(
    point(None, "before"),
    point(None, "after", 2, 0.95),
    point("time_bits", "before", time_bits=3, accuracy=0.5),
    point("time_bits", "after", 2, time_bits=3),
    point("noise", "after", 0, noise=0.5, accuracy=None),
)


def test_every_stage_has_a_row_with_its_latency() -> None:
    [(heads, rows)] = sweep_table(SWEEP, format_figure)
    assert heads == ["axis", "value", "stage", "accuracy", "spikes/neuron", "latency"]
    assert rows == [
        ("unconstrained", "", "before", "90.00 %", "0.4", "12.5"),
        ("unconstrained", "", "fine-tuned", "95.00 % ± 0.07", "0.4 ± 0.01", "12.5 ± 0.5"),
        ("time bits", "3", "before", "50.00 %", "0.4", "12.5"),
        ("time bits", "3", "fine-tuned", "90.00 % ± 0.07", "0.4 ± 0.01", "12.5 ± 0.5"),
        ("noise", "0.5", "fine-tuned", "", "0.4", "12.5"),
    ]


def test_a_grid_without_fine_tuning() -> None:
    found = metrics(point(None, "before"), point(None, "before", noise=0, time_bits=3), tuned=0, grid=True)
    [(heads, rows)] = sweep_table(found, format_figure)
    assert heads[:3] == ["noise", "time bits", "accuracy"]
    assert [row[:3] for row in rows] == [("unconstrained", "", "90.00 %"), ("0", "3", "90.00 %")]


def test_figures_are_not_broken_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    show_points(SWEEP)
    out = capsys.readouterr().out
    assert "95.00 % ± 0.07" in out
    assert "standard deviation of 2 seeds" in out


def test_the_sweep_of_a_recipe_is_shown_below_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [SimpleNamespace(id=name, verb=SimpleNamespace(name=name)) for name in ("train", "sweep")]
    show_outcome(
        SimpleNamespace(  # type: ignore[arg-type]
            plan=SimpleNamespace(steps=steps, has_matrix=False),
            metrics={"train": {"accuracy": 0.875}, "sweep": SWEEP},
            durations={"train": 1.0, "sweep": 2.0},
            folder=Path("runs/mine"),
        )
    )
    out = capsys.readouterr().out
    assert next(line for line in out.splitlines() if "sweep  " in line).split()[2:4] == ["see", "below"]
    assert "runs/mine/sweep/sweep.svg" in out
    assert "95.00 % ± 0.07" in out
