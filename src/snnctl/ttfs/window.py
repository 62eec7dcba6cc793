"""Firing windows: how a layer's window grows while training, and what it cuts off.

``z`` is a neuron's local spike time without a window: <= 0 for one that stays silent.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

WINDOWS = ("grow", "fixed")


def window_dtype(dtype: str) -> str:
    """Precision of a window's width in a layer that keeps its weights in ``dtype``: single at least.

    In half precision a width of gamma times a large activation would be infinite, or be rounded.
    """
    return "float64" if dtype == "float64" else "float32"


def grown(width, z, gamma: float):
    """The window's width after a training batch.

        t_max <- t_min + max(t_max - t_min, gamma (t_max - min_i t_i))          [HP, Methods]

    In layer-local time ``t_max - min_i t_i`` is the largest ``z_i`` of the batch. With several replicas it is the
    largest of all of them.

    Args:
        width: ``t_max - t_min``, scalar, in tau_c.
        z: of the batch, any shape.
        gamma: head room, at least 1.
    """
    return ops.maximum(width, gamma * max_over_replicas(ops.cast(ops.max(z), width.dtype)))


def clip_to_window(z, width):
    """The local spike times ``x = min(width, max(0, z))`` that a window of ``width`` allows.

    Silent (0) when the unclipped time is after the window's end; at ``t_min``, so ``x = width``, when it is before the
    window's start (a *saturated* spike).
    """
    return ops.minimum(ops.relu(z), width)


def saturated(z, width):
    """Which spikes are saturated, of z's shape: those whose unclipped time lies before their window, ``z > width``."""
    return z > width


def replica() -> Any:
    """Which of the replicas of a ``tf.distribute`` strategy computes, from 0 on; 0 where there is one only."""
    if keras.backend.backend() != "tensorflow":
        return 0
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return 0 if context is None or context.num_replicas_in_sync == 1 else context.replica_id_in_sync_group


def max_over_replicas(peak: Any) -> Any:
    """The largest ``peak`` of all replicas of a ``tf.distribute`` strategy (a scalar)."""
    if keras.backend.backend() != "tensorflow":
        return peak
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return peak
    # tf.distribute reduces by sum or mean only: each replica fills its own slot of a vector of zeros.
    slot = tf.one_hot(context.replica_id_in_sync_group, context.num_replicas_in_sync, dtype=peak.dtype)
    # where, not a product: 0 x inf would be NaN in everybody's slot.
    return ops.max(context.all_reduce(tf.distribute.ReduceOp.SUM, tf.where(slot > 0, peak, tf.zeros_like(slot))))
