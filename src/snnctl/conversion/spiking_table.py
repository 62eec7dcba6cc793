"""A spiking network as a table: neurons, parameters, windows, fan-out, and what became what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

from snnctl.conversion.graph import Step, graph_of
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.readout import Readout
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import INPUT_WIDTH, Window, timeline

Kind = Literal["input", "spiking", "clipped", "signed", "relay", "pooling", "wiring", "readout"]
Shape = tuple[int | None, ...]
NEURONS: tuple[Kind, ...] = ("input", "spiking", "clipped", "signed", "relay")


@dataclass(frozen=True)
class SpikingRow:
    """One layer of a spiking network.

    Args:
        name: the layer's.
        kind: "input" coding; "spiking" neurons, of which "clipped" ones are clipped ReLUs and "signed" ones are in
            pairs that carry values of either sign; "relay" neurons; "pooling" and "wiring",
            which have no neurons; the "readout".
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


def spiking_table(model: keras.Model, synapses: Mapping[str, int], calibrated: bool = True) -> tuple[SpikingRow, ...]:
    """One row for each layer, in the order of computation.

    Args:
        model: a spiking network.
        synapses: how many leave each layer of neurons, by name; empty where they cannot be counted.
        calibrated: whether its windows mean something; if not, only those are told that calibration does not change.

    Raises:
        ConversionError: a network without a single input, or one that computes in a way of its own.
    """
    graph = graph_of(model)
    windows = {window.layer: window for window in timeline(graph.model)}
    names = {graph.input: "input"}
    widths: dict[int, float | None] = {graph.input: INPUT_WIDTH}
    rows = []
    for step in graph.steps:
        (output,) = step.outputs
        names[output] = step.name
        widths[output] = _known_width(step, widths)
        timing = _timing(windows.get(step.name), widths[output], calibrated)
        leave = synapses.get(step.name, 0) if synapses and kind_of(step.layer) in NEURONS else None
        rows.append(_row(step, graph.shapes[output], leave, timing, tuple(names[key] for key in step.inputs)))
    return tuple(rows)


def neurons_by_kind(rows: tuple[SpikingRow, ...]) -> dict[str, int]:
    """How many neurons of each kind there are; the readout's, which do not fire, are not among them."""
    counted: Counter[str] = Counter()
    for row in rows:
        if row.kind in NEURONS and row.neurons is not None:
            counted[row.kind] += row.neurons
    return dict(counted)


def _row(step: Step, shape: Shape, synapses: int | None, timing: dict[str, Any], reads: tuple[str, ...]) -> SpikingRow:
    kind = kind_of(step.layer)
    weights, thresholds = _parameters(step.layer)
    counted = kind not in ("pooling", "wiring") and None not in shape
    return SpikingRow(
        name=step.name,
        kind=kind,
        shape=shape,
        neurons=int(np.prod([side or 0 for side in shape])) if counted else None,
        weights=weights,
        thresholds=thresholds,
        synapses=synapses,
        **timing,
        reads=reads,
        source=tuple(getattr(step.layer, "source", ())),
    )


def _timing(window: Window | None, known: float | None, calibrated: bool) -> dict[str, Any]:
    """Level, width, start and end of a layer's window, as far as they are there and mean something."""
    if window is None:
        return dict.fromkeys(("level", "window", "t_min", "t_max"))
    if calibrated or window.level == 0:
        return {"level": window.level, "window": window.width, "t_min": window.t_min, "t_max": window.t_max}
    return {"level": window.level, "window": known, "t_min": None, "t_max": None}


def kind_of(layer: Any) -> Kind:
    """What a layer of a spiking network does."""
    if isinstance(layer, SpikingLayer):
        return "signed" if layer.signed else "spiking" if layer.max_value is None else "clipped"
    kinds: dict[type, Kind] = {
        InputCoding: "input",
        Relay: "relay",
        Readout: "readout",
        EarliestSpikePooling: "pooling",
    }
    return next((kind for cls, kind in kinds.items() if isinstance(layer, cls)), "wiring")


def _parameters(layer: Any) -> tuple[int, int]:
    """Numbers of weights and of thresholds."""
    if isinstance(layer, IntegratingLayer):
        return sum(_size(synapses.weights) for synapses in layer.synapses), _size([layer.D])
    return (_size(layer.weights) if kind_of(layer) == "wiring" else 0), 0


def _known_width(step: Step, widths: Mapping[int, float | None]) -> float | None:
    """Width of the window that the spikes behind a layer come from, if calibration does not set it."""
    if isinstance(step.layer, InputCoding):
        return INPUT_WIDTH
    if isinstance(step.layer, SpikingLayer):
        return step.layer.max_value
    read = [widths[key] for key in step.inputs]
    return None if any(width is None for width in read) else max(width for width in read if width is not None)


def _size(weights: Any) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)
