"""What a rule is, what it is given, and how it refuses.

A rule says what a layer of the source becomes: ``rule(context, layer, *signals)`` gives the signal behind the layer,
or raises ``context.refuse(...)``. A signal is opaque: rules make new ones with the methods of their context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest
from typing import Any

import keras
import numpy as np

from snnctl.conversion.folding import Form, Map, Shape, Signal, SizeNotFixedError, Term, Value, Wire
from snnctl.conversion.network import Network
from snnctl.errors import ConversionError
from snnctl.ttfs.relay import Silence

Rule = Callable[..., Signal]
"""``rule(context, layer, *signals)``."""


@dataclass
class Context:
    """What a rule works with besides the layer and its inputs.

    Args:
        place: where the layer stands, for messages.
        name: of the layer.
        network: the spiking network under construction.
        readers: how many layers and outputs read the layer's output.
        arguments: all that the layer is called with (Keras's ``SymbolicArguments``).
        ended: whether the rule has found a softmax or sigmoid, which nothing may follow.
    """

    place: str
    name: str
    network: Network
    readers: int = 1
    arguments: Any = None
    ended: bool = False

    def refuse(self, what: str, accepted: str) -> ConversionError:
        """The error that names the layer, what stands against it and what would be accepted instead."""
        return ConversionError(what, where=self.place, todo=accepted)

    def shape(self, signal: Signal) -> Shape:
        """The shape of a signal, without the batch."""
        return signal.final_shape

    # What a layer can do to its input

    def affine(self, signal: Signal, k: np.ndarray | float, c: np.ndarray | float = 0.0) -> Value:
        """``k * signal + c``: a batch normalisation, a rescaling.

        ``k`` and ``c`` are per channel (last axis), or broadcastable to the signal's shape without batch; float64.
        """
        value = self.network.value(signal)
        k, c = (self._broadcast(array, value.final_shape) for array in (k, c))
        self._require_finite(k, c)
        commuting = ("max", "select") if np.any(c) else ("max", "select", "pad")
        if not all(k.ndim == c.ndim == 1 and waiting.form in commuting for waiting in value.then):
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
            form: layout of the weights, see :class:`~snnctl.conversion.folding.Map`.
            kernel: weights; None for a layer that has none.
            bias: (output channels,), or None.

        What selects or rearranges elements waits until the signal is fired, where it can.
        """
        self._require_finite(kernel, bias)
        linear = Map(cls, config, form, self.name, kernel)
        value = self.network.value(signal)
        if linear.output_shape(value.final_shape)[-1] is None:
            raise SizeNotFixedError
        if linear.selects and value.unfired:
            return replace(value, then=(*value.then, linear))
        read = self.network.linear(self.network.settled(value), linear, bias)
        folded = kernel is not None or any(term.chain and term.chain[-1] is linear for term in read.terms)
        return self._named(read) if folded else replace(read, name=self.name)

    def rectify(self, signal: Signal, max_value: float | None = None) -> Signal:
        """``min(max_value, max(0, signal))``: what a spiking neuron does by itself."""
        limit = np.inf if max_value is None else max_value
        if signal.limit is not None:
            return signal if signal.limit <= limit else replace(signal, limit=limit)
        if signal.never_negative and max_value is None:
            return signal
        return replace(self._named(signal, rename=not signal.unfired), limit=limit)

    def leaky(self, signal: Signal, slope: np.ndarray | float, max_value: float | None = None) -> Signal:
        """``relu(z)`` and ``relu(-z)`` of a pair of neurons, the second one read with ``-slope``; z is the signal.

        ``slope`` is per channel, or broadcastable to the signal's shape; ``max_value`` limits the positive half.
        """
        value = self.network.value(signal)
        slope = self._broadcast(slope, value.final_shape)
        if not np.any(slope) or value.never_negative:
            return self.rectify(value, max_value)
        increasing = bool(np.all(slope >= 0)) and slope.ndim == 1
        # Pooling commutes with any increasing function.
        poolings = value.then if increasing and all(waiting.form == "max" for waiting in value.then) else ()
        value = replace(value, then=()) if poolings else value
        channels = np.ones(slope.shape[-1])
        z = replace(self.network.shared(value), name=self.name, source=(*value.source, self.name))
        positive = self.network.fire(replace(z, limit=max_value))
        negative = self.network.fire(replace(z.scaled_and_shifted(-channels), name=f"{self.name}_negative"))
        terms = (Term.of(positive), Term(negative, -slope))
        halves = Value(self.name, terms, 0 * channels, z.shape, comonotone=increasing)
        return self.network.behind(poolings, halves)

    def pool(self, signal: Signal, cls: type[keras.layers.Layer], config: dict[str, Any]) -> Value:
        """Max pooling by ``cls``, an ``EarliestSpikePooling1D``, ``2D`` or ``3D`` of :mod:`snnctl.ttfs.pooling`.

        ``config`` holds ``pool_size``, ``strides`` and ``padding``.
        """
        value = self.network.value(signal)
        pooling = Map(cls, config, "max", self.name, np.ones(value.final_shape[-1] or 1))
        if value.unfired and all(waiting.form == "max" or waiting.channelwise for waiting in value.then):
            return replace(value, then=(*value.then, pooling))
        value = self.network.settled(value)
        poolable = len(value.terms) == 1 or value.comonotone
        by_channel = value.offset.ndim == 1 and all(term.scale.ndim == 1 for term in value.terms)
        if value.unfired or not poolable or not by_channel:
            value = self.network.carried(value)
        return self.network.pooled(pooling, value)

    def add(self, signals: Sequence[Signal], factors: Sequence[float] | None = None) -> Value:
        """The sum of signals of one shape, each times its factor."""
        values = [self.network.settled(self.network.value(signal)) for signal in signals]
        if len({value.shape for value in values}) != 1:
            shapes = " and ".join(str(value.shape) for value in values)
            raise self.refuse(f"it joins tensors of different shapes, {shapes}", "Tensors of one shape are accepted.")
        if factors is not None:
            scales = [factor * np.ones(value.offset.shape[-1]) for factor, value in zip(factors, values, strict=True)]
            values = [value.scaled_and_shifted(scale) for value, scale in zip(values, scales, strict=True)]
        terms = tuple(term for value in values for term in value.terms)
        offset = sum((value.offset for value in values), np.zeros(1))
        return Value(self.name, terms, offset, values[0].shape, source=_sources(values, self.name))

    def concatenate(self, signals: Sequence[Signal], axis: int) -> Value:
        """The signals side by side along ``axis`` (counted with the batch)."""
        if axis == 0:
            raise self.refuse("it joins along the batch", "Join along another axis.")
        values = [self._joinable(self.network.settled(self.network.value(signal))) for signal in signals]
        axis = axis - 1 if axis > 0 else axis + len(values[0].shape)
        level = max(term.wire.level for value in values for term in value.terms)
        groups = [self.network.aligned(value.terms, level) for value in values]
        terms = []
        for halves in zip_longest(*groups):
            parts = [half or self._silence(group[0]) for half, group in zip(halves, groups, strict=True)]
            wires = [part.wire for part in parts]
            make = partial(keras.layers.Concatenate, axis=axis + 1)
            layer = self.network.wired(make, self.name, _sources(wires), [wire.tensor for wire in wires])
            pure, nonneg = all(wire.pure for wire in wires), all(wire.nonneg for wire in wires)
            wire = Wire(layer.output, level, pure, nonneg, layer.name, _sources(wires))
            terms.append(Term(wire, _side_by_side([part.scale for part in parts], values, axis)))
        offset, source = _side_by_side([value.offset for value in values], values, axis), _sources(values, self.name)
        comonotone = all(value.comonotone or len(value.terms) == 1 for value in values)
        return Value(self.name, tuple(terms), offset, wire.shape, source=source, comonotone=comonotone)

    def _silence(self, term: Term) -> Term:
        """As many places as the term has, at which nothing fires."""
        wire = term.wire
        layer = self.network.wired(Silence, f"{wire.name}_silence", wire.source, wire.tensor)
        return replace(term, wire=replace(wire, tensor=layer.output, name=layer.name))

    def _joinable(self, value: Value) -> Value:
        """The value as scaled spikes, one or two; sums of spikes that several layers are going to read are fired."""
        plain = not any(term.chain for term in value.terms)
        if plain and len(value.terms) <= 2 and all(term.wire.pure for term in value.terms):
            return value
        if self.readers > 1:
            return self.network.carried(value)
        if plain and len(value.terms) == 1:
            return value
        return replace(value, terms=(Term.of(self.network.merged(value)),))

    def end(self, signal: Signal) -> Signal:
        """A softmax or sigmoid: it keeps the order of the logits, vanishes, and nothing may follow."""
        self.ended = True
        return signal

    def _require_finite(self, *arrays: np.ndarray | None) -> None:
        if not all(array is None or np.all(np.isfinite(array)) for array in arrays):
            raise self.refuse("its numbers are not finite", "Train the network anew, or repair its weights.")

    def _broadcast(self, array: Any, shape: Shape) -> np.ndarray:
        """(channels,) where the array is alike at all positions; else of the whole shape."""
        array = np.asarray(array, dtype=np.float64)
        channels = shape[-1]
        if channels is None:
            raise self.refuse("the number of channels is not fixed", "Give the network a fixed input size.")
        by_channel = array.ndim <= 1 or all(side == 1 for side in array.shape[:-1])
        if None in shape and not by_channel:
            raise SizeNotFixedError
        try:
            if array.ndim > len(shape):
                raise ValueError
            if by_channel:
                return np.broadcast_to(array.reshape(array.shape[-1:]), (channels,))
            return np.broadcast_to(array, shape)
        except ValueError:
            what = f"its constant of shape {array.shape} enlarges a tensor of shape {shape}"
            raise self.refuse(what, "A constant that fits into the tensor is accepted.") from None

    def _named(self, value: Value, rename: bool = True) -> Value:
        source = value.source if self.name in value.source[-1:] else (*value.source, self.name)
        return replace(value, name=self.name if rename else value.name, source=source)


def _sources(parts: Sequence[Value | Wire], *names: str) -> tuple[str, ...]:
    """The source layers of all parts, and ``names``, each once."""
    return tuple(dict.fromkeys([*(name for part in parts for name in part.source), *names]))


def _side_by_side(arrays: Sequence[np.ndarray], values: Sequence[Value], axis: int) -> np.ndarray:
    """Scales or offsets of values that are concatenated along ``axis``."""
    shapes = [value.shape for value in values]
    by_channel = all(array.ndim == 1 for array in arrays)
    if by_channel and axis == len(shapes[0]) - 1:
        return np.concatenate(arrays)
    if by_channel and all(np.array_equal(array, arrays[0]) for array in arrays):
        return arrays[0]
    if any(None in shape for shape in shapes):
        raise SizeNotFixedError
    broadcast = [np.broadcast_to(array, shape) for array, shape in zip(arrays, shapes, strict=True)]
    return np.concatenate(broadcast, axis=axis)
