"""What is measured of any network, as plain figures (the content of ``metrics.json``)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.logits import logits_of
from snnctl.data.dataset import Samples
from snnctl.forward import logits
from snnctl.metrics.predictions import accuracy, cross_entropy
from snnctl.metrics.spikes import Kind, LayerSpikes, SpikeStatistics, spike_statistics
from snnctl.progress import Reporter

KINDS: tuple[Kind, ...] = ("spiking", "signed", "relay")


def measure(
    model: keras.Model, kind: str, samples: Samples, batch_size: int, reporter: Reporter, description: str
) -> tuple[dict[str, Any], np.ndarray]:
    """The figures of a network on labelled samples, and its logits (samples, classes).

    Args:
        model: the network.
        kind: "relu" or "snn".
        samples: inputs and labels.
        batch_size: samples at a time.
        reporter: shows progress.
        description: of the progress.
    """
    if kind == "relu":
        outputs = logits(logits_of(model), samples.inputs, batch_size, reporter, description)
        return predictions(outputs, samples, kind), outputs
    statistics = spike_statistics(model, samples.inputs, batch_size, reporter, description)
    return {**predictions(statistics.logits, samples, kind), **spikes(statistics)}, statistics.logits


def predictions(outputs: np.ndarray, samples: Samples, kind: str) -> dict[str, Any]:
    """Accuracy and loss."""
    return {
        "type": kind,
        "images": len(samples),
        "accuracy": accuracy(outputs, samples.labels),
        "loss": cross_entropy(outputs, samples.labels),
    }


def spikes(statistics: SpikeStatistics) -> dict[str, Any]:
    """Spikes per neuron, latency and saturation, in total and by layer; input, signed and relay neurons apart."""
    return {
        "spikes_per_neuron": statistics.spikes_per_neuron,
        "latency": statistics.latency,
        "saturated": statistics.saturated,
        "out_of_range": statistics.out_of_range,
        "neurons": {kind: statistics.neurons(kind) for kind in KINDS},
        "signed_spikes_per_neuron": statistics.spikes("signed"),
        "relay_spikes_per_neuron": statistics.spikes("relay"),
        "input": _layer(statistics.input),
        "layers": [_layer(layer) for layer in statistics.layers],
    }


def _layer(layer: LayerSpikes) -> dict[str, Any]:
    return {
        "name": layer.window.layer,
        "kind": layer.kind,
        "level": layer.window.level,
        "neurons": layer.neurons,
        "spikes_per_neuron": layer.spikes_per_neuron,
        "saturated": layer.saturated_fraction,
        "window": layer.window.width,
        "t_min": layer.window.t_min,
        "t_max": layer.window.t_max,
    }
