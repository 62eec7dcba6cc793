"""Which files count as images."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from imagefolder_trees import touch
from snnctl_imagefolder.scan import scan, shown, some, subfolders

from snnctl.errors import DataError


def test_images_are_found_whatever_the_case_and_depth_and_sorted(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.PNG", "b/10.jpg", "a/deep/er/x.JPEG", "a/y.Gif", "z.bmp", "Z.webp", "b.jpg")
    found = scan(tmp_path)
    assert found.names == ("Z.webp", "a/deep/er/x.JPEG", "a/y.Gif", "b.jpg", "b/10.jpg", "b/2.PNG", "z.bmp")
    assert found.folders == ("a", "b")
    assert found.others == 0


def test_what_systems_leave_behind_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "a/.DS_Store", "a/._1.png", ".git/x.png", "__MACOSX/a/1.png", "@eaDir/1.jpg")
    assert scan(tmp_path).names == ("a/1.png",)
    assert scan(tmp_path).others == 0


def test_other_files_are_counted(tmp_path: Path) -> None:
    assert scan(touch(tmp_path, "a/1.png", "a/Thumbs.db", "a/1.txt", "README", "a/png")).others == 4


def test_a_folder_called_like_an_image_is_a_folder(tmp_path: Path) -> None:
    assert scan(touch(tmp_path, "x.jpg/1.png")).names == ("x.jpg/1.png",)


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "1.png", "sub/2.png")
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "c").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "sub" / "up").symlink_to(tmp_path / "elsewhere")
    (root / "a" / "round").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a" / "self")
    found = scan(root)
    assert found.names == ("b/1.png", "b/sub/2.png", "c/1.png", "c/sub/2.png")
    assert found.loops == ("a/round", "b/sub/up", "c/sub/up")
    assert found.others == 1  # a link to itself is no folder


def test_names_of_all_kinds(tmp_path: Path) -> None:
    names = ["a b/ü 1.png", "new\nline/2\n.png", "日本/語.jpg", "'\"/$(x);.png", "-rf/--.png", "e\u0301/é.png"]
    touch(tmp_path, *names)
    assert sorted(scan(tmp_path).names) == sorted(names)


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    touch(tmp_path, name)
    assert scan(tmp_path).names == (name,)
    assert shown(name).isprintable()


def test_the_order_does_not_depend_on_how_letters_are_stored(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        names = [unicodedata.normalize(form, name) for name in ("\u00e9.png", "f.png", "e.png", "z.png")]
        found = scan(touch(tmp_path / form, *names)).names
        assert [unicodedata.normalize("NFC", name) for name in found] == ["e.png", "f.png", "z.png", "\u00e9.png"]


def test_messages_hold_ten_names_and_nothing_a_terminal_obeys() -> None:
    assert some([f"{number}\x1b[2J\n" for number in range(12)]).startswith("0\\x1b[2J\\n, 1\\x1b[2J\\n, ")
    assert some([str(number) for number in range(1012)]).endswith(", 9 and 1,002 more")
    assert some(["a", "b"]) == "a, b"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png")
    (tmp_path / "a").chmod(0)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        scan(tmp_path)


def test_subfolders_of_a_file_cannot_be_read(tmp_path: Path) -> None:
    touch(tmp_path, "a")
    with pytest.raises(DataError, match="The folder cannot be read"):
        subfolders(tmp_path / "a")
