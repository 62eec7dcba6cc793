"""Model files that are changed or damaged, files of Keras 2, and what is said about them."""

import json
import random
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from snnctl.errors import ModelError
from snnctl.models import load
from snnctl.plugins import load_registry

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
HEAD = 4096  # where a file says how it is laid out; half of the damage is done there
Config = dict[str, Any]
Edit = Callable[[Path], Path]
"""Writes a changed copy of a file next to it, and returns its path."""


def load_model(path: Path | str, **options: Any) -> load.LoadedModel:
    """See :func:`snnctl.models.load.load_model`; with the readers that come with snnctl, as commands do."""
    return load.load_model(path, readers=load_registry(entry_points=False).readers, **options)


def rewritten(source: Path, target: Path, changes: Mapping[str, Callable[[bytes], bytes]]) -> Path:
    """``target``: a copy of a ``.keras`` file; ``changes`` make the new content of some of its parts from the old."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, changes[name](content) if name in changes else content)
    return target


def parts(change: Callable[[bytes], bytes], part: str = CONFIG) -> Edit:
    """An edit of a ``.keras`` file: one of its parts, bytes to bytes."""

    def edit(path: Path) -> Path:
        return rewritten(path, path.with_name(f"bad{path.suffix}"), {part: change})

    return edit


def hdf5(change: Callable[[h5py.File], Any]) -> Edit:
    """An edit of an HDF5 file, or of the weights inside a ``.keras`` file."""

    def edit(path: Path) -> Path:
        target = Path(shutil.copy(path, path.with_name("bad.h5")))
        if path.suffix == ".keras":
            return parts(lambda content: _changed(target, content, change), WEIGHTS)(path)
        _changed(target, path.read_bytes(), change)
        return target

    return edit


def _changed(path: Path, content: bytes, change: Callable[[h5py.File], Any]) -> bytes:
    path.write_bytes(content)
    with h5py.File(path, "r+") as file:
        change(file)
    return path.read_bytes()


def config(change: Callable[[Config], Any]) -> Edit:
    """An edit of the configuration of either kind of file: a function that changes it, or returns another one."""

    def changed(content: bytes | str) -> bytes:
        old = json.loads(content)
        new = change(old)
        return json.dumps(old if new is None else new).encode()

    def edit(path: Path) -> Path:
        if path.suffix == ".keras":
            return parts(changed)(path)
        return hdf5(lambda file: file.attrs.modify("model_config", changed(file.attrs["model_config"]).decode()))(path)

    return edit


def refusal(path: Path, **options: Any) -> str:
    """What is said about a file that is refused: one message, exit code 3, in a line or two, with the file's name."""
    with pytest.raises(ModelError) as caught:
        load_model(path, **options)
    message = str(caught.value)
    assert caught.value.exit_code == 3
    assert len(message.splitlines()) <= 2
    assert message.replace("\n", "").isprintable()
    assert str(path) in message
    return message


def outputs(model: keras.Model, x: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x))


def loaded_outputs(path: Path, x: np.ndarray, **options: Any) -> np.ndarray:
    return outputs(load_model(path, **options).model, x)


def save_weights_keras2(model: keras.Model, path: Path, names: Mapping[str, str] | None = None) -> Path:
    """What Keras 2's ``model.save_weights(path)`` writes, with other ``names`` for some of the layers; the path."""
    called = {layer.name: (names or {}).get(layer.name, layer.name) for layer in model.layers}
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [called[layer.name].encode() for layer in model.layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.1.5"
        for layer in model.layers:
            name = called[layer.name]
            weights = {f"{name}/{weight.name}:0": keras.ops.convert_to_numpy(weight) for weight in layer.weights}
            group = file.create_group(name)
            group.attrs["weight_names"] = np.array([weight.encode() for weight in weights], dtype="S")
            for weight, value in weights.items():
                group.create_dataset(weight, data=value)
    return path


def mutated(content: bytes, seed: int) -> bytes:
    """``content`` with a bit flipped, several flipped, its end cut off, a stretch zeroed, or a byte replaced."""
    chance = random.Random(seed)
    change = chance.choice((flip, flip, flip_many, cut, wipe, replace))
    return bytes(change(bytearray(content), chance))


def place(content: bytearray, chance: random.Random) -> int:
    return chance.randrange(min(len(content), HEAD) if chance.random() < 0.5 else len(content))


def flip(content: bytearray, chance: random.Random) -> bytearray:
    content[place(content, chance)] ^= 1 << chance.randrange(8)
    return content


def flip_many(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randrange(2, 30)):
        flip(content, chance)
    return content


def cut(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content))]


def wipe(content: bytearray, chance: random.Random) -> bytearray:
    start = place(content, chance)
    stretch = content[start : start + chance.randrange(1, 200)]
    content[start : start + len(stretch)] = bytes(len(stretch))
    return content


def replace(content: bytearray, chance: random.Random) -> bytearray:
    content[place(content, chance)] = chance.choice((0, 1, 127, 128, 254, 255))
    return content
