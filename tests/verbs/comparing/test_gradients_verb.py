"""``gradients``: the figures of a ReLU network and its spiking forms side by side."""

import csv
import io
from typing import Any

import pytest

import snnctl
from snnctl.errors import ConversionError, UsageError

TINY: dict[str, Any] = {
    "arch": "fc",
    "arch_opt": {"widths": [20], "layers": 6, "initializer": "he_uniform"},
    "data": "mnist-mini",
    "limit": 40,
    "images": 20,
    "jacobian_images": 1,
}


@pytest.fixture(scope="module")
def gradients() -> Any:
    return snnctl.gradients(**TINY)


def network(result: Any, neuron: str) -> dict[str, Any]:
    return next(each for each in result.metrics["networks"] if each["neuron"] == neuron)


def test_b1_is_the_relu_network_and_alpha1_is_not(gradients: Any) -> None:
    relu, b1, alpha1, smart = (network(gradients, neuron) for neuron in ("relu", "b1", "alpha1", "smart-alpha1"))
    assert b1["jacobian_difference"] < 1e-6
    assert "jacobian_difference" not in relu
    assert b1["loss"] == pytest.approx(relu["loss"], rel=1e-9)
    for layer, other in zip(relu["layers"], b1["layers"], strict=True):
        assert other["activation_gradient"] == pytest.approx(layer["activation_gradient"], rel=1e-9)
        assert other["depth"]["largest"] == pytest.approx(layer["depth"]["largest"], rel=1e-6)
    assert alpha1["jacobian_difference"] is None, "other neurons fire"
    first = [each["layers"][0]["activation_gradient"] for each in (relu, alpha1, smart)]
    assert first[1] > 10 * first[0], "it explodes on its way to the first layer"
    assert first[2] < 3 * first[0]


def test_what_is_told_of_a_layer_in_figures_tables_and_curves(gradients: Any) -> None:
    assert (gradients.metrics["images"], gradients.metrics["jacobian_images"]) == (20, 1)
    assert gradients.model is None
    layers = network(gradients, "relu")["layers"]
    assert [layer["name"] for layer in layers] == [f"dense_{number}" for number in range(1, 7)]
    assert [layer["neurons"] for layer in layers] == [20] * 5 + [10]
    spectrum = layers[1]["jacobian"]
    assert spectrum["smallest"] <= spectrum["quantiles"]["q05"] <= spectrum["quantiles"]["q95"] <= spectrum["largest"]
    assert spectrum["values"] == sorted(spectrum["values"], reverse=True)
    assert layers[0]["jacobian"] == layers[0]["depth"]
    rows = list(csv.DictReader(io.StringIO(gradients.files["gradients.csv"])))
    assert len(rows) == 4 * 6
    assert float(rows[0]["activation_gradient"]) == layers[0]["activation_gradient"]
    assert float(rows[11]["depth_largest"]) == network(gradients, "b1")["layers"][5]["depth"]["largest"]
    for name in ("gradients.svg", "jacobians.svg"):
        assert gradients.files[name].startswith("<svg")
        assert "smart-alpha1" in gradients.files[name]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"neurons": "b1,alpha"}, UsageError, "did you mean 'alpha1'"),
        ({"neurons": "relu"}, UsageError, "nothing to compare the ReLU network with"),
        ({"neurons": 3}, UsageError, "names out of relu, b1, alpha1, smart-alpha1"),
        ({"neurons": "alpha1", "arch": "resnet20", "arch_opt": {"depth": 8}}, ConversionError, "plain chains"),
    ],
)
def test_what_cannot_be_compared(options: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error) as caught:
        snnctl.gradients(**{**TINY, **options})
    assert message in f"{caught.value.what} {caught.value.todo}"
