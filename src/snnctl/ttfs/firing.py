"""Layers whose outputs are spikes, and whose spikes a tensor holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops


class Firing:
    """A layer whose neurons fire in a window."""

    @property
    def of_both_signs(self) -> bool:
        """Whether a silent neuron may have another local time than 0."""
        return False

    def span(self) -> tuple[Any, Any]:
        """(low, width), in tau_c.

        Returns:
            The local time of a silent neuron, scalar or (1, \\*neurons), and the window's width, scalar.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Carried:
    """The spikes that a tensor holds, which may come from several layers by way of poolings and wiring.

    Args:
        sources: the layers that fire them. Their windows are read when they are asked for: training widens them.
        shapes: of their tensors, without the batch.
        silence: from what each of them returns while it is silent to what the tensor then holds; None: 0.
    """

    sources: Sequence[Firing]
    shapes: Sequence[tuple[int, ...]]
    silence: Callable[[list[Any]], Any] | None

    def span(self) -> tuple[Any, Any]:
        """(low, width) of who carries them on: each neuron's silence, and the widest window, as in the timeline."""
        spans = [source.span() for source in self.sources]
        width = spans[0][1]
        for _, other in spans[1:]:
            width = ops.maximum(width, other)
        if self.silence is None:
            return 0.0, width
        lows = [ops.broadcast_to(low, (1, *shape)) for (low, _), shape in zip(spans, self.shapes, strict=True)]
        return self.silence(lows), width


class Given(Firing):
    """The spikes that a network without an input coding is given, in the input's window."""

    def span(self) -> tuple[Any, Any]:
        """0 and 1."""
        return 0.0, 1.0


def carried_by(tensor: keras.KerasTensor) -> Carried:
    """The spikes of a tensor of a network under construction.

    Raises:
        ValueError: signed neurons are among them, and their number is not fixed.
    """
    found: dict[int, tuple[keras.KerasTensor, Firing]] = {}
    waiting, seen = [tensor], set()
    while waiting:
        at = waiting.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        operation, index, _ = at._keras_history
        if isinstance(operation, Firing):
            found[id(at)] = (at, operation)
        elif operation._inbound_nodes[index].is_input:
            found[id(at)] = (at, Given())
        else:
            waiting += operation._inbound_nodes[index].input_tensors
    tensors, sources = zip(*found.values(), strict=True)
    shapes = [tuple(each.shape[1:]) for each in tensors]
    if not any(source.of_both_signs for source in sources):
        return Carried(sources, shapes, None)
    if any(None in shape for shape in shapes):
        raise ValueError("constraints on spikes of signed neurons that are relayed need an input of a fixed size")
    return Carried(sources, shapes, _only if id(tensor) in found else keras.Function(list(tensors), tensor))


def _only(lows: list[Any]) -> Any:
    return lows[0]
