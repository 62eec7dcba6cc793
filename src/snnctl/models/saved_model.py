"""TensorFlow SavedModels that Keras 2 wrote: the network is built again from Keras's description of it.

The graph in ``saved_model.pb`` is not loaded, so nothing in it can run.
"""

from __future__ import annotations

from pathlib import Path

import keras

from snnctl.models.building import build
from snnctl.models.checkpoint import Checkpoint
from snnctl.models.failures import opening
from snnctl.models.filling import fill
from snnctl.models.saved_metadata import read_metadata
from snnctl.models.stored import named_leaves


def open_saved_model(
    folder: Path, *, input_shape: tuple[int, ...] | None = None, allow_code: bool = False
) -> keras.Model:
    """The model in a SavedModel folder, not compiled.

    Args:
        folder: what ``model.save(folder)`` of tf.keras wrote.
        input_shape: shape of one sample, for a network that does not say it.
        allow_code: whether code in its layers may be run.

    Raises:
        ModelError: damaged, not written by Keras, a model that is not Sequential or functional, or with layers that
            are unknown or hold code.
    """
    with opening(folder):
        config = read_metadata(folder)
        checkpoint = Checkpoint(folder)
        model = build(config, folder, checkpoint.values, keras_3=False, input_shape=input_shape, allow_code=allow_code)
        fill(model, list(checkpoint.layers(config)), list(named_leaves(model)), folder)
        return model
