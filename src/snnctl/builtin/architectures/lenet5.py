"""LeNet-5 with ReLU and max pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnctl.builtin.architectures.checks import require_image
from snnctl.plugins.architecture import Architecture

if TYPE_CHECKING:
    import keras

# Halved, shrunk by 4 (5x5, valid), halved again: 12 pixels leave 1.
SMALLEST = 12


class LeNet5(Architecture):
    """Two convolutions with pooling and three fully connected layers.

    Source: LeCun et al., Proc. IEEE 86, 2278 (1998), with ReLU for tanh and max pooling for subsampling.
    """

    name = "lenet5"
    summary = "LeNet-5 with ReLU and max pooling; images of at least 12x12 pixels."

    def build(self, input_shape: tuple[int, ...], classes: int) -> keras.Model:
        """See :meth:`snnctl.plugins.Architecture.build`.

        Args:
            input_shape: shape of one image, (height, width, channels).
            classes: number of outputs.

        Raises:
            UsageError: not an image, or smaller than 12x12 pixels.
        """
        import keras

        require_image(self.name, input_shape, SMALLEST)
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input(input_shape),
                layers.Conv2D(6, 5, padding="same", activation="relu", name="conv2d_1"),
                layers.MaxPooling2D(name="max_pooling2d_1"),
                layers.Conv2D(16, 5, padding="valid", activation="relu", name="conv2d_2"),
                layers.MaxPooling2D(name="max_pooling2d_2"),
                layers.Flatten(name="flatten_1"),
                layers.Dense(120, activation="relu", name="dense_1"),
                layers.Dense(84, activation="relu", name="dense_2"),
                layers.Dense(classes, name="dense_3"),
            ],
            name=self.name,
        )
