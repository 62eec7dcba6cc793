"""One linear map after another, as one map; entries that do the same share a matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from snnctl.lowering.blocks import BlockMap, IrregularError, expanded, without_weights

MOST_AT_ONCE = 2**22  # numbers held while matrices are multiplied


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
    return BlockMap(parts.places, parts.size, place[start], target[start], which, J, parts.offset)


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
    if np.any(inside + first.span > second.channels):
        raise IrregularError
    order = np.argsort(second.place, kind="stable")
    start = np.searchsorted(second.place[order], np.arange(second.places + 1))
    counts = np.diff(start)[through]
    one, two = np.repeat(np.arange(len(through)), counts), order[expanded(start[through], counts)]
    triples = np.stack([first.matrix[one], inside[one], second.matrix[two]], axis=1)
    limit = int(max(len(first.J), second.channels, len(second.J)))
    paths, path = _distinct(triples, limit)
    links = {inside: _link(first, second, inside) for inside in np.unique(paths[:, 1]).tolist()}
    if not links:
        nothing = np.zeros(0, np.int64)
        return BlockMap(
            first.places, second.size, nothing, nothing, nothing, np.zeros((0, first.channels, 1)), first.offset
        )
    common = next(iter(links.values()))
    if any(link.run != common.run or np.any(link.offset != common.offset) for link in links.values()):
        raise IrregularError
    moved = np.zeros(second.channels, np.int64)
    moved[list(links)] = [link.start for link in links.values()]
    target = second.target[two] + moved[triples[:, 1]]
    J = _products(first, second, paths, common, moved)
    return combined(BlockMap(first.places, second.size, first.place[one], target, path, J, common.offset))


@dataclass(frozen=True)
class Link:
    """What each channel of the first map reaches through the second.

    Args:
        start: the first element, counted from the second's target.
        offset: (channels,), from there.
        run: elements in a row.
    """

    start: int
    offset: np.ndarray
    run: int


def _link(first: BlockMap, second: BlockMap, inside: int) -> Link:
    """The link of entries of the first map that begin at channel ``inside`` of the second's places.

    Raises:
        IrregularError: the elements are not equally many in a row for all channels.
    """
    if second.dense:
        return Link(0, np.zeros(first.channels, np.int64), second.run)
    offsets = second.offset[inside + first.offset[:, None] + np.arange(first.run)]
    offsets = np.sort(offsets, axis=1)
    start, run = offsets[:, 0], offsets[:, -1] - offsets[:, 0] + second.run
    if np.any(run != run[0]) or np.any(np.diff(offsets, axis=1) > second.run):
        raise IrregularError
    return Link(int(start.min()), start - start.min(), int(run[0]))


def _products(first: BlockMap, second: BlockMap, paths: np.ndarray, link: Link, moved: np.ndarray) -> np.ndarray:
    """The matrix of each path, a triple of the first's matrix, the channel it begins at, and the second's matrix."""
    if first.J.dtype == bool or second.J.dtype == bool:
        return without_weights((len(paths), first.channels, link.run))
    J = np.zeros((len(paths), first.channels, link.run))
    by_matrices = first.dense and second.dense and first.run > 1
    for chunk in _chunks(len(paths), max(first.channels, first.run) * link.run):
        one, inside, two = paths[chunk].T
        if by_matrices:
            rows = inside[:, None] + np.arange(first.run)
            J[chunk] = first.J[one] @ second.J[two[:, None], rows]
            continue
        for tap in range(first.run):
            rows = inside[:, None] + first.offset + tap
            part = first.J[one, :, tap][:, :, None] * second.J[two[:, None], rows]
            columns = second.offset[rows] - moved[inside][:, None] - link.offset
            for shift in np.unique(columns):
                J[chunk][:, :, shift : shift + second.run] += np.where((columns == shift)[:, :, None], part, 0.0)
    return J


def _chunks(count: int, size: int) -> Iterator[slice]:
    step = max(1, MOST_AT_ONCE // max(size, 1))
    for start in range(0, count, step):
        yield slice(start, start + step)
