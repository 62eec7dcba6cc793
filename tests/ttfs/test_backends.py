"""A converted network predicts and trains with Keras on JAX."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import networks
import oracle

PROGRAM = """
import sys
import keras, numpy as np
import snnctl
import snnctl.layers
assert keras.backend.backend() == "jax" and "tensorflow" not in sys.modules
folder = sys.argv[1]
with np.load(f"{folder}/data.npz") as data:
    x, y = data["x"], data["y"]
snn = keras.saving.load_model(f"{folder}/snn.keras")
logits = snn.predict(x, verbose=0)
spiking = [layer for layer in snn.layers if isinstance(layer, snnctl.layers.SpikingLayer)]
for layer in spiking:
    layer.windows, layer.gamma = "grow", 20.0
before = [float(layer.width) for layer in spiking]
snn.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
losses = snn.fit(x, y, epochs=5, verbose=0).history["loss"]
grown = [float(layer.width) > width for layer, width in zip(spiking, before)]
np.savez(f"{folder}/jax.npz", logits=logits, losses=losses, grown=grown)
try:
    snnctl.convert(snn, calibration=x)
except snnctl.errors.UsageError as error:
    assert "Keras computes with jax here" in str(error)
"""


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs JAX")
def test_a_converted_network_predicts_and_trains_under_jax(tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 2))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.BatchNormalization()(x)
    y = keras.layers.Conv2D(4, 3, padding="same")(x)
    y = keras.layers.MaxPooling2D(2)(keras.layers.Add()([x, y]))
    source = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(y)))
    networks.randomize(source, np.random.default_rng(0))
    data = np.random.default_rng(1).uniform(-1, 1, (32, 6, 6, 2)).astype("float32")
    snn = oracle.spiking_form(source, data, (-1.0, 1.0), "float32")
    snn.save(tmp_path / "snn.keras")
    np.savez(tmp_path / "data.npz", x=data, y=np.arange(32) % 3)
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(tmp_path / "jax.npz") as found:
        expected = snn.predict(data, verbose=0)
        np.testing.assert_allclose(found["logits"], expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
        assert found["losses"][-1] < found["losses"][0]
        assert found["grown"].all()
