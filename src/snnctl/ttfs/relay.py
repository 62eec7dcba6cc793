"""Relay neurons: they carry spikes from one window to the next, unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from snnctl.ttfs.constraints import from_config, to_config
from snnctl.ttfs.firing import Carried, Firing, carried_by
from snnctl.ttfs.spike_times import jitter_seed, on_hardware


@keras.saving.register_keras_serializable("snnctl")
class Relay(keras.layers.Layer, Firing):
    """One neuron for each spike train: J = 1, D = 0, the identity, since x >= 0.

    A branch of the network whose spikes come from an earlier window waits in relay neurons, so that all
    branches arrive in the same integration window. Their window is as wide as that of the spikes they carry,
    so nothing saturates and in layer-local time nothing changes: the layer computes the identity.

    On hardware that jitters or rounds times, relay neurons do so too, in that window. Which it is, a relay layer learns
    when it is called in the making of a functional model.

    Args:
        source: names of the layers of the ReLU network whose spikes wait here, for the reader.
        constraints: of the hardware, by name (:class:`snnctl.ttfs.constraints.Constraints`); None for none.

    Shapes: any in, the same out. Units: local time in tau_c.
    """

    def __init__(self, source: Sequence[str] = (), constraints: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = tuple(source)
        self.constraints = from_config(constraints)
        self.jitter_seed = jitter_seed(self.constraints, self.name)
        self.carried: Carried | None = None

    def __call__(self, inputs, *args, **kwargs):
        """See :meth:`call`; in the making of a model, finds out whose spikes these are."""
        if self.constraints.on_times and self.carried is None and isinstance(inputs, keras.KerasTensor):
            self.carried = carried_by(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs):
        """The same local spike times, one window later, as far as the hardware keeps them."""
        if not self.constraints.on_times:
            return inputs
        return on_hardware(inputs, *self.span(), self.constraints, self.jitter_seed)

    @property
    def of_both_signs(self) -> bool:
        """Whether signed neurons are among those it carries."""
        return self.carried is not None and self.carried.silence is not None

    def span(self) -> tuple[Any, Any]:
        """(low, width) of the window; needed on hardware that changes times only.

        Raises:
            ValueError: the layer is not part of a functional model.
        """
        if self.carried is None:
            raise ValueError(f"relay layer {self.name} knows its window in a functional model only")
        return self.carried.span()

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {**super().get_config(), "source": list(self.source), **to_config(self.constraints)}
