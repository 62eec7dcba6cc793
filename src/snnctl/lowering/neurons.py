"""Thresholds and slopes of neurons, and offsets of readouts, from the layers' D and windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from snnctl.events.network import threshold_for
from snnctl.lowering.merging import Term
from snnctl.ttfs.timeline import Window


@dataclass(frozen=True)
class Neurons:
    """Parameters of a population, see :class:`snnctl.events.network.Population`."""

    threshold: np.ndarray
    A: float
    B: np.ndarray
    low: np.ndarray


def spiking(layer: Any, D: np.ndarray, slopes: np.ndarray, window: Window, integrating: float) -> Neurons:
    """The neurons of a spiking layer.

    Args:
        layer: the spiking layer.
        D: of each neuron, with ``sum_j J_ij low_j`` of signed inputs in it.
        slopes: ``sum_j J_ij`` of each neuron; not of b1 neurons.
        window: in which it fires.
        integrating: how long its inputs' window is.
    """
    low = float(layer.low.numpy()) if layer.signed else 0.0
    A, B = layer.rise.A, _slopes(layer, slopes)
    threshold = threshold_for(D - low, window.t_max - window.t_min, B, A, integrating)
    return Neurons(threshold, A, B, np.full(len(D), low))


def _slopes(layer: Any, sums: np.ndarray) -> np.ndarray:
    """B of each neuron; (1,) where all rise with slope 1."""
    if layer.rise.slope is None:
        return np.ones(1)
    B = layer.rise.slope(keras.ops.convert_to_tensor(sums, "float64"))
    return np.ones(1) if B is None else np.asarray(keras.ops.convert_to_numpy(B), np.float64)


def relaying(low: np.ndarray, window: Window) -> Neurons:
    """Relay neurons: J = 1 and a threshold as high as the window is wide."""
    B = np.ones(1)
    return Neurons(threshold_for(np.zeros(len(low)), window.t_max - window.t_min, B), 0.0, B, low)


def coded(neurons: int) -> Neurons:
    """The input, which integrates nothing."""
    return Neurons(np.zeros(neurons), 0.0, np.ones(1), np.zeros(neurons))


def offsets(layer: Any, D: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """D of every neuron, (neurons,).

    Args:
        layer: with one D per channel, or an index of the positions' rows of it.
        D: as the layer keeps it.
        shape: of the neurons.
    """
    if layer.positions is not None:
        D = D[np.asarray(keras.ops.convert_to_numpy(layer.position_index))]
    return np.broadcast_to(D, shape).reshape(-1)


def summed(terms: Sequence[Term], values: np.ndarray, neurons: int, silent: float = 0.0) -> np.ndarray:
    """``sum_j J_ij v_j`` of each neuron.

    Args:
        terms: the synapses.
        values: of each spike, by id.
        neurons: how many are reached.
        silent: value of what can never fire.
    """
    total = np.zeros(neurons)
    for term in terms:
        of_ids = np.where(term.ids >= 0, values[np.maximum(term.ids, 0)], silent)
        if of_ids.any():
            total += term.block_map.applied(of_ids)
    return total
