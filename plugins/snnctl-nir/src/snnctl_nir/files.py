"""NIR files as bytes, and read with care: a file may be damaged, or made to do harm."""

from __future__ import annotations

import io
from pathlib import Path

import h5py
import nir
import numpy as np

from snnctl.errors import ModelError

LARGEST = 1 << 33  # bytes of all arrays together
MOST = 200_000  # groups and arrays


def content(graph: nir.NIRGraph) -> bytes:
    """The file of a graph."""
    stream = io.BytesIO()
    nir.write(stream, graph)
    return stream.getvalue()


def read(path: Path) -> nir.NIRGraph:
    """The graph in a file.

    Its shapes are left to who makes layers of the nodes: nir 1.0.8 refuses grouped convolutions and such with kernels
    that are not square.

    Raises:
        ModelError: it is missing, damaged, too large, or no NIR graph.
    """
    if path.is_dir():
        raise ModelError(f"{path} is a folder, not a NIR file.")
    if not path.exists():
        raise ModelError(f"There is no file {path}.")
    try:
        _check_size(path)
        graph = nir.read(path, type_check=False)
        if isinstance(graph, nir.NIRGraph):
            graph.validate_structure()
    except ModelError:
        raise
    except Exception as error:  # nir and h5py fail in any way on what they do not expect
        raise damaged(path, f"{type(error).__name__}: {' '.join(str(error).split())}") from error
    if not isinstance(graph, nir.NIRGraph):
        raise damaged(path, f"it holds a single {type(graph).__name__}")
    for name, node in graph.nodes.items():
        _check_numbers(path, name, node)
    return graph


def damaged(path: Path, reason: str) -> ModelError:
    """The error of a file that cannot be read."""
    return ModelError(f"{path} is no NIR file that can be read: {reason[:300]}", todo="Copy or export it again.")


def _check_size(path: Path) -> None:
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


def _check_numbers(path: Path, name: str, node: nir.NIRNode) -> None:
    for what, values in vars(node).items():
        if isinstance(values, np.ndarray) and values.dtype.kind == "f" and not np.all(np.isfinite(values)):
            raise ModelError(f"Node '{name}' has NaN or infinite values in its {what}.", where=str(path))
