"""Opening ``.keras`` files, those of Keras 2 included."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras

from snnctl.errors import ModelError
from snnctl.models.failures import opening
from snnctl.models.legacy_config import modernise
from snnctl.models.vetting import vet

CONFIG = "config.json"
METADATA = "metadata.json"


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
            damaged = archive.testzip()
            missing = {CONFIG, METADATA} - set(archive.namelist())
            if damaged or missing:
                found = (
                    f"its part {damaged} is" if damaged else f"its {' and '.join(sorted(missing))} is missing: it is"
                )
                raise ModelError(f"{path} is damaged: {found} not as Keras wrote it.", todo="Copy or save it again.")
            return json.loads(archive.read(CONFIG)), str(json.loads(archive.read(METADATA)).get("keras_version", ""))
    except zipfile.BadZipFile as error:
        raise ModelError(f"{path} is damaged: it breaks off early.", todo="Copy or save it again.") from error


def _open_modernised(path: Path, config: dict[str, Any]) -> keras.Model:
    """Open a copy of the file whose configuration Keras 3 accepts."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "model.keras"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
            for name in old.namelist():
                new.writestr(name, json.dumps(modernise(config)) if name == CONFIG else old.read(name))
        return keras.saving.load_model(copy, compile=False)
