"""Each linear layer as a map by blocks: what Keras computes, over strides, paddings, dilations, groups and axes."""

from __future__ import annotations

from itertools import product

import keras
import numpy as np
import pytest

from snnctl.lowering.blocks import BlockMap
from snnctl.lowering.linear import LINEAR, kernels
from snnctl.models.network import precision
from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.integration import Diagonal

L = keras.layers
RNG = np.random.default_rng(0)
IMAGES = {1: (7, 4), 2: (5, 6, 4), 3: (4, 3, 5, 2)}


def sliding(cls, axes, sizes, strides, dilations, paddings, **options):
    """A layer for each combination that Keras takes."""
    for size, stride, dilation, padding in product(sizes, strides, dilations, paddings):
        if stride == 1 or dilation == 1:
            moves = {"kernel_size": size, "strides": stride, "padding": padding, "dilation_rate": dilation}
            yield cls(**moves, use_bias=False, **options), IMAGES[axes]


LAYERS = [
    (L.Dense(3, use_bias=False), (5,)),
    (L.Dense(3, use_bias=False), (4, 5)),
    (Diagonal(), (3, 4)),
    (Diagonal(per_neuron=True), (3, 4)),
    *sliding(L.Conv1D, 1, (1, 3), (1, 2), (1, 2), ("valid", "same", "causal"), filters=3),
    *sliding(L.Conv2D, 2, (1, (2, 3)), (1, 2, 3), (1, 2), ("valid", "same"), filters=3),
    *sliding(L.Conv2D, 2, (3,), (1, 2), (1,), ("valid", "same"), filters=6, groups=2),
    *sliding(L.Conv3D, 3, ((2, 1, 3),), (1, 2), (1,), ("valid", "same"), filters=3),
    *sliding(L.DepthwiseConv1D, 1, (3,), (1, 2), (1, 2), ("valid", "same"), depth_multiplier=2),
    *sliding(L.DepthwiseConv2D, 2, (3, (1, 2)), (1, 2), (1,), ("valid", "same"), depth_multiplier=2),
    *sliding(L.Conv1DTranspose, 1, (2, 3), (1, 2, 3), (1,), ("valid", "same"), filters=3),
    *sliding(L.Conv2DTranspose, 2, ((2, 3), 4), (1, 2, 3), (1,), ("valid", "same"), filters=3),
    *sliding(L.Conv2DTranspose, 2, (3,), (2,), (1,), ("valid", "same"), filters=3, output_padding=1),
    *sliding(L.Conv3DTranspose, 3, (2,), (1, 2), (1,), ("same",), filters=2),
    *((L.AveragePooling1D(3, stride, padding), IMAGES[1]) for stride in (1, 2) for padding in ("valid", "same")),
    *((L.AveragePooling2D((2, 3), stride, padding), IMAGES[2]) for stride in (1, 2) for padding in ("valid", "same")),
    (L.GlobalAveragePooling1D(), IMAGES[1]),
    (L.GlobalAveragePooling2D(keepdims=True), IMAGES[2]),
    (L.GlobalAveragePooling3D(), IMAGES[3]),
    *((L.UpSampling2D(size, interpolation="bilinear"), IMAGES[2]) for size in (2, 3, (1, 4))),
]


def built(layer, shape):
    """A new layer of the kind, in double precision, with random weights."""
    with precision("float64"):
        layer = type(layer).from_config({**layer.get_config(), "dtype": "float64"})
        layer.build((None, *shape))
        for weight in layer.weights:
            weight.assign(RNG.normal(size=weight.shape))
    return layer


def map_of(layer, shape) -> tuple[BlockMap, tuple[int, ...]]:
    return LINEAR[type(layer)](layer, shape, kernels(Constraints()))


def as_matrix(block_map: BlockMap) -> np.ndarray:
    """(inputs, outputs), entry by entry as documented."""
    matrix = np.zeros((block_map.places, block_map.channels, block_map.size))
    for place, target, index in zip(block_map.place, block_map.target, block_map.matrix, strict=True):
        for channel, offset in enumerate(block_map.offset):
            start = target + offset
            matrix[place, channel, start : start + block_map.run] += block_map.J[index, channel]
    return matrix.reshape(-1, block_map.size)


@pytest.mark.parametrize(("layer", "shape"), LAYERS)
def test_a_layer_is_its_map(layer, shape):
    layer = built(layer, shape)
    block_map, outputs = map_of(layer, shape)
    x = RNG.normal(size=(2, *shape))
    computed = np.asarray(layer(x))
    assert computed.shape[1:] == outputs
    limit = 1e-5 if isinstance(layer, L.UpSampling2D) else 1e-12  # TensorFlow interpolates in single precision only
    np.testing.assert_allclose(x.reshape(2, -1) @ as_matrix(block_map), computed.reshape(2, -1), rtol=0, atol=limit)
    np.testing.assert_allclose(block_map.of_ones(), as_matrix(block_map).sum(axis=0), rtol=0, atol=1e-12)
