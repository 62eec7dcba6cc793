"""What flows between the layers of a spiking network: single spikes, or currents, weighted sums of them.

At last, the currents that reach a layer of neurons are its synapses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np

from snnctl.errors import ModelError
from snnctl.events.network import Projection
from snnctl.lowering.blocks import BlockMap, composed, diagonal, moved
from snnctl.lowering.linear import LINEAR, Kernel, float64, selection
from snnctl.lowering.merging import Term
from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.hardware import unwrapped

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Spikes:
    """One spike train for each element.

    Args:
        ids: of the spikes, of the tensor's shape; -1 where nothing can fire.
        level: of their window.
    """

    ids: np.ndarray
    level: int

    @property
    def shape(self) -> Shape:
        """Of the tensor."""
        return self.ids.shape


@dataclass(frozen=True)
class Currents:
    """Weighted sums of spikes of one level.

    Args:
        shape: of the tensor.
        terms: what is added up; each leads to the tensor's elements.
        level: of the spikes' window.
    """

    shape: Shape
    terms: tuple[Term, ...]
    level: int


Signal = Spikes | Currents


def currents(signal: Signal) -> Currents:
    """What spikes add up to through weights of 1."""
    if isinstance(signal, Currents):
        return signal
    *sides, channels = signal.shape
    identity = diagonal(np.ones((1, channels)), prod(sides))
    return Currents(signal.shape, (Term(signal.ids, identity),), signal.level)


def wired(layer: Any, read: Sequence[Signal], kernel: Kernel, place: str) -> Signal:
    """The signal behind wiring: a layer that joins several tensors, or one as in :func:`through`.

    Raises:
        ModelError: the layer is not known.
    """
    if isinstance(layer, keras.layers.Add):
        return added(read)
    if isinstance(layer, keras.layers.Concatenate):
        return joined(read, layer.axis)
    if len(read) != 1:
        raise ModelError("a layer of this kind is not known to the export", where=place)
    return through(unwrapped(layer), read[0], kernel, place)


def through(layer: Any, signal: Signal, kernel: Kernel, place: str) -> Signal:
    """The signal behind a layer without neurons.

    Args:
        layer: a Keras layer, linear and without bias.
        signal: what it reads.
        kernel: gives the weights of a layer.
        place: where the layer stands, for messages.

    Raises:
        ModelError: the layer is not known.
    """
    select = selection(layer)
    if select is not None:
        if isinstance(signal, Spikes):
            return Spikes(select(layer, signal.ids), signal.level)
        index = select(layer, np.arange(prod(signal.shape)).reshape(signal.shape))
        return _moved(signal, index)
    if type(layer) not in LINEAR:
        raise ModelError(
            "a layer of this kind is not known to the export", where=place, todo="Convert the network with snnctl."
        )
    return mapped(signal, *LINEAR[type(layer)](layer, signal.shape, kernel))


def mapped(signal: Signal, block_map: BlockMap, shape: Shape) -> Currents:
    """The signal behind a linear map to a tensor of ``shape``."""
    if isinstance(signal, Spikes):
        return Currents(shape, (Term(signal.ids, block_map),), signal.level)
    terms = tuple(Term(term.ids, composed(term.block_map, block_map)) for term in signal.terms)
    return Currents(shape, terms, signal.level)


def added(signals: Sequence[Signal]) -> Currents:
    """The sum of several tensors."""
    parts = [currents(signal) for signal in signals]
    return Currents(parts[0].shape, tuple(term for part in parts for term in part.terms), parts[0].level)


def joined(signals: Sequence[Signal], axis: int) -> Signal:
    """Several tensors side by side along an axis; 0 is the batch."""
    along = axis - 1 if axis > 0 else axis
    spikes = [signal.ids for signal in signals if isinstance(signal, Spikes)]
    if len(spikes) == len(signals):
        return Spikes(np.concatenate(spikes, along), signals[0].level)
    placed = [np.full(signal.shape, number) for number, signal in enumerate(signals)]
    owner = np.concatenate(placed, along)
    parts = []
    for number, signal in enumerate(signals):
        index = np.full(owner.shape, -1)
        index[owner == number] = np.arange(prod(signal.shape))
        parts.append(_moved(currents(signal), index))
    return added(parts)


def _moved(signal: Currents, index: np.ndarray) -> Currents:
    terms = tuple(Term(term.ids, moved(term.block_map, index.reshape(-1))) for term in signal.terms)
    return Currents(index.shape, terms, signal.level)


def kernels(constraints: Constraints) -> Kernel:
    """What gives the weights of a linear layer: those that the layer holds, as the hardware has them."""
    if not constraints.on_weights:
        return float64
    return lambda layer: _in_double(constraints.weights, float64(layer))


def thresholds(layer: Any, constraints: Constraints) -> np.ndarray:
    """D of an integrating layer, of the layer's shape, as the hardware has it."""
    return _in_double(constraints.thresholds, layer.D)


def _in_double(constrained: Callable[[Any], Any], values: Any) -> np.ndarray:
    tensor = keras.ops.cast(keras.ops.convert_to_tensor(values), "float64")
    return np.asarray(keras.ops.convert_to_numpy(constrained(tensor)), np.float64)


def synapse_groups(layer: Any, read: Sequence[Signal], kernel: Kernel, place: str) -> list[list[Term]]:
    """What leads to the neurons of an integrating layer, by synapse group.

    Args:
        layer: the layer.
        read: what each of its groups reads.
        kernel: gives the weights of a layer.
        place: where the layer stands, for messages.

    Raises:
        ModelError: a synapse layer is not known.
    """
    groups = []
    for chain, signal in zip(layer.groups(), read, strict=True):
        for synapses in chain:
            signal = through(synapses, signal, kernel, place)
        groups.append(list(currents(signal).terms))
    return groups


def projection(target: str, term: Term) -> Projection:
    """Synapses of the layer ``target``, entries in the places' order."""
    block_map = term.block_map
    order = np.argsort(block_map.place, kind="stable")
    start = np.searchsorted(block_map.place[order], np.arange(block_map.places + 1))
    return Projection(
        name=target,
        target_name=target,
        source=np.ascontiguousarray(term.ids),
        start=start,
        target=block_map.target[order],
        matrix=block_map.matrix[order],
        J=np.ascontiguousarray(block_map.J),
        offset=block_map.offset,
    )
