"""A spiking network's weights in the terms of the ReLU network it was made of."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.readout import Readout

Weights = list[np.ndarray]


def relu_weights(model: keras.Model) -> Weights:
    """Kernel and bias of every layer that has a kernel, in the order of computation."""
    return [
        np.asarray(weight)
        for layer in model.layers
        if hasattr(layer, "kernel")
        for weight in ([layer.kernel, layer.bias] if layer.use_bias else [layer.kernel])
    ]


def given_weights(model: keras.Model) -> Weights:
    """J and D of every layer, as the neuron models "b1" and "alpha1" were given W and b."""
    return [weight for layer in _integrating(model) for weight in _parameters(layer)]


def equivalent_weights(model: keras.Model) -> Weights:
    """``w = J / B`` and ``b = D / B`` with ``B_i = 1 + sum_j J_ij``: the inverse of how "smart-alpha1" made J. [EM]

    A neuron with ``B <= 0`` never fires: it is a ReLU unit whose weights are all 0. Readouts have J = w.
    """
    found: Weights = []
    for layer in _integrating(model):
        J, D = _parameters(layer)
        if not isinstance(layer, Readout):
            B = 1.0 + J.sum(axis=tuple(range(J.ndim - 1)))
            inverse = np.where(B > 0, 1.0 / np.where(B > 0, B, 1.0), 0.0)
            J, D = J * inverse, D * inverse
        found += [J, D]
    return found


WEIGHTS: dict[str, Callable[[keras.Model], Weights]] = {
    "relu": relu_weights,
    "b1": given_weights,
    "alpha1": given_weights,
    "smart-alpha1": equivalent_weights,
}
"""By neuron model: the inverse of how its J and D are made of W and b; at the start it gives back W and b."""


def comparable(weights: Weights, reference: Weights) -> bool:
    """Whether two networks have as many weights, of the same shapes."""
    return [weight.shape for weight in weights] == [weight.shape for weight in reference]


def _integrating(model: keras.Model) -> list[IntegratingLayer]:
    return [layer for layer in model.layers if isinstance(layer, IntegratingLayer)]


def _parameters(layer: IntegratingLayer) -> list[np.ndarray]:
    kernels = [np.asarray(linear.kernel) for linear in layer.synapses if hasattr(linear, "kernel")]
    return [*kernels, np.asarray(layer.D)]
