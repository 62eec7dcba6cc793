"""Computes with many samples, batch by batch: those of an array, or of a stream that reads them as needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
import tensorflow as tf


class Stream(Protocol):
    """Samples that are read batch by batch, as often as wanted.

    Attributes:
        shape: (samples, \\*sample_shape), as an array's.
        dtype: of the samples.
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    def __len__(self) -> int:
        """The number of samples."""

    def batches(self, size: int) -> Iterator[np.ndarray]:
        """All samples in their order, at most ``size`` at a time, each batch (n, \\*sample_shape)."""


Inputs = np.ndarray | Stream
SMALL = 2**18  # numbers in a batch that is worth no graph


def batches(inputs: Inputs, size: int) -> Iterator[np.ndarray]:
    """The samples in batches of at most ``size``."""
    if not isinstance(inputs, np.ndarray):
        yield from inputs.batches(size)
        return
    for start in range(0, len(inputs), size):
        yield inputs[start : start + size]


def compiled(
    function: Callable[[Any], Any], inputs: Inputs, batch_size: int | None = None
) -> Callable[[np.ndarray], Any]:
    """``function`` as a graph, of batches of ``inputs``: one graph for every size, the last and smaller one too.

    For a single small batch it is called as it is: making the graph would take longer than computing it. Of a large one
    a graph needs less memory.

    Args:
        function: of a batch, a tensor of the inputs' dtype.
        inputs: an array (samples, \\*sample_shape) or a stream of such.
        batch_size: samples at a time; None if the function is called for the same samples again.
    """
    if batch_size is not None and len(inputs) <= batch_size and np.prod(inputs.shape) <= SMALL:
        return lambda batch: function(tf.constant(batch))
    spec = tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype)
    graph = tf.function(function).get_concrete_function(spec)
    return lambda batch: graph(tf.constant(batch))
