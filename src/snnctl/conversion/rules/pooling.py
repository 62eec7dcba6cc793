"""Max pooling: the earliest spike of a pool passes; where the channel's sign is turned, the latest."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.signals import Deferred, Potential, Signal, Spikes
from snnctl.ttfs.pooling import EarliestSpikePooling2D


def convert_max_pooling2d(layer: keras.layers.MaxPooling2D, signal: Signal, context: Context) -> Signal:
    """Of spikes at once; of a potential after it has fired, since pooling and ReLU commute."""
    if layer.data_format != "channels_last":
        raise context.refuse("the pooling has its channels first", "Use data_format='channels_last'.")

    name = context.unique(layer.name)

    def pool(spikes: Spikes, sign: np.ndarray | None) -> Spikes:
        return pooled(layer, name, spikes, np.sign(spikes.scale) if sign is None else sign)

    if isinstance(signal, Potential) and not signal.rectified:
        if any(not deferred.per_channel for deferred in signal.then):
            raise context.refuse("the pooling stands behind a Flatten", "Pool before the Flatten.")
        channels = signal.offset.shape[-1]
        return replace(signal, then=(*signal.then, Deferred(pool, np.ones(channels), True, layer.name)))
    return pool(context.spikes(signal), None)


def pooled(layer: keras.layers.MaxPooling2D, name: str, spikes: Spikes, sign: np.ndarray) -> Spikes:
    """The pooled spikes: ``max(k x + c)`` is ``k max(x) + c`` for k > 0 and ``k min(x) + c`` for k < 0."""
    signed = bool(np.any(sign < 0))
    pooling = EarliestSpikePooling2D(
        layer.pool_size, layer.strides, layer.padding, signed, name=name, dtype=spikes.tensor.dtype
    )
    tensor = pooling(spikes.tensor)
    if signed:
        pooling.sign.assign(np.where(sign < 0, -1.0, 1.0))
    return replace(spikes, tensor=tensor)


POOLING_RULES: dict[type, Rule] = {keras.layers.MaxPooling2D: convert_max_pooling2d}
