"""Makes each window as wide as the activations seen on calibration data ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from snnctl.errors import DataError
from snnctl.forward import batches
from snnctl.progress import Reporter
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
    """Sets every window of a spiking network once; see :meth:`Calibrator.calibrate`."""
    return Calibrator(model).calibrate(inputs, quantile, zeta, batch_size, reporter)


class Calibrator:
    """Sets the windows of a spiking network from data, as often as wanted; its graphs are traced once.

    Args:
        model: the spiking network; its windows are changed. Without jitter and rounding of spike times.
    """

    def __init__(self, model: keras.Model) -> None:
        self.layers = spiking_layers(model)
        if not self.layers:
            return  # a linear network: the input is read out
        # With windows as wide as all numbers, what layers fire is what they would fire without windows.
        self.view = keras.Model(model.inputs, [layer.output for layer in self.layers])
        self.ends = tf.Variable(np.zeros((len(self.layers), 2)), dtype="float64")
        self._graphs: dict[Any, Any] = {}

    def calibrate(self, inputs: Any, quantile: float, zeta: float, batch_size: int, reporter: Reporter) -> list[float]:
        """Sets every window: ``t_max = t_min + (1 + zeta) X_n``.

        The window of a clipped ReLU stays as wide as its limit. The range of signed neurons is widened by zeta as well,
        half of it at each end.

        Args:
            inputs: calibration data, shape (images, \\*input_shape), or a stream of it; read in batches.
            quantile: X_n is this quantile of the layer's spiking (positive) activations; 1: the largest.
            zeta: margin.
            batch_size: images at a time.
            reporter: shows progress.

        Returns:
            X_n of each layer, of signed ones the width of their range. A layer that never spikes has X_n = 0 and is
            given the window of X_n = 1.

        Raises:
            DataError: an activation is NaN or infinite.
        """
        if not self.layers:
            return []
        for layer in self.layers:
            if layer.signed:
                layer.low.assign(-UNBOUNDED)
            if layer.max_value is None:
                layer.width.assign(2 * UNBOUNDED if layer.signed else UNBOUNDED)
        ranges = self._ranges(inputs, batch_size, reporter)
        for layer, seen in zip(self.layers, ranges, strict=True):
            # A window turns NaN into silence, so that it shows in the weights only.
            finite = all(np.all(np.isfinite(weight)) for weight in layer.get_weights())
            if not (finite and seen.low > -UNBOUNDED and seen.high < UNBOUNDED):
                raise DataError(
                    "the activations on the calibration data are not finite",
                    where=f"layer '{layer.name}'",
                    todo="Check the network's weights and the range of the data (--preprocess).",
                )
        if quantile < 1:
            ranges = self._quantiles(inputs, ranges, quantile, batch_size, reporter)
        for layer, seen in zip(self.layers, ranges, strict=True):
            _set_window(layer, seen, zeta)
        return [min(seen.width, layer.max_value or np.inf) for layer, seen in zip(self.layers, ranges, strict=True)]

    def _ranges(self, inputs: Any, batch_size: int, reporter: Reporter) -> list[Range]:
        ends = np.array([[np.inf if layer.signed else 0.0, -np.inf] for layer in self.layers])
        for values in self._run(self._extremes, inputs, batch_size, reporter, "calibrating windows"):
            # np.minimum, unlike min(), lets NaN through.
            ends = np.stack(
                [np.minimum(ends[:, 0], values.numpy()[:, 0]), np.maximum(ends[:, 1], values.numpy()[:, 1])], axis=1
            )
        return [Range(low, high) for low, high in ends.tolist()]

    def _quantiles(
        self, inputs: Any, ranges: Sequence[Range], quantile: float, batch_size: int, reporter: Reporter
    ) -> list[Range]:
        """Quantiles from histograms of 65,536 bins, so that memory does not grow with the data."""
        self.ends.assign([[seen.low, seen.high if seen.width else seen.low + 1.0] for seen in ranges])
        counts = np.zeros((len(ranges), BINS), dtype=np.int64)
        for values in self._run(self._histograms, inputs, batch_size, reporter, "calibrating quantiles"):
            counts += values.numpy()
        return [
            Range(
                seen.low + (seen.width - _quantile(count[::-1], seen.width, quantile)) if layer.signed else 0.0,
                seen.low + _quantile(count, seen.width, quantile),
            )
            for layer, count, seen in zip(self.layers, counts, ranges, strict=True)
        ]

    def _run(self, function: Any, inputs: Any, batch_size: int, reporter: Reporter, description: str) -> Iterator[Any]:
        """``function`` of the local spike times of every batch, with progress counted in samples."""
        key = function.__name__, tuple(inputs.shape[1:]), str(inputs.dtype)
        if key not in self._graphs:
            spec = tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype)
            view = self.view
            self._graphs[key] = tf.function(
                lambda batch: function(keras.tree.flatten(view(batch, training=False))), input_signature=[spec]
            )
        with reporter.task(description, len(inputs)) as task:
            for batch in batches(inputs, batch_size):
                yield self._graphs[key](batch)
                task.advance(len(batch))

    def _extremes(self, times: list[Any]) -> Any:
        return tf.stack([tf.cast(tf.stack([ops.min(x), ops.max(x)]), tf.float64) for x in times])

    def _histograms(self, times: list[Any]) -> Any:
        counted = []
        for layer, x, ends in zip(self.layers, times, tf.unstack(self.ends), strict=True):
            values = tf.cast(x, tf.float64)
            values = tf.reshape(values, [-1]) if layer.signed else tf.boolean_mask(values, values > 0)
            counted.append(tf.histogram_fixed_width(values, ends, BINS, tf.int64))
        return tf.stack(counted)


def _set_window(layer: SpikingLayer, seen: Range, zeta: float) -> None:
    if layer.max_value is not None:
        return
    layer.width.assign((1 + zeta) * (seen.width or 1.0))
    if layer.signed:
        layer.low.assign(seen.low - zeta / 2 * (seen.width or 1.0))


def _quantile(counts: np.ndarray, largest: float, quantile: float) -> float:
    """The upper edge of the first bin up to which ``quantile`` of the counts lie."""
    total = counts.sum()
    if total == 0:
        return 0.0
    first = int(np.searchsorted(np.cumsum(counts), quantile * total))
    return largest * (first + 1) / BINS
