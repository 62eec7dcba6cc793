"""Weights-only files in the layout of Keras 2, written from a Keras 3 model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import keras
import numpy as np


def save_weights_keras2(model: keras.Model, path: Path, names: Mapping[str, str] | None = None) -> Path:
    """What Keras 2's ``model.save_weights(path)`` writes.

    Args:
        model: a built model.
        path: the file to write.
        names: other names for some of the layers, as Keras 2 might have called them.

    Returns:
        ``path``.
    """
    called = {layer.name: (names or {}).get(layer.name, layer.name) for layer in model.layers}
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [called[layer.name].encode() for layer in model.layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.1.5"
        for layer in model.layers:
            name = called[layer.name]
            weights = {f"{name}/{weight.name}:0": keras.ops.convert_to_numpy(weight) for weight in layer.weights}
            group = file.create_group(name)
            group.attrs["weight_names"] = np.array([weight.encode() for weight in weights], dtype="S")
            for weight, value in weights.items():
                group.create_dataset(weight, data=value)
    return path
