"""How many synapses leave the neurons of each layer of a spiking network, borders included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snnctl.conversion.box import Box, NotCountableError, united
from snnctl.conversion.coupling import Boxes, behind
from snnctl.conversion.graph import Graph
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.relay import Relay

Shape = tuple[int, ...]
Paths = Mapping[int, Boxes | None]  # what leads to a tensor, by the tensor of spikes it comes from; None: not countable


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
    if any(side is None for shape in graph.shapes.values() for side in shape):
        return dict.fromkeys(graph.shapes)
    shapes = {key: tuple(side or 0 for side in shape) for key, shape in graph.shapes.items()}
    paths: dict[int, Paths] = {graph.input: _fired(graph.input, shapes)}
    found: dict[int, int | None] = {}
    for step in graph.steps:
        (output,), read = step.outputs, [shapes[key] for key in step.inputs]
        leading = [paths[key] for key in step.inputs]
        if isinstance(step.layer, (IntegratingLayer, Relay)):
            for key, count in _received(step.layer, leading, read):
                before = found.get(key, 0)
                found[key] = None if before is None or count is None else before + count
        fires = isinstance(step.layer, (InputCoding, IntegratingLayer, Relay))
        paths[output] = _fired(output, shapes) if fires else _through(step.layer, leading, read)
    return found


def _fired(key: int, shapes: Mapping[int, Shape]) -> Paths:
    return {key: [Box.of_neurons(shapes[key])]}


def _received(layer: Any, leading: Sequence[Paths], shapes: Sequence[Shape]) -> list[tuple[int, int | None]]:
    """Synapses of a layer of neurons: where they come from, and how many."""
    groups = layer.groups() if isinstance(layer, IntegratingLayer) else [[]]  # a relay: one synapse a neuron
    received = []
    for group, paths, shape in zip(groups, leading, shapes, strict=True):
        for key, boxes in paths.items():
            for synapses in group:
                boxes = _behind(synapses, [boxes], [shape])
            received.append((key, _count(boxes)))
    return received


def _through(layer: Any, leading: Sequence[Paths], shapes: Sequence[Shape]) -> Paths:
    """What leads on behind wiring or pooling."""
    keys = dict.fromkeys(key for paths in leading for key in paths)
    return {key: _behind(layer, [paths.get(key, []) for paths in leading], shapes) for key in keys}


def _behind(layer: Any, inputs: Sequence[Boxes | None], shapes: Sequence[Shape]) -> Boxes | None:
    known = [boxes for boxes in inputs if boxes is not None]
    try:
        return behind(layer, known, shapes) if len(known) == len(inputs) else None
    except NotCountableError:
        return None


def _count(boxes: Boxes | None) -> int | None:
    try:
        return None if boxes is None else united(boxes)
    except NotCountableError:
        return None
