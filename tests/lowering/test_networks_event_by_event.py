"""Networks as plain data compute what the layers they are made of compute: spike by spike, event by event."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import graphs
import networks
from lowering.agreeing import check, events_of, simulated
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.events import Network
from snnctl.lowering import lower
from snnctl.models import as_dtype, precision
from snnctl.ttfs.observe import observed
from snnctl.ttfs.timeline import spiking_layers

SHORT, ALL = 7, 70
IMAGE = (9, 8, 3)
L = keras.layers


def grown(seed: int) -> tuple[keras.Model, graphs.Network, str]:
    """A random network in the best precision that TensorFlow has for it."""
    network = graphs.grow(seed)
    dtype = "float64" if network.double else "float32"
    return as_dtype(network.model, dtype), network, dtype


@pytest.mark.parametrize("seed", range(SHORT))
def test_a_random_network_is_simulated_exactly(seed):
    """In windows that fit some neurons and are too short for others."""
    source, network, dtype = grown(seed)
    with precision(dtype):
        settings = SpikingSettings(input_range=network.input_range, dtype=dtype, width=2.0)
        check(build_spiking(source, settings), network.inputs.astype(dtype))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SHORT, ALL))
def test_many_a_random_network_is_simulated_exactly(seed):
    source, network, dtype = grown(seed)
    inputs = network.inputs.astype(dtype)
    with precision(dtype):
        snn = graphs.spiking_form(source, inputs, network.input_range, dtype)
        check(snn, inputs)
        graphs.narrow(snn)
        check(snn, inputs)


# Fixed networks.


def conv_norm(x, filters, size, relu=False, **options):
    x = L.BatchNormalization()(L.Conv2D(filters, size, padding="same", **options)(x))
    return L.ReLU()(x) if relu else x


def pooled_and_normalised(x):
    """As in the VGGs, with a normalisation behind each ReLU: some pools wait for their latest member."""
    for filters in (4, 6):
        x = L.BatchNormalization()(L.Conv2D(filters, 3, padding="same", activation="relu")(x))
        x = L.MaxPooling2D(2)(x)
    x = L.BatchNormalization()(L.Dense(8, activation="relu")(L.Flatten()(x)))
    return L.Dense(4)(x)


def averaged(x):
    """As LeNet-5: average pools between convolutions."""
    x = L.AveragePooling2D(2, 1, "same")(L.Conv2D(4, 3, activation="relu")(x))
    x = L.AveragePooling2D(2)(L.Conv2D(6, 3, padding="same", activation="relu")(x))
    return L.Dense(4)(L.Dense(8, activation="relu")(L.Flatten()(x)))


def residual(x):
    """As in ResNets: sums, projections, relays."""
    x = conv_norm(x, 4, 3, relu=True)
    for filters, stride in ((4, 1), (6, 2)):
        y = conv_norm(conv_norm(x, filters, 3, strides=stride, relu=True), filters, 3)
        x = x if filters == x.shape[-1] else conv_norm(x, filters, 1, strides=stride)
        x = L.ReLU()(L.Add()([x, y]))
    return L.Dense(4)(L.GlobalAveragePooling2D()(x))


def inverted_residual(x):
    """As in MobileNetV2: depthwise convolutions, ReLU6, sums carried by signed neurons and padded with zeros."""
    x = conv_norm(L.ReLU(6.0)(conv_norm(x, 4, 3, strides=2)), 3, 1)
    for _ in range(2):
        y = L.ReLU(6.0)(conv_norm(x, 8, 1))
        y = L.ReLU(6.0)(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same")(y)))
        x = L.Add()([x, conv_norm(y, 3, 1)])
    y = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    return L.Dense(4)(L.Flatten()(L.Subtract()([L.Conv2D(4, 1)(x), y])))


def linear_wiring(x):
    """Several linear layers in a row and side by side, read several times."""
    x = L.Conv2D(4, 3, activation="relu")(x)
    y = L.Conv2D(4, 3, padding="same")(x)
    y = L.Add()([x, y, L.Conv2D(4, 1)(y)])
    z = L.Concatenate()([L.AveragePooling2D(3, 1, "same")(y), x])
    z = L.Conv2D(6, 2, groups=2, padding="same")(L.UpSampling2D(2)(z))
    first = L.Conv2D(3, 3, strides=2, activation="relu")(z)
    second = L.Conv2D(3, 2, strides=2, activation="relu")(L.ZeroPadding2D(1)(z))
    return [L.Dense(3)(L.Flatten()(first)), L.Conv2D(2, 1)(second)]


def repeated_spikes(x):
    """The same spikes at several places, which one kernel reads together."""
    x = L.Conv2D(3, 3, padding="same", activation="relu")(L.UpSampling2D(2)(x))
    y = L.MaxPooling2D(2)(x)
    z = L.Conv2DTranspose(3, 3, strides=2, padding="same")(y)
    x = L.ReLU()(L.Concatenate()([L.Conv2D(3, 3, padding="same")(L.UpSampling2D(2)(y)), z, x]))
    y = L.RepeatVector(3)(L.Dense(4, activation="relu")(L.GlobalMaxPooling2D()(x)))
    return L.Dense(4)(L.Dense(5, activation="relu")(L.Flatten()(y)))


FIXED = (pooled_and_normalised, averaged, residual, inverted_residual, linear_wiring, repeated_spikes)


def converted(build, span=(-1.0, 2.0), dtype="float64") -> tuple[keras.Model, np.ndarray]:
    """A spiking network of random numbers, and images."""
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    with precision(dtype):
        inputs = keras.Input(IMAGE)
        source = keras.Model(inputs, build(inputs))
        networks.randomize(source, rng)
        values = rng.uniform(*span, (6, *IMAGE)).astype(dtype)
        values[0], values[1] = span
        snn = build_spiking(source, SpikingSettings(input_range=span, dtype=dtype, width=50.0))
        fit_windows(snn, values)
        return snn, values


def fit_windows(snn: keras.Model, inputs: np.ndarray) -> None:
    """Windows half as wide again as what the inputs need, as conversion makes them."""
    for layer, ideal in zip(spiking_layers(snn), observed(snn)(inputs)[1], strict=True):
        if layer.signed:
            layer.low.assign(1.25 * float(np.min(ideal)))
            layer.width.assign(1.25 * float(np.max(ideal) - np.min(ideal)))
        elif layer.max_value is None:
            layer.width.assign(1.5 * max(float(np.max(ideal)), 0.1))


@pytest.mark.parametrize("build", FIXED)
def test_a_network_is_simulated_exactly(build):
    snn, inputs = converted(build)
    with precision("float64"):
        check(snn, inputs)
        graphs.narrow(snn)
        assert check(snn, inputs) > 0, "the test must see saturation happen"


@pytest.mark.parametrize("build", [averaged, inverted_residual])
def test_a_network_in_single_precision_is_simulated_to_a_ten_thousandth_of_its_windows(build):
    snn, inputs = converted(build, dtype="float32")
    check(snn, inputs)


def interpolating(x):
    """Upsampled bilinearly, which TensorFlow does in single precision in a double-precision network as well."""
    x = L.UpSampling2D(3, interpolation="bilinear")(L.Conv2D(3, 3, activation="relu")(x))
    return L.Dense(3)(L.Flatten()(L.Conv2D(2, 3, activation="relu")(x)))


def test_interpolation_is_compared_to_the_precision_it_is_computed_in():
    snn, inputs = converted(interpolating)
    with precision("float64"):
        found = simulated(snn, inputs)
    assert found.difference == ""
    assert found.figures["largest_relative_difference"] < 1e-5


def test_neurons_with_a_slope_while_integrating_are_simulated_exactly():
    """alpha1 neurons, in a plain chain of convolutions."""
    rng = np.random.default_rng(0)
    with precision("float64"):
        source = keras.Sequential(
            [
                keras.Input((7, 6, 2)),
                L.Conv2D(4, 3, padding="same", activation="relu"),
                L.MaxPooling2D(2),
                L.Flatten(),
                L.Dense(6, activation="relu"),
                L.Dense(3),
            ]
        )
        networks.randomize(source, rng)
        snn = build_spiking(source, SpikingSettings(neuron="alpha1", dtype="float64", width=2.0))
        inputs = rng.uniform(0, 1, (8, 7, 6, 2))
        check(snn, inputs)


def test_a_network_without_input_coding_is_given_spike_times():
    from snnctl.ttfs.readout import Readout
    from snnctl.ttfs.spiking import SpikingLayer

    rng = np.random.default_rng(0)
    with precision("float64"):
        inputs = keras.Input((5,))
        hidden = SpikingLayer(L.Dense(6, use_bias=False), width=4.0)
        readout = Readout(L.Dense(3, use_bias=False))
        snn = keras.Model(inputs, readout(hidden(inputs)))
        hidden.D.assign(rng.normal(size=6))
        check(snn, rng.uniform(0, 1, (6, 5)))


def test_a_network_remains_as_small_as_its_weights():
    """Matrices are shared by all places of an image, behind average pools and depthwise convolutions too."""
    snn, _ = converted(inverted_residual)
    lowered = lower(snn)
    taps = {each.name: len(each.J) for each in lowered.projections}
    assert max(taps.values()) <= 9
    snn, _ = converted(averaged)
    size = {each.name: each.J.size for each in lower(snn).projections}
    readers = [layer for layer in spiking_layers(snn) if layer.name in size]
    weights = {layer.name: sum(int(np.prod(part.kernel.shape)) for part in layer.synapses) for layer in readers}
    assert all(size[name] <= 16 * weights[name] for name in weights)


def numbers(network: Network) -> set[str]:
    """Types of all floating-point arrays."""
    arrays = [each.threshold for each in network.populations] + [each.J for each in network.projections]
    return {str(array.dtype) for array in arrays}


def test_plain_data_is_in_double_precision_whatever_the_network_computes_in():
    snn, inputs = converted(averaged, dtype="float32")
    lowered = lower(snn)
    assert numbers(lowered) == {"float64"}
    batch = events_of(lowered, inputs)
    outputs = snn(inputs).numpy()
    np.testing.assert_allclose(batch.logits[0], outputs, atol=1e-5 * np.abs(outputs).max())
