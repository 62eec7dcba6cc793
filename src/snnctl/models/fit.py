"""Whether a model and a data set belong together."""

from __future__ import annotations

from math import prod

import keras

from snnctl.errors import ModelError

Shape = tuple[int | None, ...]


def check_fits(model: keras.Model, dataset_input_shape: tuple[int, ...], classes: int, dataset_name: str) -> None:
    """Refuse a model whose inputs or outputs are not those of the data set.

    Args:
        model: a built model with one input and one output.
        dataset_input_shape: shape of one sample, channels last.
        classes: number of classes.
        dataset_name: for the message.

    Raises:
        ModelError: says both shapes.
    """
    if len(model.inputs or ()) != 1 or len(model.outputs or ()) != 1:
        raise ModelError(
            f"The model has {len(model.inputs or ())} inputs and {len(model.outputs or ())} outputs; "
            "a classifier has one of each."
        )
    _check_input(tuple(model.inputs[0].shape[1:]), tuple(dataset_input_shape), dataset_name)
    _check_output(tuple(model.outputs[0].shape[1:]), classes, dataset_name)


def _check_input(taken: Shape, given: tuple[int, ...], dataset: str) -> None:
    if len(taken) == len(given) and all(size in (None, have) for size, have in zip(taken, given, strict=True)):
        return
    same_size = None not in taken and prod(size or 0 for size in taken) == prod(given)
    raise ModelError(
        f"The model takes samples of shape {taken}, but those of data set {dataset} have shape {given}.",
        todo=_way_out(taken, given) if same_size else "Choose the data set the model was made for with --data.",
    )


def _way_out(taken: Shape, given: tuple[int, ...]) -> str:
    """What to do when both hold as many values."""
    if len(taken) == 1:
        return f"Both hold as many values: begin the model with Input({given}) and Flatten()."
    return f"Both hold as many values: use a data set whose samples have the shape {taken}."


def _check_output(returned: Shape, classes: int, dataset: str) -> None:
    if returned != (classes,):
        what = f"{returned[0]} classes" if len(returned) == 1 else f"outputs of shape {returned}"
        raise ModelError(
            f"The model has {what}, but data set {dataset} has {classes} classes.",
            todo="Choose the data set the model was made for with --data.",
        )
