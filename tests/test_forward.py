"""Functions of many samples, batch by batch."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from snnctl.forward import batches, compiled


def test_a_single_small_batch_is_computed_without_a_graph_of_its_own() -> None:
    in_graphs = []

    def twice(x: tf.Tensor) -> tf.Tensor:
        in_graphs.append(not tf.executing_eagerly())
        return 2 * x

    small, large = np.ones((6, 3), "float32"), np.ones((6, 2**16), "float32")
    for inputs, batch_size, graph in ((small, 6, False), (small, 4, True), (large, 6, True)):
        in_graphs.clear()
        compute = compiled(twice, inputs, batch_size)
        parts = [compute(batch).numpy() for batch in batches(inputs, batch_size)]
        assert np.array_equal(np.concatenate(parts), 2 * inputs)
        assert in_graphs == [graph]  # once, however many batches there are
