"""What a tensor of the source network is in the spiking network: a linear function of spikes, plus a constant.

All folding happens here in float64 NumPy; the spiking network's own precision comes last. A constant is (channels,)
where it is the same at every position, otherwise of the tensor's whole shape.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from snnctl.errors import ConversionError
from snnctl.ttfs.integration import Diagonal

Form = Literal["dense", "conv", "depthwise", "transposed", "diagonal", "average", "select", "pad", "rearrange", "max"]
Shape = tuple[Any, ...]  # sides without the batch, None where the size is not fixed
ROUNDING = 1e-12  # of a channel's largest value: what float64 sums of the same taps may differ by


class SizeNotFixedError(ConversionError):
    """Something depends on the position, or on a size, that is not fixed."""

    def __init__(self) -> None:
        super().__init__("the input's size is not fixed", todo="Give the network a fixed input size.")


@dataclass(frozen=True)
class Map:
    """What a layer does to a tensor, as data: a linear map without bias, or a max pooling of spikes.

    Args:
        cls: the Keras layer's class.
        config: its config, without bias, activation, name and dtype.
        form: how its weights are laid out (``dense``: inputs, outputs; ``conv``: *taps, inputs / groups,
            outputs; ``depthwise``: *taps, inputs, multiplier; ``transposed``: *taps, outputs, inputs; ``diagonal``:
            channels or neurons), or what it does without weights: ``average`` within channels, ``select`` or
            ``pad`` positions of all channels alike, ``rearrange`` elements. ``max``: of each pool the earliest spike
            passes, or the latest; its weights are +1 or -1 by channel.
        name: of the source layer.
        kernel: its weights, float64; None for layers without.
    """

    cls: type[keras.layers.Layer]
    config: dict[str, Any]
    form: Form
    name: str
    kernel: Any = None

    @property
    def channelwise(self) -> bool:
        """Whether a factor per channel may be applied before or behind it alike."""
        return self.form in ("average", "select", "pad")

    @property
    def selects(self) -> bool:
        """Whether each output is one input, or 0."""
        return self.form in ("select", "pad", "rearrange")

    def outputs_scaled(self, k: np.ndarray) -> Map:
        """The map followed by a factor ``k`` per output channel (last axis)."""
        if self.form == "depthwise":
            k = k.reshape(self.kernel.shape[-2:])
        elif self.form == "transposed":
            k = k[:, None]
        return replace(self, kernel=self.kernel * k)

    def inputs_scaled(self, k: np.ndarray) -> Map:
        """The map after a factor ``k`` per input channel (last axis)."""
        if self.form == "conv":
            groups = self.config.get("groups", 1)
            per_group = k.reshape(groups, -1).T  # (inputs / groups, groups)
            k = np.repeat(per_group, self.kernel.shape[-1] // groups, axis=1)
        elif self.form in ("dense", "depthwise"):
            k = k[:, None]
        return replace(self, kernel=self.kernel * k)

    def layer(self, name: str, dtype: str) -> keras.layers.Layer:
        """A new Keras layer, not yet built and without its weights."""
        own = {"signs": bool(np.all(np.abs(self.kernel) == 1))} if self.form == "diagonal" else {}
        return self.cls.from_config({**self.config, **own, "name": name, "dtype": dtype})

    def assign_to(self, layer: keras.layers.Layer) -> None:
        """Gives a built layer the weights."""
        if self.kernel is not None:
            layer.kernel.assign(self.kernel)

    def output_shape(self, shape: Shape) -> Shape:
        """The shape it makes of ``shape``, both without the batch."""
        return tuple(self.layer(self.name, "float32").compute_output_shape((None, *shape))[1:])

    def of_constant(self, constant: np.ndarray, shape: Shape) -> np.ndarray:
        """What the map makes of a constant tensor of a ``shape``; (output channels,) or the output's shape.

        Zero padding pads the source's tensor, where the constant is missing: near the border fewer taps contribute. So
        the layer itself is run on the image that holds the constant everywhere.

        Raises:
            SizeNotFixedError: the result depends on the position, and the tensor's size is not known.
        """
        alike, channels = constant.ndim == 1, self.output_shape(shape)[-1]
        if not np.any(constant) and channels is not None:
            return np.zeros(channels)
        if alike and self.form in ("average", "select"):
            return constant
        if alike and self.form == "dense":
            return constant @ self.kernel
        if None in shape:
            raise SizeNotFixedError
        return compressed(self.run(np.broadcast_to(constant, (1, *shape)))[0])

    def run(self, image: np.ndarray) -> np.ndarray:
        """The map in float64, (batch, \\*shape) to (batch, \\*output shape)."""
        layer, tensor = self.layer(self.name, "float64"), tf.constant(image, "float64")
        if not layer.built:
            layer.build(image.shape)
        self.assign_to(layer)
        try:
            return layer(tensor).numpy()
        except tf.errors.OpError as error:
            problem = error.message.splitlines()[0]
        try:  # some have no kernel of their own in this precision on a CPU; XLA compiles one
            return tf.function(layer, jit_compile=True)(tensor).numpy()
        except tf.errors.OpError as error:
            todo = "Try another machine or precision (--dtype), or other strides and dilations."
            raise ConversionError(f"TensorFlow does not compute it here: {problem}", todo=todo) from error


def diagonal(k: np.ndarray, name: str, shape: Shape) -> Map:
    """A factor per channel, (channels,), or per neuron, broadcast to the tensor's ``shape``."""
    kernel = k if k.ndim == 1 else np.broadcast_to(k, shape)
    # Not trained: in the source they are no weights of their own.
    return Map(Diagonal, {"per_neuron": k.ndim > 1, "trainable": False}, "diagonal", name, kernel)


