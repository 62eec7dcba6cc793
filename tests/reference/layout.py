"""How the layers of a spiking network are connected, and where their windows lie on the time axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras

from reference.signals import require

TAU_C = 1.0


@dataclass(frozen=True)
class Call:
    """A layer, the tensors that it reads, and the one that it makes; tensors by their identity."""

    layer: Any
    inputs: tuple[int, ...]
    output: int

    @property
    def kind(self) -> str:
        """Name of the layer's class."""
        return type(self.layer).__name__


@dataclass(frozen=True)
class Window:
    """When the neurons of a layer may fire: in [t_min, t_max]. ``level`` windows come before it."""

    t_min: float
    t_max: float
    level: int

    @property
    def width(self) -> float:
        """``t_max - t_min``."""
        return self.t_max - self.t_min


@dataclass(frozen=True)
class Layout:
    """The windows of a network.

    Args:
        ends: when the windows of each level end; the next level's begin then.
        windows: of the input and of each spiking or relay layer, by name.
        levels: of each tensor: the level that its spikes are fired at.
    """

    ends: tuple[float, ...]
    windows: dict[str, Window]
    levels: dict[int, int]

    def start(self, level: int) -> float:
        """When the first spike of a level may be fired."""
        return self.ends[level - 1] if level else 0.0


def calls(model: keras.Model) -> Iterator[Call]:
    """All calls that the outputs need, each after those that it reads."""
    seen = {id(tensor) for tensor in model.inputs}
    waiting = list(reversed(model.outputs))
    while waiting:
        tensor = waiting[-1]
        operation, index, _ = tensor._keras_history
        read = operation._inbound_nodes[index].arguments.keras_tensors
        missing = [other for other in read if id(other) not in seen]
        if id(tensor) not in seen and missing:
            waiting += reversed(missing)
            continue
        waiting.pop()
        if id(tensor) not in seen:
            seen.add(id(tensor))
            yield Call(operation, tuple(id(other) for other in read), id(tensor))


def layout(model: keras.Model) -> Layout:
    """The windows: as many levels as a chain of neurons is long; those of a level end with the widest of them."""
    at = {id(tensor): (0, TAU_C) for tensor in model.inputs}  # level and width of the widest window
    widths: dict[str, tuple[int, float]] = {"input": (0, TAU_C)}
    for call in calls(model):
        levels = {at[tensor][0] for tensor in call.inputs}
        require(len(levels) == 1, f"{call.layer.name} reads spikes of different windows, {levels}")
        level, width = max(at[tensor] for tensor in call.inputs)
        if call.kind in ("SpikingLayer", "Relay"):
            level += 1
            width = float(call.layer.width.numpy()) if call.kind == "SpikingLayer" else width
            widths[call.layer.name] = (level, width)
        elif call.kind == "InputCoding":
            widths[call.layer.name] = widths.pop("input")
        at[call.output] = (level, width)
    ends: list[float] = []
    for level in range(max(level for level, _ in widths.values()) + 1):
        ends.append((ends[-1] if ends else 0.0) + max(width for of, width in widths.values() if of == level))
    windows = {name: Window(ends[level] - width, ends[level], level) for name, (level, width) in widths.items()}
    return Layout(tuple(ends), windows, {tensor: level for tensor, (level, _) in at.items()})
