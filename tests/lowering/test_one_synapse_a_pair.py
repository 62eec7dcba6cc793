"""However many ways lead from a spike to a neuron, they are one synapse; each group of synapses has its own."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from snnctl.events import Network
from snnctl.lowering import lower
from snnctl.models.network import precision
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import Readout
from snnctl.ttfs.relay import Relay

L = keras.layers
RNG = np.random.default_rng(0)


def pairs(network: Network) -> np.ndarray:
    """(spike id, neuron) of every synapse, entry by entry as documented."""
    found = []
    for each in network.projections:
        for place, ids in enumerate(each.source):
            for entry in range(each.start[place], each.start[place + 1]):
                for channel, spike in enumerate(ids):
                    first = each.target[entry] + each.offset[channel]
                    found += [(spike, first + tap) for tap in range(each.J.shape[2]) if spike >= 0]
    return np.array(found)


def read(shape, wiring, synapses) -> keras.Model:
    """Coded input, wiring, and a readout with random weights."""
    with precision("float64"):
        inputs = keras.Input(shape)
        snn = keras.Model(inputs, Readout(synapses)(wiring(InputCoding()(inputs))))
        for layer in snn.layers:
            for weight in layer.trainable_weights:
                weight.assign(RNG.normal(size=weight.shape))
    return snn


def dense() -> keras.layers.Layer:
    return L.Dense(3, use_bias=False)


def conv(**options) -> keras.layers.Layer:
    return L.Conv2D(2, 3, padding="same", use_bias=False, **options)


def summed(x):
    """Two linear paths from the same spikes, and the spikes themselves."""
    return L.Add()([x, L.Conv2D(2, 3, padding="same", use_bias=False)(x), L.AveragePooling2D(2, 1, "same")(x)])


def shifted(x):
    """The same spikes twice, by one place apart."""
    return L.Concatenate(1)([x, L.ZeroPadding2D(((1, 0), (0, 0)))(x)])


def cut_in_two(x):
    """Channels that no longer stand together."""
    return L.Permute((3, 1, 2))(L.AveragePooling2D(2)(x))


def averaged_apart(x):
    """Sums of spikes, rearranged, padded and repeated."""
    x = L.ZeroPadding2D(1)(L.AveragePooling2D(2)(x))
    return L.UpSampling2D((1, 2))(L.Cropping2D(((0, 1), (1, 0)))(x))


WIRINGS = [
    ((4, 4, 2), L.UpSampling2D(2), conv()),
    ((4, 4, 2), lambda x: x, L.Conv2D(2, 2, groups=2, use_bias=False)),
    ((4, 4, 6), lambda x: L.Conv2D(6, 2, groups=2, use_bias=False)(x), L.Conv2D(6, 2, groups=3, use_bias=False)),
    ((4, 4, 2), lambda x: L.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False)(x), conv()),
    ((4,), lambda x: L.Flatten()(L.RepeatVector(3)(x)), dense()),
    ((4, 4, 2), summed, conv()),
    ((4, 4, 2), lambda x: L.Flatten()(summed(x)), dense()),
    ((4, 4, 2), shifted, conv()),
    ((4, 4, 2), lambda x: L.Flatten()(cut_in_two(x)), dense()),
    ((4, 4, 2), cut_in_two, conv()),
    ((5, 4, 2), averaged_apart, conv()),
    ((4, 4, 2), lambda x: L.Concatenate()([L.AveragePooling2D(2, 1, "same")(x), x]), conv(groups=2)),
    ((4, 4, 2), lambda x: L.Reshape((2, 4, 4))(L.AveragePooling2D(2, 1, "same")(x)), conv()),
    ((4, 4, 2), lambda x: L.Permute((2, 1, 3))(L.ZeroPadding2D(1)(x)), conv(strides=2)),
]


@pytest.mark.parametrize(("shape", "wiring", "synapses"), WIRINGS)
def test_no_pair_has_two_synapses_of_a_group(shape, wiring, synapses):
    """Every pair that is connected has one, with the sum of all paths as its weight."""
    synapses = type(synapses).from_config({**synapses.get_config(), "dtype": "float64"})
    snn = read(shape, wiring, synapses)
    found = pairs(lower(snn))
    assert len(np.unique(found, axis=0)) == len(found)
    neurons = int(np.prod(shape))
    unit = np.eye(neurons).reshape(-1, *shape)
    responses = snn(unit).numpy().reshape(neurons, -1) - snn(np.zeros((1, *shape))).numpy().reshape(1, -1)
    reached = np.zeros(responses.shape, bool)
    reached[tuple(found.T)] = True
    np.testing.assert_array_equal(reached, np.abs(responses) > 1e-14)


def test_each_group_has_its_own_synapses():
    with precision("float64"):
        inputs = keras.Input((4,))
        x = InputCoding()(inputs)
        snn = keras.Model(inputs, Readout([[L.Dense(3, use_bias=False)], [L.Dense(3, use_bias=False)]])([x, x]))
    assert len(pairs(lower(snn))) == 2 * 4 * 3


def test_a_relay_neuron_has_one_synapse_and_padding_none():
    with precision("float64"):
        inputs = keras.Input((4, 1))
        x = Relay(name="relay")(L.ZeroPadding1D(1)(L.UpSampling1D(2)(InputCoding()(inputs))))
        snn = keras.Model(inputs, Readout(L.Dense(1, use_bias=False))(L.Flatten()(x)))
    to_relays = [each for each in lower(snn).projections if each.target_name == "relay"]
    found = pairs(Network(None, (), (), to_relays, ()))
    assert sorted(found[:, 1]) == list(range(1, 9))
    assert sorted(found[:, 0]) == [0, 0, 1, 1, 2, 2, 3, 3]
