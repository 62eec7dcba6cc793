"""The image that is followed through a network: which network, which neurons, which outputs."""

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


def watched(**times: list[float]) -> list[tuple[str, int]]:
    """Which neurons of populations with these spikes; the one called ``input`` codes the image."""
    kinds = {name: "input" if name == "input" else "spiking" for name in times}
    populations = [population(name, kinds[name], len(each)) for name, each in times.items()]
    return watched_neurons(populations, Trace({name: np.array(each) for name, each in times.items()}, {}, [], []))


def test_early_middling_and_silent_neurons_are_watched() -> None:
    last = [math.inf, 1.9, 1.2, math.inf, 1.4]
    assert watched(input=[0.1, 0.2], first=[1.9, 1.1, 1.5], last=last) == [
        ("first", 2),
        ("last", 2),
        ("last", 4),
        ("last", 0),
    ]
    assert watched(a=[math.inf, math.inf]) == watched(a=[1.5]) == [("a", 0)]
    assert watched(input=[math.inf, math.inf]) == []


def test_of_many_outputs_the_highest_are_shown_in_their_order() -> None:
    logits = np.arange(1000) % 50
    shown = shown_outputs(logits)
    assert len(shown) == 20
    assert shown == sorted(shown)
    assert all(logits[place] == 49 for place in shown)
    assert shown_outputs(np.array([3.0, 1.0, 2.0])) == [0, 1, 2]


def test_a_network_of_its_own_comes_before_sweeps_and_exports() -> None:
    verbs = {"relu": "train", "made": "convert", "tuned": "finetune", "curves": "sweep", "file": "export"}
    runs = [
        ReportedRun(name, name, verb, {"type": "relu" if name == "relu" else "snn"}) for name, verb in verbs.items()
    ]
    assert [run.name for run in candidates(runs)] == ["tuned", "made", "file", "curves"]
    assert candidates(runs[:1]) == []


def test_the_network_a_run_began_with_is_not_shown_as_its_own(tmp_path: Path) -> None:
    (tmp_path / "before.keras").write_bytes(b"PK")
    (tmp_path / "made").mkdir()
    settings = {"data": "mnist-mini", "model": str(tmp_path / "before.keras")}
    run = ReportedRun("made", str(tmp_path / "made"), "finetune", {"type": "snn"}, settings=settings)
    options = ReportOptions(runs=[run.folder])
    with pytest.raises(ModelError, match=r"^The model\.keras of made is missing\.$"):
        image_of([run], options, Run(load_registry()), lambda: pytest.fail("a model is opened"))
