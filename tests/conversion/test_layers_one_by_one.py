"""Every kind of layer and every option, each as a head of its own, so that a failure names it.

Each layer stands at four places: behind the input, behind spikes, behind a signed tensor, and at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest

import graphs
import settling
from graphs import Grower, Node, layer_of
from oracle import TOLERANCE, largest_relative_difference, outputs_of, spiking_form
from snnctl.conversion.logits import logits_of
from snnctl.models.network import as_dtype, precision

L = keras.layers
P = partial
VECTOR, SEQUENCE, IMAGE, VOLUME = (6,), (7, 4), (7, 6, 4), (5, 4, 5, 2)
SHAPES = {0: VECTOR, 1: SEQUENCE, 2: IMAGE, 3: VOLUME}
SMALL = (4, 3, 2)

Chain = Sequence[Callable[[], Callable]]  # makes layers that stand in a row
Group = tuple[tuple[int, ...], Sequence[Chain]]  # shape of the input, and what reads it


def options(shape: tuple[int, ...], kind: Any, *arguments: dict[str, Any], first: tuple = ()) -> Group:
    """One layer with different arguments."""
    return shape, [[P(kind, *first, **each)] for each in arguments]


def convolutions(rank: int) -> Group:
    """Any stride, dilation, number of groups."""
    moves = [{"kernel_size": 3}, {"kernel_size": 2, "strides": 2}, {"kernel_size": 2, "dilation_rate": 2}]
    padded = [{**move, "padding": padding} for move in moves for padding in ("same", "valid")]
    others = [{"kernel_size": 3, "groups": 2, "padding": "same"}, {"kernel_size": 2, "use_bias": False}]
    return options(SHAPES[rank], layer_of("Conv", rank), *padded, *others, first=(4,))


def depthwise(kind: str, rank: int) -> Group:
    """Depthwise and separable convolutions."""
    arguments: list[dict[str, Any]] = [
        {"padding": "same"},
        {},
        {"depth_multiplier": 2, "padding": "same"},
        {"strides": 2, "padding": "same"},
        {"dilation_rate": 2, "padding": "same"},
        {"use_bias": False},
        {"activation": "relu"},
        *([{"strides": (1, 2)}, {"strides": (2, 1), "padding": "same"}] if rank == 2 else []),
    ]
    return options(SHAPES[rank], P(layer_of(kind, rank), kernel_size=3), *arguments, first=(3,) * ("Sep" in kind))


def poolings(kind: str, rank: int) -> Group:
    """Maximum or average in windows, which may overlap or leave gaps, and over everything."""
    windows = product(("same", "valid"), ((2, None), (3, 2), (3, 1), (2, 3)))
    chains = [[P(layer_of(f"{kind}Pooling", rank), *window, padding)] for padding, window in windows]
    if rank == 2:
        pooling = layer_of(f"{kind}Pooling", rank)
        chains += [[P(pooling, (1, 3), (2, 1), "same")], [P(pooling, 2, 1), P(pooling, 3, 2, "same")]]
        chains += [[P(pooling, 2), L.ReLU], [P(pooling, 2, 1), P(layer_of(OTHER[kind], rank), 2)]]
    everything = layer_of(f"Global{kind}Pooling", rank)
    return SHAPES[rank], [*chains, [everything], [P(everything, keepdims=True)]]


def rearranged(rank: int) -> Group:
    """Moved, dropped, repeated and, in training, at random."""
    kinds = (("ZeroPadding", 1), ("Cropping", 1), ("UpSampling", 2), ("SpatialDropout", 0.3))
    return SHAPES[rank], [[L.Flatten], *([P(layer_of(kind, rank), amount)] for kind, amount in kinds)]


def on_places(rank: int) -> Group:
    """The same dense layer at every place."""
    return SHAPES[rank], [[P(L.Dense, 3)], [lambda: L.TimeDistributed(L.Dense(3))]]


OTHER = {"Max": "AveragePooling", "Average": "MaxPooling"}
CONV, NORM, POOL, AVERAGE = L.Conv2D, L.BatchNormalization, L.MaxPooling2D, L.AveragePooling2D
NEITHER = {"scale": False, "center": False, "epsilon": 0.1}
SCALES = {"scale": [0.5, 1.0, 2.0, -1.0], "offset": [0.0, 1.0, -1.0, 0.5]}
BY_CHANNEL = {"mean": [0.1, 0.2, -0.3, 0.0], "variance": [1.0, 0.5, 2.0, 1.0]}
BY_POSITION = {"axis": (1, 2), "mean": np.linspace(-1, 1, 28).reshape(7, 4), "variance": np.ones((7, 4))}
ONE_NUMBER = {"axis": None, "mean": 0.3, "variance": 0.5}

GROUPS: dict[str, Group] = {
    "Dense": options(VECTOR, L.Dense, {}, {"use_bias": False}, first=(5,)),
    "RepeatVector": options(VECTOR, L.RepeatVector, {}, first=(3,)),
    **{f"Dense on {rank}-D": on_places(rank) for rank in (1, 2, 3)},
    "TimeDistributed with ReLU": (SEQUENCE, [[lambda: L.TimeDistributed(L.Dense(3, activation="relu"))]]),
    **{f"Conv{rank}D": convolutions(rank) for rank in (1, 2, 3)},
    "Conv1D causal": options(SEQUENCE, P(L.Conv1D, 3, 3, padding="causal"), {}, {"dilation_rate": 2}, {"strides": 2}),
    "Conv2D, other shapes": options(
        IMAGE,
        P(CONV, 8),
        {"kernel_size": 1, "strides": 2},
        {"kernel_size": (2, 4), "strides": (3, 1), "padding": "same"},
        {"kernel_size": (2, 3), "dilation_rate": (3, 1), "padding": "same"},
        {"kernel_size": 9, "padding": "same"},
        {"kernel_size": 3, "groups": 4},
        *({"kernel_size": 3, "activation": name} for name in ("relu", "relu6", "leaky_relu", "linear")),
    ),
    "Conv2D of one channel": options((7, 6, 1), CONV, {"padding": "same"}, first=(3, 3)),
    **{f"{kind}{rank}D": depthwise(kind, rank) for kind in ("DepthwiseConv", "SeparableConv") for rank in (1, 2)},
    "Conv2DTranspose": options(
        SMALL,
        P(L.Conv2DTranspose, 3),
        *({"kernel_size": 3, **more} for more in ({"padding": "same"}, {}, {"strides": 2, "padding": "same"})),
        {"kernel_size": (3, 2), "strides": (2, 3)},
        {"kernel_size": 1, "strides": 2},
        {"kernel_size": 3, "strides": 2, "output_padding": 1},
        {"kernel_size": 3, "dilation_rate": 2},
        {"kernel_size": 3, "strides": 2, "activation": "relu"},
    ),
    "Conv1DTranspose": options((5, 3), L.Conv1DTranspose, {"strides": 2, "padding": "same"}, first=(3, 3)),
    "Conv3DTranspose": options((3, 2, 3, 2), L.Conv3DTranspose, {"strides": 2, "padding": "same"}, first=(3, 2)),
    "BatchNormalization": options(
        IMAGE, NORM, {}, {"axis": 1}, {"axis": 2}, {"scale": False}, {"center": False}, NEITHER
    ),
    "BatchNormalization of a vector": options(VECTOR, NORM, {}),
    "BatchNormalization and others": (
        IMAGE,
        [
            [NORM, NORM],
            [NORM, L.ReLU],
            [P(CONV, 3, 3), NORM, P(CONV, 3, 3, padding="same")],
            [NORM, P(CONV, 3, 3, padding="same")],
            [NORM, P(POOL, 2)],
            [NORM, P(POOL, 3, 2, "same")],
            [NORM, P(AVERAGE, 3, 2, "same")],
            [NORM, L.GlobalMaxPooling2D],
            [L.Flatten, NORM],
            [P(CONV, 3, 3), L.Flatten, NORM, L.ReLU],
        ],
    ),
    "Rescaling": options(
        IMAGE, L.Rescaling, {"scale": 0.5}, {"scale": 0.5, "offset": -1.0}, {"scale": -0.5, "offset": 1.0}, SCALES
    ),
    "Normalization": options(IMAGE, L.Normalization, BY_CHANNEL, ONE_NUMBER, {**ONE_NUMBER, "invert": True}),
    "Normalization by position": options(SEQUENCE, L.Normalization, BY_POSITION),
    "rectifiers": (
        IMAGE,
        [
            *([rectifier] for rectifier in (L.ReLU, L.LeakyReLU, L.PReLU)),
            *([P(L.Activation, name)] for name in ("relu", "relu6", "leaky_relu", "linear", keras.activations.relu)),
            [lambda: keras.ops.relu],
            [P(L.ReLU, max_value=6.0)],
            [P(L.ReLU, max_value=0.5)],
            [P(L.ReLU, negative_slope=0.2)],
            [P(L.ReLU, negative_slope=0.2, max_value=0.5)],
            *([P(L.LeakyReLU, slope)] for slope in (0.0, 1.0, 1.5)),
            [P(L.PReLU, shared_axes=[1, 2])],
            [P(L.PReLU, shared_axes=[2, 3])],
        ],
    ),
    "PReLU of a vector": options(VECTOR, L.PReLU, {}),
    "rectifiers and others": (
        IMAGE,
        [
            [L.ReLU, L.ReLU],
            [L.LeakyReLU, L.LeakyReLU],
            [P(L.ReLU, max_value=0.9), P(L.ReLU, max_value=0.5)],
            *([L.LeakyReLU, behind] for behind in (P(POOL, 2), P(AVERAGE, 2), L.Flatten)),
            [L.PReLU, NORM],
            [P(L.ReLU, max_value=0.5), NORM],
        ],
    ),
    **{f"{kind}Pooling{rank}D": poolings(kind, rank) for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"rearranged {rank}-D": rearranged(rank) for rank in (1, 2, 3)},
    "a vector rearranged": (VECTOR, [[L.Flatten], [P(L.Reshape, (2, 1, 3))]]),
    "an image rearranged": (
        IMAGE,
        [
            [P(L.Reshape, (42, 4))],
            [P(L.Reshape, (-1, 8))],
            [L.Flatten, P(L.Reshape, IMAGE)],
            [P(L.Permute, (2, 1, 3))],
            [P(L.Permute, (3, 1, 2))],
            [P(L.Permute, (3, 2, 1)), L.Flatten],
            [P(L.Permute, (3, 1, 2)), P(CONV, 4, 3, padding="same"), P(L.Permute, (2, 3, 1))],
            [P(L.ZeroPadding2D, ((0, 2), (1, 0)))],
            [P(L.Cropping2D, ((0, 2), (1, 0)))],
            [P(L.UpSampling2D, (1, 3))],
            [P(L.ZeroPadding2D, 1), P(POOL, 3, 2)],
            [P(L.ZeroPadding2D, 1), P(AVERAGE, 3, 2)],
            [P(L.ZeroPadding2D, 2), P(CONV, 3, 3, strides=2)],
            [P(L.ZeroPadding2D, 1), NORM],
        ],
    ),
    "idle": (
        IMAGE,
        [
            [L.Identity],
            [P(L.ActivityRegularization, 0.1)],
            *([P(kind, 0.3)] for kind in (L.Dropout, L.GaussianDropout, L.GaussianNoise, L.AlphaDropout)),
        ],
    ),
}


# Where a layer stands.


def behind_spikes(grower: Grower, node: Node, layers: Iterable[Callable]) -> Node:
    """Between two ReLUs."""
    return head(grower, grower.through([L.Dense(node.shape[-1], activation="relu"), *layers, L.ReLU()], node))


def behind_signed(grower: Grower, node: Node, layers: Iterable[Callable]) -> Node:
    """Between two linear layers, the first of them normalised by scales of both signs."""
    return head(grower, grower.through([L.Dense(node.shape[-1]), NORM(), *layers], node))


def behind_the_input(grower: Grower, node: Node, layers: Iterable[Callable]) -> Node:
    """Its inputs are signed and its outputs are read by a linear layer."""
    return head(grower, grower.through(layers, node))


def at_the_end(grower: Grower, node: Node, layers: Iterable[Callable]) -> Node:
    """Its outputs are the network's."""
    return grower.through([L.Dense(node.shape[-1], activation="relu"), *layers], node)


