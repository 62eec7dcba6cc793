"""The files of published data sets, in all their forms, and what is said of damaged ones. No code in them runs."""

import collections
import gzip
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import (
    cifar10_files,
    cifar10_inputs,
    cifar_batch,
    cifar_rows,
    idx_bytes,
    images,
    labels,
    python2_batch,
    write_archive,
    write_files,
    write_mnist,
)

from snnctl.builtin.datasets.cifar10 import Cifar10
from snnctl.builtin.datasets.cifar100 import Cifar100
from snnctl.builtin.datasets.mnist import Mnist
from snnctl.data.dataset import DataContext, Samples
from snnctl.data.unpickle import read_pickled_dict
from snnctl.errors import DataError

SAMPLE = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def load(dataset: Any, folder: Path, split: str = "train") -> Samples:
    return dataset.load(split, DataContext(folder, download=False))


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_mnist_in_every_spelling(bare_machine: Path, tmp_path: Path, dotted: bool, compressed: bool) -> None:
    write_mnist(tmp_path, dotted=dotted, compressed=compressed)
    for split, count in (("train", 7), ("test", 3)):
        samples = load(Mnist(), tmp_path, split)
        np.testing.assert_array_equal(samples.inputs, images(count)[..., None])
        np.testing.assert_array_equal(samples.labels, labels(count))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n", "89 50 4e 47"),
        (b"<html>", "Not an IDX file"),
        (b"\0\0\x07\x01\0\0\0\x01x", "element type 0x07"),
        (b"\0\0\x08\xff" + b"\0" * 1020, "255 dimensions"),
        (idx_bytes(SAMPLE) + b"x", "goes on after the 24 bytes"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, *[0xFFFFFFFF] * 3) + b"x", "cut short"),
        (gzip.compress(idx_bytes(SAMPLE), mtime=0)[:-9], "cannot be read"),
        (idx_bytes(SAMPLE[0]), "2 dimensions instead of 3"),
        (idx_bytes(SAMPLE), r"images have shape \(3, 4\) instead of \(28, 28\)"),
        (idx_bytes(images(6)), "6 images come with labels of shape"),
        (idx_bytes(images(7).astype("f4")), "of type float32; whole numbers are expected"),
    ],
)
def test_damaged_idx_files(bare_machine: Path, tmp_path: Path, content: bytes, message: str) -> None:
    write_mnist(tmp_path)
    (tmp_path / TRAIN_IMAGES).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        load(Mnist(), tmp_path)
    assert caught.value.where == str(tmp_path / TRAIN_IMAGES)


def write_npz(folder: Path, **changes: np.ndarray | None) -> Path:
    arrays = {"x_train": images(7), "y_train": labels(7), "x_test": images(3, 1), "y_test": labels(3), **changes}
    folder.mkdir(exist_ok=True)
    np.savez_compressed(folder / "mnist.npz", **{name: array for name, array in arrays.items() if array is not None})
    return folder / "mnist.npz"


def test_mnist_as_keras_keeps_it(bare_machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    path = write_npz(tmp_path / "datasets")
    assert Mnist().where(DataContext(download=False)) == str(path)
    for split, count, seed in (("train", 7, 0), ("test", 3, 1)):
        samples = Mnist().load(split, DataContext(download=False))
        np.testing.assert_array_equal(samples.inputs[..., 0], images(count, seed))
        np.testing.assert_array_equal(samples.labels, labels(count))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_train": np.array([object()] * 7)}, "cannot be read"),
        ({"y_train": None}, "no array y_train"),
        ({"x_train": (images(7) / 255).astype("float32")}, "of type float32; whole numbers are expected"),
        ({"x_train": images(7)[:, :27]}, "shape"),
        ({"y_train": labels(6)}, "7 images come with labels"),
    ],
)
def test_npz_files_that_hold_something_else(bare_machine, tmp_path, changes, message):
    path = write_npz(tmp_path, **changes)
    with pytest.raises(DataError, match=message) as caught:
        load(Mnist(), tmp_path)
    assert caught.value.where == str(path)


def flipped(content: bytes) -> bytes:
    return content[:1000] + bytes(40) + content[1040:]


