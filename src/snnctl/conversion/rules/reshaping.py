"""Layers that move, leave out, repeat or pad elements: spikes keep their times."""

from __future__ import annotations

from typing import Any

import keras

from snnctl.conversion.linear import Form
from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules.linear import plain_config, require_channels_last
from snnctl.conversion.values import Signal


def convert_reshaping(form: Form) -> Rule:
    """The rule of a layer without weights."""

    def convert(context: Context, layer: Any, signal: Signal) -> Signal:
        require_channels_last(context, layer)
        return context.linear(signal, type(layer), plain_config(layer), form)

    return convert


def convert_up_sampling(context: Context, layer: Any, signal: Signal) -> Signal:
    """Nearest: one spike for several places; bilinear: a weighted mean."""
    require_channels_last(context, layer)
    interpolation = getattr(layer, "interpolation", "nearest")
    if interpolation not in ("nearest", "bilinear"):
        raise context.refuse(f"the upsampling interpolates '{interpolation}'", "'nearest' and 'bilinear' are accepted.")
    form: Form = "select" if interpolation == "nearest" else "average"
    return context.linear(signal, type(layer), plain_config(layer), form)


PADDING = (keras.layers.ZeroPadding1D, keras.layers.ZeroPadding2D, keras.layers.ZeroPadding3D)
CROPPING = (keras.layers.Cropping1D, keras.layers.Cropping2D, keras.layers.Cropping3D)
UP_SAMPLING = (keras.layers.UpSampling1D, keras.layers.UpSampling2D, keras.layers.UpSampling3D)
REARRANGING = (keras.layers.Flatten, keras.layers.Reshape, keras.layers.Permute, keras.layers.RepeatVector)

RESHAPING_RULES: dict[type, Rule] = {
    **dict.fromkeys(PADDING, convert_reshaping("pad")),
    **dict.fromkeys(CROPPING, convert_reshaping("select")),
    **dict.fromkeys(UP_SAMPLING, convert_up_sampling),
    **dict.fromkeys(REARRANGING, convert_reshaping("rearrange")),
}
