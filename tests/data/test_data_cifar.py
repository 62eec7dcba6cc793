from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from data_files import (
    cifar10_files,
    cifar10_inputs,
    cifar_batch,
    cifar_rows,
    python2_batch,
    write_archive,
    write_files,
)

from snnctl.builtin.datasets.cifar10 import Cifar10
from snnctl.builtin.datasets.cifar100 import Cifar100
from snnctl.data.cifar import decode_binary, decode_pickled, read_batches
from snnctl.data.dataset import DataContext
from snnctl.errors import DataError

SOURCE = Path("batch")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("binary", [False, True])
def test_cifar10_in_all_four_forms(bare_machine: Path, tmp_path: Path, binary: bool, packed: bool) -> None:
    folder = "cifar-10-batches-bin" if binary else "cifar-10-batches-py"
    archive = "cifar-10-binary.tar.gz" if binary else "cifar-10-python.tar.gz"
    files = cifar10_files(binary=binary)
    if packed:
        write_archive(tmp_path / archive, folder, files)
    else:
        write_files(tmp_path / folder, files)
    context = DataContext(tmp_path, download=False)
    assert Cifar10().where(context) == str(tmp_path / (archive if packed else folder))
    for split, labels in (("train", [0, 1] * 5), ("test", [0, 1, 2])):
        samples = Cifar10().load(split, context)
        np.testing.assert_array_equal(samples.inputs, cifar10_inputs(split))
        assert samples.labels.tolist() == labels


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("binary", [False, True])
def test_cifar100_takes_the_fine_labels(bare_machine: Path, tmp_path: Path, binary: bool, packed: bool) -> None:
    rows = cifar_rows(2)
    if binary:
        blob = b"".join(bytes([3, fine]) + row.tobytes() for fine, row in zip((41, 99), rows, strict=True))
        folder, archive, suffix = "cifar-100-binary", "cifar-100-binary.tar.gz", ".bin"
    else:
        blob = pickle.dumps({b"data": rows, b"coarse_labels": [3, 3], b"fine_labels": [41, 99]}, protocol=2)
        folder, archive, suffix = "cifar-100-python", "cifar-100-python.tar.gz", ""
    files = {f"train{suffix}": blob, f"test{suffix}": blob}
    if packed:
        write_archive(tmp_path / archive, folder, files)
    else:
        write_files(tmp_path / folder, files)
    samples = Cifar100().load("test", DataContext(tmp_path, download=False))
    assert samples.labels.tolist() == [41, 99]
    assert samples.inputs[1, 5, 7, 2] == rows[1, 2 * 1024 + 5 * 32 + 7]


def test_a_batch_of_python_2_is_read() -> None:
    samples = decode_pickled(python2_batch(cifar_rows(2), [7, 8]), SOURCE, label_key="labels")
    assert samples.labels.tolist() == [7, 8]
    assert samples.inputs[0, 31, 31, 0] == cifar_rows(2)[0, 1023]


def test_labels_may_be_an_array() -> None:
    blob = pickle.dumps({"data": cifar_rows(2), "labels": np.array([1, 9], np.int32)})
    assert decode_pickled(blob, SOURCE, label_key="labels").labels.tolist() == [1, 9]


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"labels": [1]}, "no data"),
        ({"data": cifar_rows(1)}, "no labels"),
        ({}, "no data and no labels"),
        ({"data": cifar_rows(2), "labels": [1]}, "not 2 integers"),
        ({"data": cifar_rows(1), "labels": [1.5]}, "not 1 integers"),
        ({"data": cifar_rows(1), "labels": [2**70]}, "not 1 integers"),
        ({"data": cifar_rows(1), "labels": [[1]]}, "not 1 integers"),
        ({"data": cifar_rows(1), "labels": None}, "not 1 integers"),
        ({"data": cifar_rows(1)[:, :-1], "labels": [1]}, "rows of 3072 bytes"),
        ({"data": cifar_rows(1).astype(np.float32), "labels": [1]}, "rows of 3072 bytes"),
        ({"data": [1, 2], "labels": [1]}, "rows of 3072 bytes"),
    ],
)
def test_batches_with_something_else_in_them_are_refused(batch: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        decode_pickled(pickle.dumps(batch), SOURCE, label_key="labels")


@pytest.mark.parametrize("length", [0, 1, 3072, 3074])
def test_binary_batches_are_whole_records(length: int) -> None:
    assert len(decode_binary(bytes(3073), SOURCE, label_bytes=1)) == 1
    with pytest.raises(DataError, match="whole number of 3073-byte records"):
        decode_binary(bytes(length), SOURCE, label_bytes=1)


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    files = cifar10_files()
    del files["data_batch_3"]
    write_archive(tmp_path / "cifar-10-python.tar.gz", "cifar-10-batches-py", files)
    write_files(tmp_path / "folder", files)
    for source in (tmp_path / "cifar-10-python.tar.gz", tmp_path / "folder"):
        with pytest.raises(DataError, match=r"There is no data_batch_3 in it"):
            read_batches(source, ["data_batch_2", "data_batch_3"])


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "cifar-10-python.tar.gz"
    write_archive(archive, "cifar-10-batches-py", cifar10_files())
    archive.write_bytes(archive.read_bytes()[:20_000])
    with pytest.raises(DataError) as caught:
        read_batches(archive, ["data_batch_1"])  # the last member
    assert caught.value.where == str(archive)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x1f\x8b garbage"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(content)
    with pytest.raises(DataError):
        read_batches(archive, ["test_batch"])


def test_a_damaged_batch_is_named(bare_machine: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    write_files(folder, {**cifar10_files(), "data_batch_4": cifar_batch(2)[:-5]})
    with pytest.raises(DataError) as caught:
        Cifar10().load("train", DataContext(tmp_path, download=False))
    assert caught.value.where == str(folder / "data_batch_4")
