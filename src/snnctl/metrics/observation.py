"""Shows samples to a network and hands on what metrics need of each batch; counts are made where it is computed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import keras
import numpy as np
from keras import ops

from snnctl.conversion.graph import Step, computed
from snnctl.forward import compiled
from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork
from snnctl.metrics.reductions import IN_A_WINDOW, REDUCTIONS, Seen
from snnctl.progress import Reporter
from snnctl.ttfs.hardware import constraints_of, restart_jitter
from snnctl.ttfs.observe import observed_firing
from snnctl.ttfs.timeline import spiking_layers

Observe = Callable[[Any], tuple[list[Any], dict[str, dict[str, Any]]]]


class LabelledStream(Protocol):
    """Samples with labels or without.

    Attributes:
        shape: (samples, \\*sample_shape).
        dtype: of the samples.
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    def __len__(self) -> int:
        """The number of samples."""

    def pairs(self, size: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Samples and labels in their order, at most ``size`` at a time."""

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """The samples alone."""


def observed(
    network: MeasuredNetwork,
    stream: LabelledStream,
    needs: Collection[str],
    batch_size: int,
    reporter: Reporter,
    description: str,
) -> Iterator[Batch]:
    """Every batch once, in order.

    Args:
        network: ReLU or spiking.
        stream: the samples.
        needs: what metrics need, see :class:`snnctl.plugins.Metric`.
        batch_size: samples at a time.
        reporter: shows progress.
        description: of the progress.
    """
    observe = _spiking(network, needs) if network.kind == "snn" else _relu(network, needs)
    compute = compiled(observe, stream)
    with reporter.task(description, len(stream)) as task:
        for inputs, labels in stream.pairs(batch_size):
            outputs, found = keras.tree.map_structure(lambda tensor: tensor.numpy(), compute(inputs))
            yield Batch(network, outputs, found, labels, inputs)
            task.advance(len(inputs))


def _spiking(network: MeasuredNetwork, needs: Collection[str]) -> Observe:
    """Of a batch, the outputs of a spiking network and what is needed, by need and layer."""
    model, wanted = network.model, [need for need in REDUCTIONS if need in needs]
    view, names = observed_firing(model)
    layers, sources = spiking_layers(model), network.sources
    restart_jitter(model)

    def observe(inputs: Any) -> tuple[list[Any], dict[str, dict[str, Any]]]:
        outputs, ideals, carried = view(inputs, training=False)
        local, ideal = dict(zip(names, carried, strict=True)), {}
        for layer, times in zip(layers, ideals, strict=True):
            ideal[layer.name] = (layer, times)
        seen = [Seen(source, local[source.name], *ideal.get(source.name, ())) for source in sources]
        seen[0] = replace(seen[0], value=_coded(network, inputs, seen[0].local))
        return keras.tree.flatten(outputs), {need: _counted(need, seen) for need in wanted}

    return observe


def _coded(network: MeasuredNetwork, inputs: Any, local: Any) -> Any:
    """The values that the input's spikes stand for; of rounded spike times those after rounding, as of hidden layers.

    None where they are 0 just where local times are: in a range that begins at 0, and without coding.
    """
    if network.input_range is None or network.input_range[0] == 0.0:
        return None
    low, high = network.input_range
    return low + (high - low) * local if constraints_of(network.model).time_bits else ops.clip(inputs, low, high)


def _counted(need: str, seen: Sequence[Seen]) -> dict[str, Any]:
    return {
        each.source.name: REDUCTIONS[need](each)
        for each in seen
        if need not in IN_A_WINDOW or each.source.window is not None
    }


def _relu(network: MeasuredNetwork, needs: Collection[str]) -> Observe:
    """Of a batch, the outputs of a ReLU network and, if needed, how often each input of a connection was not 0."""
    connections = network.connections
    if "nonzero" not in needs or connections is None:
        return lambda inputs: (keras.tree.flatten(network.model(inputs, training=False)), {})
    graph, names = connections.graph, {layer.name for layer in connections.layers}

    def observe(inputs: Any) -> tuple[list[Any], dict[str, dict[str, Any]]]:
        counted: dict[str, Any] = {}

        def call(step: Step, values: Mapping[int, Any]) -> list[Any]:
            if step.name in names:
                counted[step.name] = ops.sum(ops.cast(values[step.inputs[0]] != 0, "int32"), axis=0)
            return step.call(values)

        return computed(graph, inputs, call), {"nonzero": counted}

    return observe
