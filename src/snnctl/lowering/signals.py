"""What flows between the layers of a spiking network: single spikes, or currents, weighted sums of them.

At last, the currents that reach a layer of neurons are its synapses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np

from snnctl.errors import ModelError
from snnctl.events.network import Projection
from snnctl.lowering.blocks import BlockMap, composed, diagonal, moved
from snnctl.lowering.linear import LINEAR, NOTHING, Kernel, Shape, selection
from snnctl.lowering.merging import Term
from snnctl.ttfs.hardware import unwrapped


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


def behind(layer: Any, read: Sequence[Signal], kernel: Kernel, place: str) -> Signal:
    """The signal behind a layer without neurons.

    Args:
        layer: a Keras layer, linear and without bias.
        read: the signals that it reads, of one level.
        kernel: gives the weights of a layer.
        place: where the layer stands, for messages.

    Raises:
        ModelError: the layer is not known.
    """
    layer = unwrapped(layer)
    if isinstance(layer, keras.layers.Add):
        return added(read)
    if isinstance(layer, keras.layers.Concatenate):
        return joined(read, layer.axis)
    select = selection(layer)
    if len(read) != 1 or (select is None and type(layer) not in LINEAR):
        what = "a layer of this kind is not known to the export"
        raise ModelError(what, where=place, todo="Convert the network with snnctl.")
    signal = read[0]
    if select is None:
        return mapped(signal, *LINEAR[type(layer)](layer, signal.shape, kernel))
    if isinstance(signal, Spikes):
        return Spikes(select(layer, signal.ids), signal.level)
    return _moved(signal, select(layer, np.arange(prod(signal.shape)).reshape(signal.shape)))


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
    owner = np.concatenate([np.full(signal.shape, number) for number, signal in enumerate(signals)], along)
    parts = []
    for number, signal in enumerate(signals):
        index = np.full(owner.shape, NOTHING)
        index[owner == number] = np.arange(prod(signal.shape))
        parts.append(_moved(currents(signal), index))
    return added(parts)


def _moved(signal: Currents, index: np.ndarray) -> Currents:
    terms = tuple(Term(term.ids, moved(term.block_map, index.reshape(-1))) for term in signal.terms)
    return Currents(index.shape, terms, signal.level)


def projection(target: str, term: Term) -> Projection:
    """Synapses of the layer ``target``, entries in the places' order."""
    block_map = term.block_map
    order = np.argsort(block_map.place, kind="stable")
    start = np.searchsorted(block_map.place[order], np.arange(block_map.places + 1))
    entries = {"start": start, "target": block_map.target[order], "matrix": block_map.matrix[order]}
    return Projection(target, target, term.ids, **entries, J=block_map.J, offset=block_map.offset)
