"""Decoding and resizing image files, as ``keras.utils.image_dataset_from_directory`` does by default."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from snnctl.errors import DataError

CHANNELS = (1, 3, 4)
Shape = tuple[int | None, ...]


def image_shape(taken: Shape, folder: Path) -> tuple[int, int, int]:
    """The size images are brought to: what the network takes.

    Raises:
        DataError: the network does not take images of one size.
    """
    if len(taken) != 3 or None in taken or taken[-1] not in CHANNELS:
        raise DataError(
            f"The network takes samples of shape {taken}, which images cannot be brought to.",
            where=str(folder),
            todo="Images are for networks that take (height, width, channels) with 1, 3 or 4 channels; "
            "give other data as .npy or .npz.",
        )
    height, width, channels = (size or 0 for size in taken)
    return height, width, channels


def decoder(shape: tuple[int, int, int]) -> Callable[[Path], np.ndarray]:
    """A function that gives an image file as float32 of ``shape``, 0 to 255; of an animation, its first image.

    Resizing is bilinear, without antialiasing and without keeping the proportions.
    """
    height, width, channels = shape

    def decode(path: Path) -> np.ndarray:
        import tensorflow as tf

        try:
            with tf.device("CPU"):
                image = _decoded(tf, path.read_bytes(), channels)
                return tf.image.resize(image, (height, width), method="bilinear").numpy()
        except OSError as error:
            raise DataError(f"The image cannot be read: {error.strerror}.", where=str(path)) from error
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            raise DataError(
                f"The image is damaged or of another format than its name says: {_reason(error)}.",
                where=str(path),
                todo="Remove it, or save it again as PNG.",
            ) from error

    return decode


def _decoded(tf: Any, content: bytes, channels: int) -> Any:
    """The pixels, uint8 (height, width, channels)."""
    if channels != 1:
        return tf.io.decode_image(content, channels=channels, expand_animations=False)
    try:
        return tf.io.decode_image(content, channels=1, expand_animations=False)
    except tf.errors.InvalidArgumentError:  # BMP and GIF have no grey of their own
        return tf.image.rgb_to_grayscale(tf.io.decode_image(content, channels=3, expand_animations=False))


def _reason(error: Exception) -> str:
    """TensorFlow's reason without its own bookkeeping."""
    text = str(getattr(error, "message", error))
    return " ".join(text.partition("}}")[2].partition("[Op:")[0].split()).strip(" .") or " ".join(text.split())[:120]
