"""A ReLU network as a table: one row a step of its computation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import Graph, graph_of
from snnctl.errors import ConversionError

INPUT = "input"
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class SourceRow:
    """One call of a layer or operation.

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


@dataclass(frozen=True)
class SourceTable:
    """A whole network.

    Args:
        rows: in the order of computation.
        parameters: of all layers, each counted once.
        hidden: why the rows are only a list of layers; None if they are the computation.
    """

    rows: tuple[SourceRow, ...]
    parameters: int
    hidden: ConversionError | None = None


def source_table(model: keras.Model) -> SourceTable:
    """The table of any Keras network; nested models are opened."""
    parameters = _size(model.weights)
    try:
        graph = graph_of(model)
    except ConversionError as error:
        return SourceTable(_plain_rows(model), parameters, hidden=error)
    return SourceTable(_rows(graph), parameters)


def _rows(graph: Graph) -> tuple[SourceRow, ...]:
    names = {graph.input: INPUT}
    numbers: Counter[str] = Counter()
    seen: set[int] = set()
    rows = []
    for step in graph.steps:
        name = _numbered(step.name, numbers)
        names.update(dict.fromkeys(step.outputs, name))
        reads = tuple(names[key] for key in step.inputs)
        rows.append(_row(step.layer, name, graph.shapes[step.outputs[0]], reads, seen))
    return tuple(rows)


def _plain_rows(model: keras.Model) -> tuple[SourceRow, ...]:
    """The layers of a model whose computation is not known."""
    numbers: Counter[str] = Counter()
    seen: set[int] = set()
    return tuple(_row(layer, _numbered(layer.name, numbers), _shape(layer), (), seen) for layer in model.layers)


def _row(layer: Any, name: str, shape: Shape | None, reads: tuple[str, ...], seen: set[int]) -> SourceRow:
    parameters = 0 if id(layer) in seen else _size(getattr(layer, "weights", ()))
    seen.add(id(layer))
    return SourceRow(name, type(layer).__name__, shape, parameters, reads)


def _shape(layer: keras.layers.Layer) -> Shape | None:
    try:
        return tuple(layer.output.shape[1:])
    except (AttributeError, ValueError):  # never called, called several times, or several outputs
        return None


def _numbered(name: str, numbers: Counter[str]) -> str:
    numbers[name] += 1
    return name if numbers[name] == 1 else f"{name} #{numbers[name]}"


def _size(weights: Any) -> int:
    return sum(int(np.prod(weight.shape)) for weight in weights)
