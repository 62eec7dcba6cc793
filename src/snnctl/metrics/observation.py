"""Shows samples to a network and hands on what metrics need of each batch; counts are made where it is computed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from snnctl.conversion.graph import Graph, Step, computed, graph_of, replayed
from snnctl.forward import compiled
from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.progress import Reporter
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.hardware import constraints_of, restart_jitter
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.window import saturated

Observe = Callable[[Any], tuple[list[Any], dict[str, dict[str, Any]]]]
BINS = 50


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
    compute = compiled(observe, stream, batch_size)
    with reporter.task(description, len(stream)) as task:
        for inputs, labels in stream.pairs(batch_size):
            outputs, counts = keras.tree.map_structure(lambda tensor: tensor.numpy(), compute(inputs))
            yield Batch(network, outputs, counts, labels, inputs)
            task.advance(len(inputs))


def firing(graph: Graph, inputs: Any, see: Callable[[str, Any, Any], None]) -> list[Any]:
    """The outputs of a spiking network, computed layer by layer.

    Args:
        graph: the network.
        inputs: (batch, \\*input_shape), a tensor.
        see: called with the name of each layer whose outputs are spikes ("input" in a network without input coding),
            the local times that its neurons or pools carry, (batch, \\*shape), and of the neurons of a spiking layer
            which are saturated; None of clipped ones, whose largest value is no saturation.
    """
    if not any(isinstance(step.layer, InputCoding) for step in graph.steps):
        see("input", inputs, None)

    def call(step: Step, values: Mapping[int, Any]) -> list[Any]:
        layer = step.layer
        if isinstance(layer, SpikingLayer):
            read = [values[key] for key in step.inputs]
            z = layer.unclipped(read if len(read) > 1 else read[0])
            x = layer.fire(z)
            see(step.name, x, None if layer.max_value is not None else saturated(z, ops.cast(layer.width, z.dtype)))
            return [x]
        outputs = step.call(values)
        if isinstance(layer, (InputCoding, Relay, EarliestSpikePooling)):
            see(step.name, outputs[0], None)
        return outputs

    return computed(graph, inputs, call)


def _spiking(network: MeasuredNetwork, needs: Collection[str]) -> Observe:
    """Of a batch, the outputs of a spiking network and what is needed, by need and layer."""
    graph, wanted = graph_of(network.model), [need for need in ("saturated", *REDUCTIONS) if need in needs]
    sources = {source.name: source for source in network.sources}
    restart_jitter(network.model)

    def observe(inputs: Any) -> tuple[list[Any], dict[str, dict[str, Any]]]:
        counts: dict[str, dict[str, Any]] = {need: {} for need in wanted}

        def see(name: str, x: Any, early: Any) -> None:
            source = sources[name]
            for need in wanted:
                if need == "saturated":
                    counts[need][name] = ops.zeros((), "int32") if early is None else ops.count_nonzero(early)
                elif need == "nonzero" and source is network.input:
                    counts[need][name] = _count(_coded(network, inputs, x) != 0)
                elif source.window is not None or need not in IN_A_WINDOW:
                    counts[need][name] = REDUCTIONS[need](source, x)

        return firing(graph, inputs, see), counts

    return observe


def _coded(network: MeasuredNetwork, inputs: Any, local: Any) -> Any:
    """What is 0 where the input is: of rounded spike times the values after rounding, as of hidden layers."""
    if network.input_range is None or network.input_range[0] == 0.0:
        return local
    low, high = network.input_range
    return low + (high - low) * local if constraints_of(network.model).time_bits else ops.clip(inputs, low, high)


def _relu(network: MeasuredNetwork, needs: Collection[str]) -> Observe:
    """Of a batch, the outputs of a ReLU network and, if needed, how often each input of a connection was not 0."""
    connections = network.connections
    if "nonzero" not in needs or connections is None:
        return lambda inputs: (keras.tree.flatten(network.model(inputs, training=False)), {})
    graph, layers = connections.graph, connections.layers
    keys = (*graph.outputs, *(layer.key for layer in layers))
    view = replayed(replace(graph, outputs=keys), graph.shapes[graph.input])

    def observe(inputs: Any) -> tuple[list[Any], dict[str, dict[str, Any]]]:
        tensors = keras.tree.flatten(view(inputs, training=False))
        outputs, read = tensors[: len(graph.outputs)], tensors[len(graph.outputs) :]
        return outputs, {"nonzero": {layer.name: _count(x != 0) for layer, x in zip(layers, read, strict=True)}}

    return observe


def _spikes(source: SpikeSource, x: Any) -> Any:
    """By neuron or pool, how many samples it fired for."""
    return _count(x > 0)


def _last_spikes(source: SpikeSource, x: Any) -> Any:
    """By sample, how long before the end of the window the last spike comes; infinity for none."""
    x = ops.reshape(x, (-1, source.neurons))
    return ops.min(ops.where(x > 0, x, ops.full_like(x, np.inf)), axis=1)


def _first_spikes(source: SpikeSource, x: Any) -> Any:
    """Spikes in each of ``BINS`` equal parts of the window; one on the border of two belongs to the later."""
    width = ops.cast(source.window.width, x.dtype)  # type: ignore[union-attr]
    part = ops.cast((width - x) / width * BINS, "int32")
    part = ops.where(x > 0, ops.clip(part, 0, BINS - 1), BINS)
    return tf.math.bincount(ops.reshape(part, (-1,)), minlength=BINS + 1, maxlength=BINS + 1)[:BINS]


def _times(source: SpikeSource, x: Any) -> Any:
    """All local times."""
    return x


REDUCTIONS: Mapping[str, Callable[[SpikeSource, Any], Any]] = MappingProxyType(
    {
        "spikes": _spikes,
        "nonzero": _spikes,
        "last_spikes": _last_spikes,
        "first_spikes": _first_spikes,
        "times": _times,
    }
)
IN_A_WINDOW = ("last_spikes", "first_spikes")  # what pools, which have no window, have not


def _count(which: Any) -> Any:
    return ops.sum(ops.cast(which, "int32"), axis=0)
