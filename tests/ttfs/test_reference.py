"""The reference itself: its linear maps are Keras's, and it notices what spikes cannot do."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import reference
import snnctl.layers as ttfs

L = keras.layers
SEQUENCE, IMAGE, VOLUME = (9, 4), (7, 8, 4), (5, 4, 6, 4)

MAPS = {
    "Dense on images": (IMAGE, L.Dense, (3,), {}),
    "OneToOne": (IMAGE, ttfs.OneToOne, (), {}),
    "OneToOne per neuron": (IMAGE, ttfs.OneToOne, (True,), {}),
    "Conv1D same, strides": (SEQUENCE, L.Conv1D, (3, 4), {"strides": 3, "padding": "same"}),
    "Conv1D causal": (SEQUENCE, L.Conv1D, (3, 3), {"padding": "causal", "dilation_rate": 2}),
    "Conv1D causal, strides": (SEQUENCE, L.Conv1D, (3, 3), {"padding": "causal", "strides": 2}),
    "Conv2D same": (IMAGE, L.Conv2D, (3, (2, 3)), {"padding": "same"}),
    "Conv2D same, strides": (IMAGE, L.Conv2D, (3, (4, 2)), {"padding": "same", "strides": (2, 3)}),
    "Conv2D groups, dilated": (IMAGE, L.Conv2D, (6, 2), {"groups": 2, "dilation_rate": (2, 3)}),
    "Conv3D": (VOLUME, L.Conv3D, (3, (2, 3, 2)), {"padding": "same", "strides": (1, 2, 2)}),
    "DepthwiseConv1D": (SEQUENCE, L.DepthwiseConv1D, (3,), {"depth_multiplier": 2, "padding": "same"}),
    "DepthwiseConv2D": (IMAGE, L.DepthwiseConv2D, ((3, 2),), {"depth_multiplier": 2, "strides": 2, "padding": "same"}),
    "DepthwiseConv2D dilated": (IMAGE, L.DepthwiseConv2D, (3,), {"dilation_rate": 2, "padding": "same"}),
    "Conv1DTranspose": (SEQUENCE, L.Conv1DTranspose, (3, 2), {"strides": 3}),
    "Conv2DTranspose": (IMAGE, L.Conv2DTranspose, (3, (4, 2)), {"strides": (2, 1), "padding": "same"}),
    "Conv2DTranspose valid": (IMAGE, L.Conv2DTranspose, (3, (3, 1)), {"strides": 2}),
    "Conv2DTranspose more": (IMAGE, L.Conv2DTranspose, (3, 3), {"strides": 2, "output_padding": 1, "padding": "same"}),
    "Conv2DTranspose more, valid": (IMAGE, L.Conv2DTranspose, (3, 3), {"strides": 2, "output_padding": (1, 0)}),
    "Conv3DTranspose": (VOLUME, L.Conv3DTranspose, (2, 3), {"strides": 2, "padding": "same"}),
    "AveragePooling1D": (SEQUENCE, L.AveragePooling1D, (4, 2), {"padding": "same"}),
    "AveragePooling2D": (IMAGE, L.AveragePooling2D, ((3, 2), 1), {"padding": "same"}),
    "AveragePooling2D valid": (IMAGE, L.AveragePooling2D, (3, 2), {}),
    "GlobalAveragePooling2D": (IMAGE, L.GlobalAveragePooling2D, (), {}),
    "GlobalAveragePooling3D": (VOLUME, L.GlobalAveragePooling3D, (), {"keepdims": True}),
    "UpSampling1D": (SEQUENCE, L.UpSampling1D, (3,), {}),
    "UpSampling2D": (IMAGE, L.UpSampling2D, ((2, 3),), {}),
    "UpSampling3D": (VOLUME, L.UpSampling3D, ((2, 1, 3),), {}),
    "ZeroPadding1D": (SEQUENCE, L.ZeroPadding1D, ((2, 0),), {}),
    "ZeroPadding2D": (IMAGE, L.ZeroPadding2D, (((0, 1), (2, 3)),), {}),
    "ZeroPadding3D": (VOLUME, L.ZeroPadding3D, (2,), {}),
    "Cropping1D": (SEQUENCE, L.Cropping1D, ((2, 0),), {}),
    "Cropping2D": (IMAGE, L.Cropping2D, (((0, 1), (2, 3)),), {}),
    "Cropping3D": (VOLUME, L.Cropping3D, (1,), {}),
    "Flatten": (IMAGE, L.Flatten, (), {}),
    "Reshape": (IMAGE, L.Reshape, ((-1, 8),), {}),
    "Permute": (VOLUME, L.Permute, ((4, 2, 1, 3),), {}),
    "RepeatVector": ((5,), L.RepeatVector, (3,), {}),
}


def without_bias(kind, args, options):
    """The layer in float64, without a bias where it could have one."""
    bias = {"use_bias": False} if hasattr(kind, "use_bias") or "Conv" in kind.__name__ or kind is L.Dense else {}
    return kind(*args, **options, **bias, dtype="float64")


@pytest.mark.parametrize("name", MAPS)
def test_linear_maps_are_keras_s_own(name):
    shape, kind, args, options = MAPS[name]
    layer = without_bias(kind, args, options)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *shape))
    layer.build(x.shape)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    expected = np.asarray(layer(x))
    found = reference.linear_map(layer)(x)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        (VOLUME, L.AveragePooling3D((2, 3, 2), (2, 1, 2), "same")),
        (IMAGE, L.UpSampling2D((2, 3), interpolation="bilinear")),
        (IMAGE, L.Conv2DTranspose(3, 3, strides=1, dilation_rate=2, use_bias=False)),
    ],
    ids=["AveragePooling3D", "bilinear", "Conv2DTranspose dilated"],
)
def test_linear_maps_are_keras_s_own_in_single_precision(shape, layer):
    """TensorFlow has no double precision for these."""
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    expected = layer(x)
    np.testing.assert_allclose(reference.linear_map(layer)(x), expected, atol=1e-5)


# What spikes cannot do.


def spiking(units: int = 3, **options) -> ttfs.SpikingLayer:
    return ttfs.SpikingLayer(L.Dense(units, use_bias=False), **options)


def simulated(outputs, inputs):
    """The reference's view of a network that ends in these tensors."""
    model = keras.Model(inputs, ttfs.Readout(L.Dense(2, use_bias=False))(outputs))
    return reference.evaluate(model, np.random.default_rng(0).uniform(0, 1, (4, 3)))


