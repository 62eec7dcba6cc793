"""A sweep of a real network: what its figures are, and going on after an interruption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ctrl_c import CtrlC

import snnctl
from snnctl.data.dataset import Samples
from snnctl.errors import Interrupted, ModelError, OutputError, TrainingError
from snnctl.verbs.samples import Source

FEW: dict[str, Any] = {"limit": 100, "xla": "off"}
TUNED: dict[str, Any] = {**FEW, "time_bits": [3], "noise": [0.1], "repeats": 2, "finetune_epochs": 1, "lr": 1e-3}
FIGURES = ("accuracy", "spikes_per_neuron", "latency", "saturated")


@pytest.fixture(scope="module")
def tuned(digits: Path) -> Any:
    """A whole sweep with fine-tuning, never interrupted."""
    return snnctl.sweep(digits, **TUNED)


def row(metrics: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    """The one row with these values."""
    [found] = [row for row in metrics["rows"] if all(row[name] == value for name, value in wanted.items())]
    return {name: found[name] for name in FIGURES}


def of(metrics: dict[str, Any]) -> dict[str, Any]:
    """The same figures of another verb."""
    return {name: metrics[name] for name in FIGURES}


@pytest.mark.long
def test_few_bits_cost_accuracy(digits: Path) -> None:
    found = snnctl.sweep(digits, time_bits="1,16", weight_bits="1,16", latency_quantile=[0.5, 1.0], limit=300).metrics
    whole = found["unconstrained"]["accuracy"]
    at = {(point["axis"], point[point["axis"]]): point for point in found["points"] if point["axis"]}
    assert whole > 0.7
    assert at["time_bits", 1]["accuracy"] < whole - 0.2
    assert at["weight_bits", 1]["accuracy"] < whole - 0.2
    assert abs(at["time_bits", 16]["accuracy"] - whole) < 0.01
    assert abs(at["weight_bits", 16]["accuracy"] - whole) < 0.01
    assert at["latency_quantile", 0.5]["latency"] < at["latency_quantile", 1.0]["latency"]
    assert at["latency_quantile", 0.5]["saturated"] > 0 == at["latency_quantile", 1.0]["saturated"]


def test_its_figures_are_those_of_eval(digits: Path, tuned: Any) -> None:
    alone = snnctl.evaluate(digits, limit=100).metrics
    assert {name: tuned.metrics["unconstrained"][name] for name in FIGURES} == of(alone)
    noisy = snnctl.evaluate(digits, limit=100, noise=0.1, seed=1).metrics
    assert row(tuned.metrics, axis="noise", noise=0.1, stage="before", seed=1) == of(noisy)


@pytest.mark.parametrize(("axis", "value"), [("noise", 0.1), pytest.param("time_bits", 3, marks=pytest.mark.long)])
def test_its_figures_are_those_of_finetune(digits: Path, tuned: Any, axis: str, value: float) -> None:
    alone = snnctl.finetune(digits, **FEW, epochs=1, lr=1e-3, seed=1, **{axis: value}).metrics
    assert row(tuned.metrics, axis=axis, stage="after", seed=1, **{axis: value}) == of(alone)


def test_fine_tuning_without_constraints_is_the_control(digits: Path, tuned: Any) -> None:
    alone = snnctl.finetune(digits, **FEW, epochs=1, lr=1e-3, seed=1).metrics
    assert row(tuned.metrics, axis=None, stage="after", seed=1) == of(alone)
    control = tuned.metrics["unconstrained_after"]
    [point] = [point for point in tuned.metrics["points"] if point["axis"] is None and point["stage"] == "after"]
    assert control == {name: point[name] for name in control}
    assert control["repeats"] == 2
    assert sum(line.startswith(",after,,,,,,,") for line in tuned.files["sweep.csv"].splitlines()) == 2


def test_what_it_writes(tuned: Any) -> None:
    metrics = tuned.metrics
    assert json.loads(tuned.files["sweep.json"]) == metrics
    assert len(tuned.files["sweep.csv"].splitlines()) - 1 == len(metrics["rows"])
    assert metrics["axes"] == {"noise": [0.1], "time_bits": [3]}
    assert [(point["axis"], point["stage"], point["repeats"]) for point in metrics["points"]] == [
        (None, "before", 1),
        (None, "after", 2),
        ("noise", "before", 2),
        ("noise", "after", 2),
        ("time_bits", "before", 1),
        ("time_bits", "after", 2),
    ]


@pytest.mark.long
def test_a_grid(digits: Path) -> None:
    found = snnctl.sweep(digits, time_bits=[2, 0], threshold_bits=[2, 0], grid=True, **FEW).metrics
    corner = found["points"][-1]
    assert found["unconstrained_after"] is None
    assert [(point["time_bits"], point["threshold_bits"]) for point in found["points"]] == [
        (None, None),
        (2, 2),
        (2, 0),
        (0, 2),
        (0, 0),
    ]
    assert corner["axis"] is None
    assert corner["accuracy"] == found["unconstrained"]["accuracy"]


@pytest.mark.long
@pytest.mark.parametrize("after", [5, pytest.param(1, marks=pytest.mark.long)])
def test_an_interrupted_sweep_goes_on_and_gives_the_same(digits: Path, tuned: Any, tmp_path: Path, after: int) -> None:
    out = tmp_path / "curve"
    with pytest.raises(Interrupted) as caught:
        snnctl.sweep(digits, **TUNED, out=out, reporter=CtrlC(after))
    assert f"--out {out}" in caught.value.todo
    assert [path.name for path in tmp_path.iterdir()] == ["curve.unfinished"]
    rest = CtrlC(after=10**9)
    again = snnctl.sweep(digits, **TUNED, out=out, reporter=rest)
    jobs = len(again.metrics["rows"])
    assert rest.rows == jobs - after
    assert rest.notes == [f"{after} of {jobs} rows are there already; going on with the rest"]
    assert again.files["sweep.csv"] == tuned.files["sweep.csv"]
    assert (out / "sweep.csv").read_text() == tuned.files["sweep.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["curve"]


def test_rows_of_another_sweep(digits: Path, tmp_path: Path) -> None:
    out, one = tmp_path / "curve", {"noise": 0, "limit": 50}
    with pytest.raises(Interrupted):
        snnctl.sweep(digits, **one, out=out, reporter=CtrlC(1))
    with pytest.raises(OutputError, match=r"limit \(was 50, is 60\)"):
        snnctl.sweep(digits, **{**one, "limit": 60}, out=out)
    assert snnctl.sweep(digits, **{**one, "limit": 60}, out=out, overwrite=True).metrics["images"] == 60
    assert [path.name for path in tmp_path.iterdir()] == ["curve"]


def test_rows_of_other_images_under_the_same_name(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, one = tmp_path / "curve", {"noise": 0, "limit": 50}
    with pytest.raises(Interrupted):
        snnctl.sweep(digits, **one, out=out, reporter=CtrlC(1))
    split = Source.split

    def other(source: Source, name: str) -> Samples:
        samples = split(source, name)
        return Samples(samples.inputs[::-1], samples.labels[::-1])

    monkeypatch.setattr(Source, "split", other)
    with pytest.raises(OutputError, match="rows of other work: another set of images"):
        snnctl.sweep(digits, **one, out=out)


def test_more_points_may_be_asked_for_when_it_goes_on(digits: Path, tmp_path: Path) -> None:
    out = tmp_path / "curve"
    with pytest.raises(Interrupted):
        snnctl.sweep(digits, time_bits="3,4", **FEW, out=out, reporter=CtrlC(2))
    rest = CtrlC(after=10**9)
    found = snnctl.sweep(digits, time_bits="3,5", weight_bits=4, **FEW, out=out, reporter=rest).metrics
    assert rest.rows == 2
    assert [(point["time_bits"], point["weight_bits"]) for point in found["points"]] == [
        (None, None),
        (3, None),
        (5, None),
        (None, 4),
    ]


@pytest.mark.long
def test_fine_tuning_that_diverges_leaves_a_gap(digits: Path, reporter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*_: Any) -> None:
        raise TrainingError("the loss is nan")

    monkeypatch.setattr("snnctl.verbs.sweep.trial.train_further", diverge)  # also of the unconstrained network
    result = snnctl.sweep(digits, time_bits=4, finetune_epochs=1, repeats=2, **FEW, reporter=reporter)
    before, after = result.metrics["points"][2:]
    assert (after["repeats"], after["accuracy"]) == (0, None)
    assert before["accuracy"] is not None
    assert reporter.warnings[3] == "after time_bits=4 seed=1: the loss is nan; its figures stay empty"
    assert result.files["sweep.csv"].splitlines()[-1] == "time_bits,after,,4,,,,,1,,,,"


def test_a_relu_network_is_refused(tmp_path: Path) -> None:
    snnctl.train(arch="fc2", data="mnist-mini", limit=20, epochs=0, out=tmp_path / "relu")
    with pytest.raises(ModelError, match="is a ReLU network"):
        snnctl.sweep(tmp_path / "relu", noise=0.1)
    with pytest.raises(ModelError, match="is a ReLU network"):
        snnctl.sweep(tmp_path / "relu" / "model.keras", data="mnist-mini", noise=0.1, limit=10)


def test_constraints_that_a_network_carries_are_taken_away(digits: Path, tmp_path: Path, reporter: Any) -> None:
    snnctl.finetune(digits, epochs=0, time_bits=1, limit=20, out=tmp_path / "coarse")
    found = snnctl.sweep(tmp_path / "coarse", noise=0, limit=100, reporter=reporter).metrics
    assert any("time_bits" in note for note in reporter.notes)
    assert found["unconstrained"]["accuracy"] == snnctl.evaluate(digits, limit=100).metrics["accuracy"]


@pytest.mark.long
def test_ends_of_the_weights_that_a_network_carries_are_not_taken_over(digits: Path, tmp_path: Path) -> None:
    snnctl.finetune(digits, epochs=0, weight_bits=3, w_min=-0.01, w_max=0.01, limit=20, out=tmp_path / "narrow")
    carrying, plain = (snnctl.sweep(each, weight_bits=5, limit=100) for each in (tmp_path / "narrow", digits))
    assert carrying.files["sweep.csv"] == plain.files["sweep.csv"]
