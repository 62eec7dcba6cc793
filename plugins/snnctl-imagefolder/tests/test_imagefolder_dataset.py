"""The data set: its options, what it loads and streams, and what it says of images that cannot be used."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from imagefolder_trees import Listener, opened, picture, plant, touch
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


def shades(inputs: np.ndarray) -> list[int]:
    """Which of the planted images these are."""
    return inputs[:, 0, 0, 0].tolist()


def test_it_is_registered_with_its_options() -> None:
    registry = load_registry()
    assert isinstance(registry.datasets["imagefolder"], ImageFolder)
    with pytest.raises(UsageError, match="root"):
        registry.dataset("imagefolder")


def test_options_arrive_as_texts(tmp_path: Path) -> None:
    given = {"root": str(plant(tmp_path, *TREE)), "size": "4x5", "crop": "3", "channels": "1", "skip_corrupt": "true"}
    dataset = load_registry().dataset("imagefolder", given)
    assert (dataset.input_shape, dataset.classes, dataset.class_names) == ((3, 3, 1), 2, ("a", "b"))
    assert dataset.name == "imagefolder"


def test_samples(tmp_path: Path) -> None:
    dataset = opened(plant(tmp_path, *TREE))
    assert dataset.input_shape == (6, 6, 3)
    train, test = (dataset.load(split, DataContext()) for split in ("train", "test"))
    assert train.inputs.dtype == np.uint8
    assert train.inputs.shape == (4, 6, 6, 3)
    assert (shades(train.inputs), train.labels.tolist()) == ([2, 0, 1, 3], [0, 1, 0, 1])
    assert (shades(test.inputs), test.labels.tolist()) == ([4, 5], [0, 1])


def test_the_stream_is_what_is_loaded(tmp_path: Path) -> None:
    dataset = opened(plant(tmp_path, *(f"{name}/{number}.png" for name in "abc" for number in range(9))), holdout=0.3)
    for split in ("train", "test"):
        loaded, stream = dataset.load(split, DataContext()), streamed(dataset, split)
        assert (stream.shape, stream.dtype, stream.labelled) == (loaded.inputs.shape, np.uint8, True)
        for size in (1, 4, 1000):
            pairs = list(stream.pairs(size))
            np.testing.assert_array_equal(np.concatenate([inputs for inputs, _ in pairs]), loaded.inputs)
            assert [label for _, labels in pairs for label in labels] == loaded.labels.tolist()  # type: ignore[union-attr]


def test_only_what_is_asked_for_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = streamed(opened(plant(tmp_path, *TREE)))
    seen: list[str] = []
    decode = reading.Files.decode
    monkeypatch.setattr(reading.Files, "decode", lambda files, name: (seen.append(name), decode(files, name))[1])
    chosen = stream.select(np.array([1, 3]))
    assert seen == []
    ((inputs, labels),) = chosen.pairs(5)
    assert sorted(seen) == ["train/b/1.png", "train/b/2.png"]
    assert labels is not None
    assert (shades(inputs), labels.tolist()) == ([0, 3], [1, 1])
    assert chosen.place(1) == "train/b/2.png"


def test_no_more_than_a_batch_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is handed on before the next is decoded."""
    plant(tmp_path, *(f"a/{number:02}.png" for number in range(20)))
    stream = streamed(opened(tmp_path, holdout=0))
    decoded, lock, decode = [0], threading.Lock(), reading.Files.decode

    def counting(files: reading.Files, name: str) -> object:
        with lock:
            decoded[0] += 1
        return decode(files, name)

    monkeypatch.setattr(reading.Files, "decode", counting)
    for number, _ in enumerate(stream.pairs(4), start=1):
        assert decoded[0] == 4 * number


@pytest.mark.parametrize(
    ("options", "shape"),
    [
        ({}, (6, 8, 3)),
        ({"channels": 1}, (6, 8, 1)),
        ({"size": 4}, (4, 4, 3)),
        ({"size": "4x7"}, (4, 7, 3)),
        ({"size": 5, "crop": 4}, (4, 4, 3)),
        ({"resize": "stretch"}, (6, 8, 3)),
        ({"resize": "longer", "size": 9}, (9, 9, 3)),
        ({"crop": 2}, (2, 2, 3)),
        ({"resize": "none", "size": "6x8"}, (6, 8, 3)),
    ],
)
def test_shapes(tmp_path: Path, options: dict, shape: tuple[int, int, int]) -> None:
    dataset = opened(plant(tmp_path, "a/1.png", "a/2.png", size=(6, 8)), holdout=0, **options)
    assert dataset.input_shape == shape
    assert dataset.load("train", DataContext()).inputs.shape == (2, *shape)


