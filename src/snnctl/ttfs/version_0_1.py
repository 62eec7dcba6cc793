"""Layers as files of snnctl 0.1.0 have them; opened for one more release.

Signed neurons carried a value of either sign in a window that stands for ``[low, low + width]``. Networks carry such
values by pairs of ordinary neurons now: :func:`snnctl.conversion.upgrade.upgraded` makes such a network of one with
signed ones.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from snnctl.ttfs.integration import Diagonal
from snnctl.ttfs.spiking import SpikingLayer


@keras.saving.register_keras_serializable("snnctl")
class SignedLayer(SpikingLayer):
    """``min(low + width, max(low, z))``: what signed neurons of snnctl 0.1.0 carry. Weights: ``low`` too, a scalar."""

    def build(self, input_shape) -> None:
        super().build(input_shape)
        self.low = self.add_weight(name="low", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs, training: bool | None = None):
        z = self.integrate(inputs)  # (batch, *neurons)
        low, width = ops.cast(self.low, z.dtype), ops.cast(self.width, z.dtype)
        return ops.clip(z, low, low + width)


SignedLayer.__name__ = "SpikingLayer"  # Keras looks for a layer's weights by the name of its class


@keras.saving.register_keras_serializable("snnctl")
class OneToOne(Diagonal):
    """A :class:`~snnctl.ttfs.integration.Diagonal` by its former name, until its weights have been read."""

    def load_own_variables(self, store: Any) -> None:
        super().load_own_variables(store)
        self.__class__ = Diagonal
