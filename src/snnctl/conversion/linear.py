"""Linear layers as data, and what they make of constants, position by position; all of it in float64.

A constant is (channels,) where it is the same at every position, otherwise of the tensor's whole shape.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from snnctl.errors import ConversionError
from snnctl.ttfs.integration import Diagonal

Form = Literal["dense", "conv", "depthwise", "transposed", "diagonal", "average", "select", "pad", "rearrange"]
Shape = tuple[Any, ...]  # sides without the batch, None where the size is not fixed
ROUNDING = 1e-12  # of a channel's largest value: what float64 sums of the same taps may differ by


class SizeNotFixedError(ConversionError):
    """Something depends on the position, or on a size, that is not fixed."""

    def __init__(self) -> None:
        super().__init__("the input's size is not fixed", todo="Give the network a fixed input size.")


@dataclass(frozen=True)
class Linear:
    """A linear map of a tensor, as a Keras layer without bias.

    Args:
        cls: the layer's class.
        config: its config, without bias, activation, name and dtype.
        form: how its weights are laid out (``dense``: inputs, outputs; ``conv``: *taps, inputs / groups,
            outputs; ``depthwise``: *taps, inputs, multiplier; ``transposed``: *taps, outputs, inputs; ``diagonal``:
            channels or neurons), or what it does without weights: ``average`` within channels, ``select`` or
            ``pad`` positions of all channels alike, ``rearrange`` elements.
        name: of the source layer.
        kernel: its weights, float64; None for layers without.
    """

    cls: type[keras.layers.Layer]
    config: dict[str, Any]
    form: Form
    name: str
    kernel: Any = None

    @property
    def channelwise(self) -> bool:
        """Whether a factor per channel may be applied before or behind it alike."""
        return self.form in ("average", "select", "pad")

    @property
    def selects(self) -> bool:
        """Whether each output is one input, or 0."""
        return self.form in ("select", "pad", "rearrange")

    def outputs_scaled(self, k: np.ndarray) -> Linear:
        """The map followed by a factor ``k`` per output channel (last axis)."""
        if self.form == "depthwise":
            k = k.reshape(self.kernel.shape[-2:])
        elif self.form == "transposed":
            k = k[:, None]
        return replace(self, kernel=self.kernel * k)

    def inputs_scaled(self, k: np.ndarray) -> Linear:
        """The map after a factor ``k`` per input channel (last axis)."""
        if self.form == "conv":
            groups = self.config.get("groups", 1)
            per_group = k.reshape(groups, -1).T  # (inputs / groups, groups)
            k = np.repeat(per_group, self.kernel.shape[-1] // groups, axis=1)
        elif self.form in ("dense", "depthwise"):
            k = k[:, None]
        return replace(self, kernel=self.kernel * k)

    def layer(self, name: str, dtype: str) -> keras.layers.Layer:
        """A new Keras layer, not yet built and without its weights."""
        return self.cls.from_config({**self.config, "name": name, "dtype": dtype})

    def assign_to(self, layer: keras.layers.Layer) -> None:
        """Gives a built layer the weights."""
        if self.kernel is not None:
            layer.kernel.assign(self.kernel)

    def output_shape(self, shape: Shape) -> Shape:
        """The shape it makes of ``shape``, both without the batch."""
        return tuple(self.layer(self.name, "float32").compute_output_shape((None, *shape))[1:])

    def of_constant(self, constant: np.ndarray, shape: Shape) -> np.ndarray:
        """What the map makes of a constant tensor of a ``shape``; (output channels,) or the output's shape.

        Zero padding pads the source's tensor, where the constant is missing: near the border fewer taps contribute. So
        the layer itself is run on the image that holds the constant everywhere.

        Raises:
            SizeNotFixedError: the result depends on the position, and the tensor's size is not known.
        """
        alike = constant.ndim == 1
        if not np.any(constant):
            channels = self.output_shape(shape)[-1]
            if channels is None:
                raise SizeNotFixedError
            return np.zeros(channels)
        if alike and self.form in ("average", "select"):
            return constant
        if alike and self.form == "dense":
            return constant @ self.kernel
        if None in shape:
            raise SizeNotFixedError
        return compressed(self.run(np.broadcast_to(constant, (1, *shape)))[0])

    def run(self, image: np.ndarray) -> np.ndarray:
        """The map in float64, (batch, \\*shape) to (batch, \\*output shape).

        Raises:
            ConversionError: TensorFlow cannot compute it on this machine.
        """
        if self.cls is keras.layers.AveragePooling3D:
            return _averaged_volume(self.config, image)
        linear = _as_computed_in_double(self)
        layer = linear.layer(linear.name, "float64")
        if not layer.built:
            layer.build(image.shape)
        linear.assign_to(layer)
        try:
            return layer(tf.constant(image, "float64")).numpy()
        except tf.errors.OpError as error:
            raise ConversionError(
                f"TensorFlow does not compute it here: {error.message.splitlines()[0]}",
                todo="Try another machine or precision (--dtype), or other strides and dilations.",
            ) from error


def diagonal(k: np.ndarray, name: str, shape: Shape) -> Linear:
    """A factor per channel, (channels,), or per neuron, broadcast to the tensor's ``shape``."""
    kernel = k if k.ndim == 1 else np.broadcast_to(k, shape)
    # Not trained: in the source they are no weights of their own.
    return Linear(Diagonal, {"per_neuron": k.ndim > 1, "trainable": False}, "diagonal", name, kernel)


