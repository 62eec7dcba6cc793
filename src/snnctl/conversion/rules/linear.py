"""Dense and Conv2D: the signal becomes a potential, with the input's scale and shift folded in.

With ``a = scale x + shift`` a linear layer computes ``W a + b = (W scale) x + (b + W shift)``.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.borders import shifted_bias
from snnctl.conversion.rule import Context, Rule, spikes_of
from snnctl.conversion.rules.activations import activate
from snnctl.conversion.signals import Potential, Signal


def convert_dense(layer: keras.layers.Dense, signal: Signal, context: Context) -> Signal:
    """``W`` of shape (inputs, units)."""
    return _linear(layer, signal, context)


def convert_conv2d(layer: keras.layers.Conv2D, signal: Signal, context: Context) -> Signal:
    """``W`` of shape (height, width, inputs, filters); any stride, dilation and padding."""
    if layer.data_format != "channels_last":
        raise context.refuse("the convolution has its channels first", "Use data_format='channels_last'.")
    if layer.groups != 1:
        raise context.refuse(
            f"the convolution has {layer.groups} groups", "Convolutions with groups=1 convert in this version."
        )
    return _linear(layer, signal, context)


def _linear(layer: Any, signal: Signal, context: Context) -> Signal:
    if getattr(layer, "quantization_mode", None) is not None:
        raise context.refuse(
            f"the layer is quantised ({layer.quantization_mode})", "Convert the network as it was before quantisation."
        )
    spikes = spikes_of(signal, context, f"'{layer.name}'")
    kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel), dtype=np.float64)
    bias = (
        np.asarray(keras.ops.convert_to_numpy(layer.bias), dtype=np.float64)
        if layer.use_bias
        else np.zeros(kernel.shape[-1])
    )
    synapses = without_bias(layer)
    offset, index = shifted_bias(synapses, kernel, bias, spikes, context)
    potential = Potential(
        name=context.unique(layer.name),
        tensor=spikes.tensor,
        synapses=synapses,
        kernel=kernel * spikes.scale[:, None],
        offset=offset,
        position_index=index,
        place=context.place,
    )
    return activate(layer.activation, potential, context)


def without_bias(layer: keras.layers.Layer) -> dict[str, Any]:
    """Class and config of the layer's linear part, to be made in any precision by :func:`make_synapses`."""
    config = layer.get_config()
    config.update(use_bias=False, activation="linear", activity_regularizer=None, bias_regularizer=None)
    # Low-rank adapters are part of `layer.kernel` already; the rest is given anew.
    for key in ("dtype", "name", "trainable", "build_config", "lora_rank", "lora_alpha", "quantization_config"):
        config.pop(key, None)
    return {"class": type(layer), "config": config}


def make_synapses(synapses: dict[str, Any], name: str, dtype: str) -> keras.layers.Layer:
    """The linear layer of the spiking layer ``name``, in the given precision.

    Its own name is unique as well: Keras calls an optimiser's variables after it.
    """
    return synapses["class"].from_config({**synapses["config"], "name": f"{name}_synapses", "dtype": dtype})


LINEAR_RULES: dict[type, Rule] = {
    keras.layers.Dense: convert_dense,
    keras.layers.Conv2D: convert_conv2d,
}
