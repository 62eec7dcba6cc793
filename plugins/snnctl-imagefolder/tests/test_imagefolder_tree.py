"""Which files are images, and their splits, classes and labels, from names alone."""

import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from imagefolder_trees import touch
from snnctl_imagefolder.scan import scan, shown, some
from snnctl_imagefolder.splits import held_out
from snnctl_imagefolder.tree import Tree, read_tree

from snnctl.errors import DataError, UsageError


def tree(root: Path, holdout: float | None = None, labelled: bool = True) -> Tree:
    return read_tree(root, holdout, labelled)


def labelled_names(read: Tree, split: str) -> dict[str, int]:
    part = read.parts[split]
    assert part.labels is not None
    return dict(zip(part.names, part.labels.tolist(), strict=True))


def test_images_whatever_the_case_and_depth_sorted(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.PNG", "b/10.jpg", "a/deep/er/x.JPEG", "a/y.Gif", "z.bmp", "Z.webp", "b.jpg", "x.jpg/1.png")
    touch(tmp_path, "a/Thumbs.db", "a/1.txt", "README", "a/png")
    touch(tmp_path, "a/.DS_Store", "a/._1.png", ".git/x.png", "__MACOSX/a/1.png", "@eaDir/1.jpg")
    images = scan(tmp_path)
    names = ("Z.webp", "a/deep/er/x.JPEG", "a/y.Gif", "b.jpg", "b/10.jpg", "b/2.PNG", "x.jpg/1.png", "z.bmp")
    assert (images.names, images.others) == (names, 4)


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "1.png", "sub/2.png")
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "c").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "sub" / "up").symlink_to(tmp_path / "elsewhere")
    (root / "a" / "round").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a" / "self")
    images = scan(root)
    assert images.names == ("b/1.png", "b/sub/2.png", "c/1.png", "c/sub/2.png")
    assert images.loops == ("a/round", "b/sub/up", "c/sub/up")
    assert images.others == 1  # a link to itself is no folder
    other, loops = tree(root, 0, labelled=False).notes[:2]
    assert other == f"{root}: 1 file of other kinds left out"
    assert loops == f"{root}: links not followed, as they lead to a folder around them: a/round, b/sub/up, c/sub/up"


def test_names_of_all_kinds(tmp_path: Path) -> None:
    names = ["a b/ü 1.png", "new\nline/2\n.png", "日本/語.jpg", "'\"/$(x);.png", "-rf/--.png", "e\u0301/é.png"]
    names.append(os.fsdecode(b"caf\xe9.png"))  # no text
    touch(tmp_path, *names)
    assert sorted(scan(tmp_path).names) == sorted(names)
    assert shown(names[-1]).isprintable()
    assert some([f"{number}\x1b[2J" for number in range(1012)]).startswith("0\\x1b[2J, 1\\x1b[2J, ")
    assert some([str(number) for number in range(1012)]).endswith(", 9 and 1,002 more")
    for form in ("NFC", "NFD"):  # the order does not depend on how letters are stored
        spelt = [unicodedata.normalize(form, name) for name in ("\u00e9.png", "f.png", "e.png", "z.png")]
        images = scan(touch(tmp_path / form, *spelt)).names
        assert [unicodedata.normalize("NFC", name) for name in images] == ["e.png", "f.png", "z.png", "\u00e9.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png")
    (tmp_path / "a").chmod(0)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        scan(tmp_path)


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Training", "val"), ("train", "valid")])
def test_splits_by_folders(tmp_path: Path, train: str, test: str) -> None:
    touch(tmp_path, f"{train}/dog/1.png", f"{train}/cat/1.png", f"{train}/cat/2.png", f"{test}/dog/9.png")
    read = tree(touch(tmp_path, f"{test}/cat/8.png"))
    assert (read.classes, read.notes) == (("cat", "dog"), ())
    assert labelled_names(read, "train") == {f"{train}/cat/1.png": 0, f"{train}/cat/2.png": 0, f"{train}/dog/1.png": 1}
    assert labelled_names(read, "test") == {f"{test}/cat/8.png": 0, f"{test}/dog/9.png": 1}


def test_which_folder_is_for_testing(tmp_path: Path) -> None:
    first = tree(touch(tmp_path / "1", "train/a/1.png", "val/a/2.png", "test/a/3.png", "more/a/4.png"))
    assert first.parts["test"].names == ("test/a/3.png",)
    assert first.notes == (f"{tmp_path / '1'}: not read, as they lie beside the splits: more, val",)
    second = tree(touch(tmp_path / "2", "train/a/1.png", "val/a/2.png", "test/3.png"))
    assert second.parts["test"].names == ("val/a/2.png",), "the images of test have no classes"
    third = tree(touch(tmp_path / "3", "train/1.png", "bus/2.png", "test/3.png"), holdout=0)
    assert third.classes == ("bus", "test", "train"), "a class may be called train"
    assert list(tree(touch(tmp_path / "4", "test/a/1.png", "test/b/2.png")).parts) == ["test"]


