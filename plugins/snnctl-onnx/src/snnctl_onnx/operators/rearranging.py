"""Operators that only move, select or repeat elements, or put zeros beside them.

Each is computed by ONNX's reference implementation on the elements' places.
"""

from __future__ import annotations

import numpy as np

from snnctl_onnx.context import Context, Value
from snnctl_onnx.folding import computed
from snnctl_onnx.moving import standard_form
from snnctl_onnx.operators.arithmetic import affine
from snnctl_onnx.refusal import NotReadableError
from snnctl_onnx.selecting import require_bounded
from snnctl_onnx.signals import Signal
from snnctl_onnx.table import Handler

REARRANGING = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "DepthToSpace", "SpaceToDepth")
SELECTING = ("Slice", "Split", "Gather", "GatherND", "GatherElements", "Expand", "Tile")


def convert_moved(context: Context, x: Value, *others: Value) -> list[Value]:
    """All elements at other places."""
    signal = context.signal(x)
    constants = [value for value in others if not isinstance(value, Signal)]
    if len(constants) < len(others):
        raise context.refuse("how it moves elements depends on the input")
    indices = computed(context.node, [signal.places(context.batch), *constants], context.opsets)
    return [_normal(Signal(signal.tensor, index.shape, index, signal.nonneg), context.batch) for index in indices]


def convert_selected(context: Context, x: Value, *others: Value) -> list[Value]:
    """Some elements, or some several times."""
    return convert_moved(context, _settled(context, context.signal(x)), *others)


def convert_pad(context: Context, x: Value, pads: Value = None, number: Value = None, axes: Value = None) -> Signal:
    """Elements of the tensor itself, or a number, around it; negative pads cut off."""
    signal = _settled(context, context.signal(x))
    pairs = _pairs(context, len(signal.shape), pads, axes)
    mode = context.attribute("mode", "constant")
    given = context.attribute("value", 0.0) if number is None else float(context.constant(number, "its number").item())
    if mode != "constant":
        given = 0.0
    if not np.isfinite(given):
        raise context.refuse(f"it pads with {given:g}")
    shifted = affine(context, signal, 1.0, -given, "shifted") if given else signal
    sides = [side + max(a, 0) + max(b, 0) for side, (a, b) in zip(signal.shape, pairs, strict=True)]
    require_bounded(context, sides)
    index = np.pad(shifted.places(context.batch), [(max(a, 0), max(b, 0)) for a, b in pairs], mode)
    index = index[tuple(slice(max(-a, 0), side - max(-b, 0)) for (a, b), side in zip(pairs, index.shape, strict=True))]
    padded = _normal(Signal(shifted.tensor, index.shape, index, shifted.nonneg), context.batch)
    return affine(context, padded, 1.0, given) if given else padded


def _pairs(context: Context, rank: int, pads: Value, axes: Value) -> list[tuple[int, int]]:
    """What is put before and behind each axis."""
    given = context.attribute("pads") if pads is None else context.constant(pads, "its size").tolist()
    chosen = range(rank) if axes is None else [axis % rank for axis in context.constant(axes, "its axes").tolist()]
    pairs = [(0, 0)] * rank
    for axis, before, behind in zip(chosen, given[: len(given) // 2], given[len(given) // 2 :], strict=True):
        pairs[axis] = (before, behind)
    return pairs


def convert_shape(context: Context, x: Value) -> np.ndarray:
    """The shape, or a part of it; an open batch counts as 1."""
    shape = context.signal(x).shape
    return np.array(shape[context.attribute("start", 0) : context.attribute("end", None)], dtype=np.int64)


def convert_size(context: Context, x: Value) -> np.ndarray:
    """How many elements there are."""
    return np.array(np.prod(context.signal(x).shape), dtype=np.int64)


def _settled(context: Context, signal: Signal) -> Signal:
    """What is moved already, as layers, so that a selection starts anew; as it is where it has lost its samples."""
    try:
        return standard_form(context, signal)
    except NotReadableError:
        return signal


def _normal(signal: Signal, batch: int) -> Signal:
    """The standard layout is told by having no index."""
    plain = Signal(signal.tensor, signal.shape, None, signal.nonneg)
    alike = signal.index is not None and np.array_equal(plain.places(batch), signal.index)
    return plain if alike else signal


REARRANGING_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(REARRANGING, convert_moved),
    **dict.fromkeys(SELECTING, convert_selected),
    "Pad": convert_pad,
    "Shape": convert_shape,
    "Size": convert_size,
}
