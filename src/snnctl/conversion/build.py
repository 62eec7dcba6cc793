"""Builds the spiking form of a ReLU network: walks the graph, looks up a rule for each layer, tells all obstacles."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from snnctl.conversion.folding import Signal, Value, Wire
from snnctl.conversion.graph import extra_arguments, graph_of, opens
from snnctl.conversion.network import INPUT, Network, SpikingSettings
from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.rules import default_rules, require_supported, vanish
from snnctl.errors import ConversionError

__all__ = ["NotConvertibleError", "SpikingSettings", "build", "build_spiking"]

L = keras.layers
RECURRENT = "Recurrent layers keep a state from step to step; time-to-first-spike networks have none. "
GATE = "Products of signals (gates, attention, squeeze-and-excitation) have no spiking form: train without them. "
NORMALIZED = "It normalises by each sample's own statistics: train with BatchNormalization instead. "
ATTENTION = "Attention multiplies signals with each other: train without it. "
RESIZE = "Resize the data beforehand, and begin the network with an Input of that size. "

# A sentence on what could be used instead of a layer that has no spiking form.
HINTS: dict[type, str] = {
    **dict.fromkeys((L.LSTM, L.GRU, L.SimpleRNN, L.Bidirectional), RECURRENT),
    **dict.fromkeys((L.Multiply, L.Dot), GATE),
    **dict.fromkeys((L.LayerNormalization, L.GroupNormalization), NORMALIZED),
    **dict.fromkeys((L.UnitNormalization, L.SpectralNormalization), NORMALIZED),
    **dict.fromkeys((L.Attention, L.AdditiveAttention, L.MultiHeadAttention), ATTENTION),
    **dict.fromkeys((L.Resizing, L.CenterCrop), RESIZE),
    L.Embedding: "Look the vectors up beforehand, and begin the network with them. ",
    L.ELU: "Train with ReLU or LeakyReLU instead. ",
    L.Lambda: "Its code says nothing of what it computes: use layers instead, or a plugin's rule. ",
    **dict.fromkeys((L.Maximum, L.Minimum), "Concatenate the branches, or add them, instead. "),
}


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
    return build(model, settings, rules)[0]


def build(
    model: keras.Model, settings: SpikingSettings, rules: Mapping[type, Rule] | None = None
) -> tuple[keras.Model, Mapping[str, tuple[str, ...]], list[str]]:
    """The spiking network, see :func:`build_spiking`, and what became of the source's layers.

    Besides the network it returns which layers of the source are in each layer of the wiring, by its name (others hold
    this themselves), and the names of the source's layers that leave nothing, each once.
    """
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
            todo = "Softmax and sigmoid convert at the end of the network only."
            what = "the network goes on behind its softmax or sigmoid"
            obstacles += [ConversionError(what, where=place, todo=todo) for place in ends]
        try:
            signal = _converted(context, step.layer, read, every, len(step.outputs))
            if any(signal is before for before in read):
                unchanged.append(step.name)
            # What several layers read is computed once.
            signals[step.outputs[0]] = network.shared(network.value(signal)) if context.readers > 1 else signal
        except ConversionError as error:
            error.where = error.where or step.place
            obstacles.append(error)
            for key in step.outputs:  # stand-ins, so that the layers behind are looked at too
                *sides, channels = graph.shapes[key]
                wire = Wire(keras.Input((*sides, channels or 1)), 0, pure=True, nonneg=False, name=step.name)
                signals[key] = Value.of(wire)
        if context.ended:
            ended[step.outputs[0]] = step.place
    outputs = []
    for key in graph.outputs:
        try:
            outputs.append(network.read_out(signals[key]))
        except ConversionError as error:
            error.where = error.where or graph.steps[-1].place
            obstacles.append(error)
    if obstacles:
        raise NotConvertibleError(obstacles, model.name)
    spiking = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=f"{model.name}_spiking")
    kept = {name for layer in spiking.layers for name in (layer.name, *getattr(layer, "source", ()))}
    kept.update(name for names in network.sources.values() for name in names)
    return spiking, network.sources, list(dict.fromkeys(name for name in unchanged if name not in kept))


def _converted(context: Context, layer: Any, signals: list[Signal], rules: Mapping[type, Rule], outputs: int) -> Signal:
    """What the layer's rule makes of the signals; a plugin's rule may fail in any way."""
    if isinstance(layer, L.Layer):  # the rules of operations read all that they are called with
        _require_plain_call(context, layer)
    rule = rules.get(type(layer))
    if rule is None:
        raise _no_rule(context, layer, rules)
    if outputs != 1:
        raise context.refuse(f"it makes {outputs} tensors", "One is accepted.")
    try:
        inspect.signature(rule).bind(context, layer, *signals)
    except TypeError:
        accepted = len(inspect.signature(rule).parameters) - 2
        todo = f"Its conversion takes {'one' if accepted == 1 else accepted}."
        raise context.refuse(f"it reads {len(signals)} tensors", todo) from None
    if rule in default_rules().values():
        require_supported(context, layer)
        return rule(context, layer, *signals)
    try:
        signal = rule(context, layer, *signals)
        if not isinstance(signal, Signal):
            raise TypeError(f"it gave a {type(signal).__name__}, not a signal")
    except ConversionError:
        raise
    except Exception as error:
        what = f"its conversion rule failed: {type(error).__name__}: {error}"
        raise context.refuse(what, "Tell the author of the plugin.") from error
    return signal


def _no_rule(context: Context, layer: Any, rules: Mapping[type, Rule]) -> ConversionError:
    kind = type(layer).__name__
    if isinstance(layer, keras.Model):
        return context.refuse("it computes with a call method of its own", "Sequential and functional models convert.")
    if parent := next((cls.__name__ for cls in type(layer).__mro__ if cls in rules), None):
        todo = f"Use {parent} itself, or register a conversion rule for {kind} in a plugin."
        return context.refuse(f"{kind} is a subclass of {parent} and may compute something else", todo)
    hint = HINTS.get(type(layer), "")
    return context.refuse(f"{kind} has no spiking form", f"{hint}docs/convert.md lists what converts.")


def _require_plain_call(context: Context, layer: Any) -> None:
    if extra := extra_arguments(context.arguments):
        todo = "Call it with tensors of the network only; add constants with keras.ops.add or Rescaling."
        raise context.refuse(f"it is called with {' and '.join(dict.fromkeys(extra))} besides its inputs", todo)
    if opens(layer):
        what = "the nested model's inputs are not the tensors it is given: names, rank or type differ"
        raise context.refuse(what, "Call it with one tensor for each input, of the input's rank and of type float32.")
    if "float" not in (dtype := str(layer.compute_dtype)):
        todo = "Give the layer a floating-point dtype."
        raise context.refuse(f"it computes in {dtype} and rounds what it is given", todo)


class NotConvertibleError(ConversionError):
    """A network that does not convert.

    Args:
        obstacles: an error for each, in the network's order; several are told by kind, with the names of the layers.
        model: the network's name.
    """

    def __init__(self, obstacles: Sequence[ConversionError], model: str) -> None:
        unique = {(error.where, error.what, error.todo): error for error in obstacles}
        self.obstacles = tuple(unique.values())
        first, *others = self.obstacles
        if not others:
            super().__init__(first.what, where=first.where, todo=first.todo)
            return
        kinds: dict[tuple[str, str], list[str]] = {}
        for where, what, todo in unique:
            kinds.setdefault((what, todo), []).append(where)
        lines = []
        for (what, todo), places in kinds.items():
            names = places[0]
            if len(places) > 1:
                names = f"{len(places)} layers, " + ", ".join(place.split("'")[1] for place in places)
            lines.append(f"- {names}: {what}. {todo}")
        layers = len({where for where, _, _ in unique})
        super().__init__(f"{layers} layers of model '{model}' do not convert", todo="\n".join(lines))
