"""``gradients``: the figures of a ReLU network and its spiking forms side by side."""

from __future__ import annotations

import csv
import io

import pytest

import snnctl
from snnctl.errors import ConversionError, UsageError

TINY = {
    "arch": "fc",
    "arch_opt": {"widths": [20], "layers": 6, "initializer": "he_uniform"},
    "data": "mnist-mini",
    "limit": 60,
    "images": 20,
    "jacobian_images": 2,
}


@pytest.fixture(scope="module")
def found():
    return snnctl.gradients(**TINY)


def network(found, neuron):
    return next(each for each in found.metrics["networks"] if each["neuron"] == neuron)


def test_b1_is_the_relu_network(found):
    relu, b1 = network(found, "relu"), network(found, "b1")
    assert b1["jacobian_difference"] < 1e-6
    assert "jacobian_difference" not in relu
    assert b1["loss"] == pytest.approx(relu["loss"], rel=1e-9)
    for layer, other in zip(relu["layers"], b1["layers"], strict=True):
        assert other["activation_gradient"] == pytest.approx(layer["activation_gradient"], rel=1e-9)
        assert other["depth"]["largest"] == pytest.approx(layer["depth"]["largest"], rel=1e-6)


def test_alpha1_is_not(found):
    relu, alpha1, smart = (network(found, neuron) for neuron in ("relu", "alpha1", "smart-alpha1"))
    assert alpha1["jacobian_difference"] is None, "other neurons fire"
    first = [each["layers"][0]["activation_gradient"] for each in (relu, alpha1, smart)]
    assert first[1] > 10 * first[0], "it explodes on its way to the first layer"
    assert first[2] < 3 * first[0]


def test_what_is_told_of_a_layer(found):
    assert (found.metrics["images"], found.metrics["jacobian_images"]) == (20, 2)
    layers = network(found, "relu")["layers"]
    assert [layer["name"] for layer in layers] == [f"dense_{number}" for number in range(1, 7)]
    assert [layer["neurons"] for layer in layers] == [20] * 5 + [10]
    spectrum = layers[1]["jacobian"]
    assert spectrum["smallest"] <= spectrum["quantiles"]["q05"] <= spectrum["quantiles"]["q95"] <= spectrum["largest"]
    assert spectrum["values"] == sorted(spectrum["values"], reverse=True)
    assert layers[0]["jacobian"] == layers[0]["depth"]
    assert found.model is None


def test_tables_and_curves(found):
    rows = list(csv.DictReader(io.StringIO(found.files["gradients.csv"])))
    assert len(rows) == 4 * 6
    assert float(rows[0]["activation_gradient"]) == network(found, "relu")["layers"][0]["activation_gradient"]
    assert float(rows[11]["depth_largest"]) == network(found, "b1")["layers"][5]["depth"]["largest"]
    for name in ("gradients.svg", "jacobians.svg"):
        assert found.files[name].startswith("<svg")
        assert "smart-alpha1" in found.files[name]


def test_the_run_folder(tmp_path):
    options = {**TINY, "arch_opt": {"widths": [4]}, "neurons": "b1", "images": 3, "jacobian_images": 1}
    snnctl.gradients(**options, out=tmp_path / "run")
    names = {"metrics.json", "run.json", "gradients.csv", "gradients.svg", "jacobians.svg"}
    assert {file.name for file in (tmp_path / "run").iterdir()} == names


def test_networks_with_branches_have_b1_neurons_only():
    with pytest.raises(ConversionError, match="plain chains"):
        snnctl.gradients(arch="resnet20", arch_opt={"depth": 8}, data="mnist-mini", limit=8, neurons="alpha1")


@pytest.mark.parametrize(
    ("neurons", "message"),
    [
        ("b1,alpha", "did you mean 'alpha1'"),
        ("relu", "nothing to compare the ReLU network with"),
        (3, "names out of relu, b1, alpha1, smart-alpha1"),
    ],
)
def test_names_of_networks(neurons, message):
    with pytest.raises(UsageError) as caught:
        snnctl.gradients(**TINY, neurons=neurons)
    assert message in f"{caught.value.what} {caught.value.todo}"
