"""The bias of a linear layer that reads a shifted signal, position by position.

``W (scale x + shift) + b`` has the bias ``b + W shift``. Zero padding pads the *source's* tensor, where the
shift is missing: near the border fewer taps contribute, and the bias depends on the position.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from snnctl.conversion.rule import Context
from snnctl.conversion.signals import Spikes


def shifted_bias(
    synapses: dict[str, Any], kernel: np.ndarray, bias: np.ndarray, spikes: Spikes, context: Context
) -> tuple[np.ndarray, np.ndarray | None]:
    """The offsets D of a linear layer, and which of them holds where.

    The layer itself, without its bias, is run on the image that holds the shift everywhere; the result is the
    bias map, whatever the kernel, stride, dilation and padding. Its distinct rows are kept.

    Args:
        synapses: class and config of the layer.
        kernel: its weights in the source network.
        bias: (channels,).
        spikes: the signal it reads.

    Returns:
        (channels,) and None, or (positions, channels) and an index of the output's positions.

    Raises:
        ConversionError: the bias depends on the position, and the input's size is not fixed.
    """
    if not np.any(spikes.shift):
        return bias, None
    size = spikes.tensor.shape[1:-1]
    if any(side is None for side in size):
        raise context.refuse("the input's size is not fixed", "Give the network a fixed input size.")
    image = np.broadcast_to(spikes.shift, (1, *size, spikes.shift.shape[0]))
    biases = bias + run_linear(synapses, kernel, image)[0]
    rows, index = border_patterns(synapses, kernel.shape, image.shape)
    if len(rows) == 1:
        return biases.reshape(-1, biases.shape[-1])[rows[0]], None
    return biases.reshape(-1, biases.shape[-1])[rows], index.reshape(biases.shape[:-1])


def border_patterns(
    synapses: dict[str, Any], kernel_shape: tuple[int, ...], image_shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Which output positions see the same set of taps.

    Every tap gets a random whole number, so the output on an image of ones is the exact sum of the taps that
    lie inside: equal sums, equal sets (3 x 3, stride 1, "same": 9 of them).

    Returns:
        The first position of each pattern, and the pattern of each position (both of flattened positions).
    """
    taps = np.random.default_rng(0).integers(1, 2**40, size=(*kernel_shape[:-2], 1, 1)).astype(np.float64)
    probe = np.zeros(kernel_shape)
    probe[..., :1, :1] = taps
    sums = run_linear(synapses, probe, np.ones(image_shape))[0][..., 0].reshape(-1)
    _, rows, index = np.unique(sums, return_index=True, return_inverse=True)
    return rows, index.reshape(-1)


def run_linear(synapses: dict[str, Any], kernel: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The linear layer in float64 on a batch of images."""
    layer = synapses["class"].from_config({**synapses["config"], "dtype": "float64"})
    layer.build(image.shape)
    layer.kernel.assign(kernel)
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(image, dtype="float64")))
