"""Networks as they are built in practice compute what their sources compute, spike by spike."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

import networks
from oracle import check_events, converted, difference, events_of, narrow, outputs_of
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.lowering import lower
from snnctl.models.network import precision
from snnctl.plugins import load_registry
from snnctl.verbs.plugin_objects import neuron_of

L = keras.layers


LONG = [pytest.param(build, marks=pytest.mark.long) for build in networks.MORE]


@pytest.mark.parametrize("build", [*networks.FIXED, *LONG])
def test_a_network_converts_exactly(build: Callable) -> None:
    """With windows that fit; with windows that are too short it saturates as the simulation does."""
    source, inputs = networks.source(build)
    snn = converted(source, inputs, networks.SPAN, "float64")
    with precision("float64"):
        assert check_events(snn, inputs) == 0
        narrow(snn)
        assert check_events(snn, inputs) > 0, "the test must see saturation happen"
    assert difference(outputs_of(source, inputs), outputs_of(snn, inputs)) > 1e-3


@pytest.mark.parametrize("build", [networks.lenet, networks.mobilenet])
def test_a_network_converts_in_single_precision_to_a_ten_thousandth(build: Callable) -> None:
    source, inputs = networks.source(build, "float32")
    snn = converted(source, inputs, networks.SPAN, "float32")
    check_events(snn, inputs)
    lowered = lower(snn)
    arrays = [each.threshold for each in lowered.populations] + [each.J for each in lowered.projections]
    assert {str(array.dtype) for array in arrays} == {"float64"}, "plain data is in double precision"


def interpolating(x):
    """Upsampled bilinearly, which TensorFlow does in single precision in a double-precision network as well."""
    x = L.UpSampling2D(3, interpolation="bilinear")(L.Conv2D(3, 3, activation="relu")(x))
    return L.Dense(3)(L.Flatten()(L.Conv2D(2, 3, activation="relu")(x)))


def test_interpolation_is_lowered_to_the_precision_it_is_computed_in() -> None:
    source, inputs = networks.source(interpolating)
    with precision("float64"):
        snn = build_spiking(source, SpikingSettings(input_range=networks.SPAN, dtype="float64", width=50.0))
        assert difference(outputs_of(snn, inputs), events_of(lower(snn), inputs).logits) < 1e-5


def test_neurons_with_a_slope_while_integrating() -> None:
    """alpha1 neurons, in a plain chain of convolutions."""
    layers = [L.Conv2D(4, 3, padding="same", activation="relu"), L.MaxPooling2D(2), L.Flatten()]
    with precision("float64"):
        layers += [L.Dense(6, activation="relu"), L.Dense(3)]
        source = keras.Sequential([keras.Input((7, 6, 2)), *layers])
        networks.randomize(source, np.random.default_rng(0))
        snn = build_spiking(
            source, SpikingSettings(neuron=neuron_of("alpha1", load_registry()), dtype="float64", width=2.0)
        )
        check_events(snn, np.random.default_rng(1).uniform(0, 1, (8, 7, 6, 2)))


def test_plain_data_is_as_small_as_the_weights() -> None:
    """Matrices are shared by all places of an image, behind average pools and depthwise convolutions too."""
    snn = build_spiking(networks.source(networks.mobilenet)[0], SpikingSettings(dtype="float64"))
    dense = snn.layers[-1].name  # reads every place of the image in its own way
    assert max(len(each.J) for each in lower(snn).projections if each.target_name != dense) <= 9
    snn = build_spiking(networks.source(networks.lenet)[0], SpikingSettings(dtype="float64"))
    for each in lower(snn).projections:
        (synapses,) = [part for part in snn.get_layer(each.target_name).synapses if part.weights]
        assert each.J.size <= 16 * np.prod(synapses.kernel.shape)
