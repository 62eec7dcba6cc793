"""The training loop: history, progress, speed settings, divergence."""

from __future__ import annotations

from contextlib import contextmanager

import keras
import numpy as np
import pytest

from snnctl.errors import TrainingError
from snnctl.progress import SilentReporter
from snnctl.training.data import ShuffledBatches
from snnctl.training.fit import FitSettings, compile_with_xla, fit, make_optimizer

L = keras.layers


def dense():
    return keras.Sequential([keras.Input((6,)), L.Dense(8, activation="relu"), L.Dense(2)])


def convolutional():
    return keras.Sequential([keras.Input((6, 6, 1)), L.Conv2D(4, 3, activation="relu"), L.Flatten(), L.Dense(2)])


def separable_data(count=200):
    x = np.random.default_rng(0).normal(size=(count, 6)).astype("float32")
    return x, (x[:, 0] > 0).astype(int)


class Recorder(SilentReporter):
    """Counts the steps it is told of."""

    def __init__(self):
        self.total = self.done = 0
        self.figures: set[str] = set()

    @contextmanager
    def task(self, description, total):
        self.total += total
        yield self

    def advance(self, steps=1, **figures):
        self.done += steps
        self.figures |= set(figures)


def test_training_learns_and_keeps_a_history():
    model, data, recorder = dense(), separable_data(), Recorder()
    history = fit(model, data, data, FitSettings(epochs=5, batch_size=7, lr=0.02), recorder)
    assert len(history) == 5
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(history[0])
    assert history[-1]["val_accuracy"] > 0.9
    assert recorder.done == recorder.total == 5 * 29  # 200 samples in batches of 7: the last one is smaller
    assert {"loss", "accuracy"} <= recorder.figures


def batches_of(epochs, seed=0, samples=20, batch_size=7):
    """The samples in the order in which a network is trained on them, by epoch."""
    seen = []
    model = keras.Sequential([keras.Input((1,)), L.Dense(2)])
    model.train_step = lambda batch: seen.append(batch[0].numpy().ravel()) or {"loss": 0.0}
    x, y = np.arange(samples, dtype="float32")[:, None], np.zeros(samples, int)
    keras.utils.set_random_seed(seed)
    batches = ShuffledBatches(x, y, batch_size, seed)
    model.compile(run_eagerly=True)
    model.fit(batches.dataset, epochs=epochs, shuffle=False, callbacks=[batches], verbose=0)
    per_epoch = -(-samples // batch_size)
    assert [len(batch) for batch in seen[:per_epoch]] == ([7, 7, 6] if batch_size == 7 else [samples])
    return [np.concatenate(seen[i : i + per_epoch]).tolist() for i in range(0, len(seen), per_epoch)]


def test_every_epoch_has_an_order_of_its_own_and_the_same_again_with_the_same_seed():
    first, second, third = batches_of(3)
    assert sorted(first) == sorted(second) == sorted(third) == list(range(20))
    assert first != second != third != first
    assert batches_of(3) == [first, second, third]
    assert batches_of(1, seed=1) != [first]
    assert batches_of(1, batch_size=10**20) == [first]


def test_no_epochs_change_nothing():
    model = dense()
    before = model.get_weights()
    assert fit(model, separable_data(), None, FitSettings(epochs=0), SilentReporter()) == []
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_softmax_network_is_trained_on_its_probabilities():
    model = keras.Sequential([*dense().layers, L.Softmax()])
    model.build((None, 6))
    settings = FitSettings(epochs=5, batch_size=10, lr=0.02, from_logits=False, xla="off")
    history = fit(model, separable_data(), None, settings, SilentReporter())
    assert history[-1]["accuracy"] > 0.9


@pytest.mark.parametrize("make", [dense, convolutional])
def test_divergence_is_an_error_with_a_way_out(make):
    model = make()
    x = np.random.default_rng(0).normal(size=(50, *model.input_shape[1:])).astype("float32") * 1e30
    with pytest.raises(TrainingError, match="--lr"):
        fit(
            model,
            (x, np.arange(50) % 2),
            None,
            FitSettings(optimizer="sgd", lr=1e9, epochs=3, xla="off"),
            SilentReporter(),
        )


def test_divergence_in_the_last_step_is_seen():
    """One step only: its loss is finite, what it leaves is not."""
    x, y = separable_data(8)
    settings = FitSettings(optimizer="sgd", lr=1e38, batch_size=8, lr_schedule="constant")
    with pytest.raises(TrainingError, match="NaN or infinite"):
        fit(dense(), (x * 1e3, y), None, settings, SilentReporter())


def test_xla_is_for_dense_networks():
    assert [compile_with_xla(net(), "auto") for net in (dense, convolutional)] == [True, False]
    assert [compile_with_xla(convolutional(), xla) for xla in ("on", "off")] == [True, False]


def test_the_published_schedule_decays_by_a_tenth_every_5000_steps():
    optimizer = make_optimizer("adam", 1e-3, "exponential")
    schedule = optimizer._learning_rate
    assert float(schedule(0)) == pytest.approx(1e-3)
    assert float(schedule(5000)) == pytest.approx(0.9e-3)
    assert make_optimizer("sgd", 0.1, momentum=0.9).momentum == 0.9