def head(grower: Grower, node: Node) -> Node:
    """The last linear layer."""
    return grower.through([*([L.Flatten()] if len(node.shape) > 1 else []), L.Dense(3)], node)


PLACES = (behind_spikes, behind_signed, behind_the_input, at_the_end)
SHORT = ("Dense", "Conv2D", "SeparableConv2D", "Conv2DTranspose", "BatchNormalization and others", "rectifiers")
SHORT += ("MaxPooling2D", "AveragePooling1D", "an image rearranged", "idle")


def network(shape: tuple[int, ...], grow: Callable[[Grower, Node], list[Node]]) -> graphs.Network:
    """A network with numbers in it, for inputs in [-1, 1]."""
    span = (-1.0, 1.0)
    with precision("float64"):
        grower = Grower(seed=0, numbers=True)
        inputs = grower.inputs(shape, span)
        start = Node(keras.Input(shape), inputs)
        return grower.finished(start, [node.tensor for node in grow(grower, start)], inputs, span)


def disagreements(tiny: graphs.Network) -> list[int]:
    """The outputs in which the spiking network is not its source; float64 where TensorFlow has it."""
    dtype = "float64" if tiny.double else "float32"
    source, inputs = as_dtype(tiny.model, dtype), tiny.inputs.astype(dtype)
    with precision(dtype):
        expected = outputs_of(logits_of(source), inputs)
        outputs = outputs_of(spiking_form(source, inputs, tiny.input_range, dtype), inputs)
    differences = [largest_relative_difference(*pair) for pair in zip(expected, outputs, strict=True)]
    return [number for number, difference in enumerate(differences) if not difference <= TOLERANCE[dtype]]


