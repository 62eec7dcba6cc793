"""Whether samples have the shape a network takes; if not, why, and what to do about it."""

from __future__ import annotations

from math import prod

from snnctl.errors import DataError

Shape = tuple[int | None, ...]


def channel_may_be_missing(taken: Shape) -> bool:
    """Whether samples without the last axis are understood: it has one channel."""
    return len(taken) > 1 and taken[-1] == 1


def fitted(taken: Shape, given: tuple[int, ...], where: str) -> tuple[int, ...]:
    """The shape that samples get to be fed to a network: their own, or with a channel axis of one.

    Args:
        taken: shape of a sample the network takes; None where it takes any size.
        given: shape of a sample.
        where: the file, for messages.

    Raises:
        DataError: they do not fit.
    """
    if _fits(taken, given):
        return given
    if channel_may_be_missing(taken) and _fits(taken, (*given, 1)):
        return (*given, 1)
    raise DataError(
        f"The network takes samples of shape {_spelled(taken)}, but these have shape {given}.",
        where=where,
        todo=_way_out(taken, given),
    )


def _fits(taken: Shape, given: tuple[int, ...]) -> bool:
    return len(taken) == len(given) and all(size in (None, have) for size, have in zip(taken, given, strict=True))


def _way_out(taken: Shape, given: tuple[int, ...]) -> str:
    if len(given) == len(taken) > 1 and _fits(taken, (*given[1:], given[0])):
        return "The channels come first here and last in the network: numpy.moveaxis(x, 1, -1) puts them last."
    if len(given) == len(taken) > 1 and _fits(taken, (given[-1], *given[:-1])):
        return "The channels come last here and first in the network: numpy.moveaxis(x, -1, 1) puts them first."
    if _fits(taken, given[1:]):
        return "There is an axis too many: was the array saved in batches? Join them, (samples, ...)."
    if len(given) == len(taken) - 1 and _fits(taken[1:], given):
        return "Is this a single sample? Samples are expected one behind the other: x[None] makes it an array of one."
    if None not in taken and prod(size or 0 for size in taken) == prod(given):
        return f"Both hold as many values: reshape the array to (samples, {', '.join(map(str, taken))})."
    return "Give samples as the network was trained on."


def _spelled(shape: Shape) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)}{',' if len(shape) == 1 else ''})"
