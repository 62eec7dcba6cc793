"""The spikes of a network in training, counted on a few samples without a trace in the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from snnctl.conversion.graph import graph_of
from snnctl.metrics.observation import firing
from snnctl.ttfs.timeline import spiking_layers, timeline
from snnctl_tensorboard.event_file import MOST

BATCH = 64


@dataclass(frozen=True)
class Found:
    """What was counted, by tag."""

    scalars: dict[str, float]
    histograms: dict[str, np.ndarray]


@dataclass
class Layer:
    """Counts of one layer.

    Args:
        neurons: how many it has.
    """

    neurons: int = 0
    spikes: int = 0
    saturated: int = 0


class Spikes:
    """Counts the spikes of a network.

    The network is looked at as it would be evaluated: windows do not grow. Whatever changes on the way, such as the
    seeds of jitter, is set back.

    Args:
        model: a spiking network.
        inputs: the samples, (samples, \\*input_shape).
    """

    def __init__(self, model: keras.Model, inputs: np.ndarray) -> None:
        self.model = model
        self.inputs = inputs
        self.graph = graph_of(model)

    def found(self) -> Found:
        """The figures of the network as it is now.

        Windows and latency are in tau_c. ``spikes`` are those of an image, ``spikes_per_neuron`` those of a neuron and
        image. ``saturated`` is the fraction of the spikes whose unclipped time lies before the window. The
        histograms are of how long before the end of the window spikes come, in tau_c.
        """
        with untouched(self.model):
            counts, times = self._counted()
        windows = timeline(self.model)
        scalars = {f"window/{window.layer}": window.width for window in windows}
        scalars["latency"] = max(window.t_max for window in windows)
        images = len(self.inputs)
        for name, layer in counts.items():
            scalars[f"spikes/{name}"] = layer.spikes / images
            scalars[f"spikes_per_neuron/{name}"] = layer.spikes / (layer.neurons * images)
        spiking = spiking_layers(self.model)
        for each in spiking:
            layer = counts[each.name]
            scalars[f"saturated/{each.name}"] = layer.saturated / layer.spikes if layer.spikes else 0.0
        hidden = [counts[each.name] for each in spiking if not each.signed]
        if hidden:
            total = sum(layer.spikes for layer in hidden)
            scalars["spikes_per_neuron"] = total / (sum(layer.neurons for layer in hidden) * images)
        return Found(scalars, {f"local_times/{name}": values for name, values in times.items()})

    def _counted(self) -> tuple[dict[str, Layer], dict[str, np.ndarray]]:
        counts = {window.layer: Layer() for window in timeline(self.model)}
        times: dict[str, list[np.ndarray]] = {name: [] for name in counts}

        def see(name: str, x: Any, early: Any) -> None:
            if name not in counts:  # a pool, which passes on spikes of others
                return
            local = keras.ops.convert_to_numpy(x)
            spikes = local[local > 0]
            counts[name].neurons = int(np.prod(local.shape[1:]))
            counts[name].spikes += spikes.size
            counts[name].saturated += 0 if early is None else int(np.count_nonzero(early))
            times[name].append(_some(spikes, len(self.inputs), len(local)))

        for start in range(0, len(self.inputs), BATCH):
            batch = keras.ops.convert_to_tensor(self.inputs[start : start + BATCH], dtype=self.model.inputs[0].dtype)
            firing(self.graph, batch, see)
        return counts, {name: np.concatenate(parts) for name, parts in times.items()}


def _some(values: np.ndarray, images: int, batch: int) -> np.ndarray:
    """A batch's share of the values that a histogram has room for, evenly chosen."""
    most = max(MOST * batch // images, 1)
    return values[:: -(-values.size // most)] if values.size > most else values


@contextmanager
def untouched(model: keras.Model) -> Iterator[None]:
    """Sets back afterwards whatever is not trained: seeds, and windows should they change."""
    kept = [(variable, np.array(variable)) for variable in model.variables if not variable.trainable]
    try:
        yield
    finally:
        for variable, before in kept:
            if not np.array_equal(np.array(variable), before):
                variable.assign(before)
