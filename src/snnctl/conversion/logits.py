"""The source network without a final softmax or sigmoid: what the spiking network is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from snnctl.conversion.graph import Graph, Step, graph_of, replayed
from snnctl.conversion.rules import default_rules
from snnctl.conversion.rules.activations import VANISHING_RULES, convert_probabilities, makes_probabilities


def logits_of(model: keras.Model) -> keras.Model:
    """A model that shares the layers of ``model`` and returns its logits, a list when it has several outputs.

    Only the layers that make the outputs are looked at: a softmax or sigmoid in the middle of a network stays.
    Nested models are opened.
    """
    graph = graph_of(model)
    last = {step.outputs[0]: step for step in last_steps(graph) if gives_probabilities(step.layer)}
    if not last:
        return graph.model

    def call(step: Step, values: Mapping[int, Any]) -> list[Any]:
        return [_without_probabilities(step, values)] if step.outputs[0] in last else step.call(values)

    return replayed(graph, graph.shapes[graph.input], call, f"{model.name}_logits")


def returns_logits(model: keras.Model) -> bool:
    """Whether the network's outputs are logits, not probabilities."""
    return not any(gives_probabilities(step.layer) for step in last_steps(graph_of(model)))


def last_steps(graph: Graph) -> list[Step]:
    """The step that makes each output; those that do nothing in use are passed over."""
    makers = {key: step for step in graph.steps for key in step.outputs}
    found = []
    for key in graph.outputs:
        while key in makers and type(makers[key].layer) in VANISHING_RULES:
            key = makers[key].inputs[0]
        if key in makers:
            found.append(makers[key])
    return found


def gives_probabilities(layer: Any) -> bool:
    """Whether the layer ends in a softmax or sigmoid."""
    if isinstance(layer, keras.layers.Softmax) or makes_probabilities(getattr(layer, "activation", None)):
        return True
    return default_rules().get(type(layer)) is convert_probabilities


def _without_probabilities(step: Step, values: Mapping[int, Any]) -> Any:
    layer = step.layer
    if not getattr(layer, "weights", []):
        return values[step.inputs[0]]
    linear = type(layer).from_config({**layer.get_config(), "activation": "linear"})
    outputs = linear(values[step.inputs[0]])
    linear.set_weights(layer.get_weights())
    return outputs
