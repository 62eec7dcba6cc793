"""A network laid out for the kernel: for each level, which spike reaches which targets through which weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
        slots: arguments of :func:`snnctl.events.delivery.deliver` from ``slot_start`` to ``J``.
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
        return max((columns.stop for columns in self.columns.values()), default=0)

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
    last = max([population.level for population in network.populations])
    return [_level(network, number, dtype) for number in range(last + 1)]


def _level(network: Network, number: int, dtype: str) -> Level:
    populations = [population for population in network.populations if population.level == number]
    pools = [pools for pools in network.pools if pools.level == number]
    columns = _places([(each.name, each.neurons) for each in populations] + [(each.name, each.pools) for each in pools])
    reached: list[Population | Readout] = [p for p in network.populations if p.level == number + 1]
    reached += [readout for readout in network.readouts if readout.level == number + 1]
    sizes = [(each.name, each.outputs if isinstance(each, Readout) else each.neurons) for each in reached]
    targets = _places(sizes)
    ids = _Ids(network, populations, pools, columns)
    projections = [projection for projection in network.projections if projection.target_name in targets]
    layout = _Slots(dtype)
    for projection in projections:
        layout.add(projection, ids, targets[projection.target_name].start)
    counters = [(projection.name, relayed) for projection in projections for relayed in (False, True)]
    members = [ids.columns_of(each.members) for each in pools]
    return Level(populations, pools, columns, targets, counters, layout.arrays(ids.count), members)


def _places(sizes: Sequence[tuple[str, int]]) -> dict[str, slice]:
    found, at = {}, 0
    for name, size in sizes:
        found[name] = slice(at, at + size)
        at += size
    return found


class _Ids:
    """From spike ids to columns of a level, and whether relay neurons carry the spikes."""

    def __init__(
        self, network: Network, populations: Sequence[Population], pools: Sequence[Pools], columns: dict[str, slice]
    ) -> None:
        firsts = network.first_ids()
        self.count = max(part.stop for part in columns.values())
        # The level's ids in the order of columns: populations and pools are numbered in this order, too.
        self._ids = np.concatenate([firsts[name] + np.arange(part.stop - part.start) for name, part in columns.items()])
        self.relayed = np.zeros(self.count, bool)
        for population in populations:
            self.relayed[columns[population.name]] = population.kind == "relay"
        for each in pools:
            first = each.members[each.start[:-1]]
            self.relayed[columns[each.name]] = self.relayed[self.columns_of(first)]

    def columns_of(self, ids: np.ndarray) -> np.ndarray:
        """Columns of ids that are of this level."""
        return np.searchsorted(self._ids, ids)


class _Slots:
    """Gathers slots: places and channels of projections, sorted by the spikes that they hold."""

    def __init__(self, dtype: str) -> None:
        self.dtype = dtype
        self.slots: list[np.ndarray] = []
        self.targets: list[np.ndarray] = []
        self.rows: list[np.ndarray] = []
        self.J: list[np.ndarray] = []
        self.entries = self.weights = self.projections = 0

    def add(self, projection: Projection, ids: _Ids, first_target: int) -> None:
        """All slots of a projection to targets that stand from ``first_target`` on."""
        _, channels, width = projection.J.shape
        place, channel = np.nonzero(projection.source >= 0)
        column = ids.columns_of(projection.source[place, channel])
        start = projection.start.astype(np.int64) + self.entries
        counter = 2 * self.projections + ids.relayed[column]
        rows, offset = channel * width, projection.offset[channel]
        full = np.full(len(column), width)
        self.slots.append(
            np.stack([column, start[place], start[place + 1], rows, offset, full, counter]).astype(np.int64)
        )
        self.targets.append(projection.target.astype(np.int64) + first_target)
        self.rows.append(projection.matrix.astype(np.int64) * (channels * width) + self.weights)
        self.J.append(projection.J.astype(self.dtype).reshape(-1))
        self.entries += len(projection.target)
        self.weights += projection.J.size
        self.projections += 1

    def arrays(self, ids: int) -> tuple[np.ndarray, ...]:
        """Arguments of the kernel."""
        nothing = np.zeros(0, np.int64)
        column, *slots = np.concatenate([np.zeros((7, 0), np.int64), *self.slots], axis=1)
        order = np.argsort(column, kind="stable")
        start = np.searchsorted(column[order], np.arange(ids + 1))
        targets, rows = np.concatenate([nothing, *self.targets]), np.concatenate([nothing, *self.rows])
        J = np.concatenate(self.J) if self.J else np.zeros(0, self.dtype)
        return (start, *(np.ascontiguousarray(slot[order]) for slot in slots), targets, rows, J)
