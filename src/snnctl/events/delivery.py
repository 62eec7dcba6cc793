"""The kernel: spikes are delivered in the order of their times, and each arrival changes potentials."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np


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
    left,  # (images, spike ids of the level): t_max - t, 0 where silent
    slot_start,  # (ids + 1,): the slots of each id; a slot is one place and channel of a projection
    slot_entry,  # (slots + 1 columns): first entry of the slot's place
    slot_end,  # and the one after its last
    slot_row,  # position of the channel's weights in those of the first matrix
    slot_offset,  # of the targets
    slot_width,  # L, targets reached by an entry
    slot_counter,  # where its events are counted
    entry_target,  # (entries,): the first neuron reached
    entry_row,  # position of the matrix in J
    J,  # all weights of the level's projections, one after the other
    slope,  # (targets,): of the potentials, work space
    final,  # (images, targets): potentials as they will be at the end of the window, if nothing arrives any more
    events,  # (images, counters): synaptic events
):
    """Delivers the spikes of one level, image by image.

    The potential of a target is ``V(t) = final - slope (end - t)``. A spike with ``left = end - t`` that arrives
    through a weight J raises the slope by J from now on: the potential itself is as before, and will be higher by
    ``J left`` at the end. The common slope A is not in it. Kept as the value at the end, potentials lose no digits
    by cancellation, however late it is on the absolute time axis.

    Writes ``slope`` (of the last image), ``final`` and ``events``, to which it adds.
    """
    images, ids = left.shape
    when = np.empty(ids, np.float64)
    who = np.empty(ids, np.int64)
    for image in range(images):
        fired = 0
        for i in range(ids):
            if left[image, i] > 0.0:
                when[fired] = -left[image, i]
                who[fired] = i
                fired += 1
        order = np.argsort(when[:fired], kind="mergesort")  # stable: simultaneous spikes by their ids
        potential = final[image]
        slope[:] = 0.0
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


def prepare(dtype: str) -> None:
    """Compiles the kernel for potentials of a type, or fetches it, before threads need it."""
    numbers, one = np.zeros(0, np.int64), np.zeros(1, np.int64)
    slots = (one, *[numbers] * 8, np.zeros(0, dtype))
    arguments = (np.zeros((0, 0)), *slots, np.zeros(0, dtype), np.zeros((0, 0), dtype), np.zeros((0, 0), np.int64))
    try:
        deliver(*arguments)
    except OSError:  # compiled, but the folder for it is full or has gone
        deliver(*arguments)
