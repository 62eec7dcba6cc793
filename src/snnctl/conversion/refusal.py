"""Why a network does not convert, all obstacles at once; and what to use instead."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from snnctl.conversion.graph import extra_arguments, opens
from snnctl.conversion.rule import Context, Rule
from snnctl.errors import ConversionError

L = keras.layers
RECURRENT = "Recurrent layers keep a state from step to step; time-to-first-spike networks have none. "
GATE = "Products of signals (gates, attention, squeeze-and-excitation) have no spiking form: train without them. "
NORMALIZED = "It normalises by each sample's own statistics: train with BatchNormalization instead. "
ATTENTION = "Attention multiplies signals with each other: train without it. "
RESIZE = "Resize the data beforehand, and begin the network with an Input of that size. "
CHOICE = "Concatenate the branches, or add them, instead. "

# A sentence on what could be used instead of a layer that has no spiking form.
HINTS: dict[type, str] = {
    **dict.fromkeys((L.LSTM, L.GRU, L.SimpleRNN, L.Bidirectional), RECURRENT),
    **dict.fromkeys((L.Multiply, L.Dot), GATE),
    **dict.fromkeys((L.LayerNormalization, L.GroupNormalization, L.UnitNormalization), NORMALIZED),
    L.SpectralNormalization: NORMALIZED,
    **dict.fromkeys((L.Attention, L.AdditiveAttention, L.MultiHeadAttention), ATTENTION),
    **dict.fromkeys((L.Resizing, L.CenterCrop), RESIZE),
    L.Embedding: "Look the vectors up beforehand, and begin the network with them. ",
    L.ELU: "Train with ReLU or LeakyReLU instead. ",
    L.Lambda: "Its code says nothing of what it computes: use layers instead, or a plugin's rule. ",
    **dict.fromkeys((L.Maximum, L.Minimum), CHOICE),
}


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
        lines = [f"- {_layers(places)}: {what}. {todo}" for (what, todo), places in kinds.items()]
        layers = len({where for where, _, _ in unique})
        super().__init__(f"{layers} layers of model '{model}' do not convert", todo="\n".join(lines))


def _layers(places: Sequence[str]) -> str:
    if len(places) == 1:
        return places[0]
    names = ", ".join(place.split("'")[1] for place in places)
    return f"{len(places)} layers, {names}"


def require_rule(context: Context, layer: Any, signals: int, rules: Mapping[type, Rule]) -> Rule:
    """The rule of a layer that is called as rules expect.

    Args:
        context: the layer's.
        layer: the layer or operation.
        signals: how many tensors it reads.
        rules: by class.

    Raises:
        ConversionError: there is none; the layer's call says more than its inputs; it computes in whole numbers.
    """
    if isinstance(layer, L.Layer):  # the rules of operations read all that they are called with
        _require_plain_call(context, layer)
    kind = type(layer).__name__
    rule = rules.get(type(layer))
    if rule is None and isinstance(layer, keras.Model):
        raise context.refuse("it computes with a call method of its own", "Sequential and functional models convert.")
    if rule is None:
        parent = next((cls.__name__ for cls in type(layer).__mro__ if cls in rules), None)
        if parent is not None:
            raise context.refuse(
                f"{kind} is a subclass of {parent} and may compute something else",
                f"Use {parent} itself, or register a conversion rule for {kind} in a plugin.",
            )
        hint = HINTS.get(type(layer), "")
        raise context.refuse(f"{kind} has no spiking form", f"{hint}docs/convert.md lists what converts.")
    try:
        inspect.signature(rule).bind(context, layer, *[None] * signals)
    except TypeError:
        accepted = len(inspect.signature(rule).parameters) - 2
        number = "one" if accepted == 1 else accepted
        raise context.refuse(f"it reads {signals} tensors", f"Its conversion takes {number}.") from None
    return rule


def _require_plain_call(context: Context, layer: Any) -> None:
    if extra := extra_arguments(context.arguments):
        raise context.refuse(
            f"it is called with {' and '.join(dict.fromkeys(extra))} besides its inputs",
            "Call it with tensors of the network only; add constants with keras.ops.add or Rescaling.",
        )
    if opens(layer):
        raise context.refuse(
            "the nested model's inputs are not the tensors it is given: names, rank or type differ",
            "Call it with one tensor for each input, of the input's rank and of type float32.",
        )
    if "float" not in (dtype := str(layer.compute_dtype)):
        todo = "Give the layer a floating-point dtype."
        raise context.refuse(f"it computes in {dtype} and rounds what it is given", todo)


def require_supported(context: Context, layer: Any) -> None:
    """Refuses options that no layer of Keras can have: channels first, quantised weights."""
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise context.refuse(
            "the layer has its channels first",
            "Rebuild the network with data_format='channels_last'; convolution kernels stay as they are.",
        )
    if (mode := getattr(layer, "quantization_mode", None)) is not None:
        raise context.refuse(f"the layer is quantised ({mode})", "Convert the network as it was before quantisation.")
