"""A sweep of a real network: what its figures are, and going on after an interruption."""

import json
from pathlib import Path
from typing import Any

import pytest

import snnctl
from snnctl.data.dataset import Samples
from snnctl.errors import Interrupted, OutputError, TrainingError
from snnctl.verbs.samples import Source

FEW: dict[str, Any] = {"limit": 40, "xla": "off"}
TUNED: dict[str, Any] = {**FEW, "noise": [0.1], "repeats": 2, "finetune_epochs": 1, "lr": 1e-3}
FIGURES = ("accuracy", "spikes_per_neuron", "latency", "saturated")


@pytest.fixture(scope="module")
def tuned(snn_run: Path) -> Any:
    """A whole sweep with fine-tuning, never interrupted."""
    return snnctl.sweep(snn_run, **TUNED)


def row(metrics: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    [only] = [row for row in metrics["rows"] if all(row[name] == value for name, value in wanted.items())]
    return of(only)


def of(metrics: dict[str, Any]) -> dict[str, Any]:
    return {name: metrics[name] for name in FIGURES}


def test_few_bits_and_short_windows_cost_accuracy(snn_run: Path) -> None:
    measured = snnctl.sweep(
        snn_run, time_bits="1,16", weight_bits="1,16", latency_quantile=[0.5, 1.0], limit=100
    ).metrics
    whole = measured["unconstrained"]["accuracy"]
    at = {(point["axis"], point[point["axis"]]): point for point in measured["points"] if point["axis"]}
    for axis in ("time_bits", "weight_bits"):
        assert at[axis, 1]["accuracy"] < whole - 0.1
        assert abs(at[axis, 16]["accuracy"] - whole) < 0.02
    assert at["latency_quantile", 0.5]["latency"] < at["latency_quantile", 1.0]["latency"]
    assert at["latency_quantile", 0.5]["saturated"] > 0 == at["latency_quantile", 1.0]["saturated"]


def test_its_figures_are_those_of_eval_and_finetune(snn_run: Path, tuned: Any) -> None:
    metrics = tuned.metrics
    assert of(metrics["unconstrained"]) == of(snnctl.evaluate(snn_run, limit=40).metrics)
    noisy = snnctl.evaluate(snn_run, limit=40, noise=0.1, seed=1).metrics
    assert row(metrics, axis="noise", stage="before", seed=1) == of(noisy)
    alone = snnctl.finetune(snn_run, **FEW, epochs=1, lr=1e-3, seed=1, noise=0.1).metrics
    assert row(metrics, axis="noise", stage="after", seed=1) == of(alone)
    control = metrics["unconstrained_after"]
    [point] = [point for point in metrics["points"] if point["axis"] is None and point["stage"] == "after"]
    assert control == {name: point[name] for name in control}
    assert control["repeats"] == 2


def test_what_it_writes(tuned: Any) -> None:
    metrics = tuned.metrics
    assert json.loads(tuned.files["sweep.json"]) == metrics
    assert len(tuned.files["sweep.csv"].splitlines()) - 1 == len(metrics["rows"])
    assert sum(line.startswith(",after,,,,,,,") for line in tuned.files["sweep.csv"].splitlines()) == 2
    assert metrics["axes"] == {"noise": [0.1]}
    assert [(point["axis"], point["stage"], point["repeats"]) for point in metrics["points"]] == [
        (None, "before", 1),
        (None, "after", 2),
        ("noise", "before", 2),
        ("noise", "after", 2),
    ]


def test_a_grid(snn_run: Path) -> None:
    measured = snnctl.sweep(snn_run, time_bits=[2, 0], threshold_bits=[2, 0], grid=True, limit=40).metrics
    corner = measured["points"][-1]
    assert measured["unconstrained_after"] is None
    pairs = [(None, None), (2, 2), (2, 0), (0, 2), (0, 0)]
    assert [(point["time_bits"], point["threshold_bits"]) for point in measured["points"]] == pairs
    assert corner["axis"] is None
    assert corner["accuracy"] == measured["unconstrained"]["accuracy"]


@pytest.mark.long
@pytest.mark.parametrize("after", [1, 4])
def test_an_interrupted_sweep_goes_on_and_gives_the_same(snn_run, tuned, tmp_path, ctrl_c, after):
    out = tmp_path / "curve"
    with pytest.raises(Interrupted) as caught:
        snnctl.sweep(snn_run, **TUNED, out=out, reporter=ctrl_c(after))
    assert f"--out {out}" in caught.value.todo
    assert [path.name for path in tmp_path.iterdir()] == ["curve.unfinished"]
    rest = ctrl_c()
    again = snnctl.sweep(snn_run, **TUNED, out=out, reporter=rest)
    jobs = len(again.metrics["rows"])
    assert rest.rows == jobs - after
    assert rest.notes == [f"{after} of {jobs} rows are there already; going on with the rest"]
    assert again.files["sweep.csv"] == tuned.files["sweep.csv"] == (out / "sweep.csv").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["curve"]


def test_rows_of_another_sweep_or_other_images_under_the_same_name(snn_run, tmp_path, ctrl_c, monkeypatch):
    out, one = tmp_path / "curve", {"noise": 0, "limit": 40}
    with pytest.raises(Interrupted):
        snnctl.sweep(snn_run, **one, out=out, reporter=ctrl_c(1))
    split = Source.split

    def other(source: Source, name: str) -> Samples:
        samples = split(source, name)
        return Samples(samples.inputs[::-1], samples.labels[::-1])

    with monkeypatch.context() as patch:
        patch.setattr(Source, "split", other)
        with pytest.raises(OutputError, match="rows of other work: another set of images"):
            snnctl.sweep(snn_run, **one, out=out)
    with pytest.raises(OutputError, match=r"limit \(was 40, is 50\)"):
        snnctl.sweep(snn_run, **{**one, "limit": 50}, out=out)
    assert snnctl.sweep(snn_run, **{**one, "limit": 50}, out=out, overwrite=True).metrics["images"] == 50
    assert [path.name for path in tmp_path.iterdir()] == ["curve"]


def test_more_points_may_be_asked_for_when_it_goes_on(snn_run: Path, tmp_path: Path, ctrl_c: Any) -> None:
    out = tmp_path / "curve"
    with pytest.raises(Interrupted):
        snnctl.sweep(snn_run, time_bits="3,4", limit=40, out=out, reporter=ctrl_c(2))
    rest = ctrl_c()
    measured = snnctl.sweep(snn_run, time_bits="3,5", weight_bits=4, limit=40, out=out, reporter=rest).metrics
    assert rest.rows == 2
    pairs = [(None, None), (3, None), (5, None), (None, 4)]
    assert [(point["time_bits"], point["weight_bits"]) for point in measured["points"]] == pairs


def test_fine_tuning_that_diverges_leaves_a_gap(snn_run: Path, reporter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*_: Any) -> None:
        raise TrainingError("the loss is nan")

    monkeypatch.setattr("snnctl.verbs.sweep.trial.train_further", diverge)  # also of the unconstrained network
    result = snnctl.sweep(snn_run, time_bits=4, finetune_epochs=1, repeats=2, **FEW, reporter=reporter)
    before, after = result.metrics["points"][2:]
    assert (after["repeats"], after["accuracy"]) == (0, None)
    assert before["accuracy"] is not None
    assert reporter.warnings[3] == "after time_bits=4 seed=1: the loss is nan; its figures stay empty"
    assert result.files["sweep.csv"].splitlines()[-1] == "time_bits,after,,4,,,,,1,,,,"


def test_constraints_that_a_network_carries_are_taken_away(snn_run: Path, tmp_path: Path, reporter: Any) -> None:
    """Also the ends of the weights."""
    carried = {"time_bits": 1, "weight_bits": 3, "w_min": -0.01, "w_max": 0.01}
    snnctl.finetune(snn_run, epochs=0, **carried, limit=20, out=tmp_path / "coarse")
    carrying = snnctl.sweep(tmp_path / "coarse", weight_bits=5, limit=40, reporter=reporter)
    assert any("time_bits" in note for note in reporter.notes)
    assert carrying.files["sweep.csv"] == snnctl.sweep(snn_run, weight_bits=5, limit=40).files["sweep.csv"]
