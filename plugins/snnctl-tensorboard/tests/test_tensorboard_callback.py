"""What is written is what the network is, and a training is the same with and without it."""

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from snnctl_tensorboard.callback import TensorBoard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

import snnctl
from snnctl.conversion.build import SpikingSettings, build_spiking
from snnctl.errors import OutputError, TrainingError, UsageError
from snnctl.plugins import Samples, TrainingContext, load_registry
from snnctl.progress import SilentReporter
from snnctl.testing import check_callback
from snnctl.training.fit import FitSettings, fit
from snnctl.ttfs.timeline import latency, spiking_layers, timeline
from snnctl.verbs.measure import measure

L = keras.layers


def listener() -> SilentReporter:
    reporter = SilentReporter()
    reporter.notes = []
    reporter.note = reporter.notes.append
    return reporter


def dense_net() -> keras.Model:
    return keras.Sequential([keras.Input((6, 6, 1)), L.Flatten(), L.Dense(8, activation="relu"), L.Dense(3)])


def mixed_net() -> keras.Model:
    """With pairs of neurons, clipped ones, a sum of branches, and a pooling."""
    inputs = keras.Input((6, 6, 1))
    a = L.Conv2D(3, 3, padding="same", activation="relu", name="first")(inputs)
    b = L.ReLU(6.0, name="clipped")(L.Conv2D(3, 3, padding="same")(a))
    x = L.ReLU(name="summed")(L.Add()([a, b]))
    x = L.MaxPooling2D(2, name="pooled")(L.Conv2D(2, 1, name="linear")(x))
    x = L.Dense(4, activation="relu", name="last")(L.Flatten()(x))
    return keras.Model(inputs, L.Dense(3)(x))


def samples(count: int = 100) -> Samples:
    random = np.random.default_rng(1)
    return Samples(random.random((count, 6, 6, 1)).astype("float32"), random.integers(0, 3, count))


def spiking(relu: Any) -> keras.Model:
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(2)
    return build_spiking(relu(), SpikingSettings(width=3.0, gamma=1.0))


def trained(model: keras.Model, callbacks: list, epochs: int = 2, **settings: Any) -> list[dict[str, float]]:
    data = samples()
    keras.utils.set_random_seed(3)
    fitting = FitSettings(epochs=epochs, batch_size=20, lr=0.01, xla="off", **settings)
    pair = (data.inputs, data.labels)
    return fit(model, pair, (data.inputs[:40], data.labels[:40]), fitting, SilentReporter(), callbacks)


def callback(
    model: keras.Model, folder: Path, reporter: SilentReporter | None = None, **options: object
) -> keras.callbacks.Callback:
    data = samples()
    kind = "snn" if spiking_layers(model) else "relu"
    validation = Samples(data.inputs[:40], data.labels[:40])
    context = TrainingContext("train", model, kind, 2, 20, data, validation, {}, reporter or listener())
    return TensorBoard().make(context, log_dir=str(folder), **options)  # type: ignore[arg-type]


def events(folder: Path, part: str = "train") -> dict[str, dict[int, np.ndarray]]:
    """By tag and step, the values in the only folder of a training."""
    (training,) = folder.iterdir()
    (file,) = (training / part).iterdir()
    accumulator = EventAccumulator(str(file), size_guidance={"tensors": 0})
    accumulator.Reload()
    return {
        tag: {event.step: tensor_util.make_ndarray(event.tensor_proto) for event in accumulator.Tensors(tag)}
        for tag in accumulator.Tags()["tensors"]
    }


