"""What an HDF5 file of weights may hold: numbers, inside the file."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import h5py

from snnctl.errors import ModelError

WEIGHTS = "model.weights.h5"
NUMBERS = "fiub"


def check_archived_weights(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse weights in a ``.keras`` file that Keras would read as something else, or from somewhere else.

    Raises:
        ModelError: weights that are no real numbers, or a link instead of weights; names them.
    """
    if WEIGHTS not in archive.namelist():
        return
    with TemporaryFile() as copy:  # HDF5 moves about in a file, which is slow inside an archive
        with archive.open(WEIGHTS) as packed:
            shutil.copyfileobj(packed, copy)
        with h5py.File(copy, "r") as file:
            _check_group(file, path, set())


def _check_group(group: h5py.Group, path: Path, seen: set[Any]) -> None:
    """Every link and data set below ``group``; groups can contain each other."""
    for name in group:
        where = f"{group.name.rstrip('/')}/{name}".lstrip("/")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelError(f"{path}: its weight {where} is a link to somewhere else, which is not followed.")
        node = group[name]
        if isinstance(node, h5py.Dataset):
            _check_numbers(node, where, path)
        elif isinstance(node, h5py.Group) and node.id not in seen:
            seen.add(node.id)
            _check_group(node, path, seen)


def _check_numbers(data: h5py.Dataset, where: str, path: Path) -> None:
    if data.external:
        raise ModelError(f"{path}: its weight {where} is stored in another file, which is not followed.")
    if data.dtype.kind not in NUMBERS and "dtype" not in data.attrs:  # Keras notes types that HDF5 does not have
        raise ModelError(f"{path}: its weight {where} is of type {data.dtype}, not real numbers.")
