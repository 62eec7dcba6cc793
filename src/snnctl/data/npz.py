"""Read data sets in one ``.npz`` file with the arrays of Keras' ``mnist.npz``."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from snnctl.data.damage import damaged
from snnctl.data.dataset import Samples


def read_npz(path: Path, split: str) -> Samples:
    """The arrays ``x_<split>`` and ``y_<split>`` as stored, without a channel axis being added.

    Raises:
        DataError: the file is missing, damaged, lacks one of the arrays, or holds pickled objects.
    """
    names = (f"x_{split}", f"y_{split}")
    try:
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise damaged(path, "Not an .npz file but a single array.")
        with loaded as file:
            absent = [name for name in names if name not in file.files]
            if absent:
                raise damaged(path, f"The .npz file has no array {' and no array '.join(absent)}.")
            return Samples(file[names[0]], file[names[1]])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(path, f"The .npz file cannot be read: {error}.") from error
