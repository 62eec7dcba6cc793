"""An architecture without pooling: a convolution of stride 2 takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnctl.errors import UsageError
from snnctl.plugins import Architecture

if TYPE_CHECKING:
    import keras


class AllConv(Architecture):
    """A small all-convolutional network, after Springenberg et al., arXiv:1412.6806.

    Written once, as an ordinary Keras ReLU network. Its spiking form is made from it by snnctl: for
    ``snnctl convert``, and for ``snnctl train --type snn`` as well.
    """

    name = "allconv"
    summary = "Convolutions only, strides in place of pooling; images of any size."

    def build(
        self,
        input_shape: tuple[int, ...],
        classes: int,
        *,
        filters: int = 8,
        stages: int = 2,
        batch_norm: bool = True,
    ) -> keras.Model:
        """The freshly initialised network; its outputs are logits, shape (batch, classes).

        Everything after the asterisk is an option: ``--arch-opt filters=16``. Each needs a type and a default;
        snnctl parses and checks the type, and whatever else an option must be is checked here.

        Args:
            input_shape: shape of one image, (height, width, channels).
            classes: number of outputs.
            filters: of the first stage; each further stage has twice as many.
            stages: how many times the image is halved.
            batch_norm: whether each convolution is normalised before its ReLU.

        Raises:
            UsageError: not an image, or an option below 1.
        """
        import keras  # here, so that `snnctl archs list` need not wait for it

        check(self.name, input_shape, filters=filters, stages=stages)
        model = keras.Sequential([keras.Input(input_shape)], name=self.name)
        for stage in range(stages):
            for part, strides in ((1, 1), (2, 2)):
                add_convolution(model, filters << stage, strides, batch_norm, f"{stage + 1}_{part}")
        # A convolution as large as what is left of the image reads out the classes. Fully connected, so to speak.
        model.add(keras.layers.Conv2D(classes, model.output_shape[1:3], name="classes"))
        model.add(keras.layers.Flatten(name="logits"))
        return model


def add_convolution(model: keras.Sequential, filters: int, strides: int, batch_norm: bool, number: str) -> None:
    """Append a 3x3 convolution, its normalisation and its ReLU to ``model``.

    The layers are named, so that error messages and the table of ``snnctl eval`` can be read.
    """
    import keras

    layers = keras.layers
    model.add(layers.Conv2D(filters, 3, strides, padding="same", use_bias=not batch_norm, name=f"conv_{number}"))
    if batch_norm:
        # With its default momentum of 0.99 it needs hundreds of steps to find the mean: more than an epoch of `bars`.
        model.add(layers.BatchNormalization(momentum=0.9, name=f"norm_{number}"))
    model.add(layers.ReLU(name=f"relu_{number}"))


def check(name: str, input_shape: tuple[int, ...], **options: int) -> None:
    """Say what does not fit before Keras does: an error of snnctl is shown in one line, without a traceback.

    Raises:
        UsageError: not an image, or an option below 1.
    """
    if len(input_shape) != 3:
        raise UsageError(
            f"Architecture {name} takes images of shape (height, width, channels), not samples of shape {input_shape}.",
            todo="For other samples use --arch fc.",
        )
    for option, value in options.items():
        if value < 1:
            raise UsageError(f"Option {option} of architecture {name} must be at least 1, not {value}.")
