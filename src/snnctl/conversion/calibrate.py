"""Makes each window as wide as the activations seen on calibration data ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from snnctl.errors import DataError
from snnctl.forward import run
from snnctl.progress import Reporter
from snnctl.ttfs.observe import observed
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import spiking_layers

BINS = 2**16
UNBOUNDED = 1e30


@dataclass(frozen=True)
class Range:
    """What a layer's neurons carried on the calibration data, in tau_c.

    Args:
        low: smallest value of signed neurons; 0 for all others.
        high: X_n, the largest value, or the quantile asked for; 0 for a layer that never spikes.
    """

    low: float
    high: float

    @property
    def width(self) -> float:
        """From the smallest to the largest."""
        return self.high - self.low


def calibrate(
    model: keras.Model, inputs: Any, quantile: float, zeta: float, batch_size: int, reporter: Reporter
) -> list[float]:
    """Sets every window of a spiking network: ``t_max = t_min + (1 + zeta) X_n``.

    The window of a clipped ReLU stays as wide as its limit. The range of signed neurons is widened by zeta as well,
    half of it at each end.

    Args:
        model: the spiking network; its windows are changed.
        inputs: calibration data, shape (images, \\*input_shape), or a stream of it; read in batches.
        quantile: X_n is this quantile of the layer's spiking (positive) activations; 1: the largest.
        zeta: margin.

    Returns:
        X_n of each layer, of signed ones the width of their range. A layer that never spikes has X_n = 0 and is
        given the window of X_n = 1.

    Raises:
        DataError: an activation is NaN or infinite.
    """
    layers = spiking_layers(model)
    for layer in layers:
        if layer.signed:
            layer.low.assign(-UNBOUNDED)
        if layer.max_value is None:
            layer.width.assign(2 * UNBOUNDED if layer.signed else UNBOUNDED)
    ranges = _extremes(model, inputs, batch_size, reporter)
    for layer, seen in zip(layers, ranges, strict=True):
        if not (np.isfinite(seen.low) and np.isfinite(seen.high)):
            raise DataError(
                "the activations on the calibration data are not finite",
                where=f"layer '{layer.name}'",
                todo="Check the network's weights and the range of the data (--preprocess).",
            )
    if quantile < 1:
        ranges = _quantiles(model, inputs, ranges, quantile, batch_size, reporter)
    for layer, seen in zip(layers, ranges, strict=True):
        _set_window(layer, seen, zeta)
    return [min(seen.width, layer.max_value or np.inf) for layer, seen in zip(layers, ranges, strict=True)]


def _set_window(layer: SpikingLayer, seen: Range, zeta: float) -> None:
    if layer.max_value is not None:
        return
    layer.width.assign((1 + zeta) * (seen.width or 1.0))
    if layer.signed:
        layer.low.assign(seen.low - zeta / 2 * (seen.width or 1.0))


def _extremes(model: keras.Model, inputs: Any, batch_size: int, reporter: Reporter) -> list[Range]:
    view, layers = observed(model), spiking_layers(model)

    def extremes(batch: Any) -> Any:
        ideals = view(batch, training=False)[1]
        return [
            [ops.min(ideal) if layer.signed else ops.zeros((), ideal.dtype), ops.max(ideal)]
            for layer, ideal in zip(layers, ideals, strict=True)
        ]

    lows, highs = np.full(len(layers), np.inf), np.full(len(layers), -np.inf)
    for values in run(extremes, inputs, batch_size, reporter, "calibrating windows"):
        # np.minimum, unlike min(), lets NaN through.
        lows = np.minimum(lows, [float(low) for low, _ in values])
        highs = np.maximum(highs, [float(high) for _, high in values])
    return [
        Range(low, high if layer.signed else np.maximum(high, 0.0))
        for layer, low, high in zip(layers, lows.tolist(), highs.tolist(), strict=True)
    ]


def _quantiles(
    model: keras.Model,
    inputs: Any,
    ranges: Sequence[Range],
    quantile: float,
    batch_size: int,
    reporter: Reporter,
) -> list[Range]:
    """Quantiles from histograms of 65,536 bins, so that memory does not grow with the data."""
    view, layers = observed(model), spiking_layers(model)

    def histograms(batch: Any) -> Any:
        ideals = view(batch, training=False)[1]
        counted = []
        for layer, ideal, seen in zip(layers, ideals, ranges, strict=True):
            values = tf.cast(ideal, tf.float64)
            values = tf.reshape(values, [-1]) if layer.signed else tf.boolean_mask(values, ideal > 0)
            ends = np.array([seen.low, seen.high if seen.width else seen.low + 1.0], np.float64)
            counted.append(tf.histogram_fixed_width(values, ends, BINS))
        return counted

    counts = np.zeros((len(ranges), BINS), dtype=np.int64)
    for values in run(histograms, inputs, batch_size, reporter, "calibrating quantiles"):
        counts += np.stack([value.numpy() for value in values])
    return [
        Range(
            seen.low + (seen.width - _quantile(count[::-1], seen.width, quantile)) if layer.signed else 0.0,
            seen.low + _quantile(count, seen.width, quantile),
        )
        for layer, count, seen in zip(layers, counts, ranges, strict=True)
    ]


def _quantile(counts: np.ndarray, largest: float, quantile: float) -> float:
    """The upper edge of the first bin up to which ``quantile`` of the counts lie."""
    total = counts.sum()
    if total == 0:
        return 0.0
    first = int(np.searchsorted(np.cumsum(counts), quantile * total))
    return largest * (first + 1) / BINS
