"""``export`` and ``eval --simulator events``, as called from Python and as steps of recipes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnctl
from snnctl.errors import AgreementError, ModelError, UsageError
from snnctl.events import read_network, simulate
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
    ("model", "options", "said"),
    [
        ("relu", {}, "only spiking networks"),
        ("snn", {"noise": 0.1}, "jitter"),
        ("snn", {"time_bits": 4}, "single precision"),
    ],
)
def test_what_cannot_be_compared_is_refused(runs, model, options, said):
    with pytest.raises(UsageError, match=said):
        snnctl.evaluate(runs / model, simulator="events", **DATA, **options)


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
