"""Runs a network over many samples, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from snnctl.progress import Reporter


def batches(inputs: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """The samples in batches of at most ``size``."""
    for start in range(0, len(inputs), size):
        yield inputs[start : start + size]


def run(
    function: Callable[[Any], Any], inputs: np.ndarray, batch_size: int, reporter: Reporter, description: str
) -> Iterator[Any]:
    """``function`` of every batch, compiled to a graph, with progress counted in samples."""
    # One graph for every size of batch, the last and smaller one too.
    spec = tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype)
    compiled = tf.function(function).get_concrete_function(spec)
    with reporter.task(description, len(inputs)) as task:
        for batch in batches(inputs, batch_size):
            yield compiled(tf.constant(batch))
            task.advance(len(batch))


def logits(model: keras.Model, inputs: np.ndarray, batch_size: int, reporter: Reporter, description: str) -> np.ndarray:
    """The network's outputs, shape (samples, \\*outputs)."""
    parts = run(lambda x: model(x, training=False), inputs, batch_size, reporter, description)
    return np.concatenate([part.numpy() for part in parts])
