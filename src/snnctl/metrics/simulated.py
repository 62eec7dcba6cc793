"""A spiking network against the event-driven simulation of the same network, spike by spike."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from snnctl.events import Batch as Simulated
from snnctl.events import Network, simulate
from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.metrics.observation import LabelledStream, observed
from snnctl.metrics.predictions import Agreement, by_class, worst
from snnctl.progress import Reporter
from snnctl.ttfs.keras_graph import all_layers
from snnctl.ttfs.timeline import spiking_layers

NEEDS = ("spikes", "saturated", "times")
TIMES_AT_ONCE = 2**24  # spike times that are kept of a batch, at most
SUMMED = ("spikes", "different_spikes", "borderline_spikes")
COUNTED = ("saturated_spikes", "synaptic_operations")
LARGEST = ("largest_time_difference", "largest_relative_difference")
PARTS = {"float64": 1e-9, "float32": 1e-4}


def compared(
    network: MeasuredNetwork, lowered: Network, stream: LabelledStream, batch_size: int, reporter: Reporter
) -> tuple[dict[str, Any], str]:
    """Shows every sample to both.

    How far they may differ depends on the precision of ``network``, which is single where it upsamples bilinearly:
    TensorFlow does that in single precision only.

    Args:
        network: computed by TensorFlow.
        lowered: the same network as plain data, simulated event by event in float64.
        stream: the samples.
        batch_size: samples at a time, at most.
        reporter: shows progress.

    Returns:
        The figures as plain data, and the first difference that is beyond the tolerance, of the first layer that has
        any, in one sentence; empty if there is none.

    Raises:
        NetworkError: ``lowered`` cannot be simulated.
    """
    started = time.monotonic()
    interpolates = any(getattr(layer, "interpolation", "nearest") != "nearest" for layer in all_layers(network.model))
    comparing = _Comparing(network, lowered, "float32" if interpolates else network.model.outputs[0].dtype)
    most = max(1, TIMES_AT_ONCE // sum(source.neurons for source in network.sources))
    waiting: deque[Batch] = deque()

    def inputs() -> Iterator[np.ndarray]:
        for batch in observed(network, stream, NEEDS, min(batch_size, most), reporter, "simulating event by event"):
            waiting.append(batch)
            comparing.count(batch)
            yield batch.inputs

    done = 0  # images of the batches that wait no longer
    for simulated in simulate(lowered, inputs()):
        comparing.add(waiting[0], simulated.first - done, simulated)
        if simulated.first + simulated.images == done + len(waiting[0]):
            done += len(waiting.popleft())
    return comparing.result(len(stream), time.monotonic() - started)


class _Comparing:
    """Sums and worst cases so far; see :func:`compared`."""

    def __init__(self, network: MeasuredNetwork, lowered: Network, dtype: str) -> None:
        self.lowered, self.dtype, self.tied = lowered, dtype, 0
        self.layers = [_Layer(source, dtype) for source in network.sources if source.window is not None]
        self.agreements = [Agreement() for _ in lowered.readouts]
        self.differences: dict[str, str] = {}  # the first of each readout
        self.saturating = [layer.name for layer in spiking_layers(network.model) if layer.max_value is None]
        # By figure and layer, of TensorFlow's spikes and of the simulated ones.
        self.counted, self.simulated = ({figure: Counter[str]() for figure in COUNTED} for _ in range(2))

    def count(self, batch: Batch) -> None:
        """Takes note of what TensorFlow's spikes mean."""
        operations = {name: count for name, count in batch.synaptic_operations.items() if count is not None}
        self.counted["synaptic_operations"].update(operations)
        self.counted["saturated_spikes"].update({name: batch.saturated(name) for name in self.saturating})

    def add(self, batch: Batch, start: int, simulated: Simulated) -> None:
        """Compares the images of a batch from ``start`` on with what the simulation made of them."""
        rows = slice(start, start + simulated.images)
        for layer in self.layers:
            name = layer.source.name
            layer.add(simulated.first, batch.local_times(name)[rows], simulated.times[name])
        outputs = zip(self.lowered.readouts, self.agreements, batch.outputs, simulated.logits, strict=True)
        for readout, agreement, logits, others in outputs:
            one, other = logits[rows].astype(np.float64), others.reshape(-1, *readout.shape)
            agreement.add(one, other)
            self.tied += tied_predictions(one, other, self.dtype)
            wrong = ~(np.abs(one - other) <= _limit(one, self.dtype))
            if wrong.any():
                sentence = _first(readout.name, simulated.first, wrong, one, other, "a potential of")
                self.differences.setdefault(readout.name, sentence)
        saturated = {name: simulated.saturated[name] for name in self.saturating}
        for figure, by_layer in zip(COUNTED, (saturated, simulated.events), strict=True):
            self.simulated[figure].update({name: int(counts.sum()) for name, counts in by_layer.items()})

    def result(self, images: int, seconds: float) -> tuple[dict[str, Any], str]:
        """All of it."""
        overall = worst([agreement.figures() for agreement in self.agreements])
        layers = [layer.figures for layer in self.layers]
        figures = {
            "images": images,
            "agreement": overall["agreement"],
            "different_predictions": overall["different_predictions"],
            "tied_predictions": self.tied,
            "max_logit_difference": overall["max_logit_difference"],
            **{key: max(layer[key] for layer in layers) for key in LARGEST},
            **{key: sum(layer[key] for layer in layers) for key in SUMMED},
        }
        for key in COUNTED:
            one, other = self.counted[key], self.simulated[key]
            figures[key] = other.total()
            figures[f"different_{key}"] = sum(abs(count - other[name]) for name, count in one.items())
        figures |= {"seconds": seconds, "events_per_second": figures["synaptic_operations"] / seconds, "layers": layers}
        differences = [layer.first for layer in self.layers if layer.first]
        if not figures["different_spikes"]:  # borderline spikes have synapses
            for name, count in self.counted["synaptic_operations"].items():
                events = self.simulated["synaptic_operations"][name]
                what = f"TensorFlow's spikes mean {count:,} synaptic operations, and {events:,} were simulated"
                differences += [f"layer '{name}': {what}"] if count != events else []
        return figures, next(iter([*differences, *self.differences.values()]), "")