def test_images_of_another_size_are_all_named(tmp_path: Path) -> None:
    plant(tmp_path, "a/1.png", "b/1.png", "b/2.png")
    plant(tmp_path, *(f"b/large {number:02}.png" for number in range(12)), size=(7, 9))
    dataset = opened(tmp_path, holdout=0)
    for skip in (False, True):
        dataset = opened(tmp_path, holdout=0, skip_corrupt=skip)
        with pytest.raises(DataError) as refused:
            dataset.load("train", DataContext())
        assert refused.value.what.startswith("12 of 15 images are not 6x6: b/large 00.png (7x9), b/large 01.png (7x9)")
        assert refused.value.what.endswith("b/large 04.png (7x9) and 7 more.")
        assert "--data-opt size=6x6 --data-opt resize=shorter" in refused.value.todo
    assert opened(tmp_path, holdout=0, size=6).load("train", DataContext()).inputs.shape == (15, 6, 6, 3)


def test_images_smaller_than_the_crop_are_named(tmp_path: Path) -> None:
    plant(tmp_path, "a/large.png", size=(9, 9))
    plant(tmp_path, "a/small.png", size=(5, 9))
    with pytest.raises(DataError, match=r"a/small\.png \(5x9, smaller than the crop of 6x6\)"):
        opened(tmp_path, holdout=0, crop=6).load("train", DataContext())


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """27 images of two classes, 13 of them no images at all."""
    plant(tmp_path, *(f"{name}/{number:02}.png" for name in "ab" for number in range(7)))
    touch(tmp_path, *(f"b/bad {number:02}.jpg" for number in range(11)))
    (tmp_path / "a" / "x\n.png").write_bytes(b"")
    (tmp_path / "a" / "gone.png").symlink_to(tmp_path / "nowhere")
    return tmp_path


def read_all(dataset: Dataset, how: str, context: DataContext) -> tuple[np.ndarray, np.ndarray]:
    if how == "load":
        samples = dataset.load("train", context)
        return samples.inputs, samples.labels
    pairs = list(streamed(dataset, "train", context).pairs(3))
    return np.concatenate([inputs for inputs, _ in pairs]), np.concatenate([labels for _, labels in pairs])


@pytest.mark.parametrize("how", ["load", "stream"])
def test_images_that_cannot_be_read_are_all_named(damaged: Path, how: str) -> None:
    with pytest.raises(DataError) as refused:
        read_all(opened(damaged, holdout=0), how, DataContext())
    what = refused.value.what
    assert what.startswith("13 of 27 images cannot be read: ")
    assert what.count("(no image of a known format)") + what.count("(empty file)") + what.count("(no such file") == 5
    assert what.endswith(" and 8 more.")
    assert what.isprintable()
    assert refused.value.where == str(damaged)
    assert "skip_corrupt=true" in refused.value.todo


@pytest.mark.parametrize("how", ["load", "stream"])
def test_they_are_left_out_when_asked_for_with_a_warning(damaged: Path, how: str) -> None:
    listener = Listener()
    dataset = opened(damaged, holdout=0, skip_corrupt=True)
    inputs, labels = read_all(dataset, how, DataContext(reporter=listener))
    assert sorted(zip(labels.tolist(), shades(inputs), strict=True)) == [(n // 7, n) for n in range(14)]
    (warning,) = listener.warnings
    assert warning.startswith(f"{damaged}: 13 of 27 images left out, as they cannot be read: ")
    assert "a/x\\n.png (empty file)" in warning
    assert warning.endswith(" and 8 more")
    ((_, total, steps),) = listener.tasks
    assert total == steps == 27


def test_the_first_damaged_image_does_not_give_the_size(tmp_path: Path) -> None:
    plant(touch(tmp_path, "a/0.png"), "a/1.png")
    assert opened(tmp_path, holdout=0, skip_corrupt=True).load("train", DataContext()).inputs.shape == (1, 6, 6, 3)


def test_when_no_image_can_be_read(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "b/2.png")
    with pytest.raises(DataError, match=r"None of the 2 images can be read: a/1\.png"):
        opened(tmp_path, skip_corrupt=True)
    for how in ("load", "stream"):
        with pytest.raises(DataError, match="2 of 2 images cannot be read"):
            read_all(opened(tmp_path, holdout=0, size=4, skip_corrupt=True), how, DataContext())


def test_a_file_that_disappears_meanwhile_is_named(tmp_path: Path) -> None:
    stream = streamed(opened(plant(tmp_path, *TREE)))
    (tmp_path / "train/a/2.png").unlink()
    with pytest.raises(DataError, match=r"1 of 4 images cannot be read: train/a/2\.png \(no such file"):
        list(stream.pairs(2))


def test_images_without_labels(tmp_path: Path) -> None:
    plant(tmp_path, *(f"{number:02}.png" for number in range(9)))
    dataset = opened(tmp_path, holdout=0, classes=7)
    assert (dataset.classes, dataset.class_names) == (7, ())
    stream = streamed(dataset)
    assert not stream.labelled
    ((inputs, labels),) = stream.pairs(20)
    assert (shades(inputs), labels) == (list(range(9)), None)
    assert not stream.select(np.array([2])).labelled
    with pytest.raises(DataError, match="The images have no labels"):
        dataset.load("train", DataContext())
    assert opened(tmp_path).classes == 1


def test_folders_of_classes_without_their_labels(tmp_path: Path) -> None:
    dataset = opened(plant(tmp_path, *TREE), classes=10)
    assert (dataset.classes, dataset.class_names, streamed(dataset).labelled) == (10, (), False)


@pytest.mark.parametrize("how", ["load", "stream"])
def test_a_split_without_images(tmp_path: Path, how: str) -> None:
    dataset = opened(plant(tmp_path, "a/1.png"), holdout=0)
    with pytest.raises(DataError, match="No image is held out for testing"):
        getattr(dataset, how)("test", DataContext())
    dataset = opened(plant(tmp_path / "other", "test/a/1.png"))
    with pytest.raises(DataError, match="There is no folder train here"):
        getattr(dataset, how)("train", DataContext())


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"channels": 2}, "channels"),
        ({"classes": 0}, "classes"),
        ({"size": "large"}, "size"),
        ({"crop": 0}, "crop"),
        ({"size": 4, "crop": 5}, "crop"),
        ({"holdout": 1.5}, "holdout"),
    ],
)
def test_options_that_do_not_fit_are_named(tmp_path: Path, options: dict, option: str) -> None:
    with pytest.raises(UsageError) as refused:
        opened(plant(tmp_path, "a/1.png"), **options)
    assert refused.value.where == f"data set imagefolder, option {option}"


