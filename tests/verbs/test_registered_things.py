"""What plugins register takes part in training, measuring, exporting and opening; its failures are told as theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fake_package import registry_with
from snnctl.errors import DataError, ModelError, PluginError, SnnctlError, UsageError
from snnctl.events import simulate
from snnctl.lowering import lower
from snnctl.plugins import (
    DataContext,
    Dataset,
    Exporter,
    HardwareConstraint,
    NeuronModel,
    Read,
    Reader,
    Registry,
    Samples,
    TrainingCallback,
    Verb,
)
from snnctl.progress import SilentReporter
from snnctl.ttfs.hardware import Constraints, constrained, constraints_of
from snnctl.verbs.execute import execute
from snnctl.verbs.options import Options
from snnctl.verbs.plugin_verbs import call_plan
from snnctl.verbs.result import Result, Run
from snnctl.verbs.validation import check_names, make_options

SIZE, CLASSES = (6, 6, 1), 3


class Blobs(Dataset):
    """Three classes, told apart by which third is bright; as many samples as the option says."""

    name = "blobs"
    summary = "made up"
    samples = 0

    def configured(self, *, samples: int, seed: int = 0) -> Dataset:
        if samples < 1:
            raise DataError(f"{samples} samples are none")
        made = Blobs()
        made.samples, made.seed = samples, seed
        made.input_shape, made.classes = SIZE, CLASSES
        return made

    def load(self, split: str, context: DataContext) -> Samples:
        random = np.random.default_rng(self.seed + (split == "test"))
        labels = random.integers(CLASSES, size=self.samples)
        images = random.integers(0, 60, (self.samples, *SIZE))
        for number, label in enumerate(labels):
            images[number, 2 * label : 2 * label + 2] += 150
        return Samples(images.astype("uint8"), labels)


class Steep(NeuronModel):
    """Slope 2 and twice the weights: what a ReLU unit computes."""

    name = "steep"
    summary = "made up"

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 2 * W, 2 * b

    def slope(self, sums: Any) -> Any:
        return keras.ops.full_like(sums, 2.0)


class Sloped(NeuronModel):
    """A slope that depends on the weights and may be negative."""

    name = "sloped"
    summary = "made up"

    def slope(self, sums: Any) -> Any:
        return 0.5 + sums


class Dead(HardwareConstraint):
    """Every n-th synapse is 0, thresholds move, and spikes come late."""

    name = "dead"
    summary = "made up"

    def __init__(self, *, every: int = 2, late: float = 0.0) -> None:
        self.every = every
        self.late = late

    def weights(self, J: Any) -> Any:
        size = int(np.prod(J.shape))
        alive = (np.arange(size) % self.every > 0).reshape(J.shape)
        return J * keras.ops.cast(alive, J.dtype)

    def thresholds(self, D: Any) -> Any:
        return D + 0.125

    def times(self, x: Any, low: Any, width: Any, seed: Any) -> Any:
        return keras.ops.where(x > low, x - self.late, x)


@dataclass
class Told:
    """A reporter that keeps what it is told."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(SilentReporter(), name)


def do(registry: Registry, verb: str, out: Path | None = None, reporter: Any = None, **options: Any) -> Result:
    """The verb, as the command line calls it."""
    run = Run(registry, reporter or SilentReporter())
    checked = make_options(registry.verb(verb).options, options)
    check_names(checked, registry)
    return execute(registry.verb(verb), checked, run, out=out)[0]


BLOBS = {"data": "blobs", "data_opt": {"samples": 60}}
SMALL = {"arch": "fc", "arch_opt": {"widths": [7]}, **BLOBS, "epochs": 1, "batch_size": 20}


def trained(registry: Registry, out: Path, **options: Any) -> Result:
    return do(registry, "train", out, **{**SMALL, **options})


# Data sets with options.


