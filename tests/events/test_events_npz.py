"""Networks as files: nothing changes on the way, and no file, however made, does harm."""

from __future__ import annotations

import io
import json
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
CASE = next(each for each in (case(seed) for seed in range(100)) if each.network.pools and each.network.coding)


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
        for pair in zip(one, other, strict=True):
            same(*pair)
    else:
        assert one == other


@properties
@given(st.integers(0, 2**32), st.booleans())
def test_what_is_read_is_what_was_written(tmp_path: Path, seed: int, alpha: bool) -> None:
    network = case(seed, alpha=alpha).network
    first, *others = network.projections
    single = replace(first, J=first.J.astype(np.float32), source=first.source.astype(np.int32))
    about = {"model": "größer\n", "": "\0"}
    network = replace(network, projections=[single, *others], hardware=Hardware(0.1, 4, seed), about=about)
    path = tmp_path / "network.npz"
    write_network(path, network)
    same(read_network(path), network)
    before = path.read_bytes()
    write_network(path, read_network(path))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_numpy_alone_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "network.npz"
    write_network(path, CASE.network)
    with np.load(path, allow_pickle=False) as arrays:
        structure = json.loads(arrays["network"].tobytes())
        assert (structure["format"], structure["version"]) == ("snnctl-network", 1)
        for number, projection in enumerate(CASE.network.projections):
            assert structure["projections"][number]["target_name"] == projection.target_name
            np.testing.assert_array_equal(arrays[f"projections.{number}.J"], projection.J)


def test_what_is_not_written_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "network.npz"
    path.write_text("mine")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(NetworkError):
        write_network(path, replace(CASE.network, readouts=[]))
    with pytest.raises(OSError, match="nowhere"):
        write_network(tmp_path / "nowhere" / "network.npz", CASE.network)
    monkeypatch.setattr("numpy.lib.format.write_array", interrupted)
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


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return file.getvalue()


def header(shape: str) -> bytes:
    """An .npy file whose header promises something, without any data."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def array(name: str, data: Any) -> Callable[[dict[str, bytes]], None]:
    """Another array in the file."""
    return lambda members: members.update({f"{name}.npy": data if isinstance(data, bytes) else npy(data)})


def text(data: bytes) -> Callable[[dict[str, bytes]], None]:
    """Another structure, as text."""
    return array("network", np.frombuffer(data, np.uint8))


def structured(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, bytes]], None]:
    """The structure, changed."""

    def made(members: dict[str, bytes]) -> None:
        structure = json.loads(np.load(io.BytesIO(members["network.npy"])).tobytes())
        change(structure)
        text(json.dumps(structure).encode())(members)

    return made


def neurons(**values: Any) -> Callable[[dict[str, bytes]], None]:
    """Other values of a population."""
    return structured(lambda network: network["populations"][1].update(values))


J = "projections.0.J"
HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "no members": (lambda members: members.clear(), "'network' is missing|no .npz file"),
    "an array less": (lambda members: members.pop(f"{J}.npy"), f"'{J}' is missing"),
    "objects": (array(J, np.array([{}], dtype=object)), f"'{J}' is damaged, or not of numbers"),
    "text": (array(J, np.array(["a"])), "J is not an array of float64 or float32"),
    "a huge shape": (array(J, header("(9, 99999, 99999)")), f"'{J}' is damaged"),
    "a header of code": (array(J, header("__import__('os').getcwd()")), f"'{J}' is damaged"),
    "a cut array": (lambda members: members.update({f"{J}.npy": members[f"{J}.npy"][:-1]}), f"'{J}' is damaged"),
    "no row of bytes": (array("network", np.zeros(3)), "damaged"),
    "no JSON": (text(b"{"), "damaged"),
    "nested JSON": (text(b"[" * 200_000), "damaged"),
    "another format": (structured(lambda network: network.update(format="other")), "not a network in the format"),
    "another version": (structured(lambda network: network.update(version=2)), "version is 2; this program reads"),
    "no populations": (structured(lambda network: network.pop("populations")), "structure does not have the fields"),
    "populations by name": (structured(lambda network: network.update(populations={"a": 1})), "'populations' is not"),
    "a field less": (structured(lambda network: network["pools"][0].pop("level")), "pools.0 does not have the fields"),
    "a part that is none": (structured(lambda network: network["readouts"].append(5)), "readouts.3 does not"),
    "coding as text": (structured(lambda network: network.update(coding="x")), "coding does not have the fields"),
    "a time beyond all": (neurons(t_max=10**400), "t_max is 1000"),
    "a shape of text": (neurons(shape="3"), "shape is '3'"),
    "a structure that is too long": (text(b" " * 2**24), r"'network' has \d+ bytes, more than 16777216"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str, members: dict[str, bytes], tmp_path: Path) -> None:
    change, message = HOSTILE[name]
    change(members)
    with pytest.raises(NetworkError, match=message) as refusal:
        read_network(zipped(tmp_path / "bad.npz", members))
    assert "bad.npz" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_files_that_unpack_to_much_more_are_refused_unread(
    members: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnctl.events.npz.LARGEST", 2**20)
    path = zipped(tmp_path / "bomb.npz", {**members, "bomb.npy": bytes(20 * 2**20)})
    with pytest.raises(NetworkError, match=r"it has \d+ bytes and would unpack to \d+"):
        read_network(path)


def test_what_is_no_file_of_a_network_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_network(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_network(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("hello")
    np.save(tmp_path / "array.npz.npy", np.zeros(3))
    for name in ("text.npz", "array.npz.npy"):
        with pytest.raises(NetworkError, match=rf"{name} is damaged, or no \.npz file"):
            read_network(tmp_path / name)


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
