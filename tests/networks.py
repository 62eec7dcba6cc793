"""Small networks as they are built in practice: functions from a tensor to the outputs, and random numbers for them."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from snnctl.models.network import precision

L = keras.layers
IMAGE = (9, 8, 3)
SPAN = (-1.0, 2.0)


def source(build: Callable, dtype: str = "float64", count: int = 6) -> tuple[keras.Model, np.ndarray]:
    """A network with random numbers in it, and images in SPAN, both ends of it included."""
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    with precision(dtype):
        inputs = keras.Input(IMAGE)
        model = keras.Model(inputs, build(inputs))
    randomize(model, rng)
    values = rng.uniform(*SPAN, (count, *IMAGE)).astype(dtype)
    values[0], values[1] = SPAN
    return model, values


def randomize(model: keras.Model, rng: np.random.Generator) -> None:
    """Random biases, slopes and batch statistics; gammas of both signs."""
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            n = layer.gamma.shape[0]
            layer.gamma.assign(rng.choice([-1.0, 1.0], n) * rng.uniform(0.5, 1.5, n))
            layer.beta.assign(rng.normal(size=n))
            layer.moving_mean.assign(rng.normal(size=n))
            layer.moving_variance.assign(rng.uniform(0.5, 2.0, n))
        elif isinstance(layer, L.PReLU):
            layer.alpha.assign(rng.uniform(-0.4, 0.6, layer.alpha.shape))
        elif getattr(layer, "bias", None) is not None:
            layer.bias.assign(rng.normal(size=layer.bias.shape))


def conv_norm(x: Any, filters: int, size: int, relu: bool = False, **options: Any) -> Any:
    """A convolution, normalised, and perhaps a ReLU."""
    x = L.BatchNormalization()(L.Conv2D(filters, size, padding="same", **options)(x))
    return L.ReLU()(x) if relu else x


def vgg(x: Any) -> Any:
    """With a normalisation behind each ReLU: some pools wait for their latest member."""
    for filters in (4, 6):
        x = L.BatchNormalization()(L.Conv2D(filters, 3, padding="same", activation="relu")(x))
        x = L.MaxPooling2D(2)(x)
    x = L.BatchNormalization()(L.Dense(8, activation="relu")(L.Flatten()(x)))
    return L.Dense(4)(x)


def lenet(x: Any) -> Any:
    """Average pools between convolutions."""
    x = L.AveragePooling2D(2, 1, "same")(L.Conv2D(4, 3, activation="relu")(x))
    x = L.AveragePooling2D(2)(L.Conv2D(6, 3, padding="same", activation="relu")(x))
    return L.Dense(4)(L.Dense(8, activation="relu")(L.Flatten()(x)))


def resnet(x: Any) -> Any:
    """Normalised, with projections, two blocks at each size."""
    x = conv_norm(x, 4, 3, relu=True)
    for filters, stride in ((4, 1), (6, 2), (6, 1)):
        y = conv_norm(x, filters, 3, strides=stride, relu=True)
        y = conv_norm(y, filters, 3)
        x = x if filters == x.shape[-1] else conv_norm(x, filters, 1, strides=stride)
        x = L.ReLU()(L.Add()([x, y]))
    return L.Dense(4)(L.GlobalAveragePooling2D()(x))


def densenet(x: Any) -> Any:
    """Outputs of linear layers side by side, normalised differently for each reader."""
    x = L.Conv2D(4, 3, padding="same")(x)
    for _ in range(3):
        y = L.Conv2D(6, 1)(L.ReLU()(L.BatchNormalization()(x)))
        y = L.Conv2D(3, 3, padding="same")(L.ReLU()(L.BatchNormalization()(y)))
        x = L.Concatenate()([x, y])
    x = L.AveragePooling2D(2)(L.Conv2D(5, 1)(L.ReLU()(L.BatchNormalization()(x))))
    return L.Dense(4)(L.GlobalAveragePooling2D()(L.ReLU()(L.BatchNormalization()(x))))


def mobilenet(x: Any) -> Any:
    """Depthwise convolutions, ReLU6; narrow linear tensors are summed, wait meanwhile, and are padded with zeros."""
    x = conv_norm(L.ReLU(6.0)(conv_norm(x, 4, 3, strides=2)), 3, 1)
    for _ in range(2):
        y = L.ReLU(6.0)(conv_norm(x, 8, 1))
        y = L.ReLU(6.0)(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same")(y)))
        x = L.Add()([x, conv_norm(y, 3, 1)])
    y = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    return L.Dense(4)(L.Flatten()(L.Subtract()([L.Conv2D(4, 1)(x), y])))


def unet(x: Any) -> Any:
    """The encoder's spikes wait for the decoder."""
    x = L.Conv2D(3, 3, padding="same", activation="relu")(L.ZeroPadding2D(((1, 0), (0, 0)))(x))
    y = L.Conv2D(4, 3, padding="same", activation="relu")(L.MaxPooling2D(2)(x))
    z = L.Conv2D(4, 3, padding="same", activation="relu")(L.AveragePooling2D(2, 1, "same")(y))
    y = L.Concatenate()([y, z])
    y = L.Conv2DTranspose(3, 3, strides=2, padding="same", activation="relu")(y)
    x = L.Concatenate()([x, y, L.UpSampling2D(2)(z)])
    return L.Conv2D(2, 1)(L.Conv2D(3, 3, padding="same", activation="relu")(x))


