"""Networks as files: NumPy's .npz, with the structure as JSON text and all arrays beside it. See docs/events.md."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from snnctl.events.checks import FIELDS, Array, check, require
from snnctl.events.network import Coding, Hardware, Network, NetworkError, Pools, Population, Projection, Readout

FORMAT = "snnctl-network"
VERSION = 1
PARTS: Mapping[str, type] = {"populations": Population, "pools": Pools, "projections": Projection, "readouts": Readout}
STRUCTURE = "network"
EPOCH = (1980, 1, 1, 0, 0, 0)
LARGEST_STRUCTURE = 2**24  # bytes of JSON text, which takes many times its size in memory
# What a file may unpack to, in bytes, and as a multiple of its size: indices pack well, weights do not. More is made to
# fill the memory of who reads it.
LARGEST, LARGEST_RATIO = 2**28, 100


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
    structure: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "about": dict(network.about),
        "coding": None if network.coding is None else _plain(network.coding),
        "hardware": _plain(network.hardware),
        **{kind: [_plain(part) for part in getattr(network, kind)] for kind in PARTS},
    }
    text = json.dumps(structure, ensure_ascii=False, allow_nan=False, indent=1).encode()
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(temporary, "w") as archive:
            _store(archive, STRUCTURE, np.frombuffer(text, np.uint8))
            for kind in PARTS:
                for number, part in enumerate(getattr(network, kind)):
                    for name in _arrays(type(part)):
                        _store(archive, f"{kind}.{number}.{name}", getattr(part, name))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _arrays(kind: type) -> list[str]:
    """Names of the fields that are arrays."""
    return [each.name for each in fields(kind) if isinstance(FIELDS[kind][each.name], Array)]


def _plain(part: Any) -> dict[str, Any]:
    """All other fields, as types of Python."""
    values = {each.name: getattr(part, each.name) for each in fields(part) if each.name not in _arrays(type(part))}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}


def _store(archive: zipfile.ZipFile, name: str, values: np.ndarray) -> None:
    member = zipfile.ZipInfo(f"{name}.npy", EPOCH)
    # Weights do not become smaller, and would take long.
    member.compress_type = zipfile.ZIP_STORED if values.dtype.kind == "f" else zipfile.ZIP_DEFLATED
    with archive.open(member, "w", force_zip64=True) as file:
        np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)


def read_network(path: str | os.PathLike[str]) -> Network:
    """Reads a network, and checks it.

    Args:
        path: of a file that :func:`write_network` wrote.

    Raises:
        NetworkError: the file is not one, is damaged, is of another version, would unpack to much more than its size,
            or the network in it cannot be simulated.
        OSError: the file cannot be read.
    """
    with open(Path(path), "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                _check_sizes(archive.zip, os.fstat(file.fileno()).st_size)
                network = _network(archive)
            check(network)
        except NetworkError as error:
            raise NetworkError(f"{path}: {error}") from None
        # Python's and NumPy's readers raise anything on damaged files: zlib.error, TokenError, EOFError, ...
        except Exception as error:
            raise NetworkError(f"{path} is damaged, or no .npz file ({_sentence(error)})") from error
    return network


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    """Refuses a file by the sizes that it declares; a member is never read beyond its own."""
    unpacked = sum(member.file_size for member in archive.infolist())
    require(unpacked <= LARGEST + LARGEST_RATIO * size, f"it has {size} bytes and would unpack to {unpacked}")
    text = sum(member.file_size for member in archive.infolist() if member.filename == f"{STRUCTURE}.npy")
    require(text <= LARGEST_STRUCTURE, f"the array {STRUCTURE!r} has {text} bytes, more than {LARGEST_STRUCTURE}")


def _network(archive: Mapping[str, np.ndarray]) -> Network:
    structure = json.loads(_array(archive, STRUCTURE).tobytes())
    known = isinstance(structure, dict) and structure.pop("format", None) == FORMAT
    require(known, f"this is not a network in the format {FORMAT!r}")
    version = structure.pop("version", None)
    current = type(version) is int and version == VERSION
    require(current, f"the format's version is {version!r}; this program reads version {VERSION}")
    _check_names("the structure", structure, [each.name for each in fields(Network)])
    for kind, cls in PARTS.items():
        require(isinstance(structure[kind], list), f"{kind!r} is not a list")
        parts = enumerate(structure[kind])
        structure[kind] = [_part(cls, f"{kind}.{number}", plain, archive) for number, plain in parts]
    if structure["coding"] is not None:
        structure["coding"] = _part(Coding, "coding", structure["coding"], archive)
    structure["hardware"] = _part(Hardware, "hardware", structure["hardware"], archive)
    return Network(**structure)


def _part(cls: type, where: str, plain: Any, archive: Mapping[str, np.ndarray]) -> Any:
    """A population, pools, ... from its plain values and its arrays."""
    arrays = _arrays(cls)
    _check_names(where, plain, [each.name for each in fields(cls) if each.name not in arrays])
    if isinstance(plain.get("shape"), list):
        plain["shape"] = tuple(plain["shape"])
    return cls(**plain, **{name: _array(archive, f"{where}.{name}") for name in arrays})


def _check_names(where: str, plain: Any, names: list[str]) -> None:
    complete = isinstance(plain, dict) and plain.keys() == set(names)
    require(complete, f"{where} does not have the fields {', '.join(sorted(names))}")


def _array(archive: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    try:
        return archive[name]
    except KeyError:
        raise NetworkError(f"the array {name!r} is missing") from None
    except Exception as error:  # as in read_network
        raise NetworkError(f"the array {name!r} is damaged, or not of numbers ({_sentence(error)})") from error
