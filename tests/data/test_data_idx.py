from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from data_files import IDX_CODES, idx_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from snnctl.data.idx import read_idx
from snnctl.errors import DataError

SAMPLE = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


@same_folder
@given(
    array=st.sampled_from(sorted(IDX_CODES)).flatmap(lambda code: npst.arrays(code, npst.array_shapes(max_dims=4))),
    compressed=st.booleans(),
)
def test_every_type_and_shape_comes_back(tmp_path: Path, array: np.ndarray, compressed: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(idx_bytes(array)) if compressed else idx_bytes(array))
    read = read_idx(path)
    assert read.dtype == array.dtype
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("length", range(16 + 24))
def test_every_truncation_is_refused(tmp_path: Path, length: int, compressed: bool) -> None:
    part = idx_bytes(SAMPLE)[:length]
    path = tmp_path / "cut"
    path.write_bytes(gzip.compress(part) if compressed else part)
    with pytest.raises(DataError) as caught:
        read_idx(path)
    assert caught.value.where == str(path)


def test_a_truncated_gzip_stream_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(idx_bytes(SAMPLE))[:-9])
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n", "89 50 4e 47"),
        (b"<html>", "Not an IDX file"),
        (b"\0\0\x07\x01\0\0\0\x01x", "element type 0x07"),
        (b"\0\0\x08\0", "0 dimensions"),
        (b"\0\0\x08\xff" + b"\0" * 1020, "255 dimensions"),
        (idx_bytes(SAMPLE) + b"x", "goes on after the 24 bytes"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, *[0xFFFFFFFF] * 3) + b"x", "cut short"),
    ],
)
def test_what_is_not_idx_is_refused_by_reason(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(path)


@same_folder
@given(content=st.binary(max_size=64), prefix=st.sampled_from([b"", b"\x1f\x8b", b"\0\0\x08\x01", b"\0\0\x0e\x02"]))
def test_garbage_is_an_array_or_a_data_error(tmp_path: Path, content: bytes, prefix: bytes) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(prefix + content)
    try:
        array = read_idx(path)
    except DataError:
        return
    assert idx_bytes(array) == prefix + content


def test_the_number_of_dimensions_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(idx_bytes(SAMPLE))
    assert read_idx(path, 3).shape == (2, 3, 4)
    with pytest.raises(DataError, match="3 dimensions instead of 1"):
        read_idx(path, 1)


def test_a_missing_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_idx(tmp_path / "nothing")
