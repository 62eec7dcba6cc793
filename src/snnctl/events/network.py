"""A TTFS network as plain data: populations of neurons, their windows, and who is connected with whom.

Nothing here depends on how the network was made. ``docs/events.md`` documents it as a file format.

Neurons are numbered through, and pools after them: neuron i of population k has the *spike id* ``first_k + i``, where
``first_k`` is the number of neurons in all populations before it (the input comes first), and i counts the population's
shape in C order, channels last. The pools follow in their order. :meth:`Network.first_ids` has the numbers.

The windows tile the time axis: those of one level end together, at one ``t_max``; then the populations and readouts of
the next level have integrated (``end``, ``t_read``), and the next level's windows begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import prod
from typing import Literal

import numpy as np

Kind = Literal["input", "spiking", "signed", "relay"]


class NetworkError(ValueError):
    """A network, a file of one, or inputs that cannot be simulated; one sentence, naming the part."""


@dataclass(frozen=True)
class Coding:
    """How input values become spikes: ``t = t_max - clip((v - low) / (high - low), 0, 1)``; silent at 0.

    Args:
        low: p, the smallest value of the range.
        high: q, the largest.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Population:
    """Neurons that integrate in one window and fire in another; absolute times, in tau_c.

    From ``start`` to ``end`` spikes arrive: ``V_i(start) = 0``, ``dV_i/dt = A + sum_j J_ij H(t - t_j)``. Then the
    potential waits for the neuron's own window, and from ``t_min`` on ``dV_i/dt = B_i``. The neuron fires at the first
    ``t >= t_min`` with ``V_i(t) >= threshold_i``; if that is not before ``t_max``, it stays silent. [HP, Eqs. 1-7; EM]
    A neuron whose potential does not rise in its window, ``B_i <= 0``, crosses no threshold: it stays silent, too.

    A crossing is at ``t_max - (drive_i + sum_j J_ij x_j) / B_i`` with ``x_j = end - t_j`` of the spikes; see
    :attr:`drive` and :func:`threshold_for`.

    Args:
        name: the layer's.
        kind: "input" (coded, integrates nothing), "spiking", "signed" or "relay".
        shape: of the neurons.
        level: windows before its own; the input's is 0. Spikes of level n are integrated by level n + 1.
        start: when its inputs' windows begin; not after the ``t_min`` of any population of the level before.
        end: when they end: the ``t_max`` of the level before.
        t_min: when it may fire first; not before ``end``.
        t_max: when it may fire last; of all populations of a level the same.
        threshold: theta_i, (neurons,); what signed inputs add too much or too little (``sum_j J_ij low_j``) is in it.
        A: slope while integrating.
        B: slope while firing, (neurons,) or (1,).
        low: value that a silent neuron stands for, (neurons,): 0; the low end of the range of signed ones.

    The input has no use for start, end, A (0) and threshold, B and low (which may be empty).
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    level: int
    start: float
    end: float
    t_min: float
    t_max: float
    threshold: np.ndarray
    A: float
    B: np.ndarray
    low: np.ndarray

    @property
    def neurons(self) -> int:
        """How many there are."""
        return prod(self.shape)

    @property
    def width(self) -> float:
        """Of the window in which the neurons fire."""
        return self.t_max - self.t_min

    @property
    def drive(self) -> np.ndarray:
        """By how much potentials without inputs exceed, at ``end``, the one that crosses at ``t_max``; (neurons,)."""
        return threshold_for(self.threshold, self.width, self.B, self.A, self.end - self.start)


def threshold_for(
    drive: np.ndarray, width: float, B: np.ndarray, A: float = 0.0, integration: float = 0.0
) -> np.ndarray:
    """The threshold for a drive, ``B width + A integration - drive``; and of a threshold, the drive.

    A drive of 0 is exactly 0 again: then a neuron without inputs is silent, not a rounding error above.

    Args:
        drive: D of the ReLU unit (for alpha1 neurons, of the one before the division by B), (neurons,).
        width: ``t_max - t_min``, computed from these.
        B: slope while firing, (neurons,) or (1,).
        A: slope while integrating.
        integration: ``end - start``.
    """
    return np.asarray(B, np.float64) * width + A * integration - drive


@dataclass(frozen=True)
class Pools:
    """Pools pass one of their members' spikes on, at once: the earliest or, where marked, the latest.

    A pool that waits for the latest passes nothing unless all its members fire. Its spike has an id like a neuron's.

    Args:
        name: the layer's.
        shape: of the pools.
        level: of the spikes.
        start: of pool i the members are ``members[start[i]:start[i + 1]]``, at least one; (pools + 1,).
        members: spike ids of the same level, of neurons or of pools before these.
        latest: (pools,) booleans.
    """

    name: str
    shape: tuple[int, ...]
    level: int
    start: np.ndarray
    members: np.ndarray
    latest: np.ndarray

    @property
    def pools(self) -> int:
        """How many there are."""
        return prod(self.shape)


@dataclass(frozen=True)
class Projection:
    """Synapses from spikes to the neurons of one population or readout.

    The spikes stand in an array of *places* times *channels*. A spike at place p and channel c reaches, for every entry
    e of the place (``start[p] <= e < start[p + 1]``), the neurons ``target[e] + offset[c] + l``, l = 0 ... L - 1,
    through the weights ``J[matrix[e], c, l]``. So a dense layer is one place and one matrix; a convolution has an entry
    for each tap that a place is under, and a matrix for each tap; a depthwise or grouped one has offsets.

    Args:
        name: of the layer that holds the weights. Several projections may have one name; their events are counted
            together.
        target_name: the population or readout that is reached.
        source: spike ids, (places, channels); -1 where nothing can fire (padding).
        start: (places + 1,), entries by place.
        target: (entries,), the first neuron reached by channels of offset 0.
        matrix: (entries,), which weights.
        J: (matrices, channels, L).
        offset: (channels,).
    """

    name: str
    target_name: str
    source: np.ndarray
    start: np.ndarray
    target: np.ndarray
    matrix: np.ndarray
    J: np.ndarray
    offset: np.ndarray


@dataclass(frozen=True)
class Readout:
    """Potentials that are read at the end of their inputs' window: ``D_i + sum_j J_ij (t_read - t_j)``.

    Args:
        name: the layer's.
        shape: of the outputs.
        level: windows before it; it integrates spikes of ``level - 1``.
        start: when its inputs' windows begin.
        t_read: when they end and it is read.
        D: (outputs,), with ``sum_j J_ij low_j`` of signed inputs in it.
        decoding: "linear", or "relu" for ``max(0, V)``.
        max_value: largest value of the "relu" decoding; None for no limit.
    """

    name: str
    shape: tuple[int, ...]
    level: int
    start: float
    t_read: float
    D: np.ndarray
    decoding: Literal["linear", "relu"] = "linear"
    max_value: float | None = None

    @property
    def outputs(self) -> int:
        """How many there are."""
        return prod(self.shape)


@dataclass(frozen=True)
class Hardware:
    """What the hardware does to spike times (weights and thresholds have their bits already).

    First the jitter, confined to the window, then the rounding. Silent neurons stay silent; a spike that is moved to
    ``t_max`` is none.

    Args:
        noise: standard deviation of the normal jitter of firing neurons (not of the input), in tau_c.
        time_bits: spike times, those of the input too, are rounded to 2^bits levels of their window, its ends included;
            0: not rounded.
        seed: of the jitter.
    """

    noise: float = 0.0
    time_bits: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Network:
    """A whole network.

    Args:
        coding: of the input; None for a network that is given local spike times ``x = t_max - t``.
        populations: the input first, then by level.
        pools: in an order in which pools of pools come later; their spike ids follow all populations'.
        projections: in any order.
        readouts: in the order of the outputs.
        hardware: what happens to spike times.
        about: where it comes from, for the reader.
    """

    coding: Coding | None
    populations: Sequence[Population]
    pools: Sequence[Pools]
    projections: Sequence[Projection]
    readouts: Sequence[Readout]
    hardware: Hardware = Hardware()
    about: dict[str, str] = field(default_factory=dict)

    def first_ids(self) -> dict[str, int]:
        """The spike id of the first neuron or pool, by the name of each population and of all pools."""
        parts: list[Population | Pools] = [*self.populations, *self.pools]
        firsts = accumulate((prod(part.shape) for part in parts), initial=0)
        return {part.name: first for part, first in zip(parts, firsts, strict=False)}
