"""Files made to harm: they take no memory and no time, reach nothing outside, and are refused in a line or two."""

from __future__ import annotations

import io
import json
import re
import resource
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from helpers.archives import CONFIG, WEIGHTS, rewritten
from loading import load_model
from snnctl.errors import ModelError

KERNEL = "model_weights/alpha/sequential/alpha/kernel"
SECONDS, MEGABYTES = 5.0, 400  # what a refusal may take at most
Edit = Callable[[h5py.File], None]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    layers = keras.layers
    dense = [layers.Dense(3, name="alpha"), layers.Dense(2, name="beta")]
    model = keras.Sequential([keras.Input((4,)), *dense], name="sequential")
    model.save(tmp_path / "good.keras")
    model.save(tmp_path / "good.h5")
    return tmp_path


def refusal(path: Path) -> str:
    """What is said about a file, after a short time and with little memory."""
    start, before = time.process_time(), peak()
    with pytest.raises(ModelError) as caught:
        load_model(path)
    assert time.process_time() - start < SECONDS
    assert peak() - before < MEGABYTES
    message = str(caught.value)
    assert len(message.splitlines()) <= 2
    assert message.replace("\n", "").isprintable()
    assert str(path) in message
    return message


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def with_sizes(**sizes: Any) -> Callable[[bytes], bytes]:
    """The configuration with entries of its first Dense layer changed."""

    def change(content: bytes) -> bytes:
        config = json.loads(content)
        config["config"]["layers"][1]["config"] |= sizes
        return json.dumps(config).encode()

    return change


@pytest.mark.parametrize("units", [10**6, 10**9, 10**12, 10**18, 10**30])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_absurd_sizes_in_the_configuration(units: int, suffix: str, good: Path) -> None:
    if suffix == "keras":
        path = rewritten(good / "good.keras", good / "bad.keras", {CONFIG: with_sizes(units=units)})
    else:
        path = edited(good, lambda file: respell(file, units))
    message = refusal(path)
    assert "more weights than the file holds: its kernel of shape (4, 1" in message or "too large" in message


def respell(file: h5py.File, units: int) -> None:
    file.attrs["model_config"] = with_sizes(units=units)(file.attrs["model_config"]).decode()


def test_a_huge_input_before_a_dense_layer(good: Path) -> None:
    def change(content: bytes) -> bytes:
        config = json.loads(content)
        entry, *others = config["config"]["layers"]
        entry["config"]["batch_shape"] = [None, 10**6, 10**6]
        flatten = {"module": "keras.layers", "class_name": "Flatten", "config": {"name": "flat"}}
        config["config"]["layers"] = [entry, flatten, *others]
        for part in (config, *others):
            part.pop("build_config", None)
        return json.dumps(config).encode()

    message = refusal(rewritten(good / "good.keras", good / "bad.keras", {CONFIG: change}))
    assert "more weights than the file holds: its kernel of shape (1000000000000, 3)" in message


def test_a_tensor_that_nobody_could_hold(good: Path) -> None:
    def change(content: bytes) -> bytes:
        config = json.loads(content)
        repeat = {"module": "keras.layers", "class_name": "RepeatVector", "config": {"name": "more", "n": 10**12}}
        config["config"]["layers"].append(repeat)
        return json.dumps(config).encode()

    message = refusal(rewritten(good / "good.keras", good / "bad.keras", {CONFIG: change}))
    assert "Layer 'more' gives outputs of shape (None, 1000000000000, 2), which do not fit into memory" in message


def test_layers_without_end(good: Path) -> None:
    def change(content: bytes) -> bytes:
        config = json.loads(content)
        config["config"]["layers"] += [config["config"]["layers"][-1]] * 10_001
        return json.dumps(config).encode()

    assert "at most 10,000 are read" in refusal(rewritten(good / "good.keras", good / "bad.keras", {CONFIG: change}))


def test_names_that_move_the_cursor(good: Path) -> None:
    name = "\x1b[2J\x1b[31mowned\r\n"
    path = rewritten(
        good / "good.keras", good / "bad.keras", {CONFIG: with_sizes(name=name, activation="\x1b[31mevil")}
    )
    assert "evil" in refusal(path)


@pytest.mark.parametrize("part", [CONFIG, "metadata.json"])
def test_a_description_that_unpacks_to_far_more(part: str, good: Path) -> None:
    path = rewritten(good / "good.keras", good / "bad.keras", {part: lambda _: b" " * (70 << 20)})
    assert path.stat().st_size < 1 << 20
    assert f"its {part} has 73,400,320 bytes; at most 67,108,864 are read" in refusal(path)


def test_weights_that_unpack_to_far_more(good: Path) -> None:
    path = rewritten(good / "good.keras", good / "bad.keras", {WEIGHTS: lambda content: content + bytes(200 << 20)})
    assert "but unpacks to" in refusal(path)


