"""What snnctl's own metrics find in a network that is shown unlabelled inputs."""

from typing import Any

import keras
import numpy as np

from snnctl.data.stream import ArrayStream
from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.observation import observed
from snnctl.plugins import load_registry
from snnctl.progress import SilentReporter
from snnctl.verbs.measurement import Measurement


def counted(model: keras.Model, inputs: np.ndarray, batch_size: int = 64, kind: str = "snn") -> dict[str, Any]:
    return batches_and_figures(model, inputs, batch_size, kind=kind)[1]


def batches_and_figures(
    model: keras.Model, inputs: np.ndarray, batch_size: int = 64, more: tuple[str, ...] = (), kind: str = "snn"
) -> tuple[list[Batch], dict[str, Any]]:
    """The batches, with what ``more`` needs besides, and the figures."""
    network = MeasuredNetwork(model, kind, inputs.shape[1:], len(inputs), None)
    reporter = SilentReporter()
    measurement = Measurement(network, load_registry(entry_points=False), reporter, labelled=False)
    stream = ArrayStream(lambda: inputs)
    batches = list(observed(network, stream, measurement.needs.union(more), batch_size, reporter, ""))
    for batch in batches:
        measurement.add(batch)
    return batches, measurement.figures()


def spikes_of(layer: dict[str, Any], images: int) -> int:
    return round(layer["spikes_per_neuron"] * layer["neurons"] * images)


def by_name(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {layer["name"]: layer for layer in figures["layers"]}
