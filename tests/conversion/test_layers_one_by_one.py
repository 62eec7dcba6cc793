"""One tiny network for every kind of layer and every option, so that a failure names the layer.

Each layer stands at four places: behind the input, behind spikes, behind a signed tensor, and at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import pytest

import graphs
import oracle
from graphs import Grower, Node
from snnctl.conversion.logits import logits_of
from snnctl.models import as_dtype, precision

L = keras.layers

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
VECTOR, SEQUENCE, IMAGE, VOLUME = (6,), (7, 4), (7, 6, 4), (5, 4, 5, 2)
SHAPES = {0: VECTOR, 1: SEQUENCE, 2: IMAGE, 3: VOLUME}

Chain = Callable[[], Iterable[Callable]]
Case = tuple[tuple[int, ...], Chain]


def one(shape: tuple[int, ...], kind: Any, *args: Any, **options: Any) -> Case:
    """A single layer."""
    return shape, lambda: [kind(*args, **options)]


def linear_layers() -> dict[str, Case]:
    """Dense layers and convolutions."""
    return {
        "Dense": one(VECTOR, L.Dense, 5),
        "Dense without bias": one(VECTOR, L.Dense, 5, use_bias=False),
        **{f"Dense on {rank}-D": one(SHAPES[rank], L.Dense, 3) for rank in (1, 2, 3)},
        **{f"TimeDistributed on {rank}-D": one(SHAPES[rank], L.TimeDistributed, L.Dense(3)) for rank in (1, 2, 3)},
        "TimeDistributed with ReLU": one(SEQUENCE, L.TimeDistributed, L.Dense(3, activation="relu")),
        **convolutions(),
        **depthwise_convolutions(),
        **transposed_convolutions(),
    }


def convolutions() -> dict[str, Case]:
    """In one, two and three dimensions."""
    cases = {}
    for rank in (1, 2, 3):
        shape, kind = SHAPES[rank], graphs.layer_of("Conv", rank)
        for padding in ("same", "valid"):
            cases |= {
                f"{kind.__name__} {padding}": one(shape, kind, 3, 3, padding=padding),
                f"{kind.__name__} {padding} stride 2": one(shape, kind, 3, 2, strides=2, padding=padding),
                f"{kind.__name__} {padding} dilated": one(shape, kind, 3, 2, dilation_rate=2, padding=padding),
            }
        cases[f"{kind.__name__} grouped"] = one(shape, kind, 4, 3, groups=2, padding="same")
        cases[f"{kind.__name__} without bias"] = one(shape, kind, 4, 2, use_bias=False)
    cases |= {
        "Conv1D causal": one(SEQUENCE, L.Conv1D, 3, 3, padding="causal"),
        "Conv1D causal dilated": one(SEQUENCE, L.Conv1D, 3, 3, padding="causal", dilation_rate=2),
        "Conv1D causal stride 2": one(SEQUENCE, L.Conv1D, 3, 3, padding="causal", strides=2),
        "Conv2D 1x1 stride 2": one(IMAGE, L.Conv2D, 3, 1, strides=2),
        "Conv2D uneven": one(IMAGE, L.Conv2D, 3, (2, 4), strides=(3, 1), padding="same"),
        "Conv2D dilated unevenly": one(IMAGE, L.Conv2D, 3, (2, 3), dilation_rate=(3, 1), padding="same"),
        "Conv2D larger than the image": one(IMAGE, L.Conv2D, 3, 9, padding="same"),
        "Conv2D a group a channel": one(IMAGE, L.Conv2D, 8, 3, groups=4),
        "Conv2D of one channel": one((7, 6, 1), L.Conv2D, 3, 3, padding="same"),
    }
    for name in ("relu", "relu6", "leaky_relu", "linear"):
        cases[f"Conv2D with {name}"] = one(IMAGE, L.Conv2D, 3, 3, activation=name)
    return cases


def depthwise_convolutions() -> dict[str, Case]:
    """Depthwise and separable ones."""
    cases = {}
    for rank in (1, 2):
        for name, *first in (("DepthwiseConv",), ("SeparableConv", 3)):
            shape, kind = SHAPES[rank], graphs.layer_of(name, rank)
            cases |= {
                f"{kind.__name__} same": one(shape, kind, *first, 3, padding="same"),
                f"{kind.__name__} valid": one(shape, kind, *first, 3),
                f"{kind.__name__} multiplied": one(shape, kind, *first, 3, depth_multiplier=2, padding="same"),
                f"{kind.__name__} stride 2": one(shape, kind, *first, 2, strides=2, padding="same"),
                f"{kind.__name__} dilated": one(shape, kind, *first, 3, dilation_rate=2, padding="same"),
                f"{kind.__name__} without bias": one(shape, kind, *first, 3, use_bias=False),
                f"{kind.__name__} with ReLU": one(shape, kind, *first, 3, activation="relu"),
            }
    cases["DepthwiseConv2D uneven stride"] = one(IMAGE, L.DepthwiseConv2D, 3, strides=(1, 2))
    cases["SeparableConv2D uneven stride"] = one(IMAGE, L.SeparableConv2D, 3, 3, strides=(2, 1), padding="same")
    return cases


def transposed_convolutions() -> dict[str, Case]:
    """Borders differ with kernel, stride and padding."""
    kind = L.Conv2DTranspose
    small = (4, 3, 2)
    return {
        "Conv2DTranspose same": one(small, kind, 3, 3, padding="same"),
        "Conv2DTranspose valid": one(small, kind, 3, 3),
        "Conv2DTranspose stride 2": one(small, kind, 3, 3, strides=2, padding="same"),
        "Conv2DTranspose uneven": one(small, kind, 3, (3, 2), strides=(2, 3)),
        "Conv2DTranspose with gaps": one(small, kind, 3, 1, strides=2),
        "Conv2DTranspose output_padding": one(small, kind, 3, 3, strides=2, output_padding=1),
        "Conv2DTranspose dilated": one(small, kind, 3, 3, dilation_rate=2),
        "Conv2DTranspose with ReLU": one(small, kind, 3, 3, strides=2, activation="relu"),
        "Conv1DTranspose": one((5, 3), L.Conv1DTranspose, 3, 3, strides=2, padding="same"),
        "Conv3DTranspose": one((3, 2, 3, 2), L.Conv3DTranspose, 3, 2, strides=2, padding="same"),
    }


def normalisations() -> dict[str, Case]:
    """Batch normalisation at every place, and preprocessing."""
    norm = L.BatchNormalization
    return {
        "BatchNormalization": one(IMAGE, norm),
        "BatchNormalization of a vector": one(VECTOR, norm),
        "BatchNormalization axis 1": one(IMAGE, norm, axis=1),
        "BatchNormalization axis 2": one(IMAGE, norm, axis=2),
        "BatchNormalization without scale": one(IMAGE, norm, scale=False),
        "BatchNormalization without center": one(IMAGE, norm, center=False),
        "BatchNormalization without either": one(IMAGE, norm, scale=False, center=False, epsilon=0.1),
        "BatchNormalization twice": (IMAGE, lambda: [norm(), norm()]),
        "BatchNormalization and ReLU": (IMAGE, lambda: [norm(), L.ReLU()]),
        "BatchNormalization between convolutions": (
            IMAGE,
            lambda: [L.Conv2D(3, 3), norm(), L.Conv2D(3, 3, padding="same")],
        ),
        "BatchNormalization before zero padding": (IMAGE, lambda: [norm(), L.Conv2D(3, 3, padding="same")]),
        "BatchNormalization before MaxPooling": (IMAGE, lambda: [norm(), L.MaxPooling2D(2)]),
        "BatchNormalization before padded MaxPooling": (IMAGE, lambda: [norm(), L.MaxPooling2D(3, 2, "same")]),
        "BatchNormalization before AveragePooling": (IMAGE, lambda: [norm(), L.AveragePooling2D(3, 2, "same")]),
        "BatchNormalization before GlobalMaxPooling": (IMAGE, lambda: [norm(), L.GlobalMaxPooling2D()]),
        "BatchNormalization behind Flatten": (IMAGE, lambda: [L.Flatten(), norm()]),
        "BatchNormalization between Flatten and ReLU": (IMAGE, lambda: [L.Conv2D(3, 3), L.Flatten(), norm(), L.ReLU()]),
        "Rescaling": one(IMAGE, L.Rescaling, 0.5),
        "Rescaling with offset": one(IMAGE, L.Rescaling, 0.5, offset=-1.0),
        "Rescaling negative": one(IMAGE, L.Rescaling, -0.5, offset=1.0),
        "Rescaling by channel": one(IMAGE, L.Rescaling, [0.5, 1.0, 2.0, -1.0], offset=[0.0, 1.0, -1.0, 0.5]),
        "Normalization": one(IMAGE, L.Normalization, mean=[0.1, 0.2, -0.3, 0.0], variance=[1.0, 0.5, 2.0, 1.0]),
        "Normalization by one number": one(IMAGE, L.Normalization, axis=None, mean=0.3, variance=0.5),
        "Normalization inverted": one(IMAGE, L.Normalization, axis=None, mean=0.3, variance=0.5, invert=True),
        "Normalization by position": one(
            SEQUENCE, L.Normalization, axis=(1, 2), mean=np.linspace(-1, 1, 28).reshape(7, 4), variance=np.ones((7, 4))
        ),
    }


def activations() -> dict[str, Case]:
    """Every spelling of every rectifier."""
    return {
        "ReLU": one(IMAGE, L.ReLU),
        "Activation relu": one(IMAGE, L.Activation, "relu"),
        "Activation of a function": one(IMAGE, L.Activation, keras.activations.relu),
        "Activation linear": one(IMAGE, L.Activation, "linear"),
        "keras.ops.relu": (IMAGE, lambda: [keras.ops.relu]),
        "ReLU twice": (IMAGE, lambda: [L.ReLU(), L.ReLU()]),
        "ReLU6": one(IMAGE, L.ReLU, max_value=6.0),
        "Activation relu6": one(IMAGE, L.Activation, "relu6"),
        "ReLU max_value": one(IMAGE, L.ReLU, max_value=0.5),
        "ReLU max_value twice": (IMAGE, lambda: [L.ReLU(max_value=0.9), L.ReLU(max_value=0.5)]),
        "ReLU negative_slope": one(IMAGE, L.ReLU, negative_slope=0.2),
        "ReLU negative_slope and max_value": one(IMAGE, L.ReLU, negative_slope=0.2, max_value=0.5),
        "LeakyReLU": one(IMAGE, L.LeakyReLU),
        "LeakyReLU 0": one(IMAGE, L.LeakyReLU, negative_slope=0.0),
        "LeakyReLU 1": one(IMAGE, L.LeakyReLU, negative_slope=1.0),
        "LeakyReLU 1.5": one(IMAGE, L.LeakyReLU, negative_slope=1.5),
        "LeakyReLU twice": (IMAGE, lambda: [L.LeakyReLU(), L.LeakyReLU()]),
        "Activation leaky_relu": one(IMAGE, L.Activation, "leaky_relu"),
        "PReLU of a vector": one(VECTOR, L.PReLU),
        "PReLU by channel": one(IMAGE, L.PReLU, shared_axes=[1, 2]),
        "PReLU by position": one(IMAGE, L.PReLU),
        "PReLU by row": one(IMAGE, L.PReLU, shared_axes=[2, 3]),
        "LeakyReLU before MaxPooling": (IMAGE, lambda: [L.LeakyReLU(), L.MaxPooling2D(2)]),
        "LeakyReLU before AveragePooling": (IMAGE, lambda: [L.LeakyReLU(), L.AveragePooling2D(2)]),
        "PReLU before BatchNormalization": (IMAGE, lambda: [L.PReLU(), L.BatchNormalization()]),
        "ReLU6 before BatchNormalization": (IMAGE, lambda: [L.ReLU(max_value=0.5), L.BatchNormalization()]),
        "LeakyReLU before Flatten": (IMAGE, lambda: [L.LeakyReLU(), L.Flatten()]),
    }


def poolings() -> dict[str, Case]:
    """Maximum and average in one, two and three dimensions, and over everything."""
    cases = {}
    for kind in ("Max", "Average"):
        for rank in (1, 2, 3):
            pooling, everything = graphs.layer_of(f"{kind}Pooling", rank), graphs.layer_of(f"Global{kind}Pooling", rank)
            for padding in ("same", "valid"):
                for size, stride in ((2, None), (3, 2), (3, 1), (2, 3)):
                    name = f"{pooling.__name__} {padding} size {size} stride {stride or size}"
                    cases[name] = one(SHAPES[rank], pooling, size, stride, padding)
            for keepdims in (False, True):
                name = f"{everything.__name__}{' keepdims' if keepdims else ''}"
                cases[name] = one(SHAPES[rank], everything, keepdims=keepdims)
        pooling = graphs.layer_of(f"{kind}Pooling", 2)
        cases[f"{kind}Pooling2D uneven"] = one(IMAGE, pooling, (1, 3), (2, 1), "same")
        cases[f"{kind}Pooling2D twice"] = (IMAGE, lambda pooling=pooling: [pooling(2, 1), pooling(3, 2, "same")])
    cases["MaxPooling2D before ReLU"] = (IMAGE, lambda: [L.MaxPooling2D(2), L.ReLU()])
    cases["AveragePooling2D before ReLU"] = (IMAGE, lambda: [L.AveragePooling2D(2), L.ReLU()])
    cases["AveragePooling2D before MaxPooling2D"] = (IMAGE, lambda: [L.AveragePooling2D(2, 1), L.MaxPooling2D(2)])
    cases["MaxPooling2D before AveragePooling2D"] = (IMAGE, lambda: [L.MaxPooling2D(2, 1), L.AveragePooling2D(2)])
    return cases


def rearrangements() -> dict[str, Case]:
    """Neurons moved, copied, added and dropped."""
    cases = {
        **{f"Flatten of {rank}-D": one(SHAPES[rank], L.Flatten) for rank in range(4)},
        "Reshape to a sequence": one(IMAGE, L.Reshape, (42, 4)),
        "Reshape with a free side": one(IMAGE, L.Reshape, (-1, 8)),
        "Reshape of a vector": one(VECTOR, L.Reshape, (2, 1, 3)),
        "Reshape and back": (IMAGE, lambda: [L.Flatten(), L.Reshape(IMAGE)]),
        "Permute": one(IMAGE, L.Permute, (2, 1, 3)),
        "Permute channels first": one(IMAGE, L.Permute, (3, 1, 2)),
        "Permute and Flatten": (IMAGE, lambda: [L.Permute((3, 2, 1)), L.Flatten()]),
        "Permute, Conv2D and back": (
            IMAGE,
            lambda: [L.Permute((3, 1, 2)), L.Conv2D(4, 3, padding="same"), L.Permute((2, 3, 1))],
        ),
        "RepeatVector": one(VECTOR, L.RepeatVector, 3),
        "ZeroPadding2D uneven": one(IMAGE, L.ZeroPadding2D, ((0, 2), (1, 0))),
        "Cropping2D uneven": one(IMAGE, L.Cropping2D, ((0, 2), (1, 0))),
        "UpSampling2D uneven": one(IMAGE, L.UpSampling2D, (1, 3)),
        "ZeroPadding2D before MaxPooling2D": (IMAGE, lambda: [L.ZeroPadding2D(1), L.MaxPooling2D(3, 2)]),
        "ZeroPadding2D before AveragePooling2D": (IMAGE, lambda: [L.ZeroPadding2D(1), L.AveragePooling2D(3, 2)]),
        "ZeroPadding2D before Conv2D": (IMAGE, lambda: [L.ZeroPadding2D(2), L.Conv2D(3, 3, strides=2)]),
        "ZeroPadding2D and BatchNormalization": (IMAGE, lambda: [L.ZeroPadding2D(1), L.BatchNormalization()]),
    }
    for kind, amount in (("ZeroPadding", 1), ("Cropping", 1), ("UpSampling", 2)):
        for rank in (1, 2, 3):
            cases[f"{kind}{rank}D"] = one(SHAPES[rank], graphs.layer_of(kind, rank), amount)
    return cases


def idle_layers() -> dict[str, Case]:
    """What does nothing outside training."""
    return {
        "Dropout": one(IMAGE, L.Dropout, 0.3),
        "GaussianDropout": one(IMAGE, L.GaussianDropout, 0.3),
        "GaussianNoise": one(IMAGE, L.GaussianNoise, 0.3),
        "AlphaDropout": one(IMAGE, L.AlphaDropout, 0.3),
        "ActivityRegularization": one(IMAGE, L.ActivityRegularization, 0.1),
        "Identity": one(IMAGE, L.Identity),
        **{
            f"SpatialDropout{rank}D": one(SHAPES[rank], graphs.layer_of("SpatialDropout", rank), 0.3)
            for rank in (1, 2, 3)
        },
    }


CHAINS: dict[str, Case] = {
    **linear_layers(),
    **normalisations(),
    **activations(),
    **poolings(),
    **rearrangements(),
    **idle_layers(),
}


# Where a layer stands.


def behind_the_input(grower: Grower, node: Node, layers: Iterable[Callable]) -> Node:
    """Its inputs are signed and its outputs are read by a linear layer."""
    return head(grower, grower.through(layers, node))


def behind_spikes(grower: Grower, node: Node, layers: Iterable[Callable]) -> Node:
    """Between two ReLUs."""
    before = [L.Dense(node.shape[-1], activation="relu")]
    return head(grower, grower.through([*before, *layers, L.ReLU()], node))


def behind_signed(grower: Grower, node: Node, layers: Iterable[Callable]) -> Node:
    """Between two linear layers, the first of them normalised by scales of both signs."""
    before = [L.Dense(node.shape[-1]), L.BatchNormalization()]
    return head(grower, grower.through([*before, *layers], node))


def at_the_end(grower: Grower, node: Node, layers: Iterable[Callable]) -> Node:
    """Its outputs are the network's."""
    return grower.through([L.Dense(node.shape[-1], activation="relu"), *layers], node)


