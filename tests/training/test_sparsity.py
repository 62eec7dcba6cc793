"""The penalty that makes spikes fewer."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from counting import counted
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.errors import TrainingError
from snnctl.progress import SilentReporter
from snnctl.training.fit import FitSettings, fit
from snnctl.training.sparsity import hidden_units, penalised

L = keras.layers
NOTES = SilentReporter()


def relu_network():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 1))
    x = L.Activation("relu")(L.BatchNormalization()(L.Conv2D(4, 3)(inputs)))
    x = L.Dense(12, activation="relu")(L.Flatten()(L.MaxPooling2D()(x)))
    return keras.Model(inputs, L.Dense(2)(x))


def spiking_network():
    return build_spiking(relu_network(), SpikingSettings())


def data(count=256):
    inputs = np.random.default_rng(0).uniform(0, 1, (count, 8, 8, 1)).astype("float32")
    return inputs, (inputs.mean(axis=(1, 2, 3)) > 0.5).astype(int)


@pytest.mark.parametrize("build", [relu_network, spiking_network])
def test_the_loss_grows_by_the_mean_of_all_hidden_neurons(build):
    model, (inputs, labels) = build(), data()
    model(inputs, training=True)
    view = keras.Model(model.inputs[0], [layer.output for layer in hidden_units(model)])
    values = np.concatenate([np.reshape(output, (len(inputs), -1)) for output in view(inputs)], axis=1)
    assert values.shape[1] == 6 * 6 * 4 + 12
    losses = []
    for sparsity in (0.0, 3.0):
        with penalised(model, sparsity):
            model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            losses.append(model.evaluate(inputs, labels, batch_size=len(inputs), verbose=0))
    assert losses[1] - losses[0] == pytest.approx(3 * values.mean(), rel=1e-4)


def test_fewer_neurons_fire_and_nothing_of_the_penalty_stays(tmp_path):
    spikes = []
    for sparsity in (0.0, 20.0):
        model = spiking_network()
        before = [layer["config"].keys() for layer in model.get_config()["layers"]]
        fit(model, data(), None, FitSettings(epochs=4, lr=5e-3, sparsity=sparsity), NOTES)
        spikes.append(counted(model, data()[0])["spikes_per_neuron"])
    assert spikes[1] < 0.6 * spikes[0]
    assert all(layer.activity_regularizer is None for layer in model.layers)
    assert [layer["config"].keys() for layer in model.get_config()["layers"]] == before
    model.save(tmp_path / "net.keras")
    keras.saving.load_model(tmp_path / "net.keras")


def test_a_network_without_hidden_neurons_is_refused():
    model = keras.Sequential([keras.Input((3,)), L.Dense(2)])
    with pytest.raises(TrainingError, match="no hidden layer"):
        fit(model, (np.zeros((4, 3)), np.zeros(4)), None, FitSettings(sparsity=1.0), NOTES)
