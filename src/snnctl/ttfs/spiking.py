"""The spiking layer: synapses, neurons that fire at most once, and their window.

``z`` is a neuron's local spike time without a window: <= 0 for one that stays silent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from snnctl.ttfs.constraints import registered, replica_context
from snnctl.ttfs.integration import IntegratingLayer

WINDOWS = ("grow", "fixed")


def alpha1_slope(sums: Any) -> Any:
    """``B_i = 1 + sum_j J_ij``: all inputs have arrived, and go on driving. [EM]"""
    return 1.0 + sums


SLOPES: dict[str, Callable[[Any], Any] | None] = {"b1": None, "alpha1": alpha1_slope}
"""``B_i``, the slope of the potentials while a layer fires, from ``sum_j J_ij``, by neuron model; None: 1."""


def grown(width, z, gamma: float):
    """The window's width after a training batch, scalar, in tau_c, from its width and z of the batch.

        t_max <- t_min + max(t_max - t_min, gamma (t_max - min_i t_i))          [HP, Methods]

    In layer-local time ``t_max - min_i t_i`` is the largest ``z_i`` of the batch. With several replicas it is the
    largest of all of them.
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


@keras.saving.register_keras_serializable("snnctl")
class SpikingLayer(IntegratingLayer):
    """Neurons with time-to-first-spike coding; each fires at most once.

    While the layer integrates, in ``[t_min_prev, t_min]``, and while it fires, in ``[t_min, t_max]``,

        dV_i/dt = A_i + sum_j J_ij H(t - t_j)     t < t_min
        dV_i/dt = B_i                             t >= t_min

    and neuron i fires at the first ``t >= t_min`` with ``V_i(t) >= theta_i``, or not at all. In layer-local
    time, ``x = t_max - t`` for a spike and 0 for silence, with ``z_i = D_i + sum_j J_ij x_j``:

    - ``b1`` (A = 0, B = 1, theta_i = t_max - t_min - D_i):  ``x_i = min(width, max(0, z_i))``, a ReLU unit with
      weights J and bias D; also its Jacobian ``dt_i/dt_j = J_ij`` is the ReLU unit's. [HP, Eqs. 5-7]
    - ``alpha1`` (A = 1, B_i = 1 + sum_j J_ij, never reset, theta_i = B_i width + width_prev - D_i):
      ``x_i = min(width, max(0, z_i / B_i))``, with the Jacobian ``J_ij / B_i``. [EM] This needs ``B_i > 0``: a
      neuron whose potential does not rise while it fires crosses no threshold, and stays silent.

    A plugin's neuron model says what ``B_i`` is (:class:`snnctl.plugins.NeuronModel`); A is 0 then, and the rest as for
    alpha1: ``x_i = min(width, max(0, z_i / B_i))``, with ``theta_i = B_i width - D_i``.

    *Clipped* b1 neurons (``max_value`` m) have a window of exactly m, so ``x_i = min(m, max(0, z_i))``, the clipped
    ReLU. A tensor of either sign is carried by *signed* pairs of layers: ``relu(z)`` and ``relu(-z)``.

    Args:
        synapses: see :class:`~snnctl.ttfs.integration.IntegratingLayer`, as for ``border_classes``, ``source``,
            ``train_D`` and ``constraints``.
        width: ``t_max - t_min``, the window's first width, in tau_c.
        neuron: "b1", "alpha1", or ``package:name`` of a plugin's model.
        windows: "grow" (each training batch may widen the window) or "fixed".
        gamma: growing windows reach at least gamma times the batch's largest ``x``; at least 1.
        max_value: m of clipped neurons, which is then the width; None: not clipped.
        signed: whether the layer is half of a pair that carries values of either sign, and stands for no ReLU units.

    Shapes: local spike times (batch, \\*inputs), or a list of them; out (batch, \\*neurons). Units: tau_c.
    Weights: those of the synapses (J), ``D`` and ``width`` (scalar, not trainable).

    Raises:
        ValueError: an argument is out of its range, or a synapse layer is not linear.
    """

    jitters = True

    def __init__(
        self,
        synapses: Any,
        width: float = 1.0,
        neuron: str = "b1",
        windows: str = "grow",
        gamma: float = 10.0,
        max_value: float | None = None,
        signed: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(synapses, **kwargs)
        if windows not in WINDOWS:
            raise ValueError(f"unknown kind of windows {windows!r}; known: {', '.join(WINDOWS)}")
        if gamma < 1:
            raise ValueError(f"gamma is {gamma}; below 1 a window would cut off the spikes it has just seen")
        if not width > 0:
            raise ValueError(f"the window's width is {width}; it must be positive")
        if max_value is not None and not max_value > 0:
            raise ValueError(f"max_value is {max_value}; it must be positive")
        if (signed or max_value is not None) and neuron != "b1":
            raise ValueError(f"signed and clipped neurons are b1 neurons, not {neuron}")
        if neuron not in SLOPES and ":" not in neuron:
            raise ValueError(f"unknown neuron model {neuron!r}; known: {', '.join(SLOPES)}")
        self.neuron = neuron
        self.A = float(neuron == "alpha1")  # the slope without inputs while the layer integrates
        self.B = SLOPES[neuron] if neuron in SLOPES else registered("neuron_models", neuron).slope
        self.windows = windows
        self.gamma = float(gamma)
        self.max_value = None if max_value is None else float(max_value)
        self.first_width = float(width) if self.max_value is None else self.max_value
        self.signed = signed

    def build(self, input_shape) -> None:
        super().build(input_shape)
        self.width = self.add_weight(
            name="width",
            shape=(),
            initializer=keras.initializers.Constant(self.first_width),
            trainable=False,
            # In half precision gamma times a large activation would be infinite, or be rounded.
            dtype="float64" if self.variable_dtype == "float64" else "float32",
            autocast=False,
            aggregation="only_first_replica",  # all replicas compute the same maximum
        )

    def slope(self, inputs):
        """``B_i``, the slope of the potentials while the layer fires, broadcastable to (batch, \\*neurons); None: 1."""
        if self.B is None:
            return None
        ones = keras.tree.map_structure(lambda x: ops.ones((1, *x.shape[1:]), dtype=self.compute_dtype), inputs)
        return self.B(self.currents(ones))

    def unclipped(self, inputs):
        """z, local spike times ``t_max - t_i`` without a window: <= 0 means silent, > width too early to happen."""
        z = self.integrate(inputs)  # (batch, *neurons)
        B = self.slope(inputs)  # (1, *neurons)
        if B is None:
            return z
        rises = B > 0
        return ops.where(rises, z / ops.where(rises, B, ops.ones_like(B)), ops.zeros_like(z))

    def fire(self, z):
        """Local spike times of z in the window, as the hardware makes them; 0 for silence."""
        x = clip_to_window(z, ops.cast(self.width, z.dtype))  # (batch, *neurons)
        return self.constrained_times(x, self.width)

    def call(self, inputs, training: bool | None = None):
        """Local spike times; in training, growing windows grow first."""
        z = self.unclipped(inputs)  # (batch, *neurons)
        if training and self.windows == "grow" and self.max_value is None:
            self.width.assign(grown(self.width, ops.stop_gradient(z), self.gamma))
            # gamma >= 1: nothing is outside the window, clipping to it would change nothing.
            return self.constrained_times(ops.relu(z), self.width)
        return self.fire(z)

    def threshold(self):
        """``theta_i = width - D`` of b1 neurons, of D's shape, in tau_c.

        Raises:
            ValueError: other neurons, whose thresholds depend on their slopes B.
        """
        if self.neuron != "b1":
            raise ValueError(f"the thresholds of {self.neuron} neurons depend on B; ask slope() for it")
        return ops.cast(self.width, self.variable_dtype) - self.offset_values()

    def get_config(self) -> dict[str, Any]:
        config = {name: getattr(self, name) for name in ("neuron", "windows", "gamma", "max_value", "signed")}
        return {**super().get_config(), **config, "width": self.first_width}
