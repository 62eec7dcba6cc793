"""Opening ``.keras`` files, those of Keras 2 included."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import keras

from snnctl.errors import ModelError
from snnctl.models.building import build
from snnctl.models.entries import AGAIN, CONFIG, METADATA, WEIGHTS, check_entries, read_object
from snnctl.models.failures import opening
from snnctl.models.filling import fill
from snnctl.models.probing import check_survivable
from snnctl.models.stored import keras_3_weights, named_leaves, read_described
from snnctl.models.stored_types import check_numbers, check_storage


@dataclass(frozen=True)
class _Unpacked:
    """A ``.keras`` file's parts.

    Args:
        config: the configuration.
        version: of the Keras that wrote it.
        weights: an HDF5 file.
    """

    config: dict[str, Any]
    version: str
    weights: Path


def open_archive(path: Path, *, input_shape: tuple[int, ...] | None = None, allow_code: bool = False) -> keras.Model:
    """The model in a ``.keras`` file, not compiled.

    Args:
        path: the file.
        input_shape: shape of one sample, for a network that does not say it.
        allow_code: whether code in it may be run.

    Raises:
        ModelError: damaged, not a model, or with layers that are unknown or hold code.
    """
    with opening(path), _unpacked(path) as parts:
        keras_3 = not parts.version.startswith("2.")
        check_survivable(parts.weights, path)
        with h5py.File(parts.weights, "r") as file:
            values = check_storage(file, path)
            check_numbers(file, path)
            model = build(parts.config, path, values, keras_3=keras_3, input_shape=input_shape, allow_code=allow_code)
            if not keras_3:
                stored = list(read_described(keras_3_weights(file) or file, parts.config))
                fill(model, stored, list(named_leaves(model)), path)
        if keras_3:
            model.load_weights(parts.weights)
        return model


@contextmanager
def _unpacked(path: Path) -> Iterator[_Unpacked]:
    """The parts of the file; HDF5 moves about in a file, which is slow inside an archive, so that one is copied."""
    try:
        with zipfile.ZipFile(path) as archive, TemporaryDirectory() as folder:
            check_entries(archive, path)
            weights = Path(folder) / WEIGHTS
            with archive.open(WEIGHTS) as packed, weights.open("wb") as copy:
                shutil.copyfileobj(packed, copy)
            version = str(read_object(archive, METADATA, path).get("keras_version", ""))
            yield _Unpacked(read_object(archive, CONFIG, path), version, weights)
    except zipfile.BadZipFile as error:
        raise ModelError(f"{path} is damaged: it breaks off early.", todo=AGAIN) from error
