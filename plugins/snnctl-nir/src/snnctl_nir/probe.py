"""Reads a NIR file to the last byte, in a process of its own: ``python -m snnctl_nir.probe FILE``.

Arrays of NIR are mostly zeros where a layer is written as a matrix, so they may unpack to more than those of Keras.
"""

from __future__ import annotations

import sys
from pathlib import Path

import h5py

from snnctl.models.probe import main, read_all
from snnctl_nir.storage import check_size


def read(path: Path) -> None:
    """Every attribute and every value of a file that holds no more than it may."""
    check_size(path)
    with h5py.File(path, "r") as file:
        read_all(file, path)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), read))
