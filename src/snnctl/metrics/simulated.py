"""A spiking network against the event-driven simulation of the same network, spike by spike."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import graph_of
from snnctl.events import Batch as Simulated
from snnctl.events import Network, simulate
from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.metrics.observation import LabelledStream, observed
from snnctl.metrics.predictions import RunningAgreement, by_class, worst
from snnctl.progress import Reporter
from snnctl.ttfs.timeline import spiking_layers

NEEDS = ("spikes", "saturated", "times")
TIMES_AT_ONCE = 2**24  # spike times that are kept of a batch, at most
PARTS = {"float64": 1e-9, "float32": 1e-4}


@dataclass(frozen=True)
class Simulation:
    """What came of the comparison.

    Args:
        figures: as plain data.
        difference: the first that is beyond the tolerance, of the first layer that has any, in one sentence; empty if
            there is none.
    """

    figures: dict[str, Any]
    difference: str


def compared(
    network: MeasuredNetwork,
    lowered: Network,
    stream: LabelledStream,
    dtype: str,
    batch_size: int,
    reporter: Reporter,
) -> Simulation:
    """Shows every sample to both.

    Args:
        network: computed by TensorFlow.
        lowered: the same network as plain data, simulated event by event in float64.
        stream: the samples.
        dtype: precision of ``network``, which decides how far the two may differ; float32 where it
            :func:`interpolates`.
        batch_size: samples at a time, at most.
        reporter: shows progress.

    Raises:
        NetworkError: ``lowered`` cannot be simulated.
    """
    started = time.monotonic()
    comparing = _Comparing(network, lowered, "float32" if interpolates(network.model) else dtype)
    most = max(1, TIMES_AT_ONCE // sum(source.neurons for source in network.sources))
    waiting: deque[tuple[int, Batch]] = deque()

    def inputs() -> Iterator[np.ndarray]:
        first = 0
        for batch in observed(network, stream, NEEDS, min(batch_size, most), reporter, "simulating event by event"):
            waiting.append((first, batch))
            first += len(batch)
            comparing.count(batch)
            yield batch.inputs

    for simulated in simulate(lowered, inputs()):
        while simulated.first >= waiting[0][0] + len(waiting[0][1]):
            waiting.popleft()
        first, batch = waiting[0]
        comparing.add(batch, simulated.first - first, simulated)
    return comparing.result(time.monotonic() - started)


def interpolates(model: keras.Model) -> bool:
    """Whether a layer of a spiking network upsamples bilinearly, which TensorFlow does in single precision only."""
    layers = [step.layer for step in graph_of(model).steps]
    layers += [part for layer in layers for part in getattr(layer, "synapses", ())]
    return any(getattr(layer, "interpolation", "nearest") != "nearest" for layer in layers)


class _Comparing:
    """Sums and worst cases so far; see :func:`compared`."""

    def __init__(self, network: MeasuredNetwork, lowered: Network, dtype: str) -> None:
        self.lowered, self.dtype = lowered, dtype
        self.images = self.tied = 0
        self.events: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.differences: dict[str, str] = {}
        self.layers = [_Layer(source, dtype) for source in network.sources if source.window is not None]
        self.saturating = [layer.name for layer in spiking_layers(network.model) if layer.max_value is None]
        self.saturated: Counter[str] = Counter()
        self.simulated_saturated: Counter[str] = Counter()
        self.agreements = [RunningAgreement() for _ in lowered.readouts]

    def count(self, batch: Batch) -> None:
        """Takes note of what TensorFlow's spikes mean."""
        self.operations.update({name: count for name, count in batch.synaptic_operations.items() if count is not None})
        self.saturated.update({name: batch.saturated(name) for name in self.saturating})

    def add(self, batch: Batch, start: int, simulated: Simulated) -> None:
        """Compares images that both have been shown.

        Args:
            batch: holds them.
            start: where in it they begin.
            simulated: what the simulation made of them.
        """
        rows = slice(start, start + simulated.images)
        for layer in self.layers:
            local = batch.local_times(layer.source.name)[rows].astype(np.float64)
            times = layer.source.absolute(local).reshape(len(local), -1)
            layer.add(simulated.first, times, simulated.times[layer.source.name])
        for readout, running, outputs, logits in zip(
            self.lowered.readouts, self.agreements, batch.outputs, simulated.logits, strict=True
        ):
            one, other = outputs[rows].astype(np.float64), logits.reshape(-1, *readout.shape)
            running.add(one, other)
            self.tied += tied_predictions(one, other, self.dtype)
            wrong = ~(np.abs(one - other) <= _limit(one, self.dtype))
            if wrong.any():
                at = tuple(int(index) for index in np.argwhere(wrong)[0])
                said = f"a potential of {one[at]:.12g}", f"{other[at]:.12g}"
                self.differences.setdefault(readout.name, _told(readout.name, at[1:], simulated.first + at[0], *said))
        self.events.update({name: int(counts.sum()) for name, counts in simulated.events.items()})
        self.simulated_saturated.update({name: int(simulated.saturated[name].sum()) for name in self.saturating})
        self.images += simulated.images

    def result(self, seconds: float) -> Simulation:
        """All of it."""
        overall = worst([running.result() for running in self.agreements])
        events = self.events.total()
        layers = [layer.figures() for layer in self.layers]
        figures = {
            "images": self.images,
            "agreement": overall.agreement,
            "different_predictions": overall.different_predictions,
            "tied_predictions": self.tied,
            "max_logit_difference": overall.max_logit_difference,
            "largest_time_difference": max(layer["largest_time_difference"] for layer in layers),
            "largest_relative_difference": max(layer["largest_relative_difference"] for layer in layers),
            **{key: sum(layer[key] for layer in layers) for key in ("spikes", "different_spikes", "borderline_spikes")},
            "saturated_spikes": self.simulated_saturated.total(),
            "different_saturated_spikes": _apart(self.saturated, self.simulated_saturated),
            "synaptic_operations": events,
            "different_synaptic_operations": _apart(self.operations, self.events),
            "seconds": seconds,
            "events_per_second": events / seconds,
            "layers": layers,
        }
        return Simulation(figures, self._first(figures["different_spikes"]))

    def _first(self, different_spikes: int) -> str:
        of_layers = [layer.first for layer in self.layers if layer.first]
        of_counts = [
            f"layer '{name}': TensorFlow's spikes mean {count:,} synaptic operations, and {self.events[name]:,} were "
            "simulated"
            for name, count in self.operations.items()
            if count != self.events[name] and not different_spikes  # borderline spikes have synapses
        ]
        return next(iter([*of_layers, *of_counts, *self.differences.values()]), "")


