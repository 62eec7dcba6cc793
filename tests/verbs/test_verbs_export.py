"""``export`` and ``eval --simulator events``, as called from Python and as steps of recipes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import snnctl
from snnctl.data.prepare import load_split
from snnctl.data.preprocess import parse_preprocess
from snnctl.errors import AgreementError, ModelError, UsageError
from snnctl.events import read_network, simulate
from snnctl.plugins import DataContext, load_registry
from snnctl.progress import SilentReporter
from snnctl.verbs.simulation import failure as missed

DATA: dict[str, Any] = {"data": "mnist-mini", "limit": 100}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs ``relu`` and ``snn``."""
    folder = tmp_path_factory.mktemp("runs")
    snnctl.train(arch="fc2", arch_opt={"hidden": 30}, epochs=0, out=folder / "relu", **DATA)
    snnctl.convert(folder / "relu", verify="none", out=folder / "snn", **DATA)
    return folder


def test_a_network_is_written_as_plain_data(runs, tmp_path):
    result = snnctl.export(runs / "snn", out=tmp_path / "plain")
    network = read_network(tmp_path / "plain" / "network.npz")
    metrics = result.metrics
    assert metrics["synapses"] == 784 * 30 + 30 * 10
    assert metrics["neurons"] == {"spiking": 30, "signed": 0, "relay": 0}
    assert [layer["synapses"] for layer in metrics["layers"]] == [784 * 30]
    assert network.about["precision"] == "float32"
    (batch,) = simulate(network, np.zeros((2, 28, 28, 1)))
    assert batch.logits[0].shape == (2, 10)


def test_a_network_in_memory_is_exported(runs, tmp_path):
    result = snnctl.export(snnctl.load(runs / "snn").model)
    (tmp_path / "network.npz").write_bytes(result.files["network.npz"])
    assert read_network(tmp_path / "network.npz").about == {"model": "fc2_spiking", "precision": "float32"}


def test_a_relu_network_is_refused(runs):
    with pytest.raises(ModelError, match="is a ReLU network") as caught:
        snnctl.export(runs / "relu")
    assert "snnctl convert" in caught.value.todo


def nested(runs: Path) -> keras.Model:
    """The spiking network as a layer of another model."""
    return keras.Sequential([keras.Input((28, 28, 1)), snnctl.load(runs / "snn").model], name="outer")


@pytest.mark.parametrize("verb", ["export", "evaluate", "finetune", "sweep"])
def test_a_network_nested_inside_another_model_is_refused(runs, tmp_path, verb):
    nested(runs).save(tmp_path / "outer.keras")
    options = {"export": {}, "finetune": {"epochs": 0, **DATA}, "sweep": {"time_bits": [4], **DATA}}.get(verb, DATA)
    with pytest.raises(ModelError, match=r"outer\.keras: .*'fc2_spiking' is nested inside .* 'outer'") as caught:
        getattr(snnctl, verb)(tmp_path / "outer.keras", **options)
    assert "model.get_layer('fc2_spiking').save(" in caught.value.todo
    assert caught.value.exit_code == 3


def test_what_is_advised_for_a_nested_network_helps(runs, tmp_path):
    outermost = keras.Sequential([keras.Input((28, 28, 1)), nested(runs)], name="outermost")
    with pytest.raises(ModelError, match="'fc2_spiking' is nested inside another model, 'outermost'") as caught:
        snnctl.export(outermost)
    assert "model.get_layer('outer').get_layer('fc2_spiking').save(" in caught.value.todo
    outermost.get_layer("outer").get_layer("fc2_spiking").save(tmp_path / "inner.keras")
    assert snnctl.export(tmp_path / "inner.keras").metrics["synapses"] == 784 * 30 + 30 * 10


def test_a_report_is_made_without_a_nested_network(runs, tmp_path):
    shutil.copytree(runs / "snn", tmp_path / "snn")
    nested(runs).save(tmp_path / "snn" / "model.keras")
    page = snnctl.report(tmp_path / "snn").read_text(encoding="utf-8")
    assert "is nested inside another model" in page


def test_numbers_that_are_out_of_range_are_refused(runs, tmp_path):
    model = snnctl.load(runs / "snn").model
    weights = model.get_weights()
    model.set_weights([1e35 * array for array in weights])
    model.save(tmp_path / "huge.keras")
    with pytest.raises(ModelError, match="dense"):
        snnctl.export(tmp_path / "huge.keras")
    model.set_weights([np.nan * array for array in weights])
    with pytest.raises(ModelError, match="NaN"):
        snnctl.export(model)


def test_a_network_is_compared_with_its_simulation(runs):
    figures = snnctl.evaluate(runs / "snn", simulator="events", **DATA).metrics["simulator"]
    assert figures["images"] == 100
    assert figures["agreement"] == 1.0
    assert figures["largest_relative_difference"] < 1e-4
    assert figures["different_spikes"] == figures["borderline_spikes"]
    assert figures["layers"][0]["name"] == "input_coding"
    precise = snnctl.evaluate(runs / "snn", simulator="events", dtype="float64", time_bits=6, **DATA).metrics
    assert precise["simulator"]["largest_time_difference"] < 1e-9
    assert precise["simulator"]["different_spikes"] == 0
    operations = precise["simulator"]["synaptic_operations"]
    assert operations == round(100 * precise["synaptic_operations"])


