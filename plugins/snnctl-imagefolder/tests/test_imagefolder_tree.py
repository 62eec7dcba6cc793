"""Splits, classes and labels, from names alone."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imagefolder_trees import touch
from snnctl_imagefolder.splits import held_out
from snnctl_imagefolder.tree import Tree, read_tree, spread

from snnctl.errors import DataError, UsageError


def tree(root: Path, holdout: float | None = None, labelled: bool = True) -> Tree:
    return read_tree(root, holdout, labelled)


def labelled_names(found: Tree, split: str) -> dict[str, int]:
    part = found.parts[split]
    assert part.labels is not None
    return dict(zip(part.names, part.labels.tolist(), strict=True))


@pytest.mark.parametrize("test", ["test", "val", "validation", "valid", "Testing"])
@pytest.mark.parametrize("train", ["train", "Training"])
def test_splits_by_folders(tmp_path: Path, train: str, test: str) -> None:
    touch(tmp_path, f"{train}/dog/1.png", f"{train}/cat/1.png", f"{train}/cat/2.png", f"{test}/dog/9.png")
    touch(tmp_path, f"{test}/cat/8.png")
    found = tree(tmp_path)
    assert found.classes == ("cat", "dog")
    assert labelled_names(found, "train") == {f"{train}/cat/1.png": 0, f"{train}/cat/2.png": 0, f"{train}/dog/1.png": 1}
    assert labelled_names(found, "test") == {f"{test}/cat/8.png": 0, f"{test}/dog/9.png": 1}
    assert found.notes == ()


def test_test_comes_before_val_which_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "train/a/1.png", "val/a/2.png", "test/a/3.png", "more/a/4.png")
    found = tree(tmp_path)
    assert found.parts["test"].names == ("test/a/3.png",)
    assert found.notes == (f"{tmp_path}: not read, as they lie beside the splits: more, val",)


def test_test_images_without_classes_give_way_to_val(tmp_path: Path) -> None:
    found = tree(touch(tmp_path, "train/a/1.png", "val/a/2.png", "test/3.png"))
    assert found.parts["test"].names == ("val/a/2.png",)


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    found = tree(touch(tmp_path, "train/1.png", "bus/2.png", "test/3.png"), holdout=0)
    assert found.classes == ("bus", "test", "train")
    assert sorted(found.parts["train"].names) == ["bus/2.png", "test/3.png", "train/1.png"]


def test_one_split_alone(tmp_path: Path) -> None:
    only = tree(touch(tmp_path / "one", "test/a/1.png", "test/b/2.png"))
    assert list(only.parts) == ["test"]
    names = [f"train/a/{number}.png" for number in range(50)]
    divided = tree(touch(tmp_path / "two", *names))
    assert sorted(divided.parts["train"].names + divided.parts["test"].names) == sorted(names)
    assert 2 <= len(divided.parts["test"].names) <= 20
    count = len(divided.parts["test"].names)
    assert divided.notes == (f"{tmp_path / 'two'}: {count} of 50 images are held out for testing (holdout=0.2)",)


def test_what_is_held_out_stays_so_when_images_and_classes_are_added(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{name}/{number}.png" for name in "ab" for number in range(40)))
    before = {split: set(part.names) for split, part in tree(tmp_path, 0.3).parts.items()}
    touch(tmp_path, *(f"{name}/{number}-more.png" for name in "abc" for number in range(40)))
    after = {split: set(part.names) for split, part in tree(tmp_path, 0.3).parts.items()}
    assert before["train"] < after["train"]
    assert before["test"] < after["test"]


def test_what_is_held_out_for_good() -> None:
    """Changed, everybody's splits would be others."""
    out = held_out([f"a/{number}.png" for number in range(12)], 0.3)
    assert np.flatnonzero(out).tolist() == [0, 2, 8]


def test_the_part_held_out_is_as_asked_for_and_grows(tmp_path: Path) -> None:
    names = [f"class {number % 7}/{number}.jpg" for number in range(4000)]
    parts = [0.0, 0.1, 0.5, 0.9]
    out = [set(np.flatnonzero(held_out(names, part))) for part in parts]
    assert [len(each) / len(names) for each in out] == pytest.approx(parts, abs=0.02)
    assert out[0] < out[1] < out[2] < out[3]


def test_letters_stored_differently_are_held_out_alike() -> None:
    names = [f"é{number}/ü.png" for number in range(200)]
    decomposed = [unicodedata.normalize("NFD", name) for name in names]
    assert names != decomposed
    assert held_out(names, 0.5) == held_out(decomposed, 0.5)


@pytest.mark.parametrize("holdout", [-0.1, 1.0, 3.0, float("nan")])
def test_a_part_that_is_none_is_refused(tmp_path: Path, holdout: float) -> None:
    with pytest.raises(UsageError, match="is no part to hold out"):
        tree(touch(tmp_path, "a/1.png"), holdout)