@pytest.fixture
def start():
    keras.utils.set_random_seed(0)
    return keras.Input((3,))


def test_spikes_of_different_windows_cannot_be_summed(start):
    x = ttfs.InputCoding()(start)
    with pytest.raises(reference.UnphysicalError, match="different windows"):
        simulated(L.Add()([x, spiking()(x)]), start)
    simulated(L.Add()([ttfs.Relay()(x), spiking()(x)]), start)


def test_groups_of_synapses_read_spikes_of_one_window(start):
    x = ttfs.InputCoding()(start)
    groups = ttfs.SpikingLayer([[], []])
    with pytest.raises(reference.UnphysicalError, match="different windows"):
        simulated(groups([x, spiking()(x)]), start)


def test_a_spike_outside_its_window_is_noticed(start):
    """Local times above the width of the input's window."""
    model = keras.Model(start, ttfs.Readout([[]])(start))
    reference.evaluate(model, np.array([[0.0, 0.5, 1.0]]))
    with pytest.raises(reference.UnphysicalError, match="outside"):
        reference.evaluate(model, np.array([[0.0, 0.5, 1.5]]))


def test_sums_of_spikes_are_neither_relayed_nor_pooled(start):
    x = ttfs.InputCoding()(start)
    with pytest.raises(reference.UnphysicalError, match="sums"):
        simulated(ttfs.Relay()(L.Dense(3, use_bias=False)(x)), start)
    image = L.Reshape((3, 1))(L.Add()([x, x]))
    with pytest.raises(reference.UnphysicalError, match="sums"):
        simulated(L.Flatten()(ttfs.EarliestSpikePooling1D(2)(image)), start)


def test_a_clipped_window_is_as_wide_as_its_limit(start):
    layer = spiking(max_value=2.0)
    x = layer(ttfs.InputCoding()(start))
    simulated(x, start)
    layer.width.assign(1.0)
    with pytest.raises(reference.UnphysicalError, match="limit"):
        simulated(x, start)


def test_pools_do_not_compare_neurons_with_different_reference_times(start):
    """The earliest spike is not the largest value: signed neurons measure theirs from another time."""
    x = ttfs.InputCoding()(start)
    images = [L.Reshape((3, 1))(spiking(signed=signed)(x)) for signed in (False, True)]
    beside = ttfs.EarliestSpikePooling1D(3)(L.Concatenate(axis=1)(images))
    assert simulated(L.Flatten()(beside), start)  # no pool across the border
    across = ttfs.EarliestSpikePooling1D(2)(L.Concatenate(axis=1)(images))
    with pytest.raises(reference.UnphysicalError, match="reference times"):
        simulated(L.Flatten()(across), start)
