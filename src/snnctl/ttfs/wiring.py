"""Wiring with weights on hardware: Keras's own linear layer, its weights rounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from snnctl.ttfs.constraints import from_config, to_config
from snnctl.ttfs.quantize import linear_call


@keras.saving.register_keras_serializable("snnctl")
class ConstrainedWiring(keras.layers.Wrapper):
    """A linear layer of Keras that computes with rounded weights; those that it holds, and trains, are not rounded.

    Args:
        layer: the linear layer.
        constraints: of the hardware, by name (:class:`snnctl.ttfs.constraints.Constraints`).

    Shapes and weights: the layer's.
    """

    def __init__(self, layer: keras.layers.Layer, constraints: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.constraints = from_config(constraints)

    @property
    def kernel(self) -> keras.Variable:
        """The layer's."""
        return self.layer.kernel

    def call(self, inputs):
        """What the layer makes of them."""
        return linear_call(self.layer, inputs, self.constraints)

    def compute_output_shape(self, input_shape):
        """The layer's."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {**super().get_config(), **to_config(self.constraints)}