def test_a_data_set_gets_its_options_and_a_network_remembers_them(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()])
    made = trained(registry, tmp_path / "relu")
    assert made.settings["data_opt"] == {"samples": 60}
    assert made.metrics["images"] == 60
    again = do(registry, "eval", model=str(tmp_path / "relu"))
    assert again.metrics["accuracy"] == made.metrics["accuracy"]
    fewer = do(registry, "eval", model=str(tmp_path / "relu"), data="blobs", data_opt={"samples": "30"})
    assert (fewer.metrics["images"], fewer.settings["data_opt"]) == (30, {"samples": 30})
    converted = do(registry, "convert", tmp_path / "snn", model=str(tmp_path / "relu"))
    assert (converted.metrics["agreement"], converted.settings["data_opt"]) == (1.0, {"samples": 60})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"data_opt": {}}, UsageError, "option 'samples' of data set 'blobs' is required"),
        ({"data_opt": {"sample": 3}}, UsageError, "no option 'sample' of data set 'blobs'"),
        ({"data_opt": {"samples": "many"}}, UsageError, "option 'samples' of data set 'blobs' is 'many'"),
        ({"data_opt": {"samples": 0}}, DataError, "0 samples are none"),
        ({"data": None}, UsageError, "data_opt without data"),
        ({"data": "laboratory:blobz"}, PluginError, "no data set called 'laboratory:blobz'"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict, error: type, message: str, tmp_path: Path) -> None:
    with pytest.raises(error) as caught:
        trained(registry_with(datasets=[Blobs()]), tmp_path / "run", **options)
    assert message in caught.value.what
    assert not (tmp_path / "run").exists()


def test_of_two_packages_data_sets_each_is_had_by_its_package(tmp_path: Path) -> None:
    other = type("Other", (Blobs,), {"name": "mnist-mini"})()
    registry = registry_with(datasets=[other])
    assert registry.dataset("mnist-mini").input_shape == (28, 28, 1)
    made = trained(registry, tmp_path / "run", data="laboratory:mnist-mini", data_opt={"samples": 20})
    assert made.settings["data"] == "laboratory:mnist-mini"
    assert do(registry, "eval", model=str(tmp_path / "run")).metrics["images"] == 20


# Neuron models.


def test_neurons_of_another_slope_compute_what_they_stand_for_and_are_simulated_alike(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], neuron_models=[Steep()])
    plain, steep = (
        trained(registry, tmp_path / name, type="snn", neuron=name, epochs=0, dtype="float64")
        for name in ("b1", "steep")
    )
    inputs = np.random.default_rng(0).random((20, *SIZE))
    expected, found = (result.model.predict(inputs, verbose=0) for result in (plain, steep))
    assert np.max(np.abs(found - expected)) < 1e-12
    simulated = do(registry, "eval", model=str(tmp_path / "steep"), simulator="events").metrics["simulator"]
    assert simulated["agreement"] == 1.0
    B = lower(steep.model).populations[1].B
    assert set(np.broadcast_to(B, 7)) == {2.0}


@pytest.mark.long
def test_a_slope_made_of_the_weights_is_what_the_equations_say(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], neuron_models=[Sloped()])
    result = trained(registry, tmp_path / "run", type="snn", neuron="sloped", epochs=2, dtype="float64")
    assert np.isfinite(result.metrics["loss"])
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    layer = next(layer for layer in model.layers if layer.name == "dense_1")
    kernel = np.asarray(layer.synapses[-1].kernel)
    J, D, width = kernel.reshape(-1, kernel.shape[-1]), np.asarray(layer.D), float(layer.width.numpy())
    x = np.random.default_rng(1).random((9, J.shape[0]))
    B = 0.5 + J.sum(axis=0)
    assert (B < 0).any() or (B > 0).all()
    z = D + x @ J
    expected = np.where(B > 0, np.clip(z / np.where(B > 0, B, 1), 0, width), 0)
    found = np.asarray(layer(x.reshape(9, *layer.input.shape[1:])))
    assert np.max(np.abs(found - expected)) < 1e-12
    batch = next(iter(simulate(lower(model), np.random.default_rng(2).random((4, *SIZE)))))
    assert np.isfinite(batch.logits[0]).all()


