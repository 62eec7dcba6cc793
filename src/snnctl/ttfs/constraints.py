"""What hardware does to spike times, weights and thresholds: the definition, and how it is computed in the graph.

Everything here has the gradient of what it replaces, so that networks are trained through it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

import keras
from keras import ops

from snnctl.ttfs.window import replica

MOST_BITS = 16


@dataclass(frozen=True)
class Constraints:
    """What hardware does to spike times, weights and thresholds; the default is nothing.

    - *noise*: normal jitter of the times of neurons that fire (not of the input's); silent ones stay silent; then
      confined to the window.
    - *time_bits* b: times are rounded to the 2^b levels of the layer's window (both ends are levels), after the jitter.
      The input's spikes too. A spike that is moved to the window's end is none.
    - *weight_bits* b: J, the readout's too, is rounded to b-bit signed integers times a step that reaches from
      ``w_min`` to ``w_max``; weights outside saturate. Computed in float64.
    - *threshold_bits* b: D is rounded to 2^b levels from the layer's smallest to its largest.
    - *constraint*: those of plugins (:class:`snnctl.plugins.HardwareConstraint`), each after the rounding of weights
      and thresholds, and between the jitter and the rounding of times.

    Args:
        noise: standard deviation, in tau_c.
        time_bits: 0: not rounded.
        weight_bits: 0: not rounded.
        threshold_bits: 0: not rounded.
        w_min: smallest weight; None: the layer's own.
        w_max: largest weight; None: the layer's own.
        seed: of the jitter, and of the constraints of plugins.
        constraint: options by ``package:name``.

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
    constraint: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))

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
        if self.w_min is not None and self.w_max is not None and not self.w_min < self.w_max:
            raise ValueError(f"w_min is {self.w_min} and w_max {self.w_max}; w_min must be below w_max")
        if not isinstance(self.constraint, Mapping) or not all(
            isinstance(options, Mapping) for options in self.constraint.values()
        ):
            raise ValueError(f"constraint is {self.constraint!r:.60}; it must hold options by name")
        frozen = {name: MappingProxyType(dict(options)) for name, options in self.constraint.items()}
        object.__setattr__(self, "constraint", MappingProxyType(frozen))

    @property
    def on_times(self) -> bool:
        """Whether spike times are not what they would be."""
        return self.noise > 0 or self.time_bits > 0 or self.of_plugins

    @property
    def on_weights(self) -> bool:
        """Whether weights are not what they would be."""
        return self.weight_bits > 0 or self.of_plugins

    @property
    def on_thresholds(self) -> bool:
        """Whether thresholds are not what they would be."""
        return self.threshold_bits > 0 or self.of_plugins

    @property
    def random(self) -> bool:
        """Whether random numbers may be drawn for spike times."""
        return self.noise > 0 or self.of_plugins

    @property
    def of_plugins(self) -> bool:
        """Whether constraints of plugins are among them, which may change anything."""
        return len(self.constraint) > 0

    def in_force(self) -> dict[str, Any]:
        """Only what has an effect, by name; empty for nothing. ``Constraints(**in_force)`` has the same effect."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "constraint"}
        values = {name: value for name, value in numbers.items() if value not in (0, None)}
        if self.weight_bits:
            values |= {name: getattr(self, name) for name in ("w_min", "w_max") if getattr(self, name) is not None}
        else:
            values = {name: value for name, value in values.items() if name not in ("w_min", "w_max")}
        if not self.random:
            values.pop("seed", None)
        if self.of_plugins:
            values["constraint"] = {name: dict(options) for name, options in self.constraint.items()}
        return values

    def times_only(self) -> Constraints:
        """Jitter and rounding of spike times alone."""
        return Constraints(noise=self.noise, time_bits=self.time_bits, seed=self.seed)


def from_config(config: Mapping[str, Any] | None) -> Constraints:
    """The constraints in the configuration of a layer.

    Raises:
        ValueError: it holds something else, or the constraint of a plugin that is not registered with Keras.
    """
    if not isinstance(config, Mapping | None):
        raise ValueError(f"constraints are given by name, not as {config!r}")
    try:
        constraints = Constraints(**(config or {}))
    except TypeError as error:
        raise ValueError(f"these are no constraints: {dict(config or {})}") from error
    of_plugins(constraints)
    return constraints


def to_config(constraints: Constraints) -> dict[str, Any]:
    """The entry in the configuration of a layer; none where nothing is in force, so that files stay as they were."""
    values = constraints.in_force()
    return {"constraints": values} if values else {}


# What plugins register

Kind = Literal["neuron_models", "constraints"]
WORDS = {"neuron_models": "neuron model", "constraints": "hardware constraint"}


def register(kind: Kind, name: str, thing: Any) -> None:
    """Let files that name ``thing`` be opened: a network's file names the neuron models and constraints of plugins.

    Args:
        kind: what it is.
        name: what files call it, ``package:name``.
        thing: an instance of a neuron model, or a class of constraints.
    """
    keras.saving.get_custom_objects()[f"snnctl.{kind}>{name}"] = thing


def registered(kind: Kind, name: str) -> Any:
    """What is registered by that name.

    Raises:
        ValueError: nothing is.
    """
    thing = keras.saving.get_registered_object(f"snnctl.{kind}>{name}")
    if thing is None:
        raise ValueError(f"the {WORDS[kind]} {name!r} is not known; the plugin that has it must be installed")
    return thing


def of_plugins(constraints: Constraints) -> list[Any]:
    """The constraints of plugins, as objects.

    Raises:
        ValueError: one is not registered with Keras, or does not take its options.
    """
    constraints_of_plugins = []
    for name, options in constraints.constraint.items():
        try:
            constraints_of_plugins.append(registered("constraints", name)(**options))
        except TypeError as error:
            raise ValueError(f"the hardware constraint {name!r} does not take {dict(options)}: {error}") from error
    return constraints_of_plugins


# Weights and thresholds


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


# Spike times


class JitterSeed(keras.random.SeedGenerator):
    """A seed for each call; another one in every layer and, while training, on every replica.

    Args:
        constraints: its ``seed`` is the network's.
        layer: the layer's name.
    """

    def __init__(self, constraints: Constraints, layer: str) -> None:
        # Keras keeps 32 bits with a sign.
        self.first = zlib.crc32(f"{constraints.seed} {layer}".encode()) >> 1
        super().__init__(self.first, name="jitter")

    def next(self, ordered: bool = True) -> Any:
        """The seed of this call, two whole numbers."""
        seed = super().next(ordered)
        return seed + ops.cast(ops.stack([replica(), 0]), seed.dtype)

    def restart(self) -> None:
        """Begins again with the first call's."""
        self.state.assign([self.first, 0])


