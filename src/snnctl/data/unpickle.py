"""Read a pickled dictionary of arrays, lists and strings without running any code it brings along.

The only names a pickle may ask for are those with which numpy and Python write arrays and byte strings, and
each of them is answered by a stand-in of this module: nothing of numpy, and nothing else, is ever called.
"""

from __future__ import annotations

import io
import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from snnctl.data.damage import damaged
from snnctl.errors import DataError

PLAIN_DTYPE = re.compile(r"[biuf][1248]")


def read_pickled_dict(blob: bytes, source: Path) -> dict[str, Any]:
    """The dictionary pickled in ``blob`` by Python 2 or 3, its keys as ``str`` and its arrays as ndarrays.

    Args:
        blob: the pickle.
        source: where it comes from, for messages.

    Raises:
        DataError: the pickle is damaged, holds something else, or asks for a class that data does not need.
    """
    try:
        content = _Unpickler(blob, source).load()
        if not isinstance(content, dict):
            raise damaged(source, f"The pickle holds a {type(content).__name__} instead of a dictionary.")
        return {_text(key): value.array if isinstance(value, _Array) else value for key, value in content.items()}
    except DataError:
        raise
    except Exception as error:  # a damaged pickle can make the unpickler raise almost anything
        raise damaged(source, f"The pickle is damaged: {str(error) or type(error).__name__}.") from error


class _Unpickler(pickle.Unpickler):
    def __init__(self, blob: bytes, source: Path) -> None:
        super().__init__(io.BytesIO(blob), encoding="bytes")
        self._source = source

    def find_class(self, module: str, name: str) -> object:
        stand_in = STAND_INS.get((module, name))
        if stand_in is None:
            raise DataError(
                f"The pickle asks for {module}.{name}, which a data file has no need of; it was refused and not run.",
                where=str(self._source),
                todo="Do not trust this file: get the data set from its publisher.",
            )
        return stand_in


class _Dtype:
    """Stands in for a numpy dtype: plain numbers only."""

    def __init__(self, spec: object) -> None:
        self.spec = _text(spec)
        if not PLAIN_DTYPE.fullmatch(self.spec):
            raise pickle.UnpicklingError(f"elements of type {self.spec!r}")
        self.order = "="

    def __setstate__(self, state: tuple) -> None:
        self.order = _text(state[1])
        if self.order not in ("<", ">", "=", "|"):
            raise pickle.UnpicklingError(f"byte order {self.order!r}")

    def dtype(self) -> np.dtype:
        return np.dtype(self.order + self.spec)


class _Array:
    """Stands in for a numpy array while it is being put together."""

    def __init__(self) -> None:
        self._array: np.ndarray | None = None

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, fortran, data = state
        self._array = _build(data, dtype, shape, fortran=bool(fortran))

    @property
    def array(self) -> np.ndarray:
        if self._array is None:
            raise pickle.UnpicklingError("an array without content")
        return self._array


def _build(data: Any, dtype: Any, shape: Any, *, fortran: bool) -> np.ndarray:
    if not isinstance(data, (bytes, bytearray)) or not isinstance(dtype, _Dtype):
        raise pickle.UnpicklingError("an array that is not plain numbers")
    sizes = tuple(shape)
    if not all(isinstance(n, int) and n >= 0 for n in sizes):
        raise pickle.UnpicklingError(f"an array of shape {sizes}")
    element = dtype.dtype()
    if math.prod(sizes) * element.itemsize != len(data):
        raise pickle.UnpicklingError(f"an array of shape {sizes} made of {len(data)} bytes")
    return np.frombuffer(data, element).reshape(sizes, order="F" if fortran else "C")


class _StandIn:
    """A function for the pickle machine to call; a pickle cannot change it, for it takes no state."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., object]) -> None:
        self._call = call

    def __call__(self, *args: object) -> object:
        return self._call(*args)

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("state for a function")


def _new_array(*_: object) -> _Array:
    return _Array()


def _new_dtype(spec: object, *_: object) -> _Dtype:
    return _Dtype(spec)


def _array_from_buffer(data: object, dtype: object, shape: object, order: object = "C") -> _Array:
    array = _Array()
    array.__setstate__((1, shape, dtype, _text(order) == "F", data))
    return array


def _bytes_from_text(text: object = "", encoding: object = "latin1") -> bytes:
    # Python 3 writes byte strings so when it pickles for Python 2.
    if not isinstance(text, str) or _text(encoding) not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError("an encoding other than latin1")
    return text.encode("latin1")


def _empty_bytes() -> bytes:
    return b""


def _text(value: object) -> str:
    """``value`` as text: Python 2 wrote byte strings where Python 3 has text."""
    if isinstance(value, bytes):
        return value.decode("latin1")
    if isinstance(value, str):
        return value
    raise pickle.UnpicklingError(f"{type(value).__name__} where text is expected")


STAND_INS: dict[tuple[str, str], _StandIn] = {
    ("numpy", "ndarray"): _StandIn(_new_array),
    ("numpy", "dtype"): _StandIn(_new_dtype),
    ("numpy.core.multiarray", "_reconstruct"): _StandIn(_new_array),
    ("numpy._core.multiarray", "_reconstruct"): _StandIn(_new_array),
    ("numpy.core.numeric", "_frombuffer"): _StandIn(_array_from_buffer),
    ("numpy._core.numeric", "_frombuffer"): _StandIn(_array_from_buffer),
    ("_codecs", "encode"): _StandIn(_bytes_from_text),
    ("__builtin__", "bytes"): _StandIn(_empty_bytes),
    ("builtins", "bytes"): _StandIn(_empty_bytes),
}
