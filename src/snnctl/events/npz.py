"""Networks as files: NumPy's .npz, with the structure as JSON text and all arrays beside it. See docs/events.md."""

from __future__ import annotations

import errno
import json
import os
import stat
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from snnctl.events.arguments import path_of
from snnctl.events.checks import check
from snnctl.events.errors import NetworkError
from snnctl.events.network import PARTS, Coding, Hardware, Network
from snnctl.events.stored import Stored, repeated

FORMAT = "snnctl-network"
VERSION = 1
ARRAYS = {
    "populations": ("threshold", "B", "low"),
    "pools": ("start", "members", "latest"),
    "projections": ("source", "start", "target", "matrix", "J", "offset"),
    "readouts": ("D",),
}
STRUCTURE = "network"
FIELDS = ("format", "version", "about", "coding", "hardware", *PARTS)
EPOCH = (1980, 1, 1, 0, 0, 0)
LARGEST_STRUCTURE = 2**24  # bytes of JSON text, which takes many times its size in memory
OF_THE_CONTENT = (None, errno.EINVAL)  # false offsets; other errors are of the disk
HEADER = 128  # bytes of an .npy file before a row of bytes


def write_network(path: str | os.PathLike[str], network: Network) -> None:
    """Writes a network; the same network gives the same bytes. The file is there as a whole or not at all.

    Args:
        path: of the file, replaced if it exists.
        network: what to write.

    Raises:
        NetworkError: the network could not be simulated, or the path is none.
        OSError: the file cannot be written.
    """
    path = path_of(path)
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

    Args:
        path: of a file that :func:`write_network` wrote.

    Raises:
        NetworkError: the path is none; the file is not one, is damaged, is of another version, or the network in it
            cannot be simulated.
        OSError: the file cannot be read.
    """
    path = path_of(path)
    if not stat.S_ISREG(mode := os.stat(path).st_mode) and not stat.S_ISDIR(mode):  # open tells of folders
        raise NetworkError(f"{path} is a device or a pipe, no .npz file")
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                network = _put_together(Stored(archive, os.fstat(file.fileno()).st_size))
        except NetworkError as error:
            raise NetworkError(f"{path}: {error}") from None
        # Python's and NumPy's readers raise anything on damaged files: zlib.error, TokenError, EOFError, ...
        except Exception as error:
            if isinstance(error, OSError) and error.errno not in OF_THE_CONTENT:
                raise
            what = " ".join(str(error).split()) or type(error).__name__
            raise NetworkError(f"{path} is damaged, or no .npz file ({what})") from error
    try:
        check(network)
    except NetworkError as error:
        raise NetworkError(f"{path}: {error}") from None
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


def _put_together(stored: Stored) -> Network:
    structure = _structure(stored)
    parts: dict[str, Any] = {}
    for kind in PARTS:
        parts[kind] = [
            _part(PARTS[kind], f"{kind}.{number}", plain, stored, ARRAYS[kind])
            for number, plain in enumerate(_field(structure, kind, list))
        ]
    coding = _field(structure, "coding", (dict, type(None)))
    network = Network(
        None if coding is None else _part(Coding, "coding", coding, stored),
        hardware=_part(Hardware, "hardware", _field(structure, "hardware", dict), stored),
        about=_field(structure, "about", dict),
        **parts,
    )
    stored.refuse_unused()
    return network


def _structure(stored: Stored) -> dict[str, Any]:
    text = stored.array(STRUCTURE, LARGEST_STRUCTURE)
    if text.dtype != np.uint8 or text.ndim != 1:
        raise NetworkError(f"the array {STRUCTURE!r} is not a row of bytes")
    try:
        structure = json.loads(text.tobytes().decode(), parse_constant=_no_number, object_pairs_hook=_fields)
    except RecursionError:
        raise NetworkError("the structure is nested too deeply") from None
    if not isinstance(structure, dict) or structure.get("format") != FORMAT:
        raise NetworkError(f"this is not a network in the format {FORMAT!r}")
    if type(structure.get("version")) is not int or structure["version"] != VERSION:
        raise NetworkError(
            f"the format's version is {structure.get('version')!r}; this program reads version {VERSION}"
        )
    if unknown := sorted(set(structure) - set(FIELDS)):
        raise NetworkError(f"the structure has the unknown field {unknown[0]!r}")
    return structure


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if (twice := repeated([name for name, _ in pairs])) is not None:
        raise NetworkError(f"the structure has two fields {twice!r} in one place")
    return dict(pairs)


def _no_number(text: str) -> float:
    raise NetworkError(f"the structure holds {text}, which is no number")


def _field(structure: dict[str, Any], name: str, kind: Any) -> Any:
    if not isinstance(structure.get(name), kind) or name not in structure:
        raise NetworkError(f"{name!r} is missing in the structure, or is something else")
    return structure[name]


def _part(made: Any, where: str, plain: Any, stored: Stored, arrays: tuple[str, ...] = ()) -> Any:
    """A population, pools, ... from its plain values and its arrays."""
    names = {each.name for each in fields(made)} - set(arrays)
    if not isinstance(plain, dict) or set(plain) != names:
        raise NetworkError(f"{where} does not have the fields {', '.join(sorted(names))}")
    if "shape" in plain:
        plain = {**plain, "shape": tuple(plain["shape"]) if isinstance(plain["shape"], list) else plain["shape"]}
    return made(**plain, **{name: stored.array(f"{where}.{name}") for name in arrays})