def test_a_training_is_the_same_and_its_history_is_written(tmp_path: Path) -> None:
    fc2 = {"arch": "fc2", "arch_opt": {"hidden": 10}, "data": "mnist-mini", "type": "snn", "limit": 60, "xla": "off"}
    alone = snnctl.train(**fc2, epochs=2, seed=5)
    watched = snnctl.train(**fc2, epochs=2, seed=5, callback={"tensorboard": {"log_dir": str(tmp_path), "images": 30}})
    for one, other in zip(alone.model.get_weights(), watched.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    written = {"": events(tmp_path), "val_": events(tmp_path, "validation")}
    for step, figures in enumerate(watched.history):
        for prefix, tags in written.items():
            assert tags["epoch_loss"][step] == pytest.approx(figures[f"{prefix}loss"])
            assert tags["epoch_accuracy"][step] == pytest.approx(figures[f"{prefix}accuracy"])
    assert len(written[""]["epoch_loss"]) == 2


@pytest.mark.long
def test_it_conforms() -> None:
    check_callback(TensorBoard())


@pytest.mark.long
def test_figures_are_those_of_the_network(tmp_path: Path) -> None:
    """At the end of the training; counted once more, by snnctl's own metrics."""
    model = spiking(mixed_net)
    trained(model, [callback(model, tmp_path, images=40)])
    train = {tag: steps[1] for tag, steps in events(tmp_path).items()}
    data = samples()
    shown = Samples(data.inputs[:40], data.labels[:40])
    figures = measure(model, "snn", shown, 40, SilentReporter(), "", registry=load_registry())
    for window in timeline(model):
        assert train[f"window/{window.layer}"] == pytest.approx(window.width)
    assert train["latency"] == pytest.approx(latency(model))
    assert train["spikes_per_neuron"] == pytest.approx(figures["spikes_per_neuron"])
    compared = 0
    for layer in figures["layers"]:
        name = layer["name"]
        if f"spikes_per_neuron/{name}" not in train:
            continue
        assert train[f"spikes_per_neuron/{name}"] == pytest.approx(layer["spikes_per_neuron"])
        if f"saturated/{name}" in train:
            assert train[f"saturated/{name}"] == pytest.approx(layer["saturated"])
        assert train[f"local_times/{name}"][:, 2].sum() == pytest.approx(40 * train[f"spikes/{name}"])
        compared += 1
    assert compared == len(timeline(model)) - 1
    for each in spiking_layers(model):
        theta = np.array(each.threshold())
        assert train[f"thresholds/{each.name}"][0, 0] == pytest.approx(theta.min(), abs=1e-6)
        assert train[f"thresholds/{each.name}"][-1, 1] == pytest.approx(theta.max(), abs=1e-6)
    kernels = [weight for weight in model.trainable_weights if weight.path.endswith("kernel")]
    assert len(kernels) >= 5
    for kernel in kernels:
        values, histogram = np.array(kernel), train[f"weights/{kernel.path}"]
        assert histogram[:, 2].sum() == values.size
        assert (histogram[0, 0], histogram[-1, 1]) == pytest.approx((values.min(), values.max()), abs=1e-6)


@pytest.mark.long
def test_options_and_saturated_spikes(tmp_path: Path) -> None:
    model, reporter = spiking(dense_net), listener()
    for layer in spiking_layers(model):
        layer.windows = "fixed"
        layer.width.assign(0.05)
    trained(model, [callback(model, tmp_path, reporter, histograms=False, every=3)])
    train = events(tmp_path)
    assert set(train["window/dense"]) == {0, 1}  # the last is always there
    assert train["saturated/dense"][1] > 0.5
    assert not [tag for tag in train if tag.startswith(("local_times", "weights", "thresholds"))]
    (folder,) = tmp_path.iterdir()
    assert reporter.notes == [f"TensorBoard: tensorboard --logdir {tmp_path} ({folder.name})"]
    assert folder.name.endswith("-train")
    trained(model, [callback(model, tmp_path, images=0)])
    assert len(list(tmp_path.iterdir())) == 2


def test_of_a_relu_network_there_are_no_spikes_and_files_are_closed_when_a_training_fails(tmp_path: Path) -> None:
    class Diverging(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            if epoch == 1:
                raise TrainingError("the loss is nan")

    keras.utils.clear_session(free_memory=False)
    model = dense_net()
    watching = callback(model, tmp_path)
    with pytest.raises(TrainingError):
        trained(model, [watching, Diverging()], epochs=3, lr_schedule="exponential")
    open_files = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    assert not [path for path in open_files if str(tmp_path) in path]
    train = events(tmp_path)
    assert set(train) == {
        *("epoch_loss", "epoch_accuracy", "epoch_learning_rate"),
        *(f"weights/{weight.path}" for weight in model.trainable_weights),
    }
    assert set(train["epoch_loss"]) == {0, 1}
    assert train["epoch_learning_rate"][1] == pytest.approx(float(model.optimizer.learning_rate))
    assert train["epoch_learning_rate"][1] < train["epoch_learning_rate"][0]


def test_options_and_folders_that_cannot_be(tmp_path: Path) -> None:
    model = dense_net()
    context = TrainingContext("train", model, "relu", 1, 20, samples(), None)
    for option, value in (("images", -1), ("every", 0), ("log_dir", " ")):
        with pytest.raises(UsageError, match=f"option '{option}' of training callback 'tensorboard'"):
            TensorBoard().make(context, **{option: value})  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="no folder for TensorBoard can be made") as error:
        trained(model, [callback(model, tmp_path / "file")])
    assert "log_dir" in error.value.todo
