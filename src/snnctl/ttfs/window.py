"""Firing windows: how a layer's window grows while training, and what it cuts off.

``z`` is a neuron's local spike time without a window: <= 0 for one that stays silent.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

WINDOWS = ("grow", "fixed")


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
    peak, context = ops.cast(ops.max(z), width.dtype), replica_context()
    if context is not None:
        # tf.distribute reduces by sum or mean only: each replica fills its own slot of a vector of zeros.
        mine = ops.equal(ops.arange(context.num_replicas_in_sync), context.replica_id_in_sync_group)
        # where, not a product: 0 x inf would be NaN in everybody's slot.
        peak = ops.max(context.all_reduce("SUM", ops.where(mine, peak, ops.zeros_like(peak))))
    return ops.maximum(width, gamma * peak)


def clip_to_window(z, width):
    """The local spike times ``x = min(width, max(0, z))`` that a window of ``width`` allows.

    Silent (0) when the unclipped time is after the window's end; at ``t_min``, so ``x = width``, when it is before the
    window's start (a *saturated* spike).
    """
    return ops.minimum(ops.relu(z), width)


def saturated(z, width):
    """Which spikes are saturated, of z's shape: those whose unclipped time lies before their window, ``z > width``."""
    return z > width


def replica_context() -> Any:
    """What ``tf.distribute`` says of the replica that computes; None where there is one only."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return context if context is not None and context.num_replicas_in_sync > 1 else None
