"""Make ``mnist_mini.npz``, the part of MNIST inside the package.

    python scripts/make_mnist_mini.py FOLDER

FOLDER holds MNIST's four IDX files. The same files give the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from snnctl.builtin.datasets.mnist_mini import FILE
from snnctl.data.dataset import Samples
from snnctl.data.layouts import IdxFiles

CLASSES = 10
PER_CLASS = {"train": 500, "test": 100}


def select(labels: np.ndarray, per_class: int) -> np.ndarray:
    """Indices of ``per_class`` samples of each class, spread evenly over the split, the classes taking turns."""
    members = [np.flatnonzero(labels == label) for label in range(CLASSES)]
    chosen = [rows[np.linspace(0, len(rows) - 1, per_class).round().astype(int)] for rows in members]
    return np.stack(chosen, axis=1).ravel()


def part(samples: Samples, per_class: int) -> Samples:
    """The selected samples, images without their channel axis."""
    rows = select(samples.labels, per_class)
    return Samples(samples.inputs[rows, ..., 0], samples.labels[rows])


def main(folder: Path) -> None:
    """Write the file into the package and say how large it is."""
    layout = IdxFiles((28, 28, 1))
    train, test = (part(layout.read(folder, split), PER_CLASS[split]) for split in ("train", "test"))
    np.savez_compressed(FILE, x_train=train.inputs, y_train=train.labels, x_test=test.inputs, y_test=test.labels)
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
