"""Numbers for Keras networks, layer by layer: drawn to fit what arrives, so that values neither die nor explode."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from snnctl.models.network import as_dtype

L = keras.layers
POOLS_OF_VOLUMES = (L.MaxPooling3D, L.AveragePooling3D)


def evaluate(layer: Callable, value: Any) -> np.ndarray:
    if runs_in_double(layer):
        return np.asarray(layer(value))
    return np.asarray(single(layer, value.shape)(value.astype("float32")), np.float64)


def single(layer: Any, shape: tuple[int, ...]) -> Callable:
    if isinstance(layer, keras.Model):
        return as_dtype(layer, "float32")
    copy = type(layer).from_config({**layer.get_config(), "dtype": "float32"})
    copy.build(shape)
    copy.set_weights(layer.get_weights())
    return copy


def runs_in_double(layer: Callable) -> bool:
    """Whether TensorFlow's CPU code for the layer, or for all layers of a model, exists in float64."""
    if isinstance(layer, keras.Model):
        return all(runs_in_double(part) for part in layer.layers)
    if isinstance(layer, (L.DepthwiseConv2D, L.SeparableConv2D)):
        return layer.strides[0] == layer.strides[1]
    if isinstance(layer, (L.Conv2DTranspose, L.Conv3DTranspose)):
        return max(layer.dilation_rate) == 1
    return not isinstance(layer, POOLS_OF_VOLUMES)


def settle(layer: L.Layer, value: Any, draws: np.random.Generator) -> None:
    """Draws the numbers of a layer so that its output is neither dead nor huge."""
    if isinstance(layer, L.BatchNormalization):
        settle_norm(layer, value, draws)
    elif isinstance(layer, L.PReLU):
        layer.alpha.assign(draws.uniform(-0.3, 0.6, layer.alpha.shape))
    elif layer.trainable_weights:
        settle_linear(layer, value, draws)


def settle_linear(layer: L.Layer, value: np.ndarray, draws: np.random.Generator) -> None:
    """Weights that give the potentials a size, a bias that puts zero among them."""
    core = layer.layer if isinstance(layer, L.TimeDistributed) else layer
    kernels = [weight for weight in core.trainable_weights if weight.name != "bias"]
    for kernel in kernels:
        kernel.assign(draws.normal(size=kernel.shape))
    activation, core.activation = core.activation, keras.activations.linear
    potential = evaluate(layer, value)
    core.activation = activation
    size = max(potential.std(), 0.2 * np.abs(potential).max(), 1e-3)
    scale = draws.choice([0.7, 1.0, 1.4, 4.0]) / size
    kernels[-1].assign(scale * np.asarray(kernels[-1]))
    if core.bias is not None:
        mean = scale * potential.mean(tuple(range(potential.ndim - 1)))
        core.bias.assign(draws.normal(scale=0.4, size=mean.shape) - draws.uniform(0.7, 1.1) * mean)


def settle_norm(layer: L.BatchNormalization, value: np.ndarray, draws: np.random.Generator) -> None:
    """Statistics near those of the values, scales of both signs."""
    axis = layer.axis % value.ndim
    others = tuple(index for index in range(value.ndim) if index != axis)
    # Far from zero even where nothing varies: dividing by next to nothing would blow up rounding errors.
    variance = value.var(others) + 0.05 * np.mean(np.square(value)) + 1e-3
    count = len(variance)
    layer.moving_mean.assign(value.mean(others) + 0.4 * draws.normal(size=count) * np.sqrt(variance))
    layer.moving_variance.assign(variance * draws.uniform(0.5, 2.0, count))
    if layer.scale:
        size = draws.choice([1.0, 1.0, 1.0, 4.0])
        layer.gamma.assign(draws.choice([-1.0, 1.0, 1.0], count) * size * draws.uniform(0.5, 1.5, count))
    if layer.center:
        layer.beta.assign(draws.normal(scale=0.5, size=count))
