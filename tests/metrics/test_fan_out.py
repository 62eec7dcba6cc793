"""Synapses are counted as they are: against every neuron's own connections, looked at one by one."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from brute_force import SOURCES, synapses

from graphs import grow
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.lowering.size import fan_outs, leaving
from snnctl.ttfs.pooling import EarliestSpikePooling

L = keras.layers
NEURONS = tuple(kind for kind in SOURCES if kind is not EarliestSpikePooling)


def agrees(snn: keras.Model) -> None:
    counted = {(fan.source, fan.target): fan.synapses for fan in fan_outs(snn)}
    expected = {pair: matrix.sum(axis=1) for pair, matrix in synapses(snn).items()}
    assert counted.keys() == expected.keys()
    for pair, counts in counted.items():
        np.testing.assert_array_equal(counts.reshape(-1), expected[pair], err_msg=str(pair))
    through_pools: dict[str, int] = {}
    for (source, _), matrix in synapses(snn, NEURONS).items():
        through_pools[source] = through_pools.get(source, 0) + int(matrix.sum())
    assert leaving(snn) == through_pools


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(seed: int) -> None:
    network = grow(seed, numbers=False)
    agrees(build_spiking(network.model, SpikingSettings(input_range=network.input_range)))


def test_ways_that_meet_again() -> None:
    """A bottleneck; spikes read twice, through a pool and beside it; a flattened tensor that is cut and convolved."""
    x = keras.Input((6, 6, 2))
    spikes = L.ReLU()(L.Conv2D(4, 3, padding="same")(L.Conv2D(8, 1)(x)))
    joined = L.Concatenate()([L.UpSampling2D(2)(L.MaxPooling2D(3, 2, padding="same")(spikes)), spikes])
    cut = L.Conv1D(3, 2)(L.Reshape((16, 9))(L.ReLU()(L.Conv2D(4, 3, padding="same")(joined))))
    agrees(build_spiking(keras.Model(x, L.Dense(2)(L.Flatten()(cut))), SpikingSettings()))
