"""Building an architecture's network; what its own code does wrong is told as the plugin's failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnctl.errors import PluginError, SnnctlError
from snnctl.plugins import Architecture

if TYPE_CHECKING:
    import keras


def build(
    architecture: Architecture, input_shape: tuple[int, ...], classes: int, options: dict[str, Any]
) -> keras.Model:
    """The architecture's ReLU network.

    Raises:
        PluginError: the architecture fails, or returns something else than a network of these shapes.
        SnnctlError: what the architecture itself says about its options.
    """
    import keras

    where = f"architecture '{architecture.name}'"
    try:
        model = architecture.build(input_shape, classes, **options)
    except (SnnctlError, MemoryError):
        raise
    except Exception as error:
        raise PluginError(
            f"it failed to build for inputs {input_shape} and {classes} classes: {one_line(error)}",
            where=where,
            todo="Check its options (`snnctl archs show NAME`) and the data set's shape.",
        ) from error
    if not isinstance(model, keras.Model):
        raise PluginError("it did not return a Keras model", where=where)
    expected = ((None, *input_shape), (None, classes))
    if (model.input_shape, model.output_shape) != expected:
        raise PluginError(
            f"its network maps {model.input_shape} to {model.output_shape}, not {expected[0]} to {expected[1]}",
            where=where,
        )
    return model


class CheckedArchitecture(Architecture):
    """An architecture that is built by :func:`build`, for those who know nothing of plugins.

    Args:
        architecture: what it builds.
    """

    def __init__(self, architecture: Architecture) -> None:
        self.name = architecture.name
        self.summary = architecture.summary
        self._architecture = architecture

    def build(self, input_shape: tuple[int, ...], classes: int, **options: Any) -> keras.Model:
        """See :func:`build`."""
        return build(self._architecture, input_shape, classes, options)


def one_line(error: Exception) -> str:
    """The error's kind and text; Keras's texts have many lines."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