def runs_in_double(chain: Chain) -> bool:
    """Whether TensorFlow has all of it in float64."""
    return all(settling.runs_in_double(make()) for make in chain)


@pytest.mark.parametrize(
    ("group", "place"),
    [
        pytest.param(group, place, marks=() if group in SHORT and place is behind_spikes else pytest.mark.long)
        for group, place in product(GROUPS, PLACES)
    ],
)
def test_a_layer_converts_exactly(group: str, place: Callable) -> None:
    shape, chains = GROUPS[group]
    for double in (True, False):
        alike = [chain for chain in chains if runs_in_double(chain) == double]

        def grow(grower: Grower, node: Node, alike: Sequence[Chain] = alike) -> list[Node]:
            return [place(grower, node, [make() for make in chain]) for chain in alike]

        wrong = disagreements(network(shape, grow)) if alike else []
        assert not wrong, [alike[number] for number in wrong]


# Several branches.


def branches(grower: Grower, node: Node, count: int, activation: str | None = "relu") -> list[Node]:
    """Convolutions that read the same tensor, the second of them two layers deep."""
    made = [grower.apply(CONV(4, 3, padding="same", activation=activation), node) for _ in range(count)]
    made[1:2] = [grower.apply(CONV(4, 1, activation=activation), deep) for deep in made[1:2]]
    return made