def test_what_is_held_out(tmp_path: Path) -> None:
    """A part of all, decided by names: it stays so when images and classes are added."""
    touch(tmp_path, *(f"train/{name}/{number}.png" for name in "ab" for number in range(40)))
    part = tree(tmp_path)
    count = len(part.parts["test"].names)
    assert 6 <= count <= 30
    assert part.notes == (f"{tmp_path}: {count} of 80 images are held out for testing (holdout=0.2)",)
    before = {split: set(part.names) for split, part in part.parts.items()}
    touch(tmp_path, *(f"train/{name}/{number}-more.png" for name in "abc" for number in range(40)))
    after = {split: set(part.names) for split, part in tree(tmp_path).parts.items()}
    assert before["train"] < after["train"]
    assert before["test"] < after["test"]
    small = held_out([f"a/{number}.png" for number in range(12)], 0.3)
    assert np.flatnonzero(small).tolist() == [0, 2, 8], "changed, everybody's splits would be others"
    names = [f"class {number % 7}/{number}.jpg" for number in range(4000)]
    out = [set(np.flatnonzero(held_out(names, part))) for part in (0.0, 0.1, 0.5, 0.9)]
    assert [len(each) / len(names) for each in out] == pytest.approx([0.0, 0.1, 0.5, 0.9], abs=0.02)
    assert out[0] < out[1] < out[2] < out[3]
    accented = [f"é{number}/ü.png" for number in range(50)]
    assert held_out(accented, 0.5) == held_out([unicodedata.normalize("NFD", name) for name in accented], 0.5)


def test_of_classes_without_training_images_there_is_a_warning(tmp_path: Path) -> None:
    touch(tmp_path, *(f"a/{number}.png" for number in range(99)), *(f"{name}/1.png" for name in "bcdef"))
    read = tree(tmp_path, 0.8)
    gone = [name for name in "bcdef" if f"{name}/1.png" in read.parts["test"].names]
    (warning,) = read.warnings
    assert warning.endswith(f"none are left to train on, of {', '.join(gone)}")
    assert tree(tmp_path, 0).warnings == ()


def test_images_without_classes(tmp_path: Path) -> None:
    read = tree(touch(tmp_path / "1", *(f"{number}.png" for number in range(20)), "notes/read me.txt"))
    assert read.classes == ()
    assert all(part.labels is None for part in read.parts.values())
    assert len(read.parts["train"].names) + len(read.parts["test"].names) == 20
    read = tree(touch(tmp_path / "2", "train/1.png", "test/2.png"))
    assert (read.parts["train"].names, read.parts["test"].names) == (("train/1.png",), ("test/2.png",))
    read = tree(touch(tmp_path / "3", "2019/1.png", "2020/2.png", "3.png"), 0, labelled=False)
    assert read.parts["train"].names == ("2019/1.png", "2020/2.png", "3.png")
    assert read.parts["train"].labels is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a/1.png", "x.png", "y.png"), r"2 of the images lie beside the folders of the classes: x\.png, y\.png"),
        (("a/1.png", "b/notes.txt"), "no images in the folder among those of the classes: b"),
        (("train/a/1.png", "train/b/1.png", "test/a/1.png", "test/B/1.png"), "only train has b; only test has B"),
        (("train/a/1.png", "test/1.png"), "only train has a"),
        (("notes.txt", ".x.png"), "There are no images"),
        (("train/a/1.png", "test/x.txt"), "There are no images"),
    ],
)
def test_trees_that_are_refused(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        tree(touch(tmp_path, *names))


def test_what_is_no_part_and_no_folder(tmp_path: Path) -> None:
    for part in (-0.1, 1.0, float("nan")):
        with pytest.raises(UsageError, match="is no part to hold out"):
            tree(touch(tmp_path, "train/a/1.png"), part)
    with pytest.raises(UsageError, match="There is a folder of test images"):
        tree(touch(tmp_path, "test/a/1.png"), 0.2)
    with pytest.raises(DataError, match="There is no such folder"):
        tree(tmp_path / "nowhere")
    with pytest.raises(DataError, match="This is no folder"):
        tree(touch(tmp_path, "file") / "file")


def test_the_order_of_the_classes_may_be_written_down(tmp_path: Path) -> None:
    touch(tmp_path, "b/1.png", "a/2.png", "c d/3.png")
    (tmp_path / "classes.txt").write_text("\ufeffc d\r\n\r\na\r\nb\r\n", "utf-8")
    read = tree(tmp_path, 0)
    assert read.classes == ("c d", "a", "b")
    assert labelled_names(read, "train") == {"c d/3.png": 0, "a/2.png": 1, "b/1.png": 2}
    assert read.notes == (f"{tmp_path}: 0 of 3 images are held out for testing (holdout=0)",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a\nb\na\n", "it names twice: a"),
        (b"A\nb\n", "it names no folder: A; it lacks: a"),
        (b"\xff\xfe\x00", "it is not UTF-8"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (touch(tmp_path, "a/1.png", "b/1.png") / "classes.txt").write_bytes(content)
    with pytest.raises(DataError, match=why):
        tree(tmp_path)
