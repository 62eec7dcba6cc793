"""BatchNormalization with its running statistics."""

from __future__ import annotations

import keras

from snnctl_onnx.context import Context, Value
from snnctl_onnx.moving import standard_form
from snnctl_onnx.signals import Signal, standard
from snnctl_onnx.table import Handler


def convert_batch_normalization(
    context: Context, x: Value, scale: Value, shift: Value, mean: Value, variance: Value
) -> Signal:
    """``scale (x - mean) / sqrt(variance + epsilon) + shift``, channel by channel."""
    if context.attribute("training_mode", 0) or any(name in context.used for name in context.node.output[1:] if name):
        raise context.refuse("it normalises by each batch's statistics; export the network after model.eval()")
    if not context.attribute("spatial", 1):
        raise context.refuse("it has statistics for each position")
    signal = standard_form(context, context.signal(x))
    statistics = [context.weights(value, "its statistics") for value in (scale, shift, mean, variance)]
    options = {"axis": -1, "epsilon": context.attribute("epsilon", 1e-5)}
    tensor = context.layer(keras.layers.BatchNormalization, signal.tensor, weights=statistics, **options)
    return standard(tensor, context.batch)


NORMALIZATION_HANDLERS: dict[str, Handler] = {"BatchNormalization": convert_batch_normalization}
