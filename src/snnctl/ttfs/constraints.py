"""What hardware does to weights, thresholds and spike times: the definition, and how it is computed in the graph.

Everything here has the gradient of what it replaces, so that networks are trained through it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal

import keras
from keras import ops

MOST_BITS = 16


@dataclass(frozen=True)
class Constraints:
    """What hardware does to weights, thresholds and spike times; the default is nothing.

    Args:
        noise: standard deviation of the jitter of spike times, in tau_c; see :meth:`times`.
        time_bits: b of spike times on 2^b levels; 0, here and below: not rounded.
        weight_bits: b of weights J as signed integers; see :func:`rounded_weights`.
        threshold_bits: b of D on 2^b levels; see :func:`rounded_thresholds`.
        w_min: smallest weight; None: the layer's own.
        w_max: largest weight; None: the layer's own.
        seed: of the jitter, and of the constraints of plugins.
        constraint: those of plugins (:class:`snnctl.plugins.HardwareConstraint`), options by ``package:name``. They act
            after the rounding of weights and thresholds, and between the jitter and the rounding of times.

    Raises:
        ValueError: a value is out of its range.
    """

    noise: float = 0.0
    time_bits: int = 0
    weight_bits: int = 0
    threshold_bits: int = 0
    w_min: float | None = None
    w_max: float | None = None
    seed: int = 0
    constraint: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.noise < math.inf:
            raise ValueError(f"noise is {self.noise}; it must be a finite number, not below 0")
        for name in ("time_bits", "weight_bits", "threshold_bits"):
            bits = getattr(self, name)
            if not (isinstance(bits, int) and 0 <= bits <= MOST_BITS):
                raise ValueError(f"{name} is {bits}; it must be a whole number from 0 to {MOST_BITS}")
        for end in (self.w_min, self.w_max):
            if end is not None and not math.isfinite(end):
                raise ValueError(f"the weights' range ends at {end}; it must be finite")
        if not isinstance(self.constraint, Mapping) or not all(
            isinstance(o, Mapping) for o in self.constraint.values()
        ):
            raise ValueError(f"constraint is {self.constraint!r:.60}; it must hold options by name")
        if self.w_min is not None and self.w_max is not None and not self.w_min < self.w_max:
            raise ValueError(f"w_min is {self.w_min} and w_max {self.w_max}; w_min must be below w_max")

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | None) -> Constraints:
        """The constraints in the configuration of a layer.

        Raises:
            ValueError: it holds something else, or the constraint of a plugin that is not registered with Keras.
        """
        try:
            constraints = cls(**(config or {}))
            _ = constraints.of_plugins  # where a plugin is missing, opening a file fails and not the first call
        except TypeError as error:
            raise ValueError(f"these are no constraints: {config!r:.200}: {error}") from error
        return constraints

    def in_force(self) -> dict[str, Any]:
        """Only what has an effect, by name; empty for nothing. ``Constraints(**in_force)`` has the same effect."""
        idle = [] if self.weight_bits else ["w_min", "w_max"]
        idle += [] if self.random else ["seed"]
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in idle}
        values["constraint"] = {name: dict(options) for name, options in self.constraint.items()}
        nothing = Constraints()
        return {name: value for name, value in values.items() if value != getattr(nothing, name)}

    def times_only(self) -> Constraints:
        """Jitter and rounding of spike times alone."""
        return Constraints(noise=self.noise, time_bits=self.time_bits, seed=self.seed)

    @property
    def on_times(self) -> bool:
        """Whether spike times may not be what they would be."""
        return self.time_bits > 0 or self.random

    @property
    def on_weights(self) -> bool:
        """Whether weights may not be what they would be."""
        return self.weight_bits > 0 or bool(self.constraint)

    @property
    def random(self) -> bool:
        """Whether random numbers may be drawn for spike times."""
        return self.noise > 0 or bool(self.constraint)

    @cached_property
    def of_plugins(self) -> list[Any]:
        """The constraints of plugins, as objects."""
        return [registered("constraints", name)(**options) for name, options in self.constraint.items()]

    def weights(self, J: Any) -> Any:
        """Weights as the hardware has them, of J's shape and dtype, with its gradient."""
        if self.weight_bits:
            J = rounded_weights(J, self.weight_bits, self.w_min, self.w_max)
        for constraint in self.of_plugins:
            J = constraint.weights(J)
        return J

    def thresholds(self, D: Any) -> Any:
        """D as the hardware has it, of D's shape and dtype, with its gradient."""
        if self.threshold_bits:
            D = rounded_thresholds(D, self.threshold_bits)
        for constraint in self.of_plugins:
            D = constraint.thresholds(D)
        return D

    def times(self, x: Any, width: Any, seed: JitterSeed | None = None) -> Any:
        """Local spike times as the hardware has them; the gradient is that of ``x``.

            x -> clip(x + noise N(0, 1), 0, width)                where x > 0
            x -> clip(what constraints of plugins make of it, 0, width)
            x -> round(x / step) step                             step = width / (2^time_bits - 1)

        x, (batch, \\*neurons), and the scalar width are in tau_c. A silent neuron has x = 0 and stays silent; a spike
        that is moved to the window's end, x = 0, is none. Without a seed times are only rounded, as the input's.
        """
        if not self.on_times:
            return x
        width = ops.cast(width, x.dtype)
        times = x
        if seed is not None and self.noise:
            moved = x + keras.random.normal(ops.shape(x), stddev=self.noise, dtype=x.dtype, seed=seed)
            times = ops.where(x > 0, ops.clip(moved, 0.0, width), x)
        for constraint in self.of_plugins if seed is not None else ():
            times = ops.clip(constraint.times(times, 0.0, width, seed), 0.0, width)
        if self.time_bits:
            times = _on_levels(times / width, self.time_bits) * width
        return straight_through(x, times)


