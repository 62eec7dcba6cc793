"""Networks as files: NumPy's .npz, with the structure as JSON text and all arrays beside it. See docs/events.md."""

from __future__ import annotations

import errno
import io
import json
import os
import warnings
import zipfile
from dataclasses import fields
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from snnctl.events.checks import check
from snnctl.events.errors import NetworkError
from snnctl.events.network import Coding, Hardware, Network, Pools, Population, Projection, Readout

FORMAT = "snnctl-network"
VERSION = 1
PARTS: dict[str, Any] = {"populations": Population, "pools": Pools, "projections": Projection, "readouts": Readout}
ARRAYS = {
    "populations": ("threshold", "B", "low"),
    "pools": ("start", "members", "latest"),
    "projections": ("source", "start", "target", "matrix", "J", "offset"),
    "readouts": ("D",),
}
STRUCTURE = "network"
EPOCH = (1980, 1, 1, 0, 0, 0)
# What a file may hold unpacked; indices pack well, weights do not. More is made to fill the memory of who reads it.
LARGEST, LARGEST_RATIO = 2**28, 100
LARGEST_STRUCTURE = 2**24  # bytes of JSON text, which takes many times its size in memory
OF_THE_CONTENT = (None, errno.EINVAL)  # false offsets; other errors are of the disk
HEADER = 128  # bytes of an .npy file before a row of bytes
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def write_network(path: str | os.PathLike[str], network: Network) -> None:
    """Writes a network; the same network gives the same bytes. The file is there as a whole or not at all.

    Args:
        path: of the file, replaced if it exists.
        network: what to write.

    Raises:
        NetworkError: the network could not be simulated.
        OSError: the file cannot be written.
    """
    check(network)
    structure, arrays = _taken_apart(network)
    text = json.dumps(structure, ensure_ascii=False, allow_nan=False, indent=1).encode()
    if len(text) > LARGEST_STRUCTURE - HEADER:
        raise NetworkError(f"the structure has {len(text)} bytes, more than {LARGEST_STRUCTURE - HEADER}")
    temporary = Path(path).with_name(f".{Path(path).name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            _store(archive, STRUCTURE, np.frombuffer(text, np.uint8))
            for name, values in arrays.items():
                _store(archive, name, values)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_network(path: str | os.PathLike[str]) -> Network:
    """Reads a network, and checks it.

    Raises:
        NetworkError: the file is not one, is damaged, is of another version, or the network in it cannot be simulated.
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                network = _put_together(_Stored(archive, os.fstat(file.fileno()).st_size))
        except NetworkError as error:
            raise NetworkError(f"{os.fspath(path)}: {error}") from None
        # Python's and NumPy's readers raise anything on damaged files: zlib.error, TokenError, EOFError, ...
        except Exception as error:
            if isinstance(error, OSError) and error.errno not in OF_THE_CONTENT:
                raise
            what = " ".join(str(error).split()) or type(error).__name__
            raise NetworkError(f"{os.fspath(path)} is damaged, or no .npz file ({what})") from error
    try:
        check(network)
    except NetworkError as error:
        raise NetworkError(f"{os.fspath(path)}: {error}") from None
    return network


def _taken_apart(network: Network) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    structure: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "about": dict(network.about),
        "coding": None if network.coding is None else _plain(network.coding),
        "hardware": _plain(network.hardware),
    }
    arrays: dict[str, np.ndarray] = {}
    for kind in PARTS:
        structure[kind] = []
        for number, part in enumerate(getattr(network, kind)):
            structure[kind].append(_plain(part, ARRAYS[kind]))
            arrays.update({f"{kind}.{number}.{name}": getattr(part, name) for name in ARRAYS[kind]})
    return structure, arrays


def _plain(part: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    values = {each.name: getattr(part, each.name) for each in fields(part) if each.name not in without}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}


def _store(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", EPOCH)
    # Weights do not become smaller, and would take long.
    member.compress_type = zipfile.ZIP_STORED if values.dtype.kind == "f" else zipfile.ZIP_DEFLATED
    with archive.open(member, "w", force_zip64=True) as file:
        np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)


class _Stored:
    """The arrays of a file that somebody may have damaged, or made to do damage."""

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self.archive = archive
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > LARGEST + LARGEST_RATIO * size:
            raise NetworkError(f"the file has {size} bytes and would unpack to {unpacked}")
        if packed := [member for member in archive.infolist() if member.compress_type not in COMPRESSIONS]:
            raise NetworkError(f"the member {packed[0].filename!r} is neither stored nor deflated")

    def array(self, name: str, largest: float = inf) -> np.ndarray:
        """An array of plain numbers; ``largest`` bytes of its file are read at most."""
        try:
            member = self.archive.getinfo(f"{name}.npy")
        except KeyError:
            raise NetworkError(f"the array {name!r} is missing") from None
        if member.file_size > largest:
            raise NetworkError(f"the array {name!r} has {member.file_size} bytes; at most {largest} are allowed")
        data = self.archive.read(member)
        # Of a size that the header promises: NumPy would reserve what it promises before it reads.
        with io.BytesIO(data) as file:
            shape, dtype = _header(file, name)
            expected = dtype.itemsize
            for side in shape:
                expected *= side
            if len(data) - file.tell() != expected:
                raise NetworkError(f"the array {name!r} is cut off or has data left over")
            values = np.frombuffer(data, dtype, offset=file.tell())
        return values.reshape(shape)


def _header(file: io.BytesIO, name: str) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise NetworkError(f"the array {name!r} is of an unknown version of NumPy's format, {version}")
    with warnings.catch_warnings(action="ignore"):  # of a header as Python 2 wrote it
        shape, columns_first, dtype = readers[version](file)
    if dtype.kind not in "biuf" or not dtype.isnative or (columns_first and len(shape) > 1):
        raise NetworkError(f"the array {name!r} is not an array of little-endian numbers in C order")
    if any(side < 0 for side in shape):
        raise NetworkError(f"the array {name!r} has the shape {shape}")
    return shape, dtype


def _put_together(stored: _Stored) -> Network:
    structure = _structure(stored)
    parts: dict[str, Any] = {}
    for kind in PARTS:
        parts[kind] = [
            _part(PARTS[kind], f"{kind}.{number}", plain, stored, ARRAYS[kind])
            for number, plain in enumerate(_field(structure, kind, list))
        ]
    coding = _field(structure, "coding", (dict, type(None)))
    return Network(
        None if coding is None else _part(Coding, "coding", coding, stored),
        hardware=_part(Hardware, "hardware", _field(structure, "hardware", dict), stored),
        about=_field(structure, "about", dict),
        **parts,
    )


def _structure(stored: _Stored) -> dict[str, Any]:
    text = stored.array(STRUCTURE, LARGEST_STRUCTURE)
    if text.dtype != np.uint8 or text.ndim != 1:
        raise NetworkError(f"the array {STRUCTURE!r} is not a row of bytes")
    try:
        structure = json.loads(text.tobytes().decode(), parse_constant=_no_number)
    except RecursionError:
        raise NetworkError("the structure is nested too deeply") from None
    if not isinstance(structure, dict) or structure.get("format") != FORMAT:
        raise NetworkError(f"this is not a network in the format {FORMAT!r}")
    if type(structure.get("version")) is not int or structure["version"] != VERSION:
        raise NetworkError(
            f"the format's version is {structure.get('version')!r}; this program reads version {VERSION}"
        )
    return structure


def _no_number(text: str) -> float:
    raise NetworkError(f"the structure holds {text}, which is no number")


def _field(structure: dict[str, Any], name: str, kind: Any) -> Any:
    if not isinstance(structure.get(name), kind) or name not in structure:
        raise NetworkError(f"{name!r} is missing in the structure, or is something else")
    return structure[name]


def _part(made: Any, where: str, plain: Any, stored: _Stored, arrays: tuple[str, ...] = ()) -> Any:
    """A population, pools, ... from its plain values and its arrays."""
    names = {each.name for each in fields(made)} - set(arrays)
    if not isinstance(plain, dict) or set(plain) != names:
        raise NetworkError(f"{where} does not have the fields {', '.join(sorted(names))}")
    if "shape" in plain:
        plain = {**plain, "shape": tuple(plain["shape"]) if isinstance(plain["shape"], list) else plain["shape"]}
    return made(**plain, **{name: stored.array(f"{where}.{name}") for name in arrays})
