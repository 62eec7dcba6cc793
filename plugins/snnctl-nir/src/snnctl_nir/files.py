"""NIR files as bytes, and read with care: a file may be damaged, or made to do harm."""

from __future__ import annotations

import io
from pathlib import Path

import nir
import numpy as np

from snnctl.errors import ModelError
from snnctl.models.safety import check_heaps
from snnctl_nir.storage import check_size, damaged


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
        check_heaps(path)
        check_size(path)
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


def _check_numbers(path: Path, name: str, node: nir.NIRNode) -> None:
    for what, values in vars(node).items():
        if not isinstance(values, np.ndarray):
            continue
        if values.dtype.kind == "c":
            raise ModelError(f"Node '{name}' has complex numbers in its {what}.", where=str(path))
        if values.dtype.kind == "f" and not np.all(np.isfinite(values)):
            raise ModelError(f"Node '{name}' has NaN or infinite values in its {what}.", where=str(path))
