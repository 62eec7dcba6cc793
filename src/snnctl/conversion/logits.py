"""The source network without a final softmax or sigmoid: what the spiking network is compared with."""

from __future__ import annotations

from typing import Any

import keras

from snnctl.conversion.graph import functional_form
from snnctl.conversion.rules.activations import PROBABILITIES


def logits_of(model: keras.Model) -> keras.Model:
    """A model that shares the layers of ``model`` and returns its logits.

    A network that converts has softmax or sigmoid at its end only, so leaving out every one of them is right.
    """
    source = functional_form(model)
    linear: dict[str, keras.layers.Layer] = {}

    def without_probabilities(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.Softmax):
            return keras.layers.Identity(name=layer.name, dtype=layer.dtype_policy)
        if getattr(layer, "activation", None) not in PROBABILITIES:
            return layer
        linear[layer.name] = layer
        return type(layer).from_config({**layer.get_config(), "activation": "linear"})

    view = keras.models.clone_model(source, clone_function=without_probabilities, call_function=_call)
    for name, layer in linear.items():
        view.get_layer(name).set_weights(layer.get_weights())
    return keras.Model(view.inputs[0], view.outputs[0], name=f"{model.name}_logits")


def _call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
    # A softmax layer is called with a mask, which its stand-in does not take.
    return args[0] if isinstance(layer, keras.layers.Identity) else layer(*args, **kwargs)
