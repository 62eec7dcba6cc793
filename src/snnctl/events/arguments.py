"""What callers hand over besides a network: whole numbers, input values, neurons, paths. Refused with one sentence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from snnctl.events.errors import NetworkError
from snnctl.events.fields import require
from snnctl.events.network import Network


def whole_number(name: str, value: object, least: int) -> int:
    """A whole number from ``least`` on, as Python's: NumPy's may overflow when more is added.

    Raises:
        NetworkError: it is something else.
    """
    known = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least
    require(known, f"{name} is {value!r}, not a whole number from {least} on")
    return int(value)  # type: ignore[call-overload]


def path_of(path: object) -> str:
    """A path as text. ``open`` would take a number for a file that is open already.

    Raises:
        NetworkError: it is empty, or neither a text nor an ``os.PathLike`` of one.
    """
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str):
        raise NetworkError(f"a file is named by its path, a text or a pathlib.Path, not by {path!r}")
    require(Path(text).name != "" and "\0" not in text and _is_encodable(text), f"{text!r} is not the path of a file")
    return text


def _is_encodable(text: str) -> bool:
    try:
        return os.fsencode(text) is not None
    except UnicodeEncodeError:
        return False


def numbered(network: Network, inputs: Any, first: int) -> Iterator[tuple[int, np.ndarray]]:
    """(number of its first image, (images, neurons)) of each array of input values; one array is checked at once.

    Args:
        network: what they are for.
        inputs: an array (images, \\*shape of the input), or several one after the other.
        first: number of the first image.

    Raises:
        NetworkError: at once, if it is neither, or one array that is unfit; other arrays when their turn comes.
    """
    if hasattr(inputs, "__array__"):
        return iter([(first, _checked(network, array(inputs), first))])
    known = isinstance(inputs, Iterable) and not isinstance(inputs, (str, bytes, dict))
    require(known, f"inputs are an array, or several one after the other, not of the type {type(inputs).__name__}")
    return _each(network, inputs, first)


def _each(network: Network, arrays: Iterable[Any], first: int) -> Iterator[tuple[int, np.ndarray]]:
    for each in arrays:
        values = _checked(network, array(each), first)
        yield first, values
        first += len(values)


def array(values: Any) -> np.ndarray:
    """Input values as an array.

    Raises:
        NetworkError: no array can be made of them.
    """
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise NetworkError(f"no array can be made of the inputs ({error})") from None


def _checked(network: Network, values: np.ndarray, first: int) -> np.ndarray:
    coding, source = network.coding, network.populations[0]
    if values.dtype.kind not in "fiub":
        raise NetworkError(f"the inputs are {values.dtype}, not numbers")
    if values.ndim == 0 or values.shape[1:] not in (source.shape, (source.neurons,)):
        takes = ", ".join(["images", *map(str, source.shape)])
        raise NetworkError(f"the inputs have the shape {values.shape}; the network takes ({takes})")
    values = values.reshape(len(values), source.neurons)
    wrong = ~np.isfinite(values)
    if coding is None:
        wrong |= (values < 0) | (values > source.width)
    if wrong.any():
        image, neuron = np.argwhere(wrong)[0]
        limits = "finite" if coding else f"in [0, {source.width}], times before the end of the input's window"
        raise NetworkError(
            f"input {neuron} of image {first + image} is {values[image, neuron]}; inputs must be {limits}"
        )
    return values


def neurons(watched: Any) -> list[tuple[str, int]]:
    """Names of populations or readouts, and numbers of neurons in them.

    Raises:
        NetworkError: they are something else.
    """
    known = isinstance(watched, Iterable) and not isinstance(watched, (str, bytes, dict))
    require(known, f"what is watched is {watched!r}, not pairs of a name and a neuron's number")
    return [_neuron(pair) for pair in watched]


def _neuron(pair: Any) -> tuple[str, int]:
    known = isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[0], str)
    known = known and isinstance(pair[1], (int, np.integer)) and not isinstance(pair[1], bool)
    require(known, f"{pair!r} is watched, which is not a pair of a name and a neuron's number")
    return pair[0], int(pair[1])
