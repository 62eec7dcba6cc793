"""What an HDF5 file holds, looked at before it is read: it may be damaged, or made to do harm."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from snnctl.errors import ModelError

LARGEST = 1 << 33  # bytes of all arrays together
MOST = 200_000  # groups and arrays


def check_size(path: Path) -> None:
    """Refuse what would fill the memory before it is read.

    Raises:
        ModelError: the file holds more than that.
    """
    total, found = 0, 0

    def visit(name: str, item: h5py.HLObject) -> None:
        nonlocal total, found
        found += 1
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise damaged(path, f"its array {name} lies in another file")
            total += int(np.prod(item.shape or (1,), dtype=float)) * item.dtype.itemsize
        if total > LARGEST or found > MOST:
            raise damaged(path, "it would unpack to more than fits into memory")

    with h5py.File(path, "r") as file:
        if "node" not in file:
            raise damaged(path, "it has no node")
        _check_links(path, file)
        file.visititems(visit)


def damaged(path: Path, reason: str) -> ModelError:
    """The error of a file that cannot be read."""
    return ModelError(f"{path} is no NIR file that can be read: {reason[:300]}", todo="Copy or export it again.")


def _check_links(path: Path, group: h5py.Group) -> None:
    """Refuse links out of the file, and such as may run in circles.

    Raises:
        ModelError: there is one.
    """
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise damaged(path, f"{group.name}/{name} is a link")
        item = group[name]
        if isinstance(item, h5py.Group):
            _check_links(path, item)