@pytest.mark.long
def test_a_network_of_a_plugins_neurons_needs_the_plugin(tmp_path: Path) -> None:
    trained(registry_with(datasets=[Blobs()], neuron_models=[Steep()]), tmp_path / "run", type="snn", neuron="steep")
    del keras.saving.get_custom_objects()["snnctl.neuron_models>laboratory:steep"]
    with pytest.raises(ModelError, match="neuron model 'laboratory:steep' is not known"):
        do(registry_with(datasets=[Blobs()]), "eval", model=str(tmp_path / "run"))


def test_parameters_of_another_shape_are_the_plugins_failure(tmp_path: Path) -> None:
    wrong = type("Wrong", (Steep,), {"name": "wrong", "parameters": lambda self, W, b: (W.T, b)})()
    with pytest.raises(PluginError, match="parameters returned arrays of shapes") as caught:
        trained(registry_with(datasets=[Blobs()], neuron_models=[wrong]), tmp_path / "run", type="snn", neuron="wrong")
    assert "neuron model 'wrong'" in caught.value.where


# Hardware constraints.


@pytest.fixture(scope="module")
def spiking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained spiking network."""
    folder = tmp_path_factory.mktemp("spiking") / "snn"
    trained(registry_with(datasets=[Blobs()]), folder, type="snn", epochs=2, dtype="float64")
    return folder


def test_a_constraint_acts_on_weights_thresholds_and_times(spiking: Path) -> None:
    registry = registry_with(datasets=[Blobs()], constraints=[Dead])
    found = do(registry, "eval", model=str(spiking), constraint={"dead": {"every": "3", "late": 0.5}})
    assert found.metrics["constraints"] == {"constraint": {"laboratory:dead": {"every": 3, "late": 0.5}}}
    model = keras.saving.load_model(spiking / "model.keras")
    held = constrained(model, Constraints(constraint={"laboratory:dead": {"every": 3, "late": 0.0}}))
    layer, plain = (net.get_layer("dense_1") for net in (held, model))
    x = np.random.default_rng(0).random((5, *plain.input.shape[1:]))
    kernel = np.asarray(plain.synapses[-1].kernel)
    J = (kernel * (np.arange(kernel.size) % 3 > 0).reshape(kernel.shape)).reshape(-1, kernel.shape[-1])
    z = x.reshape(5, -1) @ J + np.asarray(plain.D) + 0.125
    assert np.max(np.abs(np.asarray(layer(x)) - np.clip(z, 0, float(plain.width.numpy())))) < 1e-12
    late = constrained(model, Constraints(constraint={"laboratory:dead": {"every": 3, "late": 0.5}}))
    times = np.clip(z, 0, float(plain.width.numpy()))
    expected = np.maximum(np.where(times > 0, times - 0.5, times), 0)
    assert np.max(np.abs(np.asarray(late.get_layer("dense_1")(x)) - expected)) < 1e-12


@pytest.mark.long
def test_a_constraint_is_carried_trained_under_exported_and_taken_away(spiking: Path, tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], constraints=[Dead])
    do(registry, "finetune", tmp_path / "tuned", model=str(spiking), epochs=1, constraint={"dead": {"every": 2}})
    carried = do(registry, "eval", model=str(tmp_path / "tuned"))
    assert "laboratory:dead" in carried.metrics["constraints"]["constraint"]
    assert "constraints" not in do(registry, "eval", model=str(tmp_path / "tuned"), constraint="none").metrics
    told = Told()
    do(registry, "export", tmp_path / "out", model=str(tmp_path / "tuned"), reporter=told)
    assert any("laboratory:dead" in note for note in told.notes)
    model = keras.saving.load_model(tmp_path / "tuned" / "model.keras")
    kernel = np.asarray(model.get_layer("dense_1").synapses[-1].kernel)
    weights = lower(model).projections[0]
    assert np.count_nonzero(kernel) > np.count_nonzero(_values(weights))
    with pytest.raises(SnnctlError, match="does not know the constraints of plugins"):
        do(registry, "eval", model=str(tmp_path / "tuned"), simulator="events")


def _values(projection: Any) -> np.ndarray:
    return np.concatenate([np.asarray(value).ravel() for value in vars(projection).values() if _is_weights(value)])


def _is_weights(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def test_snnctls_own_constraints_can_be_chosen_by_name(spiking: Path) -> None:
    registry = registry_with(datasets=[Blobs()])
    short = do(registry, "eval", model=str(spiking), time_bits=3, weight_bits=4, w_max=0.5)
    named = do(
        registry,
        "eval",
        model=str(spiking),
        constraint={"time-bits": {"value": 3}, "snnctl:weight-bits": {"value": "4", "w_max": 0.5}},
    )
    assert short.metrics["constraints"] == {"time_bits": 3, "weight_bits": 4, "w_max": 0.5}
    assert {**short.metrics, "plugins": None} == {**named.metrics, "plugins": None}


def test_a_network_under_a_plugins_constraint_needs_the_plugin(spiking: Path, tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], constraints=[Dead])
    do(registry, "finetune", tmp_path / "tuned", model=str(spiking), epochs=0, constraint="dead")
    del keras.saving.get_custom_objects()["snnctl.constraints>laboratory:dead"]
    with pytest.raises(SnnctlError, match="hardware constraint 'laboratory:dead' is not known"):
        do(registry_with(datasets=[Blobs()]), "eval", model=str(tmp_path / "tuned"))


def test_constraints_of_plugins_are_part_of_the_layers_configuration(spiking: Path) -> None:
    do(registry_with(datasets=[Blobs()], constraints=[Dead]), "eval", model=str(spiking))
    model = keras.saving.load_model(spiking / "model.keras")
    held = constrained(model, Constraints(constraint={"laboratory:dead": {"every": 4, "late": 0.0}}, seed=5))
    assert constraints_of(held).in_force() == {
        "seed": 5,
        "constraint": {"laboratory:dead": {"every": 4, "late": 0.0}},
    }
    with pytest.raises((ValueError, TypeError), match="does not take"):
        constrained(model, Constraints(constraint={"laboratory:dead": {"often": 4}}))(np.zeros((1, *SIZE)))


# Exporters.


def exporting(returned: Any) -> Exporter:
    """An exporter that returns this."""

    class Odd(Exporter):
        name = "odd"
        summary = "made up"

        def export(self, network, context, *, scale: float = 1.0):
            return returned(network, context, scale) if callable(returned) else returned

    return Odd()


def test_an_exporter_writes_its_files_into_the_run_folder(spiking: Path, tmp_path: Path) -> None:
    files = lambda network, context, scale: {"a.txt": f"{len(network.populations)} {scale}", "b.bin": b"\0"}  # noqa: E731
    registry = registry_with(exporters=[exporting(files)])
    result = do(registry, "export", tmp_path / "out", model=str(spiking), to="odd", to_opt={"scale": "2.5"})
    assert (tmp_path / "out" / "a.txt").read_text() == "2 2.5"
    assert (result.settings["to"], result.settings["to_opt"]) == ("odd", {"scale": 2.5})
    assert result.metrics["files"] == {"a.txt": 5, "b.bin": 1}


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "export returned NoneType None, which are no files"),
        ({}, "export returned dict {}"),
        ({"../away": b""}, "a file called '../away'"),
        ({"run.json": b""}, "a file called 'run.json'"),
        ({3: b""}, "a file called 3"),
        ({"a": 3}, "export returned int for the file a"),
        (lambda network, context, scale: 1 / 0, "export failed: ZeroDivisionError"),
    ],
)
def test_what_are_no_files_is_the_exporters_failure(spiking: Path, tmp_path: Path, returned: Any, message: str) -> None:
    with pytest.raises(PluginError) as caught:
        do(registry_with(exporters=[exporting(returned)]), "export", tmp_path / "out", model=str(spiking), to="odd")
    assert message in caught.value.what
    assert "exporter 'odd'" in caught.value.where
    assert not (tmp_path / "out").exists()


# Readers.


class Lines(Reader):
    """Reads a network from a text file: one hidden layer of that many neurons."""

    name = "lines"
    summary = "made up"
    suffixes = (".lines",)

    def read(self, path: Path, context: Any) -> Any:
        neurons = int(path.read_text())
        layers = [
            keras.Input(context.input_shape or SIZE),
            keras.layers.Flatten(),
            keras.layers.Dense(neurons, activation="relu"),
            keras.layers.Dense(context.classes or CLASSES),
        ]
        return Read(keras.Sequential(layers), (f"{neurons} neurons",))


def test_a_reader_opens_files_for_every_verb(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], readers=[Lines()])
    (tmp_path / "net.lines").write_text("5")
    told = Told()
    result = do(registry, "convert", tmp_path / "snn", told, model=str(tmp_path / "net.lines"), **BLOBS)
    assert result.metrics["agreement"] == 1.0
    assert "5 neurons" in told.notes
    assert do(registry, "eval", model=str(tmp_path / "net.lines"), **BLOBS).metrics["type"] == "relu"


@pytest.mark.parametrize(
    ("method", "returned", "message"),
    [
        ("read", lambda self, path, context: 3, "read returned int, which is no built Keras model"),
        ("read", lambda self, path, context: exit(), "SystemExit"),
        ("recognises", lambda self, path: 1 / 0, "recognises failed: ZeroDivisionError"),
    ],
)
def test_what_a_reader_does_wrong_is_its_failure(tmp_path: Path, method: str, returned: Any, message: str) -> None:
    broken = type("Broken", (Lines,), {method: returned})()
    (tmp_path / "net.lines").write_text("5")
    with pytest.raises(PluginError) as caught:
        do(registry_with(datasets=[Blobs()], readers=[broken]), "eval", model=str(tmp_path / "net.lines"), **BLOBS)
    assert message in caught.value.what
    assert "reader 'lines'" in caught.value.where


def test_a_file_that_nobody_reads_is_told_what_plugins_read(tmp_path: Path) -> None:
    (tmp_path / "net.line").write_text("5")
    with pytest.raises(ModelError) as caught:
        do(registry_with(datasets=[Blobs()], readers=[Lines()]), "eval", model=str(tmp_path / "net.line"), **BLOBS)
    assert "Plugins read: .lines" in caught.value.todo


# Training callbacks.


class Counting(TrainingCallback):
    """Writes down what it is told."""

    name = "counting"
    summary = "made up"

    def __init__(self) -> None:
        self.told: list[Any] = []

    def make(self, context: Any, *, fails: str = "", returns: bool = True) -> Any:
        told = self.told

        class Watching(keras.callbacks.Callback):
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                if fails == "epoch":
                    raise RuntimeError("boo")
                told.append((context.verb, context.kind, epoch, len(context.train), sorted(logs)))

        if fails == "make":
            raise SystemExit
        return Watching() if returns else None


@pytest.mark.parametrize("kind", [pytest.param("relu", marks=pytest.mark.long), "snn"])
def test_a_callback_is_told_of_every_epoch_and_changes_nothing(kind: str, tmp_path: Path) -> None:
    callback = Counting()
    registry = registry_with(datasets=[Blobs()], callbacks=[callback])
    watched = trained(registry, tmp_path / "run", type=kind, epochs=3, callback="counting")
    figures = ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert callback.told == [("train", kind, epoch, 60, figures) for epoch in range(3)]
    plain = trained(registry, tmp_path / "plain", type=kind, epochs=3)
    for one, other in zip(watched.model.get_weights(), plain.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    do(registry, "finetune", model=str(tmp_path / "run"), epochs=1, callback={"counting": {}})
    assert callback.told[-1][:2] == ("finetune", kind)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fails": "make"}, "make failed: SystemExit"),
        ({"fails": "epoch"}, "on_epoch_end failed: RuntimeError: boo"),
        ({"returns": "false"}, "make returned NoneType"),
    ],
)
def test_what_a_callback_does_wrong_is_its_failure(options: dict, message: str, tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], callbacks=[Counting()])
    with pytest.raises(PluginError) as caught:
        trained(registry, tmp_path / "run", callback={"counting": options})
    assert message in caught.value.what
    assert "training callback 'counting'" in caught.value.where
    assert not (tmp_path / "run").exists()


def test_early_stopping_ends_a_training_that_gets_no_better(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()])
    options = {"epochs": 6, "callback": {"early-stopping": {"patience": 1, "min_delta": 1e6}}}
    assert len(trained(registry, tmp_path / "run", **options).history) == 2
    with pytest.raises(UsageError, match="patience -1"):
        trained(registry, tmp_path / "other", callback={"early-stopping": {"patience": -1}})


# What plugins return inside networks, and from steps.


class Reshaped(HardwareConstraint):
    """What its option says is not as it should be."""

    name = "reshaped"
    summary = "made up"

    def __init__(self, *, wrong: str = "weights") -> None:
        self.wrong = wrong

    def weights(self, J: Any) -> Any:
        return keras.ops.sum(J, axis=-1) if self.wrong == "weights" else J

    def thresholds(self, D: Any) -> Any:
        return keras.ops.cast(D, "float16") if self.wrong == "thresholds" else D

    def times(self, x: Any, low: Any, width: Any, seed: Any) -> Any:
        if self.wrong == "infinite":
            return x * float("nan")
        if self.wrong == "raises":
            raise SystemExit(3)
        return None if self.wrong == "times" else x


class Flat(NeuronModel):
    """A slope that is one number."""

    name = "flat"
    summary = "made up"

    def slope(self, sums: Any) -> Any:
        return keras.ops.sum(sums)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("weights", "weights returned a tensor of shape"),
        ("thresholds", "thresholds returned a tensor of float16, not float"),
        ("times", "times failed: ValueError"),
        ("raises", "times failed: SystemExit: 3"),
    ],
)
def test_what_a_constraint_returns_is_checked(spiking: Path, wrong: str, message: str) -> None:
    registry = registry_with(datasets=[Blobs()], constraints=[Reshaped])
    with pytest.raises(PluginError) as caught:
        do(registry, "eval", model=str(spiking), constraint={"reshaped": {"wrong": wrong}})
    assert message in caught.value.what
    assert "hardware constraint 'reshaped'" in caught.value.where
    assert "\x1b" not in str(caught.value)


def test_nan_under_a_constraint_is_a_warning(spiking: Path) -> None:
    registry, told = registry_with(datasets=[Blobs()], constraints=[Reshaped]), Told()
    do(registry, "eval", None, told, model=str(spiking), constraint={"reshaped": {"wrong": "infinite"}})
    [warning] = [text for text in told.warnings if "NaN or infinite" in text]
    assert "loss" in warning
    assert "hardware constraint" in warning
    assert "reshaped" in warning


def test_what_a_neuron_returns_is_checked(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], neuron_models=[Flat()])
    with pytest.raises(PluginError, match="slope returned a tensor of shape") as caught:
        trained(registry, tmp_path / "snn", type="snn", neuron="flat")
    assert "neuron model 'flat'" in caught.value.where
    assert not (tmp_path / "snn").exists()


def test_the_same_thing_cannot_be_chosen_twice() -> None:
    registry = registry_with(constraints=[Reshaped])
    twice = {"reshaped": {}, registry.qualified("constraints", "reshaped"): {}}
    with pytest.raises(UsageError, match="constraint names the hardware constraint 'reshaped' a second time"):
        do(registry, "eval", model="anything", constraint=twice)


def test_only_what_keras_calls_is_watched() -> None:
    from snnctl.verbs.callbacks import _guarded

    class Odd(keras.callbacks.Callback):
        on_the_side = 3

        @property
        def on_demand(self) -> int:
            return 4

        @property
        def on_epoch_begin(self) -> Any:
            return lambda *arguments: 5

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise SystemExit

    callback = _guarded(Odd(), "training callback 'odd' (odd)")
    assert (callback.on_the_side, callback.on_demand, callback.on_epoch_begin(1)) == (3, 4, 5)
    with pytest.raises(PluginError, match="on_epoch_end failed: SystemExit"):
        callback.on_epoch_end(1)


RESULT: dict[str, Any] = {}
"""What the step returns, under "value"."""


class StepOptions(Options):
    """Of the step; its seed is none."""

    seed: str = "a text"


def step(options: StepOptions, run: Run) -> Any:
    value = RESULT["value"]
    if isinstance(value, type):
        raise value
    return value


def endless() -> dict[str, Any]:
    figures: dict[str, Any] = {}
    figures["itself"] = figures
    return figures


def result(**parts: Any) -> Result:
    return Result(**{"verb": "odd", "metrics": {}, "settings": {}, **parts})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (SystemExit, "it failed: SystemExit"),
        (ValueError, "it failed: ValueError"),
        (None, "returned NoneType, which is no Result"),
        (result(metrics=endless()), "metrics of its result: its figure"),
        (result(metrics={"a": "\ud800"}), "which is no text"),
        (result(settings={"a": object()}), "which is no plain data"),
        (result(model="text"), "model of its result is str"),
        (result(failure="text"), "failure of its result is 'text'"),
        (result(files={"../../ESCAPED.txt": "x"}), "which cannot be written"),
        (result(files={"run.json": "x"}), "which cannot be written"),
        (result(files={"Model.keras": "x"}), "which cannot be written"),
        (result(files={"a.txt": "\ud800"}), "that UTF-8 cannot hold"),
        (result(files={"a.txt": 3}), "returned int for the file a.txt"),
    ],
)
def test_what_a_step_returns_is_checked(tmp_path: Path, value: Any, message: str) -> None:
    RESULT["value"] = value
    verb = Verb("odd", "made up", f"{__name__}:StepOptions", f"{__name__}:step", makes_model=False)
    with pytest.raises(PluginError) as caught:
        execute(verb, StepOptions(), Run(registry_with(steps=[verb])), out=tmp_path / "a" / "run")
    assert message in caught.value.what
    assert caught.value.where.startswith("step 'odd' (")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (SystemExit, "its plan failed: SystemExit"),
        (None, "its plan"),
        ({"a": object()}, "which is no plain data"),
        (endless(), "its plan: its figure"),
    ],
)
def test_what_a_step_plans_is_checked(value: Any, message: str) -> None:
    RESULT["value"] = value
    names = (f"{__name__}:StepOptions", f"{__name__}:step")
    verb = Verb("odd", "made up", *names, makes_model=False, plan_path=names[1])
    with pytest.raises(PluginError) as caught:
        call_plan(verb, StepOptions(), Run(registry_with(steps=[verb])))
    assert message in caught.value.what
    assert caught.value.where.startswith("step 'odd' (")


def test_a_step_whose_seed_is_a_text_is_recorded(tmp_path: Path) -> None:
    from snnctl.verbs.fresh import start_afresh

    RESULT["value"] = result(settings={"where": Path("here")}, files={"a.txt": "x"})
    verb = Verb("odd", "made up", f"{__name__}:StepOptions", f"{__name__}:step", makes_model=False)
    start_afresh(StepOptions().seed)
    execute(verb, StepOptions(), Run(registry_with(steps=[verb])), out=tmp_path / "run")
    assert (tmp_path / "run" / "a.txt").read_text() == "x"
    assert '"seed": null' in (tmp_path / "run" / "run.json").read_text()
