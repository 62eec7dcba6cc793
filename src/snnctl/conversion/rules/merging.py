"""Layers that join branches: sums become several synapse groups of one layer."""

from __future__ import annotations

import keras

from snnctl.conversion.rule import Context, Rule
from snnctl.conversion.values import Signal


def convert_add(context: Context, layer: keras.layers.Add, *signals: Signal) -> Signal:
    """The next layer integrates all branches."""
    return context.add(signals)


def convert_subtract(context: Context, layer: keras.layers.Subtract, first: Signal, second: Signal) -> Signal:
    """The second branch with turned weights."""
    return context.add((first, second), (1.0, -1.0))


def convert_average(context: Context, layer: keras.layers.Average, *signals: Signal) -> Signal:
    """Weights of 1/k."""
    return context.add(signals, [1.0 / len(signals)] * len(signals))


def convert_concatenate(context: Context, layer: keras.layers.Concatenate, *signals: Signal) -> Signal:
    """Side by side."""
    return context.concatenate(signals, layer.axis)


MERGING_RULES: dict[type, Rule] = {
    keras.layers.Add: convert_add,
    keras.layers.Subtract: convert_subtract,
    keras.layers.Average: convert_average,
    keras.layers.Concatenate: convert_concatenate,
}
