"""Spikes: how many are fired, when, and which of them are cut off; and what of the input is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.plugins.metric import Metric

KINDS = ("spiking", "signed", "relay")
QUANTILE = 0.95


class Spikes(Metric):
    """``spikes_per_neuron`` = spikes / (images x hidden spiking neurons), and the same of each layer and kind."""

    name = "spikes"
    summary = "Spikes per neuron, by layer and in total"
    networks = ("snn",)
    needs = ("spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._spikes: Counter[str] = Counter()

    def add(self, batch: Batch) -> None:
        for source in (self.network.input, *self.network.layers):
            self._spikes[source.name] += int(batch.spikes(source.name).sum(dtype="int64"))

    def result(self) -> Mapping[str, Any]:
        layers = self.network.layers
        kinds = {kind: [layer for layer in layers if layer.kind == kind] for kind in KINDS}
        return {
            "spikes_per_neuron": self._rate(kinds["spiking"]),
            "neurons": {kind: sum(layer.neurons for layer in kinds[kind]) for kind in KINDS},
            "signed_spikes_per_neuron": self._rate(kinds["signed"]),
            "relay_spikes_per_neuron": self._rate(kinds["relay"]),
            "input": {"spikes_per_neuron": self._rate([self.network.input])},
            "layers": [{"name": layer.name, "spikes_per_neuron": self._rate([layer])} for layer in layers],
        }

    def _rate(self, layers: Sequence[SpikeSource]) -> float:
        neurons = sum(layer.neurons for layer in layers) * self.network.images
        return sum(self._spikes[layer.name] for layer in layers) / neurons if neurons else 0.0


class Saturation(Metric):
    """``saturated``: the fraction of the spikes whose unclipped time lies before their window.

    A clipped ReLU's largest value is no saturation.
    """

    name = "saturation"
    summary = "Spikes that should have come before their window"
    networks = ("snn",)
    needs = ("spikes", "saturated")

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._saturated: Counter[str] = Counter()
        self._spikes: Counter[str] = Counter()

    def add(self, batch: Batch) -> None:
        for layer in self.network.layers:
            self._saturated[layer.name] += batch.saturated(layer.name)
            self._spikes[layer.name] += int(batch.spikes(layer.name).sum(dtype="int64"))

    def result(self) -> Mapping[str, Any]:
        layers = self.network.layers
        return {
            "saturated": self._fraction([layer for layer in layers if layer.kind in ("spiking", "signed")]),
            "input": {"saturated": 0.0},
            "layers": [{"name": layer.name, "saturated": self._fraction([layer])} for layer in layers],
        }

    def _fraction(self, layers: Sequence[SpikeSource]) -> float:
        spikes = sum(self._spikes[layer.name] for layer in layers)
        return sum(self._saturated[layer.name] for layer in layers) / spikes if spikes else 0.0


class InputRange(Metric):
    """``out_of_range``: the fraction of the input values that are cut off."""

    name = "input-range"
    summary = "Input values outside the coded range"
    networks = ("snn",)
    needs = ("inputs",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._outside = self._values = 0

    def add(self, batch: Batch) -> None:
        low, high = self.network.input_range or (-np.inf, np.inf)
        self._outside += int(np.count_nonzero((batch.inputs < low) | (batch.inputs > high)))
        self._values += batch.inputs.size

    def result(self) -> Mapping[str, Any]:
        return {"out_of_range": self._outside / self._values if self._values else 0.0}


class Latency(Metric):
    """``latency`` of the readout, and ``last_spike`` over the images: absolute times, in tau_c.

    The last spike is that of any neuron behind the input, relay neurons among them. Images for which none fires are
    left out; if none fires for any image, there is no last spike.
    """

    name = "latency"
    summary = "When the readout is read, and when the last spike is fired"
    networks = ("snn",)
    needs = ("last_spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._last = [np.empty(0)]

    def add(self, batch: Batch) -> None:
        if layers := [batch.last_spikes(layer.name) for layer in self.network.layers]:
            self._last.append(np.max(layers, axis=0))

    def result(self) -> Mapping[str, Any]:
        latency, times = self.network.latency, np.concatenate(self._last)
        times = times[np.isfinite(times)]
        last = (
            {
                "mean": float(times.mean()),
                "median": float(np.median(times)),
                "q95": float(np.quantile(times, QUANTILE)),
                "max": float(times.max()),
            }
            if times.size
            else None
        )
        return {"latency": latency, "readout_latency": latency, "last_spike": last}


class FirstSpikes(Metric):
    """``first_spikes`` of each layer: how many spikes fall into each of 50 equal parts of its window."""

    name = "first-spikes"
    summary = "Histograms of spike times by layer"
    networks = ("snn",)
    needs = ("first_spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._counts: dict[str, np.ndarray] = {}

    def add(self, batch: Batch) -> None:
        for source in (self.network.input, *self.network.layers):
            counts = batch.first_spikes(source.name).astype(np.int64)
            self._counts[source.name] = self._counts.get(source.name, 0) + counts

    def result(self) -> Mapping[str, Any]:
        return {
            "input": {"first_spikes": self._histogram(self.network.input)},
            "layers": [{"name": layer.name, "first_spikes": self._histogram(layer)} for layer in self.network.layers],
        }

    def _histogram(self, source: SpikeSource) -> dict[str, Any]:
        assert source.window is not None
        counts = self._counts[source.name].tolist()
        return {"start": source.window.t_min, "end": source.window.t_max, "counts": counts}
