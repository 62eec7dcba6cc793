"""Where models come from, and what is said about paths that lead nowhere."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from model_files import load_model, outputs, refusal
from snnctl.builtin.architectures import FC
from snnctl.errors import ModelError


@pytest.fixture
def archive(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(good / "good.keras", tmp_path / "model.keras"))


@pytest.fixture
def run_folder(archive: Path) -> Path:
    record = {"verb": "train", "settings": {"data": "mnist-mini"}, "seed": 4}
    (archive.parent / "run.json").write_text(json.dumps(record))
    return archive.parent


def test_a_keras_file_without_its_optimiser(small_model, tmp_path):
    model = keras.models.clone_model(small_model)
    model.compile("adam", "mse")
    model.save(tmp_path / "compiled.keras")
    loaded = load_model(str(tmp_path / "compiled.keras"))
    x = np.ones((1, 6, 6, 1))
    np.testing.assert_array_equal(outputs(loaded.model, x), outputs(model, x))
    assert (loaded.source, loaded.kind, loaded.run) == (tmp_path / "compiled.keras", "relu", None)
    assert not loaded.model.compiled


def test_a_run_folder(run_folder):
    loaded = load_model(run_folder)
    assert loaded.source == run_folder / "model.keras"
    assert loaded.run is not None
    assert (loaded.run.verb, loaded.run.settings, loaded.run.seed) == ("train", {"data": "mnist-mini"}, 4)


def test_an_architecture_that_is_not_needed_is_said(archive):
    assert "--arch fc is not used" in load_model(archive, arch=FC()).notes[0]


def test_hdf5_named_keras(keras2_folder, tmp_path):
    """tf.keras wrote HDF5 under any name."""
    shutil.copy(keras2_folder / "sequential.h5", tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").model.output_shape == (None, 3)


@pytest.mark.parametrize("kept", ["model.keras", "run.json"])
def test_a_folder_that_lacks_something(run_folder, kept):
    lacking = "run.json" if kept == "model.keras" else "model.keras"
    (run_folder / lacking).unlink()
    message = refusal(run_folder)
    assert f"has no {lacking}" in message
    assert (f"Give the file itself: {run_folder / 'model.keras'}" in message) == (kept == "model.keras")


def test_a_damaged_run_record(run_folder):
    (run_folder / "run.json").write_text('{"verb": "tr')
    with pytest.raises(ModelError, match=r"run\.json"):
        load_model(run_folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("modle.keras", None, "does not exist.\nDid you mean"),
        ("nowhere/model.keras", None, "there is no folder"),
        ("net.pt", b"something", "has a suffix that is not a model's.\nAccepted: a run folder, a .keras file"),
        ("net.h5", b"", "is empty"),
        ("net.keras", b"<html>not found</html>", "neither HDF5 nor a Keras archive"),
    ],
)
def test_paths_that_lead_to_no_model(name, content, message, archive):
    path = archive.parent / name
    if content is not None:
        path.write_bytes(content)
    assert message in refusal(path)


def test_pipes_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "model.keras")
    assert "no regular file" in refusal(tmp_path / "model.keras")
