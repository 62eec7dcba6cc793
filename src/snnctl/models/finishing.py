"""What some layers still need when their weights have been set."""

from __future__ import annotations

import keras

from snnctl.models.stored import leaf_layers


def finish(model: keras.Model) -> None:
    """Let Normalization layers, nested ones included, make the constants they compute with from their weights."""
    for _, layer in leaf_layers(model):
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