PLACES = {place.__name__: place for place in (behind_spikes, behind_signed, behind_the_input, at_the_end)}


def head(grower: Grower, node: Node) -> Node:
    """The last linear layer."""
    return grower.through([*([L.Flatten()] if len(node.shape) > 1 else []), L.Dense(3)], node)


def network(shape: tuple[int, ...], grow: Callable[[Grower, Node], Node | list[Node]]) -> graphs.Network:
    """A network with numbers in it, for inputs in [-1, 1]."""
    span = (-1.0, 1.0)
    with precision("float64"):
        grower = Grower(seed=0, numbers=True)
        inputs = grower.inputs(shape, span)
        start = Node(keras.Input(shape), inputs)
        end = grow(grower, start)
        return grower.finished(start, [node.tensor for node in (end if isinstance(end, list) else [end])], inputs, span)


def check(tiny: graphs.Network) -> None:
    """The spiking network's logits are the source's; float64 where TensorFlow has it."""
    dtype = "float64" if tiny.double else "float32"
    source, inputs = as_dtype(tiny.model, dtype), tiny.inputs.astype(dtype)
    with precision(dtype):
        expected = oracle.outputs_of(logits_of(source), inputs)
        found = oracle.outputs_of(oracle.spiking_form(source, inputs, tiny.input_range, dtype), inputs)
    for one_output, other in zip(expected, found, strict=True):
        assert oracle.largest_relative_difference(one_output, other) <= TOLERANCE[dtype], graphs.describe(tiny)