@pytest.mark.parametrize(
    ("model", "options", "error", "said"),
    [
        ("relu", {}, ModelError, ["is a ReLU network", "snnctl convert"]),
        ("snn", {"noise": 0.1}, UsageError, ["jitter", "Add --noise 0."]),
        ("snn", {"time_bits": 4}, UsageError, ["float32", "Add --dtype float64 (or --time-bits 0)."]),
        (
            "snn",
            {"noise": 0.1, "time_bits": 4, "latency_quantile": 0.9},
            UsageError,
            ["jitter", "float32", "Add --noise 0 and --dtype float64 (or --time-bits 0)."],
        ),
    ],
)
@pytest.mark.parametrize("file", ["", "model.keras"])
def test_what_cannot_be_compared_is_refused_before_anything_is_measured(runs, model, options, error, said, file):
    """Of a run folder it is known beforehand, of a file when it is open."""
    tasks = []

    class Reporter(SilentReporter):
        def task(self, description, total):
            tasks.append(description)
            return super().task(description, total)

    with pytest.raises(error) as caught:
        snnctl.evaluate(runs / model / file, simulator="events", reporter=Reporter(), **DATA, **options)
    assert all(words in str(caught.value) for words in said)
    assert tasks == []


def test_a_network_that_cannot_be_written_as_plain_data_is_told_before_it_is_measured(runs, monkeypatch):
    from snnctl import lowering
    from snnctl.events import NetworkError

    def refuse(model):
        raise NetworkError("a layer is not known")

    monkeypatch.setattr(lowering, "lower", refuse)
    monkeypatch.setattr("snnctl.verbs.measure.measure", lambda *_, **__: pytest.fail("it is measured"))
    with pytest.raises(ModelError, match="a layer is not known"):
        snnctl.evaluate(runs / "snn", simulator="events", **DATA)


def test_what_is_exported_is_what_eval_measures_under_the_same_constraints(runs, tmp_path):
    hardware = {"weight_bits": 3, "w_min": -0.5, "threshold_bits": 4, "time_bits": 5}
    result = snnctl.export(runs / "snn", out=tmp_path / "plain", **hardware)
    network = read_network(tmp_path / "plain" / "network.npz")
    measured = snnctl.evaluate(runs / "snn", dtype="float64", **hardware, **DATA).metrics
    registry = load_registry()
    dataset = registry.dataset("mnist-mini")
    test = load_split(dataset, "test", DataContext(), parse_preprocess("unit", dataset), limit=DATA["limit"])
    batches = list(simulate(network, test.inputs))
    answers = np.concatenate([batch.logits[0].argmax(axis=1) for batch in batches])
    assert np.mean(answers == test.labels) == measured["accuracy"]
    events = sum(int(counts.sum()) for batch in batches for counts in batch.events.values())
    assert events == round(measured["synaptic_operations"] * DATA["limit"])
    assert result.metrics["hardware"] == hardware == measured["constraints"]
    assert {name: result.settings[name] for name in hardware} == hardware
    assert result.metrics["readouts"][0]["kind"] == "readout"


def test_jitter_is_told_with_its_seed_and_what_a_network_carries_is_kept_or_removed(runs, tmp_path):
    jittering = snnctl.export(runs / "snn", noise=0.25, seed=7)
    assert jittering.metrics["hardware"] == {"noise": 0.25, "seed": 7}
    (tmp_path / "network.npz").write_bytes(jittering.files["network.npz"])
    hardware = read_network(tmp_path / "network.npz").hardware
    assert (hardware.noise, hardware.seed) == (0.25, 7)
    rounded = snnctl.finetune(runs / "snn", weight_bits=2, epochs=0, out=tmp_path / "rounded", **DATA)
    assert snnctl.export(tmp_path / "rounded").metrics["hardware"] == rounded.metrics["constraints"]
    assert "hardware" not in snnctl.export(tmp_path / "rounded", weight_bits=0).metrics
    with pytest.raises(UsageError, match="weights are not rounded") as caught:
        snnctl.export(runs / "snn", w_min=-1.0)
    assert "--weight-bits" in caught.value.todo


def test_a_difference_is_a_failure_with_exit_code_10(runs, monkeypatch):
    """A window that the simulation has wrong."""
    from dataclasses import replace

    from snnctl import lowering

    lower = lowering.lower

    def wrong(model):
        network = lower(model)
        first, second = network.populations
        return replace(network, populations=[first, replace(second, t_min=second.t_max - second.width / 9)])

    monkeypatch.setattr(lowering, "lower", wrong)
    with pytest.raises(AgreementError, match=r"layer 'dense_1', neuron [0-9]+, image [0-9]+: TensorFlow has") as caught:
        snnctl.evaluate(runs / "snn", simulator="events", **DATA)
    assert caught.value.exit_code == 10
    assert caught.value.result.metrics["simulator"]["different_spikes"] >= 0
    assert missed("") is None


def test_a_recipe_exports_the_network_of_an_earlier_step(runs, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        f"steps:\n  - convert: {{model: {runs / 'relu'}, data: mnist-mini, limit: 50, verify: none}}\n    id: snn\n"
        "  - export: {model: snn}\n    id: plain\n",
        encoding="utf-8",
    )
    snnctl.run_recipe(recipe, out=tmp_path / "out")
    assert list((tmp_path / "out").rglob("network.npz"))
