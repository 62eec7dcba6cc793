"""``export`` and ``eval --simulator events``, as called from Python and as steps of recipes."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import snnctl
from snnctl import lowering
from snnctl.data.prepare import load_split
from snnctl.data.preprocess import parse_preprocess
from snnctl.errors import AgreementError, ModelError, UsageError
from snnctl.events import Network, NetworkError, read_network, simulate
from snnctl.plugins import DataContext, load_registry

DATA: dict[str, Any] = {"data": "mnist-mini", "limit": 100}
SYNAPSES = 784 * 30 + 30 * 10


def exported(model: Any, folder: Path, **options: Any) -> tuple[dict[str, Any], Network]:
    """The figures of ``export``, and the network that it has written."""
    result = snnctl.export(model, **options)
    (folder / "network.npz").write_bytes(result.files["network.npz"])
    return result.metrics, read_network(folder / "network.npz")


def test_a_network_is_written_as_plain_data(snn_run: Path, tmp_path: Path) -> None:
    metrics = snnctl.export(snn_run, out=tmp_path / "plain").metrics
    network = read_network(tmp_path / "plain" / "network.npz")
    assert metrics["synapses"] == SYNAPSES
    assert metrics["neurons"]["spiking"] == 30
    assert [layer["synapses"] for layer in metrics["layers"]] == [784 * 30]
    assert metrics["readouts"][0]["kind"] == "readout"
    (batch,) = simulate(network, np.zeros((2, 28, 28, 1)))
    assert batch.logits[0].shape == (2, 10)
    _, network = exported(snnctl.load(snn_run).model, tmp_path)
    assert network.about == {"model": "fc2_spiking", "precision": "float32"}


def nested(snn_run: Path, name: str = "outer") -> keras.Model:
    """The spiking network as a layer of another model."""
    return keras.Sequential([keras.Input((28, 28, 1)), snnctl.load(snn_run).model], name=name)


@pytest.mark.parametrize("verb", ["export", "evaluate", "finetune", "sweep"])
def test_a_network_nested_inside_another_model_is_refused(snn_run: Path, tmp_path: Path, verb: str) -> None:
    nested(snn_run).save(tmp_path / "outer.keras")
    options = {"export": {}, "finetune": {"epochs": 0, **DATA}, "sweep": {"time_bits": [4], **DATA}}.get(verb, DATA)
    with pytest.raises(ModelError, match=r"outer\.keras: .*'fc2_spiking' is nested inside .* 'outer'") as caught:
        getattr(snnctl, verb)(tmp_path / "outer.keras", **options)
    assert "model.get_layer('fc2_spiking').save(" in caught.value.todo
    assert caught.value.exit_code == 3


def test_what_is_advised_for_a_nested_network_helps(snn_run: Path, tmp_path: Path) -> None:
    outermost = keras.Sequential([keras.Input((28, 28, 1)), nested(snn_run)], name="outermost")
    with pytest.raises(ModelError, match="'fc2_spiking' is nested inside another model, 'outermost'") as caught:
        snnctl.export(outermost)
    assert "model.get_layer('outer').get_layer('fc2_spiking').save(" in caught.value.todo
    outermost.get_layer("outer").get_layer("fc2_spiking").save(tmp_path / "inner.keras")
    assert snnctl.export(tmp_path / "inner.keras").metrics["synapses"] == SYNAPSES
    shutil.copytree(snn_run, tmp_path / "snn")
    nested(snn_run).save(tmp_path / "snn" / "model.keras")
    page = snnctl.report(tmp_path / "snn").read_text(encoding="utf-8")
    assert "is nested inside another model" in page


def test_what_cannot_be_exported_is_refused(relu_run: Path, snn_run: Path) -> None:
    with pytest.raises(ModelError, match="is a ReLU network") as caught:
        snnctl.export(relu_run)
    assert "snnctl convert" in caught.value.todo
    model = snnctl.load(snn_run).model
    weights = model.get_weights()
    for factor, word in ((1e35, "dense"), (np.nan, "NaN")):
        model.set_weights([factor * array for array in weights])
        with pytest.raises(ModelError, match=word):
            snnctl.export(model)
    with pytest.raises(UsageError, match="weights are not rounded") as usage:
        snnctl.export(snn_run, w_min=-1.0)
    assert "--weight-bits" in usage.value.todo


def test_a_network_is_compared_with_its_simulation(snn_run: Path) -> None:
    figures = snnctl.evaluate(snn_run, simulator="events", **DATA).metrics["simulator"]
    assert (figures["images"], figures["agreement"]) == (100, 1.0)
    assert figures["largest_relative_difference"] < 1e-4
    assert figures["different_spikes"] == figures["borderline_spikes"]
    assert figures["layers"][0]["name"] == "input_coding"
    precise = snnctl.evaluate(snn_run, simulator="events", dtype="float64", time_bits=6, **DATA).metrics
    assert precise["simulator"]["largest_time_difference"] < 1e-9
    assert precise["simulator"]["different_spikes"] == 0
    assert precise["simulator"]["synaptic_operations"] == round(100 * precise["synaptic_operations"])


@pytest.mark.parametrize(
    ("model", "options", "error", "said"),
    [
        ("relu", {}, ModelError, ["is a ReLU network", "snnctl convert"]),
        ("snn", {"noise": 0.1}, UsageError, ["jitter", "Add --noise 0."]),
        ("snn", {"time_bits": 4}, UsageError, ["float32", "Add --dtype float64 (or --time-bits 0)."]),
        ("snn", {"noise": 0.1, "time_bits": 4}, UsageError, ["Add --noise 0 and --dtype float64 (or --time-bits 0)."]),
    ],
)
@pytest.mark.parametrize("file", ["", "model.keras"])
def test_what_cannot_be_compared_is_refused_before_anything_is_measured(
    snn_run: Path, monkeypatch: pytest.MonkeyPatch, model: str, options: dict, error: type, said: list[str], file: str
) -> None:
    """Of a run folder it is known beforehand, of a file when it is open."""
    monkeypatch.setattr("snnctl.verbs.measure.measure", lambda *_, **__: pytest.fail("it is measured"))
    with pytest.raises(error) as caught:
        snnctl.evaluate(snn_run.with_name(model) / file, simulator="events", **DATA, **options)
    assert [words for words in said if words not in str(caught.value)] == []


def test_a_network_that_cannot_be_written_as_plain_data_is_told_before_it_is_measured(snn_run, monkeypatch):
    def refuse(model: keras.Model) -> None:
        raise NetworkError("a layer is not known")

    monkeypatch.setattr(lowering, "lower", refuse)
    monkeypatch.setattr("snnctl.verbs.measure.measure", lambda *_, **__: pytest.fail("it is measured"))
    with pytest.raises(ModelError, match="a layer is not known"):
        snnctl.evaluate(snn_run, simulator="events", **DATA)


def test_what_is_exported_is_what_eval_measures_under_the_same_constraints(snn_run: Path, tmp_path: Path) -> None:
    hardware = {"weight_bits": 3, "w_min": -0.5, "threshold_bits": 4, "time_bits": 5}
    metrics, network = exported(snn_run, tmp_path, **hardware)
    measured = snnctl.evaluate(snn_run, dtype="float64", **hardware, **DATA).metrics
    assert metrics["hardware"] == hardware == measured["constraints"]
    dataset = load_registry().dataset("mnist-mini")
    test = load_split(dataset, "test", DataContext(), parse_preprocess("unit", dataset), limit=100)
    batches = list(simulate(network, test.inputs))
    answers = np.concatenate([batch.logits[0].argmax(axis=1) for batch in batches])
    assert np.mean(answers == test.labels) == measured["accuracy"]
    events = sum(int(counts.sum()) for batch in batches for counts in batch.events.values())
    assert events == round(measured["synaptic_operations"] * 100)


def test_jitter_is_told_with_its_seed_and_what_a_network_carries_is_kept_or_removed(snn_run, tmp_path):
    metrics, network = exported(snn_run, tmp_path, noise=0.25, seed=7)
    assert metrics["hardware"] == {"noise": 0.25, "seed": 7}
    assert (network.hardware.noise, network.hardware.seed) == (0.25, 7)
    rounded = snnctl.finetune(snn_run, weight_bits=2, epochs=0, out=tmp_path / "rounded", **DATA)
    assert snnctl.export(tmp_path / "rounded").metrics["hardware"] == rounded.metrics["constraints"]
    assert "hardware" not in snnctl.export(tmp_path / "rounded", weight_bits=0).metrics


def test_a_difference_is_a_failure_with_exit_code_10(snn_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that the simulation has wrong."""
    lower = lowering.lower

    def wrong(model: keras.Model) -> Network:
        network = lower(model)
        first, second = network.populations
        return replace(network, populations=[first, replace(second, t_min=second.t_max - second.width / 9)])

    monkeypatch.setattr(lowering, "lower", wrong)
    with pytest.raises(AgreementError, match=r"layer 'dense_1', neuron [0-9]+, image [0-9]+: TensorFlow has") as caught:
        snnctl.evaluate(snn_run, simulator="events", **DATA)
    assert caught.value.exit_code == 10
    assert caught.value.result.metrics["simulator"]["different_spikes"] >= 0
