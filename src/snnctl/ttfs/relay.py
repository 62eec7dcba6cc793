"""Relay neurons: they carry spikes from one window to the next, unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable("snnctl")
class Relay(keras.layers.Layer):
    """One neuron for each spike train: J = 1, D = 0, the identity, since x >= 0.

    A branch of the network whose spikes come from an earlier window waits in relay neurons, so that all
    branches arrive in the same integration window. Their window is as wide as that of the spikes they carry,
    so nothing saturates and in layer-local time nothing changes: the layer computes the identity.

    Args:
        source: names of the layers of the ReLU network whose spikes wait here, for the reader.

    Shapes: any in, the same out. Units: local time in tau_c.
    """

    def __init__(self, source: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = tuple(source)

    def call(self, inputs):
        """The same local spike times, one window later."""
        return inputs

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {**super().get_config(), "source": list(self.source)}
