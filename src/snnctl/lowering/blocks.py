"""Linear maps by blocks: the structure of :class:`snnctl.events.network.Projection`, on places instead of spikes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


class IrregularError(Exception):
    """A map that has no such blocks; its elements, each a block of its own, always do."""


@dataclass(frozen=True)
class BlockMap:
    """A linear map from an array of places times channels to the elements of a tensor.

    Entry e adds, for each channel c of its place, ``J[matrix[e], c, l]`` times the channel's value to the elements
    ``target[e] + offset[c] + l``, l = 0 ... L - 1. What no entry reaches is not connected; an entry's weight of 0 is.

    Args:
        places: how many there are.
        size: elements of the tensor.
        place: (entries,)
        target: (entries,), elements counted in C order.
        matrix: (entries,)
        J: (matrices, channels, L), float64; boolean in a map :func:`without_weights`.
        offset: (channels,), the smallest is 0.
    """

    places: int
    size: int
    place: np.ndarray
    target: np.ndarray
    matrix: np.ndarray
    J: np.ndarray
    offset: np.ndarray

    @property
    def channels(self) -> int:
        """Of a place."""
        return self.J.shape[1]

    @property
    def run(self) -> int:
        """L, elements in a row that one channel reaches."""
        return self.J.shape[2]

    @property
    def span(self) -> int:
        """Elements from the first to the last that an entry reaches, both included."""
        return int(self.offset.max()) + self.run

    @property
    def dense(self) -> bool:
        """Whether all channels reach the same elements."""
        return not self.offset.any()

    @property
    def structure(self) -> tuple[bytes, int]:
        """Equal for maps whose entries can stand in one map."""
        return self.offset.tobytes(), self.run

    @property
    def fan_out(self) -> np.ndarray:
        """How many elements each channel of a place reaches, (places, 1), if no two entries overlap."""
        return np.bincount(self.place, minlength=self.places)[:, None] * self.run

    def split(self, channels: int) -> BlockMap:
        """The same map of smaller places, each with that many channels.

        Raises:
            IrregularError: they differ in structure.
        """
        parts, rest = divmod(self.channels, channels)
        if rest:
            raise IrregularError
        if parts == 1:
            return self
        offset = self.offset.reshape(parts, channels)
        first = offset.min(axis=1)
        within = offset - first[:, None]
        if np.any(within != within[0]):
            raise IrregularError
        return replace(
            self,
            places=self.places * parts,
            place=_each(self.place * parts, np.arange(parts)),
            target=_each(self.target, first),
            matrix=_each(self.matrix * parts, np.arange(parts)),
            J=self.J.reshape(-1, channels, self.run),
            offset=within[0],
        )

    def by_elements(self) -> BlockMap:
        """The same map with a place for each element, and an entry for each pair that is connected."""
        single = self.split(1)
        if single.run == 1:
            return single
        taps = np.arange(single.run)
        return replace(
            single,
            place=np.repeat(single.place, single.run),
            target=_each(single.target, taps),
            matrix=_each(single.matrix * single.run, taps),
            J=single.J.reshape(-1, 1, 1),
        )

    def at(self, chosen: np.ndarray) -> BlockMap:
        """Of some entries only."""
        return replace(self, place=self.place[chosen], target=self.target[chosen], matrix=self.matrix[chosen])

    def onto(self, row: np.ndarray, rows: int) -> BlockMap:
        """The map of other places: place p becomes ``row[p]``, or is left out where that is negative."""
        kept = self.at(row[self.place] >= 0)
        return replace(kept, places=rows, place=row[kept.place])

    def applied(self, values: np.ndarray) -> np.ndarray:
        """The map of one array: (places, channels) to (size,)."""
        rows, row = np.unique(values, axis=0, return_inverse=True)
        row = row.reshape(-1)
        used = np.any(values != 0, axis=1)[self.place]
        pairs, pair = np.unique(row[self.place[used]] * len(self.J) + self.matrix[used], return_inverse=True)
        reached = np.zeros((len(pairs), self.span))
        columns = self.offset[:, None] + np.arange(self.run)
        for at, (of_row, of_matrix) in enumerate(zip(*np.divmod(pairs, len(self.J)), strict=True)):
            if self.dense:
                reached[at] = rows[of_row] @ self.J[of_matrix]
            else:
                np.add.at(reached[at], columns, rows[of_row][:, None] * self.J[of_matrix])
        result = np.zeros(self.size + self.span)
        np.add.at(result, self.target[used][:, None] + np.arange(self.span), reached[pair])
        return result[: self.size]


def without_weights(shape: tuple[int, ...]) -> np.ndarray:
    """What stands for the weights J where only the structure of a map is of interest: takes no memory."""
    return np.broadcast_to(np.zeros((), bool), shape)


def one_to_one(J: np.ndarray, places: int) -> BlockMap:
    """Each channel of each place to itself; J is (1, channels), for all places alike, or (places, channels)."""
    channels, everywhere = J.shape[1], np.arange(places)
    matrix = everywhere if len(J) == places else np.zeros(places, np.int64)
    return BlockMap(
        places, places * channels, everywhere, everywhere * channels, matrix, J[:, :, None], np.arange(channels)
    )


def moved(block_map: BlockMap, index: np.ndarray) -> BlockMap:
    """The map followed by a selection.

    Args:
        block_map: to the elements of a tensor.
        index: of each element of the new tensor, which one it is; -1: none, it stays 0.
    """
    try:
        return _moved(block_map, index)
    except IrregularError:
        return _moved(block_map.by_elements(), index)


def _moved(block_map: BlockMap, index: np.ndarray) -> BlockMap:
    span = np.arange(block_map.span)
    by_old = np.argsort(index, kind="stable")
    first = np.searchsorted(index[by_old], np.arange(block_map.size + 1))
    copies = np.diff(first)
    targets, which = np.unique(block_map.target, return_inverse=True)
    times = copies[targets]
    if np.any(copies[targets[:, None] + span] != times[:, None]):
        raise IrregularError
    copied = expanded(first[targets], times)
    new = by_old[copied]
    ends = new + block_map.span
    wanted = np.repeat(targets, times)[:, None] + span
    if np.any(ends > len(index)) or np.any(index[new[:, None] + span] != wanted):
        raise IrregularError
    start = np.cumsum(times) - times
    taken = expanded(start[which], times[which])
    entry = np.repeat(np.arange(len(which)), times[which])
    return replace(block_map.at(entry), size=len(index), target=new[taken])


def expanded(first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """``first[0], first[0] + 1, ...``, ``counts[0]`` numbers in a row, then the same of the next."""
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + within


def _each(entries: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Every entry once for each number added."""
    return (entries[:, None] + added).reshape(-1)
