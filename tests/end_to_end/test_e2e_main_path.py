"""Train, convert, finetune, eval: what the commands write, print and promise to each other."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from installed import Snnctl, metrics

Folder = Callable[[str], Path]

SPIKING = {"accuracy", "spikes_per_neuron", "latency", "saturated"}
COMPARED = {"agreement", "max_logit_difference", "source_accuracy"}


@pytest.mark.parametrize(
    ("name", "figures", "trained"),
    [
        ("relu", {"accuracy"}, True),
        ("snn", SPIKING | COMPARED, False),
        ("tuned", SPIKING | {"accuracy_before"}, True),
        pytest.param("b1", SPIKING, True, marks=pytest.mark.long),
    ],
)
def test_a_run_folder_is_complete(run_folder: Folder, name: str, figures: set[str], trained: bool) -> None:
    folder = run_folder(name)
    history = {"history.csv"} if trained else set()
    assert {path.name for path in folder.iterdir()} == {"model.keras", "metrics.json", "run.json"} | history
    assert figures <= metrics(folder).keys()
    assert all(isinstance(metrics(folder)[key], int | float) for key in figures)


def test_the_history_has_a_line_for_each_epoch(run_folder: Folder) -> None:
    [epoch] = csv.DictReader((run_folder("tuned") / "history.csv").open())
    assert {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"} <= epoch.keys()
    assert float(epoch["val_accuracy"]) == pytest.approx(metrics(run_folder("tuned"))["accuracy"])


def test_the_record_says_how_to_do_it_again(run_folder: Folder) -> None:
    record = json.loads((run_folder("tuned") / "run.json").read_text())
    assert record["verb"] == "finetune"
    assert record["command"][:2] == ["snnctl", "finetune"]
    assert record["options"]["data"] is None
    assert record["settings"]["data"] == "mnist-mini"
    assert record["seed"] == 0
    assert {"python", "snnctl", "tensorflow", "keras", "numpy"} <= record["versions"].keys()
    assert {"name": "example", "package": "snnctl-example", "version": "0.1.0"} in record["plugins"]


def test_the_spiking_network_answers_like_the_relu_network(run_folder: Folder) -> None:
    found = metrics(run_folder("snn"))
    assert found["agreement"] == 1.0
    assert found["accuracy"] == found["source_accuracy"] == metrics(run_folder("relu"))["accuracy"] > 0.3
    assert found["max_logit_difference"] < 1e-4 * found["largest_logit"]
    assert found["saturated"] < 0.001
    assert 0 < found["spikes_per_neuron"] < 1


def test_fine_tuning_improves(run_folder: Folder) -> None:
    tuned = metrics(run_folder("tuned"))
    assert tuned["accuracy_before"] == metrics(run_folder("snn"))["accuracy"]
    assert tuned["accuracy"] > tuned["accuracy_before"]


@pytest.mark.long
def test_double_precision_is_a_billion_times_closer(run_folder: Folder) -> None:
    found = metrics(run_folder("float64"))
    assert found["max_logit_difference"] < 1e-10 * found["largest_logit"]
    assert found["agreement"] == 1.0


@pytest.mark.long
def test_a_quantile_trades_exactness_for_speed(run_folder: Folder) -> None:
    exact, fast = metrics(run_folder("snn")), metrics(run_folder("quantile"))
    assert fast["saturated"] > exact["saturated"]
    assert fast["latency"] < exact["latency"]
    assert fast["max_logit_difference"] > exact["max_logit_difference"]


@pytest.mark.parametrize(
    "neuron", [pytest.param(name, marks=pytest.mark.long) for name in ("b1", "alpha1", "smart-alpha1")]
)
def test_a_spiking_network_learns_from_scratch(run_folder: Folder, neuron: str) -> None:
    folder = run_folder(neuron)
    [epoch] = csv.DictReader((folder / "history.csv").open())
    assert metrics(folder)["type"] == "snn"
    assert metrics(folder)["accuracy"] > 0.15
    assert metrics(folder)["layers"]
    assert float(epoch["loss"]) < 3


@pytest.mark.long
def test_eval_prints_json_and_nothing_else_whatever_plugins_do(
    snnctl: Snnctl, run_folder: Folder, broken_plugin: Path
) -> None:
    done = snnctl("eval", run_folder("tuned"), "--limit", "300", "--json", PYTHONPATH=str(broken_plugin))
    document = done.json()
    tuned = metrics(run_folder("tuned"))
    assert document["verb"] == "eval"
    assert {key: document[key] for key in SPIKING} == pytest.approx({key: tuned[key] for key in SPIKING})
    assert document["layers"] == tuned["layers"]
    assert "warning: plugin broken-import (broken-import): cannot be loaded" in done.err
    assert not snnctl.files()


def test_eval_prints_a_table_and_writes_when_asked(snnctl: Snnctl, run_folder: Folder) -> None:
    done = snnctl("eval", run_folder("relu"), "--split", "train", "--limit", "50", "--out", "score")
    score = metrics(snnctl.cwd / "score")
    assert f"{100 * score['accuracy']:.2f} %" in done.out
    assert "written to score" in done.out
    assert (score["split"], score["images"], score["type"]) == ("train", 50, "relu")
    assert {path.name for path in (snnctl.cwd / "score").iterdir()} == {"metrics.json", "run.json"}


@pytest.mark.long
def test_without_out_a_folder_is_found(snnctl: Snnctl, model_files: Path) -> None:
    snnctl("convert", model_files / "good.h5", "--data", "mnist-mini", "--limit", "20")
    [folder] = (snnctl.cwd / "runs").iterdir()
    assert folder.name.endswith("-convert-good-mnist-mini")
    assert metrics(folder)["agreement"] == 1.0


@pytest.mark.long
def test_weights_alone_convert_with_their_architecture(snnctl: Snnctl, model_files: Path) -> None:
    arguments = ("--arch", "fc2", "--arch-opt", "hidden=30", "--data", "mnist-mini", "--limit", "20", "--json")
    document = snnctl("convert", model_files / "fc2.weights.h5", *arguments).json()
    assert document["agreement"] == 1.0
    assert document["out"].startswith(str(snnctl.cwd / "runs"))