def jitter_seed(constraints: Constraints, layer: str) -> JitterSeed | None:
    """What a layer with these constraints draws its jitter with; None for no jitter."""
    return JitterSeed(constraints, layer) if constraints.random else None


def apply_time_constraints(x: Any, width: Any, constraints: Constraints, seed: JitterSeed | None = None) -> Any:
    """Local spike times as the constraints leave them; the gradient is that of ``x``.

        x -> clip(x + noise N(0, 1), 0, width)                where x > 0
        x -> clip(what constraints of plugins make of it, 0, width)
        x -> round(x / step) step                             step = width / (2^time_bits - 1)

    Args:
        x: local times within the window, (batch, \\*neurons), in tau_c; 0 for a silent neuron.
        width: of the window, scalar.
        constraints: in force.
        seed: of the jitter; None for none.
    """
    if not constraints.on_times:
        return x
    width = ops.cast(width, x.dtype)
    times = x
    if seed is not None and constraints.noise:
        moved = x + keras.random.normal(ops.shape(x), stddev=constraints.noise, dtype=x.dtype, seed=seed)
        times = ops.where(x > 0, ops.minimum(ops.maximum(moved, 0.0), width), x)
    for constraint in of_plugins(constraints) if seed is not None else ():
        times = ops.minimum(ops.maximum(constraint.times(times, 0.0, width, seed), 0.0), width)
    if constraints.time_bits:
        steps = 2.0**constraints.time_bits - 1.0
        times = ops.round(times / width * steps) / steps * width
    return straight_through(x, times)
