"""Layers as files of snnctl 0.1.0 have them; opened for one more release.

Signed neurons carried a value of either sign in a window that stands for ``[low, low + width]``. Networks carry such
values by pairs of ordinary neurons now: :func:`snnctl.conversion.upgrade.upgraded` makes such a network of one with
signed ones.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from snnctl.ttfs.integration import Diagonal, IntegratingLayer


@keras.saving.register_keras_serializable("snnctl")
class SignedLayer(IntegratingLayer):
    """``min(low + width, max(low, z))``: what signed neurons of snnctl 0.1.0 carry.

    Args:
        first_width: half of the first window, in tau_c.
        windows: what the window does while the network is trained.
        gamma: head room of a growing window.

    Shapes: (batch, \\*inputs), or a list of them; out (batch, \\*neurons). Weights: D, ``width`` and ``low``.
    """

    def __init__(self, synapses: Any, first_width: float, windows: str, gamma: float, **kwargs: Any) -> None:
        super().__init__(synapses, **kwargs)
        self.first_width, self.windows, self.gamma = first_width, windows, gamma

    def build(self, input_shape) -> None:
        """Creates D and the ends of the window."""
        super().build(input_shape)
        self.width = self.add_weight(name="width", shape=(), initializer="ones", trainable=False)
        self.low = self.add_weight(name="low", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs):
        """The values that are carried."""
        z = self.integrate(inputs)
        return ops.clip(z, ops.cast(self.low, z.dtype), ops.cast(self.low, z.dtype) + ops.cast(self.width, z.dtype))

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {
            **super().get_config(),
            "first_width": self.first_width,
            "windows": self.windows,
            "gamma": self.gamma,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> IntegratingLayer:
        """The layer of a configuration of its own, or of a signed ``SpikingLayer`` of snnctl 0.1.0."""
        config = dict(config)
        if "width" in config:
            config["first_width"] = config.pop("width")
        for name in ("signed", "neuron", "max_value"):
            config.pop(name, None)
        return super().from_config(config)


SignedLayer.__name__ = "SpikingLayer"  # Keras looks for a layer's weights by the name of its class


@keras.saving.register_keras_serializable("snnctl")
class OneToOne(Diagonal):
    """A :class:`~snnctl.ttfs.integration.Diagonal` by its former name, until its weights have been read."""

    def load_own_variables(self, store: Any) -> None:
        """Reads the weights."""
        super().load_own_variables(store)
        self.__class__ = Diagonal
