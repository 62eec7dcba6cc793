from __future__ import annotations

import collections
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_files import cifar_rows, python2_batch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from snnctl.data.unpickle import read_pickled_dict
from snnctl.errors import DataError

SOURCE = Path("batch")
NUMBERS = st.sampled_from(["u1", "i1", "<i2", ">i4", "i8", "f4", ">f8", "b1"])


@settings(deadline=None, max_examples=60)
@given(
    protocol=st.integers(0, pickle.HIGHEST_PROTOCOL),
    array=NUMBERS.flatmap(lambda dtype: npst.arrays(dtype, npst.array_shapes(min_side=0, max_dims=3))),
    fortran=st.booleans(),
    names=st.lists(st.binary(max_size=5), max_size=3),
    numbers=st.lists(st.integers(), max_size=5),
    key_as_bytes=st.booleans(),
)
def test_data_of_every_protocol_comes_back(
    protocol: int, array: np.ndarray, fortran: bool, names: list[bytes], numbers: list[int], key_as_bytes: bool
) -> None:
    stored = np.asfortranarray(array) if fortran else array
    key: Any = b"data" if key_as_bytes else "data"
    blob = pickle.dumps({key: stored, "names": names, "numbers": numbers, "pair": (1, "é")}, protocol=protocol)
    read = read_pickled_dict(blob, SOURCE)
    np.testing.assert_array_equal(read.pop("data"), array)
    assert read == {"names": names, "numbers": numbers, "pair": (1, "é")}


def test_a_pickle_of_python_2_is_read() -> None:
    rows = cifar_rows(3)
    read = read_pickled_dict(python2_batch(rows, [4, 5, 6]), SOURCE)
    np.testing.assert_array_equal(read["data"], rows)
    assert read["labels"] == [4, 5, 6]


class Reduced:
    """Pickles as a call of ``function`` on ``arguments``."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple:
        return self._call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    ("function", "name"),
    [
        (os.system, "system"),
        (eval, "eval"),
        (exec, "exec"),
        (getattr, "getattr"),
        (__import__, "__import__"),
        (open, "open"),
        (np.load, "load"),
        (np.fromfile, "fromfile"),
        (collections.OrderedDict, "OrderedDict"),
    ],
)
def test_every_other_function_is_refused_by_name(function: Any, name: str, protocol: int) -> None:
    blob = pickle.dumps({"data": Reduced(function, "x")}, protocol=protocol)
    with pytest.raises(DataError, match=rf"asks for [\w.]+\.{name}, .*refused") as caught:
        read_pickled_dict(blob, SOURCE)
    assert caught.value.where == "batch"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_malicious_code_is_not_run(tmp_path: Path, protocol: int) -> None:
    victim = tmp_path / "victim"
    blob = pickle.dumps({"data": Reduced(os.mkdir, str(victim))}, protocol=protocol)
    pickle.loads(blob)
    assert victim.is_dir(), "the attack itself must work, or this test shows nothing"
    victim.rmdir()
    with pytest.raises(DataError, match="mkdir"):
        read_pickled_dict(blob, SOURCE)
    assert not victim.exists()


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray", "numpy", "builtins", "_codecs"])
def test_admitted_modules_give_nothing_but_the_admitted_names(module: str) -> None:
    with pytest.raises(DataError, match=f"{module}.__dict__"):
        read_pickled_dict(b"\x80\x02c" + module.encode() + b"\n__dict__\n.", SOURCE)


@pytest.mark.parametrize(
    "blob",
    [
        pickle.dumps({"data": np.array([{}, None], object)}),
        pickle.dumps({"data": np.zeros(2, [("a", "i4"), ("b", "f8")])}),
        pickle.dumps({"data": np.array(["text"])}),
        pickle.dumps({"data": np.arange(6, dtype="<i2")}, protocol=2)  # three pairs, smuggled in as a byte order
        .replace(b"X\x01\x00\x00\x00<", b"X\x03\x00\x00\x00i2,")
        .replace(b"K\x06\x85", b"K\x03\x85"),
        b"\x80\x02cnumpy\ndtype\n}b.",  # state for an admitted function
        b"\x80\x02}(X\x01\x00\x00\x00acnumpy\nndarray\n)Ru.",  # an array that is never filled
        pickle.dumps({"data": np.arange(6, dtype="u1")}, protocol=2).replace(b"K\x06\x85", b"K\x07\x85"),
    ],
)
def test_arrays_of_anything_but_plain_numbers_are_refused(blob: bytes) -> None:
    with pytest.raises(DataError, match="damaged"):
        read_pickled_dict(blob, SOURCE)


@pytest.mark.parametrize("content", [[1, 2], "text", None, 3])
def test_what_is_no_dictionary_is_refused(content: object) -> None:
    with pytest.raises(DataError, match="instead of a dictionary"):
        read_pickled_dict(pickle.dumps(content), SOURCE)


def test_every_truncation_is_refused() -> None:
    blob = pickle.dumps({b"data": np.arange(4, dtype=np.uint8), b"labels": [1, 2]}, protocol=2)
    assert read_pickled_dict(blob, SOURCE)["labels"] == [1, 2]
    for length in range(len(blob)):
        with pytest.raises(DataError):
            read_pickled_dict(blob[:length], SOURCE)


@pytest.mark.parametrize("blob", [b"garbage", b"\x80\xff.", b"\0" * 50, b"<html></html>", b"\x80\x02}K\x01K\x02s."])
def test_garbage_is_refused(blob: bytes) -> None:
    with pytest.raises(DataError):
        read_pickled_dict(blob, SOURCE)
