"""The residual networks for CIFAR: ResNet-20, and its deeper and shallower relatives."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from snnctl.builtin.architectures.checks import require_image, require_positive
from snnctl.errors import UsageError
from snnctl.plugins.architecture import Architecture

if TYPE_CHECKING:
    import keras

# Halved twice: 4 pixels leave 1.
SMALLEST = 4
STAGES = (16, 32, 64)
# Keras's 0.99 needs hundreds of steps more until the statistics are those of the trained network.
MOMENTUM = 0.9


class ResNet20(Architecture):
    """A 3x3 convolution, three stages of residual blocks, global average pooling and a readout.

    A block is convolution, normalisation, ReLU, convolution, normalisation, addition of the shortcut, ReLU. The
    stages have 16, 32 and 64 channels; the second and the third begin with stride 2. The shortcut is the identity,
    and where the shape changes a 1x1 convolution with stride 2 and normalisation (option B).

    Source: He et al., arXiv 1512.03385, section 4.2. They use option A on CIFAR, shortcuts without parameters that
    fill the new channels with zeros; option B is theirs, too (section 3.3), and has 2,752 parameters more.
    """

    name = "resnet20"
    summary = "ResNet-20 for small images, with projection shortcuts; depth=6n+2; images of at least 4x4 pixels."

    def build(
        self,
        input_shape: tuple[int, ...],
        classes: int,
        *,
        depth: int = 20,
        l2: float = 0.0,
        width: float = 1.0,
    ) -> keras.Model:
        """See :meth:`snnctl.plugins.Architecture.build`.

        Args:
            input_shape: shape of one image, (height, width, channels).
            classes: number of outputs.
            depth: layers with weights on the longest path, 6n + 2 with n blocks a stage: 8, 14, 20, 32, 44, 56, ...
            l2: factor of the squared weights in the loss, for all convolutions; half the weight decay,
                which is 1e-4 as published.
            width: multiplies the channels (rounded, at least 1).

        Raises:
            UsageError: not an image, smaller than 4x4 pixels, ``depth``, ``l2`` or ``width`` out of its range.
        """
        import keras

        require_image(self.name, input_shape, SMALLEST)
        require_positive(self.name, "width", [width])
        if not 0 <= l2 < inf:
            raise UsageError(f"Option l2 of architecture {self.name} must be zero or a number above, not {l2}.")
        blocks = blocks_a_stage(self.name, depth)
        channels = [max(1, round(filters * width)) for filters in STAGES]
        net = _Layers(l2)
        inputs = keras.Input(input_shape)
        signal = net.relu(net.conv_norm(inputs, "stem_", channels[0], 3, 1), "stem_relu")
        for stage, filters in enumerate(channels, start=1):
            for block in range(1, blocks + 1):
                stride = 2 if stage > 1 and block == 1 else 1
                signal = net.block(signal, f"stage{stage}_block{block}_", filters, stride)
        signal = keras.layers.GlobalAveragePooling2D(name="pool")(signal)
        logits = keras.layers.Dense(classes, kernel_initializer="he_normal", name="readout")(signal)
        return keras.Model(inputs, logits, name=self.name)


def blocks_a_stage(arch: str, depth: int) -> int:
    """The n of ``depth`` = 6n + 2: three stages of n blocks of two layers, the first layer and the readout.

    Raises:
        UsageError: there is no such n; names the depths next to it.
    """
    blocks, rest = divmod(depth - 2, 6)
    if blocks >= 1 and rest == 0:
        return blocks
    nearest = "8" if depth < 8 else f"{depth - rest} or {depth - rest + 6}"
    raise UsageError(
        f"Option depth of architecture {arch} must be 6n + 2 with n of at least 1, not {depth}.",
        todo=f"Nearest: {nearest}.",
    )


class _Layers:
    """The layers a residual network is made of, applied to signals (batch, height, width, channels)."""

    def __init__(self, l2: float) -> None:
        import keras

        self._layers = keras.layers
        self._regularizer = keras.regularizers.L2(l2) if l2 else None

    def conv_norm(
        self, signal: keras.KerasTensor, name: str, filters: int, size: int, stride: int, number: str = ""
    ) -> keras.KerasTensor:
        """A convolution and its normalisation, which brings the bias."""
        conv = self._layers.Conv2D(
            filters,
            size,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            kernel_regularizer=self._regularizer,
            name=f"{name}conv{number}",
        )
        norm = self._layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}norm{number}")
        return norm(conv(signal))

    def relu(self, signal: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return self._layers.Activation("relu", name=name)(signal)

    def block(self, signal: keras.KerasTensor, name: str, filters: int, stride: int) -> keras.KerasTensor:
        """Two convolutions and the way around them."""
        changes = stride != 1 or signal.shape[-1] != filters
        shortcut = self.conv_norm(signal, f"{name}shortcut_", filters, 1, stride) if changes else signal
        signal = self.relu(self.conv_norm(signal, name, filters, 3, stride, "1"), f"{name}relu1")
        signal = self.conv_norm(signal, name, filters, 3, 1, "2")
        signal = self._layers.Add(name=f"{name}add")([signal, shortcut])
        return self.relu(signal, f"{name}relu2")
