"""SavedModel folders: those of Keras 2 are built again from its description; the others are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from tensorflow.core.protobuf import saved_model_pb2

from model_files import loaded_outputs, refusal
from snnctl.models.files import DESCRIPTION, GRAPH, read_config


@pytest.fixture
def copied(keras2_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(keras2_folder / "saved_deep", tmp_path / "saved"))


def in_the_graphs_file(folder: Path) -> None:
    """The description, as before TensorFlow 2.5."""
    model = saved_model_pb2.SavedModel()
    node = model.meta_graphs.add().object_graph_def.nodes.add()
    node.user_object.identifier, node.user_object.metadata = "_tf_keras_sequential", json.dumps(read_config(folder))
    (folder / GRAPH).write_bytes(model.SerializeToString())
    (folder / DESCRIPTION).unlink()


@pytest.mark.parametrize("change", [lambda folder: (folder / GRAPH).write_bytes(b"nonsense"), in_the_graphs_file])
def test_the_graph_is_not_read(copied, expected, change: Callable[[Path], None]):
    change(copied)
    y = loaded_outputs(copied, expected["saved_deep/x"])
    np.testing.assert_allclose(y, expected["saved_deep/y"], rtol=1e-5, atol=1e-6)


def of_a_class_of_its_own(folder: Path) -> None:
    content = (folder / DESCRIPTION).read_bytes()
    (folder / DESCRIPTION).write_bytes(content.replace(b'"class_name": "Sequential"', b'"class_name": "SequentiaX"'))


def with_half_the_weights(folder: Path) -> None:
    path = folder / "variables" / "variables.data-00000-of-00001"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda folder: (folder / DESCRIPTION).unlink(), "without Keras's description of its layers"),
        (of_a_class_of_its_own, "is a SavedModel of class SequentiaX, whose layers are described by code only"),
        (lambda folder: (folder / DESCRIPTION).write_bytes(b"\xff" * 50), "cannot be opened"),
        (lambda folder: shutil.rmtree(folder / "variables"), "cannot be opened"),
        (with_half_the_weights, "cannot be opened"),
    ],
)
def test_what_cannot_be_read(copied, change: Callable[[Path], None], reason):
    change(copied)
    assert reason in refusal(copied)


def test_what_keras_3_exports_has_no_layers(small_model: keras.Model, tmp_path):
    small_model.export(tmp_path / "exported", verbose=False)
    message = refusal(tmp_path / "exported")
    assert "without Keras's description" in message
    assert "model.save('model.h5')" in message
