"""What a rule is, what it is given, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from snnctl.conversion.signals import Potential, Signal, Spikes
from snnctl.errors import ConversionError


@dataclass(frozen=True)
class Context:
    """What a rule works with besides the layer and its input.

    Args:
        place: where the layer stands, for messages.
        spikes: turns a signal into spikes, firing a rectified potential.
        unique: makes a layer's name unique in the spiking network.
    """

    place: str
    spikes: Callable[[Signal], Spikes]
    unique: Callable[[str], str]

    def refuse(self, what: str, accepted: str) -> ConversionError:
        """The error that names the layer, what stands against it and what would be accepted instead."""
        return ConversionError(what, where=self.place, todo=accepted)


Rule = Callable[[Any, Signal, Context], Signal]
"""``rule(layer, signal, context)`` gives the signal behind the layer, or raises ``context.refuse(...)``."""


def spikes_of(signal: Signal, context: Context, reader: str) -> Spikes:
    """The spikes that ``reader`` needs.

    Raises:
        ConversionError: the signal is a potential without a ReLU.
    """
    if isinstance(signal, Potential) and not signal.rectified:
        raise context.refuse(
            f"{reader} reads {signal.place.split(',')[0]} without a ReLU between them",
            "Put a ReLU between two linear layers, or merge them into one.",
        )
    return context.spikes(signal)
