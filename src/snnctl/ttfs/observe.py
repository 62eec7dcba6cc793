"""A second view of a spiking network: the same layers, with what happens inside as outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.pooling import EarliestSpikePooling
from snnctl.ttfs.relay import Relay
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.timeline import relays, spiking_layers


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


class Silence(keras.layers.Layer):
    """A spiking layer none of whose neurons fires."""

    def __init__(self, layer: SpikingLayer) -> None:
        super().__init__(dtype=layer.dtype_policy)
        self.layer = layer

    def call(self, inputs):
        """0 for every neuron; ``low`` for signed ones."""
        z = self.layer.ideal(inputs)
        return ops.zeros_like(z) + ops.cast(self.layer.range[0], z.dtype)


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


def silence(model: keras.Model) -> list[np.ndarray]:
    """What each relay layer carries while no neuron fires, shape (1, \\*neurons): 0, or ``low`` of signed neurons."""
    return _while_silent(model, relays(model))


def silent_times(model: keras.Model) -> dict[str, np.ndarray]:
    """What relay and pooling layers carry while no neuron fires, by name; those that are not named here carry 0."""
    if not any(layer.signed for layer in spiking_layers(model)):
        return {}
    layers: list[keras.layers.Layer] = [*relays(model), *pools(model)]
    return {layer.name: none for layer, none in zip(layers, _while_silent(model, layers), strict=True)}


def _while_silent(model: keras.Model, layers: Sequence[keras.layers.Layer]) -> list[np.ndarray]:
    """What each of ``layers`` returns while no neuron fires, shape (1, \\*neurons)."""
    if not layers:
        return []
    found: dict[str, Any] = {}

    def silent(layer: keras.layers.Layer, *args: Any) -> tuple[Any, Any]:
        if isinstance(layer, SpikingLayer):
            x = Silence(layer)(*args)
            return x, x
        outputs, of_interest = _split(layer, *args)
        found[layer.name] = outputs
        return outputs, of_interest

    inputs, _, _ = _viewed(model, silent)
    view = keras.Model(inputs, [found[layer.name] for layer in layers])
    low = next((layer.low for layer in model.layers if isinstance(layer, InputCoding)), 0.0)
    nothing = np.full((1, *(side or 1 for side in model.inputs[0].shape[1:])), low)
    carried = view(ops.convert_to_tensor(nothing, dtype=model.inputs[0].dtype))
    return [ops.convert_to_numpy(x) for x in keras.tree.flatten(carried)]


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
