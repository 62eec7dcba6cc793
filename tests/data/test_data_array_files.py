"""Arrays in .npy and .npz files of somebody else's."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnctl.data.array_files import open_arrays
from snnctl.data.fitting import fitted
from snnctl.data.stream import Stream
from snnctl.errors import DataError

IMAGE = (4, 5, 1)
X = np.arange(7 * 20, dtype=np.uint8).reshape(7, 4, 5)
Y = np.arange(7)


def content(stream: Stream) -> np.ndarray:
    return np.concatenate(list(stream.batches(3)))


@pytest.mark.parametrize("dtype", ["uint8", "int16", ">i4", "float16", "float32", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["npy", "npz", "compressed"])
def test_every_way_to_store_an_array(tmp_path: Path, kind: str, order: str, dtype: str) -> None:
    array = np.asarray(X, dtype, order=order)
    path = tmp_path / "data.bin"  # what it is, its content tells
    with path.open("wb") as file:
        {"npy": np.save, "npz": lambda f, x: np.savez(f, x=x), "compressed": lambda f, x: np.savez_compressed(f, x=x)}[
            kind
        ](file, array)
    stream = open_arrays(path, IMAGE)
    assert (stream.shape, stream.dtype, stream.labelled) == (X.shape, np.dtype(dtype), False)
    np.testing.assert_array_equal(content(stream), array)
    np.testing.assert_array_equal(content(stream.select(np.array([1, 6]))), array[[1, 6]])


@pytest.mark.parametrize(
    ("arrays", "labelled"),
    [
        ({"x": X, "y": Y, "other": X}, True),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}, True),
        ({"images": X, "labels": Y}, True),
        ({"inputs": X}, False),
        ({"arr_0": X}, False),
        ({"pictures": X[..., None], "names": Y, "matrix": X[:, 0]}, False),
    ],
)
def test_the_inputs_are_found(tmp_path: Path, arrays: dict[str, np.ndarray], labelled: bool) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    stream = open_arrays(tmp_path / "d.npz", IMAGE)
    np.testing.assert_array_equal(content(stream).reshape(X.shape), X)
    assert stream.labelled == labelled
    if labelled:
        np.testing.assert_array_equal(np.concatenate([labels for _, labels in stream.pairs(2)]), Y)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X, "b": X}, r"not clear which array holds the inputs; the file holds a \(7, 4, 5\), b \(7, 4, 5\)"),
        ({"vector": Y}, "not clear which array"),
        ({"x": X, "y": Y[:5]}, r"7 samples come with 5 labels \(array y\)"),
        ({"x": X[:0]}, r"shape \(0, 4, 5\): there are no samples"),
        ({"x": np.array(1.0)}, "there are no samples"),
        ({"x": X.astype(object)}, "Python objects, which are not read"),
        ({"x": X.astype("U3")}, "The array x holds <U3; numbers are expected"),
        ({"x": X.astype(complex)}, "holds complex128"),
        ({"x": X, "y": Y.astype("U3")}, "The array y holds <U21|The array y holds <U3"),
    ],
)
def test_files_that_do_not_say_what_they_hold(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    np.savez(tmp_path / "d.npz", **arrays)
    refused(tmp_path / "d.npz", message)


@pytest.mark.parametrize("array", [X.astype(object), X.astype("U3"), X > 3, np.array(1.0), X[:0]])
def test_arrays_that_are_no_samples(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "d.npy", array)
    refused(tmp_path / "d.npy", "numbers are expected|there are no samples|Python objects")


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def flipped(content: bytes) -> bytes:
    middle = content.index(b"NUMPY") + 160
    return content[:middle] + bytes(byte ^ 255 for byte in content[middle : middle + 40]) + content[middle + 40 :]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("d.npy", cut),
        ("d.npy", lambda content: content[:20]),
        ("d.npy", lambda content: content[:5]),
        ("d.npy", lambda content: b""),
        ("d.npy", lambda content: b"something else"),
        ("d.npz", cut),
        ("d.npz", flipped),
        ("d.npz", lambda content: content[:30]),
        ("c.npz", cut),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    np.save(tmp_path / "d.npy", X)
    np.savez(tmp_path / "d.npz", x=X)
    np.savez_compressed(tmp_path / "c.npz", x=np.random.default_rng(0).integers(0, 255, (500, 4, 5), np.uint8))
    path = tmp_path / name
    path.write_bytes(damage(path.read_bytes()))
    refused(path, "cannot be read|neither an .npy nor an .npz")


def test_a_head_that_announces_too_much(tmp_path: Path) -> None:
    path = tmp_path / "d.npz"
    np.save(tmp_path / "x.npy", X)
    stored = (tmp_path / "x.npy").read_bytes().replace(b"(7, 4, 5)", b"(9, 4, 5)")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", stored)
    refused(path, "announces more values than the file holds")


def refused(path: Path, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        content(open_arrays(path, IMAGE))
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("taken", "given", "shape"),
    [
        ((4, 5, 1), (4, 5, 1), (4, 5, 1)),
        ((4, 5, 1), (4, 5), (4, 5, 1)),
        ((None, None, 3), (9, 8, 3), (9, 8, 3)),
        ((6,), (6,), (6,)),
    ],
)
def test_samples_that_fit(taken: tuple[Any, ...], given: tuple[int, ...], shape: tuple[int, ...]) -> None:
    assert fitted(taken, given, "here") == shape


@pytest.mark.parametrize(
    ("taken", "given", "todo"),
    [
        ((4, 5, 3), (3, 4, 5), "puts them last"),
        ((3, 4, 5), (4, 5, 3), "puts them first"),
        ((4, 5, 3), (64, 4, 5, 3), "an axis too many"),
        ((4, 5, 3), (5, 3), "a single sample"),
        ((20,), (4, 5), r"reshape the array to \(samples, 20\)"),
        ((4, 5, 3), (4, 5), "as the network was trained on"),
        ((4, 5, 3), (4, 5, 1), "as the network was trained on"),
        ((1,), (), "as the network was trained on|as many values|single sample"),
    ],
)
def test_samples_that_do_not_fit(taken: tuple[Any, ...], given: tuple[int, ...], todo: str) -> None:
    with pytest.raises(DataError, match=todo) as caught:
        fitted(taken, given, "here")
    assert str(given) in caught.value.what
