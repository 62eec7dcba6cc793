"""Which neurons a linear path connects, as a product of one relation for each axis.

Kernels, pools and paddings are rectangular, and channels are coupled alike at every position. So whether neuron
``(i, j, c)`` reaches element ``(i', j', c')`` is decided axis by axis, and a path of many layers is as small as a few
matrices of 0 and 1, whatever the size of the images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

MOST_UNITED = 12  # boxes whose union is counted, by inclusion and exclusion


class NotCountableError(Exception):
    """Connections that are no product of relations, or of a layer that is not known."""


@dataclass(frozen=True)
class Factor:
    """The relation along one axis.

    Args:
        axis: of the neurons; -1 for one that they do not have.
        size: how many indices that axis of the tensor has.
        matrix: whether index i of the neurons' axis is connected with index j of the tensor's; (neurons, size),
            boolean. None: each with itself.
    """

    axis: int
    size: int
    matrix: np.ndarray | None = None

    @classmethod
    def everywhere(cls, size: int) -> Factor:
        """A new axis, all of which is connected."""
        return cls(-1, size, np.ones((1, size), dtype=bool))

    def then(self, relation: np.ndarray) -> Factor:
        """Followed by another relation, (size, new size)."""
        if self.matrix is None:
            return replace(self, size=relation.shape[1], matrix=relation)
        matrix: np.ndarray = self.matrix.astype(np.float32) @ relation.astype(np.float32)
        return replace(self, size=relation.shape[1], matrix=matrix > 0)

    def collapsed(self) -> Factor:
        """Whether index i is connected with anything; (neurons, 1)."""
        reached: Any = np.ones((self.size, 1), bool) if self.matrix is None else self.matrix.any(axis=1, keepdims=True)
        return replace(self, size=1, matrix=reached)

    def common(self, other: Factor) -> Factor:
        """What is connected in both."""
        if self.matrix is None and other.matrix is None:
            return self
        return replace(self, matrix=self.explicit() & other.explicit())

    def count(self) -> int:
        """How many pairs are connected."""
        return self.size if self.matrix is None else int(self.matrix.sum())

    def counts(self) -> np.ndarray:
        """How many each index of the neurons' axis is connected with, (neurons,)."""
        return np.ones(self.size, np.int64) if self.matrix is None else self.matrix.sum(axis=1, dtype=np.int64)

    def explicit(self) -> np.ndarray:
        """The matrix, also where each is connected with itself."""
        return np.eye(self.size, dtype=bool) if self.matrix is None else self.matrix


