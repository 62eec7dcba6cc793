"""Where models come from, and what is said about paths that lead nowhere."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loading import load_model
from snnctl.builtin.architectures import FC
from snnctl.errors import ModelError


@pytest.fixture
def archive(small_model: keras.Model, tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    small_model.save(path)
    return path


@pytest.fixture
def run_folder(archive: Path) -> Path:
    record = {"verb": "train", "settings": {"data": "mnist-mini"}, "seed": 4}
    (archive.parent / "run.json").write_text(json.dumps(record))
    return archive.parent


def test_a_keras_file(archive, small_model):
    loaded = load_model(str(archive))
    x = np.ones((1, 6, 6, 1))
    np.testing.assert_array_equal(loaded.model(x), small_model(x))
    assert (loaded.source, loaded.kind, loaded.run) == (archive, "relu", None)


def test_a_run_folder(run_folder):
    loaded = load_model(run_folder)
    assert loaded.source == run_folder / "model.keras"
    assert loaded.run is not None
    assert (loaded.run.verb, loaded.run.settings, loaded.run.seed) == ("train", {"data": "mnist-mini"}, 4)


def test_an_architecture_that_is_not_needed_is_said(archive):
    loaded = load_model(archive, arch=FC())
    assert "--arch fc is not used" in loaded.notes[0]


def test_compiled_models_come_without_their_optimiser(small_model, tmp_path):
    model = keras.models.clone_model(small_model)
    model.compile("adam", "mse")
    model.save(tmp_path / "compiled.keras")
    assert not load_model(tmp_path / "compiled.keras").model.compiled


def test_the_nearest_name_is_suggested(archive):
    with pytest.raises(ModelError, match="does not exist") as caught:
        load_model(archive.with_name("modle.keras"))
    assert str(archive) in caught.value.todo


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(ModelError, match="there is no folder"):
        load_model(tmp_path / "nowhere" / "model.keras")


@pytest.mark.parametrize("kept", ["model.keras", "run.json"])
def test_a_folder_that_lacks_something(run_folder, kept):
    lacking = "run.json" if kept == "model.keras" else "model.keras"
    (run_folder / lacking).unlink()
    with pytest.raises(ModelError, match=f"has no {lacking}") as caught:
        load_model(run_folder)
    assert (str(run_folder / "model.keras") in caught.value.todo) == (kept == "model.keras")


def test_a_saved_model_of_tensorflow(tmp_path):
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(ModelError, match="SavedModel"):
        load_model(tmp_path)


def test_a_damaged_run_record(run_folder):
    (run_folder / "run.json").write_text('{"verb": "tr')
    with pytest.raises(ModelError, match=r"run\.json"):
        load_model(run_folder)


@pytest.mark.parametrize("name", ["model.pt", "model.onnx", "model"])
def test_an_unknown_suffix(tmp_path, name):
    (tmp_path / name).write_bytes(b"something")
    with pytest.raises(ModelError, match="suffix") as caught:
        load_model(tmp_path / name)
    assert ".keras" in caught.value.todo


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "model.hdf5"])
def test_an_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(ModelError, match="empty"):
        load_model(tmp_path / name)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_file_of_something_else(tmp_path, name):
    (tmp_path / name).write_text("<html>not found</html>")
    with pytest.raises(ModelError, match="neither HDF5 nor a Keras archive"):
        load_model(tmp_path / name)


def test_an_archive_named_h5(archive):
    with pytest.raises(ModelError, match="under the name of an HDF5 file"):
        load_model(archive.rename(archive.with_suffix(".h5")))


def test_hdf5_named_keras(keras2_folder, tmp_path):
    """tf.keras wrote HDF5 under any name."""
    shutil.copy(keras2_folder / "sequential.h5", tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").model.output_shape == (None, 3)


def test_a_zip_file_that_is_no_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ModelError, match=r"config\.json and metadata\.json and model\.weights\.h5 are missing"):
        load_model(tmp_path / "model.keras")


def test_an_archive_without_weights(archive, tmp_path):
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(tmp_path / "less.keras", "w") as new:
        for name in ("config.json", "metadata.json"):
            new.writestr(name, old.read(name))
    with pytest.raises(ModelError, match=r"model\.weights"):
        load_model(tmp_path / "less.keras")


def test_a_changed_byte_is_noticed(archive):
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        load_model(archive)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), name=st.sampled_from(["sequential.h5", "sequential.keras"]))
def test_a_file_that_breaks_off_anywhere(share, name, keras2_folder, tmp_path):
    content = (keras2_folder / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match=name):
        load_model(path)
