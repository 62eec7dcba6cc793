"""What flows between layers: spikes, and the potentials that they add up to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reference.linear import Image, cut_out


class UnphysicalError(AssertionError):
    """The network asks for something that spikes and neurons cannot do."""


@dataclass(frozen=True)
class Spikes:
    """One spike train for each element.

    Args:
        t: absolute times, (batch, \\*shape); infinity where nothing is fired.
        low: what the neurons carry at the end of their window, shape ``(*shape)``: 0; negative for signed ones.
        level: of their window.
    """

    t: np.ndarray
    low: np.ndarray
    level: int


@dataclass(frozen=True)
class Potential:
    """What spikes of one level have added to potentials by the end of their window.

    Args:
        V: ``sum_j J_ij (t_end - t_j)``, (batch, \\*shape).
        low: ``sum_j J_ij low_j``, shape ``(*shape)``: what is missing for signed neurons, and to be made up for by
            the threshold.
        level: of the spikes.
    """

    V: np.ndarray
    low: np.ndarray
    level: int

    def __add__(self, other: Potential) -> Potential:
        require(self.level == other.level, "potentials of different windows are added")
        return Potential(self.V + other.V, self.low + other.low, self.level)

    def through(self, linear: Callable[[np.ndarray], np.ndarray]) -> Potential:
        """Behind synapses."""
        return Potential(linear(self.V), linear(self.low[None])[0], self.level)


def require(condition: bool | np.bool_, what: str) -> None:
    """Raises UnphysicalError unless the condition holds."""
    if not condition:
        raise UnphysicalError(what)


def arrived(signal: Spikes | Potential, start: float, end: float) -> Potential:
    """What each spike has added by ``end`` to a neuron that it reaches through a weight of 1.

    Raises:
        UnphysicalError: a spike is fired outside the window, [start, end], in which it is integrated.
    """
    if isinstance(signal, Potential):
        return signal
    fired = np.isfinite(signal.t)
    rounding = 1e-12 * end
    within = (signal.t >= start - rounding) & (signal.t <= end + rounding)
    require(np.all(within | ~fired), f"spikes arrive outside [{start}, {end}]")
    return Potential(end - np.where(fired, signal.t, end), signal.low, signal.level)


def selected(signal: Spikes, select: Callable[[np.ndarray, float], np.ndarray]) -> Spikes:
    """Some of the spike trains, rearranged or several times; where nothing was before, nothing fires."""
    return Spikes(select(signal.t, np.inf), select(signal.low[None], 0.0)[0], signal.level)


def pooled(signal: Spikes, image: Image, sign: np.ndarray) -> Spikes:
    """The earliest spike of each pool or, where the sign is negative, the latest, silence being later than any spike.

    Raises:
        UnphysicalError: neurons of one pool carry another value at one and the same time.
    """
    earliest, latest = cut_out(signal.t, image, np.inf), cut_out(signal.t, image, -np.inf)
    low, high = cut_out(signal.low[None], image, np.inf), cut_out(signal.low[None], image, -np.inf)
    lowest, highest = np.min(low, axis=0), np.max(high, axis=0)
    require(np.all(lowest == highest), "a pool compares spikes of neurons with different reference times")
    t = np.where(sign < 0, np.max(latest, axis=0), np.min(earliest, axis=0))
    return Spikes(t, lowest[0], signal.level)


def joined(signals: Sequence[Spikes | Potential], axis: int) -> Spikes | Potential:
    """Side by side along an axis (0 is the batch)."""
    first = signals[0]
    require(all(signal.level == first.level for signal in signals), "spikes of different windows are concatenated")
    axis = axis % (first.low.ndim + 1)
    low = np.concatenate([signal.low for signal in signals], axis=axis - 1)
    spikes = [signal for signal in signals if isinstance(signal, Spikes)]
    if len(spikes) == len(signals):
        return Spikes(np.concatenate([signal.t for signal in spikes], axis), low, first.level)
    potentials = [signal for signal in signals if isinstance(signal, Potential)]
    assert len(potentials) == len(signals), "let the spikes arrive first"
    return Potential(np.concatenate([signal.V for signal in potentials], axis), low, first.level)
