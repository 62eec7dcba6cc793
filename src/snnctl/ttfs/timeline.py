"""The windows of a network on the absolute time axis."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from snnctl.ttfs.coding import INPUT_WIDTH, InputCoding
from snnctl.ttfs.keras_graph import calls
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer


@dataclass(frozen=True)
class Window:
    """The firing window of a layer, in tau_c from the start of the input's window.

    Args:
        layer: the layer's name.
        t_min: when its neurons may fire first.
        t_max: when they may fire last.
        level: how many windows come before it; layers of one level fire side by side.
    """

    layer: str
    t_min: float
    t_max: float
    level: int = 0

    @property
    def width(self) -> float:
        """``t_max - t_min``."""
        return self.t_max - self.t_min

    def times(self, x: np.ndarray) -> np.ndarray:
        """Absolute spike times of layer-local ``x``, (batch, \\*neurons); infinity for silent neurons."""
        return np.where(x > 0, self.t_max - x, np.inf)


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
    firing = _firing(model)
    ends: dict[int, float] = {}
    for level in range(max(level for _, level, _ in firing) + 1):
        widest = max((width for _, at, width in firing if at == level), default=0.0)
        ends[level] = ends.get(level - 1, 0.0) + widest
    windows = [Window(name, ends[level] - width, ends[level], level) for name, level, width in firing]
    return sorted(windows, key=lambda window: window.level)  # stable: the network's order within a level


def latency(model: keras.Model) -> float:
    """When the last readout is read, in tau_c: the sum of the levels' windows."""
    return max(window.t_max for window in timeline(model))


def set_windows(model: keras.Model, windows: str, gamma: float) -> None:
    """Let all windows of a network grow (by ``gamma``) or stay fixed while it is trained."""
    for layer in spiking_layers(model):
        layer.windows = windows
        layer.gamma = float(gamma)


def _firing(model: keras.Model) -> list[tuple[str, int, float]]:
    """(name, level, width) of the input and of every spiking or relay layer, in the network's order."""
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs)
    coding = [layer.name for layer in model.layers if isinstance(layer, InputCoding)]
    firing = [(coding[0] if coding else "input", 0, INPUT_WIDTH)]
    at = {id(tensor): (0, INPUT_WIDTH) for tensor in model.inputs}  # level and width of the spikes that a tensor holds
    for call in calls(model):
        layer = call.operation
        levels, widths = zip(*(at[id(tensor)] for tensor in call.arguments.keras_tensors), strict=True)
        level, width = max(levels), max(widths)
        if isinstance(layer, (SpikingLayer, Relay)):
            level += 1
            width = float(layer.width) if isinstance(layer, SpikingLayer) else width
            firing.append((layer.name, level, width))
        at[id(call.outputs[0])] = (level, width)
    return firing
