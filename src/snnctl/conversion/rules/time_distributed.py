"""TimeDistributed: a layer applied to every step alike."""

from __future__ import annotations

from typing import Any

import keras

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules.activations import ACTIVATION_RULES, activate
from snnctl.conversion.rules.linear import LINEAR_RULES, array, require_convertible, without_bias
from snnctl.conversion.rules.normalization import NORMALIZATION_RULES, normalize
from snnctl.conversion.rules.vanishing import VANISHING_RULES
from snnctl.conversion.values import Signal

# One more axis, along which the kernel has size 1.
WIDER = {keras.layers.Conv1D: keras.layers.Conv2D, keras.layers.Conv2D: keras.layers.Conv3D}


def convert_time_distributed(context: Context, layer: keras.layers.TimeDistributed, signal: Signal) -> Signal:
    """Dense, convolutions, and what acts on each element."""
    inner = layer.layer
    if type(inner) in WIDER:
        return _wider(context, inner, signal)
    if isinstance(inner, keras.layers.BatchNormalization) and type(inner) in NORMALIZATION_RULES:
        axis = inner.axis[0] if isinstance(inner.axis, (list, tuple)) else inner.axis
        return normalize(context, inner, signal, axis + 1 if axis > 0 else axis)
    elementwise = {**ACTIVATION_RULES, **NORMALIZATION_RULES, **VANISHING_RULES}
    elementwise[keras.layers.Dense] = LINEAR_RULES[keras.layers.Dense]
    rule = elementwise.get(type(inner))
    if rule is None or isinstance(inner, keras.layers.PReLU):
        raise context.refuse(
            f"it applies '{inner.name}' ({type(inner).__name__}) to every step",
            "Dense, Conv1D, Conv2D, BatchNormalization and ReLU are accepted in TimeDistributed.",
        )
    return rule(context, inner, signal)


def _wider(context: Context, inner: Any, signal: Signal) -> Signal:
    require_convertible(context, inner)
    if inner.padding == "causal":
        raise context.refuse("its convolution has causal padding", "'valid' and 'same' are accepted.")
    config = without_bias(inner)
    for key in ("kernel_size", "strides", "dilation_rate"):
        config[key] = (1, *config[key])
    bias = array(inner.bias) if inner.use_bias else None
    value = context.linear(signal, WIDER[type(inner)], config, "conv", array(inner.kernel)[None], bias)
    return activate(context, inner.activation, value)


TIME_DISTRIBUTED_RULES: dict[type, Rule] = {keras.layers.TimeDistributed: convert_time_distributed}
