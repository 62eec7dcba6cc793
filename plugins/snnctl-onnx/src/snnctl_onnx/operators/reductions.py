"""Reductions over positions: poolings as large as the axes."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from snnctl_onnx.context import Context, Value
from snnctl_onnx.moving import standard_form
from snnctl_onnx.operators.arithmetic import affine
from snnctl_onnx.operators.pooling import AVERAGE, GLOBAL_AVERAGE, GLOBAL_MAX, MAX
from snnctl_onnx.signals import Signal, standard
from snnctl_onnx.table import Handler

Kinds = tuple[dict[int, Any], dict[int, Any]]  # over all positions, over some axes


def convert_reduction(kinds: Kinds, summed: bool, context: Context, x: Value, axes: Value = None) -> Signal:
    """A mean, maximum or sum; axes are an attribute at first, later an input."""
    signal = context.signal(x)
    rank = len(signal.shape)
    chosen = context.attribute("axes") if axes is None else context.constant(axes, "the choice of its axes").tolist()
    if not chosen and context.attribute("noop_with_empty_axes", 0):
        return signal
    reduced = sorted({axis % rank for axis in chosen}) if chosen else list(range(rank))
    kept = bool(context.attribute("keepdims", 1))
    size = prod(signal.shape[axis] for axis in reduced)
    if size > 1:
        signal = _reduced(context, kinds, standard_form(context, signal), reduced)
    result = signal if kept else _without(signal, reduced, context.batch)
    return affine(context, result, float(size), 0.0, "sum") if summed and size > 1 else result


def _reduced(context: Context, kinds: Kinds, signal: Signal, axes: list[int]) -> Signal:
    """Reduced over axes, which stay with side 1."""
    rank = len(signal.shape) - 2
    if rank not in kinds[0] or min(axes) < 2:
        raise context.refuse("it reduces samples or channels; only positions can be")
    if len(axes) == rank:
        return standard(context.layer(kinds[0][rank], signal.tensor, keepdims=True), context.batch, signal.nonneg)
    sizes = tuple(side if axis in axes else 1 for axis, side in enumerate(signal.shape[2:], start=2))
    return standard(context.layer(kinds[1][rank], signal.tensor, sizes, sizes), context.batch, signal.nonneg)


def _without(signal: Signal, axes: list[int], batch: int) -> Signal:
    places = np.squeeze(signal.places(batch), axis=tuple(axes))
    index = None if signal.index is None and places.ndim == 2 and len(signal.sides) == 1 else places
    return Signal(signal.tensor, places.shape, index, signal.nonneg)


MEANS: Kinds = (GLOBAL_AVERAGE, AVERAGE)

REDUCTION_HANDLERS: dict[str, Handler] = {
    "ReduceMean": partial(convert_reduction, MEANS, False),
    "ReduceSum": partial(convert_reduction, MEANS, True),
    "ReduceMax": partial(convert_reduction, (GLOBAL_MAX, MAX), False),
}
