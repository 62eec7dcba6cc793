"""Small data sets in the formats of the real ones."""

import gzip
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np

IDX_CODES = {"u1": 0x08, "f4": 0x0D}


def idx_bytes(array: np.ndarray) -> bytes:
    code = IDX_CODES[array.dtype.str[1:]]
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), np.uint8)


def labels(count: int) -> np.ndarray:
    return (np.arange(count) % 10).astype(np.uint8)


def write_mnist(folder: Path, *, dotted: bool = False, compressed: bool = False, seed: int = 0) -> None:
    """MNIST's four files with 7 training and 3 test images."""
    folder.mkdir(parents=True, exist_ok=True)
    dot = "." if dotted else "-"
    for prefix, count in (("train", 7), ("t10k", 3)):
        for kind, array in (("images{}idx3", images(count, seed)), ("labels{}idx1", labels(count))):
            name = f"{prefix}-{kind.format(dot)}-ubyte"
            if compressed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array)))
            else:
                (folder / name).write_bytes(idx_bytes(array))


def cifar_rows(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), np.uint8)


def cifar_batch(count: int, label_key: str = "labels", seed: int = 0, protocol: int = 2) -> bytes:
    batch = {b"data": cifar_rows(count, seed), label_key.encode(): [i % 10 for i in range(count)], b"filenames": [b"a"]}
    return pickle.dumps(batch, protocol=protocol)


def python2_batch(rows: np.ndarray, label_list: list[int]) -> bytes:
    """A batch pickled as Python 2 and numpy 1 did, opcode by opcode."""

    def text(value: bytes) -> bytes:
        return b"T" + struct.pack("<i", len(value)) + value

    def integer(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    array = b"".join(
        [
            b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + text(b"b") + b"tR",
            b"(K\x01(" + integer(rows.shape[0]) + integer(rows.shape[1]) + b"t",
            b"cnumpy\ndtype\n(" + text(b"u1") + b"K\x00K\x01tR",
            b"(K\x03" + text(b"|") + b"NNN" + integer(-1) + integer(-1) + b"K\x00tb",
            b"\x89" + text(rows.tobytes()) + b"tb",
        ]
    )
    numbers = b"](" + b"".join(integer(label) for label in label_list) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


def cifar10_files(*, binary: bool = False) -> dict[str, bytes]:
    """Five training batches of 2 images and a test batch of 3, by file name."""
    counts = {**{f"data_batch_{i}": 2 for i in range(1, 6)}, "test_batch": 3}
    if not binary:
        return {name: cifar_batch(count, seed=seed) for seed, (name, count) in enumerate(counts.items())}
    return {
        f"{name}.bin": b"".join(bytes([i % 10]) + row.tobytes() for i, row in enumerate(cifar_rows(count, seed)))
        for seed, (name, count) in enumerate(counts.items())
    }


def cifar10_inputs(split: str) -> np.ndarray:
    """What reading :func:`cifar10_files` must give, computed pixel by pixel from the documented layout."""
    seeds, count = (range(5), 2) if split == "train" else ((5,), 3)
    rows = np.concatenate([cifar_rows(count, seed) for seed in seeds])
    expected = np.empty((len(rows), 32, 32, 3), np.uint8)
    for channel in range(3):
        for y in range(32):
            start = channel * 1024 + y * 32
            expected[:, y, :, channel] = rows[:, start : start + 32]
    return expected


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def write_archive(path: Path, folder: str, files: dict[str, bytes]) -> None:
    """A ``.tar.gz`` of ``folder`` whose members come in reverse order, as nobody promises one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in reversed(files.items()):
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
