"""Thresholds by border position: few distinct rows, whatever the convolution."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from snnctl.conversion.build import SpikingSettings, build_spiking

L = keras.layers


def first_spiking_layer(convolution, shape=(9, 7, 2), low=-1.0):
    model = keras.Sequential([keras.Input(shape), convolution, L.ReLU(), L.Flatten(), L.Dense(2)])
    snn = build_spiking(model, SpikingSettings(input_range=(low, 1.0)))
    return next(layer for layer in snn.layers if hasattr(layer, "border_classes"))


@pytest.mark.parametrize(
    ("convolution", "rows"),
    [
        (lambda: L.Conv2D(4, 3, padding="same"), 9),
        (lambda: L.Conv2D(4, 1, padding="same"), None),
        (lambda: L.Conv2D(4, 3, padding="valid"), None),
        (lambda: L.Conv2D(4, (1, 3), padding="same"), 3),
        (lambda: L.Conv2D(4, 5, padding="same"), 25),
        (lambda: L.Conv2D(4, 3, strides=2, padding="same"), 9),
        (lambda: L.Conv2D(4, 3, dilation_rate=2, padding="same"), 9),
    ],
)
def test_distinct_thresholds_per_filter(convolution, rows):
    layer = first_spiking_layer(convolution())
    assert layer.border_classes == rows
    assert layer.D.shape == ((rows, 4) if rows else (4,))


def test_an_unshifted_input_needs_one_threshold_per_filter():
    assert first_spiking_layer(L.Conv2D(4, 3, padding="same"), low=0.0).border_classes is None


def test_equal_positions_share_a_trained_threshold():
    layer = first_spiking_layer(L.Conv2D(4, 3, padding="same"))
    index = layer.position_index.numpy()
    assert index.shape == (9, 7)
    assert len(np.unique(index[1:-1, 1:-1])) == 1
    assert len({index[0, 0], index[0, -1], index[-1, 0], index[-1, -1], index[0, 3], index[4, 0], index[4, 4]}) == 7