class _Layer:
    """Compares the spike times of one layer; a spike may be missing only if it is *borderline*, at the window's end.

    float64: times may differ by 1e-9 tau_c, or that part of the window if it is wider than 1; float32: by 1e-4 of it.

    Args:
        source: the layer; with a window.
        dtype: precision of the network.
    """

    def __init__(self, source: SpikeSource, dtype: str) -> None:
        assert source.window is not None
        self.source, self.window = source, source.window
        self.tolerance = PARTS[dtype] * (max(self.window.width, 1.0) if dtype == "float64" else self.window.width)
        self.largest = 0.0
        self.spikes = self.different = self.borderline = 0
        self.first = ""

    def add(self, image: int, one: np.ndarray, other: np.ndarray) -> None:
        """Absolute spike times of some images, (n, neurons) each, infinity for silence.

        Args:
            image: number of the first.
            one: as TensorFlow has them.
            other: as the event-driven simulation has them.
        """
        fired, simulated = np.isfinite(one), np.isfinite(other)
        both, single = fired & simulated, fired != simulated
        gaps = np.abs(np.where(both, one, 0.0) - np.where(both, other, 0.0))
        late = np.where(fired, one, other) >= self.window.t_max - self.tolerance
        self.spikes += int(np.count_nonzero(fired))
        self.different += int(np.count_nonzero(single))
        self.borderline += int(np.count_nonzero(single & late))
        self.largest = max(self.largest, float(gaps.max(initial=0.0)))
        wrong = (single & ~late) | ~(gaps <= self.tolerance)
        if not self.first and wrong.any():
            row, neuron = (int(index) for index in np.argwhere(wrong)[0])
            where = tuple(int(index) for index in np.unravel_index(neuron, self.source.shape))
            times = one[row, neuron], other[row, neuron]
            said = (f"a spike at {t:.12g}" if np.isfinite(t) else "no spike" for t in times)
            self.first = _told(self.source.name, where, image + row, *said)

    def figures(self) -> dict[str, Any]:
        """Of the layer, as plain data."""
        return {
            "name": self.source.name,
            "kind": self.source.kind,
            "spikes": self.spikes,
            "different_spikes": self.different,
            "borderline_spikes": self.borderline,
            "largest_time_difference": self.largest,
            "largest_relative_difference": self.largest / self.window.width,
        }


def tied_predictions(one: np.ndarray, other: np.ndarray, dtype: str) -> int:
    """How many predictions differ only because the best logits are equal but for rounding.

    Few bits make ties: weights that are rounded to few levels give the same logit twice.

    Args:
        one: logits (n, \\*outputs, classes) of a network; a single column decides by its sign.
        other: those of the other.
        dtype: precision; logits that differ by no more than potentials may are tied.
    """
    first, second = (by_class(logits) for logits in (one, other))
    best, others_best = (logits.argmax(axis=-1)[..., None] for logits in (first, second))
    tied = [
        np.abs(np.take_along_axis(logits, best, -1) - np.take_along_axis(logits, others_best, -1)) <= _limit(one, dtype)
        for logits in (first, second)
    ]
    return int(np.count_nonzero((best != others_best) & tied[0] & tied[1]))


def _limit(potentials: np.ndarray, dtype: str) -> float:
    """By how much potentials may differ: 1e-9 (float32: 1e-4) of the largest, or of 1."""
    return PARTS[dtype] * max(1.0, float(np.abs(potentials).max(initial=0.0)))


def _apart(one: Counter[str], other: Counter[str]) -> int:
    """By how many counts differ, over all layers."""
    return sum(abs(count - other[name]) for name, count in one.items())


def _told(layer: str, neuron: Sequence[int], image: int, one: str, other: str) -> str:
    """The first sentence of an error: what two simulations do not agree on."""
    which = neuron[0] if len(neuron) == 1 else tuple(neuron)
    return f"layer '{layer}', neuron {which}, image {image}: TensorFlow has {one}, the event-driven simulation {other}"