def compressed(constant: np.ndarray) -> np.ndarray:
    """(channels,) when a constant is the same at every position; else as it is."""
    rows = constant.reshape(-1, constant.shape[-1])
    if np.all(np.abs(rows - rows[0]).max(axis=0) <= ROUNDING * np.abs(rows).max(axis=0)):
        return rows[0]
    return constant


def distinct(constant: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The distinct rows of a constant, and which of them holds at each position.

    Returns:
        (channels,) and None, or (rows, channels) and whole numbers of the positions' shape
        (3 x 3, stride 1, "same": 9 rows).
    """
    constant = compressed(constant)
    if constant.ndim == 1:
        return constant, None
    rows = constant.reshape(-1, constant.shape[-1])
    # Rows are told apart by one random combination of their values: sorting numbers is faster than sorting rows.
    largest = np.abs(rows).max(axis=0)
    mixed = (rows / np.where(largest > 0, largest, 1.0)) @ np.random.default_rng(0).normal(size=rows.shape[-1])
    steps = np.round(mixed / (ROUNDING * 100 * max(np.abs(mixed).max(), np.finfo(float).tiny)))
    _, first, index = np.unique(steps, return_index=True, return_inverse=True)
    index = index.reshape(-1)
    if np.any(np.abs(rows - rows[first][index]).max(axis=0) > ROUNDING * largest):
        first, index = np.arange(len(rows)), np.arange(len(rows))
    return rows[first], index.reshape(constant.shape[:-1])


@dataclass(frozen=True)
class Wire:
    """A tensor of the spiking network.

    Args:
        tensor: Keras's symbolic tensor, (batch, \\*shape): local spike times, or weighted sums of them.
        level: how many windows come before the one its spikes are fired in.
        pure: whether each element is one spike train; only these can be pooled and relayed.
        nonneg: whether no element can be negative; single spikes never are.
        name: of the layer that made it.
        source: names of the source layers it stands for.
    """

    tensor: Any
    level: int
    pure: bool
    nonneg: bool
    name: str
    source: tuple[str, ...] = ()

    @property
    def shape(self) -> Shape:
        """Without the batch."""
        return tuple(self.tensor.shape[1:])


@dataclass(frozen=True)
class Term:
    """``chain(scale * wire)``: a wire, read through linear layers that are not part of the network yet.

    ``scale`` is per channel, or of the wire's whole shape, in float64.
    """

    wire: Wire
    scale: np.ndarray
    chain: tuple[Map, ...] = ()

    @classmethod
    def of(cls, wire: Wire, chain: tuple[Map, ...] = ()) -> Term:
        """The wire itself, or read through ``chain``."""
        return cls(wire, np.ones(wire.shape[-1] or 1), chain)

    @property
    def linears(self) -> tuple[Map, ...]:
        """All linear maps of the term, its scale included."""
        if np.all(self.scale == 1):
            return self.chain
        return (diagonal(self.scale, "scale", self.wire.shape), *self.chain)

    def scaled(self, k: np.ndarray, shape: Shape) -> Term:
        """The term times ``k``, per channel (last axis) or of the term's whole ``shape``; folded where it can be."""
        if np.all(k == 1):
            return self
        if not self.chain:
            return replace(self, scale=self.scale * k)
        if k.ndim == 1:
            last = max((i for i, linear in enumerate(self.chain) if not linear.channelwise), default=None)
            if last is None and self.scale.ndim == 1:
                return replace(self, scale=self.scale * k)
            if last is not None and self.chain[last].kernel is not None:
                folded = self.chain[last].outputs_scaled(k)
                return replace(self, chain=(*self.chain[:last], folded, *self.chain[last + 1 :]))
        return replace(self, chain=(*self.chain, diagonal(k, self.chain[-1].name, shape)))


@dataclass(frozen=True)
class Value:
    """``sum of terms + offset``; what waits until the sum has been fired; and whether a ReLU has to fire it.

    Firing commutes with max pooling and with selecting or rearranging elements. What stands between a linear layer and
    its ReLU in the source waits, so that thresholds stay one per channel and no window is spent on it.

    Args:
        name: name of the layer it would become.
        terms: what is summed.
        offset: the constant, (channels,) or ``shape``; float64.
        shape: of the sum, without the batch.
        then: poolings and selections that wait, first to last.
        limit: of the ReLU behind it, infinite but for a clipped one; None where there is no ReLU.
        source: names of the source layers that are folded into it.
        comonotone: whether all terms are monotone functions of one common quantity, so that pooling may act on each
            by its own sign (a leaky ReLU's two halves).
    """

    name: str
    terms: tuple[Term, ...]
    offset: np.ndarray
    shape: Shape
    then: tuple[Map, ...] = ()
    limit: float | None = None
    source: tuple[str, ...] = ()
    comonotone: bool = False

    @classmethod
    def of(cls, wire: Wire) -> Value:
        """The wire itself."""
        return cls(wire.name, (Term.of(wire),), np.zeros(wire.shape[-1] or 1), wire.shape)

    @property
    def final_shape(self) -> Shape:
        """The shape behind all that waits, without the batch."""
        shape = self.shape
        for waiting in self.then:
            shape = waiting.output_shape(shape)
        return shape

    @property
    def max_value(self) -> float | None:
        """Limit of a clipped ReLU; None when there is none."""
        return None if self.limit == np.inf else self.limit

    @property
    def pools(self) -> bool:
        """Whether a pooling waits."""
        return any(waiting.form == "max" for waiting in self.then)

    @property
    def unfired(self) -> bool:
        """Whether it is more than scaled and shifted spikes: it has terms with chains, sums, or sums in its wires."""
        return bool(self.then) or any(term.chain or not term.wire.pure for term in self.terms)

    @property
    def never_negative(self) -> bool:
        """Whether every value is >= 0, whatever the spikes."""
        return not self.then and bool(np.all(self.offset >= 0)) and never_negative(self.terms)

    def scaled_and_shifted(self, k: np.ndarray, c: np.ndarray | float = 0.0) -> Value:
        """``k * value + c``, per channel or of the value's whole shape; nothing but poolings may wait."""
        turned = np.where(k < 0, -1.0, 1.0)
        then = tuple(each.outputs_scaled(turned) if each.form == "max" else each for each in self.then)
        terms = tuple(term.scaled(k, self.shape) for term in self.terms)
        return replace(self, terms=terms, offset=self.offset * k + c, then=then)


def never_negative(terms: tuple[Term, ...]) -> bool:
    """Whether none of the terms is ever negative, whatever the spikes."""
    return all(term.wire.nonneg and not term.chain and np.all(term.scale >= 0) for term in terms)


Signal = Value
"""What rules are given and make."""
