from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_files import images, labels

from snnctl.data.layouts import NpzFile
from snnctl.data.npz import read_npz
from snnctl.errors import DataError


def write(path: Path, **changes: np.ndarray) -> Path:
    arrays = {"x_train": images(7), "y_train": labels(7), "x_test": images(3, 1), "y_test": labels(3), **changes}
    np.savez_compressed(path, **arrays)
    return path


def test_both_splits_come_back(tmp_path: Path) -> None:
    path = write(tmp_path / "mnist.npz")
    for split, count, seed in (("train", 7, 0), ("test", 3, 1)):
        samples = read_npz(path, split)
        np.testing.assert_array_equal(samples.inputs, images(count, seed))
        np.testing.assert_array_equal(samples.labels, labels(count))


def test_the_layout_adds_the_channel_axis(tmp_path: Path) -> None:
    samples = NpzFile("mnist.npz", (28, 28, 1)).read(write(tmp_path / "mnist.npz"), "train")
    np.testing.assert_array_equal(samples.inputs[..., 0], images(7))


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    path = write(tmp_path / "mnist.npz", y_train=np.array([object()] * 7))
    with pytest.raises(DataError, match="cannot be read"):
        read_npz(path, "train")


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", x_train=images(2), y_train=labels(2), x_test=images(2))
    assert len(read_npz(tmp_path / "mnist.npz", "train")) == 2
    with pytest.raises(DataError, match="no array y_test"):
        read_npz(tmp_path / "mnist.npz", "test")


@pytest.mark.parametrize("damage", [lambda b: b[:100], lambda b: b"", lambda b: b"garbage", lambda b: b[: len(b) // 2]])
def test_damaged_files_are_refused(tmp_path: Path, damage) -> None:
    path = write(tmp_path / "mnist.npz")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataError, match="cannot be read"):
        read_npz(path, "train")


def test_flipped_bytes_are_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "mnist.npz")
    content = bytearray(path.read_bytes())
    content[1000:1040] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        read_npz(path, "train")


def test_images_that_are_scaled_already_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "mnist.npz", x_train=(images(7) / 255).astype("float32"))
    with pytest.raises(DataError, match="of type float32; whole numbers are expected"):
        NpzFile("mnist.npz", (28, 28, 1)).read(path, "train")


def test_a_header_that_announces_too_much(tmp_path: Path) -> None:
    with zipfile.ZipFile(write(tmp_path / "whole.npz")) as old, zipfile.ZipFile(tmp_path / "mnist.npz", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(
                name, content.replace(b"(7, 28, 28), } ", b"(999999999, 28, 28), } ") if "x_" in name else content
            )
    with pytest.raises(DataError, match="x_train announces 783,999,999,216 bytes"):
        read_npz(tmp_path / "mnist.npz", "train")


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "mnist.npy", images(2))
    with pytest.raises(DataError, match="single array"):
        read_npz(tmp_path / "mnist.npy", "train")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_train": images(7)[:, :27]}, "shape"),
        ({"y_train": labels(6)}, "7 images come with labels"),
    ],
)
def test_the_layout_checks_shapes(tmp_path: Path, changes: dict[str, np.ndarray], message: str) -> None:
    path = write(tmp_path / "mnist.npz", **changes)
    with pytest.raises(DataError, match=message):
        NpzFile("mnist.npz", (28, 28, 1)).read(path, "train")
