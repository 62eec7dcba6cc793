"""The data set: its options, what it loads and streams, and what it says of images that cannot be used."""

import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
from imagefolder_trees import Listener, opened, plant, touch
from snnctl_imagefolder import reading
from snnctl_imagefolder.dataset import ImageFolder

from snnctl.data.stream import Stream
from snnctl.errors import DataError, SnnctlError, UsageError
from snnctl.plugins import DataContext, Dataset, load_registry

TREE = ("train/b/1.png", "train/a/2.png", "train/a/1.png", "train/b/2.png", "test/a/1.png", "test/b/1.jpg")


def streamed(dataset: Dataset, split: str = "train", context: DataContext | None = None) -> Stream:
    stream = dataset.stream(split, context or DataContext())
    assert stream is not None
    return stream


def read_all(dataset: Dataset, how: str, split: str = "train", context: DataContext | None = None) -> tuple:
    if how == "load":
        samples = dataset.load(split, context or DataContext())
        return samples.inputs, samples.labels
    inputs, labels = zip(*streamed(dataset, split, context).pairs(3), strict=True)
    return np.concatenate(inputs), np.concatenate(labels)


def shades(inputs: np.ndarray) -> list[int]:
    return inputs[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("how", ["load", "stream"])
def test_samples(tmp_path: Path, how: str) -> None:
    dataset = pickle.loads(pickle.dumps(opened(plant(tmp_path, *TREE))))
    assert (dataset.name, dataset.input_shape, dataset.class_names) == ("imagefolder", (6, 6, 3), ("a", "b"))
    inputs, labels = read_all(dataset, how)
    assert (inputs.dtype, inputs.shape) == (np.uint8, (4, 6, 6, 3))
    assert (shades(inputs), labels.tolist()) == ([2, 0, 1, 3], [0, 1, 0, 1])
    inputs, labels = read_all(dataset, how, "test")
    assert (shades(inputs), labels.tolist()) == ([4, 5], [0, 1])


def test_only_what_is_asked_for_is_decoded_a_batch_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = streamed(opened(plant(tmp_path, *(f"a/{number:02}.png" for number in range(20))), holdout=0))
    decoded, lock, decode = [], threading.Lock(), reading.Files.decode

    def counting(files: reading.Files, name: str) -> object:
        with lock:
            decoded.append(name)
        return decode(files, name)

    monkeypatch.setattr(reading.Files, "decode", counting)
    chosen = stream.select(np.arange(0, 20, 2))
    for number, (inputs, _) in enumerate(chosen.pairs(4)):
        expected = [f"a/{index:02}.png" for index in range(0, 20, 2)][: 4 * number + 4]
        assert sorted(decoded) == expected
        assert shades(inputs) == list(range(8 * number, min(8 * number + 8, 20), 2))
    assert chosen.place(1) == "a/02.png"


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({}, (6, 8, 3)),
        ({"channels": "1"}, (6, 8, 1)),
        ({"size": "4"}, (4, 4, 3)),
        ({"size": "4x7"}, (4, 7, 3)),
        ({"size": "5", "crop": "4"}, (4, 4, 3)),
        ({"resize": "longer", "size": "9"}, (9, 9, 3)),
        ({"crop": "2"}, (2, 2, 3)),
        ({"resize": "none", "size": "6x8"}, (6, 8, 3)),
    ],
)
def test_options_as_texts_and_the_shapes_they_make(tmp_path: Path, options: dict, shape: tuple) -> None:
    root = plant(tmp_path, "a/1.png", "a/2.png", size=(6, 8))
    dataset = load_registry().dataset("imagefolder", {"root": str(root), "holdout": "0", **options})
    assert dataset.input_shape == shape
    assert dataset.load("train", DataContext()).inputs.shape == (2, *shape)


