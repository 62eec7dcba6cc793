"""The populations and pools of layers: windows and spike ids, thresholds and slopes, members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import Graph
from snnctl.errors import ModelError
from snnctl.lowering.merging import Term
from snnctl.lowering.sliding import Slide, slid
from snnctl.ttfs.timeline import Window, timeline


def fixed_shapes(graph: Graph) -> dict[int, tuple[int, ...]]:
    """The shapes of all tensors of a network, without the batch.

    Raises:
        ModelError: the input's size is not fixed.
    """
    if any(side is None for shape in graph.shapes.values() for side in shape):
        raise ModelError(
            f"the input's size is not fixed: {graph.shapes[graph.input]}",
            todo="Convert the network with a fixed input size.",
        )
    return {key: tuple(side or 0 for side in shape) for key, shape in graph.shapes.items()}


@dataclass(frozen=True)
class Timing:
    """Windows and spike ids.

    Args:
        windows: of the input and of each layer of neurons, in the order in which they fire.
        first: id of each one's first spike, by name.
        neurons: how many there are in all of them.
    """

    windows: tuple[Window, ...]
    first: dict[str, int]
    neurons: int

    def end(self, level: int) -> float:
        """When the windows of a level end, in tau_c; 0 for the level before the input's."""
        return next((window.t_max for window in self.windows if window.level == level), 0.0)

    def of(self, name: str) -> Window:
        """The window of a layer; it does not begin before its inputs' have ended."""
        window = next(window for window in self.windows if window.layer == name)
        return Window(name, max(window.t_min, self.end(window.level - 1)), window.t_max, window.level)


def timing(graph: Graph, shapes: Mapping[int, tuple[int, ...]]) -> Timing:
    """The windows of a spiking network.

    Args:
        graph: the network.
        shapes: see :func:`fixed_shapes`.

    Raises:
        ModelError: a layer of neurons stands in the network twice.
    """
    windows = tuple(timeline(graph.model))
    keys = {windows[0].layer: graph.input, **{step.name: step.outputs[0] for step in graph.steps}}
    first: dict[str, int] = {}
    neurons = 0
    for window in windows:
        if window.layer in first:
            raise ModelError("its neurons would have to fire twice", where=f"layer '{window.layer}'")
        first[window.layer] = neurons
        neurons += prod(shapes[keys[window.layer]])
    return Timing(windows, first, neurons)


def slopes(layer: Any, groups: Sequence[Sequence[Term]], neurons: int) -> np.ndarray:
    """B of the neurons of a spiking layer, (neurons,); (1,) where all rise with slope 1.

    Args:
        layer: the spiking layer.
        groups: the synapses that lead to it.
        neurons: how many it has.
    """
    if layer.B is None:
        return np.ones(1)
    sums = np.zeros(neurons)  # of J_ij over j
    for terms in groups:
        sums += sum((term.block_map.applied(np.ones(term.ids.shape)) for term in terms), np.zeros(neurons))
    B = layer.B(keras.ops.convert_to_tensor(sums, "float64"))
    return np.ones(1) if B is None else np.asarray(keras.ops.convert_to_numpy(B), np.float64)


def offsets(layer: Any, D: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """D of every neuron, (neurons,).

    Args:
        layer: with one D per channel, or an index of the positions' rows of it.
        D: as the layer keeps it.
        shape: of the neurons.
    """
    if layer.border_classes is not None:
        D = D[np.asarray(keras.ops.convert_to_numpy(layer.position_index))]
    return np.broadcast_to(D, shape).reshape(-1)


@dataclass(frozen=True)
class Members:
    """What is pooled.

    Args:
        passing: which places of the layer's output have a pool, of the output's shape: one that cannot pass anything,
            as nothing can fire there, is none.
        start: (pools + 1,), where each one's members begin.
        ids: of the members' spikes.
        latest: (pools,), whether the latest passes instead of the earliest.
    """

    passing: np.ndarray
    start: np.ndarray
    ids: np.ndarray
    latest: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the pools: the output's, if it has one at each place."""
        return self.passing.shape if self.passing.all() else (len(self.latest),)


def members(layer: Any, ids: np.ndarray) -> Members:
    """The pools of a pooling layer.

    Args:
        layer: an earliest-spike pooling.
        ids: of the spikes that it reads, (\\*sides, channels); -1 where nothing can fire.
    """
    pool, channels = layer.pool, ids.shape[-1]
    moves = zip(pool.pool_size, pool.strides, strict=True)
    taps = slid(ids.shape[:-1], [Slide(size, stride, 1, pool.padding) for size, stride in moves])
    pools = (taps.result[:, None] * channels + np.arange(channels)).reshape(-1)
    places = (taps.place[:, None] * channels + np.arange(channels)).reshape(-1)
    order = np.argsort(pools, kind="stable")
    pools, member = pools[order], ids.reshape(-1)[places[order]]
    count = taps.results * channels
    sign = np.asarray(keras.ops.convert_to_numpy(layer.sign)) if layer.signed else np.ones(channels)
    latest = np.broadcast_to(sign < 0, (taps.results, channels)).reshape(-1)
    # A pool that waits for a place where nothing can fire passes nothing.
    never = np.zeros(count, bool)
    never[pools[member < 0]] = True
    kept = (member >= 0) & ~(never & latest)[pools]
    sizes = np.bincount(pools[kept], minlength=count)
    passing = sizes > 0
    start = np.append(0, np.cumsum(sizes[passing]))
    return Members(passing.reshape(*taps.outputs, channels), start, member[kept], latest[passing])
