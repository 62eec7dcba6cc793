"""A network laid out for the kernel: for each level, which spike reaches which targets through which weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod

import numpy as np

from snnctl.events.network import Network, Pools, Population, Projection, Readout


@dataclass(frozen=True)
class Level:
    """The spikes of one level, and what they reach.

    Args:
        populations: that fire at this level.
        pools: of their spikes.
        columns: where their spikes stand among the level's, by name: populations first, then pools.
        targets: populations and readouts that integrate the level's spikes, and where their potentials stand.
        counters: name of the projection, and whether relay neurons carried the spikes, of each counter of events.
        slots: arguments of :func:`snnctl.events.kernel.deliver` from ``slot_start`` to ``J``.
        members: of each of the pools, in columns of the level.
    """

    populations: Sequence[Population]
    pools: Sequence[Pools]
    columns: dict[str, slice]
    targets: dict[str, slice]
    counters: Sequence[tuple[str, bool]]
    slots: tuple[np.ndarray, ...]
    members: Sequence[np.ndarray]

    @property
    def width(self) -> int:
        """Number of spike ids."""
        return max(columns.stop for columns in self.columns.values())

    @property
    def window(self) -> tuple[float, float]:
        """From the earliest t_min to the common t_max."""
        return min(population.t_min for population in self.populations), self.populations[0].t_max

    @property
    def potentials(self) -> int:
        """Number of potentials."""
        return max((columns.stop for columns in self.targets.values()), default=0)

    @property
    def fan_out(self) -> int:
        """Synaptic events if all fire."""
        _, entry, end, _, _, width, *_ = self.slots
        return int(((end - entry) * width).sum())


def plan(network: Network, dtype: str) -> list[Level]:
    """The levels of a checked network, in the order of time.

    Args:
        network: see :func:`snnctl.events.checks.check`.
        dtype: of the weights.
    """
    last = max(population.level for population in network.populations)
    return [_level(network, number, dtype) for number in range(last + 1)]


def _level(network: Network, number: int, dtype: str) -> Level:
    populations = [population for population in network.populations if population.level == number]
    pools = [pools for pools in network.pools if pools.level == number]
    columns = _places([*populations, *pools])
    reached: list[Population | Readout] = [*network.populations, *network.readouts]
    targets = _places([each for each in reached if each.level == number + 1])
    firsts = network.first_ids()
    # The level's ids in the order of columns: they rise, since populations and pools are numbered in this order, too.
    ids = np.concatenate([firsts[name] + np.arange(part.stop - part.start) for name, part in columns.items()])

    def columns_of(spikes: np.ndarray) -> np.ndarray:
        return np.searchsorted(ids, spikes)

    relayed = np.zeros(len(ids), bool)
    for population in populations:
        relayed[columns[population.name]] = population.kind == "relay"
    for each in pools:
        relayed[columns[each.name]] = relayed[columns_of(each.members[each.start[:-1]])]
    projections = [projection for projection in network.projections if projection.target_name in targets]
    counters = [(projection.name, relay) for projection in projections for relay in (False, True)]
    slots = _slots(projections, columns_of, relayed, targets, dtype)
    return Level(populations, pools, columns, targets, counters, slots, [columns_of(each.members) for each in pools])


def _places(parts: Sequence[Population | Pools | Readout]) -> dict[str, slice]:
    """Where the elements of parts stand, one part after the other."""
    ends = list(accumulate((prod(part.shape) for part in parts), initial=0))
    return {part.name: slice(*ends[number : number + 2]) for number, part in enumerate(parts)}


def _slots(
    projections: Sequence[Projection],
    columns_of: Callable[[np.ndarray], np.ndarray],
    relayed: np.ndarray,
    targets_of: dict[str, slice],
    dtype: str,
) -> tuple[np.ndarray, ...]:
    """Slots, places and channels of projections, sorted by the columns of the spikes that they hold.

    Args:
        projections: to targets of a level.
        columns_of: columns of spike ids.
        relayed: whether a relay neuron carries the spike, (columns,).
        targets_of: where the potentials of each target stand.
        dtype: of weights.

    Returns:
        Arguments of the kernel, from ``slot_start`` to ``J``.
    """
    # Each list begins with an empty array, so that a level without projections has arrays, too.
    slots, targets, rows = [np.zeros((7, 0), np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    weights = [np.zeros(0, dtype)]
    entries = size = 0
    for number, projection in enumerate(projections):
        _, channels, width = projection.J.shape
        place, channel = np.nonzero(projection.source >= 0)
        column = columns_of(projection.source[place, channel])
        start = projection.start.astype(np.int64) + entries
        offset, full = projection.offset[channel], np.full(len(column), width)
        counter = 2 * number + relayed[column]
        slot = np.stack([column, start[place], start[place + 1], channel * width, offset, full, counter])
        slots.append(slot.astype(np.int64))
        targets.append(projection.target.astype(np.int64) + targets_of[projection.target_name].start)
        rows.append(projection.matrix.astype(np.int64) * (channels * width) + size)
        weights.append(projection.J.astype(dtype).reshape(-1))
        entries += len(projection.target)
        size += projection.J.size
    column, *others = np.concatenate(slots, axis=1)
    order = np.argsort(column, kind="stable")
    slot_start = np.searchsorted(column[order], np.arange(len(relayed) + 1))
    sorted_slots = [np.ascontiguousarray(other[order]) for other in others]
    return (slot_start, *sorted_slots, np.concatenate(targets), np.concatenate(rows), np.concatenate(weights))
