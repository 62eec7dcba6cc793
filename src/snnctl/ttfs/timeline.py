"""The windows of a network on the absolute time axis."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from snnctl.ttfs.coding import INPUT_WIDTH, InputCoding
from snnctl.ttfs.keras_graph import calls
from snnctl.ttfs.relay import Relay, firing_layers
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


def timeline(model: keras.Model) -> list[Window]:
    """The windows of the input and of all spiking and relay layers, in the order in which they fire.

    Layers that are equally many windows away from the input form a *level*. The windows of a level end together,
    at the ``t_max`` of the widest; the next level's begin there.

        level = 1 + max level of the layers whose spikes it reads
        t_max(level) = t_max(level - 1) + max width of its layers
    """
    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs)
    coding = next((layer.name for layer in model.layers if isinstance(layer, InputCoding)), "input")
    levels: dict[int, int] = {}  # of each layer that fires, by its id; input coding has none and is 0
    firing = [(0, coding, INPUT_WIDTH)]
    for call in calls(model):
        layer = call.operation
        if isinstance(layer, (SpikingLayer, Relay)):
            before = [source for tensor in call.arguments.keras_tensors for source in firing_layers(tensor)]
            levels[id(layer)] = 1 + max((levels.get(id(source), 0) for source in before), default=0)
            firing.append((levels[id(layer)], layer.name, float(layer.width)))
    windows: list[Window] = []
    t_max = 0.0
    for level in range(1 + max(level for level, _, _ in firing)):
        widths = [(name, width) for at, name, width in firing if at == level]
        t_max += max(width for _, width in widths)
        windows += [Window(name, t_max - width, t_max, level) for name, width in widths]
    return windows


def latency(model: keras.Model) -> float:
    """When the last readout is read, in tau_c: the sum of the levels' windows."""
    return timeline(model)[-1].t_max


def set_windows(model: keras.Model, windows: str, gamma: float) -> None:
    """Let all windows of a network grow (by ``gamma``) or stay fixed while it is trained."""
    for layer in spiking_layers(model):
        layer.windows = windows
        layer.gamma = float(gamma)
