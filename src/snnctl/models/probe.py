"""Reads an HDF5 file to the last byte, in a process of its own: ``python -m snnctl.models.probe FILE``.

On a damaged file HDF5's own code can run for ever or crash, where no exception is raised and no signal is heard. Here
that ends this process only. Ordinary errors are left to whoever reads the file next; they are raised there again.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import h5py

from snnctl.models.stored_types import check_storage, data_sets

SECONDS, BYTES_A_SECOND = 2, 20 << 20  # of processor time, whatever else the machine does
MEMORY = 4 << 30  # bytes, beside what the file needs
OUT_OF_MEMORY = 3


def read(path: Path) -> None:
    """Every attribute and every value of a file of weights."""
    with h5py.File(path, "r") as file:
        check_storage(file, path)
        read_all(file, path)


def read_all(file: h5py.File, path: Path) -> None:
    """Every attribute and every value.

    Args:
        file: the open HDF5 file.
        path: what messages call it.
    """
    dict(file.attrs)
    for _, node in data_sets(file, path, groups=True):
        dict(node.attrs)
        if isinstance(node, h5py.Dataset):
            node[()]


def main(path: Path, read: Callable[[Path], None] = read) -> int:
    """Read everything, within bounds.

    Args:
        path: the file.
        read: reads a file of its kind.

    Returns:
        The exit code: 0, or OUT_OF_MEMORY.
    """
    _limit(path.stat().st_size)
    try:
        read(path)
    except MemoryError:
        return OUT_OF_MEMORY
    except Exception:
        return 0
    return 0


def _limit(size: int) -> None:
    """Bounds on the processor time and the memory of this process, where the system has them."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        seconds = SECONDS + size // BYTES_A_SECOND
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY + 4 * size, MEMORY + 4 * size))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
