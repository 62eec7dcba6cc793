"""Layers that do nothing outside training."""

from __future__ import annotations

import keras

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.signals import Signal


def vanish(layer: keras.layers.Layer, signal: Signal, context: Context) -> Signal:
    """The signal as it is."""
    return signal


VANISHING_RULES: dict[type, Rule] = dict.fromkeys(
    (
        keras.layers.Dropout,
        keras.layers.SpatialDropout2D,
        keras.layers.GaussianDropout,
        keras.layers.GaussianNoise,
        keras.layers.ActivityRegularization,
        keras.layers.Identity,
    ),
    vanish,
)
