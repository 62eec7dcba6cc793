"""A spiking network against the event-driven simulation of the same network, spike by spike."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import graph_of
from snnctl.events import Batch as Simulated
from snnctl.events import Network, simulate
from snnctl.metrics.batch import Batch
from snnctl.metrics.deviation import Difference, RunningDeviation, first_difference, tied_predictions
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.observation import LabelledStream, observed
from snnctl.metrics.predictions import RunningAgreement, worst
from snnctl.progress import Reporter
from snnctl.ttfs.timeline import spiking_layers

NEEDS = ("spikes", "times")
TIMES_AT_ONCE = 2**24  # spike times that are kept of a batch, at most


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
            assert batch.inputs is not None
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


@dataclass
class _Comparing:
    """Sums and worst cases so far."""

    network: MeasuredNetwork
    lowered: Network
    dtype: str
    images: int = 0
    tied: int = 0
    events: Counter[str] = field(default_factory=Counter)
    operations: dict[str, int | None] = field(default_factory=dict)
    differences: dict[str, Difference] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limited = {layer.name for layer in spiking_layers(self.network.model) if layer.max_value is not None}
        self.layers = [
            RunningDeviation(source, self.dtype, source.kind in ("spiking", "signed") and source.name not in limited)
            for source in self.network.sources
            if source.window is not None
        ]
        self.agreements = [RunningAgreement() for _ in self.lowered.readouts]

    def count(self, batch: Batch) -> None:
        """Takes note of the synaptic operations that TensorFlow's spikes mean."""
        for target, count in batch.synaptic_operations.items():
            before = self.operations.get(target, 0)
            self.operations[target] = None if before is None or count is None else before + count

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
            found = first_difference(readout.name, simulated.first, one, other, self.dtype)
            if found is not None:
                self.differences.setdefault(readout.name, found)
        self.events.update({name: int(counts.sum()) for name, counts in simulated.events.items()})
        self.images += simulated.images

    def result(self, seconds: float) -> Simulation:
        """All of it."""
        overall = worst([running.result() for running in self.agreements])
        events = sum(self.events.values())
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
            "saturated_spikes": sum(layer.saturated[1] for layer in self.layers),
            "different_saturated_spikes": sum(abs(layer.saturated[0] - layer.saturated[1]) for layer in self.layers),
            "synaptic_operations": events,
            "different_synaptic_operations": sum(abs(one - other) for _, one, other in self._counted()),
            "seconds": seconds,
            "events_per_second": events / seconds,
            "layers": layers,
        }
        return Simulation(figures, self._first(figures["different_spikes"]))

    def _counted(self) -> Sequence[tuple[str, int, int]]:
        """(layer, operations of TensorFlow's spikes, synaptic events) of layers whose synapses can be counted."""
        return [(name, count, self.events[name]) for name, count in self.operations.items() if count is not None]

    def _first(self, different_spikes: int) -> str:
        of_layers = [str(layer.first) for layer in self.layers if layer.first is not None]
        of_counts = [
            f"layer '{name}': TensorFlow's spikes mean {one:,} synaptic operations, and {other:,} were simulated"
            for name, one, other in self._counted()
            if one != other and not different_spikes  # borderline spikes have synapses
        ]
        of_readouts = [str(difference) for difference in self.differences.values()]
        return next(iter([*of_layers, *of_counts, *of_readouts]), "")
