"""Code in a model file runs when it was allowed, and only then."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from loading import load_model
from snnctl.errors import ModelError


@pytest.mark.parametrize("file", ["coded.h5", "coded.keras"])
def test_a_lambda_of_keras_2(file, keras2_folder, expected):
    """Bytecode is of one Python only, here that of the fixtures."""
    with pytest.raises(ModelError, match="Layer 'doubled' holds Python code") as caught:
        load_model(keras2_folder / file)
    assert "--allow-code" in caught.value.todo
    try:
        loaded = load_model(keras2_folder / file, allow_code=True)
    except ModelError as error:
        pytest.skip(f"another Python wrote the bytecode: {error}")
    found = keras.ops.convert_to_numpy(loaded.model(expected["coded/x"]))
    np.testing.assert_allclose(found, expected["coded/y"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("dtype", [None, "float64"])
def test_a_lambda_of_keras_3(suffix, dtype, tmp_path):
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2), layers.Lambda(lambda x: x * 2, output_shape=(2,)), layers.Dense(1)]
    )
    path = tmp_path / f"model{suffix}"
    model.save(path)
    with pytest.raises(ModelError, match=r"holds Python code, which is not run"):
        load_model(path)
    x = np.ones((1, 3), "float32")
    found = keras.ops.convert_to_numpy(load_model(path, allow_code=True, dtype=dtype).model(x))
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(model(x)), rtol=1e-5)


def test_nothing_is_run_before_it_is_refused(tmp_path):
    """The code would leave a file behind."""
    trace = tmp_path / "trace"
    layer = keras.layers.Lambda(eval(f"lambda x: (open({str(trace)!r}, 'w').close(), x)[1]"), output_shape=(2,))
    model = keras.Sequential([keras.Input((2,)), layer])
    trace.unlink(missing_ok=True)
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        with pytest.raises(ModelError, match="--allow-code"):
            load_model(tmp_path / name)
    assert not trace.exists()
    load_model(tmp_path / "model.keras", allow_code=True).model(np.ones((1, 2)))
    assert trace.exists()


def test_unknown_layers_are_refused_all_the_same(keras2_folder, tmp_path):
    path = tmp_path / "model.h5"
    path.write_bytes((keras2_folder / "nested.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][-1]["class_name"] = "Mine"
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(ModelError, match="is of class Mine"):
        load_model(path, allow_code=True)


def test_code_of_another_kind(tmp_path):
    """A layer that wraps a SavedModel would run its graph."""
    config = {"name": "wrapped", "filepath": str(Path("elsewhere"))}
    layer = {"module": "keras.layers", "class_name": "TFSMLayer", "registered_name": None, "config": config}
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        stored = json.loads(file.attrs["model_config"])
        stored["config"]["layers"].append(layer)
        file.attrs["model_config"] = json.dumps(stored)
    with pytest.raises(ModelError, match="Layer 'wrapped' holds Python code"):
        load_model(tmp_path / "model.h5")
