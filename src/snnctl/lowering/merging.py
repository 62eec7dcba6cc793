"""One synapse from a spike to a neuron, however many ways lead there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from snnctl.lowering.blocks import BlockMap, combined


@dataclass(frozen=True)
class Term:
    """Spikes and where they lead.

    Args:
        ids: of the spikes, as many as the map has places times channels, in that order; they are kept as
            (places, channels). -1 where nothing can fire.
        block_map: to the elements of a tensor.
    """

    ids: np.ndarray
    block_map: BlockMap

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", self.ids.reshape(self.block_map.places, self.block_map.channels))


Group = tuple[np.ndarray, list[Term]]  # all ids of some terms, rising; the terms


def merged(terms: Sequence[Term]) -> list[Term]:
    """The same synapses as terms in which no spike stands twice, and no two of which connect the same pair."""
    result = []
    for group in _sharing([term for term in map(_reaching, terms) if len(term.ids)]):
        single = len(group) == 1 and _once(group[0].ids) and not _overlap([group[0].block_map])
        result += group if single else _united(group)
    return result


def _reaching(term: Term) -> Term:
    """Without the places at which nothing can fire, or from which nothing is reached."""
    used = np.zeros(len(term.ids), bool)
    used[term.block_map.place] = True
    used &= (term.ids >= 0).any(axis=1)
    if used.all():
        return term
    row = np.where(used, np.cumsum(used) - 1, -1)
    return Term(term.ids[used], term.block_map.onto(row, int(used.sum())))


def _sharing(terms: Sequence[Term]) -> list[list[Term]]:
    """The terms in groups; those that have a spike in common are in one."""
    groups: list[Group] = []
    for term in terms:
        ids, members = _distinct(term.ids[term.ids >= 0]), [term]
        apart: list[Group] = []
        for group in groups:
            if len(np.intersect1d(group[0], ids, assume_unique=True)):
                ids, members = _distinct(np.concatenate([group[0], ids])), [*group[1], *members]
            else:
                apart.append(group)
        groups = [*apart, (ids, members)]
    return [members for _, members in groups]


def _distinct(ids: np.ndarray) -> np.ndarray:
    """The different ids, rising; ``np.unique`` would hash them, which takes a hundred times as long for millions."""
    ids = np.sort(ids)
    return ids[np.diff(ids, prepend=-1) > 0]


def _once(ids: np.ndarray) -> bool:
    """Whether no spike stands twice."""
    firing = ids[ids >= 0]
    return len(_distinct(firing)) == len(firing)


def _united(terms: Sequence[Term]) -> list[Term]:
    """Terms that share spikes as ones that do not; element by element, if maps of several structures overlap."""
    ids, maps = _common_places(terms)
    parts = _by_structure(maps)
    if _overlap(parts):
        ids, maps = _common_places([Term(term.ids, term.block_map.by_elements()) for term in terms])
        parts = _by_structure(maps)
    return [_reaching(Term(ids, part)) for part in parts]


def _common_places(terms: Sequence[Term]) -> tuple[np.ndarray, list[BlockMap]]:
    """The terms as maps of the same places; of single spikes, if they are not alike otherwise."""
    if len({term.ids.shape[1] for term in terms}) == 1:
        ids, maps = _by_rows(terms)
        if _once(ids):
            return ids, maps
    return _by_rows([Term(term.ids, term.block_map.by_channels()) for term in terms])


def _by_rows(terms: Sequence[Term]) -> tuple[np.ndarray, list[BlockMap]]:
    """The terms as maps of the same places: all different rows of ids."""
    ids, row = np.unique(np.concatenate([term.ids for term in terms]), axis=0, return_inverse=True)
    rows = np.split(row.reshape(-1), np.cumsum([len(term.ids) for term in terms])[:-1])
    return ids, [term.block_map.onto(row, len(ids)) for term, row in zip(terms, rows, strict=True)]


def _by_structure(maps: Sequence[BlockMap]) -> list[BlockMap]:
    """Maps of the same places, one for each structure."""
    alike: dict[tuple[bytes, int], list[BlockMap]] = {}
    for each in maps:
        alike.setdefault((each.offset.tobytes(), each.run), []).append(each)
    return [combined(_stacked(group)) for group in alike.values()]


def _stacked(maps: Sequence[BlockMap]) -> BlockMap:
    before = np.cumsum([0, *[len(each.J) for each in maps]])
    return replace(
        maps[0],
        place=np.concatenate([each.place for each in maps]),
        target=np.concatenate([each.target for each in maps]),
        matrix=np.concatenate([each.matrix + start for each, start in zip(maps, before, strict=False)]),
        J=np.concatenate([each.J for each in maps]),
    )


def _overlap(maps: Sequence[BlockMap]) -> bool:
    """Whether two entries of a place reach one element: through one channel, or, of several maps, any channels."""
    place = np.concatenate([each.place for each in maps])
    start = np.concatenate([each.target for each in maps])
    end = np.concatenate([each.target + (each.run if len(maps) == 1 else each.span) for each in maps])
    order = np.lexsort((start, place))
    return bool(np.any((np.diff(place[order]) == 0) & (start[order][1:] < end[order][:-1])))