def straight_through(x: Any, replaced: Any) -> Any:
    """``replaced``, bit for bit, with the gradient of ``x``. [Bengio et al. 2013, arXiv 1308.3432]"""
    return ops.stop_gradient(replaced) + (x - ops.stop_gradient(x))


def rounded_weights(weights: Any, bits: int, w_min: float | None = None, w_max: float | None = None) -> Any:
    """Weights J as signed integers of b bits, times the layer's step.

        step = max(-w_min / 2^(b-1), w_max / (2^(b-1) - 1))
        J -> clip(round(J / step), -2^(b-1), 2^(b-1) - 1) step          outside w_min to w_max weights saturate first

    The step is the smallest with which both ends of the range are within reach. 0 is a level, as absent synapses ask
    for. One bit has the levels -step and 0. An end of the range that is None is the layer's own. Computed in float64;
    of the weights' shape and dtype, with their gradient.
    """
    J = ops.cast(weights, "float64")
    J = J if w_min is None else ops.maximum(J, w_min)
    J = J if w_max is None else ops.minimum(J, w_max)
    low = ops.min(J) if w_min is None else ops.convert_to_tensor(w_min, "float64")
    high = ops.max(J) if w_max is None else ops.convert_to_tensor(w_max, "float64")
    least, most = -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1.0
    step = ops.maximum(low / least, high / most) if most else low / least
    step = ops.where(step > 0, step, ops.ones_like(step))
    levels = ops.clip(ops.round(J / step), least, most) * step
    return straight_through(weights, ops.cast(levels, weights.dtype))


def rounded_thresholds(D: Any, bits: int) -> Any:
    """D on 2^b levels from the layer's smallest to its largest, both included; of D's shape and dtype, its gradient."""
    exact = ops.cast(D, "float64")
    low, high = ops.min(exact), ops.max(exact)
    width = ops.where(high > low, high - low, ops.ones_like(low))
    rounded = low + _on_levels((exact - low) / width, bits) * width
    return straight_through(D, ops.cast(rounded, D.dtype))