def leaky(x: Any) -> Any:
    """Slopes of one sign and of both, before and behind poolings of both kinds."""
    x = L.LeakyReLU(0.2)(L.Conv2D(4, 3, padding="same")(x))
    x = L.MaxPooling2D(2, 1, "same")(L.BatchNormalization()(x))
    x = L.Conv2D(5, 3)(x)
    x = L.MaxPooling2D(2)(L.PReLU(shared_axes=[1, 2])(x))
    x = L.AveragePooling2D(2, 1, "same")(L.PReLU()(L.Conv2D(4, 2, padding="same")(x)))
    return L.Dense(4)(L.Flatten()(x))


def clipped(x: Any) -> Any:
    """Windows of exactly the limits, and one that is free."""
    x = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(4, 3, strides=2)(x)))
    x = L.ReLU(0.5)(L.Conv2D(6, 2, padding="same")(x))
    x = L.MaxPooling2D(2)(L.BatchNormalization()(x))
    return L.ReLU(1.0)(L.Dense(4)(L.Dense(5, activation="relu")(L.Flatten()(x))))


def separable(x: Any) -> Any:
    """Two linear layers in a row."""
    x = L.SeparableConv2D(5, 3, depth_multiplier=2, activation="relu")(x)
    x = L.ReLU()(L.BatchNormalization()(L.SeparableConv2D(4, 3, padding="same")(L.BatchNormalization()(x))))
    return L.Dense(4)(L.Flatten()(x))


def linear_stages(x: Any) -> Any:
    """Several linear layers in a row and side by side, read several times; two outputs."""
    x = L.Conv2D(4, 3, activation="relu")(x)
    y = L.Conv2D(4, 3, padding="same")(x)
    y = L.Add()([x, y, L.Conv2D(4, 1)(y)])
    z = L.Concatenate()([L.AveragePooling2D(3, 1, "same")(y), x])
    z = L.Conv2D(6, 2, groups=2, padding="same")(L.UpSampling2D(2)(z))
    first = L.Conv2D(3, 3, strides=2, activation="relu")(z)
    second = L.Conv2D(3, 2, strides=2, activation="relu")(L.ZeroPadding2D(1)(z))
    return [L.Dense(3)(L.Flatten()(first)), L.Conv2D(2, 1)(second)]


def repeated_spikes(x: Any) -> Any:
    """The same spikes at several places, which one kernel reads together."""
    x = L.Conv2D(3, 3, padding="same", activation="relu")(L.UpSampling2D(2)(x))
    y = L.MaxPooling2D(2)(x)
    z = L.Conv2DTranspose(3, 3, strides=2, padding="same")(y)
    x = L.ReLU()(L.Concatenate()([L.Conv2D(3, 3, padding="same")(L.UpSampling2D(2)(y)), z, x]))
    y = L.RepeatVector(3)(L.Dense(4, activation="relu")(L.GlobalMaxPooling2D()(x)))
    return L.Dense(4)(L.Dense(5, activation="relu")(L.Flatten()(y)))


def several_outputs(x: Any) -> Any:
    """Readouts at the ends of different windows."""
    x = L.Conv2D(4, 3, activation="relu")(x)
    y = L.Conv2D(5, 3, activation="relu")(x)
    first = L.Dense(3, activation="relu")(L.GlobalMaxPooling2D()(x))
    return [first, L.Dense(2)(L.Flatten()(y)), L.Conv2D(2, 1)(y)]


def pools_of_linear_outputs(x: Any) -> Any:
    """Max pooling of a linear output, zero-padded, and of one that lies beside a rectified one in the image."""
    signed, rectified = L.Conv2D(3, 3, padding="same")(x), L.Conv2D(3, 3, padding="same", activation="relu")(x)
    x = L.Concatenate(axis=1)([signed, rectified])
    pooled, read = L.MaxPooling2D(4)(x), L.Conv2D(2, 3, activation="relu")(x)
    padded = L.MaxPooling2D(3)(L.ZeroPadding2D(1)(signed))
    return [L.Dense(3)(L.Flatten()(padded)), L.Dense(3)(L.Concatenate()([L.Flatten()(pooled), L.Flatten()(read)]))]


def counted(x: Any) -> Any:
    """What counts may get wrong: relays, carried sums, limits, borders, pools, joins, repetition; two outputs."""
    first = L.Conv2D(3, 3, padding="same", activation="relu")(x)
    y = L.Conv2D(3, 1)(L.AveragePooling2D(2, 2, "same")(first))
    z = L.ReLU(1.5)(L.DepthwiseConv2D(3, padding="same")(L.ReLU()(L.Conv2D(4, 1)(y))))
    y = L.Add()([y, L.Conv2D(3, 3, padding="same")(z)])
    y = L.Conv2D(4, 2, padding="same", activation="relu")(L.MaxPooling2D(3, 1, "same")(L.ReLU()(y)))
    y = L.Concatenate()([L.Cropping2D(((1, 0), (0, 0)))(L.UpSampling2D(2)(y)), first])
    y = L.Conv2D(2, 2, strides=2, activation="relu")(L.Conv2D(2, 2)(y))
    return [L.Dense(3)(L.GlobalAveragePooling2D()(y)), L.Dense(2)(L.Flatten()(L.MaxPooling2D(3)(first)))]


FIXED = (vgg, resnet, mobilenet, unet, linear_stages)
MORE = (lenet, densenet, leaky, clipped, separable, repeated_spikes, several_outputs, pools_of_linear_outputs)
