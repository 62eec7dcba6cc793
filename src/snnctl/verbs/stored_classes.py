"""The number of classes of a weights-only file, which says it by the size of its last layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnctl.errors import ModelError

if TYPE_CHECKING:
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
    from snnctl.models.files import STORED_CONFIG, opened_hdf5
    from snnctl.models.load import find_source
    from snnctl.models.safety import opening
    from snnctl.models.weights import holds_weights, stored_layers

    path, reader, _ = find_source(path, readers)
    if reader.name != "hdf5":
        return None
    with opening(path), opened_hdf5(path) as (file, _):
        if STORED_CONFIG in file.attrs or not holds_weights(file):
            return None
        if sample_shape is None:
            raise _unknown(path, "what shape its samples have, and images are brought to the network's")
        stored, _ = stored_layers(file, architecture.build(sample_shape, PROBED, **options))
        weights = [values for layer in stored.values() for values in layer.values()]
        shape = weights[-1].shape if weights else ()
    if not shape:
        raise _unknown(path, "how many classes there are")
    return int(shape[-1])


def _unknown(path: Path, what: str) -> ModelError:
    return ModelError(
        f"{path} holds weights only and does not tell {what}.",
        todo="Name a data set of that shape and these classes with --data (a plugin can bring one), or save the whole "
        "model: model.save('model.keras').",
    )
