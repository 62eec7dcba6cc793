"""Networks as tables, for ``inspect`` and ``convert --plan``: one row a layer, in the order of computation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal

import keras

from snnctl.conversion.graph import Graph, graph_of
from snnctl.errors import ConversionError
from snnctl.ttfs.coding import INPUT_WIDTH, InputCoding
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.readout import Readout
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import timeline

INPUT = "input"
Shape = tuple[int | None, ...]
Kind = Literal["input", "spiking", "clipped", "signed", "relay", "pooling", "wiring", "readout"]
NEURONS: tuple[Kind, ...] = ("input", "spiking", "clipped", "signed", "relay")
JOINING: tuple[Kind, ...] = ("spiking", "clipped", "signed", "readout")
KINDS: dict[type, Kind] = {
    InputCoding: "input",
    Relay: "relay",
    Readout: "readout",
    EarliestSpikePooling: "pooling",
}


@dataclass(frozen=True)
class SourceRow:
    """One call of a layer or operation of a ReLU network.

    Args:
        name: the layer's name; further calls of it, or further layers of this name, get ``#2``, ``#3``, ...
        kind: its class.
        shape: of its output, without the batch, None where the size is not fixed; None if it is not known.
        parameters: numbers it holds; 0 for a layer that stands further up already.
        reads: the rows it reads, "input" for the network's input; empty if it is not known.
    """

    name: str
    kind: str
    shape: Shape | None
    parameters: int
    reads: tuple[str, ...]


def source_table(model: keras.Model) -> tuple[list[SourceRow], ConversionError | None]:
    """The rows of any Keras network, nested models opened; and why they are only a list of layers, if they are."""
    graph: Graph | None = None
    hidden = None
    try:
        graph = graph_of(model)
    except ConversionError as error:
        hidden = error
    numbers: Counter[str] = Counter()
    seen: set[int] = set()
    names = {} if graph is None else {graph.input: INPUT}
    rows = []
    for step in model.layers if graph is None else graph.steps:
        layer = step if graph is None else step.layer
        numbers[step.name] += 1
        name = step.name if numbers[step.name] == 1 else f"{step.name} #{numbers[step.name]}"
        reads: tuple[str, ...] = ()
        shape = _shape(layer) if graph is None else graph.shapes[step.outputs[0]]
        if graph is not None:
            names.update(dict.fromkeys(step.outputs, name))
            reads = tuple(names[key] for key in step.inputs)
        parameters = 0 if id(layer) in seen else size(getattr(layer, "weights", ()))
        seen.add(id(layer))
        rows.append(SourceRow(name, type(layer).__name__, shape, parameters, reads))
    return rows, hidden


def _shape(layer: keras.layers.Layer) -> Shape | None:
    try:
        return tuple(layer.output.shape[1:])
    except (AttributeError, ValueError):  # never called, called several times, or several outputs
        return None


def size(weights: Any) -> int:
    """How many numbers weights hold."""
    return sum(prod(weight.shape) for weight in weights)


@dataclass(frozen=True)
class SpikingRow:
    """One layer of a spiking network.

    Args:
        name: the layer's.
        kind: "input" coding; "spiking" neurons, of which "clipped" ones are clipped ReLUs and "signed" ones are in
            pairs that carry values of either sign; "relay" neurons; "pooling" and "wiring", which have no neurons; the
            "readout".
        shape: of its output, without the batch; None where the size is not fixed.
        neurons: how many fire, in a readout how many are read; None for pooling, wiring and sizes that are not fixed.
        weights: synaptic weights J, each counted once however many synapses share it.
        thresholds: distinct thresholds D.
        synapses: how many leave its neurons; None for what does not fire, and where they cannot be counted.
        level: how many windows come before its own; None for what has none.
        window: its width in tau_c; None for what has none, and before calibration.
        t_min, t_max: start and end of the window, in tau_c; None likewise.
        reads: the layers it reads.
        source: the layers of the ReLU network that became this one.
    """

    name: str
    kind: Kind
    shape: Shape
    neurons: int | None
    weights: int
    thresholds: int
    synapses: int | None
    level: int | None
    window: float | None
    t_min: float | None
    t_max: float | None
    reads: tuple[str, ...]
    source: tuple[str, ...]

    @property
    def fan_out(self) -> float | None:
        """Mean number of synapses that leave a neuron."""
        return self.synapses / self.neurons if self.synapses is not None and self.neurons else None


def spiking_table(
    model: keras.Model,
    synapses: Mapping[str, int],
    sources: Mapping[str, tuple[str, ...]] | None = None,
    calibrated: bool = True,
) -> list[SpikingRow]:
    """The rows of a spiking network.

    Args:
        model: the network.
        synapses: how many leave each layer of neurons, by name; empty where they cannot be counted.
        sources: which layers of the ReLU network are in the wiring, by its names, if that is recorded.
        calibrated: whether its windows mean something; if not, only those are shown that calibration does not change.

    Raises:
        ConversionError: a network without a single input, or one that computes in a way of its own.
    """
    graph = graph_of(model)
    windows = {window.layer: window for window in timeline(graph.model)}
    names = {graph.input: INPUT}
    fixed: dict[int, float | None] = {graph.input: INPUT_WIDTH}  # widths that calibration does not change
    rows = []
    for step in graph.steps:
        layer, (output,) = step.layer, step.outputs
        names[output] = step.name
        read = [fixed[key] for key in step.inputs]
        fixed[output] = None if None in read else max(width for width in read if width is not None)
        if isinstance(layer, SpikingLayer):
            fixed[output] = layer.max_value
        kind, shape, window = kind_of(layer), graph.shapes[output], windows.get(step.name)
        timed = window is not None and (calibrated or window.level == 0)
        integrates = isinstance(layer, IntegratingLayer)
        held = [weight for part in layer.synapses for weight in part.weights] if integrates else layer.weights
        rows.append(
            SpikingRow(
                name=step.name,
                kind=kind,
                shape=shape,
                neurons=None if kind in ("pooling", "wiring") or None in shape else prod(side or 0 for side in shape),
                weights=size(held) if integrates or kind == "wiring" else 0,
                thresholds=size([layer.D]) if integrates else 0,
                synapses=synapses.get(step.name, 0) if synapses and kind in NEURONS else None,
                level=None if window is None else window.level,
                window=None if window is None else window.width if timed else fixed[output],
                t_min=window.t_min if window is not None and timed else None,
                t_max=window.t_max if window is not None and timed else None,
                reads=tuple(names[key] for key in step.inputs),
                source=tuple(getattr(layer, "source", ())) or (sources or {}).get(step.name, ()),
            )
        )
    return rows if sources is None else _with_own_wiring(rows)


def _with_own_wiring(rows: list[SpikingRow]) -> list[SpikingRow]:
    """Wiring that one layer of neurons alone reads is part of that layer."""
    readers = Counter(name for row in rows for name in row.reads)
    wiring = {row.name: row.source for row in rows if row.kind == "wiring" and readers[row.name] == 1}
    parts = {row.name: [part for name in row.reads for part in wiring.get(name, ())] for row in rows}
    return [
        replace(row, source=tuple(dict.fromkeys((*parts[row.name], *row.source)))) if row.kind in JOINING else row
        for row in rows
    ]


def kind_of(layer: Any) -> Kind:
    """What a layer of a spiking network does."""
    if isinstance(layer, SpikingLayer):
        return "signed" if layer.signed else "spiking" if layer.max_value is None else "clipped"
    return next((kind for cls, kind in KINDS.items() if isinstance(layer, cls)), "wiring")
