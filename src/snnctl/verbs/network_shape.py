"""What a network takes and returns, as far as data and figures depend on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnctl.errors import ModelError

if TYPE_CHECKING:
    import keras

Shape = tuple[int | None, ...]


def input_shape(model: keras.Model) -> Shape:
    """Shape of one sample, None where any size is taken.

    Raises:
        ConversionError: a subclassed model, or one without an input shape.
        ModelError: several inputs.
    """
    from snnctl.conversion.graph import functional_form

    inputs = functional_form(model).inputs
    if len(inputs) != 1:
        raise ModelError(f"The network has {len(inputs)} inputs; networks with one convert.")
    return tuple(inputs[0].shape[1:])


def output_shapes(model: keras.Model) -> list[Shape]:
    """Shape of each output, without the batch."""
    return [tuple(tensor.shape[1:]) for tensor in model.outputs]


def class_count(model: keras.Model) -> int | None:
    """How many classes labels may have: those of the first output of shape (classes,); None if there is none.

    A single unit tells two classes apart.
    """
    for shape in output_shapes(model):
        if len(shape) == 1 and shape[0]:
            return max(2, shape[0])
    return None


def class_output(model: keras.Model, classes: int | None) -> int | None:
    """The output that accuracy is measured on: the first with one column a class; None if there is none."""
    for number, shape in enumerate(output_shapes(model)):
        if classes is not None and len(shape) == 1 and (shape[0] == classes or (shape[0] == 1 and classes == 2)):
            return number
    return None
