"""Linear maps by blocks: the structure of :class:`snnctl.events.network.Projection`, on places instead of spikes.

Maps one after the other are one map again, in which entries that do the same share a matrix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

MOST_AT_ONCE = 2**22  # numbers held while matrices are multiplied


class IrregularError(Exception):
    """A map whose entries cannot stay whole; its elements, each an entry of its own, always can."""


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
        offset: (channels,), from 0 on, never falling.
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
    def fan_out(self) -> np.ndarray:
        """How many elements each channel of a place reaches, (places, 1), if no two entries overlap."""
        return np.bincount(self.place, minlength=self.places)[:, None] * self.run

    def by_channels(self) -> BlockMap:
        """The same map with a place for each channel."""
        channels = np.arange(self.channels)
        return replace(
            self,
            places=self.places * self.channels,
            place=_each(self.place * self.channels, channels),
            target=_each(self.target, self.offset),
            matrix=_each(self.matrix * self.channels, channels),
            J=self.J.reshape(-1, 1, self.run),
            offset=np.zeros(1, np.int64),
        )

    def by_elements(self) -> BlockMap:
        """The same map with a place for each channel, and an entry for each pair that is connected."""
        single, taps = self.by_channels(), np.arange(self.run)
        return replace(
            single,
            place=np.repeat(single.place, self.run),
            target=_each(single.target, taps),
            matrix=_each(single.matrix * self.run, taps),
            J=single.J.reshape(-1, 1, 1),
        )

    def at(self, chosen: np.ndarray) -> BlockMap:
        """Of some entries only."""
        return replace(self, place=self.place[chosen], target=self.target[chosen], matrix=self.matrix[chosen])

    def onto(self, row: np.ndarray, rows: int) -> BlockMap:
        """The map of other places: place p becomes ``row[p]``, or is left out where that is negative."""
        kept = self.at(row[self.place] >= 0)
        return replace(kept, places=rows, place=row[kept.place])

    def of_ones(self) -> np.ndarray:
        """The map of the array of ones: sums of weights, (size,)."""
        reached = np.zeros((self.span, len(self.J)))
        np.add.at(reached, self.offset[:, None] + np.arange(self.run), self.J.transpose(1, 2, 0))
        elements = self.target + np.arange(self.span)[:, None]
        return np.bincount(elements.reshape(-1), reached[:, self.matrix].reshape(-1), self.size)


def without_weights(shape: tuple[int, ...]) -> np.ndarray:
    """What stands for the weights J where only the structure of a map is of interest: takes no memory."""
    return np.broadcast_to(np.zeros((), bool), shape)


def diagonal(J: np.ndarray, places: int) -> BlockMap:
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
    target, span = block_map.target, np.arange(block_map.span)
    by_old = np.argsort(index, kind="stable")
    first = np.searchsorted(index[by_old], np.arange(block_map.size + 1))
    copies = np.diff(first)
    times = copies[target]
    if np.any(copies[target[:, None] + span] != times[:, None]):
        raise IrregularError
    entry = np.repeat(np.arange(len(target)), times)
    new = by_old[_expanded(first[target], times)]
    if np.any(new + block_map.span > len(index)) or np.any(index[new[:, None] + span] != target[entry, None] + span):
        raise IrregularError
    return replace(block_map.at(entry), size=len(index), target=new)


def composed(first: BlockMap, second: BlockMap) -> BlockMap:
    """The map ``second(first(x))``; two elements are connected if any path leads from one to the other."""
    try:
        return _composed(first, second)
    except IrregularError:
        return _composed(first.by_elements(), second.by_elements())


def combined(parts: BlockMap) -> BlockMap:
    """The map with entries of the same place and target made one: their matrices are added.

    Each combination of matrices is added up once, however many entries have it.
    """
    order = np.lexsort((parts.matrix, parts.target, parts.place))
    place, target, matrix = parts.place[order], parts.target[order], parts.matrix[order]
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(place) != 0) | (np.diff(target) != 0)
    start = np.flatnonzero(new)
    counts = np.diff(np.append(start, len(order)))
    which = np.zeros(len(start), np.int64)
    sums: list[np.ndarray] = []
    for count in np.unique(counts):
        alike = np.flatnonzero(counts == count)
        summands, of_entry = _distinct(matrix[start[alike][:, None] + np.arange(count)], len(parts.J))
        which[alike] = sum(map(len, sums)) + of_entry
        sums.append(_added(parts.J, summands))
    J = np.concatenate(sums) if sums else parts.J[:0]
    return replace(parts, place=place[start], target=target[start], matrix=which, J=J)


def _distinct(rows: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """The different rows of whole numbers below ``limit``, and which of them each row is."""
    code = rows[:, 0]
    for column in rows.T[1:]:
        _, code = np.unique(code * limit + column, return_inverse=True)
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    return rows[first], which


def _added(J: np.ndarray, summands: np.ndarray) -> np.ndarray:
    if J.dtype == bool:
        return without_weights((len(summands), *J.shape[1:]))
    total = J[summands[:, 0]]
    for column in summands.T[1:]:
        total += J[column]
    return total


def _composed(first: BlockMap, second: BlockMap) -> BlockMap:
    through = first.target // second.channels
    inside = first.target - through * second.channels  # where in the place the entry begins
    if np.any(inside + first.span > second.channels) or np.any(np.diff(second.offset) > second.run):
        raise IrregularError
    order = np.argsort(second.place, kind="stable")
    start = np.searchsorted(second.place[order], np.arange(second.places + 1))
    counts = np.diff(start)[through]
    one, two = np.repeat(np.arange(len(through)), counts), order[_expanded(start[through], counts)]
    triples = np.stack([first.matrix[one], inside[one], second.matrix[two]], axis=1)
    paths, path = _distinct(triples, int(max(len(first.J), second.channels, len(second.J))))
    if not len(paths):
        return replace(first.at(one), size=second.size)
    # Channel c of the first map reaches, from the second's target on, the elements begin + offset[c] + 0 ... run - 1.
    beginnings, which = np.unique(paths[:, 1], return_inverse=True)
    rows = beginnings[:, None] + first.offset
    reached = second.offset[rows]
    runs = second.offset[rows + first.run - 1] + second.run - reached
    run, offset = int(runs[0, 0]), reached[0] - reached[0, 0]
    if np.any(runs != run) or np.any(reached != reached[:, :1] + offset):
        raise IrregularError
    begin = reached[which, 0]
    J = _products(first, second, paths, begin, offset, run)
    target = second.target[two] + begin[path]
    return combined(BlockMap(first.places, second.size, first.place[one], target, path, J, offset))


def _products(
    first: BlockMap, second: BlockMap, paths: np.ndarray, begin: np.ndarray, offset: np.ndarray, run: int
) -> np.ndarray:
    """The matrix of each path, a triple of the first's matrix, the channel it begins at, and the second's matrix."""
    if first.J.dtype == bool or second.J.dtype == bool:
        return without_weights((len(paths), first.channels, run))
    J = np.zeros((len(paths), first.channels, run))
    by_matrices = first.dense and second.dense and first.run > 1
    step = max(1, MOST_AT_ONCE // (max(first.channels, first.run) * run))
    for chunk in (slice(at, at + step) for at in range(0, len(paths), step)):
        one, inside, two = paths[chunk].T
        if by_matrices:
            J[chunk] = first.J[one] @ second.J[two[:, None], inside[:, None] + np.arange(first.run)]
            continue
        for tap in range(first.run):
            rows = inside[:, None] + first.offset + tap
            part = first.J[one, :, tap][:, :, None] * second.J[two[:, None], rows]
            columns = second.offset[rows] - begin[chunk, None] - offset
            for shift in np.unique(columns):
                J[chunk][:, :, shift : shift + second.run] += np.where((columns == shift)[:, :, None], part, 0.0)
    return J


def _expanded(first: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """``first[0], first[0] + 1, ...``, ``counts[0]`` numbers in a row, then the same of the next."""
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + within


def _each(entries: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Every entry once for each number added."""
    return (entries[:, None] + added).reshape(-1)
