"""Which files of a folder are images, in which order, and of which class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnctl.data.image_folder import ImageStream, find_images
from snnctl.errors import DataError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"?")
    return folder


def test_images_are_sorted_and_others_counted(tmp_path: Path) -> None:
    found = find_images(touch(tmp_path, "b.PNG", "a.jpg", "c/d.jpeg", "e.gif", "f.bmp", "notes.txt", ".hidden.png"))
    assert found.names == ("a.jpg", "b.PNG", "c/d.jpeg", "e.gif", "f.bmp")
    assert (found.classes, found.others) == ((), 1)


def test_subfolders_are_classes(tmp_path: Path) -> None:
    found = find_images(touch(tmp_path, "dogs/1.png", "cats/2.png", "cats/deep/3.png", "empty/x.txt", ".git/a.png"))
    assert found.classes == ("cats", "dogs")
    assert found.names == ("cats/2.png", "cats/deep/3.png", "dogs/1.png")
    np.testing.assert_array_equal(found.labels, [0, 0, 1])


@pytest.mark.parametrize("names", [(), ("notes.txt",), (".hidden.png",)])
def test_a_folder_without_images(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="no images in this folder"):
        find_images(touch(tmp_path, *names))


def test_only_chosen_images_are_decoded(tmp_path: Path) -> None:
    seen: list[str] = []

    def decode(path: Path) -> np.ndarray:
        seen.append(path.name)
        return np.full((2, 2, 1), int(path.stem), np.float32)

    names = [f"{number}.png" for number in range(9)]
    stream = ImageStream(tmp_path, names, np.arange(9), (2, 2, 1), decode).select(np.array([2, 3, 7]))
    (inputs, labels), (rest, _) = stream.pairs(2)
    assert inputs[:, 0, 0, 0].tolist() == [2, 3]
    assert labels is not None
    assert labels.tolist() == [2, 3]
    assert len(rest) == 1
    assert sorted(seen) == ["2.png", "3.png", "7.png"]
    assert stream.place(2) == "7.png"
