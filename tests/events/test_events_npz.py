"""Networks as files: nothing changes on the way, and no file, however made, does harm."""

from __future__ import annotations

import io
import json
import os
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from event_networks import case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnctl.events import Hardware, NetworkError, read_network, simulate, write_network

properties = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
CASE = next(made for made in (case(seed) for seed in range(100)) if made.network.pools and made.network.coding)


def same(one: Any, other: Any) -> None:
    """Bit for bit, types included."""
    assert type(one) is type(other)
    if is_dataclass(one):
        for each in fields(one):
            same(getattr(one, each.name), getattr(other, each.name))
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other, strict=True)
    elif isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            same(*pair)
    else:
        assert one == other


@properties
@given(st.integers(0, 2**32), st.booleans())
def test_what_is_read_is_what_was_written(tmp_path: Path, seed: int, alpha: bool) -> None:
    network = replace(
        case(seed, alpha=alpha).network,
        hardware=Hardware(0.1, 4, seed),
        about={"model": "größer\n", "": "\0"},
    )
    path = tmp_path / "network.npz"
    write_network(path, network)
    same(read_network(path), network)
    before = path.read_bytes()
    write_network(path, read_network(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_numbers_of_single_precision_stay_so(tmp_path: Path) -> None:
    first, *others = CASE.network.projections
    network = replace(CASE.network, projections=[replace(first, J=first.J.astype(np.float32)), *others])
    write_network(tmp_path / "single.npz", network)
    assert read_network(tmp_path / "single.npz").projections[0].J.dtype == np.float32


def test_numpy_alone_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    write_network(path, CASE.network)
    with np.load(path, allow_pickle=False) as arrays:
        structure = json.loads(arrays["network"].tobytes())
        assert (structure["format"], structure["version"]) == ("snnctl-network", 1)
        for number, projection in enumerate(CASE.network.projections):
            assert structure["projections"][number]["target_name"] == projection.target_name
            np.testing.assert_array_equal(arrays[f"projections.{number}.J"], projection.J)


def test_a_network_that_is_none_is_not_written_and_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    path.write_text("mine")
    with pytest.raises(NetworkError):
        write_network(path, replace(CASE.network, readouts=[]))
    with pytest.raises(OSError, match="nowhere"):
        write_network(tmp_path / "nowhere" / "network.npz", CASE.network)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("network.npz", "mine")]


def test_an_interrupted_write_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "network.npz"
    path.write_text("mine")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("snnctl.events.npz._store", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_network(path, CASE.network)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("network.npz", "mine")]


# Files that somebody has made by hand, or damaged.


@pytest.fixture
def members(tmp_path: Path) -> dict[str, bytes]:
    """The files in a good file."""
    write_network(tmp_path / "good.npz", CASE.network)
    with zipfile.ZipFile(tmp_path / "good.npz") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return file.getvalue()


def header(text: str) -> bytes:
    """An .npy file whose header promises something, without any data."""
    return b"\x93NUMPY\x01\x00" + (len(text) + 1).to_bytes(2, "little") + text.encode() + b"\n"


def structured(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, bytes]], None]:
    """Another structure in the file."""

    def made(members: dict[str, bytes]) -> None:
        structure = json.loads(np.load(io.BytesIO(members["network.npy"])).tobytes())
        change(structure)
        members["network.npy"] = npy(np.frombuffer(json.dumps(structure).encode(), np.uint8))

    return made


def doubled(text: str, by: str) -> Callable[[dict[str, bytes]], None]:
    """The structure's JSON text with another part in it."""

    def made(members: dict[str, bytes]) -> None:
        structure = np.load(io.BytesIO(members["network.npy"])).tobytes().decode()
        members["network.npy"] = npy(np.frombuffer(structure.replace(text, by, 1).encode(), np.uint8))

    return made


def array(name: str, data: Any) -> Callable[[dict[str, bytes]], None]:
    """Another array in the file."""
    return lambda members: members.update({f"{name}.npy": data if isinstance(data, bytes) else npy(data)})


