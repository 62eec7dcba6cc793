"""Shows samples to a network and hands on what metrics need of each batch; counts are made where it is computed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from snnctl.conversion.graph import Graph, Step, computed, replayed
from snnctl.forward import Stream, compiled
from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.progress import Reporter
from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.hardware import constraints_of, restart_jitter
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer, saturated

Observe = Callable[[Any], tuple[list[Any], dict[str, dict[str, Any]]]]
"""Of a batch: the outputs of a network, and what is needed besides, by need and layer."""
COUNTED = ("spikes", "saturated", "nonzero", "last_spikes", "first_spikes", "times")
IN_A_WINDOW = ("last_spikes", "first_spikes")  # what pools, which have no window, have not
BINS = 50


class LabelledStream(Stream, Protocol):
    """Samples with labels or without."""

    def pairs(self, size: int) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Samples and labels in their order, at most ``size`` at a time."""


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
    sources = {source.name: source for source in network.sources}  # now: a graph has no numbers, and windows do
    restart_jitter(network.model)

    def observe(inputs: Any) -> tuple[list[Any], dict[str, dict[str, Any]]]:
        counts: dict[str, dict[str, Any]] = {need: {} for need in COUNTED if need in needs}

        def see(name: str, x: Any, early: Any) -> None:
            source = sources[name]
            for need, by_layer in counts.items():
                if need == "saturated":
                    by_layer[name] = ops.zeros((), "int32") if early is None else ops.count_nonzero(early)
                elif need == "nonzero" and source is network.input:
                    by_layer[name] = _count(_coded(network, inputs, x) != 0)
                elif source.window is not None or need not in IN_A_WINDOW:
                    by_layer[name] = _reduced(need, source, x)

        return firing(network.graph, inputs, see), counts

    return observe


def _coded(network: MeasuredNetwork, inputs: Any, local: Any) -> Any:
    """What is 0 where the input is: of rounded spike times the values after rounding, as of hidden layers."""
    if network.input_range is None or network.input_range[0] == 0.0:
        return local
    low, high = network.input_range
    return low + (high - low) * local if constraints_of(network.model).time_bits else ops.clip(inputs, low, high)


def _relu(network: MeasuredNetwork, needs: Collection[str]) -> Observe:
    fans = network.fan_outs if "nonzero" in needs else None
    if fans is None:
        return lambda inputs: (keras.tree.flatten(network.model(inputs, training=False)), {})
    graph = network.graph
    read = {step.name: step.inputs[0] for step in graph.steps}
    names = [fan.source for fan in fans if fan.source in read]
    keys = (*graph.outputs, *(read[name] for name in names))
    view = replayed(replace(graph, outputs=keys), graph.shapes[graph.input])

    def observe(inputs: Any) -> tuple[list[Any], dict[str, dict[str, Any]]]:
        tensors = keras.tree.flatten(view(inputs, training=False))
        outputs, rest = tensors[: len(graph.outputs)], tensors[len(graph.outputs) :]
        nowhere_0 = dict.fromkeys((fan.source for fan in fans), tf.shape(inputs)[0])
        return outputs, {"nonzero": nowhere_0 | {name: _count(x != 0) for name, x in zip(names, rest, strict=True)}}

    return observe


def _reduced(need: str, source: SpikeSource, x: Any) -> Any:
    """What a metric needs of local spike times x (batch, \\*shape); see the method of :class:`Batch` of that name."""
    if need == "times":
        return x
    if need == "last_spikes":  # of each sample, how long before the end of the window; infinity for none
        x = ops.reshape(x, (-1, source.neurons))
        return ops.min(ops.where(x > 0, x, ops.full_like(x, np.inf)), axis=1)
    if need == "first_spikes":  # a spike on the border of two parts belongs to the later
        width = ops.cast(source.window.width, x.dtype)  # type: ignore[union-attr]
        part = ops.cast((width - x) / width * BINS, "int32")
        part = ops.where(x > 0, ops.clip(part, 0, BINS - 1), BINS)
        return tf.math.bincount(ops.reshape(part, (-1,)), minlength=BINS + 1, maxlength=BINS + 1)[:BINS]
    return _count(x > 0)  # spikes; nonzero


def _count(which: Any) -> Any:
    """For how many samples, by neuron."""
    return ops.sum(ops.cast(which, "int32"), axis=0)
