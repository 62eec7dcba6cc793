"""Builds the spiking form of a ReLU network: walks the graph, looks up a rule for each layer, folds."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from snnctl.conversion.graph import Graph, Step, extra_arguments, graph_of, opens
from snnctl.conversion.linear import Shape
from snnctl.conversion.network import INPUT, Network
from snnctl.conversion.offsets import SizeNotFixedError
from snnctl.conversion.refusal import HINTS, Obstacle, refusal
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
    network = Network(settings)
    inputs = keras.Input(graph.model.inputs[0].shape[1:], name=INPUT, dtype=settings.dtype)
    signals: dict[int, Signal] = {graph.input: network.coded(inputs)}
    obstacles, unchanged = _walk(graph, network, signals, {**default_rules(), **(rules or {})})
    outputs = []
    for key in graph.outputs:
        try:
            outputs.append(network.read_out(signals[key]))
        except (ConversionError, SizeNotFixedError) as error:
            obstacles.append(_obstacle(error, graph.steps[-1]))
    if obstacles:
        raise refusal(obstacles, model.name)
    spiking = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=f"{model.name}_spiking")
    kept = {name for layer in spiking.layers for name in (layer.name, *getattr(layer, "source", ()))}
    kept.update(name for names in network.sources.values() for name in names)
    return Built(spiking, network.sources, tuple(dict.fromkeys(name for name in unchanged if name not in kept)))


def _walk(
    graph: Graph, network: Network, signals: dict[int, Signal], rules: Mapping[type, Rule]
) -> tuple[list[Obstacle], list[str]]:
    """Converts step by step; behind an obstacle it goes on with a stand-in, so that all are found at once.

    Returns:
        The obstacles, and the names of the steps that changed nothing.
    """
    obstacles, unchanged = [], []
    readers = graph.readers()
    for step in graph.steps:
        read = max(readers[key] for key in step.outputs)
        inputs = [signals[key] for key in step.inputs]
        if rules.get(type(step.layer)) is not vanish:
            obstacles += [Obstacle.of(_goes_on(signal)) for signal in inputs if _ended(signal)]
        try:
            signal = _converted(step, inputs, rules, network, read)
            if len(inputs) == 1 and _same(signal, inputs[0]):
                unchanged.append(step.name)
            signals[step.outputs[0]] = _shared(signal, network) if read > 1 else signal
        except (ConversionError, SizeNotFixedError, tf.errors.OpError) as error:
            obstacles.append(_obstacle(error, step))
            signals.update({key: _stand_in(step, graph.shapes[key]) for key in step.outputs})
    return obstacles, unchanged


def _same(signal: Signal, before: Signal) -> bool:
    """Whether a rule has passed its input on, perhaps as the end of the network."""
    if isinstance(signal, Rectified) and isinstance(before, Rectified):
        return signal.max_value == before.max_value and _same(signal.value, before.value)
    if isinstance(signal, Rectified) or isinstance(before, Rectified):
        return False
    return all(getattr(signal, part) is getattr(before, part) for part in ("terms", "offset", "then", "name"))


def _obstacle(error: Exception, step: Step) -> Obstacle:
    if isinstance(error, tf.errors.OpError):
        error = ConversionError(
            f"TensorFlow does not compute it here: {error.message.splitlines()[0]}",
            where=step.place,
            todo="Try another machine or precision (--dtype), or other strides and dilations.",
        )
    if isinstance(error, SizeNotFixedError):
        error = ConversionError(
            "the input's size is not fixed", where=step.place, todo="Give the network a fixed input size."
        )
    assert isinstance(error, ConversionError)
    return Obstacle.of(error)


def _ended(signal: Signal) -> str:
    """Place of the softmax or sigmoid that the signal comes from."""
    return signal.value.ended if isinstance(signal, Rectified) else signal.ended


def _goes_on(signal: Signal) -> ConversionError:
    return ConversionError(
        "the network goes on behind its softmax or sigmoid",
        where=_ended(signal),
        todo="Softmax and sigmoid convert at the end of the network only.",
    )


def _converted(step: Step, signals: list[Signal], rules: Mapping[type, Rule], network: Network, readers: int) -> Signal:
    rule = rules.get(type(step.layer))
    _require_plain_call(step)
    if rule is None:
        raise _no_rule(step, rules)
    if len(step.outputs) != 1:
        raise ConversionError(f"it makes {len(step.outputs)} tensors", where=step.place, todo="One is accepted.")
    context = Context(step.place, step.name, network, readers, step.arguments)
    try:
        inspect.signature(rule).bind(context, step.layer, *signals)
    except TypeError:
        raise context.refuse(f"it reads {len(signals)} tensors", f"Its conversion takes {_inputs_of(rule)}.") from None
    return _applied(rule, context, step, signals, own=rule in default_rules().values())


def _applied(rule: Rule, context: Context, step: Step, signals: list[Signal], own: bool) -> Signal:
    """What the rule says; another's rule may fail in any way."""
    if own:
        return rule(context, step.layer, *signals)
    try:
        signal = rule(context, step.layer, *signals)
    except ConversionError:
        raise
    except Exception as error:
        raise context.refuse(
            f"its conversion rule failed: {type(error).__name__}: {error}", "Tell the author of the plugin."
        ) from error
    if not isinstance(signal, (Value, Rectified)):
        raise context.refuse(
            f"its conversion rule gave a {type(signal).__name__}, not a signal", "Tell the author of the plugin."
        )
    return signal


