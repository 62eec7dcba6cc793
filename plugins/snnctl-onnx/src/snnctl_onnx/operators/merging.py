"""Layers that join branches."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from snnctl_onnx.context import Context, Value
from snnctl_onnx.moving import standard_form
from snnctl_onnx.signals import Signal, standard
from snnctl_onnx.table import Handler

KEEPS_SIGN = (keras.layers.Add, keras.layers.Average, keras.layers.Multiply, keras.layers.Concatenate)


def merged(context: Context, cls: type[keras.layers.Layer], signals: Sequence[Signal], **options) -> Signal:
    """Several tensors joined element by element, or along an axis; fewer axes are filled up in front, as ONNX does."""
    rank = max(len(signal.shape) for signal in signals)
    inputs = [standard_form(context, _filled_up(signal, rank, context.batch)) for signal in signals]
    nonneg = cls in KEEPS_SIGN and all(signal.nonneg for signal in signals)
    return standard(context.layer(cls, [signal.tensor for signal in inputs], **options), context.batch, nonneg)


def _filled_up(signal: Signal, rank: int, batch: int) -> Signal:
    """Axes of 1 in front. The batch must be 1 then, or it would meet another axis."""
    if len(signal.shape) == rank:
        return signal
    places = signal.places(batch)
    places = places.reshape(*[1] * (rank - places.ndim), *places.shape)
    return Signal(signal.tensor, places.shape, places, signal.nonneg)


def convert_concat(context: Context, *values: Value) -> Signal:
    """Side by side along one axis."""
    signals = [context.signal(value) for value in values]
    rank = len(signals[0].shape)
    axis = context.attribute("axis", 1) % rank
    if axis == 0:
        raise context.refuse("it joins along the axis of the samples")
    if len(signals) == 1:
        return signals[0]
    return merged(context, keras.layers.Concatenate, signals, axis=-1 if axis == 1 else axis - 1)


def convert_mean(context: Context, *values: Value) -> Signal:
    """The mean of tensors."""
    signals = [context.signal(value) for value in values]
    return merged(context, keras.layers.Average, signals) if len(signals) > 1 else signals[0]


MERGING_HANDLERS: dict[str, Handler] = {"Concat": convert_concat, "Mean": convert_mean}