def test_nothing_is_held_out_beside_test_images(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is a folder of test images"):
        tree(touch(tmp_path, "train/a/1.png", "test/a/1.png"), 0.2)


def test_of_classes_without_training_images_there_is_a_warning(tmp_path: Path) -> None:
    touch(tmp_path, *(f"a/{number}.png" for number in range(99)), *(f"{name}/1.png" for name in "bcdef"))
    found = tree(tmp_path, 0.8)
    gone = [name for name in "bcdef" if f"{name}/1.png" in found.parts["test"].names]
    assert gone
    (warning,) = found.warnings
    assert warning.endswith(f"none are left to train on, of {', '.join(gone)}")
    assert tree(tmp_path, 0).warnings == ()


def test_images_without_classes(tmp_path: Path) -> None:
    found = tree(touch(tmp_path, *(f"{number}.png" for number in range(20)), "notes/read me.txt"))
    assert found.classes == ()
    assert all(part.labels is None for part in found.parts.values())
    assert len(found.parts["train"].names) + len(found.parts["test"].names) == 20
    found = tree(touch(tmp_path / "split", "train/1.png", "test/2.png"))
    assert (found.parts["train"].names, found.parts["test"].names) == (("train/1.png",), ("test/2.png",))


def test_subfolders_need_not_be_classes(tmp_path: Path) -> None:
    found = tree(touch(tmp_path, "2019/1.png", "2020/2.png", "3.png"), 0, labelled=False)
    assert found.parts["train"].names == ("2019/1.png", "2020/2.png", "3.png")
    assert found.parts["train"].labels is None


def test_images_beside_the_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"2 of the images lie beside the folders of the classes: x\.png, y\.png"):
        tree(touch(tmp_path, "a/1.png", "b/1.png", "x.png", "y.png"))


def test_a_class_without_images_is_refused(tmp_path: Path) -> None:
    (touch(tmp_path, "a/1.png", "b/notes.txt") / "c").mkdir()
    with pytest.raises(DataError, match="no images in these folders among those of the classes: b, c"):
        tree(tmp_path)


def test_splits_with_other_classes_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "train/a/1.png", "train/b/1.png", "train/c/1.png", "test/a/1.png", "test/B/1.png")
    with pytest.raises(DataError) as refused:
        tree(tmp_path)
    assert refused.value.what == ("train and test do not hold the same classes: only train has b, c; only test has B.")
    with pytest.raises(DataError, match="only train has a"):
        tree(touch(tmp_path / "half", "train/a/1.png", "test/1.png"))


@pytest.mark.parametrize(
    ("names", "what"),
    [((), "There are no images"), (("notes.txt", "Thumbs.db"), "There are no images"), ((".x.png",), "no images")],
)
def test_without_images(tmp_path: Path, names: tuple[str, ...], what: str) -> None:
    with pytest.raises(DataError, match=what):
        tree(touch(tmp_path, *names))


def test_an_empty_split_is_named(tmp_path: Path) -> None:
    (touch(tmp_path, "train/a/1.png") / "test").mkdir()
    with pytest.raises(DataError, match="There are no images") as refused:
        tree(tmp_path)
    assert refused.value.where == str(tmp_path / "test")


def test_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no such folder"):
        tree(tmp_path / "nowhere")
    with pytest.raises(DataError, match="This is no folder"):
        tree(touch(tmp_path, "file") / "file")


def test_the_order_of_the_classes_may_be_given(tmp_path: Path) -> None:
    touch(tmp_path, "b/1.png", "a/2.png", "c d/3.png")
    (tmp_path / "classes.txt").write_text("\ufeffc d\r\n\r\na\r\nb\r\n", "utf-8")
    found = tree(tmp_path, 0)
    assert found.classes == ("c d", "a", "b")
    assert labelled_names(found, "train") == {"c d/3.png": 0, "a/2.png": 1, "b/1.png": 2}
    assert found.notes == (f"{tmp_path}: 0 of 3 images are held out for testing (holdout=0)",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("a\n", "it lacks: b"),
        ("a\nb\nc\n", "it names no folder: c"),
        ("a\nb\na\n", "it names twice: a"),
        ("A\nb\n", "it names no folder: A; it lacks: a"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(tmp_path: Path, content: str, why: str) -> None:
    (touch(tmp_path, "a/1.png", "b/1.png") / "classes.txt").write_text(content)
    with pytest.raises(DataError, match=why):
        tree(tmp_path)


def test_an_order_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (touch(tmp_path, "a/1.png") / "classes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="it is not UTF-8"):
        tree(tmp_path)


def test_thousands_of_classes(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number:04}/{each}.png" for number in range(1500) for each in range(2)))
    found = tree(tmp_path, 0)
    labels = found.parts["train"].labels
    assert labels is not None
    assert len(found.classes) == 1500
    assert labels.tolist() == [*range(1500)] * 2


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80))
def test_any_first_part_stands_for_the_whole(drawn: list[int]) -> None:
    labels = np.array(drawn)
    rows = spread(labels, 6)
    assert sorted(rows) == list(range(len(labels)))
    counts = np.bincount(labels, minlength=6)
    for label in range(6):
        mine = rows[labels[rows] == label]
        assert (np.diff(mine) > 0).all()  # of one class, the order stays
        for length in range(len(labels)):
            have = np.count_nonzero(labels[rows[:length]] == label)
            assert abs(have - counts[label] * length / len(labels)) <= 3.5


def test_loops_and_other_files_are_told(tmp_path: Path) -> None:
    (touch(tmp_path, "a/1.png", "a/x.txt") / "a" / "up").symlink_to(tmp_path)
    notes = tree(tmp_path, 0).notes
    assert notes[0] == f"{tmp_path}: 1 file of other kinds left out"
    assert notes[1] == f"{tmp_path}: links not followed, as they lead to a folder around them: a/up"
