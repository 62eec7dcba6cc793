"""The graph of a Keras model: the one module that uses what Keras has no public names for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
from keras.src.ops import nn as nn_operations
from keras.src.ops import numpy as numpy_operations

__all__ = ["all_layers", "calls", "has_graph", "nn_operations", "numpy_operations", "outputs", "producer"]


def has_graph(model: keras.Model) -> bool:
    """Whether the calls of a model's layers are recorded: functional models."""
    return hasattr(model, "_nodes_by_depth")


def calls(model: keras.Model) -> Iterator[Any]:
    """Every call of a layer or operation in a functional model, after the calls that it reads from.

    Returns:
        Keras's nodes: ``operation``, ``arguments`` (with ``keras_tensors``, the tensors that are read) and ``outputs``.
    """
    for depth in sorted(model._nodes_by_depth, reverse=True):
        yield from (node for node in model._nodes_by_depth[depth] if not node.is_input)


def producer(tensor: keras.KerasTensor) -> tuple[Any, list[keras.KerasTensor]]:
    """The layer or operation whose output a symbolic tensor is, and the tensors that it read; none for an input."""
    operation, index, _ = tensor._keras_history
    node = operation._inbound_nodes[index]
    return operation, [] if node.is_input else node.input_tensors


def outputs(layer: keras.layers.Layer) -> list[keras.KerasTensor]:
    """The symbolic tensors that a layer has returned, those of all its calls."""
    return keras.tree.flatten([node.output_tensors for node in layer._inbound_nodes])


def all_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """All layers of a model, those of nested models and of other layers included."""
    return list(model._flatten_layers(include_self=False))
