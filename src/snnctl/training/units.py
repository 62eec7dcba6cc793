"""The hidden units of a network: its ReLU units, or the neurons that stand for them."""

from __future__ import annotations

from typing import Any

import keras

from snnctl.ttfs.keras_graph import all_layers
from snnctl.ttfs.spiking import SpikingLayer

RECTIFIERS = (keras.activations.relu, keras.activations.relu6)


def hidden_units(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers whose outputs are a ReLU network's activations or a spiking network's local spike times.

    Layers of nested models are among them; signed pairs, which stand for no ReLU unit, are not.
    """
    layers = all_layers(model)
    spiking = [layer for layer in layers if isinstance(layer, SpikingLayer)]
    if spiking:
        return [layer for layer in spiking if not layer.signed]
    return [layer for layer in layers if rectifies(layer)]


def rectifies(layer: Any) -> bool:
    """Whether a layer's outputs are those of ReLU units."""
    return isinstance(layer, keras.layers.ReLU) or getattr(layer, "activation", None) in RECTIFIERS
