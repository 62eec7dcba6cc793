"""The windows of a network on the absolute time axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer

INPUT_WIDTH = 1.0


@dataclass(frozen=True)
class Window:
    """The firing window of a layer, in tau_c from the start of the input's window.

    Args:
        layer: the layer's name.
        t_min: when its neurons may fire first.
        t_max: when they may fire last.
        level: how many windows come before it; layers of one level fire side by side.
        low: smallest value that signed neurons, or relays of them, carry; 0 for all others. NaN for a relay layer in
            which it differs from neuron to neuron: :func:`snnctl.ttfs.observe.silence` has it of each.
    """

    layer: str
    t_min: float
    t_max: float
    level: int = 0
    low: float = 0.0

    @property
    def width(self) -> float:
        """``t_max - t_min``."""
        return self.t_max - self.t_min

    def times(self, x: np.ndarray, low: np.ndarray | float | None = None) -> np.ndarray:
        """Absolute spike times of layer-local ``x``; infinity for silent neurons.

        Args:
            x: local times, (batch, \\*neurons).
            low: where it differs from neuron to neuron; the layer's own when not given.

        Raises:
            ValueError: it differs, and is not given.
        """
        low = self.low if low is None else low
        if np.any(np.isnan(low)):
            raise ValueError(f"layer {self.layer} relays neurons of different ranges: give low, as silence() has it")
        return np.where(x > low, self.t_max - (x - low), np.inf)


def spiking_layers(model: keras.Model) -> list[SpikingLayer]:
    """The spiking layers of a network, in the order in which they fire."""
    return [layer for layer in model.layers if isinstance(layer, SpikingLayer)]


def relays(model: keras.Model) -> list[Relay]:
    """The relay layers of a network, in the order in which they fire."""
    return [layer for layer in model.layers if isinstance(layer, Relay)]


def timeline(model: keras.Model) -> list[Window]:
    """The windows of the input and of all spiking and relay layers, in the order in which they fire.

    Layers that are equally many windows away from the input form a *level*. The windows of a level end together,
    at the ``t_max`` of the widest; the next level's begin there.
    """
    found = [(name, level, width, low) for name, level, width, low in _firing(model)]
    ends: dict[int, float] = {}
    for level in range(max(level for _, level, _, _ in found) + 1):
        widest = max((width for _, at, width, _ in found if at == level), default=0.0)
        ends[level] = ends.get(level - 1, 0.0) + widest
    windows = [Window(name, ends[level] - width, ends[level], level, low) for name, level, width, low in found]
    return sorted(windows, key=lambda window: window.level)  # stable: the network's order within a level


def latency(model: keras.Model) -> float:
    """When the last readout is read, in tau_c: the sum of the levels' windows."""
    return max(window.t_max for window in timeline(model))


def set_windows(model: keras.Model, windows: str, gamma: float) -> None:
    """Let all windows of a network grow (by ``gamma``) or stay fixed while it is trained."""
    for layer in spiking_layers(model):
        layer.windows = windows
        layer.gamma = float(gamma)


def _firing(model: keras.Model) -> list[tuple[str, int, float, float]]:
    """(name, level, width, low) of the input and of every spiking or relay layer, in the network's order."""
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs)
    at: dict[int, tuple[int, float, float]] = {id(tensor): (0, INPUT_WIDTH, 0.0) for tensor in model.inputs}
    found: list[tuple[str, int, float, float]] = []
    coding = [layer.name for layer in model.layers if isinstance(layer, InputCoding)]
    found.append((coding[0] if coding else "input", 0, INPUT_WIDTH, 0.0))
    for layer, inputs, output in _calls(model):
        levels, widths, lows = zip(*(at[tensor] for tensor in inputs), strict=True)
        level, width, low = max(levels), max(widths), lows[0] if len(set(lows)) == 1 else np.nan
        if isinstance(layer, SpikingLayer):
            level, width = level + 1, float(layer.width.numpy())
            low = float(layer.low.numpy()) if layer.signed else 0.0
        elif isinstance(layer, Relay):
            level += 1
        at[output] = (level, width, low)
        if isinstance(layer, (SpikingLayer, Relay)):
            found.append((layer.name, level, width, low))
    return found


def _calls(model: keras.Model) -> list[tuple[Any, list[int], int]]:
    """(layer, input tensors, output tensor) of every call, each after those that it reads."""
    nodes = [node for depth in sorted(model._nodes_by_depth, reverse=True) for node in model._nodes_by_depth[depth]]
    return [
        (node.operation, [id(tensor) for tensor in node.arguments.keras_tensors], id(node.outputs[0]))
        for node in nodes
        if not node.is_input
    ]
