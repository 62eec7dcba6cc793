"""Building an architecture's network; what its own code does wrong is told as the plugin's failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnctl.errors import PluginError
from snnctl.plugins import Architecture
from snnctl.plugins.guard import guard, origin

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

    where = origin(architecture)
    with guard(
        f"build failed for inputs {input_shape} and {classes} classes",
        where=where,
        todo=f"Check its options (`snnctl archs show {architecture.name}`) and the data set's shape.",
    ):
        model = architecture.build(input_shape, classes, **options)
    if not isinstance(model, keras.Model):
        raise PluginError("build did not return a Keras model", where=where)
    with guard(
        "the shapes of its network are not known",
        where=where,
        todo="Its author should begin with keras.Input, in a Sequential or functional model.",
    ):
        shapes = (model.input_shape, model.output_shape)
    expected = ((None, *input_shape), (None, classes))
    if shapes != expected:
        raise PluginError(
            f"its network maps {shapes[0]} to {shapes[1]}, not {expected[0]} to {expected[1]}", where=where
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
