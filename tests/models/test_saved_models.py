"""SavedModel folders: those of Keras 2 are built again from its description; the others are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import keras
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from loading import load_model
from snnctl.errors import ModelError
from snnctl.models.saved_metadata import DESCRIPTION, GRAPH


@pytest.fixture
def copied(keras2_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(keras2_folder / "saved_deep", tmp_path / "saved"))


def test_says_where_it_came_from(keras2_folder):
    loaded = load_model(keras2_folder / "saved_deep")
    assert (loaded.source, loaded.kind, loaded.run) == (keras2_folder / "saved_deep", "relu", None)
    assert not loaded.model.compiled


def test_the_graph_is_not_read(copied, keras2_folder):
    (copied / GRAPH).write_bytes(b"nonsense")
    assert load_model(copied).model.count_params() == load_model(keras2_folder / "saved_deep").model.count_params()


def test_the_description_may_be_in_the_graphs_file(copied, keras2_folder):
    """As before TensorFlow 2.5."""
    config = saved_config(copied)
    model = saved_model_pb2.SavedModel()
    node = model.meta_graphs.add().object_graph_def.nodes.add()
    node.user_object.identifier, node.user_object.metadata = "_tf_keras_sequential", json.dumps(config)
    (copied / GRAPH).write_bytes(model.SerializeToString())
    (copied / DESCRIPTION).unlink()
    assert load_model(copied).model.count_params() == load_model(keras2_folder / "saved_deep").model.count_params()


def saved_config(folder: Path) -> dict:
    from snnctl.models.saved_metadata import read_metadata

    return read_metadata(folder)


def without_description(folder: Path) -> None:
    (folder / DESCRIPTION).unlink()


def of_a_class_of_its_own(folder: Path) -> None:
    content = (folder / DESCRIPTION).read_bytes()
    (folder / DESCRIPTION).write_bytes(content.replace(b'"class_name": "Sequential"', b'"class_name": "SequentiaX"'))


def with_nonsense(folder: Path) -> None:
    (folder / DESCRIPTION).write_bytes(b"\xff" * 50)


def without_weights(folder: Path) -> None:
    shutil.rmtree(folder / "variables")


def with_half_the_weights(folder: Path) -> None:
    path = folder / "variables" / "variables.data-00000-of-00001"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_description, "without Keras's description of its layers"),
        (of_a_class_of_its_own, "is a SavedModel of class SequentiaX, whose layers are described by code only"),
        (with_nonsense, "is damaged: Keras's description cannot be read"),
        (without_weights, "cannot be opened"),
        (with_half_the_weights, "cannot be opened"),
    ],
)
def test_what_cannot_be_read(copied, change: Callable[[Path], None], reason):
    change(copied)
    with pytest.raises(ModelError, match=reason) as caught:
        load_model(copied)
    assert str(copied) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2


def test_what_keras_3_exports_has_no_layers(small_model: keras.Model, tmp_path):
    small_model.export(tmp_path / "exported", verbose=False)
    with pytest.raises(ModelError, match="without Keras's description") as caught:
        load_model(tmp_path / "exported")
    assert "model.save('model.h5')" in caught.value.todo


def test_what_tensorflow_alone_wrote(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "module"))
    with pytest.raises(ModelError, match="without Keras's description"):
        load_model(tmp_path / "module")
