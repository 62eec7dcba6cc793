"""What is counted of a layer's spikes where they are computed: little leaves the graph, however many neurons there are.

Counts are exact integers. Each function is given a :class:`Seen` and returns a tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from snnctl.metrics.network import SpikeSource
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.window import saturated as is_saturated

BINS = 50


@dataclass(frozen=True)
class Seen:
    """What was seen of a layer.

    Args:
        source: the layer.
        local: local times that its neurons or pools carry, (batch, \\*shape).
        layer: the layer itself, and
        ideal: its local times without a window, of spiking layers.
        value: of the coded input, the values that its spikes stand for; None if they are 0 where local times are.
    """

    source: SpikeSource
    local: Any
    layer: SpikingLayer | None = None
    ideal: Any = None
    value: Any = None

    @property
    def fired(self) -> Any:
        """Whether each neuron fired."""
        return self.local > 0


def spikes(seen: Seen) -> Any:
    """By neuron, how many samples it fired for."""
    return _count(seen.fired)


def nonzero(seen: Seen) -> Any:
    """By neuron, how many samples it carried another value than 0 for."""
    value = seen.local if seen.value is None else seen.value
    return _count(value != 0)


def saturated(seen: Seen) -> Any:
    """How many spikes had an ideal time outside the window; 0 where that means nothing."""
    if seen.layer is None or seen.layer.max_value is not None:
        return ops.zeros((), "int32")
    return ops.count_nonzero(is_saturated(seen.ideal, ops.cast(seen.layer.width, seen.ideal.dtype)))


def last_spikes(seen: Seen) -> Any:
    """By sample, how long before the end of the window the last spike comes; infinity for none."""
    x = ops.reshape(seen.local, (-1, seen.source.neurons))
    return ops.min(ops.where(x > 0, x, ops.full_like(x, np.inf)), axis=1)


def first_spikes(seen: Seen) -> Any:
    """Spikes in each of ``BINS`` equal parts of the window; one on the border of two belongs to the later."""
    width = ops.cast(seen.source.window.width, seen.local.dtype)  # type: ignore[union-attr]
    part = ops.cast((width - seen.local) / width * BINS, "int32")
    part = ops.where(seen.fired, ops.clip(part, 0, BINS - 1), BINS)
    return tf.math.bincount(ops.reshape(part, (-1,)), minlength=BINS + 1, maxlength=BINS + 1)[:BINS]


def times(seen: Seen) -> Any:
    """All local times."""
    return seen.local


REDUCTIONS: Mapping[str, Callable[[Seen], Any]] = MappingProxyType(
    {
        "spikes": spikes,
        "nonzero": nonzero,
        "saturated": saturated,
        "last_spikes": last_spikes,
        "first_spikes": first_spikes,
        "times": times,
    }
)
IN_A_WINDOW = ("last_spikes", "first_spikes")  # what pools, which have no window, have not


def _count(which: Any) -> Any:
    return ops.sum(ops.cast(which, "int32"), axis=0)