J, SOURCE, TEXT = "projections.0.J", "projections.0.source", "network"
HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "nothing": (lambda members: members.clear(), "'network' is missing"),
    "an array less": (lambda members: members.pop(f"{J}.npy"), "missing"),
    "objects": (array(J, np.array([{}], dtype=object)), "numbers"),
    "text": (array(J, np.array(["a"])), "numbers"),
    "records": (array(J, np.zeros(2, "i4,f8")), "numbers"),
    "big-endian": (array(J, np.zeros((1, 1, 1), ">f8")), "numbers"),
    "columns first": (array(J, np.asfortranarray(np.zeros((2, 2, 2)))), "C order"),
    "not a number": (array(J, np.full((1, 1, 1), np.nan)), "finite|channels"),
    "half precision": (array(J, np.zeros((1, 1, 1), np.float16)), "float32 or float64"),
    "negative ids": (array(SOURCE, np.full((1, 1), -5)), "source"),
    "huge ids": (array(SOURCE, np.full((1, 1), 2**62)), "source"),
    "a huge shape": (
        array(J, header("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 99999, 99999), }")),
        "cut off",
    ),
    "a shape beyond 64 bits": (
        array(J, header("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2), }")),
        "cut off",
    ),
    "a negative shape": (array(J, header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 1, 1), }")), "shape"),
    "a header of code": (array(J, header("__import__('os').getcwd()")), "damaged"),
    "no header": (array(J, b"nothing at all"), "damaged"),
    "an empty array file": (array(J, b""), "damaged"),
    "an unknown version of arrays": (array(J, b"\x93NUMPY\x09\x00" + b"\0" * 50), "version|damaged"),
    "data left over": (lambda members: members.update({f"{J}.npy": members[f"{J}.npy"] + b"1"}), "left over"),
    "no structure": (array(TEXT, np.zeros(3)), "row of bytes"),
    "no JSON": (array(TEXT, np.frombuffer(b"{", np.uint8)), "damaged"),
    "no text": (array(TEXT, np.frombuffer(b"\xff\xfe", np.uint8)), "damaged"),
    "nested JSON": (array(TEXT, np.frombuffer(b"[" * 200_000, np.uint8)), "nested|damaged"),
    "other JSON": (array(TEXT, np.frombuffer(b"[1]", np.uint8)), "format"),
    "another format": (structured(lambda network: network.update(format="other")), "format"),
    "another version": (structured(lambda network: network.update(version=2)), "version is 2; this program reads"),
    "true as version": (structured(lambda network: network.update(version=True)), "version"),
    "half a letter as a name": (structured(lambda network: network["populations"][1].update(name="\ud800")), "no text"),
    "half a letter as a projection": (
        structured(lambda network: network["projections"][0].update(name="\ud800")),
        "no text",
    ),
    "half a letter about": (structured(lambda network: network["about"].update(model="\ud800")), "about"),
    "a header that does not end": (array(J, header("{'descr': '<f8', 'shape': (")), "damaged"),
    "a header of Python 2": (
        array(J, header("{'descr': '<f8', 'fortran_order': False, 'shape': (9L, 9L, 9L), }")),
        "cut off",
    ),
    "no type": (array(J, header("{'descr': (), 'fortran_order': False, 'shape': (1, 1, 1), }")), "damaged"),
    "version as text": (structured(lambda network: network.update(version="1")), "version"),
    "no populations": (structured(lambda network: network.pop("populations")), "populations"),
    "populations by name": (structured(lambda network: network.update(populations={"a": 1})), "populations"),
    "a population too many": (structured(lambda network: network["populations"].append(5)), "populations"),
    "a field less": (structured(lambda network: network["populations"][0].pop("t_min")), "fields"),
    "a field more": (structured(lambda network: network["populations"][0].update(x=1)), "fields"),
    "text as a time": (structured(lambda network: network["populations"][1].update(t_min="1")), "t_min"),
    "an infinite time": (structured(lambda network: network["populations"][1].update(t_min=np.inf)), "number"),
    "a time beyond all": (structured(lambda network: network["populations"][1].update(t_max=10**400)), "t_max|number"),
    "true as a level": (structured(lambda network: network["populations"][1].update(level=True)), "level"),
    "a shape of text": (structured(lambda network: network["populations"][1].update(shape="3")), "shape"),
    "a shape of floats": (structured(lambda network: network["populations"][1].update(shape=[1.0])), "shape"),
    "a name that is a list": (structured(lambda network: network["populations"][1].update(name=[1])), "name"),
    "a kind that is a list": (structured(lambda network: network["populations"][1].update(kind=[1])), "kind"),
    "a name that is none": (structured(lambda network: network["projections"][0].update(name=None)), "name"),
    "a target that is a list": (
        structured(lambda network: network["projections"][0].update(target_name=[])),
        "no such",
    ),
    "coding as text": (structured(lambda network: network.update(coding="x")), "coding"),
    "coding of text": (structured(lambda network: network["coding"].update(low="x")), "coding"),
    "noise as text": (structured(lambda network: network["hardware"].update(noise="x")), "noise"),
    "true as a side": (structured(lambda network: network["populations"][1].update(shape=[True])), "shape"),
    "an unknown field": (structured(lambda network: network.update(extra=1)), "unknown field 'extra'"),
    "hardware twice": (doubled('"hardware"', '"hardware": {}, "hardware"'), "two fields 'hardware'"),
    "a seed twice": (doubled('"seed"', '"seed": 1, "seed"'), "two fields 'seed'"),
    "nothing twice": (doubled('"about": {', '"about": {"": "a", "": "b"'), "two fields ''"),
    "an unknown member": (
        lambda members: members.update({"pools.99.start.npy": npy(np.zeros(1))}),
        "'pools.99.start.npy' belongs to no part",
    ),
    "a text beside it": (lambda members: members.update({"README.txt": b"hello"}), "'README.txt' belongs to no part"),
    "about numbers": (structured(lambda network: network.update(about={"a": 1})), "about"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str, members: dict[str, bytes], tmp_path: Path) -> None:
    change, what = HOSTILE[name]
    change(members)
    path = tmp_path / "bad.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    with pytest.raises(NetworkError, match=what) as found:
        read_network(path)
    assert "bad.npz" in str(found.value)
    assert "\n" not in str(found.value)


