"""Random single-input acyclic Keras networks of everything that converts, for property tests.

``grow(seed)`` makes one network. Each layer is run on the inputs as soon as it is made, and the numbers in it are drawn
to fit what arrives there, so that activations stay moderate and neither die nor explode however deep the network is.

    python tests/graphs.py SEED      shows a network
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from graph_layers import WIDEST, LayerChoice, layer_of, per_axis, traits
from settling import evaluate, runs_in_double, settle
from snnctl.models.network import precision

L = keras.layers

IMAGES = 4
RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))
MERGES: dict[str, type] = {"add": L.Add, "subtract": L.Subtract, "average": L.Average}
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
class Grower(LayerChoice):
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

    def network(self) -> Network:
        """Input, body, one or more heads."""
        shape, span = self.input_shape(), self.pick(RANGES)
        self.features |= {f"range {span[0]:g} to {span[1]:g}", f"{len(shape) - 1}-D input"}
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

    def stem(self, node: Node, span: tuple[float, float]) -> Node:
        """What may stand first: preprocessing, normalisation or nothing at all."""
        low, high = span
        middle, half = (low + high) / 2, (high - low) / 2
        steps = np.arange(node.shape[-1])
        mean, variance = (middle + half * 0.1 * steps).tolist(), (half**2 * (0.5 + 0.2 * steps)).tolist()
        choices: list[Callable[[], Callable]] = [
            lambda: L.Rescaling(1 / high),
            lambda: L.Rescaling(1 / half, offset=-middle / half),
            lambda: L.Normalization(mean=mean, variance=variance),
            lambda: L.Normalization(axis=None, mean=middle, variance=half**2),
        ]
        if self.chance(0.25):
            node = self.apply(self.pick(choices)(), node)
        if self.chance(0.25):
            self.features.add("BatchNormalization: first")
            node = self.apply(self.norm(node.shape), node)
        return node

    def move(self, nodes: Sequence[Node]) -> Node:
        """One step further from the last node."""
        moves = [*[self.block] * 7, self.merge, self.merge, self.concatenate, self.share, self.nest]
        twins = [node for node in nodes[:-1] if node.shape == nodes[-1].shape]
        if twins and self.chance(0.25):
            return self.skip(nodes[-1], self.pick(twins))
        return self.pick(moves)(nodes[-1])

    def block(self, node: Node) -> Node:
        """A few layers in a row."""
        if self.chance(0.15):
            self.features.add("keras.ops.relu")
            return self.apply(keras.ops.relu, node)
        return self.through(self.layers(node.shape), node)

    # Several branches.

    def merge(self, node: Node) -> Node:
        """Branches of equal shape, summed, averaged or subtracted."""
        kind = self.pick(["add", "add", "subtract", "average"])
        count = 2 if kind == "subtract" else self.between(2, 3)
        shape = node.shape
        stride = 2 if len(shape) > 1 and shape[-1] > 1 and self.chance(0.25) else 1
        filters = shape[-1] if self.chance(0.6) and 1 < shape[-1] <= WIDEST else self.between(2, 5)
        branches = [self.branch(node, stride, filters) for _ in range(count - 1)]
        same = stride == 1 and filters == shape[-1]
        branches.insert(self.between(0, 1), node if same and self.chance(0.6) else self.branch(node, stride, filters))
        return self.joined(kind, branches)

    def joined(self, kind: str, branches: Sequence[Node]) -> Node:
        """The merged branches, sometimes with company."""
        self.features.add(f"{kind} of {len(branches)}")
        return self.accompanied(self.apply(MERGES[kind](), *branches))

    def accompanied(self, node: Node) -> Node:
        """The node behind [norm], [activation], [norm]."""
        return self.through(self.company(node.shape), node)

    def skip(self, node: Node, twin: Node) -> Node:
        """The node and an earlier one of equal shape."""
        self.features.add("skip connection")
        if node.shape[-1] <= WIDEST // 2 and self.chance(0.3):
            return self.apply(L.Concatenate(), twin, node)
        return self.joined(self.pick(["add", "subtract", "average"]), [twin, self.branch(node, 1, node.shape[-1])])

    def branch(self, node: Node, stride: int, filters: int) -> Node:
        """One or two linear layers to the shape wanted."""
        if self.chance(0.4):
            layer = self.keeper(node.shape, 1, node.shape[-1] if node.shape[-1] <= WIDEST else 4)
            node = self.through([layer, *self.company(node.shape)], node)
        return self.accompanied(self.apply(self.keeper(node.shape, stride, filters), node))

    def concatenate(self, node: Node) -> Node:
        """Branches side by side: along the channels, sometimes along another axis."""
        if len(node.shape) > 1 and self.chance(0.35):
            return self.beside(node)
        stride = 2 if len(node.shape) > 1 and node.shape[-1] > 1 and self.chance(0.2) else 1
        branches = [self.branch(node, stride, self.between(2, 4)) for _ in range(self.between(1, 2))]
        whole = stride == 1 and node.shape[-1] <= WIDEST // 2
        branches.append(node if whole else self.branch(node, stride, 2))
        self.features.add("Concatenate: channels")
        return self.accompanied(self.apply(L.Concatenate(), *branches))

    def beside(self, node: Node) -> Node:
        """Concatenation along an axis of the image."""
        axis = self.between(0, len(node.shape) - 2)
        filters = node.shape[-1] if node.shape[-1] <= WIDEST else 4
        crop = [(0, 0)] * (len(node.shape) - 1)
        crop[axis] = (0, (node.shape[axis] - 1) // 2)
        cut = layer_of("Cropping", len(crop))(per_axis(crop))
        first = self.branch(node, 1, filters)
        second = self.apply(cut, node if filters == node.shape[-1] else self.branch(node, 1, filters))
        self.features.add("Concatenate: another axis")
        return self.apply(L.Concatenate(axis=self.pick([axis + 1, axis - len(node.shape)])), first, second)

    def share(self, node: Node) -> Node:
        """A layer, or a model, that is called at two places."""
        if not 1 < node.shape[-1] <= WIDEST:
            return self.block(node)
        shared = self.nested(node, keep=True) if self.chance(0.3) else self.keeper(node.shape, 1, node.shape[-1])
        first = self.accompanied(self.apply(shared, node))
        if self.chance(0.5):
            self.features.add("shared: in a row")
            return self.accompanied(self.apply(shared, first))
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


def describe(network: Network) -> str:
    """The network, a line a layer: class, name and options."""
    layers = network.model.get_config()["layers"]
    lines = [f"{each['class_name']} {each['config']}" for each in layers]
    return "\n".join([f"seed {network.seed}, input range {network.input_range}", *lines])


if __name__ == "__main__":
    grown = grow(int(sys.argv[1]))
    grown.model.summary(expand_nested=True)
    print(describe(grown))
