"""Random single-input acyclic Keras networks of everything that converts, for property tests.

``grow(seed)`` makes one network. Each layer is run on the inputs as soon as it is made, and the numbers in it are drawn
to fit what arrives there, so that activations stay moderate and neither die nor explode however deep the network is.

    python tests/graphs.py SEED      shows a network
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from settling import evaluate, runs_in_double, settle
from snnctl.models import precision

L = keras.layers

IMAGES = 4
RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
LARGEST = 600  # neurons of a tensor
WIDEST = 24  # channels of a tensor
MERGES: dict[str, type] = {"add": L.Add, "subtract": L.Subtract, "average": L.Average}

OPTIONS = ("kernel_size", "strides", "dilation_rate", "groups", "padding", "pool_size", "cropping", "size", "axis")
OPTIONS += ("dims", "target_shape", "activation", "negative_slope", "max_value", "shared_axes", "use_bias", "keepdims")
# How a network may end, and what makes probabilities of its logits.
ENDS = dict.fromkeys(("linear", "relu", "norm", "open"), "linear")
ENDS |= dict.fromkeys(("softmax", "Softmax", "Activation softmax"), "softmax")
ENDS |= dict.fromkeys(("sigmoid", "Activation sigmoid"), "sigmoid")


@dataclass(frozen=True)
class Network:
    """A grown network.

    Args:
        seed: what :func:`grow` was given.
        model: the network, computing in float64.
        input_range: declared range of its input.
        inputs: images in that range, its ends included; float64.
        features: what occurs in it.
        double: whether TensorFlow can run it in float64.
        probabilities: what makes probabilities of each output's logits: "softmax", "sigmoid" or "linear" for nothing.
    """

    seed: int
    model: keras.Model
    input_range: tuple[float, float]
    inputs: np.ndarray
    features: frozenset[str]
    double: bool
    probabilities: tuple[str, ...] = ("linear",)


@dataclass(frozen=True)
class Node:
    """A tensor of the growing network, and its value for the inputs (None when only the structure is wanted)."""

    tensor: Any
    value: np.ndarray | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape without the batch."""
        return tuple(self.tensor.shape[1:])


def grow(seed: int, numbers: bool = True) -> Network:
    """The network of a seed.

    Args:
        seed: any whole number from 0 on.
        numbers: False leaves all weights as Keras initialises them, which is several times faster.
    """
    keras.utils.clear_session(free_memory=False)  # names count from the start
    with precision("float64"):
        return Grower(seed, numbers).network()


