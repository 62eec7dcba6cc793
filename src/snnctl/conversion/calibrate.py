"""Makes each window as wide as the activations seen on calibration data ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from snnctl.conversion.graph import Step, computed, graph_of
from snnctl.errors import DataError
from snnctl.forward import batches, compiled
from snnctl.progress import Reporter
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import spiking_layers

BINS = 2**16


def calibrate(
    model: keras.Model, inputs: Any, quantile: float, zeta: float, batch_size: int, reporter: Reporter
) -> list[float]:
    """Sets every window of a spiking network once; see :meth:`Calibrator.calibrate`."""
    return Calibrator(model).calibrate(inputs, quantile, zeta, batch_size, reporter)


class Calibrator:
    """Sets the windows of a spiking network from data, as often as wanted; its graphs are traced once.

    What would be fired without windows counts: rounded weights and thresholds have their effect, but neither jitter nor
    rounding of spike times.

    Args:
        model: the spiking network; its windows are changed.
    """

    def __init__(self, model: keras.Model) -> None:
        self.layers = spiking_layers(model)
        self.graph = graph_of(model)
        self.ends = tf.Variable(np.ones(len(self.layers)), dtype="float64")
        self._compiled: dict[Any, Callable[[np.ndarray], Any]] = {}

    def calibrate(self, inputs: Any, quantile: float, zeta: float, batch_size: int, reporter: Reporter) -> list[float]:
        """Sets every window: ``t_max = t_min + (1 + zeta) X_n``.

        The window of a clipped ReLU stays as wide as its limit.

        Args:
            inputs: calibration data, shape (images, \\*input_shape), or a stream of it; read in batches.
            quantile: X_n is this quantile of the layer's spiking (positive) activations; 1: the largest.
            zeta: margin.
            batch_size: images at a time.
            reporter: shows progress.

        Returns:
            X_n of each layer. A layer that never spikes has X_n = 0 and is given the window of X_n = 1.

        Raises:
            DataError: an activation is NaN or infinite.
        """
        if not self.layers:  # a linear network: the input is read out
            return []
        largest = self._run(self._largest, inputs, batch_size, reporter, "calibrating windows")
        peaks = reduce(np.maximum, largest, np.zeros(len(self.layers)))
        for layer, peak in zip(self.layers, peaks, strict=True):
            # NaN may look like silence behind a ReLU, so that it shows in the weights only.
            if not (np.isfinite(peak) and all(np.all(np.isfinite(weight)) for weight in layer.get_weights())):
                what = "the activations on the calibration data are not finite"
                todo = "Check the network's weights and the range of the data (--preprocess)."
                raise DataError(what, where=f"layer '{layer.name}'", todo=todo)
        if quantile < 1:
            # Quantiles from histograms, so that memory does not grow with the data.
            self.ends.assign(np.where(peaks > 0, peaks, 1.0))
            histograms = self._run(self._histograms, inputs, batch_size, reporter, "calibrating quantiles")
            counts = sum(histograms, np.zeros((len(peaks), BINS), np.int64))
            # The upper edge of the first bin up to which this part of the spikes lies.
            bins = [np.searchsorted(np.cumsum(count), quantile * count.sum()) + 1 for count in counts]
            peaks = peaks * bins / BINS
        for layer, peak in zip(self.layers, peaks, strict=True):
            if layer.max_value is None:
                layer.width.assign((1 + zeta) * (peak or 1.0))
        return peaks.tolist()

    def _run(
        self, summary: Callable[[Any], Any], inputs: Any, batch_size: int, reporter: Reporter, description: str
    ) -> Iterator[np.ndarray]:
        """``summary`` of the local spike times of every batch, with progress counted in samples."""
        key = summary, inputs.shape[1:], inputs.dtype
        if key not in self._compiled:
            self._compiled[key] = compiled(lambda batch: summary(self._times(batch)), inputs)
        with reporter.task(description, len(inputs)) as task:
            for batch in batches(inputs, batch_size):
                yield self._compiled[key](batch).numpy()
                task.advance(len(batch))

    def _times(self, inputs: Any) -> list[Any]:
        """What the neurons of each layer would fire without windows, (batch, \\*neurons)."""
        times: dict[str, Any] = {}

        def call(step: Step, values: Mapping[int, Any]) -> list[Any]:
            layer, read = step.layer, [values[key] for key in step.inputs]
            if isinstance(layer, InputCoding):
                return [layer.coded(read[0])]
            if isinstance(layer, Relay):
                return read
            if not isinstance(layer, SpikingLayer):
                return step.call(values)
            x = ops.relu(layer.unclipped(read if len(read) > 1 else read[0]))
            times[step.name] = x if layer.max_value is None else ops.minimum(x, layer.max_value)
            return [times[step.name]]

        computed(self.graph, inputs, call)
        return [times[layer.name] for layer in self.layers]

    def _largest(self, times: list[Any]) -> Any:
        return tf.stack([tf.cast(ops.max(x), tf.float64) for x in times])

    def _histograms(self, times: list[Any]) -> Any:
        counted = []
        for x, end in zip(times, tf.unstack(self.ends), strict=True):
            spikes = tf.boolean_mask(tf.cast(x, tf.float64), x > 0)
            counted.append(tf.histogram_fixed_width(spikes, tf.stack([tf.zeros_like(end), end]), BINS, tf.int64))
        return tf.stack(counted)
