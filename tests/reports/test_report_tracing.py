from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from snnctl.errors import ModelError
from snnctl.events import Population, Trace
from snnctl.plugins import load_registry
from snnctl.reports.facts import ReportedRun
from snnctl.verbs.report.options import ReportOptions
from snnctl.verbs.report.tracing import candidates, image_of, shown_outputs, watched_neurons
from snnctl.verbs.result import Run


def population(name: str, kind: str, neurons: int) -> Population:
    many = np.zeros(neurons)
    return Population(name, kind, (neurons,), 1, 0.0, 1.0, 1.0, 2.0, many, 1.0, many, many)  # type: ignore[arg-type]


def test_early_middling_and_silent_neurons_are_watched() -> None:
    populations = [population("in", "input", 2), population("first", "spiking", 3), population("last", "spiking", 5)]
    times = {
        "in": np.array([0.1, 0.2]),
        "first": np.array([1.9, 1.1, 1.5]),
        "last": np.array([math.inf, 1.9, 1.2, math.inf, 1.4]),
    }
    chosen = watched_neurons(populations, Trace(times, {}, [], []))
    assert chosen == [("first", 2), ("last", 2), ("last", 4), ("last", 0)]


def test_populations_without_spikes_or_without_hidden_neurons() -> None:
    silent = {"a": np.array([math.inf, math.inf])}
    assert watched_neurons([population("a", "spiking", 2)], Trace(silent, {}, [], [])) == [("a", 0)]
    assert watched_neurons([population("a", "spiking", 1)], Trace({"a": np.array([1.5])}, {}, [], [])) == [("a", 0)]
    assert watched_neurons([population("a", "input", 2)], Trace(silent, {}, [], [])) == []


def test_of_many_outputs_the_highest_are_shown_in_their_order() -> None:
    logits = np.arange(1000) % 50
    shown = shown_outputs(logits)
    assert len(shown) == 20
    assert shown == sorted(shown)
    assert all(logits[place] == 49 for place in shown)
    assert shown_outputs(np.array([3.0, 1.0, 2.0])) == [0, 1, 2]


def test_a_network_of_its_own_comes_before_sweeps_and_exports() -> None:
    snn = {"type": "snn"}
    runs = [
        ReportedRun("relu", "relu", "train", {"type": "relu"}),
        ReportedRun("made", "made", "convert", snn),
        ReportedRun("tuned", "tuned", "finetune", snn),
        ReportedRun("curves", "curves", "sweep", snn),
        ReportedRun("file", "file", "export", snn),
    ]
    assert [run.name for run in candidates(runs)] == ["tuned", "made", "file", "curves"]
    assert candidates(runs[:1]) == []


@pytest.mark.parametrize("verb", ["train", "convert", "finetune"])
def test_the_network_a_run_began_with_is_not_shown_as_its_own(tmp_path: Path, verb: str) -> None:
    (tmp_path / "before.keras").write_bytes(b"PK")
    (tmp_path / "made").mkdir()
    settings = {"data": "mnist-mini", "model": str(tmp_path / "before.keras")}
    made = ReportedRun("made", str(tmp_path / "made"), verb, {"type": "snn"}, settings=settings)
    options = ReportOptions(runs=[made.folder])
    with pytest.raises(ModelError, match=r"^The model\.keras of made is missing\.$"):
        image_of([made], options, Run(load_registry()), lambda: pytest.fail("a model is opened"))
