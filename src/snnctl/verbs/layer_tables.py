"""Networks as tables, for ``inspect`` and ``convert --plan``: a row of plain data a layer, as they are computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any

import keras

from snnctl.conversion.graph import Graph, Shape, graph_of
from snnctl.errors import ConversionError
from snnctl.ttfs.coding import INPUT_WIDTH, InputCoding
from snnctl.ttfs.integration import IntegratingLayer, Readout
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import timeline

INPUT = "input"
NEURONS = ("input", "spiking", "clipped", "signed", "relay")
JOINING = ("spiking", "clipped", "signed", "readout")
KINDS = {InputCoding: "input", Relay: "relay", Readout: "readout", EarliestSpikePooling: "pooling"}


def source_table(model: keras.Model) -> tuple[list[dict[str, Any]], ConversionError | None]:
    """The rows of any Keras network, nested models opened; and why they are only a list of layers, if they are.

    Returns:
        Rows with the layer's ``name`` (its further calls, or further layers of this name, get ``#2``, ``#3``, ...),
        its class as ``kind``, the ``shape`` of its output without the batch, its ``parameters`` (0 for a layer that
        stands further up already), and the rows that it ``reads``; shape None and no rows where they are not known.
    """
    try:
        graph = graph_of(model)
    except ConversionError as error:
        return [_source_row(layer, layer.name, _shape(layer), ()) for layer in model.layers], error
    calls: Counter[str] = Counter()
    seen: set[int] = set()
    names = {graph.input: INPUT}
    rows = []
    for step in graph.steps:
        calls[step.name] += 1
        name = step.name if calls[step.name] == 1 else f"{step.name} #{calls[step.name]}"
        names.update(dict.fromkeys(step.outputs, name))
        row = _source_row(step.layer, name, graph.shapes[step.outputs[0]], tuple(names[key] for key in step.inputs))
        rows.append({**row, "parameters": 0} if id(step.layer) in seen else row)
        seen.add(id(step.layer))
    return rows, None


def _source_row(layer: Any, name: str, shape: Shape | None, reads: tuple[str, ...]) -> dict[str, Any]:
    parameters = size(getattr(layer, "weights", ()))
    return {"name": name, "kind": type(layer).__name__, "shape": shape, "parameters": parameters, "reads": reads}


def _shape(layer: keras.layers.Layer) -> Shape | None:
    try:
        return tuple(layer.output.shape[1:])
    except (AttributeError, ValueError):  # never called, called several times, or several outputs
        return None


def size(weights: Any) -> int:
    """How many numbers weights hold."""
    return sum(prod(weight.shape) for weight in weights)


def spiking_table(
    model: keras.Model,
    synapses: Mapping[str, int],
    sources: Mapping[str, tuple[str, ...]] | None = None,
    calibrated: bool = True,
) -> list[dict[str, Any]]:
    """The rows of a spiking network; docs/convert.md tells what each column means.

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
    fixed = _fixed_widths(graph)
    names = {graph.input: INPUT, **{step.outputs[0]: step.name for step in graph.steps}}
    rows = []
    for step in graph.steps:
        layer, kind, shape = step.layer, kind_of(step.layer), graph.shapes[step.outputs[0]]
        integrates = isinstance(layer, IntegratingLayer)
        row: dict[str, Any] = {
            "name": step.name,
            "kind": kind,
            "shape": shape,
            "neurons": None if kind in ("pooling", "wiring") or None in shape else prod(side or 0 for side in shape),
            "weights": size(layer.weights) if kind == "wiring" else 0,
            "thresholds": size([layer.D]) if integrates else 0,
            "synapses": synapses.get(step.name, 0) if synapses and kind in NEURONS else None,
            **dict.fromkeys(("level", "window", "t_min", "t_max")),
            "reads": tuple(names[key] for key in step.inputs),
            "source": tuple(getattr(layer, "source", ())) or (sources or {}).get(step.name, ()),
            "fan_out": None,
        }
        if integrates:
            row["weights"] = sum(size(part.weights) for part in layer.synapses)
        if row["synapses"] is not None and row["neurons"]:
            row["fan_out"] = row["synapses"] / row["neurons"]
        if step.name in windows:
            window = windows[step.name]
            row.update(level=window.level, window=fixed[step.outputs[0]])
            if calibrated or window.level == 0:
                row.update(window=window.width, t_min=window.t_min, t_max=window.t_max)
        rows.append(row)
    if sources is not None:
        _add_own_wiring(rows)
    return rows


def _fixed_widths(graph: Graph) -> dict[int, float | None]:
    """The width of the window that each tensor's spikes are fired in, None where calibration sets it."""
    fixed: dict[int, float | None] = {graph.input: INPUT_WIDTH}
    for step in graph.steps:
        read = [fixed[key] for key in step.inputs]
        widest = None if None in read else max(width for width in read if width is not None)
        fixed[step.outputs[0]] = step.layer.max_value if isinstance(step.layer, SpikingLayer) else widest
    return fixed


def _add_own_wiring(rows: list[dict[str, Any]]) -> None:
    """Wiring that one layer of neurons alone reads is part of that layer."""
    readers = Counter(name for row in rows for name in row["reads"])
    wiring = {row["name"]: row["source"] for row in rows if row["kind"] == "wiring" and readers[row["name"]] == 1}
    for row in rows:
        if row["kind"] in JOINING:
            parts = [part for name in row["reads"] for part in wiring.get(name, ())]
            row["source"] = tuple(dict.fromkeys((*parts, *row["source"])))


def kind_of(layer: Any) -> str:
    """What a layer of a spiking network does."""
    if isinstance(layer, SpikingLayer):
        return "signed" if layer.signed else "spiking" if layer.max_value is None else "clipped"
    return next((kind for cls, kind in KINDS.items() if isinstance(layer, cls)), "wiring")