def merged(kind: type, count: int, activation: str | None = "relu", **options: Any) -> Callable:
    """Branches that are merged."""
    return lambda grower, node: head(grower, grower.apply(kind(**options), *branches(grower, node, count, activation)))


def with_itself(kind: type) -> Callable:
    """One tensor, twice."""
    return lambda grower, node: head(grower, grower.apply(kind(), *branches(grower, node, 1) * 2))


def with_the_input(kind: type) -> Callable:
    """A branch and the network's input."""
    return lambda grower, node: head(grower, grower.apply(kind(), node, *branches(grower, node, 1)))


def far_apart(kind: type) -> Callable:
    """A tensor and one that is made of it four spiking layers later."""

    def grow(grower: Grower, node: Node) -> Node:
        (early,) = branches(grower, node, 1)
        late = grower.through([L.Dense(4, activation="relu") for _ in range(4)], early)
        return head(grower, grower.apply(L.ReLU(), grower.apply(kind(), early, late)))

    return grow


def pooled_merge(pooling: type) -> Callable:
    """Pooling behind a sum that has no ReLU."""

    def grow(grower: Grower, node: Node) -> Node:
        total = grower.apply(L.Add(), *branches(grower, node, 2, None))
        return head(grower, grower.through([NORM(), pooling(3, 2, "same")], total))

    return grow


