"""Multiply-accumulates of ReLU networks, input by input."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from counting import batches_and_figures, counted
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.metrics.network import MeasuredNetwork
from snnctl.ttfs.hardware import Constraints, constrained

L = keras.layers
SHAPE = (7, 6, 4)
LAYERS = [
    L.Conv2D(3, 3, strides=2, padding="same"),
    L.Conv2D(6, 2, dilation_rate=2, groups=2),
    L.DepthwiseConv2D(3, depth_multiplier=2),
    L.Conv2DTranspose(2, 3, strides=2),
    L.Dense(5),
]


def by_hand(layer: Any, inputs: np.ndarray) -> int:
    """Products of an input that is not 0 with a weight, by the layer itself with all numbers being 1."""
    ones = type(layer).from_config({**layer.get_config(), "use_bias": False, "activation": None})
    ones(inputs)
    ones.set_weights([np.ones(weight.shape) for weight in ones.weights])
    return round(float(np.sum(ones((inputs != 0).astype("float32")))))


def sparse(*shape: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return (random.random(shape) * (random.random(shape) < 0.4)).astype("float32")


def test_every_product_of_linear_layers_is_counted() -> None:
    """A separable convolution is two layers; what the second one reads is hardly ever 0."""
    start, x = keras.Input(SHAPE), sparse(9, *SHAPE)
    separable = L.SeparableConv2D(5, 3, depth_multiplier=2)
    model = keras.Model(start, [layer(start) for layer in (*LAYERS, separable)])
    first, second = L.DepthwiseConv2D(3, depth_multiplier=2), 5 * 4 * 8 * 5
    figures = counted(model, x, kind="relu")
    whole = np.ones((1, *SHAPE), "float32")
    assert figures["macs"] == sum(by_hand(layer, whole) for layer in (*LAYERS, first)) + second
    nonzero = sum(by_hand(layer, x) for layer in (*LAYERS, first)) / 9 + second
    assert figures["nonzero_macs"] == pytest.approx(nonzero)
    assert nonzero < 0.6 * figures["macs"]


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
    relu = counted(model, x, kind="relu")
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
    assert spiking["nonzero_macs"] == pytest.approx(counted(model, x, kind="relu")["nonzero_macs"])
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
    unknown = keras.Model(start, L.Dense(2)(Unknown()(start)))
    start = keras.Input((3, 8, 8))
    channels_first = keras.Model(start, L.Conv2D(2, 3, data_format="channels_first")(start))
    start = keras.Input((4, 3))
    product = keras.Model(start, L.Flatten()(L.Dot(axes=2)([start, L.Dense(3)(start)])))
    for model, shape in ((unknown, (4,)), (channels_first, (3, 8, 8)), (product, (4, 3))):
        assert MeasuredNetwork(model, "relu", shape, 1).macs is None
    figures = counted(product, sparse(5, 4, 3), kind="relu")
    assert figures["macs"] is figures["nonzero_macs"] is figures["energy"]["relu_nj"] is None