def check_at(place: str, case: str) -> None:
    """One layer at one place."""
    shape, chain = CHAINS[case]
    check(network(shape, lambda grower, node: PLACES[place](grower, node, chain())))


@pytest.mark.parametrize("place", ["behind_spikes", pytest.param("behind_signed", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.long if number % 2 else ()) for number, case in enumerate(CHAINS)]
)
def test_a_layer_converts_exactly(case: str, place: str) -> None:
    check_at(place, case)


@pytest.mark.long
@pytest.mark.parametrize("place", ["behind_the_input", "at_the_end"])
@pytest.mark.parametrize("case", CHAINS)
def test_a_layer_converts_exactly_at_either_end(case: str, place: str) -> None:
    check_at(place, case)


# Several branches.


def branches(grower: Grower, node: Node, count: int, activation: str | None = "relu") -> list[Node]:
    """Convolutions that read the same tensor, the second of them two layers deep."""
    made = [grower.apply(L.Conv2D(4, 3, padding="same", activation=activation), node) for _ in range(count)]
    made[1:2] = [grower.apply(L.Conv2D(4, 1, activation=activation), deep) for deep in made[1:2]]
    return made


def merged(kind: type, count: int, activation: str | None = "relu", **options: Any) -> Callable:
    """Branches that are merged."""
    return lambda grower, node: head(grower, grower.apply(kind(**options), *branches(grower, node, count, activation)))