def turned_round(pooling: type, *gamma: float) -> Callable:
    """Normalisation before pooling by scales that turn the order round."""

    def grow(grower: Grower, node: Node) -> Node:
        layers = [CONV(4, 3, activation="relu"), NORM(), pooling(2, padding="same"), CONV(3, 2, padding="same")]
        node = grower.through(layers, node)
        layers[1].gamma.assign(gamma)
        return head(grower, node)

    return grow


def nested_with_several_outputs(grower: Grower, node: Node) -> Node:
    """Both outputs of an inner model are read."""
    start = Node(keras.Input(node.shape), node.value)
    first, second = (branch.tensor for branch in branches(grower, start, 2))
    inner = keras.Model(start.tensor, [first, second])
    tensors, values = inner(node.tensor), outputs_of(inner, node.value)
    both = [Node(tensor, value) for tensor, value in zip(tensors, values, strict=True)]
    return head(grower, grower.apply(L.Subtract(), *both))


def by_operators(grower: Grower, node: Node) -> Node:
    """``a + b`` and ``a - b`` instead of layers."""
    first, second, third = branches(grower, node, 3)
    tensor = first.tensor + second.tensor - third.tensor
    return head(grower, Node(tensor, first.value + second.value - third.value))


def outputs_that_are_read(grower: Grower, node: Node) -> list[Node]:
    """A potential, and then a ReLU, that other layers read."""
    potential = head(grower, node)
    spikes = grower.through([L.ReLU()], potential)
    return [potential, spikes, grower.through([L.Dense(2)], spikes)]


def same_output_twice(grower: Grower, node: Node) -> list[Node]:
    """One tensor is two outputs."""
    return [head(grower, node)] * 2


def ending_in(*layers: Callable[[], Callable]) -> Callable:
    """What may follow the last linear layer."""
    return lambda grower, node: grower.through([make() for make in layers], head(grower, node))


GRAPHS: dict[str, Sequence[Callable[[Grower, Node], Node | list[Node]]]] = {
    "sums": [
        *(merged(kind, count) for kind, count in ((L.Add, 2), (L.Add, 3), (L.Subtract, 2), (L.Average, 3))),
        *(merged(kind, 2, None) for kind in (L.Add, L.Subtract, L.Average)),
        merged(L.Add, 2, "leaky_relu"),
        merged(L.Add, 2, "relu6"),
    ],
    "side by side": [
        *(merged(L.Concatenate, 3, activation) for activation in ("relu", None, "leaky_relu")),
        *(merged(L.Concatenate, 2, axis=axis) for axis in (1, -2)),
        merged(L.Concatenate, 2, None, axis=1),
    ],
    "early and late": [
        *(with_itself(kind) for kind in (L.Add, L.Average, L.Concatenate)),
        *(with_the_input(kind) for kind in (L.Add, L.Subtract, L.Concatenate)),
        *(far_apart(kind) for kind in (L.Add, L.Concatenate)),
    ],
    "pooled": [
        *(pooled_merge(kind) for kind in (POOL, AVERAGE)),
        *(turned_round(kind, -1.0, -2.0, -0.5, -1.5) for kind in (POOL, AVERAGE)),
        *(turned_round(kind, 0.0, 1.0, -1.0, 0.0) for kind in (POOL, AVERAGE)),
    ],
    "outputs": [nested_with_several_outputs, by_operators, outputs_that_are_read, same_output_twice],
    "ends": [
        ending_in(P(L.Dense, 4, activation="softmax")),
        *(ending_in(kind) for kind in (L.Softmax, NORM, L.ReLU, L.LeakyReLU)),
        *(ending_in(kind, L.Softmax) for kind in (NORM, L.ReLU)),
        ending_in(L.Softmax, P(L.Dropout, 0.1)),
        ending_in(P(L.Activation, "sigmoid")),
        ending_in(L.ReLU, NORM),
        ending_in(P(L.ReLU, max_value=0.5)),
        ending_in(P(L.Reshape, (3, 1))),
    ],
}


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(group, marks=pytest.mark.long if group in ("side by side", "early and late", "pooled") else ())
        for group in GRAPHS
    ],
)
def test_a_graph_converts_exactly(group: str) -> None:
    def grow(grower: Grower, node: Node) -> list[Node]:
        return keras.tree.flatten([make(grower, node) for make in GRAPHS[group]])

    assert disagreements(network(IMAGE, grow)) == []
