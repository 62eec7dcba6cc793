"""Read data sets in one ``.npz`` file with the arrays of Keras' ``mnist.npz``."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path

import numpy as np

from snnctl.data.damage import damaged
from snnctl.data.dataset import Samples

DEFLATE_LIMIT = 1032  # deflate makes nothing smaller by more than this factor
SLACK = 1024


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
            _refuse_false_sizes(path, names)
            return Samples(file[names[0]], file[names[1]])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(path, f"The .npz file cannot be read: {error}.") from error


def _refuse_false_sizes(path: Path, names: tuple[str, ...]) -> None:
    """A damaged header can announce more than there is memory, all of which numpy would ask for."""
    with zipfile.ZipFile(path) as archive:
        for name in names:
            info = archive.getinfo(f"{name}.npy" if f"{name}.npy" in archive.namelist() else name)
            announced = _announced(archive, info)
            if max(announced, info.file_size) > min(info.file_size, DEFLATE_LIMIT * info.compress_size + SLACK):
                raise damaged(path, f"The array {name} announces {announced:,} bytes, but the file holds less.")


def _announced(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> int:
    """The size in bytes of an array, as its header has it."""
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        return math.prod(shape) * dtype.itemsize
