"""Spikes per neuron, saturated spikes and latency of a spiking network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from keras import ops

from snnctl.forward import run
from snnctl.progress import Reporter
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.observe import observed_with_relays, silence
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import Window, relays, spiking_layers, timeline

Kind = Literal["input", "spiking", "signed", "relay"]


@dataclass(frozen=True)
class LayerSpikes:
    """What one layer's neurons did.

    Args:
        window: its firing window.
        kind: "input"; "spiking" neurons, the ReLU units; "signed" ones, which carry values of either sign;
            "relay" neurons, whose spikes wait for a later window.
        neurons: number of neurons.
        images: number of images shown.
        spikes: spikes fired, over all images.
        saturated: how many had an ideal time before the window and fired at its start instead; of signed neurons also
            those with one behind it, which stayed silent. A clipped ReLU's largest value is no saturation.
    """

    window: Window
    kind: Kind
    neurons: int
    images: int
    spikes: int
    saturated: int

    @property
    def values(self) -> int:
        """What may saturate: the spikes; of signed neurons every value, as one below the range makes no spike."""
        return self.neurons * self.images if self.kind == "signed" else self.spikes

    @property
    def saturated_fraction(self) -> float:
        """Saturated ones among them."""
        return _ratio(self.saturated, self.values)

    @property
    def spikes_per_neuron(self) -> float:
        """Mean number of spikes of a neuron for one image, between 0 and 1."""
        return _ratio(self.spikes, self.neurons * self.images)


@dataclass(frozen=True)
class SpikeStatistics:
    """What a spiking network did on a set of images.

    Args:
        logits: its outputs, shape (images, \\*outputs), a list of them for several outputs; None when not kept.
        input: the coded input; not counted in the totals.
        layers: the spiking, signed and relay layers, in the order in which they fire.
        out_of_range: fraction of input values outside the declared range.
        latency: when the last readout is read, in tau_c: the sum of the levels' windows.
    """

    logits: Any
    input: LayerSpikes
    layers: Sequence[LayerSpikes]
    out_of_range: float
    latency: float

    def of(self, *kinds: Kind) -> list[LayerSpikes]:
        """The layers of some kinds."""
        return [layer for layer in self.layers if layer.kind in kinds]

    def neurons(self, *kinds: Kind) -> int:
        """Number of neurons of some kinds."""
        return sum(layer.neurons for layer in self.of(*kinds))

    def spikes(self, *kinds: Kind) -> float:
        """Spikes per neuron of some kinds of layers."""
        layers = self.of(*kinds)
        return _ratio(sum(layer.spikes for layer in layers), sum(layer.neurons * layer.images for layer in layers))

    @property
    def spikes_per_neuron(self) -> float:
        """Spikes / (images x hidden spiking neurons); signed and relay neurons are not among them."""
        return self.spikes("spiking")

    @property
    def saturated(self) -> float:
        """Saturated fraction of what the spiking and signed neurons carry."""
        layers = self.of("spiking", "signed")
        return _ratio(sum(layer.saturated for layer in layers), sum(layer.values for layer in layers))


def spike_statistics(
    model: keras.Model,
    inputs: Any,
    batch_size: int,
    reporter: Reporter,
    description: str,
    visit: Callable[[list[np.ndarray]], None] | None = None,
) -> SpikeStatistics:
    """Shows ``inputs`` to a spiking network and counts.

    Counts are exact integers; a spike is a local time above that of silence, a saturated one an ideal time beyond
    the window.

    Args:
        model: the spiking network.
        inputs: (images, \\*input_shape), or a stream of them.
        batch_size: images at a time.
        reporter: shows progress.
        description: of the progress.
        visit: is given the outputs (one array each) of every batch; the logits are then not kept.
    """
    view, layers, silent = observed_with_relays(model), spiking_layers(model), silence(model)
    coding = next((layer for layer in model.layers if isinstance(layer, InputCoding)), None)

    def count(batch: Any) -> Any:
        outputs, ideals, relayed = view(batch, training=False)
        fired = [_layer_counts(layer, ideal) for layer, ideal in zip(layers, ideals, strict=True)]
        carried = [ops.count_nonzero(x != ops.cast(none, x.dtype)) for x, none in zip(relayed, silent, strict=True)]
        return keras.tree.flatten(outputs), _input_counts(coding, batch), fired, carried

    kept: list[list[np.ndarray]] = []
    totals = [np.zeros(2, np.int64), np.zeros((len(layers), 2), np.int64), np.zeros(len(silent), np.int64)]
    for outputs, *counts in run(count, inputs, batch_size, reporter, description):
        (visit or kept.append)([output.numpy() for output in outputs])
        for total, part in zip(totals, counts, strict=True):
            total += np.array(keras.tree.map_structure(int, part), np.int64).reshape(total.shape)
    logits = [np.concatenate(parts) for parts in zip(*kept, strict=True)] if kept else None
    return _statistics(model, len(inputs), logits[0] if logits and len(logits) == 1 else logits, *totals)


def _statistics(
    model: keras.Model, images: int, logits: Any, of_input: np.ndarray, fired: np.ndarray, carried: np.ndarray
) -> SpikeStatistics:
    windows = {window.layer: window for window in timeline(model)}
    first, *later = windows.values()
    counts: dict[str, tuple[Kind, int, int, int]] = {}
    for layer, (spikes, saturated) in zip(spiking_layers(model), fired.tolist(), strict=True):
        counts[layer.name] = ("signed" if layer.signed else "spiking", _size(layer.output.shape), spikes, saturated)
    for relay, spikes in zip(relays(model), carried.tolist(), strict=True):
        counts[relay.name] = ("relay", _size(relay.output.shape), spikes, 0)
    layers = []
    for window in later:
        kind, neurons, spikes, saturated = counts[window.layer]
        layers.append(LayerSpikes(window, kind, neurons, images, spikes, saturated))
    neurons = _size(model.input_shape)
    input_spikes, outside = of_input.tolist()
    return SpikeStatistics(
        logits,
        LayerSpikes(first, "input", neurons, images, input_spikes, 0),
        layers,
        _ratio(outside, images * neurons),
        max(window.t_max for window in windows.values()),
    )


def _layer_counts(layer: SpikingLayer, ideal: Any) -> Any:
    low, high = (ops.cast(end, ideal.dtype) for end in layer.range)
    if layer.max_value is not None:
        return ops.count_nonzero(ideal > low), 0
    if layer.signed:
        return ops.count_nonzero(ideal > low), ops.count_nonzero(ops.logical_or(ideal < low, ideal > high))
    return ops.count_nonzero(ideal > low), ops.count_nonzero(ideal > high)


def _input_counts(coding: InputCoding | None, batch: Any) -> Any:
    if coding is None:  # a network that is given spike times
        return ops.count_nonzero(batch > 0), 0
    outside = ops.logical_or(batch < coding.low, batch > coding.high)
    return ops.count_nonzero(coding(batch) > 0), ops.count_nonzero(outside)


def _size(shape: tuple) -> int:
    return int(np.prod(shape[1:]))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
