"""Rounding to the levels that a few bits can tell apart; gradients go straight through."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from snnctl.ttfs.constraints import Constraints
from snnctl.ttfs.registered import registered


def straight_through(x: Any, replaced: Any) -> Any:
    """``replaced``, bit for bit, with the gradient of ``x``. [Bengio et al. 2013, arXiv 1308.3432]"""
    return ops.stop_gradient(replaced) + (x - ops.stop_gradient(x))


def rounded_weights(weights: Any, constraints: Constraints) -> Any:
    """Weights J as signed integers of b bits, times the layer's step.

        step = max(-w_min / 2^(b-1), w_max / (2^(b-1) - 1))
        J -> clip(round(J / step), -2^(b-1), 2^(b-1) - 1) step          outside w_min to w_max weights saturate first

    The step is the smallest with which both ends of the range are within reach. 0 is a level, as absent synapses ask
    for. One bit has the levels -step and 0. Computed in float64.

    Args:
        weights: any shape.
        constraints: the bits, and the range; the weights' own where none is given.

    Returns:
        Of the weights' shape and dtype, with their gradient.
    """
    J = ops.cast(weights, "float64")
    low = ops.min(J) if constraints.w_min is None else ops.convert_to_tensor(constraints.w_min, "float64")
    high = ops.max(J) if constraints.w_max is None else ops.convert_to_tensor(constraints.w_max, "float64")
    if constraints.w_max is None:
        high = ops.maximum(low, high)
    elif constraints.w_min is None:
        low = ops.minimum(low, high)
    least, most = -(2.0 ** (constraints.weight_bits - 1)), 2.0 ** (constraints.weight_bits - 1) - 1.0
    step = ops.maximum(low / least, high / most) if most else low / least
    step = ops.where(step > 0, step, ops.ones_like(step))
    within = ops.minimum(ops.maximum(J, low), high)
    levels = ops.clip(ops.round(within / step), least, most) * step
    return straight_through(weights, ops.cast(levels, weights.dtype))


def rounded_thresholds(D: Any, bits: int) -> Any:
    """D on 2^b levels from the layer's smallest to its largest, both ends included; the same for all thresholds.

    Args:
        D: the layer's, any shape, in tau_c.
        bits: b.

    Returns:
        Of D's shape and dtype, with its gradient.
    """
    exact = ops.cast(D, "float64")
    low, high = ops.min(exact), ops.max(exact)
    steps = 2.0**bits - 1.0
    width = ops.where(high > low, high - low, ops.ones_like(low))
    rounded = low + ops.round((exact - low) / width * steps) / steps * width
    return straight_through(D, ops.cast(rounded, D.dtype))


def constrained_weights(J: Any, constraints: Constraints) -> Any:
    """Weights as the hardware has them: rounded, then as the constraints of plugins leave them; J's shape and dtype."""
    if constraints.weight_bits:
        J = rounded_weights(J, constraints)
    for constraint in of_plugins(constraints):
        J = constraint.weights(J)
    return J


def constrained_thresholds(D: Any, constraints: Constraints) -> Any:
    """D as the hardware has it: rounded, then as the constraints of plugins leave it; D's shape and dtype."""
    if constraints.threshold_bits:
        D = rounded_thresholds(D, constraints.threshold_bits)
    for constraint in of_plugins(constraints):
        D = constraint.thresholds(D)
    return D


def of_plugins(constraints: Constraints) -> list[Any]:
    """The constraints of plugins, as objects.

    Raises:
        ValueError: one is not registered with Keras, or does not take its options.
    """
    found = []
    for name, options in constraints.constraint.items():
        try:
            found.append(registered("constraints", name)(**options))
        except TypeError as error:
            raise ValueError(f"the hardware constraint {name!r} does not take {dict(options)}: {error}") from error
    return found


def is_synaptic(weight: keras.Variable) -> bool:
    """Whether a weight of a linear layer is J: a number, and no bias."""
    return keras.backend.is_float_dtype(weight.dtype) and weight.name != "bias"


def linear_call(layer: keras.layers.Layer, inputs: Any, constraints: Constraints) -> Any:
    """``layer(inputs)``, with the layer's weights as the constraints leave them.

    Args:
        layer: a built linear layer of Keras.
        inputs: what it takes.
        constraints: in force.
    """
    if not constraints.on_weights:
        return layer(inputs)

    def in_force(variables: list[keras.Variable]) -> list[Any]:
        return [
            constrained_weights(ops.convert_to_tensor(weight), constraints) if is_synaptic(weight) else weight.value
            for weight in variables
        ]

    outputs, _ = layer.stateless_call(
        in_force(layer.trainable_variables), in_force(layer.non_trainable_variables), inputs
    )
    return outputs
