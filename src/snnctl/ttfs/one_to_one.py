"""Synapses that connect each neuron with its own successor only."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("snnctl")
class OneToOne(keras.layers.Layer):
    """One synapse a neuron: ``J_i x_i``, with a weight per channel or per neuron.

    Args:
        per_neuron: a weight for each neuron of the tensor; otherwise one per channel (last axis).

    Shapes: any shape in, the same out. Weights: ``kernel``, (channels,) or the input's shape without batch.
    """

    def __init__(self, per_neuron: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.per_neuron = per_neuron

    def build(self, input_shape) -> None:
        """Creates the weights, 1 at first."""
        shape = tuple(input_shape[1:]) if self.per_neuron else (input_shape[-1],)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="ones")

    def call(self, inputs):
        """``J_i x_i``."""
        return inputs * ops.cast(self.kernel, inputs.dtype)

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {**super().get_config(), "per_neuron": self.per_neuron}
