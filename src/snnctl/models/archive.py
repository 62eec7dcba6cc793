"""Opening ``.keras`` files, those of Keras 2 included."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras

from snnctl.errors import ModelError
from snnctl.models.entries import AGAIN, CONFIG, METADATA, check_entries, read_object
from snnctl.models.failures import opening
from snnctl.models.legacy_config import modernise
from snnctl.models.stored_types import check_archived_weights
from snnctl.models.vetting import vet


def open_archive(path: Path) -> keras.Model:
    """The model in a ``.keras`` file, not compiled.

    Raises:
        ModelError: damaged, not a model, or with layers that are unknown or hold code.
    """
    with opening(path):
        config, version = _read(path)
        vet(config, path)
        if version.startswith("2."):
            return _open_modernised(path, config)
        return keras.saving.load_model(path, compile=False)


def _read(path: Path) -> tuple[dict[str, Any], str]:
    """The model's configuration and the version of the Keras that wrote it."""
    try:
        with zipfile.ZipFile(path) as archive:
            check_entries(archive, path)
            check_archived_weights(archive, path)
            version = read_object(archive, METADATA, path).get("keras_version", "")
            return read_object(archive, CONFIG, path), str(version)
    except zipfile.BadZipFile as error:
        raise ModelError(f"{path} is damaged: it breaks off early.", todo=AGAIN) from error


def _open_modernised(path: Path, config: dict[str, Any]) -> keras.Model:
    """Open a copy of the file whose configuration Keras 3 accepts."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "model.keras"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
            for name in old.namelist():
                new.writestr(name, json.dumps(modernise(config)) if name == CONFIG else old.read(name))
        return keras.saving.load_model(copy, compile=False)
