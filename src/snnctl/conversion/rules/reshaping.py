"""Flatten: spikes keep their times; scale and shift are repeated for every position."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.signals import Deferred, Potential, Signal, Spikes


def convert_flatten(layer: keras.layers.Flatten, signal: Signal, context: Context) -> Signal:
    """Of spikes at once; of a potential after it has fired."""
    if layer.data_format != "channels_last":
        raise context.refuse("Flatten has data_format='channels_first'", "Use data_format='channels_last'.")

    tensor = signal.tensor
    if any(side is None for side in tensor.shape[1:]):
        raise context.refuse("the input's size is not fixed", "Give the network a fixed input size.")
    name = context.unique(layer.name)

    def flatten(spikes: Spikes, _sign: np.ndarray | None) -> Spikes:
        return flattened(name, spikes)

    if isinstance(signal, Potential) and not signal.rectified:
        return replace(signal, then=(*signal.then, Deferred(flatten, None, False, layer.name)))
    return flatten(context.spikes(signal), None)


def flattened(name: str, spikes: Spikes) -> Spikes:
    """(batch, positions x channels), channels varying fastest."""
    if len(spikes.tensor.shape) == 2:
        return spikes
    tensor = keras.layers.Flatten(name=name, dtype=spikes.tensor.dtype)(spikes.tensor)
    positions = tensor.shape[-1] // spikes.scale.shape[0]
    return Spikes(tensor, np.tile(spikes.scale, positions), np.tile(spikes.shift, positions))


RESHAPING_RULES: dict[type, Rule] = {keras.layers.Flatten: convert_flatten}
