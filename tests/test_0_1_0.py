"""Networks that snnctl 0.1.0 converted open, and compute what they did."""

from pathlib import Path

import keras
import numpy as np
import pytest

import snnctl
import snnctl.layers  # registers the layers of the file
from snnctl.ttfs.timeline import spiking_layers
from snnctl.ttfs.version_0_1 import SignedLayer

FILES = Path(__file__).parent / "fixtures" / "0.1.0"


@pytest.fixture(scope="module")
def recorded():
    """Inputs, half of them beyond the windows, and the logits that 0.1.0 computed."""
    with np.load(FILES / "signed.npz") as arrays:
        return arrays["inputs"], arrays["logits"]


def test_signed_neurons_become_pairs_with_the_same_logits(recorded):
    model = snnctl.load(FILES / "signed.keras").model
    assert not any(isinstance(layer, SignedLayer) for layer in model.layers)
    assert sorted(layer.name for layer in spiking_layers(model) if layer.signed) == [
        "sum_carried",
        "sum_carried_negative",
    ]
    assert any(layer.border_classes == 9 for layer in spiking_layers(model))
    inputs, logits = recorded
    np.testing.assert_allclose(model.predict(inputs, verbose=0), logits, rtol=1e-5, atol=1e-5)


def test_relays_of_signed_neurons_stay_relays_and_are_exported(tmp_path):
    """They are read by a Dense, beside a later branch: nothing is carried once more, in windows nobody calibrated."""
    with np.load(FILES / "relayed.npz") as arrays:
        inputs, logits = arrays["inputs"], arrays["logits"]
    model = snnctl.load(FILES / "relayed.keras").model
    np.testing.assert_allclose(model.predict(inputs, verbose=0), logits, rtol=1e-5, atol=1e-5)
    assert len([layer for layer in spiking_layers(model) if layer.signed]) == 2
    snnctl.export(FILES / "relayed.keras", to="npz", out=tmp_path / "plain")
    assert list((tmp_path / "plain").glob("*.npz"))


def test_keras_opens_the_file_too(recorded):
    inputs, logits = recorded
    model = keras.saving.load_model(FILES / "signed.keras")
    np.testing.assert_allclose(model.predict(inputs, verbose=0), logits, rtol=1e-5, atol=1e-5)
