"""Windows of networks that compute in half precision are those of single precision."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from snnctl.ttfs.spiking import SpikingLayer

L = keras.layers


def layer(policy: str, **options) -> SpikingLayer:
    synapses = L.Dense(1, use_bias=False, kernel_initializer="ones", dtype=policy)
    return SpikingLayer(synapses, dtype=policy, **options)


@pytest.mark.parametrize("policy", ["mixed_float16", "float16"])
def test_a_large_activation_makes_no_infinite_window(policy):
    spiking = layer(policy, gamma=10.0)
    spiking(np.array([[7000.0]]), training=True)
    assert float(spiking.width) == 70_000.0


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16"])
def test_a_window_does_not_shrink_on_a_batch_without_spikes(policy):
    spiking = layer(policy, width=1001.23)
    spiking(np.array([[0.0]]), training=True)
    assert float(spiking.width) == pytest.approx(1001.23, abs=1e-4)
