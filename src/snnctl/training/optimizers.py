"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

import keras

DECAY_STEPS = 5000
DECAY_RATE = 0.9


def learning_rate(lr: float, schedule: str) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """A constant rate, or one that is multiplied by 0.9 every 5,000 steps. [HP, Methods]"""
    if schedule == "constant":
        return lr
    return keras.optimizers.schedules.ExponentialDecay(lr, DECAY_STEPS, DECAY_RATE)


def make_optimizer(name: str, lr: float, schedule: str = "constant", momentum: float = 0.0) -> keras.Optimizer:
    """``adam`` or ``sgd``."""
    rate = learning_rate(lr, schedule)
    if name == "adam":
        return keras.optimizers.Adam(rate)
    return keras.optimizers.SGD(rate, momentum=momentum)
