"""How many synapses leave the neurons of each layer of a spiking network, borders included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from snnctl.conversion.box import Box, NotCountableError, united, united_counts
from snnctl.conversion.coupling import Boxes, behind
from snnctl.conversion.graph import Graph, Step
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.hardware import unwrapped
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay

Shape = tuple[int, ...]
Paths = Mapping[int, Boxes | None]  # what leads to a tensor, by the tensor of spikes it comes from; None: not countable
T = TypeVar("T")
FIRING = (InputCoding, IntegratingLayer, Relay)


@dataclass(frozen=True)
class Bundle:
    """The synapses from one tensor of spikes to one layer.

    Args:
        source: key of the tensor of spikes.
        target: the step that integrates them.
        counts: how many leave each neuron or pool, integers in the tensor's shape; None where they cannot be counted.
    """

    source: int
    target: Step
    counts: np.ndarray | None


def leaving(graph: Graph) -> dict[int, int | None]:
    """Synapses that leave the neurons of each tensor of spikes, by the tensor's key.

    A synapse leads from a neuron to a neuron of a later layer, a relay neuron or the readout. However many ways lead
    through wiring, poolings and linear layers between the two, they are one synapse; but each group of synapses of a
    layer has its own.

    Args:
        graph: of a spiking network.

    Returns:
        None where they cannot be counted: an axis that is cut and convolved, a layer that conversion does not make,
        and everywhere if the input's size is not fixed.
    """
    if not _sized(graph):
        return dict.fromkeys(graph.shapes)
    found: dict[int, int | None] = {}
    for key, _, count in _received(graph, FIRING, united):
        before = found.get(key, 0)
        found[key] = None if before is None or count is None else before + count
    return found


def bundles(graph: Graph) -> list[Bundle]:
    """The synapses neuron by neuron. A pool counts as a neuron: what a spike that passes it reaches is the pool's.

    Args:
        graph: of a spiking network.

    Returns:
        One for each pair of a tensor of spikes and a layer that reads it; counts of None as for :func:`leaving`.

    Raises:
        ValueError: the input's size is not fixed.
    """
    if not _sized(graph):
        raise ValueError("neurons are counted one by one in a network whose input has a fixed size only")
    found: dict[tuple[int, str], list[np.ndarray | int | None]] = {}
    steps = {step.name: step for step in graph.steps}
    for key, step, counts in _received(graph, (*FIRING, EarliestSpikePooling), united_counts):
        found.setdefault((key, step.name), []).append(counts)
    return [Bundle(key, steps[name], _summed(groups, graph.shapes[key])) for (key, name), groups in found.items()]


def _summed(groups: Sequence[np.ndarray | int | None], shape: Any) -> np.ndarray | None:
    """Counts of all groups of synapses together, in the neurons' ``shape``."""
    total = np.zeros(shape, np.int64)
    for counts in groups:
        if counts is None:
            return None
        total += counts
    return total


def _sized(graph: Graph) -> bool:
    return all(side is not None for shape in graph.shapes.values() for side in shape)


def _received(
    graph: Graph, firing: tuple[type, ...], count: Callable[[Boxes], T]
) -> Iterator[tuple[int, Step, T | None]]:
    """Every group of synapses: the tensor of spikes it comes from, the step it leads to, and its ``count``.

    Args:
        graph: of a spiking network of fixed sizes.
        firing: layers whose outputs are tensors of spikes of their own.
        count: what is wanted of the connections of a group.
    """
    shapes = {key: tuple(side or 0 for side in shape) for key, shape in graph.shapes.items()}
    paths: dict[int, Paths] = {graph.input: _fired(graph.input, shapes)}
    for step in graph.steps:
        (output,), read = step.outputs, [shapes[key] for key in step.inputs]
        leading = [paths[key] for key in step.inputs]
        if isinstance(step.layer, (IntegratingLayer, Relay)):
            for key, boxes in _arriving(step.layer, leading, read):
                yield key, step, _counted(boxes, count)
        fires = isinstance(step.layer, firing)
        paths[output] = _fired(output, shapes) if fires else _through(step.layer, leading, read)


def _fired(key: int, shapes: Mapping[int, Shape]) -> Paths:
    return {key: [Box.of_neurons(shapes[key])]}


def _arriving(layer: Any, leading: Sequence[Paths], shapes: Sequence[Shape]) -> Iterator[tuple[int, Boxes | None]]:
    """The groups of synapses of a layer of neurons: where they come from, and what they connect."""
    groups = layer.groups() if isinstance(layer, IntegratingLayer) else [[]]  # a relay: one synapse a neuron
    for group, paths, shape in zip(groups, leading, shapes, strict=True):
        for key, boxes in paths.items():
            for synapses in group:
                boxes = _behind(synapses, [boxes], [shape])
            yield key, boxes


def _through(layer: Any, leading: Sequence[Paths], shapes: Sequence[Shape]) -> Paths:
    """What leads on behind wiring or pooling."""
    keys = dict.fromkeys(key for paths in leading for key in paths)
    return {key: _behind(layer, [paths.get(key, []) for paths in leading], shapes) for key in keys}


def _behind(layer: Any, inputs: Sequence[Boxes | None], shapes: Sequence[Shape]) -> Boxes | None:
    known = [boxes for boxes in inputs if boxes is not None]
    try:
        return behind(unwrapped(layer), known, shapes) if len(known) == len(inputs) else None
    except NotCountableError:
        return None


def _counted(boxes: Boxes | None, count: Callable[[Boxes], T]) -> T | None:
    try:
        return None if boxes is None else count(boxes)
    except NotCountableError:
        return None
