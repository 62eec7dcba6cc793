"""The windows of a network on the absolute time axis."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.spiking import SpikingLayer

INPUT_WIDTH = 1.0


@dataclass(frozen=True)
class Window:
    """The firing window of a layer, in tau_c from the start of the input's window."""

    layer: str
    t_min: float
    t_max: float

    @property
    def width(self) -> float:
        """``t_max - t_min``."""
        return self.t_max - self.t_min

    def times(self, x: np.ndarray) -> np.ndarray:
        """Absolute spike times of layer-local ``x``; infinity for silent neurons."""
        return np.where(x > 0, self.t_max - x, np.inf)


def spiking_layers(model: keras.Model) -> list[SpikingLayer]:
    """The spiking layers of a network, in the order in which they fire."""
    return [layer for layer in model.layers if isinstance(layer, SpikingLayer)]


def timeline(model: keras.Model) -> list[Window]:
    """The windows of the input and of all spiking layers: each begins where the one before it ends.

    The last window's ``t_max`` is the readout's time, the *latency* of the network.
    """
    coding = [layer.name for layer in model.layers if isinstance(layer, InputCoding)]
    windows = [Window(coding[0] if coding else "input", 0.0, INPUT_WIDTH)]
    for layer in spiking_layers(model):
        t_min = windows[-1].t_max
        windows.append(Window(layer.name, t_min, t_min + float(layer.width.numpy())))
    return windows


def latency(model: keras.Model) -> float:
    """When the readout is read, in tau_c: the sum of all windows."""
    return timeline(model)[-1].t_max


def set_windows(model: keras.Model, windows: str, gamma: float) -> None:
    """Let all windows of a network grow (by ``gamma``) or stay fixed while it is trained."""
    for layer in spiking_layers(model):
        layer.windows = windows
        layer.gamma = float(gamma)
