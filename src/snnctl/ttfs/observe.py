"""A second view of a spiking network: the same layers, with what happens inside as outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import spiking_layers


class Ideal(keras.layers.Layer):
    """The first half of a spiking layer: inputs to ideal local spike times."""

    def __init__(self, layer: SpikingLayer) -> None:
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer

    def call(self, inputs):
        """Ideal local spike times, (batch, \\*neurons)."""
        return self.layer.unclipped(inputs)


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

    The layers come in the order of :func:`snnctl.ttfs.timeline.spiking_layers`; the logits are a list when
    the network has several outputs.
    """
    inputs, logits, seen = _viewed(model, _split)
    return keras.Model(inputs, [logits, [seen[layer.name] for layer in spiking_layers(model)]])


def observed_firing(model: keras.Model) -> tuple[keras.Model, list[str]]:
    """As :func:`observed`, with a third output: the local spike times that layers carry; and these layers' names.

    They are those of the input, of spiking and relay layers and of poolings; the input is called "input" in a network
    without input coding.
    """
    carried: dict[str, Any] = {}

    def split(layer: keras.layers.Layer, *args: Any) -> tuple[Any, Any]:
        outputs, of_interest = _split(layer, *args)
        if isinstance(layer, (InputCoding, SpikingLayer, Relay, EarliestSpikePooling)):
            carried[layer.name] = outputs
        return outputs, of_interest

    inputs, logits, seen = _viewed(model, split)
    if not any(isinstance(layer, InputCoding) for layer in model.layers):
        carried["input"] = inputs
    ideals = [seen[layer.name] for layer in spiking_layers(model)]
    return keras.Model(inputs, [logits, ideals, list(carried.values())]), list(carried)


def pools(model: keras.Model) -> list[EarliestSpikePooling]:
    """The poolings of a network, in the order of computation."""
    return [layer for layer in model.layers if isinstance(layer, EarliestSpikePooling)]


def _split(layer: keras.layers.Layer, *args: Any) -> tuple[Any, Any]:
    """The layer's output, and what is to be seen of it."""
    if isinstance(layer, SpikingLayer):
        ideal = Ideal(layer)(*args)
        return Fire(layer)(ideal), ideal
    outputs = layer(*args)
    return outputs, outputs


def _viewed(model: keras.Model, call: Callable[..., tuple[Any, Any]]) -> tuple[Any, Any, dict[str, Any]]:
    """Input and logits of a network called layer by layer, and what was seen of each spiking and relay layer."""
    seen: dict[str, Any] = {}

    def observe(layer: keras.layers.Layer, *args: Any, **_: Any) -> Any:
        outputs, of_interest = call(layer, *args)
        if isinstance(layer, (SpikingLayer, Relay)):
            seen[layer.name] = of_interest
        return outputs

    if isinstance(model, keras.Sequential):
        model = keras.Model(model.inputs[0], model.outputs[0])  # clone_model observes functional models only
    view = keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=observe)
    return view.inputs[0], view.outputs if len(view.outputs) > 1 else view.outputs[0], seen
