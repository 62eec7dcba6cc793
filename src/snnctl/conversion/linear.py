"""Linear layers as data: Keras's own layer without bias, and its weights in float64."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
import numpy as np

from snnctl.ttfs.integration import Diagonal

Form = Literal["dense", "conv", "depthwise", "transposed", "diagonal", "average", "select", "pad", "rearrange"]
Shape = tuple[Any, ...]  # sides without the batch, None where the size is not fixed
CHANNELWISE = ("average", "select", "pad")
SELECTING = ("select", "pad", "rearrange")


@dataclass(frozen=True)
class Linear:
    """A linear map of a tensor, as a Keras layer.

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
    kernel: np.ndarray | None = None

    @property
    def channelwise(self) -> bool:
        """Whether a factor per channel may be applied before or behind it alike."""
        return self.form in CHANNELWISE

    @property
    def selects(self) -> bool:
        """Whether each output is one input, or 0."""
        return self.form in SELECTING

    def outputs_scaled(self, k: np.ndarray) -> Linear:
        """The map followed by a factor ``k`` per output channel (last axis)."""
        assert self.kernel is not None
        if self.form == "depthwise":
            return replace(self, kernel=self.kernel * k.reshape(self.kernel.shape[-2:]))
        if self.form == "transposed":
            return replace(self, kernel=self.kernel * k[:, None])
        return replace(self, kernel=self.kernel * k)

    def inputs_scaled(self, k: np.ndarray) -> Linear:
        """The map after a factor ``k`` per input channel (last axis)."""
        assert self.kernel is not None
        if self.form == "conv" and self.config.get("groups", 1) != 1:
            groups = self.config["groups"]
            per_group = k.reshape(groups, -1).T  # (inputs / groups, groups)
            return replace(self, kernel=self.kernel * np.repeat(per_group, self.kernel.shape[-1] // groups, axis=1))
        if self.form in ("dense", "conv", "depthwise"):
            return replace(self, kernel=self.kernel * k[:, None])
        return replace(self, kernel=self.kernel * k)

    def layer(self, name: str, dtype: str) -> keras.layers.Layer:
        """A new Keras layer, not yet built and without its weights."""
        return self.cls.from_config({**self.config, "name": name, "dtype": dtype})

    def output_shape(self, shape: Shape) -> Shape:
        """The shape it makes of ``shape``, both without the batch."""
        return tuple(self.layer(self.name, "float32").compute_output_shape((None, *shape))[1:])

    def run(self, image: np.ndarray) -> np.ndarray:
        """The map in float64, (batch, \\*shape) to (batch, \\*output shape)."""
        if self.cls is keras.layers.AveragePooling3D:
            return _averaged_volume(self.config, image)
        linear = _as_computed_in_double(self)
        layer = linear.layer(linear.name, "float64")
        if not layer.built:
            layer.build(image.shape)
        linear.assign_to(layer)
        return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(image, dtype="float64")))

    def assign_to(self, layer: keras.layers.Layer) -> None:
        """Gives a built layer the weights."""
        if self.kernel is not None:
            layer.kernel.assign(self.kernel)


def diagonal(k: np.ndarray, name: str, shape: Shape) -> Linear:
    """A factor per channel, (channels,), or per neuron, broadcast to the tensor's ``shape``."""
    kernel = k if k.ndim == 1 else np.broadcast_to(k, shape)
    # Not trained: in the source they are no weights of their own.
    return Linear(Diagonal, {"per_neuron": k.ndim > 1, "trainable": False}, "diagonal", name, kernel)


def _as_computed_in_double(linear: Linear) -> Linear:
    """The same map by a layer that TensorFlow computes in float64 on a CPU as well."""
    config, kernel = linear.config, linear.kernel
    if linear.cls is keras.layers.DepthwiseConv2D and len(set(config["strides"])) > 1:
        assert kernel is not None
        *taps, channels, multiplier = kernel.shape
        shared = {key: config[key] for key in ("kernel_size", "strides", "padding", "dilation_rate")}
        grouped = {**shared, "filters": channels * multiplier, "groups": channels, "use_bias": False}
        grouped_kernel = kernel.reshape(*taps, 1, channels * multiplier)
        return replace(linear, cls=keras.layers.Conv2D, config=grouped, form="conv", kernel=grouped_kernel)
    if linear.form == "transposed" and max(config["dilation_rate"]) > 1:
        assert kernel is not None
        spread = [
            (taps - 1) * rate + 1 for taps, rate in zip(config["kernel_size"], config["dilation_rate"], strict=True)
        ]
        dense = np.zeros((*spread, *kernel.shape[-2:]))
        dense[tuple(slice(None, None, rate) for rate in config["dilation_rate"])] = kernel
        return replace(linear, config={**config, "kernel_size": spread, "dilation_rate": 1}, kernel=dense)
    return linear


def _averaged_volume(config: dict[str, Any], image: np.ndarray) -> np.ndarray:
    """Average pooling of volumes in float64, which TensorFlow does not have: over slices, then over depth."""
    (depth, *size), (step, *steps) = config["pool_size"], config["strides"]
    slices = keras.layers.AveragePooling2D(tuple(size), tuple(steps), config["padding"], dtype="float64")
    depths = keras.layers.AveragePooling1D(depth, step, config["padding"], dtype="float64")
    planes = keras.ops.convert_to_numpy(slices(image.reshape(-1, *image.shape[2:])))
    rows = planes.reshape(*image.shape[:2], -1)
    pooled = keras.ops.convert_to_numpy(depths(rows))
    return pooled.reshape(*pooled.shape[:2], *planes.shape[1:])
