"""The synapses of integrating layers: weights as the hardware has them, group by group, and as projections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from snnctl.events.network import Projection
from snnctl.lowering.linear import Kernel, float64
from snnctl.lowering.merging import Term
from snnctl.lowering.signals import Signal, currents, through
from snnctl.ttfs.constraints import Constraints, constrained_thresholds, constrained_weights


def kernels(constraints: Constraints) -> Kernel:
    """What gives the weights of a linear layer: those that the layer holds, as the hardware has them."""
    if not constraints.on_weights:
        return float64
    return lambda layer: _in_double(constrained_weights, float64(layer), constraints)


def thresholds(layer: Any, constraints: Constraints) -> np.ndarray:
    """D of an integrating layer, of the layer's shape, as the hardware has it."""
    return _in_double(constrained_thresholds, layer.D, constraints)


def _in_double(constrained: Callable[[Any, Constraints], Any], values: Any, constraints: Constraints) -> np.ndarray:
    tensor = keras.ops.cast(keras.ops.convert_to_tensor(values), "float64")
    return np.asarray(keras.ops.convert_to_numpy(constrained(tensor, constraints)), np.float64)


def synapse_groups(layer: Any, read: Sequence[Signal], kernel: Kernel, place: str) -> list[list[Term]]:
    """What leads to the neurons of an integrating layer, by synapse group.

    Args:
        layer: the layer.
        read: what each of its groups reads.
        kernel: gives the weights of a layer.
        place: where the layer stands, for messages.

    Raises:
        ModelError: a synapse layer is not known.
    """
    found = []
    for chain, signal in zip(layer.groups(), read, strict=True):
        for synapses in chain:
            signal = through(synapses, signal, kernel, place)
        found.append(list(currents(signal).terms))
    return found


def projection(target: str, term: Term) -> Projection:
    """Synapses of the layer ``target``, entries in the places' order."""
    block_map = term.block_map
    order = np.argsort(block_map.place, kind="stable")
    start = np.searchsorted(block_map.place[order], np.arange(block_map.places + 1))
    return Projection(
        name=target,
        target_name=target,
        source=np.ascontiguousarray(term.ids),
        start=start,
        target=block_map.target[order],
        matrix=block_map.matrix[order],
        J=np.ascontiguousarray(block_map.J),
        offset=block_map.offset,
    )
