"""Fully connected networks of any depth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from snnctl.builtin.architectures.checks import require_positive
from snnctl.errors import UsageError
from snnctl.plugins.architecture import Architecture

if TYPE_CHECKING:
    import keras

Initializer = Literal["glorot_uniform", "he_uniform"]


def fully_connected(
    name: str, input_shape: tuple[int, ...], classes: int, widths: Sequence[int], initializer: str = "glorot_uniform"
) -> keras.Model:
    """Flatten, then one ReLU layer a width, then linear logits.

    Args:
        name: the model's name.
        input_shape: shape of one sample, any rank.
        classes: number of logits.
        widths: units of each hidden layer; none gives a linear classifier.
        initializer: of the hidden layers' weights.

    Returns:
        The model, output shape (batch, classes).
    """
    import keras

    model = keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(name="flatten_1")], name=name)
    for number, width in enumerate(widths, start=1):
        layer = keras.layers.Dense(width, activation="relu", kernel_initializer=initializer, name=f"dense_{number}")
        model.add(layer)
    model.add(keras.layers.Dense(classes, name=f"dense_{len(widths) + 1}"))
    return model


class FC(Architecture):
    """Any number of fully connected ReLU layers."""

    name = "fc"
    summary = (
        "Fully connected, any depth: widths=[340] lists the hidden layers, layers=16 repeats the last; any inputs."
    )

    def build(
        self,
        input_shape: tuple[int, ...],
        classes: int,
        *,
        widths: list[int] = [340],  # noqa: B006
        layers: int | None = None,
        initializer: Initializer = "glorot_uniform",
    ) -> keras.Model:
        """See :meth:`snnctl.plugins.Architecture.build`.

        Args:
            input_shape: shape of one sample.
            classes: number of outputs.
            widths: units of each hidden layer.
            layers: number of layers, the readout included, as in "FC16"; the last of ``widths`` is repeated.
            initializer: of the hidden layers' weights; he_uniform keeps activations of many layers of one size.

        Raises:
            UsageError: a width is not positive, or there are more widths than hidden layers.
        """
        require_positive(self.name, "widths", widths)
        return fully_connected(self.name, input_shape, classes, self._widths(widths, layers), initializer)

    def _widths(self, widths: list[int], layers: int | None) -> list[int]:
        missing = 0 if layers is None else layers - 1 - len(widths)
        if missing < 0 or (missing and not widths):
            raise UsageError(
                f"Option layers of architecture {self.name} is {layers}, but widths has {len(widths)} hidden layers.",
                todo="layers counts the readout too; the last of widths is repeated.",
            )
        return [*widths, *widths[-1:] * missing]
