"""Progress: bars on a terminal, few lines elsewhere; results in tables."""

from __future__ import annotations

import io
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from snnctl.cli import quiet_tensorflow
from snnctl.cli.console import PlainReporter, RichReporter, format_figures, format_seconds
from snnctl.cli.simulation_table import ROWS, simulation_rows, verdict
from snnctl.cli.tables import figures_table, format_figure, layers_table, show_result
from snnctl.verbs.result import Result


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_lines_are_few() -> None:
    stream, clock = io.StringIO(), Clock()
    with PlainReporter(stream, clock).task("training", 1000) as task:
        for _ in range(1000):
            clock.now += 1 / 32
            task.advance(loss=0.25)
    assert stream.getvalue().splitlines() == [
        "training ...",
        "training: 320/1000  loss 0.25  21 s left",
        "training: 640/1000  loss 0.25  11 s left",
        "training: 960/1000  loss 0.25  1 s left",
        "training: done  loss 0.25  31 s",
    ]


def test_the_first_step_which_compiles_does_not_count_for_the_time_left() -> None:
    stream, clock = io.StringIO(), Clock()
    with PlainReporter(stream, clock).task("training", 60) as task:
        for seconds in (64, 1, 9, 10):
            clock.now += seconds
            task.advance()
    assert stream.getvalue().splitlines()[1:-1] == [
        "training: 1/60",
        "training: 3/60  4 min 45 s left",
        "training: 4/60  6 min 13 s left",
    ]


def test_notes_and_warnings_and_a_task_that_fails() -> None:
    stream = io.StringIO()
    reporter = PlainReporter(stream)
    reporter.note("look")
    reporter.warn("beware")
    with pytest.raises(ValueError, match="no"), reporter.task("training", 10):
        raise ValueError("no")
    assert stream.getvalue() == "look\nwarning: beware\ntraining ...\n"


def test_bars_show_figures() -> None:
    stream = io.StringIO()
    reporter = RichReporter(Console(file=stream, force_terminal=True, width=120))
    with reporter.task("training", 4) as outer:
        outer.advance(2, loss=0.125, accuracy=0.5)
        outer.advance(1)
        with reporter.task("measuring", 1) as inner:
            inner.advance()
        reporter.warn("beware [of] brackets")
    with reporter.wait("starting"):
        pass
    shown = stream.getvalue()
    assert "loss 0.125  accuracy 0.5" in shown
    assert "3/4" in shown
    assert "measuring" in shown
    assert "beware [of] brackets" in shown


def test_a_broken_bar_does_not_stay(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = RichReporter(Console(file=io.StringIO(), force_terminal=True))
    with pytest.raises(ValueError, match="no"), reporter.task("training", 1), reporter.task("inner", 1):
        raise ValueError("no")
    with reporter.task("again", 1) as task:
        task.advance()


def test_seconds_and_figures() -> None:
    texts = {0: "0 s", 0.44: "0 s", 0.6: "0.6 s", 59.4: "59 s", 200: "3 min 20 s", 7500: "2 h 5 min"}
    assert {seconds: format_seconds(seconds) for seconds in texts} == texts
    assert format_figures({"loss": 0.123456, "val_accuracy": 1.0}) == "loss 0.1235  val accuracy 1"
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
    """The lines of a table, with single spaces."""
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


def _chat() -> None:
    os.write(2, b"chatter\n")
    print("seen", file=sys.stderr)


def _fail() -> None:
    os.write(2, b"the reason\n")
    raise ImportError("no TensorFlow")


@pytest.mark.parametrize(
    ("level", "action", "shown"),
    [("3", _chat, "seen\n"), ("3", _fail, "the reason\n"), ("0", _chat, "chatter\nseen\n")],
    ids=["usual", "failing", "asked for"],
)
def test_chatter_of_tensorflow_is_shown_when_it_matters(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], level: str, action: Any, shown: str
) -> None:
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    monkeypatch.setattr(quiet_tensorflow, "_import", action)
    with pytest.raises(ImportError) if action is _fail else nullcontext():
        quiet_tensorflow.import_tensorflow()
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == f"{shown}afterwards\n"
