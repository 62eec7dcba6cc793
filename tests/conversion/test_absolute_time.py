"""Converted networks against the membrane equations, solved neuron by neuron in absolute time."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import graphs
import networks
import reference
from snnctl.conversion.logits import logits_of
from snnctl.models import as_dtype, precision
from snnctl.ttfs.observe import observed_firing, silence
from snnctl.ttfs.timeline import latency, relays, spiking_layers, timeline

SHORT, ALL = 8, 170
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}  # single precision where TensorFlow has no double

L = keras.layers
IMAGE = (9, 8, 3)


def check(source: keras.Model, snn: keras.Model, inputs: np.ndarray) -> None:
    """Spikes, windows and logits with wide windows, and with windows that cut off the largest values."""
    found = reference.evaluate(snn, inputs)
    dtype = snn.compute_dtype
    assert disagreement(graphs.outputs_of(logits_of(source), inputs), found.logits) <= TOLERANCE[dtype]
    assert not any(crossing.too_early.any() for name, crossing in found.crossings.items() if not clipped(snn, name))
    compare(snn, inputs, found)
    graphs.narrow(snn)
    compare(snn, inputs, reference.evaluate(snn, inputs))


def clipped(snn: keras.Model, name: str) -> bool:
    return snn.get_layer(name).max_value is not None


def compare(snn: keras.Model, inputs: np.ndarray, found: reference.Evaluation) -> None:
    """The spiking network and the reference: windows, spike times and logits."""
    tolerance = TOLERANCE[snn.compute_dtype]
    view, names = observed_firing(snn)
    logits, ideals, carried = view(inputs)
    local = dict(zip(names, carried, strict=True))
    outputs = logits if isinstance(logits, list) else [logits]
    assert disagreement(found.logits, outputs) <= tolerance
    assert disagreement(found.logits, graphs.outputs_of(snn, inputs)) <= tolerance
    for window in timeline(snn):
        expected = found.windows[window.layer]
        assert window.level == expected.level
        np.testing.assert_allclose([window.t_min, window.t_max], [expected.t_min, expected.t_max], rtol=1e-6)
    assert latency(snn) == pytest.approx(found.layout.ends[-1])
    for layer, ideal in zip(spiking_layers(snn), ideals, strict=True):
        compare_times(layer.name, np.asarray(layer.fire(ideal)) - float(layer.range[0]), found, tolerance)
        np.testing.assert_array_equal(local[layer.name], layer.fire(ideal))
    for layer, none in zip(relays(snn), silence(snn), strict=True):
        compare_times(layer.name, np.asarray(local[layer.name]) - none, found, tolerance)


def compare_times(name: str, left: np.ndarray, found: reference.Evaluation, tolerance: float) -> None:
    """Spike times of a layer; ``left``: how long before the end of the window; 0: silent."""
    window = found.windows[name]
    times = np.minimum(found.times[name], window.t_max)  # a spike at the very end is none
    assert np.all(left >= -tolerance * window.width)
    assert np.all(left <= window.width * (1 + 1e-6))
    np.testing.assert_allclose(window.t_max - left, times, atol=tolerance * window.t_max, err_msg=name)


def disagreement(first, second) -> float:
    """The largest relative difference of an output."""
    return max(graphs.largest_relative_difference(*pair) for pair in zip(first, second, strict=True))


# Random networks.


def check_graph(seed: int) -> None:
    network = graphs.grow(seed)
    dtype = "float64" if network.double else "float32"
    source = as_dtype(network.model, dtype)
    inputs = network.inputs.astype(dtype)
    with precision(dtype):
        check(source, graphs.spiking_form(source, inputs, network.input_range, dtype), inputs)


@pytest.mark.parametrize("seed", range(SHORT))
def test_a_random_network_obeys_the_equations(seed):
    check_graph(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(SHORT, ALL))
def test_many_a_random_network_obeys_the_equations(seed):
    check_graph(seed)


# Fixed networks.


def residual(x):
    """As in ResNets: normalised, with projections, two blocks at each size."""
    x = conv_norm(x, 4, 3, relu=True)
    for filters, stride in ((4, 1), (6, 2), (6, 1)):
        y = conv_norm(x, filters, 3, strides=stride, relu=True)
        y = conv_norm(y, filters, 3)
        x = x if filters == x.shape[-1] else conv_norm(x, filters, 1, strides=stride)
        x = L.ReLU()(L.Add()([x, y]))
    return L.Dense(4)(L.GlobalAveragePooling2D()(x))


def conv_norm(x, filters, size, relu=False, **options):
    x = L.BatchNormalization()(L.Conv2D(filters, size, padding="same", **options)(x))
    return L.ReLU()(x) if relu else x


def densely_connected(x):
    """As in DenseNets: outputs of linear layers side by side, normalised differently for each reader."""
    x = L.Conv2D(4, 3, padding="same")(x)
    for _ in range(3):
        y = L.Conv2D(6, 1)(L.ReLU()(L.BatchNormalization()(x)))
        y = L.Conv2D(3, 3, padding="same")(L.ReLU()(L.BatchNormalization()(y)))
        x = L.Concatenate()([x, y])
    x = L.AveragePooling2D(2)(L.Conv2D(5, 1)(L.ReLU()(L.BatchNormalization()(x))))
    return L.Dense(4)(L.GlobalAveragePooling2D()(L.ReLU()(L.BatchNormalization()(x))))


def leaky(x):
    """Slopes of one sign and of both, before and behind poolings of both kinds."""
    x = L.LeakyReLU(0.2)(L.Conv2D(4, 3, padding="same")(x))
    x = L.MaxPooling2D(2, 1, "same")(L.BatchNormalization()(x))
    x = L.Conv2D(5, 3)(x)
    x = L.MaxPooling2D(2)(L.PReLU(shared_axes=[1, 2])(x))
    x = L.AveragePooling2D(2, 1, "same")(L.PReLU()(L.Conv2D(4, 2, padding="same")(x)))
    return L.Dense(4)(L.Flatten()(x))


def clipped_relus(x):
    """Windows of exactly the limits."""
    x = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(4, 3, strides=2)(x)))
    x = L.ReLU(0.5)(L.Conv2D(6, 2, padding="same")(x))
    x = L.MaxPooling2D(2)(L.BatchNormalization()(x))
    return L.ReLU(1.0)(L.Dense(4)(L.Flatten()(x)))


def separable(x):
    """Two linear layers in a row."""
    x = L.SeparableConv2D(5, 3, depth_multiplier=2, activation="relu")(x)
    x = L.BatchNormalization()(x)
    x = L.ReLU()(L.BatchNormalization()(L.SeparableConv2D(4, 3, padding="same")(x)))
    return L.Dense(4)(L.Flatten()(x))


def inverted_residuals(x):
    """As in MobileNetV2: narrow linear tensors are summed, and carried by signed neurons meanwhile."""
    x = L.ReLU(6.0)(conv_norm(x, 4, 3, strides=2))
    x = conv_norm(x, 3, 1)
    for _ in range(2):
        y = L.ReLU(6.0)(conv_norm(x, 8, 1))
        y = L.ReLU(6.0)(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same")(y)))
        x = L.Add()([x, conv_norm(y, 3, 1)])
    y = L.Conv2D(4, 3, padding="same", activation="relu")(x)  # zero padding of signed spikes
    return L.Dense(4)(L.Flatten()(L.Subtract()([L.Conv2D(4, 1)(x), y])))


def several_outputs(x):
    """Readouts at the ends of different windows."""
    x = L.Conv2D(4, 3, activation="relu")(x)
    y = L.Conv2D(5, 3, activation="relu")(x)
    first = L.Dense(3, activation="relu")(L.GlobalMaxPooling2D()(x))
    return [first, L.Dense(2)(L.Flatten()(y)), L.Conv2D(2, 1)(y)]


def encoder_decoder(x):
    """As in U-Nets: the encoder's spikes wait for the decoder."""
    x = L.Conv2D(3, 3, padding="same", activation="relu")(L.ZeroPadding2D(((1, 0), (0, 0)))(x))
    y = L.Conv2D(4, 3, padding="same", activation="relu")(L.MaxPooling2D(2)(x))
    z = L.Conv2D(4, 3, padding="same", activation="relu")(L.AveragePooling2D(2, 1, "same")(y))
    y = L.Concatenate()([y, z])
    y = L.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu")(y)
    x = L.Concatenate()([x, y, L.UpSampling2D(2)(z)])
    return L.Conv2D(2, 1)(L.Conv2D(3, 3, padding="same", activation="relu")(x))


