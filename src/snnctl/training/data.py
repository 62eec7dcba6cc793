"""The order in which samples are trained on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def epoch_order(samples: int, seed: int, epoch: int) -> np.ndarray:
    """The order of the samples in an epoch, (samples,): another one in each epoch, the same again with the same seed.

    Args:
        samples: how many there are.
        seed: of the run.
        epoch: from 0 on.
    """
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
        self.samples = len(inputs)
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0
        order = tf.data.Dataset.from_generator(self._order, output_signature=tf.TensorSpec((self.samples,), tf.int64))
        with tf.device("CPU"):
            arrays = tf.constant(inputs), tf.constant(labels)

        def gathered(chosen: Any) -> Any:
            return tuple(tf.gather(array, chosen) for array in arrays)

        self.dataset = (
            order.flat_map(self._batched)
            .map(gathered, num_parallel_calls=tf.data.AUTOTUNE)
            .prefetch(tf.data.AUTOTUNE)
            .apply(tf.data.experimental.assert_cardinality(-(-self.samples // batch_size)))
        )

    def _order(self) -> Iterator[np.ndarray]:
        yield epoch_order(self.samples, self.seed, self.epoch)

    def _batched(self, order: Any) -> tf.data.Dataset:
        """The order in batches; whole rows, since single samples would cost as much as a small training step."""
        whole = self.samples // self.batch_size * self.batch_size
        batches = tf.data.Dataset.from_tensor_slices(tf.reshape(order[:whole], (-1, self.batch_size)))
        return batches if whole == self.samples else batches.concatenate(tf.data.Dataset.from_tensors(order[whole:]))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """The next batches are those of ``epoch``."""
        self.epoch = epoch
