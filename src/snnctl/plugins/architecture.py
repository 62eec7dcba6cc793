"""What an architecture is: the class a plugin subclasses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


class Architecture(ABC):
    """A named network, written once as an ordinary Keras ReLU model.

    Its options are the keyword-only parameters of :meth:`build`, each with a type and a default;
    ``--arch-opt name=value`` and the recipes' ``arch_opt`` are checked against them.

    Attributes:
        name: what ``--arch`` calls it: lower case, digits and dashes.
        summary: one line for ``snnctl archs list``.
    """

    name: str = ""
    summary: str = ""

    @abstractmethod
    def build(self, input_shape: tuple[int, ...], classes: int, *args: Any, **options: Any) -> keras.Model:
        """The freshly initialised ReLU network; its output are logits, shape (batch, classes).

        Import TensorFlow and Keras inside this method only: listing architectures must not need them.

        Args:
            input_shape: shape of one sample, channels last.
            classes: number of outputs.
            args: none; written here so that type checkers accept a subclass's own keyword-only options.
            options: the keyword-only options a subclass declares.

        Raises:
            UsageError: the input shape or an option does not fit.
        """
