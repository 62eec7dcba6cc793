"""What a tensor of the source network is in the spiking network: spikes, or a potential not yet fired.

All folding happens here in float64 NumPy; the spiking network's own precision comes last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Spikes:
    """A tensor carried by spikes: the source's value is ``scale * x + shift``, ``x`` the local spike time.

    Args:
        tensor: the spiking network's tensor, (batch, \\*positions, channels).
        scale: per channel (last axis), float64.
        shift: per channel, float64.
    """

    tensor: Any
    scale: np.ndarray
    shift: np.ndarray

    @classmethod
    def plain(cls, tensor: Any) -> Spikes:
        """Spikes whose local times are the source's values."""
        channels = tensor.shape[-1]
        return cls(tensor, np.ones(channels), np.zeros(channels))

    def affine(self, k: np.ndarray, c: np.ndarray) -> Spikes:
        """The tensor ``k * value + c``: only the decoding changes, the spikes stay."""
        return replace(self, scale=self.scale * k, shift=self.shift * k + c)

    @property
    def never_negative(self) -> bool:
        """Whether every value is >= 0, whatever the spikes."""
        return bool(np.all(self.scale >= 0) and np.all(self.shift >= 0))


@dataclass(frozen=True)
class Potential:
    """A linear function of spikes, waiting to become a spiking layer or the readout.

    Args:
        name: name of the layer it will become.
        tensor: the spikes it reads.
        synapses: config and class of the linear Keras layer.
        kernel: its weights J, float64, output channels last.
        offset: D, (channels,) or (positions, channels), float64.
        position_index: which row of ``offset`` holds at each output position; None when there is one row.
        rectified: whether a ReLU follows.
        place: of the linear layer, for messages.
        then: poolings and reshapes that stand before the ReLU in the source; firing commutes with them.
        ended: place of the softmax or sigmoid behind it; empty when there is none.
    """

    name: str
    tensor: Any
    synapses: Any
    kernel: np.ndarray
    offset: np.ndarray
    position_index: np.ndarray | None
    place: str
    rectified: bool = False
    then: tuple[Deferred, ...] = ()
    ended: str = ""

    def affine(self, k: np.ndarray, c: np.ndarray) -> Potential:
        """The potential ``k * z + c``, per channel; a pooling that waits turns with the sign of k."""
        return replace(
            self,
            kernel=self.kernel * k,
            offset=self.offset * k + c,
            then=tuple(deferred.turned(k) for deferred in self.then),
        )


@dataclass(frozen=True)
class Deferred:
    """A pooling or reshape to be applied to the spikes once they are fired.

    Args:
        apply: spikes to spikes, given the sign of each channel.
        sign: +1 or -1 per channel; None when the operation does not depend on it.
        per_channel: whether the channels are still the last axis afterwards.
        name: of the source layer, for messages.
    """

    apply: Callable[[Spikes, np.ndarray | None], Spikes]
    sign: np.ndarray | None
    per_channel: bool
    name: str

    def turned(self, k: np.ndarray) -> Deferred:
        """The operation on a signal that is multiplied by k first."""
        return self if self.sign is None else replace(self, sign=self.sign * np.where(k < 0, -1.0, 1.0))


Signal = Spikes | Potential
