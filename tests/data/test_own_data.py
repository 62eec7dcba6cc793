"""Samples from somebody's own arrays, batches and images, read batch by batch and never all at once."""

import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnctl.data.array_files import open_arrays
from snnctl.data.batch_source import open_batches
from snnctl.data.fitting import fitted
from snnctl.data.image_folder import ImageStream, find_images
from snnctl.data.prepared import PreparedStream
from snnctl.data.preprocess import Preprocessing
from snnctl.data.stream import ArrayStream, Pair, Stream, drawn
from snnctl.data.survey import survey
from snnctl.errors import DataError, UsageError
from snnctl.progress import SilentReporter

IMAGE = (4, 5, 1)
X = np.arange(7 * 20, dtype=np.uint8).reshape(7, 4, 5)
Y = np.arange(7)
COUNT = 23
INPUTS = np.arange(COUNT * 6, dtype=np.float32).reshape(COUNT, 2, 3)
LABELS = np.arange(COUNT) % 4


def content(stream: Stream) -> np.ndarray:
    return np.concatenate(list(stream.batches(3)))


@pytest.mark.parametrize("dtype", ["uint8", ">i4", "float16", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_way_to_store_an_array(tmp_path: Path, order: str, dtype: str) -> None:
    array = np.asarray(X, dtype, order=order)  # type: ignore[call-overload]
    path = tmp_path / "data.bin"  # what it is, its content tells
    for save in (np.save, lambda file, x: np.savez(file, x=x), lambda file, x: np.savez_compressed(file, x=x)):
        with path.open("wb") as file:
            save(file, array)
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


def refused(path: Path, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        content(open_arrays(path, IMAGE))
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X, "b": X}, r"not clear which array holds the inputs; the file holds a \(7, 4, 5\), b \(7, 4, 5\)"),
        ({"x": X, "y": Y[:5]}, r"7 samples come with 5 labels \(array y\)"),
        ({"x": X[:0]}, r"shape \(0, 4, 5\): there are no samples"),
        ({"x": X.astype(object)}, "Python objects, which are not read"),
        ({"x": X.astype("U3")}, "The array x holds <U3; numbers are expected"),
        ({"x": X, "y": Y.astype("U3")}, "The array y holds <U21|The array y holds <U3"),
        ({"": X > 3}, "numbers are expected"),
        ({"": np.array(1.0)}, "there are no samples"),
        ({"": X.astype(object)}, "Python objects"),
    ],
)
def test_files_that_do_not_say_what_they_hold(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    path = tmp_path / "data"
    with path.open("wb") as file:
        np.save(file, arrays[""]) if "" in arrays else np.savez(file, **arrays)
    refused(path, message)


def flipped(content: bytes) -> bytes:
    middle = content.index(b"NUMPY") + 160
    return content[:middle] + bytes(byte ^ 255 for byte in content[middle : middle + 40]) + content[middle + 40 :]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("d.npy", lambda content: content[: len(content) * 2 // 3]),
        ("d.npy", lambda content: content[:20]),
        ("d.npy", lambda content: b"something else"),
        ("d.npz", lambda content: content[: len(content) * 2 // 3]),
        ("d.npz", flipped),
    ],
)
def test_damaged_array_files(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    np.save(tmp_path / "d.npy", X)
    np.savez(tmp_path / "d.npz", x=X)
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


@pytest.mark.parametrize(
    ("taken", "stored", "shape", "todo"),
    [
        ((4, 5, 1), (4, 5, 1), (4, 5, 1), ""),
        ((4, 5, 1), (4, 5), (4, 5, 1), ""),
        ((None, None, 3), (9, 8, 3), (9, 8, 3), ""),
        ((4, 5, 3), (3, 4, 5), None, "puts them last"),
        ((3, 4, 5), (4, 5, 3), None, "puts them first"),
        ((4, 5, 3), (64, 4, 5, 3), None, "an axis too many"),
        ((4, 5, 3), (5, 3), None, "a single sample"),
        ((20,), (4, 5), None, r"reshape the array to \(samples, 20\)"),
        ((4, 5, 3), (4, 5), None, "as the network was trained on"),
    ],
)
def test_shapes_of_samples(taken: tuple, stored: tuple, shape: tuple | None, todo: str) -> None:
    if shape is not None:
        assert fitted(taken, stored, "here") == shape
        return
    with pytest.raises(DataError, match=todo) as caught:
        fitted(taken, stored, "here")
    assert str(stored) in caught.value.what


@pytest.mark.parametrize("source", [iter([INPUTS]), 5, {"x": INPUTS}])
def test_what_gives_no_batches_twice(source: Any) -> None:
    with pytest.raises(UsageError, match=r"only once|are no samples") as caught:
        open_batches(source, None)
    assert "a function that makes a generator" in caught.value.todo
    once = iter([INPUTS, INPUTS])
    again = open_batches(lambda: once, None).counted(30)
    with pytest.raises(DataError, match="The second pass"):
        list(again.batches(4)) and list(again.batches(4))


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([], "no samples"),
        ([{"x": X}], "inputs of batch 0 are a dict"),
        ([X.astype("U3")], "inputs of batch 0 are <U"),
        ([(X, Y[:3])], r"Batch 0 has 7 samples and labels of shape \(3,\)"),
        ([X, X[:, :2]], r"Batch 1 holds samples of shape \(2, 5\), batch 0 of shape \(4, 5\)"),
        ([(X, Y), X], "Batch 1 holds samples of shape .* with labels"),
        ([np.float32(3)], "Are these batches"),
    ],
)
def test_batches_that_are_none(batches: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        survey(open_batches(lambda: iter(batches), None), "here", SilentReporter(), total=0)


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"?")
    return folder


def test_images_of_a_folder_are_sorted_and_subfolders_are_classes(tmp_path: Path) -> None:
    names = ("b.PNG", "a.jpg", "c/d.jpeg", "e.gif", "f.bmp", "notes.txt", ".hidden.png")
    images = find_images(touch(tmp_path / "plain", *names))
    assert images.names == ("a.jpg", "b.PNG", "c/d.jpeg", "e.gif", "f.bmp")
    assert (images.classes, images.others) == ((), 1)
    names = ("dogs/1.png", "cats/2.png", "cats/deep/3.png", "empty/x.txt", ".git/a.png")
    images = find_images(touch(tmp_path / "classes", *names))
    assert images.classes == ("cats", "dogs")
    assert images.names == ("cats/2.png", "cats/deep/3.png", "dogs/1.png")
    np.testing.assert_array_equal(images.labels, [0, 0, 1])
    with pytest.raises(DataError, match="no images in this folder"):
        find_images(touch(tmp_path / "empty", "notes.txt", ".hidden.png"))


def test_only_chosen_images_are_decoded(tmp_path: Path) -> None:
    seen: list[str] = []

    def decode(path: Path) -> np.ndarray:
        seen.append(path.name)
        return np.full((2, 2, 1), int(path.stem), np.float32)

    names = [f"{number}.png" for number in range(9)]
    stream = ImageStream(tmp_path, names, np.arange(9), (2, 2, 1), decode).select(np.array([2, 3, 7]))
    inputs, labels = read(stream, 2)
    assert inputs[:, 0, 0, 0].tolist() == labels.tolist() == [2, 3, 7]
    assert sorted(seen) == ["2.png", "3.png", "7.png"]
    assert stream.place(2) == "7.png"


class Sequential(Stream):
    """Can only be read from its beginning; remembers how far it was read."""

    def __init__(self) -> None:
        super().__init__(INPUTS.shape, INPUTS.dtype, labelled=True)
        self.read = 0

    def pairs(self, size: int) -> Iterator[Pair]:
        for start in range(0, COUNT, size):
            self.read = start + size
            yield INPUTS[start : start + size], LABELS[start : start + size]


def read(stream: Stream, size: int) -> tuple[np.ndarray, np.ndarray]:
    inputs, labels = zip(*stream.pairs(size), strict=True)
    assert [len(batch) for batch in inputs[:-1]] == [size] * (len(inputs) - 1)
    return np.concatenate(inputs), np.concatenate(labels)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [[0], [22], [3, 4, 9, 20], list(range(23))])
@pytest.mark.parametrize("stream", [ArrayStream(lambda: INPUTS, LABELS), Sequential()], ids=["array", "sequential"])
def test_chosen_samples_keep_their_labels_and_order(stream: Stream, rows: list[int]) -> None:
    chosen = stream.select(np.array(rows))
    assert (len(chosen), chosen.sample_shape, chosen.labelled) == (len(rows), (2, 3), True)
    for size in (1, 4, 23, 100):  # as often as wanted
        inputs, labels = read(chosen, size)
        np.testing.assert_array_equal(inputs, INPUTS[rows])
        np.testing.assert_array_equal(labels, LABELS[rows])
    last = chosen.select(np.array([len(rows) - 1]))
    np.testing.assert_array_equal(read(last, 3)[0], INPUTS[rows[-1:]])
    assert chosen.place(len(rows) - 1) == last.place(0) == f"Sample {rows[-1]}"


def test_drawn_samples_depend_on_the_seed_only() -> None:
    stream = ArrayStream(lambda: INPUTS, LABELS)
    once, again, other = (read(drawn(stream, 9, seed), 4)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()
    assert drawn(stream, 100, 0) is stream


def prepare(labels: np.ndarray) -> Stream:
    preprocessing = Preprocessing("mean=0,std=2", 0, 2, (0, 255))
    return PreparedStream(ArrayStream(lambda: INPUTS, labels), (2, 3, 1), preprocessing, "float64", 4, "here")


@pytest.mark.parametrize(
    "labels",
    [LABELS, LABELS.astype("float32"), LABELS[:, None], np.eye(4)[LABELS], np.eye(4, dtype=bool)[LABELS]],
    ids=["numbers", "floats", "column", "one-hot", "marks"],
)
def test_labels_become_class_numbers(labels: np.ndarray) -> None:
    inputs, numbers = read(prepare(labels), 5)
    np.testing.assert_array_equal(numbers, LABELS)
    np.testing.assert_allclose(inputs, INPUTS[..., None] / 2)
    assert (inputs.dtype, numbers.dtype) == (np.float64, np.int64)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS + 1, r"Sample 7 has label 4, but the network has 4 classes \(0 to 3\)"),
        (LABELS + 0.5, "whole numbers, one a sample"),
        (np.ones((COUNT, 3)), "or 4 columns"),
    ],
)
def test_labels_that_are_no_classes(labels: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(prepare(labels).select(np.array([1, 2, 7])), 2)
    assert caught.value.where == "here"


def test_a_survey_finds_the_extremes_and_the_first_value_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnctl.data.survey.CHUNK_VALUES", 24)
    seen = survey(Sequential(), "here", SilentReporter())
    assert (seen.samples, seen.low, seen.high, seen.lowest, seen.highest) == (COUNT, 0.0, 137.0, 0, 22)
    for value in (np.nan, -np.inf):
        bad = INPUTS.copy()
        bad[17:, 1, 1] = value
        with pytest.raises(DataError, match=f"Sample 17 holds the value {value:g}"):
            survey(ArrayStream(lambda bad=bad: bad), "here", SilentReporter())  # type: ignore[misc]


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"large.{suffix}"
    array = np.zeros((20_000, 28, 28), np.uint8)  # 16 MB
    array[-1] = 7
    np.save(path, array) if suffix == "npy" else np.savez_compressed(path, x=array)
    del array
    tracemalloc.start()
    stream = drawn(open_arrays(path, (28, 28, 1)), 15_000, 0)
    count = sum(len(batch) for batch in stream.batches(64))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 15_000
    assert peak < 3e6
