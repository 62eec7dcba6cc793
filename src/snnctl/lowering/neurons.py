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


def spiking(layer: Any, D: np.ndarray, slopes: np.ndarray, window: Window, integrating: float) -> Neurons:
    """The neurons of a spiking layer.

    Args:
        layer: the spiking layer.
        D: of each neuron.
        slopes: ``sum_j J_ij`` of each neuron; not of b1 neurons.
        window: in which it fires.
        integrating: how long its inputs' window is.
    """
    A, B = layer.rise.A, _slopes(layer, slopes)
    threshold = threshold_for(D, window.t_max - window.t_min, B, A, integrating)
    return Neurons(threshold, A, B)


def _slopes(layer: Any, sums: np.ndarray) -> np.ndarray:
    """B of each neuron; (1,) where all rise with slope 1."""
    if layer.rise.slope is None:
        return np.ones(1)
    B = layer.rise.slope(keras.ops.convert_to_tensor(sums, "float64"))
    return np.ones(1) if B is None else np.asarray(keras.ops.convert_to_numpy(B), np.float64)


def relaying(neurons: int, window: Window) -> Neurons:
    """Relay neurons: J = 1 and a threshold as high as the window is wide."""
    B = np.ones(1)
    return Neurons(threshold_for(np.zeros(neurons), window.t_max - window.t_min, B), 0.0, B)


def coded(neurons: int) -> Neurons:
    """The input, which integrates nothing."""
    return Neurons(np.zeros(neurons), 0.0, np.ones(1))


def offsets(layer: Any, D: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """D of every neuron, (neurons,).

    Args:
        layer: with one D per channel, or an index of the positions' rows of it.
        D: as the layer keeps it.
        shape: of the neurons.
    """
    if layer.border_classes is not None:
        D = D[np.asarray(keras.ops.convert_to_numpy(layer.position_index))]
    return np.broadcast_to(D, shape).reshape(-1)


def weights_in(terms: Sequence[Term], neurons: int) -> np.ndarray:
    """``sum_j J_ij`` of each neuron, (neurons,).

    Args:
        terms: the synapses.
        neurons: how many are reached.
    """
    return sum((term.block_map.applied(np.ones(term.ids.shape)) for term in terms), np.zeros(neurons))