@pytest.mark.parametrize("damage", [lambda b: b[:100], lambda b: b"", lambda b: b[: len(b) // 2], flipped])
def test_damaged_npz_files(bare_machine: Path, tmp_path: Path, damage: Any) -> None:
    path = write_npz(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="cannot be read"):
        load(Mnist(), tmp_path)


def test_an_npz_file_that_announces_too_much(bare_machine: Path, tmp_path: Path) -> None:
    path = write_npz(tmp_path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents["x_train.npy"] = contents["x_train.npy"].replace(b"(7, 28, 28), } ", b"(999999999, 28, 28), } ")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    with pytest.raises(DataError, match="x_train announces 783,999,999,216 bytes"):
        load(Mnist(), tmp_path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("binary", [False, True])
def test_cifar_in_all_four_forms(bare_machine: Path, tmp_path: Path, binary: bool, packed: bool) -> None:
    rows, fine, form = cifar_rows(2), (41, 99), "binary" if binary else "python"
    blob = pickle.dumps({b"data": rows, b"coarse_labels": [3, 3], b"fine_labels": list(fine)}, protocol=2)
    if binary:
        blob = b"".join(bytes([3, label]) + row.tobytes() for label, row in zip(fine, rows, strict=True))
    suffix = ".bin" if binary else ""
    for name, files, folder in (
        ("cifar-10", cifar10_files(binary=binary), f"cifar-10-batches-{'bin' if binary else 'py'}"),
        ("cifar-100", {f"train{suffix}": blob, f"test{suffix}": blob}, f"cifar-100-{form}"),
    ):
        if packed:
            write_archive(tmp_path / f"{name}-{form}.tar.gz", folder, files)
        else:
            write_files(tmp_path / folder, files)
    for split, expected in (("train", [0, 1] * 5), ("test", [0, 1, 2])):
        samples = load(Cifar10(), tmp_path, split)
        np.testing.assert_array_equal(samples.inputs, cifar10_inputs(split))
        assert samples.labels.tolist() == expected
    samples = load(Cifar100(), tmp_path, "test")
    assert samples.labels.tolist() == list(fine)
    assert samples.inputs[1, 5, 7, 2] == rows[1, 2 * 1024 + 5 * 32 + 7]


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (pickle.dumps({}), "no data and no labels"),
        (pickle.dumps({"data": cifar_rows(2), "labels": [1]}), "not 2 integers"),
        (pickle.dumps({"data": cifar_rows(1), "labels": [1.5]}), "not 1 integers"),
        (pickle.dumps({"data": cifar_rows(1), "labels": None}), "not 1 integers"),
        (pickle.dumps({"data": cifar_rows(1)[:, :-1], "labels": [1]}), "rows of 3072 bytes"),
        (pickle.dumps([1, 2]), "instead of a dictionary"),
        (cifar_batch(2)[:-5], "is damaged"),
        (b"<html></html>", "is damaged"),
    ],
)
def test_damaged_pickled_batches(bare_machine: Path, tmp_path: Path, batch: bytes, message: str) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    write_files(folder, {**cifar10_files(), "data_batch_4": batch})
    with pytest.raises(DataError, match=message) as caught:
        load(Cifar10(), tmp_path)
    assert caught.value.where == str(folder / "data_batch_4")


def test_damaged_binary_batches_and_archives(bare_machine: Path, tmp_path: Path) -> None:
    write_files(tmp_path / "bin" / "cifar-10-batches-bin", {**cifar10_files(binary=True), "data_batch_1.bin": b"x"})
    with pytest.raises(DataError, match="whole number of 3073-byte records"):
        load(Cifar10(), tmp_path / "bin")
    archive, files = tmp_path / "cifar-10-python.tar.gz", cifar10_files()
    del files["data_batch_3"]
    write_archive(archive, "cifar-10-batches-py", files)
    with pytest.raises(DataError, match="There is no data_batch_3 in it"):
        load(Cifar10(), tmp_path)
    for content in (archive.read_bytes()[:20_000], b"", b"<html>"):
        archive.write_bytes(content)
        with pytest.raises(DataError) as caught:
            load(Cifar10(), tmp_path)
        assert caught.value.where == str(archive)


def test_pickles_of_python_2_and_of_every_protocol() -> None:
    rows = cifar_rows(3)
    pickles = [pickle.dumps({b"data": rows, "labels": [4, 5, 6], "n": b""}, protocol=number) for number in range(6)]
    for content in (python2_batch(rows, [4, 5, 6]), *pickles):
        read = read_pickled_dict(content, Path("batch"))
        np.testing.assert_array_equal(read["data"], rows)
        assert read["labels"] == [4, 5, 6]


class Reduced:
    """Pickles as a call of ``function`` on ``arguments``."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple:
        return self._call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_malicious_code_is_not_run(tmp_path: Path, protocol: int) -> None:
    victim = tmp_path / "victim"
    blob = pickle.dumps({"data": Reduced(os.mkdir, str(victim))}, protocol=protocol)
    pickle.loads(blob)
    assert victim.is_dir(), "the attack itself must work, or this test shows nothing"
    victim.rmdir()
    with pytest.raises(DataError, match=r"asks for [\w.]+\.mkdir, .*refused"):
        read_pickled_dict(blob, Path("batch"))
    assert not victim.exists()
    for function in (os.system, eval, getattr, __import__, open, np.load, collections.OrderedDict):
        blob = pickle.dumps({"data": Reduced(function, "x")}, protocol=protocol)
        with pytest.raises(DataError, match=rf"asks for [\w.]+\.{function.__name__}, .*refused"):
            read_pickled_dict(blob, Path("batch"))


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray", "numpy", "builtins", "_codecs"])
def test_admitted_modules_give_nothing_but_the_admitted_names(module: str) -> None:
    with pytest.raises(DataError, match=f"{module}.__dict__"):
        read_pickled_dict(b"\x80\x02c" + module.encode() + b"\n__dict__\n.", Path("batch"))


@pytest.mark.parametrize(
    "blob",
    [
        pickle.dumps({"data": np.array([{}, None], object)}),
        pickle.dumps({"data": np.zeros(2, [("a", "i4"), ("b", "f8")])}),
        pickle.dumps({"data": np.arange(6, dtype="<i2")}, protocol=2)  # three pairs, smuggled in as a byte order
        .replace(b"X\x01\x00\x00\x00<", b"X\x03\x00\x00\x00i2,")
        .replace(b"K\x06\x85", b"K\x03\x85"),
        b"\x80\x02cnumpy\ndtype\n}b.",  # state for an admitted function
        b"\x80\x02}(X\x01\x00\x00\x00acnumpy\nndarray\n)Ru.",  # an array that is never filled
        pickle.dumps({"data": np.arange(6, dtype="u1")}, protocol=2).replace(b"K\x06\x85", b"K\x07\x85"),
    ],
)
def test_pickled_arrays_of_anything_but_plain_numbers_are_refused(blob: bytes) -> None:
    with pytest.raises(DataError, match="damaged"):
        read_pickled_dict(blob, Path("batch"))
