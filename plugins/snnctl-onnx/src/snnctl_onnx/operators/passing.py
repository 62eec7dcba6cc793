"""Operators that do nothing in inference."""

from __future__ import annotations

import numpy as np
import onnx

from snnctl_onnx.context import Context, Value
from snnctl_onnx.inputs import FLOATS
from snnctl_onnx.signals import Signal
from snnctl_onnx.table import Handler


def convert_identity(context: Context, x: Value, *others: Value) -> Signal:
    """The tensor as it is."""
    return context.signal(x)


def convert_dropout(context: Context, x: Value, ratio: Value = None, training: Value = None) -> Signal:
    """Off in inference.

    Raises:
        NotReadableError: it stays on, or its mask is used.
    """
    if (
        isinstance(training, np.ndarray)
        and training.any()
        and (ratio is None or np.any(context.constant(ratio, "its ratio")))
    ):
        raise context.refuse("it is on; export the network after model.eval()")
    if any(name in context.used for name in context.node.output[1:] if name):
        raise context.refuse("the network uses its mask")
    return context.signal(x)


def convert_cast(context: Context, x: Value) -> Signal:
    """From one floating-point type to another; the network keeps its own."""
    kind = context.attribute("to")
    if kind not in FLOATS:
        raise context.refuse(f"it rounds to {onnx.TensorProto.DataType.Name(kind).lower()}")
    return context.signal(x)


def convert_cast_like(context: Context, x: Value, like: Value) -> Value:
    """To the type of the second input; constants get the network's own where they are used."""
    if isinstance(like, np.ndarray) and like.dtype.kind in "iub":
        raise context.refuse(f"it rounds to {like.dtype}")
    return x


PASSING_HANDLERS: dict[str, Handler] = {
    "Identity": convert_identity,
    "Dropout": convert_dropout,
    "Cast": convert_cast,
    "CastLike": convert_cast_like,
}
