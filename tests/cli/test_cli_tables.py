"""Results on stdout: figures, layers, files, sweeps, comparisons."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from snnctl.cli.comparing_tables import MOST_LAYERS, comparing_rows
from snnctl.cli.recipe_tables import show_outcome
from snnctl.cli.simulation_table import ROWS, simulation_rows, verdict
from snnctl.cli.sweep_tables import sweep_table
from snnctl.cli.tables import figures_table, format_figure, layers_table, show_points, show_result
from snnctl.verbs.result import Result


def test_figures() -> None:
    for key, value, text in (
        ("accuracy", 0.98765, "98.77 %"),
        ("loss", float("nan"), "nan"),
        ("images", 10000, "10,000"),
        ("max_logit_difference", 1.5e-7, "1.5e-07"),
        ("type", "relu", "relu"),
        ("window", None, ""),
    ):
        assert format_figure(key, value) == text


def test_long_figures_of_plugins_are_shortened() -> None:
    shown = format_figure("times", list(range(3_000)))
    assert shown == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, and 2,988 more"
    assert format_figure("times", [0.5] * 12).count("0.5") == 12
    assert len(format_figure("text", "x" * 3_000)) == 120
    assert len(format_figure("deep", [["x" * 3_000] * 100] * 100)) < 2_000
    assert format_figure("large", 10**300) == "1e+300"
    table = figures_table({"plugins": {"mine": {"k" * 500: {str(number): number for number in range(3_000)}}}})
    assert table.row_count < 100


def test_tables_take_what_is_there() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=100)
    console.print(figures_table({}))
    console.print(figures_table({"accuracy": 0.5, "unknown": 3, "latency": 2.5}))
    console.print(layers_table({"layers": [{"name": "[b]odd[/b]", "neurons": 3}], "input": {"neurons": 784}}))
    shown = stream.getvalue()
    assert "50.00 %" in shown
    assert "[b]odd[/b]" in shown
    assert "784" in shown
    assert "window" not in shown


def shown(table: Any) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=100).print(table)
    return [" ".join(line.split()) for line in stream.getvalue().splitlines() if line.strip()]


PLUGINS = {
    "silent": {"part": 0.25, "by layer": {"dense": 3, "deep": {"one": 0.5}}},
    "other": {"c": np.array([np.nan, 0.5]), "none": [None, 1], "d": float("inf")},
}
LATENCIES = {"latency_before": 2.5, "latency_given": 7.75, "constraints": {"latency_quantile": 0.9}}


@pytest.mark.parametrize(
    ("figures", "lines"),
    [
        (
            {"plugins": PLUGINS},
            [
                "plugin silent Neurons that never fire",
                "plugin silent: part 0.25",
                "plugin silent: by layer, dense 3",
                "plugin silent: by layer, deep, one 0.5",
                "plugin other: c nan, 0.5",
                "plugin other: none -, 1",
                "plugin other: d inf",
            ],
        ),
        (
            {"failed_metrics": {"bad": "ValueError: no"}, "hardware": {"noise": 0.5, "seed": 7}},
            ["hardware noise 0.5, seed 7", "metrics that failed bad"],
        ),
        ({"accuracy_before": 0.5}, ["accuracy before 50.00 %"]),
        (LATENCIES, ["latency before (constrained, tau_c) 2.5", "latency as given (tau_c) 7.75"]),
    ],
)
def test_figures_have_names_of_their_own(figures: dict[str, Any], lines: list[str]) -> None:
    assert shown(figures_table(figures, {"silent": "Neurons that never fire"}))[-len(lines) :] == lines


def test_files_of_the_run_folder_are_named_with_their_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    files = {"network.npz": b"0" * 2_340_000, "sweep.csv": "é" * 600}
    show_result(Result("export", {"type": "snn"}, {}, files=files), Path("runs/plain"))
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "written to runs/plain",
        "  network.npz, 2.3 MB",
        "  sweep.csv, 1.2 kB",
    ]


def test_a_comparison_with_the_simulation_ends_in_a_verdict() -> None:
    same = dict.fromkeys(("different_predictions", "different_spikes", "borderline_spikes"), 0)
    assert verdict({**same, "largest_relative_difference": 2e-12}).startswith("identical spike by spike")
    assert "2.0e-12" in verdict({**same, "largest_relative_difference": 2e-12})
    other = {**same, "different_spikes": 3, "different_predictions": 1}
    assert verdict(other) == "different: 1 predictions, 3 spikes"
    assert "very end of a window" in verdict({**other, "borderline_spikes": 3})
    ties = {**same, "different_predictions": 2, "tied_predictions": 2}
    assert verdict(ties).startswith("different: 2 predictions; the predictions are all ties")
    assert "ties" not in verdict({**ties, "tied_predictions": 1})
    labels = [name for name, _ in simulation_rows(dict.fromkeys(ROWS, 1), format_figure)]
    assert len(set(labels)) == len(ROWS)


AXES = ("noise", "time_bits")


def point(
    axis: str | None, stage: str, repeats: int = 1, accuracy: float | None = 0.9, **values: float
) -> dict[str, Any]:
    figures = {"accuracy": accuracy, "spikes_per_neuron": 0.4, "latency": 12.5}
    spread = {"accuracy_std": 0.0007, "spikes_per_neuron_std": 0.01, "latency_std": 0.5}
    return {"axis": axis, "stage": stage, "repeats": repeats, **dict.fromkeys(AXES), **values, **figures, **spread}


def sweep(*points: dict[str, Any], tuned: int = 1, grid: bool = False) -> dict[str, Any]:
    found = {"axes": {axis: [1] for axis in AXES}, "mode": "grid" if grid else "axes", "repeats": 2}
    return {**found, "finetune_epochs": tuned, "unconstrained": {"accuracy": 0.9}, "points": list(points)}


SWEEP = sweep(
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
    found = sweep(point(None, "before"), point(None, "before", noise=0, time_bits=3), tuned=0, grid=True)
    [(heads, rows)] = sweep_table(found, format_figure)
    assert heads[:3] == ["noise", "time bits", "accuracy"]
    assert [row[:3] for row in rows] == [("unconstrained", "", "90.00 %"), ("0", "3", "90.00 %")]


def test_figures_are_not_broken_on_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    show_points(SWEEP)
    out = capsys.readouterr().out
    assert "95.00 % ± 0.07" in out
    assert "standard deviation of 2 seeds" in out


def test_the_sweep_of_a_recipe_is_shown_below_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [SimpleNamespace(id=name, verb=SimpleNamespace(name=name)) for name in ("train", "sweep")]
    plan, durations = SimpleNamespace(steps=steps, has_matrix=False), {"train": 1.0, "sweep": 2.0}
    metrics, folder = {"train": {"accuracy": 0.875}, "sweep": SWEEP}, Path("runs/mine")
    show_outcome(SimpleNamespace(plan=plan, metrics=metrics, durations=durations, folder=folder))
    out = capsys.readouterr().out
    assert next(line for line in out.splitlines() if "sweep  " in line).split()[2:4] == ["see", "below"]
    assert "runs/mine/sweep/sweep.svg" in out
    assert "95.00 % ± 0.07" in out


def layer(number, depth=True):
    spectrum = {"smallest": 0.5, "largest": 2.0} if depth else None
    return {"name": f"dense_{number}", "activation_gradient": 0.25 * number, "depth": spectrum}


def networks(layers, **figures):
    return [
        {"neuron": "relu", "loss": 2.3, "layers": layers},
        {"neuron": "b1", "loss": 2.3, "layers": layers, "jacobian_difference": 0.0, **figures},
    ]


def comparison(metrics):
    return [(list(heads), rows) for _, heads, rows in comparing_rows(metrics, format_figure)]


def test_gradients_layer_by_layer():
    norms, spectra, whole = comparison({"networks": networks([layer(1), layer(2, depth=False)])})
    assert norms[0] == ["layer", "relu", "b1"]
    assert norms[1] == [("1 dense_1", "0.25", "0.25"), ("2 dense_2", "0.5", "0.5")]
    assert spectra[1] == [("1 dense_1", "0.5 .. 2", "0.5 .. 2"), ("2 dense_2", "", "")]
    assert whole[1] == [("relu", "2.3", ""), ("b1", "2.3", "0")]


def test_of_deep_networks_the_middle_is_left_out():
    norms, *_ = comparison({"networks": networks([layer(number) for number in range(1, 31)])})
    places = [row[0] for row in norms[1]]
    assert len(places) == MOST_LAYERS + 1
    assert (places[0], places[5:8], places[-1]) == ("1 dense_1", ["6 dense_6", "...", "25 dense_25"], "30 dense_30")
    assert norms[1][6] == ("...", "", "")


def test_trajectories():
    lost = {"neuron": "alpha1", "diverged": 7, "largest_distance": 0.5}
    lost |= dict.fromkeys(("loss", "accuracy", "distance"))
    kept = {"neuron": "b1", "loss": 0.5, "accuracy": 0.9, "distance": 0.0, "diverged": None, "largest_distance": 1e-12}
    [(heads, rows)] = comparison({"networks": [kept, lost]})
    assert heads == ["network", "last loss", "accuracy", "distance from relu", "largest distance", "diverged in step"]
    assert rows == [("b1", "0.5", "90.00 %", "0", "1e-12", ""), ("alpha1", "", "", "", "0.5", "7")]
