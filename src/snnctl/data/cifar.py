"""Read the batches of CIFAR-10 and CIFAR-100, from a folder or from the archive they are distributed in."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from snnctl.data.damage import damaged
from snnctl.data.dataset import Samples
from snnctl.data.unpickle import read_pickled_dict

CHANNELS, HEIGHT, WIDTH = 3, 32, 32
PIXELS = CHANNELS * HEIGHT * WIDTH


def read_batches(source: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The contents of the batch files ``names``, in this order.

    Args:
        source: a folder that holds them, or a ``.tar.gz`` that holds them in any one folder.
        names: file names such as ``data_batch_1``.

    Raises:
        DataError: ``source`` is damaged or a batch is missing.
    """
    wanted = tuple(names)
    try:
        found = _from_folder(source, wanted) if source.is_dir() else _from_archive(source, wanted)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise damaged(source, f"The batches cannot be read: {error}.") from error
    absent = [name for name in wanted if name not in found]
    if absent:
        raise damaged(source, f"There is no {' and no '.join(absent)} in it.")
    return {name: found[name] for name in wanted}


def decode_pickled(blob: bytes, source: Path, *, label_key: str) -> Samples:
    """One batch of the Python version.

    Args:
        blob: the pickle.
        source: where it comes from, for messages.
        label_key: ``labels`` (CIFAR-10) or ``fine_labels`` (CIFAR-100).

    Returns:
        Inputs of shape (n, 32, 32, 3), uint8, and labels of shape (n,), int64.

    Raises:
        DataError: the pickle is damaged, unsafe, or holds something else.
    """
    batch = read_pickled_dict(blob, source)
    absent = [key for key in ("data", label_key) if key not in batch]
    if absent:
        raise damaged(source, f"The batch has no {' and no '.join(absent)}.")
    rows = batch["data"]
    if not isinstance(rows, np.ndarray) or rows.dtype != np.uint8 or rows.shape[1:] != (PIXELS,):
        raise damaged(source, f"The images of the batch are not rows of {PIXELS} bytes.")
    return Samples(_channels_last(rows), _labels(batch[label_key], len(rows), source))


def decode_binary(blob: bytes, source: Path, *, label_bytes: int) -> Samples:
    """One batch of the binary version: records of ``label_bytes`` labels, the last one counting, and 3,072 pixels.

    Args:
        blob: the file's content.
        source: where it comes from, for messages.
        label_bytes: 1 (CIFAR-10) or 2 (CIFAR-100: coarse, fine).

    Returns:
        Inputs of shape (n, 32, 32, 3), uint8, and labels of shape (n,), int64.

    Raises:
        DataError: the file is not a whole number of records.
    """
    record = label_bytes + PIXELS
    if not blob or len(blob) % record:
        raise damaged(
            source, f"The batch holds {len(blob)} bytes, which is not a whole number of {record}-byte records."
        )
    records = np.frombuffer(blob, np.uint8).reshape(-1, record)
    return Samples(_channels_last(records[:, label_bytes:]), records[:, label_bytes - 1].astype(np.int64))


def _from_folder(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def _from_archive(archive: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    # One pass, stopped when everything is found: a compressed archive has no index.
    found: dict[str, bytes] = {}
    with tarfile.open(archive, "r|gz") as members:
        for member in members:
            name = Path(member.name).name
            content = members.extractfile(member) if member.isfile() and name in names else None
            if content is not None:
                found[name] = content.read()
            if len(found) == len(names):
                break
    return found


def _labels(labels: object, samples: int, source: Path) -> np.ndarray:
    values = labels if isinstance(labels, np.ndarray) else _as_array(labels)
    if values is None or values.dtype.kind not in "iu" or values.shape != (samples,):
        raise damaged(source, f"The labels of the batch are not {samples} integers.")
    return values.astype(np.int64)


def _as_array(labels: object) -> np.ndarray | None:
    if isinstance(labels, list) and all(type(label) is int and abs(label) < 2**31 for label in labels):
        return np.array(labels, np.int64)
    return None


def _channels_last(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows.reshape(-1, CHANNELS, HEIGHT, WIDTH).transpose(0, 2, 3, 1))
