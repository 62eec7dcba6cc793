"""A network is not built larger than the weights that are there for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from snnctl.errors import ModelError

SPARE = 1 << 20  # values that a network may have and its file lacks, such as the states of random generators
LARGEST_TENSOR = 1 << 28  # values a sample between two layers


@contextmanager
def budget(values: int, path: Path) -> Iterator[None]:
    """Within it, no network can be built that has many more weights than ``values``.

    TensorFlow asks before it makes a variable. How large it is going to be is found on paper, in a graph that is
    never run; so an absurd size in a configuration takes no memory.

    Args:
        values: how many the file holds.
        path: the file, for the message.

    Raises:
        ModelError: the network that is built within is larger; names the weight.
    """
    left = values + SPARE

    def create(make: Callable[..., tf.Variable], **arguments: Any) -> tf.Variable:
        nonlocal left
        left -= _values(arguments["initial_value"])
        if left < 0:
            raise ModelError(
                f"{path} describes a network with more weights than the file holds: "
                f"its {arguments['name'] or 'weight'} of shape {_shape(arguments['initial_value'])} is too many.",
                todo="Copy or save it again.",
            )
        return make(**arguments)

    with tf.variable_creator_scope(create):
        yield


def check_tensors(model: keras.Model, path: Path) -> None:
    """Refuse a network that could be built, but not run: a tensor in it would fill the memory.

    Raises:
        ModelError: names the layer.
    """
    for layer in model.layers:
        for tensor in keras.tree.flatten([node.output_tensors for node in layer._inbound_nodes]):
            if prod(size or 1 for size in tensor.shape) > LARGEST_TENSOR:
                raise ModelError(
                    f"Layer '{layer.name}' gives outputs of shape {tuple(tensor.shape)}, which do not fit into memory.",
                    where=str(path),
                    todo="If it should be small, the file is damaged: copy or save it again.",
                )
        if isinstance(layer, keras.Model):
            check_tensors(layer, path)


def _values(initial: Any) -> int:
    return prod(_shape(initial))


def _shape(initial: Any) -> tuple[int, ...]:
    """The shape of a variable's first value; a function that makes it is traced, not run."""
    if not callable(initial):
        return tuple(initial.shape)
    with tf.Graph().as_default():
        return tuple(initial().shape)
