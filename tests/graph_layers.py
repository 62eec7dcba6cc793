"""Random Keras layers of every kind that converts, for tensors of any shape; shapes are those without the batch."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
import numpy as np

L = keras.layers
Shape = tuple[int, ...]
Layers = list[Callable]

LARGEST = 600  # neurons of a tensor
WIDEST = 24  # channels of a tensor


class LayerChoice:
    """Draws layers from one source of randomness."""

    rng: np.random.Generator

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, things: Sequence[Any]) -> Any:
        return things[self.between(0, len(things) - 1)]

    # Several layers.

    def layers(self, shape: Shape) -> Layers:
        """A linear layer and its company, or a layer of another kind."""
        kinds: list[Callable[[Shape], Layers]] = [*[self.linear_block] * 4, self.alone]
        if len(shape) > 1:
            kinds += [self.pool_block, self.pool_block, self.rearranging, self.rearranging]
        return self.pick(kinds)(shape)

    def linear_block(self, shape: Shape) -> Layers:
        """[norm], linear, [norm], [activation], [norm], [noise]."""
        before = [self.norm(shape)] if self.chance(0.15) else []
        fused = self.pick(["relu", "relu", "relu6", "leaky_relu"]) if self.chance(0.35) else None
        linear = self.linear(shape, fused)
        channels = linear.compute_output_shape((None, *shape))[1:]
        after = [] if fused else self.company(channels)
        return [*before, linear, *after, *([self.noise(channels)] if self.chance(0.15) else [])]

    def company(self, shape: Shape) -> Layers:
        """[norm], [activation], [norm] behind a linear layer."""
        return [
            *([self.norm(shape)] if self.chance(0.4) else []),
            *([self.activation(shape)] if self.chance(0.7) else []),
            *([self.norm(shape)] if self.chance(0.25) else []),
        ]

    def pool_block(self, shape: Shape) -> Layers:
        """[norm], pooling, [norm], [activation]."""
        pooling = self.pooling(shape)
        pooled = pooling.compute_output_shape((None, *shape))[1:]
        before = [self.norm(shape)] if self.chance(0.3) else []
        after = [self.norm(pooled)] if self.chance(0.2) else []
        return [*before, pooling, *after, *([self.activation(pooled)] if self.chance(0.2) else [])]

    def alone(self, shape: Shape) -> Layers:
        """A layer with one output a neuron."""
        return [self.pick([self.norm, self.activation, self.activation, self.noise])(shape)]

    def kept(self, shape: Shape) -> Layers:
        """Layers that keep the shape."""
        return [self.keeper(shape, 1, shape[-1]), *self.company(shape)]

    def rearranging(self, shape: Shape) -> Layers:
        """A layer that moves, copies, adds or drops neurons."""
        rank = len(shape) - 1
        choices: list[Callable[[], Callable]] = [
            L.Flatten,
            lambda: L.Permute(tuple(int(axis) + 1 for axis in self.rng.permutation(len(shape)))),
            lambda: L.Reshape((int(np.prod(shape[:-1])), shape[-1])),
            lambda: L.Reshape((*shape[:-2], shape[-2] * shape[-1])),
        ]
        if rank == 1:
            choices.append(lambda: L.Reshape((shape[0], 1, shape[1])))
        choices.append(lambda: layer_of("Cropping", rank)(self.margins([(side - 1) // 2 for side in shape[:-1]])))
        if np.prod(shape) <= LARGEST / 3:
            choices.append(lambda: layer_of("ZeroPadding", rank)(self.margins([2] * rank)))
            choices += [lambda: layer_of("UpSampling", rank)(self.enlarging(shape))] * 2
        return [self.pick(choices)()]

    def enlarging(self, shape: Shape) -> Any:
        """How often each place is repeated; along one axis only where everything would get too large."""
        factors = [self.between(1, 3) for _ in shape[:-1]]
        if np.prod(shape) * np.prod(factors) > LARGEST:
            factors = [2, *[1] * (len(factors) - 1)]
        return per_axis(factors)

    def margins(self, most: Sequence[int]) -> Any:
        """What Cropping and ZeroPadding take: (before, after) of every axis."""
        return per_axis([(self.between(0, limit), self.between(0, limit)) for limit in most])

    def vector(self, shape: Shape) -> Layers:
        """Layers that make a vector of an image."""
        kind = self.pick(["flat", "GlobalAveragePooling", "GlobalMaxPooling"])
        if kind == "flat":
            return [L.Flatten()]
        keepdims = self.chance(0.4)
        return [layer_of(kind, len(shape) - 1)(keepdims=keepdims), *([L.Flatten()] if keepdims else [])]

    # One layer.

    def norm(self, shape: Shape) -> Callable:
        """Batch normalisation, rarely along another axis or without scale or centre."""
        axis = self.between(1, len(shape) - 1) if len(shape) > 1 and self.chance(0.08) else -1
        return L.BatchNormalization(axis=axis, scale=not self.chance(0.1), center=not self.chance(0.1))

    def activation(self, shape: Shape) -> Callable:
        """Half of them plain ReLUs."""
        shared_axes = list(range(1, len(shape)))
        plain: list[Callable[[], Callable]] = [
            L.ReLU,
            lambda: L.Activation("relu"),
            lambda: L.Activation(keras.activations.relu),
        ]
        others: list[Callable[[], Callable]] = [
            lambda: L.ReLU(max_value=6.0),
            lambda: L.ReLU(max_value=self.pick([0.7, 1.5])),
            lambda: L.Activation("relu6"),
            L.LeakyReLU,
            lambda: L.LeakyReLU(negative_slope=0.1),
            lambda: L.Activation("leaky_relu"),
            lambda: L.PReLU("uniform", shared_axes=shared_axes or None),
            lambda: L.PReLU("uniform"),
            lambda: L.ReLU(negative_slope=0.2),
            lambda: L.ReLU(negative_slope=0.2, max_value=1.0),
        ]
        return self.pick(plain if self.chance(0.5) else others)()

    def noise(self, shape: Shape) -> Callable:
        """A layer that does nothing outside training."""
        kinds = (L.Dropout, L.GaussianDropout, L.GaussianNoise, L.AlphaDropout)
        choices: list[tuple[Callable, tuple]] = [(kind, (0.3,)) for kind in kinds]
        choices += [(L.ActivityRegularization, (0.1,)), (L.Identity, ())]
        if len(shape) > 1:
            choices += [(layer_of("SpatialDropout", len(shape) - 1), (0.3,))] * 2
        kind, arguments = self.pick(choices)
        return kind(*arguments)

    def pooling(self, shape: Shape) -> L.Layer:
        """Maximum or average; windows of any size, overlapping, or with gaps."""
        size = per_axis([self.between(1, min(3, side)) for side in shape[:-1]])
        strides = self.pick([None, None, 1, 2, 3])
        kind = self.pick(["MaxPooling", "AveragePooling"])
        return layer_of(kind, len(shape) - 1)(size, strides=strides, padding=self.pick(["same", "valid"]))

    def linear(self, shape: Shape, activation: str | None) -> L.Layer:
        """Any linear layer."""
        rank, bias = len(shape) - 1, self.chance(0.8)
        common = {"use_bias": bias, "activation": activation}
        if rank == 0 or self.chance(0.1):
            return L.Dense(self.between(2, 8), **common)
        kinds = ["Conv"] if rank == 3 else ["Conv", "Conv", "DepthwiseConv", "SeparableConv"]
        if shape[-1] > WIDEST or self.chance(0.08):
            return L.TimeDistributed(L.Dense(self.between(2, 5), **common))
        if rank == 2 and np.prod(shape[:2]) <= 40:
            kinds.append("Conv2DTranspose")
        kind = self.pick(kinds)
        if kind == "Conv2DTranspose":
            kernel = (self.between(1, 3), self.between(1, 3))
            common["strides"] = (self.between(1, 2), self.between(1, 2))
            return L.Conv2DTranspose(self.between(2, 4), kernel, padding=self.pick(["same", "valid"]), **common)
        common |= self.geometry(shape, even=kind != "Conv")
        if kind == "Conv":
            filters = self.between(2, 6)
            return layer_of("Conv", rank)(filters, groups=self.groups(shape[-1], filters), **common)
        filters = [] if kind == "DepthwiseConv" else [self.between(2, 5)]
        multiplier = self.between(1, 2) if shape[-1] <= 6 else 1
        return layer_of(kind, rank)(*filters, depth_multiplier=multiplier, **common)

    def groups(self, channels: int, filters: int) -> int:
        """A number of groups that divides both."""
        possible = [number for number in range(2, 7) if channels % number == 0 and filters % number == 0]
        return self.pick(possible) if possible and self.chance(0.25) else 1

    def geometry(self, shape: Shape, even: bool) -> dict[str, Any]:
        """Kernel, strides or dilation, and padding of a convolution; ``even``: one stride for all axes."""
        sides, padding = shape[:-1], self.pick(["same", "valid"])
        kernel = [self.between(1, min(4, side)) for side in sides]
        strides = [self.pick([1, 1, 2, 3]) for _ in sides]
        strides = [strides[0]] * len(sides) if even else strides
        dilation = [1 for _ in sides]
        if max(strides) == 1 and self.chance(0.4):
            dilation = [self.between(1, 3) for _ in sides]
        if padding == "valid":
            most = [max(1, (side - 1) // max(size - 1, 1)) for side, size in zip(sides, kernel, strict=True)]
            dilation = [min(rate, limit) for rate, limit in zip(dilation, most, strict=True)]
        if miscomputed(shape, kernel, strides, padding):
            strides = [1 for _ in sides]
        if len(sides) == 1 and padding == "same" and self.chance(0.3) and not even:
            padding = "causal"
        numbers = {"kernel_size": kernel, "strides": strides, "dilation_rate": dilation}
        return {"padding": padding, **{name: per_axis(each) for name, each in numbers.items()}}

    def keeper(self, shape: Shape, stride: int, filters: int) -> L.Layer:
        """A linear layer with zero padding, a stride and a number of channels: what branches end in."""
        rank = len(shape) - 1
        fused = "relu" if self.chance(0.2) else None
        if rank == 0 or (stride == 1 and self.chance(0.15)):
            return L.Dense(filters, activation=fused)
        if stride == 1 and self.chance(0.1):
            return L.TimeDistributed(L.Dense(filters, activation=fused))
        side = self.between(stride, 3)
        if confused(shape[-1], filters, side):
            side = 2
        size = per_axis([side] * rank)
        common = {"strides": stride, "padding": "same", "activation": fused}
        if rank < 3 and self.chance(0.25):
            return layer_of("SeparableConv", rank)(filters, size, **common)
        if rank < 3 and filters == shape[-1] and self.chance(0.25):
            return layer_of("DepthwiseConv", rank)(size, **common)
        return layer_of("Conv", rank)(filters, size, groups=self.groups(shape[-1], filters), **common)


def layer_of(kind: str, rank: int) -> Any:
    """The class for images with this many axes, e.g. ``MaxPooling2D``."""
    return getattr(L, f"{kind}{rank}D")


def per_axis(numbers: Sequence[Any]) -> Any:
    """What Keras takes: a number for one axis, a tuple for several."""
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def confused(channels: int, filters: int, side: int) -> bool:
    """Whether TensorFlow 2.21 takes the convolution for another one on a CPU, in Keras's own network as well.

    One channel, one filter and a kernel of one place, with a bias: the key under which oneDNN's operations are kept is
    also that of a depthwise convolution without bias. If the process has computed such a one on an image of this size,
    "could not create a primitive descriptor for the reorder primitive" is all that comes of this one.
    """
    return channels == filters == side == 1


def miscomputed(shape: Shape, kernel: Sequence[int], strides: Sequence[int], padding: str) -> bool:
    """Whether TensorFlow 2.21 computes the convolution wrongly on a CPU, in Keras's own network as well.

    In float32, one channel and an axis with a stride and one place of output: oneDNN reads past the end of the image.
    In float64, a kernel smaller than its stride in a padded volume: it starts at the wrong place.
    """
    axes = list(zip(shape[:-1], kernel, strides, strict=True))
    places = [-(-side // stride) if padding == "same" else (side - size) // stride + 1 for side, size, stride in axes]
    one_place = any(stride > 1 and count == 1 for stride, count in zip(strides, places, strict=True))
    small = any(size < stride for _, size, stride in axes)
    return (shape[-1] == 1 and one_place) or (len(axes) == 3 and padding == "same" and small)


def traits(layer: Callable) -> Iterable[str]:
    """The class of a layer, and which of its options are in use."""
    kind = type(layer).__name__
    if not isinstance(layer, L.Layer) or isinstance(layer, keras.Model):
        return
    yield kind
    config = layer.get_config()
    for name in ("activation", "padding", "max_value", "shared_axes"):
        if isinstance(config.get(name), (str, float, list)):
            yield f"{kind}: {name} {'yes' if name == 'shared_axes' else config[name]}"
    for name in ("strides", "dilation_rate", "groups", "depth_multiplier", "size"):
        if np.max(config.get(name) or 1) > 1:
            yield f"{kind}: {name}"
    if config.get("keepdims"):
        yield f"{kind}: keepdims"
    if config.get("negative_slope"):
        yield f"{kind}: negative_slope" + (" and max_value" if config.get("max_value") else "")
    if "pool_size" in config and np.any(np.less(config["strides"], config["pool_size"])):
        yield f"{kind}: overlapping"
