"""The number of classes of a weights-only file, which says it by the size of its last layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnctl.errors import ModelError

if TYPE_CHECKING:
    import h5py

    from snnctl.models.stored import StoredLayer
    from snnctl.plugins import Architecture, Reader

PROBED = 2  # classes of a network that is built for the order of its layers only


def stored_classes(
    path: Path,
    architecture: Architecture,
    options: dict[str, Any],
    sample_shape: tuple[int, ...] | None,
    readers: Sequence[Reader],
) -> int | None:
    """How many classes the weights are for; None of a file that holds more than weights.

    Args:
        path: what the user named.
        architecture: what the weights belong to.
        options: its options, checked.
        sample_shape: of the data; None if only the network tells.
        readers: of all formats there are.

    Raises:
        ModelError: damaged, or the shape of the samples or the number of classes cannot be told.
    """
    import h5py

    from snnctl.models.failures import opening
    from snnctl.models.hdf5 import holds_full_model
    from snnctl.models.source import find_source

    source = find_source(path, readers)
    if source.kind != "hdf5" or holds_full_model(source.path):
        return None
    if sample_shape is None:
        raise _unknown(source.path, "what shape its samples have, and images are brought to the network's")
    with opening(source.path), h5py.File(source.path, "r") as file:
        last = _last_layer(file, architecture, options, sample_shape)
        shape = last.weights[-1][1].shape if last is not None else ()
    if not shape:
        raise _unknown(source.path, "how many classes there are")
    return int(shape[-1])


def _last_layer(
    file: h5py.File, architecture: Architecture, options: dict[str, Any], sample_shape: tuple[int, ...]
) -> StoredLayer | None:
    """The layer that is the network's last; Keras 3 stores layers in no order, so a network is asked for it."""
    from snnctl.models.stored import keras_2_weights, keras_3_weights, leaf_layers, read_keras_2, read_keras_3

    if (group := keras_2_weights(file)) is not None:
        return next(reversed(read_keras_2(group)), None)
    if (group := keras_3_weights(file)) is None:
        return None
    probe = architecture.build(sample_shape, PROBED, **options)
    last = [layer.name for _, layer in leaf_layers(probe) if layer.weights][-1]
    return next((layer for layer in read_keras_3(group, probe) if layer.name == last), None)


def _unknown(path: Path, what: str) -> ModelError:
    return ModelError(
        f"{path} holds weights only and does not tell {what}.",
        todo="Name a data set of that shape and these classes with --data (a plugin can bring one), or save the whole "
        "model: model.save('model.keras').",
    )