@pytest.mark.parametrize(
    ("options", "option", "message"),
    [
        ({"channels": 2}, "channels", ""),
        ({"classes": 0}, "classes", ""),
        ({"size": "large"}, "size", "is no size"),
        ({"crop": 9, "resize": "stretch"}, "crop", "The crop of 9x9 is larger than the size of 6x6"),
        ({"holdout": 1.5}, "holdout", "is no part to hold out"),
    ],
)
def test_options_that_do_not_fit_are_named(tmp_path: Path, options: dict, option: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        opened(plant(tmp_path, "a/1.png"), **options)
    assert refused.value.where == f"data set imagefolder, option {option}"
    assert message in refused.value.what


def test_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path / "photos", "a/1.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for root in ("~/photos", "photos", "photos/"):
        assert ImageFolder().configured(root=root).where(DataContext()) == str(tmp_path / "photos")
    with pytest.raises(SnnctlError, match="root=FOLDER"):
        ImageFolder().load("train", DataContext())
    for options, message in (({}, "root"), ({"root": ""}, "option 'root' of data set 'imagefolder' is an empty path")):
        with pytest.raises(UsageError, match=message):
            load_registry().dataset("imagefolder", options)


def test_images_of_another_size_are_all_named(tmp_path: Path) -> None:
    plant(tmp_path, "a/1.png", "b/1.png", "b/2.png")
    plant(tmp_path, *(f"b/large {number:02}.png" for number in range(12)), size=(7, 9))
    for skip in (False, True):
        with pytest.raises(DataError) as refused:
            opened(tmp_path, holdout=0, skip_corrupt=skip).load("train", DataContext())
        assert refused.value.what.startswith("12 of 15 images are not 6x6: b/large 00.png (7x9), b/large 01.png (7x9)")
        assert refused.value.what.endswith("b/large 04.png (7x9) and 7 more.")
        assert "--data-opt size=6x6 --data-opt resize=shorter" in refused.value.todo
    with pytest.raises(DataError, match=r"a/1\.png \(6x6, smaller than the crop of 7x7\)"):
        opened(tmp_path, holdout=0, crop=7).load("train", DataContext())
    assert opened(tmp_path, holdout=0, size=6).load("train", DataContext()).inputs.shape == (15, 6, 6, 3)


@pytest.mark.parametrize("how", ["load", "stream"])
def test_images_that_cannot_be_read_are_all_named_or_left_out(tmp_path: Path, how: str) -> None:
    """27 images of two classes, 13 of them no images at all, the first one among them."""
    plant(tmp_path, *(f"{name}/{number:02}.png" for name in "ab" for number in range(7)))
    touch(tmp_path, *(f"b/bad {number:02}.jpg" for number in range(10)), "a/0.png")
    (tmp_path / "a" / "x\n.png").write_bytes(b"")
    (tmp_path / "a" / "gone.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError) as refused:
        read_all(opened(tmp_path, holdout=0, size=6), how)
    what = refused.value.what
    assert what.startswith("13 of 27 images cannot be read: ")
    assert what.count("(no image of a known format)") + what.count("(empty file)") + what.count("(no such file") == 5
    assert what.endswith(" and 8 more.")
    assert what.isprintable()
    assert refused.value.where == str(tmp_path)
    assert "skip_corrupt=true" in refused.value.todo
    listener = Listener()
    dataset = opened(tmp_path, holdout=0, skip_corrupt=True)
    inputs, labels = read_all(dataset, how, context=DataContext(reporter=listener))
    assert sorted(zip(labels.tolist(), shades(inputs), strict=True)) == [(n // 7, n) for n in range(14)]
    (warning,) = listener.warnings
    assert warning.startswith(f"{tmp_path}: 13 of 27 images left out, as they cannot be read: ")
    assert "a/x\\n.png (empty file)" in warning
    assert warning.endswith(" and 8 more")
    ((_, total, steps),) = listener.tasks
    assert total == steps == 27


def test_when_no_image_can_be_read_or_one_disappears(tmp_path: Path) -> None:
    touch(tmp_path / "bad", "a/1.png", "b/2.png")
    with pytest.raises(DataError, match=r"None of the 2 images can be read: a/1\.png"):
        opened(tmp_path / "bad", skip_corrupt=True)
    with pytest.raises(DataError, match="2 of 2 images cannot be read"):
        read_all(opened(tmp_path / "bad", holdout=0, size=4, skip_corrupt=True), "stream")
    stream = streamed(opened(plant(tmp_path / "good", *TREE)))
    (tmp_path / "good/train/a/2.png").unlink()
    with pytest.raises(DataError, match=r"1 of 4 images cannot be read: train/a/2\.png \(no such file"):
        list(stream.pairs(2))


def test_images_without_labels(tmp_path: Path) -> None:
    plant(tmp_path / "plain", *(f"{number:02}.png" for number in range(9)))
    dataset = opened(tmp_path / "plain", holdout=0, classes=7)
    assert (dataset.classes, dataset.class_names) == (7, ())
    stream = streamed(dataset)
    ((inputs, labels),) = stream.pairs(20)
    assert (stream.labelled, shades(inputs), labels) == (False, list(range(9)), None)
    assert not stream.select(np.array([2])).labelled
    with pytest.raises(DataError, match="The images have no labels"):
        dataset.load("train", DataContext())
    dataset = opened(plant(tmp_path / "classes", *TREE), classes=10)
    assert (dataset.classes, dataset.class_names, streamed(dataset).labelled) == (10, (), False)


@pytest.mark.parametrize("how", ["load", "stream"])
def test_a_split_without_images(tmp_path: Path, how: str) -> None:
    with pytest.raises(DataError, match="No image is held out for testing"):
        read_all(opened(plant(tmp_path / "one", "a/1.png"), holdout=0), how, "test")
    with pytest.raises(DataError, match="There is no folder train here"):
        read_all(opened(plant(tmp_path / "other", "test/a/1.png")), how)


def test_notes_and_warnings_of_the_tree_are_given_once(tmp_path: Path) -> None:
    listener = Listener()
    dataset = opened(touch(plant(tmp_path, *(f"{name}/1.png" for name in "abcdefgh")), "a/notes.txt"), holdout=0.5)
    context = DataContext(reporter=listener)
    dataset.load("train", context)
    dataset.stream("test", context)
    assert len(listener.notes) == 2
    assert listener.notes[0].endswith("1 file of other kinds left out")
    assert [warning.startswith(f"{tmp_path}: all images are held out") for warning in listener.warnings] == [True]


def test_class_names_are_text(tmp_path: Path) -> None:
    plant(tmp_path, os.fsdecode(b"caf\xe9/1.png"), "e\n/1.png")
    for name in opened(tmp_path, holdout=0).class_names:
        assert name.encode("utf-8")
        assert name.isprintable()
