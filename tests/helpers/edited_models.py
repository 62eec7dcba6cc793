"""Model files that are changed, and what is said about them."""

from __future__ import annotations

import json
import shutil
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

Config = dict[str, Any]
Edit = Callable[[Path], Path]
"""Writes a changed copy of a file next to it, and returns its path."""


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
    """What a network computes."""
    return keras.ops.convert_to_numpy(model(x))


def loaded_outputs(path: Path, x: np.ndarray, **options: Any) -> np.ndarray:
    """What the network in a file computes."""
    return outputs(load_model(path, **options).model, x)
