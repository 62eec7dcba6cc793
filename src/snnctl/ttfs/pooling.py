"""Pooling over spike times: the earliest spike passes (or, for marked channels, the latest)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("snnctl")
class EarliestSpikePooling2D(keras.layers.Layer):
    """Passes the earliest spike of each pool: the minimum over times is the maximum over ``x = t_max - t``.

    A batch normalisation between ReLU and pooling that turns a channel's sign makes its smallest value the
    largest; such a channel passes the *latest* event of its pool, silence being later than any spike.

    Args:
        pool_size: height and width of a pool.
        strides: step between pools; None: the pool size.
        padding: "valid" or "same"; padded places never win.
        signed: whether some channels pass the latest spike; then the weight ``sign`` (channels,) holds +1
            (earliest) or -1 (latest) for each.

    Shapes: (batch, height, width, channels) in and out. Units: local time in tau_c.
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int] = 2,
        strides: int | tuple[int, int] | None = None,
        padding: str = "valid",
        signed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool = keras.layers.MaxPooling2D(
            pool_size, strides, padding, data_format="channels_last", dtype=self.dtype_policy
        )
        self.signed = signed

    def build(self, input_shape) -> None:
        """Creates the signs, when there are any."""
        if self.signed:
            self.sign = self.add_weight(name="sign", shape=(input_shape[-1],), initializer="ones", trainable=False)

    def call(self, inputs):
        """Local times of the spikes that pass."""
        if not self.signed:
            return self.pool(inputs)
        sign = ops.cast(self.sign, inputs.dtype)
        return sign * self.pool(sign * inputs)

    def compute_output_shape(self, input_shape):
        """(batch, pooled height, pooled width, channels)."""
        return self.pool.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {
            **super().get_config(),
            "pool_size": self.pool.pool_size,
            "strides": self.pool.strides,
            "padding": self.pool.padding,
            "signed": self.signed,
        }
