"""Spike times as hardware makes them: jittered, and on the levels that a few bits can tell apart."""

from __future__ import annotations

import zlib
from typing import Any

import keras
from keras import ops

from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.quantize import of_plugins, straight_through
from snnctl.ttfs.window import replica


class JitterSeed(keras.random.SeedGenerator):
    """A seed for each call; another one in every layer and, while training, on every replica.

    Args:
        constraints: its ``seed`` is the network's.
        layer: the layer's name.
    """

    def __init__(self, constraints: Constraints, layer: str) -> None:
        # Keras keeps 32 bits with a sign.
        self.first = zlib.crc32(f"{constraints.seed} {layer}".encode()) >> 1
        super().__init__(self.first, name="jitter")

    def next(self, ordered: bool = True) -> Any:
        """The seed of this call, two whole numbers."""
        seed = super().next(ordered)
        return seed + ops.cast(ops.stack([replica(), 0]), seed.dtype)

    def restart(self) -> None:
        """Begins again with the first call's."""
        self.state.assign([self.first, 0])


def jitter_seed(constraints: Constraints, layer: str) -> JitterSeed | None:
    """What a layer with these constraints draws its jitter with; None for no jitter."""
    return JitterSeed(constraints, layer) if constraints.random else None


def on_hardware(x: Any, low: Any, width: Any, constraints: Constraints, seed: JitterSeed | None = None) -> Any:
    """Local spike times as the constraints leave them; the gradient is that of ``x``.

        x -> clip(x + noise N(0, 1), low, low + width)        where x > low
        x -> clip(what constraints of plugins make of it, low, low + width)
        x -> low + round((x - low) / step) step               step = width / (2^time_bits - 1)

    Args:
        x: local times within the window, (batch, \\*neurons), in tau_c.
        low: local time of a silent neuron, scalar or of the neurons' shape: 0, of signed ones their smallest value.
        width: of the window, scalar.
        constraints: in force.
        seed: of the jitter; None for none.
    """
    if not constraints.on_times:
        return x
    low, width = ops.cast(low, x.dtype), ops.cast(width, x.dtype)
    times = x
    if seed is not None and constraints.noise:
        moved = x + keras.random.normal(ops.shape(x), stddev=constraints.noise, dtype=x.dtype, seed=seed)
        times = ops.where(x > low, ops.minimum(ops.maximum(moved, low), low + width), x)
    for constraint in of_plugins(constraints) if seed is not None else ():
        times = ops.minimum(ops.maximum(constraint.times(times, low, width, seed), low), low + width)
    if constraints.time_bits:
        steps = 2.0**constraints.time_bits - 1.0
        times = low + ops.round((times - low) / width * steps) / steps * width
    return straight_through(x, times)
