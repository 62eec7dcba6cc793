"""Why a network does not convert, all obstacles at once; and what to use instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from snnctl.errors import ConversionError

L = keras.layers
RECURRENT = "Recurrent layers keep a state from step to step; time-to-first-spike networks have none. "
GATE = "Products of signals (gates, attention, squeeze-and-excitation) have no spiking form: train without them. "
NORMALIZED = "It normalises by each sample's own statistics: train with BatchNormalization instead. "
ATTENTION = "Attention multiplies signals with each other: train without it. "
RESIZE = "Resize the data beforehand, and begin the network with an Input of that size. "
LOOKUP = "Look the vectors up beforehand, and begin the network with them. "

# A sentence on what could be used instead of a layer that has no spiking form.
HINTS: dict[type, str] = {
    **dict.fromkeys((L.LSTM, L.GRU, L.SimpleRNN, L.Bidirectional), RECURRENT),
    **dict.fromkeys((L.Multiply, L.Dot), GATE),
    **dict.fromkeys(
        (
            L.LayerNormalization,
            L.GroupNormalization,
            L.UnitNormalization,
            L.SpectralNormalization,
        ),
        NORMALIZED,
    ),
    **dict.fromkeys((L.Attention, L.AdditiveAttention, L.MultiHeadAttention), ATTENTION),
    L.Resizing: RESIZE,
    L.CenterCrop: RESIZE,
    L.Embedding: LOOKUP,
    L.ELU: "Train with ReLU or LeakyReLU instead. ",
    L.Lambda: "Its code says nothing of what it computes: use layers instead, or a plugin's rule. ",
    L.Maximum: "Concatenate the branches, or add them, instead. ",
    L.Minimum: "Concatenate the branches, or add them, instead. ",
}


@dataclass(frozen=True)
class Obstacle:
    """One layer that does not convert.

    Args:
        where: the layer and its place, e.g. "layer 'swish_3' (Activation), 7 of 40".
        what: what stands against it.
        todo: what would be accepted instead.
    """

    where: str
    what: str
    todo: str

    @classmethod
    def of(cls, error: ConversionError) -> Obstacle:
        """The obstacle that an error tells of."""
        return cls(error.where, error.what, error.todo)

    @property
    def layer(self) -> str:
        """The layer's name."""
        return self.where.split("'")[1] if "'" in self.where else self.where


class NotConvertibleError(ConversionError):
    """A network that does not convert.

    Args:
        what: what happened.
        where: the layer, when there is one obstacle only.
        todo: what would be accepted; for several obstacles a line for each kind, with the names of the layers.
        obstacles: all of them, in the network's order.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "", obstacles: Sequence[Obstacle] = ()) -> None:
        super().__init__(what, where=where, todo=todo)
        self.obstacles = tuple(obstacles)


def refusal(obstacles: Sequence[Obstacle], model: str) -> NotConvertibleError:
    """The error that names every obstacle."""
    unique = list(dict.fromkeys(obstacles))
    if len(unique) == 1:
        only = unique[0]
        return NotConvertibleError(only.what, where=only.where, todo=only.todo, obstacles=unique)
    kinds: dict[tuple[str, str], list[Obstacle]] = {}
    for obstacle in unique:
        kinds.setdefault((obstacle.what, obstacle.todo), []).append(obstacle)
    lines = [f"- {_layers(alike)}: {what}. {todo}" for (what, todo), alike in kinds.items()]
    layers = len({obstacle.where for obstacle in unique})
    return NotConvertibleError(
        f"{layers} layers of model '{model}' do not convert", todo="\n".join(lines), obstacles=unique
    )


def _layers(obstacles: Sequence[Obstacle]) -> str:
    if len(obstacles) == 1:
        return obstacles[0].where
    return f"{len(obstacles)} layers, {', '.join(obstacle.layer for obstacle in obstacles)}"
