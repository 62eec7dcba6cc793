"""Neurons: when the potential reaches the threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.layout import Window
from reference.signals import Potential, Spikes, require

ROUNDING = 1e-13  # of t_max: a crossing so close to the end of a window is none


@dataclass(frozen=True)
class Crossings:
    """When each neuron would reach its threshold if it could fire at any time; infinity: never."""

    t: np.ndarray
    window: Window

    @property
    def too_early(self) -> np.ndarray:
        """Neurons over their threshold before they may fire: saturated spikes."""
        return self.t < self.window.t_min - ROUNDING * self.window.t_max

    @property
    def too_late(self) -> np.ndarray:
        """Neurons that reach it after their window only."""
        return self.t > self.window.t_max + ROUNDING * self.window.t_max


def crossings(layer: Any, inputs: Potential, slopes: np.ndarray, start: float, end: float, window: Window) -> Crossings:
    """Solves ``V_i(t_i) = theta_i``.

    The neuron integrates the spikes that arrive in [start, end], waits for its window, and rises with slope B in it:
    ``V_i(t) = A (end - start) + sum_j J_ij (end - t_j) + B_i (t - t_min)``.

    Args:
        layer: the spiking layer.
        inputs: what the spikes have added by ``end``.
        slopes: ``sum_j J_ij``, used by alpha1 neurons only.
        start: when the spikes that it integrates may arrive first.
        end: when last.
        window: in which it fires.
    """
    require(window.t_min >= end - ROUNDING * end, f"{layer.name} fires before its inputs have arrived")
    D = offsets(layer) + inputs.low  # spikes of signed neurons mean less than they add: J low < 0 lowers D
    low = 0.0
    if layer.neuron == "b1":
        A, B = 0.0, np.ones(1)
        theta = window.width + low - D
    else:
        A, B = 1.0, 1.0 + slopes
        theta = B * window.width + (end - start) - D
    if layer.max_value is not None:
        limit = layer.max_value
        require(abs(window.width - limit) <= 1e-6 * limit, f"the window of {layer.name} is not its ReLU's limit")
    V = A * (end - start) + inputs.V
    rises = B > 0
    return Crossings(np.where(rises, window.t_min + (theta - V) / np.where(rises, B, 1.0), np.inf), window)


def fired(layer: Any, crossing: Crossings) -> Spikes:
    """The spikes: none after the window; at its start for neurons that are over their threshold before.

    Raises:
        UnphysicalError: one lies outside the window.
    """
    window = crossing.window
    late = crossing.t >= window.t_max * (1 - ROUNDING)
    t = np.where(late, np.inf, np.maximum(crossing.t, window.t_min))
    low = 0.0
    return in_window(layer, Spikes(t, np.full(t.shape[1:], low), window.level), window)


def relayed(layer: Any, spikes: Spikes, end: float, window: Window) -> Spikes:
    """Each spike once more, one window later: J = 1 and a threshold as high as the window is wide."""
    V = end - spikes.t  # of those that fire
    return in_window(layer, Spikes(window.t_min + (window.width - V), spikes.low, window.level), window)


def in_window(layer: Any, spikes: Spikes, window: Window) -> Spikes:
    """The spikes, if all lie in the window."""
    t, rounding = spikes.t[np.isfinite(spikes.t)], 1e-12 * window.t_max
    inside = (t >= window.t_min - rounding) & (t <= window.t_max + rounding)
    require(np.all(inside), f"{layer.name} fires outside its window")
    return spikes


def offsets(layer: Any) -> np.ndarray:
    """D of every neuron."""
    D = layer.D.numpy().astype(np.float64)
    return D if layer.border_classes is None else D[layer.position_index.numpy()]