def test_files_that_unpack_to_much_more_are_refused_unread(
    members: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnctl.events.stored.LARGEST", 2**20)
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
        with archive.open("bomb.npy", "w") as file:
            for _ in range(20):
                file.write(bytes(2**20))
    with pytest.raises(NetworkError, match="unpack"):
        read_network(path)


def test_structures_that_are_too_long_are_neither_read_nor_written(
    members: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.npz"
    blank = np.frombuffer(np.load(io.BytesIO(members["network.npy"])).tobytes() + b" " * 2**24, np.uint8)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in {**members, "network.npy": npy(blank)}.items():
            archive.writestr(member, data)
    with pytest.raises(NetworkError, match=r"long.npz: the array 'network' has \d+ bytes; at most 16777216"):
        read_network(path)
    monkeypatch.setattr("snnctl.events.npz.LARGEST_STRUCTURE", 1000)
    with pytest.raises(NetworkError, match="the structure has"):
        write_network(tmp_path / "new.npz", CASE.network)
    assert not (tmp_path / "new.npz").exists()


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("damaged", [False, True])
def test_other_compressions_are_refused(members: dict[str, bytes], tmp_path: Path, method: int, damaged: bool) -> None:
    path = tmp_path / "packed.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    if damaged:
        content = bytearray(path.read_bytes())
        content[60:90] = bytes(30)
        path.write_bytes(content)
    with pytest.raises(NetworkError, match="neither stored nor deflated"):
        read_network(path)


def test_false_offsets_are_damage(members: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "offset.npz"
    write_network(path, CASE.network)
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\x05\x06")
    content[end + 16 : end + 20] = b"\xff\xff\xff\x7f"  # where the directory begins
    path.write_bytes(content)
    with pytest.raises(NetworkError, match=r"offset\.npz is damaged"):
        read_network(path)


def test_two_members_of_one_name_are_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "twice.npz"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings(action="ignore"):
        for member, data in [*members.items(), ("projections.0.J.npy", members["projections.0.J.npy"])]:
            archive.writestr(member, data)
    with pytest.raises(NetworkError, match=r"twice.npz: there are two members 'projections.0.J.npy'"):
        read_network(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NetworkError, match="pipe"):
        read_network(tmp_path / "pipe")


def test_what_is_no_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_network(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_network(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(NetworkError, match=r"damaged, or no \.npz file"):
        read_network(tmp_path / "text.npz")


@settings(properties, max_examples=100)
@given(st.data())
def test_damaged_files_are_refused_or_are_networks(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "damaged.npz"
    write_network(path, CASE.network)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans(), "cut off"):
        content = content[: data.draw(st.integers(0, len(content) - 1), "length")]
    else:
        for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4), "places"):
            content[place] = data.draw(st.integers(0, 255), "byte")
    path.write_bytes(content)
    try:
        network = read_network(path)
    except NetworkError:
        return
    list(simulate(network, CASE.inputs, threads=1))
