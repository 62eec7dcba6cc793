"""Functions of many samples, batch by batch."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from snnctl.forward import run
from snnctl.progress import SilentReporter


def test_a_single_small_batch_is_computed_without_a_graph_of_its_own() -> None:
    in_graphs = []

    def twice(x: tf.Tensor) -> tf.Tensor:
        in_graphs.append(not tf.executing_eagerly())
        return 2 * x

    small, large = np.ones((6, 3), "float32"), np.ones((6, 2**16), "float32")
    for inputs, batch_size, batches, graph in ((small, 6, 1, False), (small, 4, 2, True), (large, 6, 1, True)):
        in_graphs.clear()
        parts = [part.numpy() for part in run(twice, inputs, batch_size, SilentReporter(), "")]
        assert len(parts) == batches
        assert np.all(np.concatenate(parts) == 2)
        assert in_graphs == [graph]
