"""The order in which samples are trained on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def epoch_order(samples: int, seed: int, epoch: int) -> np.ndarray:
    """The order of the samples in an epoch, (samples,): another in each epoch, the same again with the same seed."""
    return np.random.default_rng([seed, epoch]).permutation(samples)


class ShuffledBatches(keras.callbacks.Callback):
    """Batches for :meth:`keras.Model.fit`, in the order of the epoch that Keras is in.

    Keras's own shuffling of arrays repeats itself in every epoch after ``keras.utils.set_random_seed``. To be given to
    ``fit`` as a callback as well, so that it learns which epoch begins.

    Args:
        inputs: (samples, \\*input_shape).
        labels: (samples, ...).
        batch_size: samples at a time; the last batch of an epoch may be smaller.
        seed: of the order.
    """

    def __init__(self, inputs: np.ndarray, labels: np.ndarray, batch_size: int, seed: int) -> None:
        super().__init__()
        self.epoch = 0
        samples = len(inputs)
        batch_size = min(batch_size, samples)
        whole = samples // batch_size * batch_size
        with tf.device("CPU"):
            arrays = tf.constant(inputs), tf.constant(labels)

        def orders() -> Iterator[np.ndarray]:
            yield epoch_order(samples, seed, self.epoch)

        def batched(order: Any) -> tf.data.Dataset:
            # Whole rows: single samples would cost as much as a small training step.
            batches = tf.data.Dataset.from_tensor_slices(tf.reshape(order[:whole], (-1, batch_size)))
            return batches if whole == samples else batches.concatenate(tf.data.Dataset.from_tensors(order[whole:]))

        self.dataset = (
            tf.data.Dataset.from_generator(orders, output_signature=tf.TensorSpec((samples,), tf.int64))
            .flat_map(batched)
            .map(lambda rows: tuple(tf.gather(each, rows) for each in arrays), num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
            .apply(tf.data.experimental.assert_cardinality(-(-samples // batch_size)))
        )

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """The next batches are those of ``epoch``."""
        self.epoch = epoch
