"""Samples read batch by batch: the same ones whatever the batches, and never all at once."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from snnctl.data.array_files import open_arrays
from snnctl.data.prepared import PreparedStream
from snnctl.data.preprocess import Preprocessing
from snnctl.data.stream import ArrayStream, Pair, Stream, drawn, first, regrouped
from snnctl.data.survey import survey
from snnctl.errors import DataError
from snnctl.progress import SilentReporter

COUNT = 23
INPUTS = np.arange(COUNT * 6, dtype=np.float32).reshape(COUNT, 2, 3)
LABELS = np.arange(COUNT) % 4


class Sequential(Stream):
    """Can only be read from its beginning; remembers how far it was read."""

    def __init__(self) -> None:
        super().__init__(INPUTS.shape, INPUTS.dtype, labelled=True)
        self.read = 0

    def pairs(self, size: int) -> Iterator[Pair]:
        for start in range(0, COUNT, size):
            self.read = start + size
            yield INPUTS[start : start + size], LABELS[start : start + size]


def streams() -> list[Stream]:
    return [ArrayStream(lambda: INPUTS, LABELS), Sequential()]


def read(stream: Stream, size: int) -> tuple[np.ndarray, np.ndarray]:
    inputs, labels = zip(*stream.pairs(size), strict=True)
    assert [len(batch) for batch in inputs[:-1]] == [size] * (len(inputs) - 1)
    return np.concatenate(inputs), np.concatenate(labels)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 4, 23, 100])
@pytest.mark.parametrize("rows", [[0], [22], [3, 4, 9, 20], list(range(23))])
@pytest.mark.parametrize("which", [0, 1])
def test_chosen_samples_keep_their_labels_and_order(which: int, rows: list[int], size: int) -> None:
    chosen = streams()[which].select(np.array(rows))
    assert (len(chosen), chosen.sample_shape, chosen.labelled) == (len(rows), (2, 3), True)
    for _ in range(2):  # as often as wanted
        inputs, labels = read(chosen, size)
        np.testing.assert_array_equal(inputs, INPUTS[rows])
        np.testing.assert_array_equal(labels, LABELS[rows])
    assert chosen.place(len(rows) - 1) == f"Sample {rows[-1]}"


def test_a_choice_of_a_choice() -> None:
    for stream in streams():
        twice = stream.select(np.array([2, 5, 7, 11])).select(np.array([1, 3]))
        np.testing.assert_array_equal(read(twice, 3)[0], INPUTS[[5, 11]])
        assert twice.place(1) == "Sample 11"


def test_reading_ends_with_the_last_sample_that_is_wanted() -> None:
    stream = Sequential()
    read(first(stream, 5), 2)
    assert stream.read == 6


def test_drawn_samples_depend_on_the_seed_only() -> None:
    stream = streams()[0]
    once, again, other = (read(drawn(stream, 9, seed), 4)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()
    assert drawn(stream, 100, 0) is stream


@pytest.mark.parametrize("sizes", [[23], [1] * 23, [7, 7, 9], [20, 3]])
@pytest.mark.parametrize("size", [1, 5, 23, 50])
def test_regrouping_changes_nothing_but_the_batches(sizes: list[int], size: int) -> None:
    ends = np.cumsum([0, *sizes])
    pieces = [(INPUTS[a:b], LABELS[a:b]) for a, b in pairwise(ends)]
    batches = list(regrouped(pieces, size))
    assert all(len(inputs) == size for inputs, _ in batches[:-1])
    np.testing.assert_array_equal(np.concatenate([inputs for inputs, _ in batches]), INPUTS)
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in batches]), LABELS)


@pytest.mark.parametrize(
    "labels",
    [LABELS, LABELS.astype("float32"), LABELS[:, None], np.eye(4)[LABELS], np.eye(4, dtype=bool)[LABELS]],
    ids=["numbers", "floats", "column", "one-hot", "marks"],
)
def test_labels_become_class_numbers(labels: np.ndarray) -> None:
    prepared = prepare(ArrayStream(lambda: INPUTS, labels))
    inputs, found = read(prepared, 5)
    np.testing.assert_array_equal(found, LABELS)
    np.testing.assert_allclose(inputs, INPUTS[..., None] / 2)
    assert (inputs.dtype, found.dtype) == (np.float64, np.int64)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS + 1, r"Sample 7 has label 4, but the network has 4 classes \(0 to 3\)"),
        (LABELS + 0.5, "whole numbers, one a sample"),
        (np.ones((COUNT, 3)), "or 4 columns"),
    ],
)
def test_labels_that_are_no_classes(labels: np.ndarray, message: str) -> None:
    chosen = prepare(ArrayStream(lambda: INPUTS, labels)).select(np.array([1, 2, 7]))
    with pytest.raises(DataError, match=message) as caught:
        read(chosen, 2)
    assert caught.value.where == "here"


def prepare(stream: Stream) -> Stream:
    return PreparedStream(stream, (2, 3, 1), Preprocessing("mean=0,std=2", 0, 2, (0, 255)), "float64", 4, "here")


@pytest.mark.parametrize("which", [0, 1])
def test_a_survey_finds_the_extremes(which: int) -> None:
    seen = survey(streams()[which], "here", SilentReporter())
    assert (seen.samples, seen.low, seen.high, seen.lowest, seen.highest) == (COUNT, 0.0, 137.0, 0, 22)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_survey_names_the_first_sample_that_is_no_number(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnctl.data.survey.CHUNK_VALUES", 24)
    bad = INPUTS.copy()
    bad[17:, 1, 1] = value
    with pytest.raises(DataError, match=f"Sample 17 holds the value {value:g}"):
        survey(ArrayStream(lambda: bad), "here", SilentReporter())


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"large.{suffix}"
    rows = 40_000
    array = np.zeros((rows, 28, 28), np.uint8)  # 31 MB
    array[-1] = 7
    np.save(path, array) if suffix == "npy" else np.savez_compressed(path, x=array)
    del array
    tracemalloc.start()
    stream = drawn(open_arrays(path, (28, 28, 1)), 30_000, 0)
    count = sum(len(batch) for batch in stream.batches(64))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 4e6