FIXED = (
    *(residual, densely_connected, leaky, clipped_relus, separable, inverted_residuals),
    *(several_outputs, encoder_decoder),
)


def converted(build, span=(-1.0, 2.0), seed=0):
    """A network with random numbers, inputs, and its calibrated spiking form; float64."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    with precision("float64"):
        inputs = keras.Input(IMAGE)
        source = keras.Model(inputs, build(inputs))
        networks.randomize(source, rng)
        for layer in source.layers:
            if isinstance(layer, L.PReLU):
                layer.alpha.assign(rng.uniform(-0.4, 0.6, layer.alpha.shape))
        values = rng.uniform(*span, (6, *IMAGE))
        values[0], values[1] = span
        return source, graphs.spiking_form(source, values, span, "float64"), values


@pytest.mark.parametrize("build", FIXED)
def test_a_network_obeys_the_equations(build):
    check(*converted(build))


@pytest.mark.parametrize("build", [residual, densely_connected, inverted_residuals])
def test_narrow_windows_saturate_and_change_the_logits(build):
    source, snn, inputs = converted(build)
    graphs.narrow(snn)
    found = reference.evaluate(snn, inputs)
    early = {name for name, crossing in found.crossings.items() if crossing.too_early.any() and not clipped(snn, name)}
    assert early, "the test must see saturation happen"
    assert disagreement(graphs.outputs_of(source, inputs), found.logits) > 1e-3
    compare(snn, inputs, found)


def test_fixed_networks_hold_every_kind_of_neuron():
    _, snn, _ = converted(inverted_residuals)
    layers = spiking_layers(snn)
    assert {layer.signed for layer in layers} == {True, False}
    assert {layer.max_value for layer in layers} == {None, 6.0}
    assert relays(snn)


def zero_padded_pool(x):
    """Max pooling of a linear output that is zero-padded."""
    return L.Dense(3)(L.Flatten()(L.MaxPooling2D(3)(L.ZeroPadding2D(1)(L.Conv2D(3, 3, padding="same")(x)))))


def pool_across_branches(x):
    """Max pooling over a linear output and a rectified one that lie side by side in the image."""
    signed, rectified = L.Conv2D(3, 3, padding="same")(x), L.Conv2D(3, 3, padding="same", activation="relu")(x)
    x = L.Concatenate(axis=1)([signed, rectified])
    pooled, read = L.MaxPooling2D(4)(x), L.Conv2D(2, 3, activation="relu")(x)
    return L.Dense(3)(L.Concatenate()([L.Flatten()(pooled), L.Flatten()(read)]))


@pytest.mark.parametrize("build", [zero_padded_pool, pool_across_branches])
def test_pools_over_signed_neurons_and_others_obey_the_equations(build):
    check(*converted(build))