def test_sizes_that_are_only_stated(good: Path) -> None:
    """The archive states four gigabytes for a part of a few."""
    content = bytearray((good / "good.keras").read_bytes())
    entry = content.rindex(WEIGHTS.encode()) - 46  # its record in the list of parts
    content[entry + 24 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    (good / "bad.keras").write_bytes(content)
    assert "but unpacks to 4,29" in refusal(good / "bad.keras")


def test_parts_that_share_their_bytes(good: Path) -> None:
    """Many parts that all unpack the same megabytes."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(bytes(30 << 20)) + packed.flush()
    buffer = io.BytesIO((good / "good.keras").read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive:
        first = zipfile.ZipInfo("assets/0")
        first.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(first, bytes(30 << 20))
        for number in range(1, 40):
            copy = zipfile.ZipInfo(f"assets/{number}")
            copy.compress_type, copy.CRC, copy.header_offset = zipfile.ZIP_DEFLATED, first.CRC, first.header_offset
            copy.compress_size, copy.file_size = len(data), 30 << 20
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
    (good / "bad.keras").write_bytes(buffer.getvalue())
    assert "but unpacks to 1,2" in refusal(good / "bad.keras")


def edited(folder: Path, change: Edit) -> Path:
    """The HDF5 file, changed."""
    path = Path(shutil.copy(folder / "good.h5", folder / "bad.h5"))
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def replaced_by(value: Any) -> Edit:
    """The first kernel replaced by a link or by data."""

    def change(file: h5py.File) -> None:
        del file[KERNEL]
        file[KERNEL] = value

    return change


def inflated(file: h5py.File) -> None:
    """A terabyte of zeros in no space at all."""
    del file[KERNEL]
    file.create_dataset(KERNEL, shape=(10**6, 250_000), dtype="f4", chunks=(1000, 1000), compression="gzip")


def written_elsewhere(file: h5py.File) -> None:
    del file[KERNEL]
    secret = Path(file.filename).with_name("secret")
    secret.write_bytes(bytes(48))
    file.create_dataset(KERNEL, shape=(4, 3), dtype="f4", external=[(str(secret), 0, 48)])


def virtual(file: h5py.File) -> None:
    del file[KERNEL]
    with h5py.File(Path(file.filename).with_name("other.h5"), "w") as other:
        other["data"] = np.ones((4, 3), "f4")
    layout = h5py.VirtualLayout((4, 3), "f4")
    layout[:] = h5py.VirtualSource(str(Path(file.filename).with_name("other.h5")), "data", shape=(4, 3))
    file.create_virtual_dataset(KERNEL, layout)


HDF5: list[tuple[Edit, str]] = [
    (replaced_by(h5py.ExternalLink("other.h5", "/x")), f"{KERNEL} is a link to somewhere else"),
    (replaced_by(h5py.SoftLink("/model_weights/beta")), f"{KERNEL} is a link to somewhere else"),
    (written_elsewhere, f"{KERNEL} is stored in another file"),
    (virtual, f"{KERNEL} is stored in another file"),
    (inflated, f"{KERNEL} unpacks to 1,000,000,000,000 bytes, of which the file holds 0"),
    (replaced_by(np.full((4, 3), np.nan, "f4")), "has NaN or infinite values in its kernel"),
    (replaced_by(np.full((4, 3), b"text")), r"layer 'alpha', kernel: \(4, 3\) in the network, \(4, 3\) of type"),
    (replaced_by(np.ones((4, 3), "c8")), r"of type complex64"),
    (lambda file: file.attrs.modify("model_config", "{" * 100_000), "is not JSON"),
    (lambda file: file.attrs.modify("model_config", "[1]"), "is no JSON object"),
]


@pytest.mark.parametrize(("change", "reason"), HDF5)
def test_hdf5_files_that_reach_out_or_blow_up(change: Edit, reason: str, good: Path) -> None:
    assert re.search(reason, refusal(edited(good, change)))


@pytest.mark.parametrize(("change", "reason"), HDF5[2:5])
def test_the_same_inside_an_archive(change: Edit, reason: str, good: Path) -> None:
    def damage(content: bytes) -> bytes:
        path = good / "weights.h5"
        path.write_bytes(content)
        with h5py.File(path, "r+") as file:
            file.move("layers/dense/vars/0", KERNEL)
            change(file)
            file.move(KERNEL, "layers/dense/vars/0")
        return path.read_bytes()

    path = rewritten(good / "good.keras", good / "bad.keras", {WEIGHTS: damage})
    assert reason.replace(KERNEL, "layers/dense/vars/0") in refusal(path)


def test_a_file_that_hdf5_never_gets_through(keras2_folder: Path, tmp_path: Path) -> None:
    """Names that lie behind a stretch of zeros make HDF5 search for ever."""
    content = bytearray((keras2_folder / "deep.h5").read_bytes())
    start = content.index(b"stem/dense/kernel:0")
    content[start : start + 100] = bytes(100)
    (tmp_path / "bad.h5").write_bytes(content)
    assert "does not come to an end" in refusal(tmp_path / "bad.h5")


def test_groups_that_contain_each_other(good: Path) -> None:
    def change(file: h5py.File) -> None:
        file["model_weights/alpha/round"] = file["model_weights"]

    assert load_model(edited(good, change)).model.count_params() == 23


def test_groups_without_end(good: Path) -> None:
    def change(file: h5py.File) -> None:
        group = file
        for _ in range(3000):
            group = group.create_group("x")

    assert load_model(edited(good, change)).model.count_params() == 23
