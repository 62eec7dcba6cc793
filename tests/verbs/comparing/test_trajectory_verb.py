"""``trajectory``: a ReLU network and its spiking forms, trained side by side."""

from __future__ import annotations

import csv
import io

import pytest

import snnctl
from snnctl.errors import UsageError

SMALL = {
    "arch": "fc",
    "arch_opt": {"widths": [16, 16]},
    "data": "mnist-mini",
    "limit": 300,
    "batch_size": 8,
    "lr": 3e-3,
    "xla": "off",
}


@pytest.fixture(scope="module")
def found():
    return snnctl.trajectory(**SMALL, steps=60, measure_every=30, alpha1_lr=1e-3)


def network(found, neuron):
    return next(each for each in found.metrics["networks"] if each["neuron"] == neuron)


def test_b1_stays_and_the_others_part(found):
    relu, b1, alpha1, smart = (network(found, name) for name in ("relu", "b1", "alpha1", "smart-alpha1"))
    assert b1["largest_distance"] < 1e-9
    assert b1["accuracy"] == relu["accuracy"] > 0.3
    assert b1["accuracies"] == relu["accuracies"]
    assert list(relu["accuracies"]) == ["0", "30", "60"]
    assert alpha1["distance"] > 1e-3
    assert smart["distance"] > 1e-3
    assert relu["distance"] == 0


def test_every_step_is_in_the_table(found):
    rows = list(csv.DictReader(io.StringIO(found.files["trajectory.csv"])))
    assert [int(row["step"]) for row in rows] == list(range(61))
    assert rows[0]["relu_loss"] == ""
    assert float(rows[-1]["alpha1_distance"]) == network(found, "alpha1")["distance"]
    assert [row["step"] for row in rows if row["b1_accuracy"]] == ["0", "30", "60"]
    assert "relu_distance" not in rows[0]
    distances = [float(row["alpha1_distance"]) for row in rows]
    assert distances[0] == 0 < distances[10] < distances[-1]


def test_curves_and_settings(found):
    for name in ("trajectory.svg", "trajectory_loss.svg"):
        assert found.files[name].startswith("<svg")
    assert found.settings["neurons"] == ["relu", "b1", "alpha1", "smart-alpha1"]
    assert found.settings["data"] == "mnist-mini"


def test_other_input_ranges_have_the_same_weights_too_and_so_have_sparser_ones():
    found = snnctl.trajectory(**SMALL, steps=5, neurons=["b1"], preprocess="standard", sparsity=5.0)
    assert network(found, "b1")["largest_distance"] < 1e-9


def test_networks_that_train_otherwise_are_refused():
    with pytest.raises(UsageError, match="cannot be compared: batch normalisation"):
        snnctl.trajectory(arch="resnet20", arch_opt={"depth": 8}, data="mnist-mini", limit=16, neurons="b1")
