"""BatchNormalization: ``k a + c`` with ``k = gamma / sqrt(var + eps)`` and ``c = beta - k mean``.

After a linear layer it folds into that layer; after a ReLU it changes how the next layer reads the spikes.
"""

from __future__ import annotations

import keras
import numpy as np

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.signals import Potential, Signal


def convert_batch_normalization(layer: keras.layers.BatchNormalization, signal: Signal, context: Context) -> Signal:
    """Per channel, with the moving statistics."""
    k, c = affine_of(layer)
    axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis
    if isinstance(signal, Potential) and not signal.rectified:
        if any(not deferred.per_channel for deferred in signal.then):
            raise context.refuse(
                f"the normalisation stands between '{signal.then[-1].name}' and the ReLU",
                "Put the BatchNormalization before the Flatten, or after the ReLU.",
            )
        _require_last_axis(axis, len(signal.tensor.shape), k, signal.offset.shape[-1], context)
        return signal.affine(k, c)
    spikes = context.spikes(signal)
    _require_last_axis(axis, len(spikes.tensor.shape), k, spikes.scale.shape[0], context)
    return spikes.affine(k, c)


def affine_of(layer: keras.layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """(k, c) in float64, each of shape (channels,)."""

    def value(weight, default: float) -> np.ndarray:
        if weight is None:
            return np.full(layer.moving_mean.shape, default)
        return np.asarray(keras.ops.convert_to_numpy(weight), dtype=np.float64)

    variance = value(layer.moving_variance, 1.0)
    k = value(layer.gamma, 1.0) / np.sqrt(variance + layer.epsilon)
    return k, value(layer.beta, 0.0) - k * value(layer.moving_mean, 0.0)


def _require_last_axis(axis: int, rank: int, k: np.ndarray, channels: int, context: Context) -> None:
    if axis not in (-1, rank - 1) or k.shape != (channels,):
        raise context.refuse(
            f"the normalisation runs along axis {axis}", "Normalise along the last axis (channels_last)."
        )


NORMALIZATION_RULES: dict[type, Rule] = {keras.layers.BatchNormalization: convert_batch_normalization}
