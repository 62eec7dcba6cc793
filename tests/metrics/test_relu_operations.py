"""Multiply-accumulates of ReLU networks, input by input."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from counting import batches_and_figures
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.data.stream import ArrayStream
from snnctl.metrics.network import measured_network
from snnctl.metrics.observation import observed
from snnctl.metrics.synaptic_operations import connections
from snnctl.plugins import load_registry
from snnctl.progress import SilentReporter
from snnctl.ttfs.hardware import Constraints, constrained
from snnctl.verbs.measurement import Measurement

L = keras.layers
SHAPE = (7, 6, 4)
LAYERS = [
    L.Conv2D(3, 3, strides=2, padding="same"),
    L.Conv2D(6, 2, dilation_rate=2, groups=2),
    L.DepthwiseConv2D(3, depth_multiplier=2),
    L.Conv2DTranspose(2, 3, strides=2),
    L.Dense(5),
]


def figures_of(model: keras.Model, inputs: np.ndarray) -> dict[str, Any]:
    """What snnctl's own metrics find in a ReLU network."""
    network = measured_network(model, "relu", inputs.shape)
    measurement = Measurement(network, load_registry(entry_points=False), SilentReporter(), labelled=False)
    for batch in observed(network, ArrayStream(lambda: inputs), measurement.needs, 4, SilentReporter(), ""):
        measurement.add(batch)
    return measurement.figures()


def by_hand(layer: Any, inputs: np.ndarray) -> int:
    """Products of an input that is not 0 with a weight, by the layer itself with all numbers being 1."""
    ones = type(layer).from_config({**layer.get_config(), "use_bias": False, "activation": None})
    ones(inputs)
    ones.set_weights([np.ones(weight.shape) for weight in ones.weights])
    return round(float(np.sum(ones((inputs != 0).astype("float32")))))


def sparse(*shape: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return (random.random(shape) * (random.random(shape) < 0.4)).astype("float32")


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_each_layer(layer: Any) -> None:
    start, x = keras.Input(SHAPE), sparse(9, *SHAPE)
    model = keras.Model(start, L.Flatten()(type(layer).from_config(layer.get_config())(start)))
    found = figures_of(model, x)
    assert found["macs"] == by_hand(layer, np.ones((1, *SHAPE), "float32"))
    assert found["nonzero_macs"] == by_hand(layer, x) / 9
    assert 0 < found["nonzero_macs"] < 0.6 * found["macs"]


def test_a_separable_convolution_is_two() -> None:
    start, x = keras.Input(SHAPE), sparse(9, *SHAPE)
    model = keras.Model(start, L.Flatten()(L.SeparableConv2D(5, 3, depth_multiplier=2)(start)))
    second = 5 * 4 * 8 * 5
    depthwise = L.DepthwiseConv2D(3, depth_multiplier=2)
    found = figures_of(model, x)
    assert found["macs"] == by_hand(depthwise, np.ones((1, *SHAPE), "float32")) + second
    assert found["nonzero_macs"] == pytest.approx(by_hand(depthwise, x) / 9 + second)


def chain() -> keras.Model:
    """With pools and normalisation, which cost nothing, and a nested model."""
    inner = keras.Sequential([keras.Input((3, 3, 4)), L.Flatten(), L.Dense(6, activation="relu")])
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            L.Conv2D(4, 3, padding="same", use_bias=False),
            L.BatchNormalization(),
            L.ReLU(),
            L.MaxPooling2D(2),
            inner,
            L.Dense(3),
        ]
    )


def test_a_spiking_network_tells_those_of_the_relu_network_it_equals() -> None:
    keras.utils.set_random_seed(0)
    model, x = chain(), sparse(20, 6, 6, 1)
    relu = figures_of(model, x)
    snn = build_spiking(model, SpikingSettings(width=100.0))
    _, spiking = batches_and_figures(snn, x)
    assert relu["macs"] == spiking["macs"] == (16 * 16) * 4 + 36 * 6 + 6 * 3
    assert relu["nonzero_macs"] == spiking["nonzero_macs"] == spiking["synaptic_operations"] < relu["macs"]
    assert relu["energy"]["relu_nj"] == spiking["energy"]["relu_nj"]
    assert "spiking_nj" not in relu["energy"]


def test_a_silent_input_may_be_another_value_than_zero() -> None:
    model, x = chain(), sparse(20, 6, 6, 1) - 0.5
    snn = build_spiking(model, SpikingSettings(width=100.0, input_range=(-0.5, 0.5)))
    _, spiking = batches_and_figures(snn, x)
    assert spiking["nonzero_macs"] == pytest.approx(figures_of(model, x)["nonzero_macs"])
    assert spiking["synaptic_operations"] < spiking["nonzero_macs"]


@pytest.mark.parametrize("low", [0.0, -0.5])
def test_rounded_spike_times_count_as_fired(low: float) -> None:
    """Pixels below half a level fire nothing, and pixels of value 0 are another one after rounding."""
    x = np.random.default_rng(3).uniform(low, low + 0.4, (20, 6, 6, 1)).astype("float32")
    x[:, :3] = 0.0
    free = build_spiking(chain(), SpikingSettings(width=100.0, input_range=(low, low + 1.0)))
    snn = constrained(free, Constraints(time_bits=2))
    batches, figures = batches_and_figures(snn, x, 4, ("times",))
    fired = np.concatenate([batch.local_times(snn.layers[1].name) for batch in batches]) > 0
    assert 0 < fired.mean() < 0.9
    if low == 0.0:
        assert figures["nonzero_macs"] == figures["synaptic_operations"]
    else:
        assert figures["nonzero_macs"] > figures["synaptic_operations"]
        first = sum(batch.nonzero("input_coding").sum() for batch in batches)
        assert first == x.size, "no level of two bits is the value 0"


@keras.saving.register_keras_serializable("test_relu_operations")
class Unknown(L.Layer):
    """A layer with weights of a kind that nobody knows."""

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(shape[-1],))

    def call(self, x: Any) -> Any:
        return x * self.w


def test_what_is_not_known_is_not_counted() -> None:
    start = keras.Input((4,))
    assert connections(keras.Model(start, L.Dense(2)(Unknown()(start))), (4,)) is None
    start = keras.Input((4, 3))
    product = keras.Model(start, L.Flatten()(L.Dot(axes=2)([start, L.Dense(3)(start)])))
    assert connections(product, (4, 3)) is None
    figures = figures_of(product, sparse(5, 4, 3))
    assert figures["macs"] is figures["nonzero_macs"] is figures["energy"]["relu_nj"] is None
