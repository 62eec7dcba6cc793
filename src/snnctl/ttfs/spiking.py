"""The spiking layer: synapses, neurons that fire at most once, and their window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from snnctl.ttfs.firing import Firing
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.neuron_models import rise_of
from snnctl.ttfs.spike_times import jitter_seed, on_hardware
from snnctl.ttfs.window import WINDOWS, confined, grown, range_grown, window_dtype


@keras.saving.register_keras_serializable("snnctl")
class SpikingLayer(IntegratingLayer, Firing):
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

    Two variants of the b1 neuron:

    - *clipped* (``max_value`` m): a window of exactly m, so ``x_i = min(m, max(0, z_i))``, the clipped ReLU.
    - *signed*: carries a value of either sign in a range ``[low, low + width]``, as the input coding does.
      The neuron fires at ``t_max - (z_i - low)``; measured from the reference time ``t_max + low`` instead of
      ``t_max``, its local time is ``z_i`` itself, and so the layer returns ``min(low + width, max(low, z_i))``.
      Who reads it has, as its true threshold, one that is lower by ``sum_j J_ij low``.

    Args:
        synapses: see :class:`~snnctl.ttfs.integration.IntegratingLayer`.
        width: ``t_max - t_min``, the window's first width, in tau_c.
        neuron: "b1", "alpha1", or ``package:name`` of a plugin's model.
        windows: "grow" (each training batch may widen the window) or "fixed".
        gamma: growing windows reach at least gamma times the batch's largest ``x``; at least 1.
        positions: see :class:`~snnctl.ttfs.integration.IntegratingLayer`.
        max_value: m of clipped neurons, which is then the width; None: not clipped.
        signed: whether the neurons carry values of either sign; their first range is [-width, width].
        source: see :class:`~snnctl.ttfs.integration.IntegratingLayer`.
        train_D: see there.
        constraints: see there.

    Shapes: local spike times (batch, \\*inputs), or a list of them; out (batch, \\*neurons). Units: tau_c.
    Weights: those of the synapses (J), ``D``, ``width`` and, of signed neurons, ``low`` (scalars, not trainable).

    Raises:
        ValueError: an argument is out of its range, or a synapse layer is not linear.
    """

    def __init__(
        self,
        synapses: Any,
        width: float = 1.0,
        neuron: str = "b1",
        windows: str = "grow",
        gamma: float = 10.0,
        positions: int | None = None,
        max_value: float | None = None,
        signed: bool = False,
        source: Sequence[str] = (),
        train_D: bool = True,
        constraints: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(synapses, positions, source, train_D, constraints, **kwargs)
        self.rise = rise_of(neuron)
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
        if signed and max_value is not None:
            raise ValueError("a neuron is signed or clipped, not both")
        self.max_value = None if max_value is None else float(max_value)
        self.signed = signed
        self.first_width = float(width) if self.max_value is None else self.max_value
        self.neuron = neuron
        self.windows = windows
        self.gamma = float(gamma)
        self.jitter_seed = jitter_seed(self.constraints, self.name)

    def build(self, input_shape) -> None:
        """Creates J, D and the window's width."""
        super().build(input_shape)
        self.width = self.add_weight(
            name="width",
            dtype=window_dtype(self.variable_dtype),
            autocast=False,
            shape=(),
            initializer=keras.initializers.Constant(self.first_width * (2 if self.signed else 1)),
            trainable=False,
            # All replicas compute the same maximum, so any of them will do.
            aggregation="only_first_replica",
        )
        if self.signed:
            self.low = self.add_weight(
                name="low",
                dtype=window_dtype(self.variable_dtype),
                autocast=False,
                shape=(),
                initializer=keras.initializers.Constant(-self.first_width),
                trainable=False,
                aggregation="only_first_replica",
            )

    @property
    def range(self):
        """(smallest, largest) value that the window holds, in tau_c."""
        width = ops.convert_to_tensor(self.width)
        low = ops.convert_to_tensor(self.low) if self.signed else ops.zeros_like(width)
        return low, low + width

    @property
    def of_both_signs(self) -> bool:
        """Whether the neurons carry values of either sign."""
        return self.signed

    def span(self):
        """(low, width) of the window, in tau_c."""
        return self.range[0], self.width

    def slope(self, inputs):
        """``B_i``, the slope of the potentials while the layer fires; broadcastable to (batch, \\*neurons)."""
        if self.rise.slope is None:
            return 1.0
        tensors = inputs if len(self._group_sizes) > 1 else [inputs]
        ones = [ops.ones((1, *x.shape[1:]), dtype=self.compute_dtype) for x in tensors]
        B = self.rise.slope(self.currents(ones if len(ones) > 1 else ones[0]))
        return 1.0 if B is None else B

    def ideal(self, inputs):
        """Local spike times ``t_max - t_i`` without a window: <= 0 means silent, > width too early to happen."""
        z = self.integrate(inputs)
        B = self.slope(inputs)
        if isinstance(B, float):  # 1
            return z
        rises = B > 0
        return ops.where(rises, z / ops.where(rises, B, ops.ones_like(B)), ops.zeros_like(z))

    def fire(self, ideal):
        """Local spike times confined to the window; (batch, \\*neurons), 0 (signed: low) for silent neurons."""
        if self.signed:
            low, high = self.range
            x = ops.clip(ideal, ops.cast(low, ideal.dtype), ops.cast(high, ideal.dtype))
        else:
            x = confined(ideal, ops.cast(self.width, ideal.dtype))
        return self.timed(x, *self.span())

    def timed(self, x, low, width):
        """Local spike times of a window as the hardware makes them."""
        return on_hardware(x, low, width, self.constraints, self.jitter_seed)

    def call(self, inputs, training: bool | None = None):
        """Local spike times; in training, growing windows grow first."""
        ideal = self.ideal(inputs)
        if not training or self.windows == "fixed" or self.max_value is not None:
            return self.fire(ideal)
        if self.signed:
            low, width = range_grown(self.low, self.width, ops.stop_gradient(ideal), self.gamma)
            self.low.assign(low)
            self.width.assign(width)
            return self.timed(ideal, low, width)
        width = grown(self.width, ops.stop_gradient(ideal), self.gamma)
        self.width.assign(width)
        # gamma >= 1: nothing is outside the window, confining it would change nothing
        return self.timed(ops.relu(ideal), 0.0, width)

    def threshold(self):
        """``theta_i`` of the b1 neurons, ``width - D`` (signed: ``width + low - D``), of D's shape, in tau_c.

        Inputs carried by signed neurons are meant as they are decoded, see there.

        Raises:
            ValueError: other neurons: thresholds depend on their slopes, those of alpha1 on the inputs' layer too.
        """
        if self.neuron == "alpha1":
            raise ValueError("the threshold of an alpha1 neuron is B width + width_prev - D; ask slope() for B")
        if self.neuron != "b1":
            raise ValueError(f"the threshold of a {self.neuron} neuron is B width - D; ask slope() for B")
        return ops.convert_to_tensor(self.range[1]) - self.offset_values()

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {
            **super().get_config(),
            "width": self.first_width,
            "neuron": self.neuron,
            "windows": self.windows,
            "gamma": self.gamma,
            "max_value": self.max_value,
            "signed": self.signed,
        }
