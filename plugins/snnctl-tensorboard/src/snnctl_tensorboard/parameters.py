"""The weights and thresholds of a network, for histograms."""

from __future__ import annotations

import keras
import numpy as np

from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.spiking import SpikingLayer


def parameters(model: keras.Model) -> dict[str, np.ndarray]:
    """The trained weights by tag, and the thresholds theta of b1 neurons in place of their D.

    Thresholds are in tau_c, one for each row of D. Of alpha1 neurons and readouts, D itself is shown.
    """
    found: dict[str, np.ndarray] = {}
    hidden = set()
    for layer in model.layers:
        if isinstance(layer, IntegratingLayer):
            hidden.add(id(layer.D))
            plain = isinstance(layer, SpikingLayer) and layer.neuron == "b1"
            values = layer.threshold() if plain else layer.offset_values()
            found[f"{'thresholds' if plain else 'D'}/{layer.name}"] = keras.ops.convert_to_numpy(values)
    for weight in model.trainable_weights:
        if id(weight) not in hidden:
            found[f"weights/{weight.path.replace(':', '_')}"] = keras.ops.convert_to_numpy(weight)
    return found
