"""Whether a network that was built here can be read again once it is saved."""

from __future__ import annotations

import json

import keras

from snnctl.errors import ModelError
from snnctl.models.failures import reason
from snnctl.models.vetting import vet


def check_savable(model: keras.Model, where: str = "") -> None:
    """Refuse, before it is trained, a network that snnctl would not read from the file it is saved to.

    Args:
        model: a built network.
        where: what the message begins with, such as "architecture 'fc2'".

    Raises:
        ModelError: a Lambda layer, a layer or function of a class that is not registered with Keras, or one that
            cannot be saved; names the layer.
    """
    todo = (
        "Use standard layers, or give the class get_config() and register it with "
        "@keras.saving.register_keras_serializable in a module that the plugin imports."
    )
    for layer in [*model.layers, model]:  # the parts first, for their names
        try:
            config = keras.saving.serialize_keras_object(layer)
            json.dumps(config)
        except Exception as error:
            raise ModelError(
                f"Layer '{layer.name}' cannot be saved: {reason(error)}", where=where, todo=todo
            ) from error
    try:
        vet(config, where)
    except ModelError as error:
        raise ModelError(f"{error.what} It could be trained, but not read again.", where=where, todo=todo) from error
