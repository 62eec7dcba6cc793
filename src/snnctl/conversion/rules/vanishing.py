"""Layers that do nothing outside training."""

from __future__ import annotations

import keras

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.values import Signal


def vanish(context: Context, layer: keras.layers.Layer, signal: Signal) -> Signal:
    """The signal as it is."""
    require_inference(context)
    return signal


def vanish_augmentation(context: Context, layer: keras.layers.Layer, signal: Signal) -> Signal:
    """The signal as it is. (Keras notes training=True for these layers, whoever calls them.)"""
    return signal


def require_inference(context: Context) -> None:
    """Refuses a layer that the network calls as in training.

    Raises:
        ConversionError: the call says ``training=True``.
    """
    arguments = getattr(context.arguments, "kwargs", {})
    if arguments.get("training"):
        raise context.refuse("the network calls it with training=True", "Call it without, as for inference.")


VANISHING_RULES: dict[type, Rule] = dict.fromkeys(
    (
        keras.layers.Dropout,
        keras.layers.SpatialDropout1D,
        keras.layers.SpatialDropout2D,
        keras.layers.SpatialDropout3D,
        keras.layers.AlphaDropout,
        keras.layers.GaussianDropout,
        keras.layers.GaussianNoise,
        keras.layers.ActivityRegularization,
        keras.layers.Identity,
    ),
    vanish,
) | dict.fromkeys(
    (
        keras.layers.RandomFlip,
        keras.layers.RandomRotation,
        keras.layers.RandomTranslation,
        keras.layers.RandomZoom,
        keras.layers.RandomContrast,
    ),
    vanish_augmentation,
)