@dataclass(frozen=True)
class Box:
    """The connections from the neurons of one tensor to the elements of another.

    Args:
        axes: for each axis of the tensor the factors that its elements are counted by, the slowest first.
        gone: factors along axes of the neurons that the tensor has no longer, collapsed.
    """

    axes: tuple[tuple[Factor, ...], ...]
    gone: tuple[Factor, ...] = ()

    @classmethod
    def of_neurons(cls, shape: Sequence[int]) -> Box:
        """Each neuron with itself."""
        return cls(tuple((Factor(axis, size),) for axis, size in enumerate(shape)))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor."""
        return tuple(prod(factor.size for factor in factors) for factors in self.axes)

    def then(self, axis: int, relation: np.ndarray) -> Box:
        """Followed by a relation along one axis of the tensor, (elements, new elements).

        Raises:
            NotCountableError: the axis is several axes of the neurons in one.
        """
        if len(self.axes[axis]) > 1:
            if relation.all():
                return self.then_all(axis, relation.shape[1])
            raise NotCountableError
        return replace(self, axes=_replaced(self.axes, axis, self.axes[axis][0].then(relation)))

    def then_all(self, axis: int, size: int) -> Box:
        """Followed by a layer whose ``size`` outputs along one axis each read all of it."""
        return Box(_replaced(self.axes, axis, Factor.everywhere(size)), (*self.gone, *_collapsed(self.axes[axis])))

    def without(self, axis: int) -> Box:
        """The box when an axis is summed over."""
        return Box((*self.axes[:axis], *self.axes[axis + 1 :]), (*self.gone, *_collapsed(self.axes[axis])))

    def permuted(self, order: Sequence[int]) -> Box:
        """The tensor's axes in another order."""
        return replace(self, axes=tuple(self.axes[axis] for axis in order))

    def reshaped(self, shape: Sequence[int]) -> Box:
        """The tensor's elements counted by other axes.

        Raises:
            NotCountableError: an axis is cut.
        """
        factors = [factor for axis in self.axes for factor in axis if factor.size > 1]
        single = [factor for axis in self.axes for factor in axis if factor.size == 1]
        axes = []
        for size in shape:
            taken: list[Factor] = []
            while prod(factor.size for factor in taken) < size:
                taken.append(factors.pop(0))
            if prod(factor.size for factor in taken) != size:
                raise NotCountableError
            axes.append(tuple(taken) or (Factor.everywhere(1),))
        return Box(tuple(axes), (*self.gone, *_collapsed(single)))

    def repeated(self, times: int) -> Box:
        """The tensor several times, along a new first axis."""
        return replace(self, axes=((Factor.everywhere(times),), *self.axes))

    def common(self, other: Box) -> Box:
        """The connections that are in both.

        Raises:
            NotCountableError: the two are products of other kinds.
        """
        one, two = self._spread(other), other._spread(self)
        if one.structure() != two.structure():
            raise NotCountableError
        axes = tuple(_common(mine, theirs) for mine, theirs in zip(one.axes, two.axes, strict=True))
        return Box(axes, _common(one.gone, two.gone))

    def _spread(self, like: Box) -> Box:
        """The same connections; an axis of the neurons that is gone stands where ``like`` still has it.

        What is gone is sorted: whether rows or columns were collapsed first does not matter.
        """
        gone = {factor.axis: factor for factor in self.gone}
        axes = []
        for mine, theirs in zip(self.axes, like.axes, strict=True):
            alike = len(mine) == len(theirs)
            axes.append(tuple(_put_back(*pair, gone) for pair in zip(mine, theirs, strict=True)) if alike else mine)
        return Box(tuple(axes), tuple(gone[axis] for axis in sorted(gone)))

    def count(self) -> int:
        """How many connections there are."""
        return prod(factor.count() for factor in (*(each for axis in self.axes for each in axis), *self.gone))

    def counts(self) -> np.ndarray:
        """How many connections each neuron has, in the neurons' shape; integers."""
        factors = [*(each for axis in self.axes for each in axis), *self.gone]
        along = {factor.axis: factor.counts() for factor in factors if factor.axis >= 0}
        anew = prod(factor.count() for factor in factors if factor.axis < 0)
        return reduce(np.multiply.outer, [along[axis] for axis in sorted(along)], np.array(anew, np.int64))

    def structure(self) -> object:
        """What must be alike for two boxes to be compared: which axes of the neurons stand where."""
        axes = tuple(tuple((factor.axis, factor.size) for factor in axis) for axis in self.axes)
        return axes, tuple(factor.axis for factor in self.gone)


def united(boxes: Sequence[Box]) -> int:
    """How many connections there are in any of the boxes.

    Raises:
        NotCountableError: too many boxes, or boxes of different kinds.
    """
    return sum(sign * box.count() for sign, box in _included_and_excluded(boxes))


def united_counts(boxes: Sequence[Box]) -> np.ndarray | int:
    """How many connections each neuron has in any of the boxes, in the neurons' shape; 0 if there is no box.

    Raises:
        NotCountableError: too many boxes, or boxes of different kinds.
    """
    return sum(sign * box.counts() for sign, box in _included_and_excluded(boxes))


def _included_and_excluded(boxes: Sequence[Box]) -> Iterator[tuple[int, Box]]:
    """Boxes that together count what is in any of ``boxes``: those to be added (1), those to be taken off (-1)."""
    distinct: list[Box] = []
    for box in boxes:
        if not any(_same(box, other) for other in distinct):
            distinct.append(box)
    if len(distinct) > MOST_UNITED:
        raise NotCountableError
    for size in range(1, len(distinct) + 1):
        for first, *others in combinations(distinct, size):
            for other in others:
                first = first.common(other)
            yield (1 if size % 2 else -1), first


def _replaced(axes: tuple[tuple[Factor, ...], ...], position: int, factor: Factor) -> tuple[tuple[Factor, ...], ...]:
    return (*axes[:position], (factor,), *axes[position + 1 :])


def _collapsed(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """What is left of factors along an axis that is gone."""
    return tuple(factor.collapsed() for factor in factors if factor.axis >= 0)


def _put_back(factor: Factor, like: Factor, gone: dict[int, Factor]) -> Factor:
    """A factor without an axis of the neurons takes the one of ``like`` back from those that are ``gone``."""
    if factor.axis >= 0 or like.axis not in gone:
        return factor
    return gone.pop(like.axis).then(factor.explicit())


def _common(mine: Sequence[Factor], theirs: Sequence[Factor]) -> tuple[Factor, ...]:
    return tuple(a.common(b) for a, b in zip(mine, theirs, strict=True))


def _same(box: Box, other: Box) -> bool:
    try:
        return box.count() == other.count() == box.common(other).count()
    except NotCountableError:
        return False
