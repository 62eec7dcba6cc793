"""A second view of a spiking network: the same layers, with every layer's ideal spike times as outputs."""

from __future__ import annotations

from typing import Any

import keras

from snnctl.ttfs.spiking import SpikingLayer


class Ideal(keras.layers.Layer):
    """The first half of a spiking layer: inputs to ideal local spike times."""

    def __init__(self, layer: SpikingLayer) -> None:
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer

    def call(self, inputs):
        """Ideal local spike times, (batch, \\*neurons)."""
        return self.layer.ideal(inputs)


class Fire(keras.layers.Layer):
    """The second half of a spiking layer: ideal to real local spike times."""

    def __init__(self, layer: SpikingLayer) -> None:
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer

    def call(self, inputs):
        """Local spike times, (batch, \\*neurons)."""
        return self.layer.fire(inputs)


def observed(model: keras.Model) -> keras.Model:
    """A model that shares all weights with ``model`` and returns (logits, [ideal times of each spiking layer]).

    The layers come in the order of :func:`snnctl.ttfs.timeline.spiking_layers`.
    """
    ideals: dict[str, Any] = {}

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(layer, SpikingLayer):
            return layer(*args, **kwargs)
        ideals[layer.name] = Ideal(layer)(*args)
        return Fire(layer)(ideals[layer.name])

    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs[0])  # clone_model observes functional models only
    view = keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)
    order = [layer.name for layer in model.layers if isinstance(layer, SpikingLayer)]
    return keras.Model(view.inputs[0], [view.outputs[0], [ideals[name] for name in order]])
