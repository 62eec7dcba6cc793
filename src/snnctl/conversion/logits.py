"""The source network without its final softmax or sigmoid: what the spiking network is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from snnctl.conversion.graph import Graph, Step, graph_of, replayed
from snnctl.conversion.rules import VANISHING_RULES, convert_softmax, default_rules, makes_probabilities


def logits_of(model: keras.Model) -> keras.Model:
    """A model that shares the layers of ``model`` and returns its logits, a list when it has several outputs.

    Only the layers that make the outputs are looked at: a softmax or sigmoid in the middle of a network stays.
    Nested models are opened.
    """
    graph = graph_of(model)
    last = ending_in_probabilities(graph)
    if not last:
        return graph.model

    def call(step: Step, values: Mapping[int, Any]) -> list[Any]:
        if step.outputs[0] not in last:
            return step.call(values)
        layer, inputs = step.layer, values[step.inputs[0]]
        if not getattr(layer, "weights", []):
            return [inputs]
        linear = type(layer).from_config({**layer.get_config(), "activation": "linear"})
        outputs = linear(inputs)
        linear.set_weights(layer.get_weights())
        return [outputs]

    return replayed(graph, graph.shapes[graph.input], call, f"{model.name}_logits")


def returns_logits(model: keras.Model) -> bool:
    """Whether the network's outputs are logits, not probabilities."""
    return not ending_in_probabilities(graph_of(model))


def ending_in_probabilities(graph: Graph) -> set[int]:
    """The outputs, before what does nothing in use, that layers with a softmax or sigmoid make."""
    makers = {key: step for step in graph.steps for key in step.outputs}
    last = set()
    for key in graph.outputs:
        while key in makers and type(makers[key].layer) in VANISHING_RULES:
            key = makers[key].inputs[0]
        layer = makers[key].layer if key in makers else None
        softmax = isinstance(layer, keras.layers.Softmax) or default_rules().get(type(layer)) is convert_softmax
        if softmax or makes_probabilities(getattr(layer, "activation", None)):
            last.add(key)
    return last
