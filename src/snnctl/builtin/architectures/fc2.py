"""FC2, the two-layer network of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnctl.builtin.architectures.checks import require_positive
from snnctl.builtin.architectures.fc import fully_connected
from snnctl.plugins.architecture import Architecture

if TYPE_CHECKING:
    import keras


class FC2(Architecture):
    """One hidden ReLU layer and the readout.

    Source: Stanojević et al., Nature Communications 15, 6793 (2024): 784-340-10 on MNIST.
    """

    name = "fc2"
    summary = "Two fully connected layers, hidden=340 units as published; inputs of any shape."

    def build(self, input_shape: tuple[int, ...], classes: int, *, hidden: int = 340) -> keras.Model:
        """See :meth:`snnctl.plugins.Architecture.build`.

        Args:
            input_shape: shape of one sample.
            classes: number of outputs.
            hidden: units of the hidden layer.

        Raises:
            UsageError: ``hidden`` is not positive.
        """
        require_positive(self.name, "hidden", [hidden])
        return fully_connected(self.name, input_shape, classes, [hidden])
