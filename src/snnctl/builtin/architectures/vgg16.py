"""VGG16 in the two layouts of the paper, with or without batch normalisation."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from snnctl.builtin.architectures.checks import require_image, require_positive
from snnctl.errors import UsageError
from snnctl.plugins.architecture import Architecture

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Layout:
    """Widths of a VGG16.

    Args:
        blocks: channels of the 3x3 convolutions, one tuple a block; every block ends in 2x2 max pooling.
        dense: units of the fully connected layers before the readout.
        smallest: least height and width in pixels, such that every pooling has something to pool.
    """

    blocks: tuple[tuple[int, ...], ...]
    dense: tuple[int, ...]
    smallest: int


FOR_28_PIXELS = Layout(((64, 64, 128, 128), (256,) * 3, (512,) * 3, (512,) * 3), (512, 512), smallest=16)
FOR_32_PIXELS = Layout(((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3), (512,), smallest=32)


def layout_for(input_shape: tuple[int, ...]) -> Layout:
    """The layout whose poolings fit images of this shape, (height, width, channels)."""
    return FOR_32_PIXELS if min(input_shape[:2]) >= FOR_32_PIXELS.smallest else FOR_28_PIXELS


class VGG16(Architecture):
    """Thirteen 3x3 convolutions and one or two fully connected layers.

    Sources: layouts and initialisers as in the code published with Stanojević et al., Nature Communications 15,
    6793 (2024); batch normalisation after ReLU, dropout rates and layer names (those Keras 2 generated) as in
    github.com/geifmany/cifar-vgg, so that its weight files load by name.
    """

    name = "vgg16"
    summary = "VGG16 for small images (28x28 or 32x32 layout); batch_norm=true as in geifmany/cifar-vgg."

    def build(
        self,
        input_shape: tuple[int, ...],
        classes: int,
        *,
        batch_norm: bool = False,
        dropout: bool = False,
        l2: float = 0.0,
        width: float = 1.0,
    ) -> keras.Model:
        """See :meth:`snnctl.plugins.Architecture.build`.

        Args:
            input_shape: shape of one image, (height, width, channels).
            classes: number of outputs.
            batch_norm: batch normalisation after every ReLU; Glorot instead of He initialisation.
            dropout: dropout layers where geifmany/cifar-vgg has them, with its rates.
            l2: factor of the squared weights in the loss, for all layers but the readout.
            width: multiplies channels and hidden units (rounded, at least 1).

        Raises:
            UsageError: not an image, smaller than 16x16 pixels, ``l2`` or ``width`` out of its range.
        """
        require_image(self.name, input_shape, FOR_28_PIXELS.smallest)
        require_positive(self.name, "width", [width])
        if not 0 <= l2 < inf:
            raise UsageError(f"Option l2 of architecture {self.name} must be zero or a number above, not {l2}.")
        layout = layout_for(input_shape)
        stack = _Stack(input_shape, batch_norm=batch_norm, dropout=dropout, l2=l2, width=width)
        for block in layout.blocks:
            stack.add_block(block)
        stack.add_dropout(0.5)
        stack.add("Flatten", "flatten")
        for units in layout.dense:
            stack.add_hidden("Dense", "dense", units=stack.scaled(units))
            stack.add_dropout(0.5)
        stack.add("Dense", "dense", units=classes)
        return stack.model


class _Stack:
    """A growing Sequential model whose layers are named as Keras 2 did: ``conv2d_1``, ``conv2d_2``, ..."""

    def __init__(
        self, input_shape: tuple[int, ...], *, batch_norm: bool, dropout: bool, l2: float, width: float
    ) -> None:
        import keras

        self.model = keras.Sequential([keras.Input(input_shape)], name=VGG16.name)
        self._layers = keras.layers
        self._batch_norm = batch_norm
        self._dropout = dropout
        self._width = width
        self._initializer = "glorot_uniform" if batch_norm else "he_uniform"
        self._regularizer = keras.regularizers.L2(l2) if l2 else None
        self._count: Counter[str] = Counter()

    def scaled(self, units: int) -> int:
        return max(1, round(units * self._width))

    def add(self, kind: str, name: str, **config: Any) -> None:
        self._count[name] += 1
        self.model.add(getattr(self._layers, kind)(**config, name=f"{name}_{self._count[name]}"))

    def add_hidden(self, kind: str, name: str, **config: Any) -> None:
        """A linear layer, ReLU and, if wanted, batch normalisation."""
        self.add(kind, name, kernel_initializer=self._initializer, kernel_regularizer=self._regularizer, **config)
        self.add("Activation", "activation", activation="relu")
        if self._batch_norm:
            self.add("BatchNormalization", "batch_normalization")

    def add_dropout(self, rate: float) -> None:
        if self._dropout:
            self.add("Dropout", "dropout", rate=rate)

    def add_block(self, channels: tuple[int, ...]) -> None:
        """Convolutions with dropout between them, then max pooling."""
        for place, filters in enumerate(channels, start=1):
            self.add_hidden("Conv2D", "conv2d", filters=self.scaled(filters), kernel_size=3, padding="same")
            if place < len(channels):
                self.add_dropout(0.3 if self._count["conv2d"] == 1 else 0.4)
        self.add("MaxPooling2D", "max_pooling2d")
