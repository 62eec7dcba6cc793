"""What an HDF5 file of weights may hold: numbers, all of them inside the file."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import h5py

from snnctl.errors import ModelError

NUMBERS = "fiub"
ALWAYS_READ = 16 << 20  # bytes; less than this is read however little of the file it takes
LARGEST_EXPANSION = 100  # how many times its size in the file a weight may have; real ones hardly compress


def check_storage(file: h5py.File, path: Path) -> int:
    """Refuse a file whose content lies elsewhere, or unpacks to far more than the file holds.

    Args:
        file: the open HDF5 file.
        path: what the message calls it.

    Returns:
        The number of stored values.

    Raises:
        ModelError: a link, or a data set that is external, virtual or blown up; names it.
    """
    total = 0
    for where, data in data_sets(file, path):
        _refuse_elsewhere(data, where, path)
        _refuse_inflated(data, where, path)
        total += prod(data.shape or ())
    return total


def check_numbers(file: h5py.File, path: Path) -> None:
    """Refuse weights that Keras would read as something other than real numbers.

    Raises:
        ModelError: names the weight and its type.
    """
    for where, data in data_sets(file, path):
        if data.dtype.kind not in NUMBERS and "dtype" not in data.attrs:  # Keras notes types that HDF5 does not have
            raise ModelError(f"{path}: its weight {where} is of type {data.dtype}, not real numbers.")


def data_sets(file: h5py.File, path: Path, *, groups: bool = False) -> Iterator[tuple[str, Any]]:
    """Every data set with its path; groups can contain each other, so each is entered once.

    Args:
        file: the open HDF5 file.
        path: what the message calls it.
        groups: whether the groups are wanted, too.

    Raises:
        ModelError: a link to somewhere else.
    """
    seen = {file.id}
    waiting: list[h5py.Group] = [file]
    while waiting:
        group = waiting.pop()
        for name in group:
            where = f"{group.name.rstrip('/')}/{name}".lstrip("/")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ModelError(f"{path}: its weight {where} is a link to somewhere else, which is not followed.")
            node = group[name]
            if node.id in seen:
                continue
            seen.add(node.id)
            is_group = isinstance(node, h5py.Group)
            if isinstance(node, h5py.Dataset) or (groups and is_group):
                yield where, node
            if is_group:
                waiting.append(node)


def _refuse_elsewhere(data: h5py.Dataset, where: str, path: Path) -> None:
    if data.external or data.is_virtual:
        raise ModelError(f"{path}: its weight {where} is stored in another file, which is not followed.")


def _refuse_inflated(data: h5py.Dataset, where: str, path: Path) -> None:
    size, stored = prod(data.shape or ()) * data.dtype.itemsize, data.id.get_storage_size()
    if size > max(ALWAYS_READ, LARGEST_EXPANSION * stored):
        raise ModelError(
            f"{path}: its weight {where} unpacks to {size:,} bytes, of which the file holds {stored:,}.",
            todo="Copy or save it again.",
        )
