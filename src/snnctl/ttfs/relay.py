"""Relay neurons, which carry spikes from one window to the next, unchanged; and places without any."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from snnctl.ttfs.coding import INPUT_WIDTH, InputCoding
from snnctl.ttfs.constraints import ConstrainedLayer
from snnctl.ttfs.keras_graph import producer
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.version_0_1 import SignedLayer


def firing_layers(tensor: keras.KerasTensor) -> list[Any]:
    """The layers whose spikes a tensor of a network holds, by way of poolings and wiring; none: those of the input."""
    layers: dict[int, Any] = {}
    waiting, seen = [tensor], set()
    while waiting:
        tensor = waiting.pop()
        if id(tensor) not in seen:
            seen.add(id(tensor))
            layer, read = producer(tensor)
            if isinstance(layer, (InputCoding, SpikingLayer, Relay)):
                layers[id(layer)] = layer
            else:
                waiting += read
    return list(layers.values())


@keras.saving.register_keras_serializable("snnctl")
class Relay(ConstrainedLayer):
    """One neuron for each spike train: J = 1, D = 0, the identity, since x >= 0.

    A branch of the network whose spikes come from an earlier window waits in relay neurons, so that all
    branches arrive in the same integration window. Their window is as wide as that of the spikes they carry,
    so nothing saturates and in layer-local time nothing changes: the layer computes the identity.

    On hardware that jitters or rounds times, relay neurons do so too, in that window. Which it is, a relay layer learns
    when it is called in the making of a functional model.

    Args:
        source: names of the layers of the ReLU network whose spikes wait here, for the reader.
        constraints: see :class:`~snnctl.ttfs.constraints.ConstrainedLayer`.

    Shapes: any in, the same out. Units: local time in tau_c.
    """

    jitters = True

    def __init__(self, source: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = tuple(source)

    def call(self, inputs):
        """The same local spike times, one window later, as far as the hardware keeps them."""
        if not self.constraints.on_times:
            return inputs
        if any(isinstance(layer, SignedLayer) for layer in firing_layers(self.input)):
            return inputs  # signed neurons of snnctl 0.1.0 know no constraints on times any more
        return self.constrained_times(inputs, self.width)

    @property
    def width(self) -> Any:
        """Width of the window, in tau_c: the widest of those whose spikes are carried, which training widens.

        Raises:
            AttributeError: the layer is not part of a functional model.
        """
        widths = [layer.width for layer in firing_layers(self.input)] or [INPUT_WIDTH]
        return functools.reduce(ops.maximum, map(ops.convert_to_tensor, widths))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "source": list(self.source)}


@keras.saving.register_keras_serializable("snnctl")
class Silence(keras.layers.Layer):
    """Places at which nothing fires: beside a pair of neurons, what stands for the second one of a single spike.

    Shapes: any in, the same out.
    """

    def call(self, inputs):
        return ops.zeros_like(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape
