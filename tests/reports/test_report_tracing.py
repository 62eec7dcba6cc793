from __future__ import annotations

import math

import numpy as np

from snnctl.events import Population, Trace
from snnctl.reports.facts import ReportedRun
from snnctl.verbs.report.tracing import candidates, shown_outputs, watched_neurons


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