def _require_plain_call(step: Step) -> None:
    """Refuses a layer whose call says more than its inputs, or that computes in whole numbers.

    Raises:
        ConversionError: says what.
    """
    if not isinstance(step.layer, keras.layers.Layer):
        return  # the rules of operations read all that they are called with
    extra = extra_arguments(step.arguments)
    if extra:
        raise ConversionError(
            f"it is called with {' and '.join(dict.fromkeys(extra))} besides its inputs",
            where=step.place,
            todo="Call it with tensors of the network only; add constants with keras.ops.add or Rescaling.",
        )
    if isinstance(step.layer, keras.Model) and opens(step.layer):
        raise ConversionError(
            "the nested model's inputs are not the tensors it is given: names, rank or type differ",
            where=step.place,
            todo="Call it with one tensor for each input, of the input's rank and of type float32.",
        )
    if not str(step.layer.compute_dtype).startswith(("float", "bfloat")):
        raise ConversionError(
            f"it computes in {step.layer.compute_dtype} and rounds what it is given",
            where=step.place,
            todo="Give the layer a floating-point dtype.",
        )


def _shared(signal: Signal, network: Network) -> Signal:
    """A signal that several layers read: what waits is done once."""
    return network.shared(network.value(signal))


def _stand_in(step: Step, shape: Shape) -> Signal:
    """What stands for the output of a layer that does not convert, so that the layers behind it are looked at too."""
    tensor = keras.Input((*shape[:-1], shape[-1] or 1))
    return Value.of(Wire(tensor, 0, pure=True, nonneg=False, name=step.name), step.place)


def _no_rule(step: Step, rules: Mapping[type, Rule]) -> ConversionError:
    kind = type(step.layer).__name__
    if isinstance(step.layer, keras.Model):
        return ConversionError(
            "it computes with a call method of its own",
            where=step.place,
            todo="Sequential and functional models convert.",
        )
    parents = [cls for cls in type(step.layer).__mro__[1:] if cls in rules]
    if parents:
        return ConversionError(
            f"{kind} is a subclass of {parents[0].__name__} and may compute something else",
            where=step.place,
            todo=f"Use {parents[0].__name__} itself, or register a conversion rule for {kind} in a plugin.",
        )
    return ConversionError(
        f"{kind} has no spiking form",
        where=step.place,
        todo=f"{HINTS.get(type(step.layer), '')}docs/convert.md lists what converts.",
    )


def _inputs_of(rule: Rule) -> str:
    names: list[Any] = list(inspect.signature(rule).parameters)[2:]
    return "one" if len(names) == 1 else f"{len(names)}"
