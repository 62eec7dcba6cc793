"""Spikes per neuron, saturated spikes and latency of a spiking network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from snnctl.forward import run
from snnctl.progress import Reporter
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.observe import observed
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import Window, spiking_layers, timeline


@dataclass(frozen=True)
class LayerSpikes:
    """What one layer's neurons did.

    Args:
        window: its firing window.
        neurons: number of neurons.
        images: number of images shown.
        spikes: spikes fired, over all images.
        saturated: of these, how many had an ideal time before ``t_min`` and fired at ``t_min`` instead.
    """

    window: Window
    neurons: int
    images: int
    spikes: int
    saturated: int

    @property
    def spikes_per_neuron(self) -> float:
        """Mean number of spikes of a neuron for one image, between 0 and 1."""
        return self.spikes / (self.neurons * self.images)


@dataclass(frozen=True)
class SpikeStatistics:
    """What a spiking network did on a set of images.

    Args:
        logits: its outputs, shape (images, \\*outputs).
        input: the coded input; not counted in the totals.
        layers: the hidden spiking layers, in the order in which they fire.
        out_of_range: fraction of input values outside the declared range.
    """

    logits: np.ndarray
    input: LayerSpikes
    layers: Sequence[LayerSpikes]
    out_of_range: float

    @property
    def spikes_per_neuron(self) -> float:
        """Spikes / (images x hidden spiking neurons)."""
        return _ratio(
            sum(layer.spikes for layer in self.layers), sum(layer.neurons * layer.images for layer in self.layers)
        )

    @property
    def saturated(self) -> float:
        """Fraction of the hidden layers' spikes that are saturated."""
        return _ratio(sum(layer.saturated for layer in self.layers), sum(layer.spikes for layer in self.layers))

    @property
    def latency(self) -> float:
        """When the readout is read, in tau_c: the sum of all windows."""
        return self.layers[-1].window.t_max if self.layers else self.input.window.t_max


def spike_statistics(
    model: keras.Model, inputs: np.ndarray, batch_size: int, reporter: Reporter, description: str
) -> SpikeStatistics:
    """Shows ``inputs`` (images, \\*input_shape) to a spiking network and counts.

    Counts are exact integers; a spike is a local time ``x > 0``, a saturated one an ideal time beyond the window.
    """
    view = observed(model)
    layers = spiking_layers(model)
    coding = next((layer for layer in model.layers if isinstance(layer, InputCoding)), None)

    def count(batch: Any) -> Any:
        outputs, ideals = view(batch, training=False)
        pairs = zip(layers, ideals, strict=True)
        return outputs, _input_counts(coding, batch), [_layer_counts(layer, ideal) for layer, ideal in pairs]

    outputs, input_counts, layer_counts = [], [], []
    for logits, of_input, of_layers in run(count, inputs, batch_size, reporter, description):
        outputs.append(logits.numpy())
        input_counts.append([int(value) for value in of_input])
        layer_counts.append([[int(value) for value in pair] for pair in of_layers])
    return _statistics(model, len(inputs), np.concatenate(outputs), np.array(input_counts), np.array(layer_counts))


def _statistics(
    model: keras.Model, images: int, logits: np.ndarray, input_counts: np.ndarray, layer_counts: np.ndarray
) -> SpikeStatistics:
    windows = timeline(model)
    sizes = [_size(model.input_shape), *(_size(layer.output.shape) for layer in spiking_layers(model))]
    input_spikes, outside = input_counts.sum(axis=0).tolist()
    layers = [
        LayerSpikes(window, neurons, images, spikes, saturated)
        for window, neurons, (spikes, saturated) in zip(
            windows[1:], sizes[1:], layer_counts.sum(axis=0).reshape(len(windows) - 1, 2).tolist(), strict=True
        )
    ]
    return SpikeStatistics(
        logits, LayerSpikes(windows[0], sizes[0], images, input_spikes, 0), layers, outside / (images * sizes[0])
    )


def _layer_counts(layer: SpikingLayer, ideal: Any) -> Any:
    return ops.count_nonzero(ideal > 0), ops.count_nonzero(ideal > ops.cast(layer.width, ideal.dtype))


def _input_counts(coding: InputCoding | None, batch: Any) -> Any:
    if coding is None:  # a network that is given spike times
        return ops.count_nonzero(batch > 0), 0
    outside = ops.logical_or(batch < coding.low, batch > coding.high)
    return ops.count_nonzero(coding(batch) > 0), ops.count_nonzero(outside)


def _size(shape: tuple) -> int:
    return int(np.prod(shape[1:]))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
