"""Files damaged at random: each is read as a network with finite weights, or refused in a line or two; none crashes."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from helpers.archives import CONFIG, WEIGHTS, rewritten
from helpers.mutations import mutated
from loading import load_model
from snnctl.errors import ModelError

SECONDS = 10  # of this process; what it starts limits itself
SIZES = (0, -1, 2, 7, 10**5, 10**9, 10**18, 10**30)
OTHERS = (None, True, "x", 1.5, [], {}, [[1]], "relu", "float16")
Damage = Callable[[Path, Path, int], Path]


def in_bytes(source: Path, folder: Path, seed: int) -> Path:
    """Anywhere in the file."""
    path = folder / f"model{source.suffix}"
    path.write_bytes(mutated(source.read_bytes(), seed))
    return path


def in_weights(source: Path, folder: Path, seed: int) -> Path:
    """In the HDF5 file inside a ``.keras`` file whose checksums are right."""
    return rewritten(source, folder / "model.keras", {WEIGHTS: lambda content: mutated(content, seed)})


def in_description(source: Path, folder: Path, seed: int) -> Path:
    """In the configuration, which stays JSON."""
    return rewritten(source, folder / "model.keras", {CONFIG: lambda content: redescribed(content, seed)})


def in_description_of_hdf5(source: Path, folder: Path, seed: int) -> Path:
    """The same for HDF5."""
    path = Path(shutil.copy(source, folder / "model.h5"))
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = redescribed(file.attrs["model_config"], seed).decode()
    return path


def in_saved_model(source: Path, folder: Path, seed: int) -> Path:
    """In one of the files of a SavedModel."""
    path = folder / "saved"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(source, path)
    files = sorted(file for file in path.rglob("*") if file.is_file() and file.name != "saved_model.pb")
    damaged = files[seed % len(files)]
    damaged.write_bytes(mutated(damaged.read_bytes(), seed))
    return path


def redescribed(content: bytes | str, seed: int) -> bytes:
    """A configuration with one entry gone, doubled, of another size or of another kind."""
    config, chance = json.loads(content), random.Random(seed)
    holder, key = chance.choice(list(entries(config)))
    how = chance.random()
    if how < 0.2:
        del holder[key]
    elif how < 0.3 and isinstance(holder, list):
        holder.append(deepcopy(holder[key]))
    elif how < 0.8 and type(holder[key]) is int:
        holder[key] = chance.choice(SIZES)
    else:
        holder[key] = chance.choice(OTHERS)
    return json.dumps(config).encode()


def entries(node: Any) -> Iterator[tuple[Any, Any]]:
    """(dictionary or list, key or index) of everything below ``node``."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in pairs:
        yield node, key
        yield from entries(child)


@pytest.fixture(scope="module")
def sources(keras2_folder: Path, small_model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    path = tmp_path_factory.mktemp("sources") / "model.keras"
    small_model.save(path)
    names = ("deep.h5", "operations.h5", "deep.keras", "saved_deep")
    return {"keras3.keras": path, **{name: keras2_folder / name for name in names}}


KINDS: list[tuple[str, Damage]] = [
    ("deep.h5", in_bytes),
    ("deep.keras", in_bytes),
    ("keras3.keras", in_bytes),
    ("deep.keras", in_weights),
    ("keras3.keras", in_weights),
    ("keras3.keras", in_description),
    ("deep.keras", in_description),
    ("operations.h5", in_description_of_hdf5),
    ("saved_deep", in_saved_model),
]
IDS = [f"{name}-{damage.__name__}" for name, damage in KINDS]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "damage"), KINDS, ids=IDS)
def test_a_few_damaged_files(name, damage, sources, tmp_path):
    check(sources[name], damage, tmp_path, range(7))


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "damage"), KINDS, ids=IDS)
def test_many_damaged_files(name, damage, sources, tmp_path):
    check(sources[name], damage, tmp_path, range(1000, 1100))


def check(source: Path, damage: Damage, folder: Path, seeds: range) -> None:
    """Each damaged copy is readable or refused, and soon; what is readable computes finite numbers."""
    for seed in seeds:
        path = damage(source, folder, seed)
        start = time.process_time()
        try:
            loaded = load_model(path)
        except ModelError as error:
            message = str(error)
            assert 1 <= len(message.splitlines()) <= 3, (seed, message)
            assert str(path) in message, (seed, message)
            assert message.replace("\n", "").isprintable(), (seed, message)
        else:
            assert len(loaded.model.outputs or ()) >= 1, seed
            assert all(np.isfinite(weight).all() for weight in loaded.model.get_weights()), seed
        assert time.process_time() - start < SECONDS, seed
