"""Relay neurons, which carry spikes from one window to the next, unchanged; and places without any."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from snnctl.ttfs.coding import INPUT_WIDTH, InputCoding
from snnctl.ttfs.constraints import apply_time_constraints, from_config, jitter_seed, to_config
from snnctl.ttfs.keras_graph import producer
from snnctl.ttfs.spiking import SpikingLayer
from snnctl.ttfs.version_0_1 import SignedLayer


@dataclass(frozen=True)
class Carried:
    """The spikes that a tensor holds, which may come from several layers by way of poolings and wiring.

    Args:
        layers: those that fire them; none for spikes that the network is given as its input.
    """

    layers: tuple[Any, ...]

    @property
    def signed(self) -> bool:
        """Whether signed neurons of snnctl 0.1.0 are among them, which know no constraints on times any more."""
        return any(isinstance(layer, SignedLayer) for layer in self.layers)

    @property
    def width(self) -> Any:
        """The widest of their windows, as in the timeline, read when it is asked for: training widens them."""
        widths = [layer.width for layer in self.layers] or [INPUT_WIDTH]
        return functools.reduce(ops.maximum, [ops.convert_to_tensor(width) for width in widths])


def carried_by(tensor: keras.KerasTensor) -> Carried:
    """The spikes of a tensor of a network under construction."""
    layers: dict[int, Any] = {}
    waiting, seen = [tensor], set()
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen:
            continue
        seen.add(id(tensor))
        layer, read = producer(tensor)
        if isinstance(layer, (InputCoding, SpikingLayer, SignedLayer, Relay)):
            layers[id(layer)] = layer
        waiting += [] if id(layer) in layers else read
    return Carried(tuple(layers.values()))


@keras.saving.register_keras_serializable("snnctl")
class Relay(keras.layers.Layer):
    """One neuron for each spike train: J = 1, D = 0, the identity, since x >= 0.

    A branch of the network whose spikes come from an earlier window waits in relay neurons, so that all
    branches arrive in the same integration window. Their window is as wide as that of the spikes they carry,
    so nothing saturates and in layer-local time nothing changes: the layer computes the identity.

    On hardware that jitters or rounds times, relay neurons do so too, in that window. Which it is, a relay layer learns
    when it is called in the making of a functional model.

    Args:
        source: names of the layers of the ReLU network whose spikes wait here, for the reader.
        constraints: of the hardware, by name (:class:`snnctl.ttfs.constraints.Constraints`); None for none.

    Shapes: any in, the same out. Units: local time in tau_c.
    """

    def __init__(self, source: Sequence[str] = (), constraints: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = tuple(source)
        self.constraints = from_config(constraints)
        self.jitter_seed = jitter_seed(self.constraints, self.name)
        self.carried: Carried | None = None

    def __call__(self, inputs, *args, **kwargs):
        """See :meth:`call`; in the making of a model, finds out whose spikes these are."""
        if self.constraints.on_times and self.carried is None and isinstance(inputs, keras.KerasTensor):
            self.carried = carried_by(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs):
        """The same local spike times, one window later, as far as the hardware keeps them."""
        if not self.constraints.on_times or (self.carried is not None and self.carried.signed):
            return inputs
        return apply_time_constraints(inputs, self.width, self.constraints, self.jitter_seed)

    @property
    def width(self) -> Any:
        """Width of the window, as in the timeline: the widest of the layers whose spikes are carried.

        Raises:
            ValueError: the layer is not part of a functional model, or its hardware does not change times.
        """
        if self.carried is None:
            raise ValueError(f"relay layer {self.name} knows its window in a functional model only")
        return self.carried.width

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {**super().get_config(), "source": list(self.source), **to_config(self.constraints)}


@keras.saving.register_keras_serializable("snnctl")
class Silence(keras.layers.Layer):
    """Places at which nothing fires: beside a pair of neurons, what stands for the second one of a single spike.

    Shapes: any in, the same out.
    """

    def call(self, inputs):
        """0, which is silence."""
        return ops.zeros_like(inputs)

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape
