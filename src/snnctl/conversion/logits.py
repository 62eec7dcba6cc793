"""The source network without a final softmax or sigmoid: what the spiking network is compared with."""

from __future__ import annotations

from typing import Any

import keras

from snnctl.conversion.graph import functional_form
from snnctl.conversion.rules.activations import PROBABILITIES
from snnctl.conversion.rules.vanishing import VANISHING_RULES


def logits_of(model: keras.Model) -> keras.Model:
    """A model that shares the layers of ``model`` and returns its logits.

    Only the layer that makes the output is looked at: a softmax or sigmoid in the middle of a network stays.
    """
    source = functional_form(model)
    last = last_layer(source)
    if not gives_probabilities(last):
        return source

    def without_probabilities(layer: keras.layers.Layer) -> keras.layers.Layer:
        if layer is not last:
            return layer
        if isinstance(layer, (keras.layers.Softmax, keras.layers.Activation)):
            return keras.layers.Identity(name=layer.name, dtype=layer.dtype_policy)
        return type(layer).from_config({**layer.get_config(), "activation": "linear"})

    view = keras.models.clone_model(source, clone_function=without_probabilities, call_function=_call)
    if last.weights:
        view.get_layer(last.name).set_weights(last.get_weights())
    return keras.Model(view.inputs[0], view.outputs[0], name=f"{model.name}_logits")


def returns_logits(model: keras.Model) -> bool:
    """Whether the network's outputs are logits, not probabilities."""
    return not gives_probabilities(last_layer(functional_form(model)))


def last_layer(model: keras.Model) -> keras.layers.Layer:
    """The layer that makes the output of a functional model; those that do nothing in use are passed over."""
    makers = {id(tensor): node for nodes in model._nodes_by_depth.values() for node in nodes for tensor in node.outputs}
    node = makers[id(model.outputs[0])]
    while type(node.operation) in VANISHING_RULES:
        node = makers[id(node.arguments.keras_tensors[0])]
    return node.operation


def gives_probabilities(layer: keras.layers.Layer) -> bool:
    """Whether the layer ends in a softmax or sigmoid."""
    return isinstance(layer, keras.layers.Softmax) or getattr(layer, "activation", None) in PROBABILITIES


def _call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
    # A softmax layer is called with a mask, which its stand-in does not take.
    return args[0] if isinstance(layer, keras.layers.Identity) else layer(*args, **kwargs)
