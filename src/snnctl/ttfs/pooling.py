"""Pooling over spike times: the earliest spike passes (or, for marked channels, the latest)."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

import keras
from keras import ops


class EarliestSpikePooling(keras.layers.Layer):
    """Passes the earliest spike of each pool: the minimum over times is the maximum over ``x = t_max - t``.

    A batch normalisation between ReLU and pooling that turns a channel's sign makes its smallest value the
    largest; such a channel passes the *latest* event of its pool, silence being later than any spike.

    Args:
        pool_size: sides of a pool.
        strides: step between pools; None: the pool size.
        padding: "valid" or "same"; padded places never win.
        signed: whether some channels pass the latest spike; then the weight ``sign`` (channels,) holds +1
            (earliest) or -1 (latest) for each.

    Shapes: (batch, \\*positions, channels) in and out. Units: local time in tau_c.
    """

    keras_class: ClassVar[type[keras.layers.Layer]]

    def __init__(
        self,
        pool_size: int | tuple[int, ...] = 2,
        strides: int | tuple[int, ...] | None = None,
        padding: str = "valid",
        signed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool = self.keras_class(pool_size, strides, padding, data_format="channels_last", dtype=self.dtype_policy)
        self.signed = signed

    def build(self, input_shape) -> None:
        if self.signed:
            self.sign = self.add_weight(name="sign", shape=(input_shape[-1],), initializer="ones", trainable=False)

    def call(self, inputs):
        """Local times of the spikes that pass."""
        if not self.signed:
            return self.pooled(inputs)
        sign = ops.cast(self.sign, inputs.dtype)
        return sign * self.pooled(sign * inputs)

    def pooled(self, x):
        """The largest ``x`` of each pool."""
        return self.pool(x)

    def compute_output_shape(self, input_shape):
        return self.pool.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        config = {name: getattr(self.pool, name) for name in ("pool_size", "strides", "padding")}
        return {**super().get_config(), **config, "signed": self.signed}


@keras.saving.register_keras_serializable("snnctl")
class EarliestSpikePooling1D(EarliestSpikePooling):
    """Over sequences, (batch, steps, channels); see :class:`EarliestSpikePooling`."""

    keras_class = keras.layers.MaxPooling1D


@keras.saving.register_keras_serializable("snnctl")
class EarliestSpikePooling2D(EarliestSpikePooling):
    """Over images, (batch, height, width, channels); see :class:`EarliestSpikePooling`."""

    keras_class = keras.layers.MaxPooling2D


@keras.saving.register_keras_serializable("snnctl")
class EarliestSpikePooling3D(EarliestSpikePooling):
    """Over volumes, (batch, depth, height, width, channels); see :class:`EarliestSpikePooling`."""

    keras_class = keras.layers.MaxPooling3D

    def pooled(self, x):
        """The largest ``x`` of each pool; of doubles slice by slice first, as TensorFlow pools no volumes of them."""
        if self.compute_dtype != "float64":
            return self.pool(x)
        size, strides, padding = self.pool.pool_size, self.pool.strides, self.pool.padding
        depth, *slice_shape = x.shape[1:]
        slices = ops.max_pool(ops.reshape(x, (-1, *slice_shape)), size[1:], strides[1:], padding, "channels_last")
        slice_shape = slices.shape[1:]
        columns = ops.reshape(slices, (-1, depth, prod(slice_shape)))
        pooled = ops.max_pool(columns, size[:1], strides[:1], padding, "channels_last")
        return ops.reshape(pooled, (-1, pooled.shape[1], *slice_shape))
