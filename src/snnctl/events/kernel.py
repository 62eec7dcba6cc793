"""What happens at a level: spikes raise potentials in the order of their times, thresholds are crossed, pools pass on.

Spike times are kept as ``x = t_max - t``, the time left in the window, and 0 for silence: as exact for a spike at the
window's very end as for any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np

from snnctl.events.network import Coding, Hardware, Pools, Population


def compiled(function: Any) -> Any:
    """The function as machine code, kept for the next start where there is a folder for it."""
    # "contract" lets the compiler fuse multiply and add; sums keep their order.
    options = {"nogil": True, "boundscheck": False, "fastmath": {"contract"}}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # Numba finds no folder that it may write
        return numba.njit(**options)(function)


@compiled
def deliver(
    left,  # (images, spike ids): t_max - t, 0 where silent
    spikes,  # (ids of the level,), rising
    slot_start,  # (spike ids + 1,): the slots of each id; a slot is one place and channel of a projection
    slot_entry,  # (slots,): first entry of the slot's place
    slot_end,  # and the one after its last
    slot_row,  # position of the channel's weights in those of the first matrix
    slot_offset,  # of the targets
    slot_width,  # L, targets reached by an entry
    slot_counter,  # where its events are counted
    entry_target,  # (entries,): the first neuron reached
    entry_row,  # position of the matrix in J
    J,  # all weights, one projection after the other
    start,  # of the potentials that the level's spikes reach
    stop,  # and the one after their last
    slope,  # (potentials,): work space
    final,  # (images, potentials), as they will be at the end of the window, if nothing arrives any more
    events,  # (images, counters): synaptic events
):
    """Delivers the spikes of one level, image by image.

    The potential of a target is ``V(t) = final - slope (end - t)``. A spike with ``left = end - t`` that arrives
    through a weight J raises the slope by J from now on: the potential itself is as before, and will be higher by
    ``J left`` at the end. The common slope A is not in it. Kept as the value at the end, potentials lose no digits
    by cancellation, however late it is on the absolute time axis.

    Writes ``slope`` (of the last image), and adds to ``final`` and ``events``.
    """
    when = np.empty(len(spikes), np.float64)
    who = np.empty(len(spikes), np.int64)
    for image in range(len(left)):
        fired = 0
        for i in spikes:
            if left[image, i] > 0.0:
                when[fired] = -left[image, i]
                who[fired] = i
                fired += 1
        order = np.argsort(when[:fired], kind="mergesort")  # stable: simultaneous spikes by their ids
        potential = final[image]
        slope[start:stop] = 0.0
        for place in range(fired):
            i = who[order[place]]
            remaining = J.dtype.type(left[image, i])
            for slot in range(slot_start[i], slot_start[i + 1]):
                width, offset, row = slot_width[slot], slot_offset[slot], slot_row[slot]
                for entry in range(slot_entry[slot], slot_end[slot]):
                    a, b = entry_target[entry] + offset, entry_row[entry] + row
                    S, V, weights = slope[a : a + width], potential[a : a + width], J[b : b + width]
                    for n in range(width):
                        S[n] += weights[n]
                        V[n] += weights[n] * remaining
                    events[image, slot_counter[slot]] += width


def coded(coding: Coding | None, values: np.ndarray) -> np.ndarray:
    """The input's spikes as time left, (images, neurons) float64 as the values; without coding, these are times."""
    if coding is None:
        return np.maximum(values, 0.0)
    # Into the range first: an input of any size divided by a narrow one could overflow.
    x = np.clip(values, coding.low, coding.high)
    x -= coding.low
    return x / (coding.high - coding.low)


def crossings(population: Population, V: np.ndarray) -> np.ndarray:
    """When potentials cross their thresholds.

    From ``end`` to ``t_min`` nothing changes; then ``V + B (t - t_min)`` rises to the threshold. Neurons over their
    threshold before are saturated, and fire at ``t_min``; those that do not reach it before ``t_max``, or do not rise,
    are silent.

    Args:
        population: the neurons.
        V: potentials at ``end`` without the common part ``A (end - start)``, (images, neurons).

    Returns:
        z, the time left, (images, neurons), float64; more than the window's width of saturated neurons.
    """
    rises = population.B > 0
    x = (population.drive + V.astype(np.float64)) / np.where(rises, population.B, 1.0)
    return np.maximum(x * rises, 0.0)


def pooled(pools: Pools, members: np.ndarray) -> np.ndarray:
    """Time left of the spikes that pools pass on, (images, pools), from their members', (images, members)."""
    start = pools.start[:-1]
    earliest = np.maximum.reduceat(members, start, axis=1)
    return np.where(pools.latest, np.minimum.reduceat(members, start, axis=1), earliest)


def on_hardware(
    x: np.ndarray, population: Population, hardware: Hardware, generators: Sequence[np.random.Generator]
) -> np.ndarray:
    """Time left as the hardware has it, (images, neurons): jitter (not of the input), then levels.

    Each neuron draws from its image's generator, fire it or not: so what one draws depends on no other neuron.
    """
    width = population.width
    if hardware.noise > 0 and population.kind != "input":
        jitter = np.stack([generator.standard_normal(x.shape[1]) for generator in generators])
        x = np.where(x > 0, np.clip(x + hardware.noise * jitter, 0.0, width), 0.0)
    if hardware.time_bits:  # the window's ends are levels, too; half-way to an even level
        steps = 2**hardware.time_bits - 1
        x = np.minimum(np.round(x / width * steps) / steps * width, width)
    return x