@dataclass
class Grower:
    """Makes one network; two sources of randomness, so that the structure does not depend on the numbers."""

    seed: int
    numbers: bool
    features: set[str] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    double: bool = True
    probabilities: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.draws = np.random.default_rng([self.seed, 1])

    # Choices.

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, things: Sequence[Any]) -> Any:
        """One of them."""
        return things[self.between(0, len(things) - 1)]

    # The network.

    def network(self) -> Network:
        """Input, body, one or more heads."""
        shape, span = self.input_shape(), self.pick(RANGES)
        self.features.add(f"range {span[0]:g} to {span[1]:g}")
        self.features.add(f"{len(shape) - 1}-D input")
        inputs = self.inputs(shape, span)
        start = Node(keras.Input(shape), inputs if self.numbers else None)
        nodes = [self.stem(start, span)]
        for _ in range(self.between(3, 6)):
            nodes.append(self.move(nodes))
        outputs = [self.head(nodes[-1]).tensor]
        if self.chance(0.2):
            self.features.add("several outputs")
            outputs += [self.head(self.pick(nodes)).tensor for _ in range(self.between(1, 2))]
        return self.finished(start, outputs, inputs, span)

    def finished(self, start: Node, outputs: list[Any], inputs: np.ndarray, span: tuple[float, float]) -> Network:
        """What has grown."""
        model = keras.Model(start.tensor, outputs if len(outputs) > 1 else outputs[0], name="grown")
        features, probabilities = frozenset(self.features), tuple(self.probabilities)
        return Network(self.seed, model, span, inputs, features, self.double, probabilities)

    def input_shape(self) -> tuple[int, ...]:
        """A vector, a sequence, an image or a volume."""
        rank = self.pick([0, 1, 1, 2, 2, 2, 2, 3])
        low, high = {0: (3, 12), 1: (6, 14), 2: (5, 9), 3: (3, 5)}[rank]
        sides = tuple(self.between(low, high) for _ in range(max(rank, 1)))
        return sides if rank == 0 else (*sides, self.between(1, 4))

    def inputs(self, shape: tuple[int, ...], span: tuple[float, float]) -> np.ndarray:
        """Random images; one all low, one all high."""
        values = np.random.default_rng([self.seed, 2]).uniform(*span, (IMAGES, *shape))
        values[0], values[1] = span
        return values

    def apply(self, layer: Callable, *nodes: Node) -> Node:
        """Calls a layer, or an operation of ``keras.ops``, on nodes."""
        self.features |= set(traits(layer))
        self.double = self.double and runs_in_double(layer)
        tensors: Any = [node.tensor for node in nodes]
        tensor = layer(tensors if len(nodes) > 1 else tensors[0])
        if not self.numbers:
            return Node(tensor, None)
        values: Any = [node.value for node in nodes]
        values = values if len(nodes) > 1 else values[0]
        if isinstance(layer, L.Layer) and id(layer) not in self.settled:
            self.settled.add(id(layer))
            settle(layer, values, self.draws)
        return Node(tensor, evaluate(layer, values))

    def through(self, layers: Iterable[Callable], node: Node) -> Node:
        """Calls layers one after the other."""
        for layer in layers:
            node = self.apply(layer, node)
        return node

    # What may stand first.

    def stem(self, node: Node, span: tuple[float, float]) -> Node:
        """Preprocessing, normalisation or nothing at all."""
        low, high = span
        middle, half = (low + high) / 2, (high - low) / 2
        channels = node.shape[-1]
        choices: list[Callable[[], Callable]] = [
            lambda: L.Rescaling(1 / high),
            lambda: L.Rescaling(1 / half, offset=-middle / half),
            lambda: L.Normalization(
                mean=[middle + half * 0.1 * i for i in range(channels)],
                variance=[half**2 * (0.5 + 0.2 * i) for i in range(channels)],
            ),
            lambda: L.Normalization(axis=None, mean=middle, variance=half**2),
        ]
        if self.chance(0.25):
            node = self.apply(self.pick(choices)(), node)
        if self.chance(0.25):
            self.features.add("BatchNormalization: first")
            node = self.apply(self.norm(node.shape), node)
        return node

    # Moves.

    def move(self, nodes: Sequence[Node]) -> Node:
        """One step further from the last node."""
        moves = [*[self.block] * 7, self.merge, self.merge, self.concatenate, self.share, self.nest]
        twins = [node for node in nodes[:-1] if node.shape == nodes[-1].shape]
        if twins and self.chance(0.25):
            return self.skip(nodes[-1], self.pick(twins))
        return self.pick(moves)(nodes[-1])

    def block(self, node: Node) -> Node:
        """A linear layer and its company, or a layer of another kind."""
        if self.chance(0.15):
            self.features.add("keras.ops.relu")
            return self.apply(keras.ops.relu, node)
        return self.through(self.layers(node.shape), node)

    def layers(self, shape: tuple[int, ...]) -> list[Callable]:
        """The layers of a block."""
        kinds: list[Callable[[tuple[int, ...]], list[Callable]]] = [
            self.linear_block,
            self.linear_block,
            self.linear_block,
            self.linear_block,
            self.alone,
        ]
        if len(shape) > 1:
            kinds += [self.pool_block, self.pool_block, self.rearranging, self.rearranging]
        return self.pick(kinds)(shape)

    def linear_block(self, shape: tuple[int, ...]) -> list[Callable]:
        """[norm], linear, [norm], [activation], [norm], [noise]."""
        before = [self.norm(shape)] if self.chance(0.15) else []
        fused = self.pick(["relu", "relu", "relu6", "leaky_relu"]) if self.chance(0.35) else None
        linear = self.linear(shape, fused)
        channels = linear.compute_output_shape((None, *shape))[1:]
        after = [] if fused else self.company(channels)
        return [*before, linear, *after, *([self.noise(channels)] if self.chance(0.15) else [])]

    def company(self, shape: tuple[int, ...]) -> list[Callable]:
        """[norm], [activation], [norm] behind a linear layer."""
        return [
            *([self.norm(shape)] if self.chance(0.4) else []),
            *([self.activation(shape)] if self.chance(0.7) else []),
            *([self.norm(shape)] if self.chance(0.25) else []),
        ]

    def pool_block(self, shape: tuple[int, ...]) -> list[Callable]:
        """[norm], pooling, [norm], [activation]."""
        pooling = self.pooling(shape)
        pooled = pooling.compute_output_shape((None, *shape))[1:]
        before = [self.norm(shape)] if self.chance(0.3) else []
        after = [self.norm(pooled)] if self.chance(0.2) else []
        return [*before, pooling, *after, *([self.activation(pooled)] if self.chance(0.2) else [])]

    def alone(self, shape: tuple[int, ...]) -> list[Callable]:
        """A layer with one output a neuron."""
        return [self.pick([self.norm, self.activation, self.activation, self.noise])(shape)]

    def rearranging(self, shape: tuple[int, ...]) -> list[Callable]:
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

    def enlarging(self, shape: tuple[int, ...]) -> Any:
        """How often each place is repeated; along one axis only where everything would get too large."""
        factors = [self.between(1, 3) for _ in shape[:-1]]
        if np.prod(shape) * np.prod(factors) > LARGEST:
            factors = [2, *[1] * (len(factors) - 1)]
        return self.per_axis(factors)

    def margins(self, most: Sequence[int]) -> Any:
        """What Cropping and ZeroPadding take: (before, after) of every axis."""
        pairs = [(self.between(0, limit), self.between(0, limit)) for limit in most]
        return pairs[0] if len(pairs) == 1 else tuple(pairs)

    def per_axis(self, numbers: Sequence[int]) -> Any:
        """A number for one axis, a tuple for several."""
        return numbers[0] if len(numbers) == 1 else tuple(numbers)

    # Several branches.

    def merge(self, node: Node) -> Node:
        """Branches of equal shape, summed, averaged or subtracted."""
        kind = self.pick(["add", "add", "subtract", "average"])
        count = 2 if kind == "subtract" else self.between(2, 3)
        stride, filters = self.target(node.shape)
        branches = [self.branch(node, stride, filters) for _ in range(count - 1)]
        same = stride == 1 and filters == node.shape[-1]
        branches.insert(self.between(0, 1), node if same and self.chance(0.6) else self.branch(node, stride, filters))
        return self.joined(kind, branches)

    def joined(self, kind: str, branches: Sequence[Node]) -> Node:
        """The merged branches, sometimes with company."""
        self.features.add(f"{kind} of {len(branches)}")
        merged = self.apply(MERGES[kind](), *branches)
        return self.through(self.company(merged.shape), merged)

    def skip(self, node: Node, twin: Node) -> Node:
        """The node and an earlier one of equal shape."""
        self.features.add("skip connection")
        if node.shape[-1] <= WIDEST // 2 and self.chance(0.3):
            return self.apply(L.Concatenate(), twin, node)
        return self.joined(self.pick(["add", "subtract", "average"]), [twin, self.branch(node, 1, node.shape[-1])])

    def target(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Stride and channels that all branches have."""
        stride = 2 if len(shape) > 1 and shape[-1] > 1 and self.chance(0.25) else 1
        return stride, (shape[-1] if self.chance(0.6) and 1 < shape[-1] <= WIDEST else self.between(2, 5))

    def branch(self, node: Node, stride: int, filters: int) -> Node:
        """One or two linear layers to the shape wanted."""
        if self.chance(0.4):
            layer = self.keeper(node.shape, 1, node.shape[-1] if node.shape[-1] <= WIDEST else 4)
            node = self.through([layer, *self.company(node.shape)], node)
        node = self.apply(self.keeper(node.shape, stride, filters), node)
        return self.through(self.company(node.shape), node)

    def concatenate(self, node: Node) -> Node:
        """Branches side by side: along the channels, sometimes along another axis."""
        if len(node.shape) > 1 and self.chance(0.35):
            return self.beside(node)
        stride = 2 if len(node.shape) > 1 and node.shape[-1] > 1 and self.chance(0.2) else 1
        branches = [self.branch(node, stride, self.between(2, 4)) for _ in range(self.between(1, 2))]
        whole = stride == 1 and node.shape[-1] <= WIDEST // 2
        branches.append(node if whole else self.branch(node, stride, 2))
        self.features.add("Concatenate: channels")
        merged = self.apply(L.Concatenate(), *branches)
        return self.through(self.company(merged.shape), merged)

    def beside(self, node: Node) -> Node:
        """Concatenation along an axis of the image."""
        axis = self.between(0, len(node.shape) - 2)
        filters = node.shape[-1] if node.shape[-1] <= WIDEST else 4
        crop = [(0, 0)] * (len(node.shape) - 1)
        crop[axis] = (0, (node.shape[axis] - 1) // 2)
        cut = layer_of("Cropping", len(crop))(crop[0] if len(crop) == 1 else tuple(crop))
        first = self.branch(node, 1, filters)
        second = self.apply(cut, node if filters == node.shape[-1] else self.branch(node, 1, filters))
        self.features.add("Concatenate: another axis")
        return self.apply(L.Concatenate(axis=self.pick([axis + 1, axis - len(node.shape)])), first, second)

    def share(self, node: Node) -> Node:
        """A layer, or a model, that is called at two places."""
        if not 1 < node.shape[-1] <= WIDEST:
            return self.block(node)
        shared = self.nested(node, keep=True) if self.chance(0.3) else self.keeper(node.shape, 1, node.shape[-1])
        first = self.through(self.company(node.shape), self.apply(shared, node))
        if self.chance(0.5):
            self.features.add("shared: in a row")
            return self.through(self.company(node.shape), self.apply(shared, first))
        other = self.apply(shared, self.branch(node, 1, node.shape[-1]))
        self.features.add("shared: side by side")
        return self.joined(self.pick(["add", "subtract", "average"]), [first, other])

    def nest(self, node: Node) -> Node:
        """A model in the model."""
        return self.apply(self.nested(node, keep=False), node)

    def nested(self, node: Node, keep: bool) -> keras.Model:
        """A Sequential or functional model; ``keep``: its output has the shape of its input."""
        start = Node(keras.Input(node.shape), node.value)
        if not keep and self.chance(0.4):
            inner = self.move([start])
            if self.chance(0.5):
                inner = self.move([start, inner])
            model = keras.Model(start.tensor, inner.tensor)
        else:
            layers = self.kept(node.shape) if keep else self.layers(node.shape)
            self.through(layers, start)
            model = keras.Sequential([keras.Input(node.shape), *layers])
        self.settled.add(id(model))
        self.features.add(f"nested {type(model).__name__}")
        return model

    def kept(self, shape: tuple[int, ...]) -> list[Callable]:
        """Layers that keep the shape."""
        return [self.keeper(shape, 1, shape[-1]), *self.company(shape)]

    # The end.

    def head(self, node: Node) -> Node:
        """A vector, or an image that stays one; a last linear layer; what follows it."""
        if len(node.shape) > 1 and not self.chance(0.1):
            node = self.through(self.vector(node.shape), node)
        if self.chance(0.3):
            node = self.through([L.Dense(self.between(3, 8)), self.activation((8,))], node)
        end = self.pick([*ENDS, "linear"])
        self.features.add(f"end: {end}")
        self.probabilities.append(ENDS[end])
        if end == "open":  # whatever stands there is the output
            return self.apply(L.Identity(), node)
        fused = end if end in ("softmax", "sigmoid") else None
        node = self.apply(L.Dense(self.between(2, 5), activation=fused), node)
        after: dict[str, Callable[[], Callable]] = {
            "Softmax": L.Softmax,
            "Activation softmax": lambda: L.Activation("softmax"),
            "Activation sigmoid": lambda: L.Activation("sigmoid"),
            "relu": L.ReLU,
            "norm": L.BatchNormalization,
        }
        return self.apply(after[end](), node) if end in after else node

    def vector(self, shape: tuple[int, ...]) -> list[Callable]:
        """Layers that make a vector of an image."""
        rank = len(shape) - 1
        kind = self.pick(["flat", "GlobalAveragePooling", "GlobalMaxPooling"])
        if kind == "flat":
            return [L.Flatten()]
        keepdims = self.chance(0.4)
        return [layer_of(kind, rank)(keepdims=keepdims), *([L.Flatten()] if keepdims else [])]

    # Layers.

    def norm(self, shape: tuple[int, ...]) -> Callable:
        """Batch normalisation, rarely along another axis or without scale or centre."""
        axis = self.between(1, len(shape) - 1) if len(shape) > 1 and self.chance(0.08) else -1
        return L.BatchNormalization(axis=axis, scale=not self.chance(0.1), center=not self.chance(0.1))

    def activation(self, shape: tuple[int, ...]) -> Callable:
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

    def noise(self, shape: tuple[int, ...]) -> Callable:
        """A layer that does nothing outside training."""
        choices: list[Callable[[], Callable]] = [
            lambda: L.Dropout(0.3),
            lambda: L.GaussianDropout(0.3),
            lambda: L.GaussianNoise(0.3),
            lambda: L.AlphaDropout(0.3),
            lambda: L.ActivityRegularization(0.1),
            L.Identity,
        ]
        if len(shape) > 1:
            choices += [lambda: layer_of("SpatialDropout", len(shape) - 1)(0.3)] * 2
        return self.pick(choices)()

    def pooling(self, shape: tuple[int, ...]) -> L.Layer:
        """Maximum or average; windows of any size, overlapping, or with gaps."""
        size = self.per_axis([self.between(1, min(3, side)) for side in shape[:-1]])
        strides = self.pick([None, None, 1, 2, 3])
        kind = self.pick(["MaxPooling", "AveragePooling"])
        return layer_of(kind, len(shape) - 1)(size, strides=strides, padding=self.pick(["same", "valid"]))

    def linear(self, shape: tuple[int, ...], activation: str | None) -> L.Layer:
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
            return self.transposed(common)
        geometry = self.geometry(shape, even=kind != "Conv")
        if kind == "Conv":
            filters = self.between(2, 6)
            return layer_of("Conv", rank)(filters, groups=self.groups(shape[-1], filters), **geometry, **common)
        if kind == "DepthwiseConv":
            return layer_of(kind, rank)(depth_multiplier=self.multiplier(shape), **geometry, **common)
        return layer_of(kind, rank)(self.between(2, 5), depth_multiplier=self.multiplier(shape), **geometry, **common)

    def transposed(self, common: dict[str, Any]) -> L.Layer:
        """A transposed convolution."""
        kernel = (self.between(1, 3), self.between(1, 3))
        strides = (self.between(1, 2), self.between(1, 2))
        return L.Conv2DTranspose(
            self.between(2, 4), kernel, strides=strides, padding=self.pick(["same", "valid"]), **common
        )

    def multiplier(self, shape: tuple[int, ...]) -> int:
        """Filters a channel of a depthwise convolution."""
        return self.between(1, 2) if shape[-1] <= 6 else 1

    def groups(self, channels: int, filters: int) -> int:
        """A number of groups that divides both."""
        possible = [number for number in range(2, 7) if channels % number == 0 and filters % number == 0]
        return self.pick(possible) if possible and self.chance(0.25) else 1

    def geometry(self, shape: tuple[int, ...], even: bool) -> dict[str, Any]:
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
        return {
            "kernel_size": self.per_axis(kernel),
            "strides": self.per_axis(strides),
            "dilation_rate": self.per_axis(dilation),
            "padding": padding,
        }

    def keeper(self, shape: tuple[int, ...], stride: int, filters: int) -> L.Layer:
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
        size = self.per_axis([side] * rank)
        common = {"strides": stride, "padding": "same", "activation": fused}
        if rank < 3 and self.chance(0.25):
            return layer_of("SeparableConv", rank)(filters, size, **common)
        if rank < 3 and filters == shape[-1] and self.chance(0.25):
            return layer_of("DepthwiseConv", rank)(size, **common)
        return layer_of("Conv", rank)(filters, size, groups=self.groups(shape[-1], filters), **common)


def layer_of(kind: str, rank: int) -> Any:
    """The class for images with this many axes, e.g. ``MaxPooling2D``."""
    return getattr(L, f"{kind}{rank}D")


def confused(channels: int, filters: int, side: int) -> bool:
    """Whether TensorFlow 2.21 takes the convolution for another one on a CPU, in Keras's own network as well.

    One channel, one filter and a kernel of one place, with a bias: the key under which oneDNN's operations are kept is
    also that of a depthwise convolution without bias. If the process has computed such a one on an image of this size,
    "could not create a primitive descriptor for the reorder primitive" is all that comes of this one.
    """
    return channels == filters == side == 1


def miscomputed(shape: Sequence[int], kernel: Sequence[int], strides: Sequence[int], padding: str) -> bool:
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
            value = "yes" if name == "shared_axes" else config[name]
            yield f"{kind}: {name} {value}"
    for name in ("strides", "dilation_rate", "groups", "depth_multiplier", "size"):
        if np.max(config.get(name) or 1) > 1:
            yield f"{kind}: {name}"
    if config.get("keepdims"):
        yield f"{kind}: keepdims"
    if config.get("negative_slope"):
        yield f"{kind}: negative_slope" + (" and max_value" if config.get("max_value") else "")
    if "pool_size" in config and np.any(np.less(config["strides"], config["pool_size"])):
        yield f"{kind}: overlapping"


def describe(network: Network) -> str:
    """The network, a line a layer: name, class and the options that are not Keras's defaults."""
    return "\n".join([f"seed {network.seed}, input range {network.input_range}", *lines_of(network.model)])


def lines_of(model: keras.Model, margin: str = "") -> Iterable[str]:
    """The layers; those of nested models are set in."""
    for layer in model.layers:
        config = {} if isinstance(layer, keras.Model) else layer.get_config()
        dull = (None, False, 1, (1, 1), (1, 1, 1), "linear", "valid")
        chosen = "".join(f"; {name} {config[name]}" for name in OPTIONS if config.get(name) not in dull)
        yield f"{margin}{layer.name} ({type(layer).__name__}){chosen}"
        if isinstance(layer, keras.Model):
            yield from lines_of(layer, margin + "    ")


if __name__ == "__main__":
    grown = grow(int(sys.argv[1]))
    grown.model.summary(expand_nested=True)
    print(describe(grown))