def _as_computed_in_double(linear: Linear) -> Linear:
    """The same map by a layer that TensorFlow computes in float64 on a CPU as well."""
    config, kernel = linear.config, linear.kernel
    if linear.cls is keras.layers.DepthwiseConv2D and len(set(config["strides"])) > 1:
        *taps, channels, multiplier = kernel.shape
        shared = {key: config[key] for key in ("kernel_size", "strides", "padding", "dilation_rate")}
        grouped = {**shared, "filters": channels * multiplier, "groups": channels, "use_bias": False}
        kernel = kernel.reshape(*taps, 1, channels * multiplier)
        return replace(linear, cls=keras.layers.Conv2D, config=grouped, form="conv", kernel=kernel)
    if linear.form == "transposed" and max(rates := config["dilation_rate"]) > 1:
        spread = [(taps - 1) * rate + 1 for taps, rate in zip(config["kernel_size"], rates, strict=True)]
        dense = np.zeros((*spread, *kernel.shape[-2:]))
        dense[tuple(slice(None, None, rate) for rate in rates)] = kernel
        return replace(linear, config={**config, "kernel_size": spread, "dilation_rate": 1}, kernel=dense)
    return linear


def _averaged_volume(config: dict[str, Any], image: np.ndarray) -> np.ndarray:
    """Average pooling of volumes in float64, which TensorFlow does not have: over slices, then over depth."""
    (depth, *size), (step, *steps) = config["pool_size"], config["strides"]
    slices = keras.layers.AveragePooling2D(tuple(size), tuple(steps), config["padding"], dtype="float64")
    depths = keras.layers.AveragePooling1D(depth, step, config["padding"], dtype="float64")
    planes = keras.ops.convert_to_numpy(slices(image.reshape(-1, *image.shape[2:])))
    pooled = keras.ops.convert_to_numpy(depths(planes.reshape(*image.shape[:2], -1)))
    return pooled.reshape(*pooled.shape[:2], *planes.shape[1:])


def compressed(constant: np.ndarray) -> np.ndarray:
    """(channels,) when a constant is the same at every position; else as it is."""
    rows = constant.reshape(-1, constant.shape[-1])
    if np.all(np.abs(rows - rows[0]).max(axis=0) <= ROUNDING * np.abs(rows).max(axis=0)):
        return rows[0]
    return constant


def distinct(constant: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The distinct rows of a constant, and which of them holds at each position.

    Returns:
        (channels,) and None, or (rows, channels) and whole numbers of the positions' shape
        (3 x 3, stride 1, "same": 9 rows).
    """
    constant = compressed(constant)
    if constant.ndim == 1:
        return constant, None
    rows = constant.reshape(-1, constant.shape[-1])
    # Rows are told apart by one random combination of their values: sorting numbers is faster than sorting rows.
    largest = np.abs(rows).max(axis=0)
    mixed = (rows / np.where(largest > 0, largest, 1.0)) @ np.random.default_rng(0).normal(size=rows.shape[-1])
    steps = np.round(mixed / (ROUNDING * 100 * max(np.abs(mixed).max(), np.finfo(float).tiny)))
    _, first, index = np.unique(steps, return_index=True, return_inverse=True)
    index = index.reshape(-1)
    if np.any(np.abs(rows - rows[first][index]).max(axis=0) > ROUNDING * largest):
        first, index = np.arange(len(rows)), np.arange(len(rows))
    return rows[first], index.reshape(constant.shape[:-1])
