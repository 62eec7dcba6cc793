"""What a rule is, what it is given, and how it refuses.

A rule says what a layer of the source becomes: ``rule(context, layer, *signals)`` gives the signal behind the layer,
or raises ``context.refuse(...)``. A signal is opaque: rules make new ones with the methods of their context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from snnctl.conversion.linear import Form, Linear, Shape
from snnctl.conversion.network import Network
from snnctl.conversion.values import Pooling, Rectified, Signal, Term, Value
from snnctl.errors import ConversionError

Rule = Callable[..., Signal]
"""``rule(context, layer, *signals)``."""


@dataclass(frozen=True)
class Context:
    """What a rule works with besides the layer and its inputs.

    Args:
        place: where the layer stands, for messages.
        name: of the layer.
        network: the spiking network under construction.
        readers: how many layers and outputs read the layer's output.
        arguments: all that the layer is called with (Keras's ``SymbolicArguments``).
    """

    place: str
    name: str
    network: Network
    readers: int = 1
    arguments: Any = None

    def refuse(self, what: str, accepted: str) -> ConversionError:
        """The error that names the layer, what stands against it and what would be accepted instead."""
        return ConversionError(what, where=self.place, todo=accepted)

    def shape(self, signal: Signal) -> Shape:
        """The shape of a signal, without the batch."""
        value = signal.value if isinstance(signal, Rectified) else signal
        return _shape_behind(value)

    # What a layer can do to its input

    def affine(self, signal: Signal, k: np.ndarray | float, c: np.ndarray | float = 0.0) -> Value:
        """``k * signal + c``: a batch normalisation, a rescaling.

        Args:
            signal: the layer's input.
            k: per channel (last axis), or broadcastable to the signal's shape without batch; float64.
            c: likewise.
        """
        value = self.network.value(signal)
        k, c = (self._broadcast(array, self.shape(value)) for array in (k, c))
        self._require_finite(k, c)
        if value.then and not (k.ndim == c.ndim == 1 and all(_commutes(waiting, c) for waiting in value.then)):
            value = self.network.settled(value)
        return self._named(value.scaled_and_shifted(k, c))

    def linear(
        self,
        signal: Signal,
        cls: type[keras.layers.Layer],
        config: dict[str, Any],
        form: Form,
        kernel: np.ndarray | None = None,
        bias: np.ndarray | None = None,
    ) -> Value:
        """A linear Keras layer: class and config without bias and activation.

        Args:
            signal: the layer's input.
            cls: class of the Keras layer.
            config: its config.
            form: layout of the weights, see :class:`~snnctl.conversion.linear.Linear`.
            kernel: weights; None for a layer that has none.
            bias: (output channels,), or None.

        What selects or rearranges elements waits until the signal is fired, where it can.
        """
        self._require_finite(*(weights for weights in (kernel, bias) if weights is not None))
        linear = Linear(cls, config, form, self.name, kernel)
        value = self.network.value(signal)
        if linear.output_shape(self.shape(value))[-1] is None:
            raise self.refuse("the input's size is not fixed", "Give the network a fixed input size.")
        if linear.selects and value.unfired:
            return replace(value, then=(*value.then, linear))
        read = self.network.linear(self.network.settled(value), linear, bias)
        folded = kernel is not None or any(term.chain and term.chain[-1] is linear for term in read.terms)
        return self._named(read) if folded else replace(read, name=self.name, place=self.place)

    def rectify(self, signal: Signal, max_value: float | None = None) -> Signal:
        """``min(max_value, max(0, signal))``: what a spiking neuron does by itself."""
        if isinstance(signal, Rectified):
            limits = [limit for limit in (signal.max_value, max_value) if limit is not None]
            return replace(signal, max_value=min(limits, default=None))
        if signal.never_negative and max_value is None:
            return signal
        return Rectified(self._named(signal, rename=not signal.unfired), max_value)

    def leaky(self, signal: Signal, slope: np.ndarray | float, max_value: float | None = None) -> Signal:
        """``relu(z)`` and ``relu(-z)`` of a pair of neurons, the second one read with ``-slope``.

        Args:
            signal: z.
            slope: per channel, or broadcastable to the signal's shape without batch.
            max_value: limit of the positive half.
        """
        value = self.network.value(signal)
        slope = self._broadcast(slope, self.shape(value))
        if not np.any(slope) or value.never_negative:
            return self.rectify(value, max_value)
        if any(isinstance(waiting, Pooling) for waiting in value.then) and np.all(slope >= 0) and slope.ndim == 1:
            return self._pooled_leaky(value, slope, max_value)
        return self._halves(value, slope, max_value)

    def _pooled_leaky(self, value: Value, slope: np.ndarray, max_value: float | None) -> Value:
        """Pooling commutes with any increasing function."""
        poolings = [waiting for waiting in value.then if isinstance(waiting, Pooling)]
        if len(poolings) < len(value.then):
            return self._halves(value, slope, max_value)
        halves = self._halves(replace(value, then=()), slope, max_value)
        for pooling in poolings:
            halves = self.network.pooled(pooling, halves)
        return halves

    def _halves(self, value: Value, slope: np.ndarray, max_value: float | None) -> Value:
        channels = np.ones(slope.shape[-1])
        value = replace(self.network.shared(value), name=self.name, source=(*value.source, self.name))
        positive = self.network.fire(value, max_value=max_value)
        negated = replace(value.scaled_and_shifted(-channels, 0 * channels), name=f"{self.name}_negative")
        negative = self.network.fire(negated)
        terms = (Term(positive, channels), Term(negative, -slope))
        return Value(
            self.name,
            terms,
            0 * channels,
            value.shape,
            self.place,
            comonotone=bool(np.all(slope >= 0) and slope.ndim == 1),
        )

    def pool(self, signal: Signal, cls: type[keras.layers.Layer], config: dict[str, Any]) -> Value:
        """Max pooling.

        Args:
            signal: the layer's input.
            cls: the spiking pooling layer, :class:`~snnctl.ttfs.pooling.EarliestSpikePooling2D` or its kin.
            config: ``pool_size``, ``strides``, ``padding``.
        """
        value = self.network.value(signal)
        channels = self.shape(value)[-1]
        pooling = Pooling(cls, config, self.name, np.ones(channels or 1))
        if value.unfired:
            if all(isinstance(waiting, Pooling) or waiting.channelwise for waiting in value.then):
                return replace(value, then=(*value.then, pooling))
            value = self.network.settled(value)
        poolable = len(value.terms) == 1 or value.comonotone
        by_channel = value.offset.ndim == 1 and all(term.scale.ndim == 1 for term in value.terms)
        if value.unfired or not poolable or not by_channel:
            value = self.network.carried(value)
        return replace(self.network.pooled(pooling, value), place=self.place)

    def add(self, signals: Sequence[Signal], factors: Sequence[float] | None = None) -> Value:
        """The sum of signals of one shape, each times its factor."""
        values = [self.network.settled(self.network.value(signal)) for signal in signals]
        if len({value.shape for value in values}) != 1:
            shapes = " and ".join(str(value.shape) for value in values)
            raise self.refuse(f"it joins tensors of different shapes, {shapes}", "Tensors of one shape are accepted.")
        if factors is not None:
            channels = [np.ones(value.offset.shape[-1]) for value in values]
            values = [
                value.scaled_and_shifted(factor * ones, 0 * ones)
                for value, factor, ones in zip(values, factors, channels, strict=True)
            ]
        offset = sum((value.offset for value in values), np.zeros(1))
        return Value(
            self.name,
            tuple(term for value in values for term in value.terms),
            offset,
            values[0].shape,
            self.place,
            source=tuple(dict.fromkeys([*(name for value in values for name in value.source), self.name])),
        )

    def concatenate(self, signals: Sequence[Signal], axis: int) -> Value:
        """The signals side by side along ``axis`` (counted with the batch)."""
        if axis == 0:
            raise self.refuse("it joins along the batch", "Join along another axis.")
        values = [self._joinable(self.network.value(signal)) for signal in signals]
        rank = len(values[0].shape)
        axis = axis - 1 if axis > 0 else axis + rank
        level = max(term.wire.level for value in values for term in value.terms)
        values = [
            replace(
                value,
                terms=self.network.aligned(value.terms, self.place, level),
                comonotone=value.comonotone or len(value.terms) == 1,
            )
            for value in values
        ]
        shapes = [value.shape for value in values]
        terms = []
        for half in range(max(len(value.terms) for value in values)):
            parts = [
                value.terms[half]
                if half < len(value.terms)
                else replace(value.terms[0], wire=self.network.silenced(value.terms[0].wire))
                for value in values
            ]
            wire = self.network.concatenated([part.wire for part in parts], axis, self.name)
            terms.append(Term(wire, _side_by_side([part.scale for part in parts], shapes, axis, self)))
        return Value(
            self.name,
            tuple(terms),
            _side_by_side([value.offset for value in values], shapes, axis, self),
            terms[0].wire.shape,
            self.place,
            source=tuple(dict.fromkeys([*(name for value in values for name in value.source), self.name])),
            comonotone=all(value.comonotone for value in values),
        )

    def _joinable(self, value: Value) -> Value:
        """The value as scaled spikes, one or two; sums of spikes that several layers are going to read are fired."""
        value = self.network.settled(value)
        plain = not any(term.chain for term in value.terms)
        if plain and len(value.terms) <= 2 and all(term.wire.pure for term in value.terms):
            return value
        if self.readers > 1:
            return self.network.carried(value)
        if plain and len(value.terms) == 1:
            return value
        return replace(value, terms=(Term((wire := self.network.merged(value)), np.ones(wire.shape[-1] or 1)),))

    def end(self, signal: Signal) -> Signal:
        """A softmax or sigmoid: it keeps the order of the logits, vanishes, and nothing may follow."""
        if isinstance(signal, Rectified):
            return replace(signal, value=replace(signal.value, ended=self.place))
        return replace(signal, ended=self.place)

    def _require_finite(self, *arrays: np.ndarray) -> None:
        if not all(np.all(np.isfinite(array)) for array in arrays):
            raise self.refuse("its numbers are not finite", "Train the network anew, or repair its weights.")

    def _broadcast(self, array: Any, shape: Shape) -> np.ndarray:
        """(channels,) where the array is alike at all positions; else of the whole shape."""
        array = np.asarray(array, dtype=np.float64)
        channels = shape[-1]
        if channels is None:
            raise self.refuse("the number of channels is not fixed", "Give the network a fixed input size.")
        if array.ndim > len(shape) or array.shape[-1:] not in ((), (1,), (channels,)):
            raise self._enlarges(array, shape)
        if array.ndim <= 1 or all(side == 1 for side in array.shape[:-1]):
            return np.broadcast_to(array.reshape(array.shape[-1:]), (channels,))
        if any(side is None for side in shape):
            raise self.refuse("the input's size is not fixed", "Give the network a fixed input size.")
        try:
            return np.broadcast_to(array, shape)
        except ValueError:
            raise self._enlarges(array, shape) from None

    def _enlarges(self, array: np.ndarray, shape: Shape) -> ConversionError:
        return self.refuse(
            f"its constant of shape {array.shape} enlarges a tensor of shape {shape}",
            "A constant that fits into the tensor is accepted.",
        )

    def _named(self, value: Value, rename: bool = True) -> Value:
        source = value.source if self.name in value.source[-1:] else (*value.source, self.name)
        return replace(value, name=self.name if rename else value.name, place=self.place, source=source)


def _commutes(waiting: Linear | Pooling, c: np.ndarray) -> bool:
    """Whether scaling and shifting channels may be done before what waits."""
    return isinstance(waiting, Pooling) or waiting.form == "select" or (waiting.form == "pad" and not np.any(c))


def _shape_behind(value: Value) -> Shape:
    """The shape behind all that waits."""
    shape = value.shape
    for waiting in value.then:
        if isinstance(waiting, Pooling):
            shape = tuple(waiting.cls(**waiting.config).compute_output_shape((None, *shape))[1:])
        else:
            shape = waiting.output_shape(shape)
    return shape


def _side_by_side(arrays: Sequence[np.ndarray], shapes: Sequence[Shape], axis: int, context: Context) -> np.ndarray:
    """Scales or offsets of concatenated tensors."""
    last = axis == len(shapes[0]) - 1
    if all(array.ndim == 1 for array in arrays):
        if last:
            return np.concatenate(arrays)
        if all(np.array_equal(array, arrays[0]) for array in arrays):
            return arrays[0]
    if any(side is None for shape in shapes for side in shape):
        raise context.refuse("the input's size is not fixed", "Give the network a fixed input size.")
    return np.concatenate(
        [np.broadcast_to(array, shape) for array, shape in zip(arrays, shapes, strict=True)],
        axis=axis,
    )
