"""Spikes: of input values, of potentials that cross thresholds, of pools, and what the hardware makes of them.

Spike times are kept as ``x = t_max - t``, the time left in the window, and 0 for silence: as exact for a spike at the
window's very end as for any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnctl.events.network import Coding, Hardware, Pools, Population


def coded(coding: Coding | None, values: np.ndarray) -> np.ndarray:
    """The input's spikes.

    Args:
        coding: None when the values are spikes already.
        values: (images, neurons), float64.

    Returns:
        Time left, (images, neurons).
    """
    if coding is None:
        return np.maximum(values, 0.0)
    # Into the range first: an input of any size divided by a narrow one could overflow.
    return (np.clip(values, coding.low, coding.high) - coding.low) / (coding.high - coding.low)


def crossings(population: Population, V: np.ndarray) -> np.ndarray:
    """When potentials cross their thresholds.

    From ``end`` to ``t_min`` nothing changes; then ``V + B (t - t_min)`` rises to the threshold. Neurons over their
    threshold before fire at ``t_min`` (saturated); those that do not reach it before ``t_max``, or do not rise, are
    silent.

    Args:
        population: the neurons.
        V: potentials at ``end`` without the common part ``A (end - start)``, (images, neurons).

    Returns:
        Time left, (images, neurons), float64.
    """
    B = population.B
    rises = B > 0
    x = (population.drive + V.astype(np.float64)) / np.where(rises, B, 1.0)
    return np.where(rises, np.clip(x, 0.0, population.width), 0.0)


def pooled(pools: Pools, members: np.ndarray) -> np.ndarray:
    """The spikes that pools pass on.

    Args:
        pools: which.
        members: time left of all members' spikes, pool by pool, (images, members).

    Returns:
        Time left, (images, pools).
    """
    start = pools.start[:-1]
    earliest = np.maximum.reduceat(members, start, axis=1)
    if not pools.latest.any():
        return earliest
    return np.where(pools.latest, np.minimum.reduceat(members, start, axis=1), earliest)


def jittered(x: np.ndarray, width: float, noise: float, generators: Sequence[np.random.Generator]) -> np.ndarray:
    """Spikes at other times, confined to their window; one generator an image.

    Each neuron draws, fire it or not: so what one draws depends on no other neuron.
    """
    jitter = np.stack([generator.standard_normal(x.shape[1]) for generator in generators])
    return np.where(x > 0, np.clip(x + noise * jitter, 0.0, width), 0.0)


def rounded(x: np.ndarray, width: float, bits: int) -> np.ndarray:
    """Spikes at the nearest of the window's 2^bits levels, its ends among them; half-way to an even level."""
    steps = 2**bits - 1
    return np.minimum(np.round(x / width * steps) / steps * width, width)


def on_hardware(
    x: np.ndarray, population: Population, hardware: Hardware, generators: Sequence[np.random.Generator]
) -> np.ndarray:
    """Times as the hardware has them: jitter (not of the input), then levels.

    Args:
        x: time left, (images, neurons).
        population: the neurons.
        hardware: what it does.
        generators: of each image; may be empty without noise.
    """
    if hardware.noise > 0 and population.kind != "input":
        x = jittered(x, population.width, hardware.noise, generators)
    return rounded(x, population.width, hardware.time_bits) if hardware.time_bits else x
