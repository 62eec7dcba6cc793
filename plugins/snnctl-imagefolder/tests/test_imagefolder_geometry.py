"""Sizes: what images are scaled to, and which part is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from snnctl_imagefolder.decoding import windowed
from snnctl_imagefolder.geometry import Geometry, MisfitError, make_geometry, parse_size

from snnctl.errors import UsageError

lengths = st.integers(1, 3000)
sizes = st.tuples(lengths, lengths)


@given(sizes, lengths)
def test_the_shorter_side_becomes_what_torchvision_makes_of_it(image: tuple[int, int], side: int) -> None:
    """``Resize(side)`` there: the shorter side is ``side``, the longer int(side * longer / shorter)."""
    scaled = Geometry("shorter", (side, side)).place(image).scaled
    short, long = min(image), max(image)
    assert min(scaled) == side
    assert max(scaled) == int(side * long / short)
    assert (scaled[0] >= scaled[1]) == (image[0] >= image[1]) or scaled[0] == scaled[1]


@given(sizes, sizes)
def test_shorter_covers_the_size_and_no_more_than_needed(image: tuple[int, int], size: tuple[int, int]) -> None:
    placed = Geometry("shorter", size).place(image)
    assert placed.scaled[0] >= size[0]
    assert placed.scaled[1] >= size[1]
    assert placed.scaled[0] == size[0] or placed.scaled[1] == size[1]
    assert placed.top >= 0
    assert placed.left >= 0


@given(sizes, sizes)
def test_longer_fits_into_the_size_and_fills_one_side(image: tuple[int, int], size: tuple[int, int]) -> None:
    placed = Geometry("longer", size).place(image)
    assert 1 <= placed.scaled[0] <= size[0]
    assert 1 <= placed.scaled[1] <= size[1]
    assert placed.scaled[0] == size[0] or placed.scaled[1] == size[1]
    assert placed.top <= 0
    assert placed.left <= 0


@given(sizes, sizes, st.sampled_from(["shorter", "longer"]))
def test_proportions_are_kept_to_a_pixel(image: tuple[int, int], size: tuple[int, int], resize: str) -> None:
    h, w = Geometry(resize, size).place(image).scaled  # type: ignore[arg-type]
    factor = (max if resize == "shorter" else min)(size[0] / image[0], size[1] / image[1])
    assert abs(h - image[0] * factor) <= 1
    assert abs(w - image[1] * factor) <= 1


@given(sizes, sizes, st.sampled_from(["none", "stretch", "shorter", "longer"]), st.data())
def test_what_is_kept_is_in_the_middle(
    image: tuple[int, int], size: tuple[int, int], resize: str, data: st.DataObject
) -> None:
    """What is cut off, or added, on both sides differs by a pixel at most."""
    image = size if resize == "none" else image
    crop = data.draw(st.none() | st.tuples(*(st.integers(1, length) for length in size)))
    geometry = make_geometry(resize, size, crop)
    assert geometry.output == (crop or size)
    placed = geometry.place(image)
    for scaled, start, kept in zip(placed.scaled, (placed.top, placed.left), geometry.output, strict=True):
        assert abs(start - (scaled - kept - start)) <= 1


@pytest.mark.parametrize(("rows", "top"), [(224, 0), (225, 0), (226, 1), (227, 2), (228, 2), (229, 2), (231, 4)])
def test_half_a_pixel_is_rounded_to_the_even_as_torchvision_does(rows: int, top: int) -> None:
    assert Geometry("none", None, (224, 224)).place((rows, 224)).top == top


def test_none_takes_one_size_only() -> None:
    assert Geometry("none", (4, 6)).place((4, 6)).scaled == (4, 6)
    with pytest.raises(MisfitError, match="6x4"):
        Geometry("none", (4, 6)).place((6, 4))


def test_a_crop_alone_takes_all_sizes_that_are_large_enough() -> None:
    geometry = make_geometry("none", None, (4, 4))
    assert (geometry.place((4, 9)).left, geometry.place((10, 4)).top) == (2, 3)
    with pytest.raises(MisfitError, match="3x9, smaller than the crop of 4x4"):
        geometry.place((3, 9))


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.integers(-9, 9),
    st.integers(-9, 9),
    sizes.map(lambda size: (size[0] % 9 + 1, size[1] % 9 + 1)),
)
def test_a_window_shows_the_image_where_there_is_one(
    given_size: tuple[int, int], top: int, left: int, size: tuple[int, int]
) -> None:
    pixels = np.arange(1, given_size[0] * given_size[1] + 1, dtype=np.uint8).reshape(*given_size, 1)
    window = windowed(pixels, top, left, size, 0)
    for row, column in np.ndindex(*size):
        y, x = row + top, column + left
        inside = 0 <= y < given_size[0] and 0 <= x < given_size[1]
        assert window[row, column, 0] == (pixels[y, x, 0] if inside else 0)


@pytest.mark.parametrize(
    ("value", "size"), [(64, (64, 64)), ("64", (64, 64)), ("48x64", (48, 64)), (" 48 X 64 ", (48, 64)), (None, None)]
)
def test_sizes_are_read(value: int | str | None, size: tuple[int, int] | None) -> None:
    assert parse_size(value, "size") == size


@pytest.mark.parametrize("value", ["", "x", "12x", "x12", "-3", "1.5", "0", "0x4", 0, -1, 100_000, "4x4x3", "big"])
def test_other_sizes_are_refused(value: int | str) -> None:
    with pytest.raises(UsageError, match="is no size") as refused:
        parse_size(value, "crop")
    assert refused.value.where == "data set imagefolder, option crop"


def test_a_crop_larger_than_the_size_is_refused() -> None:
    with pytest.raises(UsageError, match="The crop of 8x9 is larger than the size of 8x8"):
        make_geometry("shorter", (8, 8), (8, 9))
