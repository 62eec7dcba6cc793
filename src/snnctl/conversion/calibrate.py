"""Makes each window as wide as the activations seen on calibration data ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from snnctl.errors import DataError
from snnctl.forward import run
from snnctl.progress import Reporter
from snnctl.ttfs.observe import observed
from snnctl.ttfs.timeline import spiking_layers

BINS = 2**16
UNBOUNDED = 1e30


def calibrate(
    model: keras.Model, inputs: np.ndarray, quantile: float, zeta: float, batch_size: int, reporter: Reporter
) -> list[float]:
    """Sets every window of a spiking network: ``t_max = t_min + (1 + zeta) X_n``.

    Args:
        model: the spiking network; its windows are changed.
        inputs: calibration data, shape (images, \\*input_shape); read in batches.
        quantile: X_n is this quantile of the layer's spiking (positive) activations; 1: the largest.
        zeta: margin.

    Returns:
        X_n of each layer. A layer that never spikes has X_n = 0 and is given the window of X_n = 1.

    Raises:
        DataError: an activation is NaN or infinite.
    """
    layers = spiking_layers(model)
    for layer in layers:
        layer.width.assign(UNBOUNDED)
    X = _largest(model, inputs, batch_size, reporter)
    for layer, X_n in zip(layers, X, strict=True):
        if not np.isfinite(X_n):
            raise DataError(
                "the activations on the calibration data are not finite",
                where=f"layer '{layer.name}'",
                todo="Check the network's weights and the range of the data (--preprocess).",
            )
    if quantile < 1:
        X = _quantiles(model, inputs, X, quantile, batch_size, reporter)
    for layer, X_n in zip(layers, X, strict=True):
        layer.width.assign((1 + zeta) * (X_n or 1.0))
    return X


def _largest(model: keras.Model, inputs: np.ndarray, batch_size: int, reporter: Reporter) -> list[float]:
    view = observed(model)

    def peaks(batch: Any) -> Any:
        return [ops.max(ideal) for ideal in view(batch, training=False)[1]]

    per_batch = [
        [float(peak) for peak in values] for values in run(peaks, inputs, batch_size, reporter, "calibrating windows")
    ]
    # np.max, unlike max(), lets NaN through.
    return np.maximum(np.max(per_batch, axis=0), 0.0).tolist()


def _quantiles(
    model: keras.Model,
    inputs: np.ndarray,
    largest: Sequence[float],
    quantile: float,
    batch_size: int,
    reporter: Reporter,
) -> list[float]:
    """Quantiles from histograms of 65,536 bins, so that memory does not grow with the data."""
    view = observed(model)

    def histograms(batch: Any) -> Any:
        ideals = view(batch, training=False)[1]
        return [
            tf.histogram_fixed_width(tf.boolean_mask(ideal, ideal > 0), [0.0, X_n or 1.0], BINS)
            for ideal, X_n in zip(
                [tf.cast(ideal, tf.float64) for ideal in ideals], map(np.float64, largest), strict=True
            )
        ]

    counts = np.zeros((len(largest), BINS), dtype=np.int64)
    for values in run(histograms, inputs, batch_size, reporter, "calibrating quantiles"):
        counts += np.stack([value.numpy() for value in values])
    return [_quantile(count, X_n, quantile) for count, X_n in zip(counts, largest, strict=True)]


def _quantile(counts: np.ndarray, largest: float, quantile: float) -> float:
    """The upper edge of the first bin up to which ``quantile`` of the counts lie."""
    total = counts.sum()
    if total == 0:
        return 0.0
    first = int(np.searchsorted(np.cumsum(counts), quantile * total))
    return largest * (first + 1) / BINS