def _on_levels(x: Any, bits: int) -> Any:
    """x on the 2^b levels of [0, 1], both ends included."""
    steps = 2.0**bits - 1.0
    return ops.round(x * steps) / steps


def replica_context() -> Any:
    """What ``tf.distribute`` says of the replica that computes; None where there is one only."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return context if context is not None and context.num_replicas_in_sync > 1 else None


class JitterSeed(keras.random.SeedGenerator):
    """A seed for each call of a layer, from the network's; another one in every layer and on every replica."""

    def __init__(self, seed: int, layer: str) -> None:
        self.first = zlib.crc32(f"{seed} {layer}".encode()) >> 1  # Keras keeps 32 bits with a sign
        super().__init__(self.first, name="jitter")

    def next(self, ordered: bool = True) -> Any:
        """The seed of this call, two whole numbers."""
        seed, context = super().next(ordered), replica_context()
        replica = 0 if context is None else context.replica_id_in_sync_group
        return seed + ops.cast(ops.stack([replica, 0]), seed.dtype)

    def restart(self) -> None:
        """Begins again with the first call's."""
        self.state.assign([self.first, 0])


class ConstrainedLayer(keras.layers.Layer):
    """A layer that computes as its hardware does.

    Args:
        constraints: of the hardware, by name (:class:`Constraints`); None for none. The weights that the layer holds,
            and trains, are those before rounding.
    """

    jitters = False  # whether spikes leave it whose times jitter
    jitter_seed: JitterSeed | None = None

    def __init__(self, constraints: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.constraints = Constraints.from_config(constraints)
        if self.jitters and self.constraints.random:
            self.jitter_seed = JitterSeed(self.constraints.seed, self.name)

    def constrained_times(self, x, width):
        """Local spike times as the hardware has them, (batch, \\*neurons), in a window of ``width``."""
        return self.constraints.times(x, width, self.jitter_seed)

    def through(self, linear: keras.layers.Layer, inputs: Any) -> Any:
        """``linear(inputs)`` of a built linear layer of Keras, with its weights as the hardware has them."""
        if not self.constraints.on_weights:
            return linear(inputs)

        def in_force(weight: keras.Variable) -> Any:
            J = ops.convert_to_tensor(weight)
            return self.constraints.weights(J) if is_synaptic(weight, linear) else J

        variables = linear.trainable_variables, linear.non_trainable_variables
        return linear.stateless_call(*([in_force(weight) for weight in each] for each in variables), inputs)[0]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again; no word of constraints where none is in force."""
        values = self.constraints.in_force()
        return {**super().get_config(), **({"constraints": values} if values else {})}


def is_synaptic(weight: keras.Variable, linear: keras.layers.Layer) -> bool:
    """Whether a weight of a linear layer is J: a number, no bias, and not just the sign of other synapses' weights."""
    is_number = keras.backend.is_float_dtype(weight.dtype)
    return is_number and weight.name != "bias" and not getattr(linear, "signs", False)


# What plugins register

Kind = Literal["neuron_models", "constraints"]
NO_PLUGIN = "the plugin that has it must be installed"
WORDS = {"neuron_models": "neuron model", "constraints": "hardware constraint"}


def register(kind: Kind, name: str, thing: Any) -> None:
    """Let files be opened that name a neuron model (an instance) or constraint (a class), ``package:name``."""
    keras.saving.get_custom_objects()[f"snnctl.{kind}>{name}"] = thing


def registered(kind: Kind, name: str) -> Any:
    """What is registered by that name; ValueError if nothing is."""
    thing = keras.saving.get_registered_object(f"snnctl.{kind}>{name}")
    if thing is None:
        raise ValueError(f"the {WORDS[kind]} {name!r} is not known; {NO_PLUGIN}")
    return thing
