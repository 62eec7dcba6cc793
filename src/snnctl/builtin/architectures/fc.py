"""Fully connected networks of any depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from snnctl.builtin.architectures.checks import require_positive
from snnctl.plugins.architecture import Architecture

if TYPE_CHECKING:
    import keras


def fully_connected(name: str, input_shape: tuple[int, ...], classes: int, widths: Sequence[int]) -> keras.Model:
    """Flatten, then one ReLU layer a width, then linear logits.

    Args:
        name: the model's name.
        input_shape: shape of one sample, any rank.
        classes: number of logits.
        widths: units of each hidden layer; none gives a linear classifier.

    Returns:
        The model, output shape (batch, classes).
    """
    import keras

    model = keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(name="flatten_1")], name=name)
    for number, width in enumerate(widths, start=1):
        model.add(keras.layers.Dense(width, activation="relu", name=f"dense_{number}"))
    model.add(keras.layers.Dense(classes, name=f"dense_{len(widths) + 1}"))
    return model


class FC(Architecture):
    """Any number of fully connected ReLU layers."""

    name = "fc"
    summary = "Fully connected, any depth: widths=[340] lists the hidden layers; inputs of any shape."

    def build(self, input_shape: tuple[int, ...], classes: int, *, widths: list[int] = [340]) -> keras.Model:  # noqa: B006
        """See :meth:`snnctl.plugins.Architecture.build`.

        Args:
            input_shape: shape of one sample.
            classes: number of outputs.
            widths: units of each hidden layer.

        Raises:
            UsageError: a width is not positive.
        """
        require_positive(self.name, "widths", widths)
        return fully_connected(self.name, input_shape, classes, widths)
