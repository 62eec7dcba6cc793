"""Builds the spiking form of a ReLU network: walks the graph, looks up a rule for each layer, folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from snnctl.conversion.graph import graph_of
from snnctl.conversion.network import INPUT, Network
from snnctl.conversion.refusal import NotConvertibleError, require_rule, require_supported
from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules import default_rules
from snnctl.conversion.rules.activations import vanish
from snnctl.conversion.settings import SpikingSettings
from snnctl.conversion.values import Rectified, Signal, Value, Wire
from snnctl.errors import ConversionError

__all__ = ["Built", "SpikingSettings", "build", "build_spiking"]


@dataclass(frozen=True)
class Built:
    """A spiking network, and what became of the source's layers.

    Args:
        model: a functional Keras model from the same input to the logits.
        sources: which layers of the source are in each layer of the wiring, by its name; layers of neurons and readouts
            hold this themselves.
        vanished: names of the source's layers that leave nothing, each once: what does nothing outside training, linear
            activations, a softmax or sigmoid at the end, ReLUs of values that are never negative.
    """

    model: keras.Model
    sources: Mapping[str, tuple[str, ...]]
    vanished: tuple[str, ...]


def build_spiking(
    model: keras.Model, settings: SpikingSettings, rules: Mapping[type, Rule] | None = None
) -> keras.Model:
    """The spiking network that computes what ``model`` does, as long as no spike leaves its window.

    Args:
        model: a trained or freshly initialised ReLU network; it is not changed.
        settings: input range, neuron model, windows, precision.
        rules: rules of further layer classes, e.g. those of plugins.

    Returns:
        A functional Keras model from the same input to the logits, ``(batch, *outputs)``; a list of them when the
        source has several outputs.

    Raises:
        ConversionError: layers that cannot be converted; names each, its place, and what would be accepted.
    """
    return build(model, settings, rules).model


def build(model: keras.Model, settings: SpikingSettings, rules: Mapping[type, Rule] | None = None) -> Built:
    """As :func:`build_spiking`, with what became of the source's layers."""
    graph = graph_of(model)
    every = {**default_rules(), **(rules or {})}
    network = Network(settings, {step.name: step.place for step in graph.steps})
    inputs = keras.Input(graph.model.inputs[0].shape[1:], name=INPUT, dtype=settings.dtype)
    readers = Counter([*(key for step in graph.steps for key in step.inputs), *graph.outputs])
    signals: dict[int, Signal] = {graph.input: network.coded(inputs)}
    ended: dict[int, str] = {}  # places of the softmax or sigmoid that tensors come from
    obstacles: list[ConversionError] = []
    unchanged = []
    for step in graph.steps:
        context = Context(step.place, step.name, network, max(readers[key] for key in step.outputs), step.arguments)
        read = [signals[key] for key in step.inputs]
        ends = [ended[key] for key in step.inputs if key in ended]
        if every.get(type(step.layer)) is vanish:
            ended.update((key, place) for key in step.outputs for place in ends)
        else:
            obstacles += [_goes_on(place) for place in ends]
        try:
            signal = _converted(context, step.layer, read, every, len(step.outputs))
            if any(signal is before for before in read):
                unchanged.append(step.name)
            # What several layers read is computed once.
            signals[step.outputs[0]] = network.shared(network.value(signal)) if context.readers > 1 else signal
        except (ConversionError, tf.errors.OpError) as error:
            obstacles.append(_located(error, step.place))
            # Stand-ins, so that the layers behind are looked at too.
            signals.update((key, _stand_in(step.name, graph.shapes[key])) for key in step.outputs)
        if context.ended:
            ended[step.outputs[0]] = step.place
    outputs = []
    for key in graph.outputs:
        try:
            outputs.append(network.read_out(signals[key]))
        except ConversionError as error:
            obstacles.append(_located(error, graph.steps[-1].place))
    if obstacles:
        raise NotConvertibleError(obstacles, model.name)
    spiking = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=f"{model.name}_spiking")
    kept = {name for layer in spiking.layers for name in (layer.name, *getattr(layer, "source", ()))}
    kept.update(name for names in network.sources.values() for name in names)
    return Built(spiking, network.sources, tuple(dict.fromkeys(name for name in unchanged if name not in kept)))


def _converted(context: Context, layer: Any, signals: list[Signal], rules: Mapping[type, Rule], outputs: int) -> Signal:
    """What the layer's rule makes of the signals; a plugin's rule may fail in any way."""
    rule = require_rule(context, layer, len(signals), rules)
    if outputs != 1:
        raise context.refuse(f"it makes {outputs} tensors", "One is accepted.")
    if rule in default_rules().values():
        if rule is not vanish:
            require_supported(context, layer)
        return rule(context, layer, *signals)
    try:
        signal = rule(context, layer, *signals)
    except ConversionError:
        raise
    except Exception as error:
        what = f"its conversion rule failed: {type(error).__name__}: {error}"
        raise context.refuse(what, "Tell the author of the plugin.") from error
    if not isinstance(signal, (Value, Rectified)):
        what = f"its conversion rule gave a {type(signal).__name__}, not a signal"
        raise context.refuse(what, "Tell the author of the plugin.")
    return signal


def _located(error: ConversionError | tf.errors.OpError, place: str) -> ConversionError:
    """The obstacle that an error tells of, with its place."""
    if isinstance(error, tf.errors.OpError):
        error = ConversionError(
            f"TensorFlow does not compute it here: {error.message.splitlines()[0]}",
            todo="Try another machine or precision (--dtype), or other strides and dilations.",
        )
    error.where = error.where or place
    return error


def _goes_on(place: str) -> ConversionError:
    return ConversionError(
        "the network goes on behind its softmax or sigmoid",
        where=place,
        todo="Softmax and sigmoid convert at the end of the network only.",
    )


def _stand_in(name: str, shape: tuple[int | None, ...]) -> Value:
    tensor = keras.Input((*shape[:-1], shape[-1] or 1))
    return Value.of(Wire(tensor, 0, pure=True, nonneg=False, name=name))