def test_a_crop_of_the_first_images_size_is_checked_too(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="The crop of 9x9 is larger than the size of 6x6"):
        opened(plant(tmp_path, "a/1.png"), crop=9, resize="stretch")


def test_warnings_of_the_tree_reach_the_user(tmp_path: Path) -> None:
    listener = Listener()
    dataset = opened(plant(tmp_path, *(f"{name}/1.png" for name in "abcdefgh")), holdout=0.5)
    dataset.stream("train", DataContext(reporter=listener))
    assert [warning.startswith(f"{tmp_path}: all images are held out") for warning in listener.warnings] == [True]


def test_notes_are_given_once(tmp_path: Path) -> None:
    listener = Listener()
    dataset = opened(touch(plant(tmp_path, *(f"a/{number}.png" for number in range(30))), "a/notes.txt"))
    context = DataContext(reporter=listener)
    dataset.load("train", context)
    dataset.stream("test", context)
    assert len(listener.notes) == 2
    assert listener.notes[0].endswith("1 file of other kinds left out")


def test_the_home_folder_and_relative_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path / "photos", "a/1.png")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for root in ("~/photos", "photos", "photos/"):
        assert ImageFolder().configured(root=root).where(DataContext()) == str(tmp_path / "photos")


def test_without_a_folder_it_says_what_is_missing() -> None:
    with pytest.raises(SnnctlError, match="root=FOLDER"):
        ImageFolder().load("train", DataContext())
    assert ImageFolder().fetch(DataContext()) == "--data-opt root=FOLDER"


def test_it_can_be_pickled(tmp_path: Path) -> None:
    dataset = pickle.loads(pickle.dumps(opened(plant(tmp_path, *TREE))))
    assert shades(dataset.load("test", DataContext()).inputs) == [4, 5]


def test_class_names_are_text(tmp_path: Path) -> None:
    plant(tmp_path, os.fsdecode(b"caf\xe9/1.png"), "e\n/1.png")
    for name in opened(tmp_path, holdout=0).class_names:
        assert name.encode("utf-8")
        assert name.isprintable()


def test_registering_imports_neither_pillow_nor_tensorflow() -> None:
    code = "import sys, snnctl_imagefolder; print([m for m in ('PIL', 'keras', 'tensorflow') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_it_gives_the_same_each_time(tmp_path: Path) -> None:
    plant(tmp_path, *(f"{name}/{number}.png" for name in "abc" for number in range(7)))
    picture(200, (40, 30)).save(tmp_path / "a" / "other.jpg", "JPEG")
    first, again = (opened(tmp_path, size=5, holdout=0.3).load("train", DataContext()) for _ in range(2))
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.labels, again.labels)


def test_an_empty_path_is_not_the_folder_one_is_in() -> None:
    with pytest.raises(SnnctlError, match="option 'root' of data set 'imagefolder' is an empty path"):
        load_registry().dataset("imagefolder", {"root": ""})