def with_itself(kind: type) -> Callable:
    """One tensor, twice."""

    def grow(grower: Grower, node: Node) -> Node:
        (branch,) = branches(grower, node, 1)
        return head(grower, grower.apply(kind(), branch, branch))

    return grow


def with_the_input(kind: type) -> Callable:
    """A branch and the network's input."""
    return lambda grower, node: head(grower, grower.apply(kind(), node, *branches(grower, node, 1)))


def far_apart(kind: type) -> Callable:
    """A tensor and one that is made of it four spiking layers later."""

    def grow(grower: Grower, node: Node) -> Node:
        early = grower.apply(L.Conv2D(4, 3, padding="same", activation="relu"), node)
        late = grower.through([L.Dense(4, activation="relu") for _ in range(4)], early)
        return head(grower, grower.apply(L.ReLU(), grower.apply(kind(), early, late)))

    return grow


def pooled_merge(pooling: type) -> Callable:
    """Pooling behind a sum that has no ReLU."""

    def grow(grower: Grower, node: Node) -> Node:
        total = grower.apply(L.Add(), *branches(grower, node, 2, None))
        return head(grower, grower.through([L.BatchNormalization(), pooling(3, 2, "same")], total))

    return grow


def densely_connected(grower: Grower, node: Node) -> Node:
    """Every layer reads all before it, normalised: a block of DenseNet."""
    for _ in range(3):
        layers = [L.BatchNormalization(), L.ReLU(), L.Conv2D(2, 3, padding="same")]
        node = grower.apply(L.Concatenate(), node, grower.through(layers, node))
    return head(grower, grower.through([L.BatchNormalization(), L.ReLU(), L.AveragePooling2D(2)], node))