class _Layer:
    """Compares the spike times of one layer; a spike may be missing only if it is *borderline*, at the window's end.

    float64: times may differ by 1e-9 tau_c, or that part of the window if it is wider than 1; float32: by 1e-4 of it.
    """

    def __init__(self, source: SpikeSource, dtype: str) -> None:
        assert source.window is not None
        self.source, self.window, self.first = source, source.window, ""
        self.tolerance = PARTS[dtype] * (max(self.window.width, 1.0) if dtype == "float64" else self.window.width)
        self.figures: dict[str, Any] = {"name": source.name, "kind": source.kind}
        self.figures |= dict.fromkeys(SUMMED, 0) | dict.fromkeys(LARGEST, 0.0)

    def add(self, image: int, local: np.ndarray, simulated: np.ndarray) -> None:
        """Some images from number ``image`` on: local times (n, \\*shape), and simulated absolute ones (n, neurons)."""
        one = self.window.times(local.astype(np.float64))
        other = simulated.reshape(one.shape)
        both, single = np.isfinite(one) & np.isfinite(other), np.isfinite(one) != np.isfinite(other)
        gaps = np.abs(np.where(both, one, 0.0) - np.where(both, other, 0.0))
        late = np.minimum(one, other) >= self.window.t_max - self.tolerance
        figures, largest = self.figures, float(gaps.max(initial=0.0))
        figures["spikes"] += int(np.count_nonzero(np.isfinite(one)))
        figures["different_spikes"] += int(np.count_nonzero(single))
        figures["borderline_spikes"] += int(np.count_nonzero(single & late))
        figures["largest_time_difference"] = max(figures["largest_time_difference"], largest)
        figures["largest_relative_difference"] = figures["largest_time_difference"] / self.window.width
        wrong = (single & ~late) | ~(gaps <= self.tolerance)
        if not self.first and wrong.any():
            self.first = _first(self.source.name, image, wrong, one, other, "a spike at")


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
    both = np.concatenate([best, others_best], axis=-1)
    gaps = [np.abs(np.diff(np.take_along_axis(logits, both, -1))) for logits in (first, second)]
    return int(np.count_nonzero((best != others_best) & (np.maximum(*gaps) <= _limit(one, dtype))))


def _limit(potentials: np.ndarray, dtype: str) -> float:
    """By how much potentials may differ: 1e-9 (float32: 1e-4) of the largest, or of 1."""
    return PARTS[dtype] * max(1.0, float(np.abs(potentials).max(initial=0.0)))


def _first(layer: str, image: int, wrong: np.ndarray, one: np.ndarray, other: np.ndarray, what: str) -> str:
    """What is ``wrong`` (n, \\*shape) first, in a sentence; ``image`` is the number of the first image."""
    at = tuple(int(index) for index in np.argwhere(wrong)[0])
    neuron = at[1] if len(at) == 2 else at[1:]
    ours, simulated = (f"{what} {x[at]:.12g}".replace("a spike at inf", "no spike") for x in (one, other))
    where = f"layer '{layer}', neuron {neuron}, image {image + at[0]}"
    return f"{where}: TensorFlow has {ours}, the event-driven simulation {simulated}"