def residual(grower: Grower, node: Node) -> Node:
    """Blocks of ResNet, the second one with a stride and a projection."""
    for stride, filters in ((1, 4), (2, 6)):
        conv = [L.Conv2D(filters, 3, strides=stride, padding="same"), L.BatchNormalization(), L.ReLU()]
        deep = grower.through([*conv, L.Conv2D(filters, 3, padding="same"), L.BatchNormalization()], node)
        short = node if stride == 1 else grower.through([L.Conv2D(filters, 1, strides=2), L.BatchNormalization()], node)
        node = grower.through([L.ReLU()], grower.apply(L.Add(), short, deep))
    return head(grower, grower.apply(L.GlobalAveragePooling2D(keepdims=True), node))


def inverted_residual(grower: Grower, node: Node) -> Node:
    """Blocks of MobileNetV2: the sum has no ReLU."""
    for _ in range(2):
        wide = [L.Conv2D(8, 1, use_bias=False), L.BatchNormalization(), L.ReLU(max_value=6.0)]
        deep = [L.DepthwiseConv2D(3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(max_value=6.0)]
        narrow = [L.Conv2D(4, 1, use_bias=False), L.BatchNormalization()]
        node = grower.apply(L.Add(), node, grower.through([*wide, *deep, *narrow], node))
    return head(grower, grower.apply(L.GlobalAveragePooling2D(), node))


def shared(again: bool) -> Callable:
    """One convolution with its normalisation at two places: one behind the other, or side by side."""

    def grow(grower: Grower, node: Node) -> Node:
        layers = [L.Conv2D(4, 3, padding="same"), L.BatchNormalization(), L.PReLU()]
        first = grower.through(layers, node)
        second = grower.through(layers, first if again else grower.apply(L.Dense(4), node))
        return head(grower, grower.apply(L.Subtract(), first, second))

    return grow


def nested(kind: str, again: bool = False) -> Callable:
    """A model in the model, in a model."""

    def grow(grower: Grower, node: Node) -> Node:
        start = Node(keras.Input(node.shape), node.value)
        layers = [L.Conv2D(4, 3, padding="same"), L.BatchNormalization(), L.ReLU()]
        made = grower.through(layers, start)
        inner = keras.Sequential([keras.Input(node.shape), *layers])
        if kind == "functional":
            inner = keras.Model(start.tensor, grower.apply(L.Add(), start, made).tensor)
        outer = keras.Sequential([keras.Input(node.shape), inner, L.MaxPooling2D(2, padding="same")])
        grower.settled |= {id(inner), id(outer)}
        node = grower.apply(inner, node) if again else node
        return head(grower, grower.apply(outer, node))

    return grow


def nested_with_several_outputs(grower: Grower, node: Node) -> Node:
    """Both outputs of an inner model are read."""
    start = Node(keras.Input(node.shape), node.value)
    first, second = (branch.tensor for branch in branches(grower, start, 2))
    inner = keras.Model(start.tensor, [first, second])
    tensors, values = inner(node.tensor), oracle.outputs_of(inner, node.value)
    both = [Node(tensor, value) for tensor, value in zip(tensors, values, strict=True)]
    return head(grower, grower.apply(L.Subtract(), *both))


def by_operators(grower: Grower, node: Node) -> Node:
    """``a + b`` and ``a - b`` instead of layers."""
    first, second, third = branches(grower, node, 3)
    tensor = first.tensor + second.tensor - third.tensor
    return head(grower, Node(tensor, first.value + second.value - third.value))


def two_outputs(grower: Grower, node: Node) -> list[Node]:
    """One early, one late."""
    early = grower.through([L.Conv2D(4, 3), L.ReLU()], node)
    return [head(grower, early), head(grower, grower.through([L.Conv2D(4, 3), L.LeakyReLU()], early))]


def output_that_is_read(grower: Grower, node: Node) -> list[Node]:
    """The first output is a potential that another layer reads."""
    first = head(grower, node)
    return [first, grower.through([L.ReLU(), L.Dense(2)], first)]


def output_of_spikes_that_are_read(grower: Grower, node: Node) -> list[Node]:
    """The first output is a ReLU that another layer reads."""
    first = grower.through([L.ReLU()], head(grower, node))
    return [first, grower.through([L.Dense(2)], first)]


def same_output_twice(grower: Grower, node: Node) -> list[Node]:
    """One tensor is two outputs."""
    return [head(grower, node)] * 2


def ending_in(*layers: Callable[[], Callable]) -> Callable:
    """What may follow the last linear layer."""
    return lambda grower, node: grower.through([make() for make in layers], head(grower, node))


GRAPHS: dict[str, Callable[[Grower, Node], Node | list[Node]]] = {
    "Add": merged(L.Add, 2),
    "Add of 3": merged(L.Add, 3),
    "Add of linear layers": merged(L.Add, 3, None),
    "Subtract": merged(L.Subtract, 2),
    "Subtract of linear layers": merged(L.Subtract, 2, None),
    "Average": merged(L.Average, 2),
    "Average of 3": merged(L.Average, 3),
    "Average of linear layers": merged(L.Average, 3, None),
    "Add of LeakyReLUs": merged(L.Add, 2, "leaky_relu"),
    "Add of ReLU6": merged(L.Add, 2, "relu6"),
    "Concatenate": merged(L.Concatenate, 3),
    "Concatenate of linear layers": merged(L.Concatenate, 3, None),
    "Concatenate of LeakyReLUs": merged(L.Concatenate, 2, "leaky_relu"),
    "Concatenate axis 1": merged(L.Concatenate, 2, axis=1),
    "Concatenate axis -2": merged(L.Concatenate, 2, axis=-2),
    "Concatenate axis 1 of linear layers": merged(L.Concatenate, 2, None, axis=1),
    "Add with itself": with_itself(L.Add),
    "Average with itself": with_itself(L.Average),
    "Concatenate with itself": with_itself(L.Concatenate),
    "Add with the input": with_the_input(L.Add),
    "Subtract from the input": with_the_input(L.Subtract),
    "Concatenate with the input": with_the_input(L.Concatenate),
    "Add over four layers": far_apart(L.Add),
    "Concatenate over four layers": far_apart(L.Concatenate),
    "MaxPooling2D behind a sum": pooled_merge(L.MaxPooling2D),
    "AveragePooling2D behind a sum": pooled_merge(L.AveragePooling2D),
    "DenseNet": densely_connected,
    "ResNet": residual,
    "MobileNetV2": inverted_residual,
    "shared side by side": shared(again=False),
    "shared one behind the other": shared(again=True),
    "nested Sequential": nested("sequential"),
    "nested functional": nested("functional"),
    "nested Sequential twice": nested("sequential", again=True),
    "nested functional twice": nested("functional", again=True),
    "nested with several outputs": nested_with_several_outputs,
    "operators": by_operators,
    "two outputs": two_outputs,
    "output that is read": output_that_is_read,
    "output of spikes that are read": output_of_spikes_that_are_read,
    "same output twice": same_output_twice,
    "ends in softmax": ending_in(lambda: L.Dense(4, activation="softmax")),
    "ends in Softmax": ending_in(L.Softmax),
    "ends in Softmax and Dropout": ending_in(L.Softmax, lambda: L.Dropout(0.1)),
    "ends in sigmoid": ending_in(lambda: L.Activation("sigmoid")),
    "ends in BatchNormalization": ending_in(L.BatchNormalization),
    "ends in BatchNormalization and softmax": ending_in(L.BatchNormalization, L.Softmax),
    "ends in ReLU": ending_in(L.ReLU),
    "ends in ReLU and softmax": ending_in(L.ReLU, L.Softmax),
    "ends in ReLU and BatchNormalization": ending_in(L.ReLU, L.BatchNormalization),
    "ends in LeakyReLU": ending_in(L.LeakyReLU),
    "ends in ReLU6": ending_in(lambda: L.ReLU(max_value=0.5)),
    "ends in Reshape": ending_in(lambda: L.Reshape((3, 1))),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_a_graph_converts_exactly(case: str) -> None:
    check(network(IMAGE, GRAPHS[case]))


@pytest.mark.parametrize("gamma", [[-1.0, -2.0, -0.5, -1.5], [0.0, 1.0, -1.0, 0.0]])
@pytest.mark.parametrize("pooling", [L.MaxPooling2D, L.AveragePooling2D])
def test_normalisation_before_pooling_may_turn_the_order_round(gamma: list[float], pooling: type) -> None:
    def grow(grower: Grower, node: Node) -> Node:
        norm = L.BatchNormalization()
        layers = [L.Conv2D(4, 3, activation="relu"), norm, pooling(2, padding="same"), L.Conv2D(3, 2, padding="same")]
        node = grower.through(layers, node)
        norm.gamma.assign(gamma)
        return head(grower, node)

    check(network(IMAGE, grow))
