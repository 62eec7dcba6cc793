"""What plugins register takes part in training, measuring, exporting and opening; its failures are told as theirs."""

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
    Architecture,
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
from snnctl.ttfs.hardware import Constraints, constrained
from snnctl.verbs.execute import execute
from snnctl.verbs.fresh import start_afresh
from snnctl.verbs.options import Options
from snnctl.verbs.plugin_verbs import call_plan
from snnctl.verbs.result import Result, Run
from snnctl.verbs.validation import check_names, make_options

SIZE, CLASSES = (6, 6, 1), 3


class Blobs(Dataset):
    """Three classes, told apart by which third is bright; as many samples as the option says."""

    name, summary = "blobs", "made up"
    samples = 0

    def configured(self, *, samples: int) -> Dataset:
        if samples < 1:
            raise DataError(f"{samples} samples are none")
        blobs = type(self)()
        blobs.samples, blobs.input_shape, blobs.classes = samples, SIZE, CLASSES
        return blobs

    def load(self, split: str, context: DataContext) -> Samples:
        random = np.random.default_rng(split == "test")
        labels = random.integers(CLASSES, size=self.samples)
        images = random.integers(0, 60, (self.samples, *SIZE))
        for number, label in enumerate(labels):
            images[number, 2 * label : 2 * label + 2] += 150
        return Samples(images.astype("uint8"), labels)


class Steep(NeuronModel):
    """Slope 2 and twice the weights: what a ReLU unit computes."""

    name, summary = "steep", "made up"

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 2 * W, 2 * b

    def slope(self, sums: Any) -> Any:
        return keras.ops.full_like(sums, 2.0)


class Sloped(NeuronModel):
    """A slope that depends on the weights and may be negative."""

    name, summary = "sloped", "made up"

    def slope(self, sums: Any) -> Any:
        return 0.5 + sums


class Dead(HardwareConstraint):
    """Every n-th synapse is 0, thresholds move, and spikes come late."""

    name, summary = "dead", "made up"

    def __init__(self, *, every: int = 2, late: float = 0.0) -> None:
        self.every = every
        self.late = late

    def weights(self, J: Any) -> Any:
        alive = (np.arange(int(np.prod(J.shape))) % self.every > 0).reshape(J.shape)
        return J * keras.ops.cast(alive, J.dtype)

    def thresholds(self, D: Any) -> Any:
        return D + 0.125

    def times(self, x: Any, low: Any, width: Any, seed: Any) -> Any:
        return keras.ops.where(x > low, x - self.late, x)


class Lines(Reader):
    """Reads a network from a text file: one hidden layer of that many neurons."""

    name, summary = "lines", "made up"
    suffixes = (".lines",)

    def read(self, path: Path, context: Any) -> Any:
        neurons = int(path.read_text())
        hidden = [keras.layers.Flatten(), keras.layers.Dense(neurons, activation="relu")]
        inputs = keras.Input(context.input_shape or SIZE)
        outputs = keras.layers.Dense(context.classes or CLASSES)
        return Read(keras.Sequential([inputs, *hidden, outputs]), (f"{neurons} neurons",))


class Counting(TrainingCallback):
    name, summary = "counting", "made up"

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


def do(registry: Registry, verb: str, out: Path | None = None, reporter: Any = None, **options: Any) -> Result:
    run = Run(registry, reporter or SilentReporter())
    checked = make_options(registry.verb(verb).options, options)
    check_names(checked, registry)
    return execute(registry.verb(verb), checked, run, out=out)[0]


BLOBS = {"data": "blobs", "data_opt": {"samples": 60}}
SMALL = {"arch": "fc", "arch_opt": {"widths": [7]}, **BLOBS, "epochs": 1, "batch_size": 20, "xla": "off"}


def trained(registry: Registry, out: Path, **options: Any) -> Result:
    return do(registry, "train", out, **{**SMALL, **options})


@pytest.fixture(scope="module")
def spiking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained spiking network."""
    folder = tmp_path_factory.mktemp("spiking") / "snn"
    trained(registry_with(datasets=[Blobs()]), folder, type="snn", dtype="float64")
    return folder


def test_a_data_set_gets_its_options_and_a_network_remembers_them(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()])
    relu = trained(registry, tmp_path / "relu")
    assert (relu.settings["data_opt"], relu.metrics["images"]) == ({"samples": 60}, 60)
    again = do(registry, "eval", model=str(tmp_path / "relu"))
    assert again.metrics["accuracy"] == relu.metrics["accuracy"]
    fewer = do(registry, "eval", model=str(tmp_path / "relu"), data="blobs", data_opt={"samples": "30"})
    assert (fewer.metrics["images"], fewer.settings["data_opt"]) == (30, {"samples": 30})
    converted = do(registry, "convert", model=str(tmp_path / "relu"))
    assert (converted.metrics["agreement"], converted.settings["data_opt"]) == (1.0, {"samples": 60})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"data_opt": {}}, UsageError, "option 'samples' of data set 'blobs' is required"),
        ({"data_opt": {"sample": 3}}, UsageError, "no option 'sample' of data set 'blobs'"),
        ({"data_opt": {"samples": 0}}, DataError, "0 samples are none"),
        ({"data": None}, UsageError, "data_opt without data"),
        ({"callback": {"early-stopping": {"patience": -1}}}, UsageError, "patience -1"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict, error: type, message: str, tmp_path: Path) -> None:
    with pytest.raises(error) as caught:
        trained(registry_with(datasets=[Blobs()]), tmp_path / "run", **options)
    assert message in caught.value.what
    assert not (tmp_path / "run").exists()


def test_of_two_packages_data_sets_each_is_had_by_its_package(tmp_path: Path) -> None:
    registry = registry_with(datasets=[type("Other", (Blobs,), {"name": "mnist-mini"})()])
    assert registry.dataset("mnist-mini").input_shape == (28, 28, 1)
    result = trained(registry, tmp_path / "run", data="laboratory:mnist-mini", data_opt={"samples": 20}, epochs=0)
    assert result.settings["data"] == "laboratory:mnist-mini"
    assert do(registry, "eval", model=str(tmp_path / "run")).metrics["images"] == 20


def test_neurons_of_another_slope_compute_what_they_stand_for_and_are_simulated_alike(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], neuron_models=[Steep()])
    plain, steep = (
        trained(registry, tmp_path / name, type="snn", neuron=name, epochs=0, dtype="float64")
        for name in ("b1", "steep")
    )
    inputs = np.random.default_rng(0).random((20, *SIZE))
    expected, outputs = (result.model.predict(inputs, verbose=0) for result in (plain, steep))
    assert np.max(np.abs(outputs - expected)) < 1e-12
    simulated = do(registry, "eval", model=str(tmp_path / "steep"), simulator="events").metrics["simulator"]
    assert simulated["agreement"] == 1.0
    assert set(np.broadcast_to(lower(steep.model).populations[1].B, 7)) == {2.0}


@pytest.mark.long
def test_a_slope_made_of_the_weights_is_what_the_equations_say(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], neuron_models=[Sloped()])
    result = trained(registry, tmp_path / "run", type="snn", neuron="sloped", epochs=2, dtype="float64")
    assert np.isfinite(result.metrics["loss"])
    model = keras.saving.load_model(tmp_path / "run" / "model.keras")
    layer = model.get_layer("dense_1")
    kernel = np.asarray(layer.synapses[-1].kernel)
    J, D, width = kernel.reshape(-1, kernel.shape[-1]), np.asarray(layer.D), float(layer.width.numpy())
    x = np.random.default_rng(1).random((9, J.shape[0]))
    B = 0.5 + J.sum(axis=0)
    expected = np.where(B > 0, np.clip((D + x @ J) / np.where(B > 0, B, 1), 0, width), 0)
    assert np.max(np.abs(np.asarray(layer(x.reshape(9, *layer.input.shape[1:]))) - expected)) < 1e-12
    batch = next(iter(simulate(lower(model), np.random.default_rng(2).random((4, *SIZE)))))
    assert np.isfinite(batch.logits[0]).all()


def test_a_constraint_acts_on_weights_thresholds_and_times(spiking: Path) -> None:
    registry = registry_with(datasets=[Blobs()], constraints=[Dead])
    options = {"laboratory:dead": {"every": 3, "late": 0.5}}
    measured = do(registry, "eval", model=str(spiking), constraint={"dead": {"every": "3", "late": 0.5}})
    assert measured.metrics["constraints"] == {"constraint": options}
    model = keras.saving.load_model(spiking / "model.keras")
    layer, plain = (net.get_layer("dense_1") for net in (constrained(model, Constraints(constraint=options)), model))
    x = np.random.default_rng(0).random((5, *plain.input.shape[1:]))
    kernel = np.asarray(plain.synapses[-1].kernel)
    J = (kernel * (np.arange(kernel.size) % 3 > 0).reshape(kernel.shape)).reshape(-1, kernel.shape[-1])
    z = x.reshape(5, -1) @ J + np.asarray(plain.D) + 0.125
    times = np.clip(z, 0, float(plain.width.numpy()))
    expected = np.maximum(np.where(times > 0, times - 0.5, times), 0)
    assert np.max(np.abs(np.asarray(layer(x)) - expected)) < 1e-12


@pytest.mark.long
def test_a_constraint_is_carried_trained_under_exported_and_taken_away(spiking, tmp_path, reporter):
    callback = Counting()
    registry = registry_with(datasets=[Blobs()], constraints=[Dead], callbacks=[callback])
    tuned, things = str(tmp_path / "tuned"), {"constraint": {"dead": {"every": 2}}, "callback": {"counting": {}}}
    do(registry, "finetune", Path(tuned), model=str(spiking), epochs=1, xla="off", **things)
    assert callback.told[0][:2] == ("finetune", "snn")
    assert "laboratory:dead" in do(registry, "eval", model=tuned).metrics["constraints"]["constraint"]
    assert "constraints" not in do(registry, "eval", model=tuned, constraint="none").metrics
    do(registry, "export", tmp_path / "out", reporter, model=tuned)
    assert any("laboratory:dead" in note for note in reporter.notes)
    model = keras.saving.load_model(tmp_path / "tuned" / "model.keras")
    kernel = np.asarray(model.get_layer("dense_1").synapses[-1].kernel)
    values = [value for value in vars(lower(model).projections[0]).values() if isinstance(value, np.ndarray)]
    weights = np.concatenate([value.ravel() for value in values if value.dtype.kind == "f"])
    assert np.count_nonzero(kernel) > np.count_nonzero(weights)
    with pytest.raises(SnnctlError, match="does not know the constraints of plugins"):
        do(registry, "eval", model=tuned, simulator="events")


def test_snnctls_own_constraints_can_be_chosen_by_name(spiking: Path) -> None:
    registry = registry_with(datasets=[Blobs()], constraints=[Dead])
    short = do(registry, "eval", model=str(spiking), time_bits=3, weight_bits=4, w_max=0.5)
    chosen = {"time-bits": {"value": 3}, "snnctl:weight-bits": {"value": "4", "w_max": 0.5}}
    named = do(registry, "eval", model=str(spiking), constraint=chosen)
    assert short.metrics["constraints"] == {"time_bits": 3, "weight_bits": 4, "w_max": 0.5}
    assert {**short.metrics, "plugins": None} == {**named.metrics, "plugins": None}
    twice = {"dead": {}, "laboratory:dead": {}}
    with pytest.raises(UsageError, match="constraint names the hardware constraint 'dead' a second time"):
        do(registry, "eval", model="anything", constraint=twice)


def test_a_network_of_a_plugins_things_needs_the_plugin(tmp_path: Path) -> None:
    registry = registry_with(datasets=[Blobs()], constraints=[Dead], neuron_models=[Steep()])
    trained(registry, tmp_path / "run", type="snn", neuron="steep", epochs=0, constraint="dead")
    for place, message in (
        ("neuron_models>laboratory:steep", "neuron model 'laboratory:steep' is not known"),
        ("constraints>laboratory:dead", "hardware constraint 'laboratory:dead' is not known"),
    ):
        missing = keras.saving.get_custom_objects().pop(f"snnctl.{place}")
        with pytest.raises(ModelError, match=message):
            do(registry_with(datasets=[Blobs()]), "eval", model=str(tmp_path / "run"))
        keras.saving.get_custom_objects()[f"snnctl.{place}"] = missing


def exporting(returned: Any) -> Exporter:
    """An exporter that returns this."""

    class Odd(Exporter):
        name, summary = "odd", "made up"

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


def test_a_reader_opens_files_for_every_verb(tmp_path: Path, reporter: Any) -> None:
    registry = registry_with(datasets=[Blobs()], readers=[Lines()])
    (tmp_path / "net.lines").write_text("5")
    result = do(registry, "convert", tmp_path / "snn", reporter, model=str(tmp_path / "net.lines"), **BLOBS)
    assert result.metrics["agreement"] == 1.0
    assert "5 neurons" in reporter.notes
    assert do(registry, "eval", model=str(tmp_path / "net.lines"), **BLOBS).metrics["type"] == "relu"
    (tmp_path / "net.line").write_text("5")
    with pytest.raises(ModelError) as caught:
        do(registry, "eval", model=str(tmp_path / "net.line"), **BLOBS)
    assert "Plugins read: .lines" in caught.value.todo


def test_a_callback_is_told_of_every_epoch_and_changes_nothing(spiking: Path, tmp_path: Path) -> None:
    """Early stopping ends a training that gets no better, and takes the weights of the best epoch, the first."""
    counting = Counting()
    registry = registry_with(datasets=[Blobs()], callbacks=[counting])
    callbacks = {"counting": {}, "early-stopping": {"patience": 1, "min_delta": 1e6}}
    watched = trained(registry, tmp_path / "run", type="snn", dtype="float64", epochs=6, callback=callbacks)
    figures = ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert counting.told == [("train", "snn", epoch, 60, figures) for epoch in range(2)]
    assert len(watched.history) == 2
    plain = keras.saving.load_model(spiking / "model.keras")
    for one, other in zip(watched.model.get_weights(), plain.get_weights(), strict=True):
        assert np.array_equal(one, other)


# What plugins do wrong.


class Odd(HardwareConstraint):
    """What its option says is not as it should be."""

    name, summary = "odd", "made up"

    def __init__(self, *, wrong: str = "weights") -> None:
        self.wrong = wrong

    def weights(self, J: Any) -> Any:
        return keras.ops.sum(J, axis=-1) if self.wrong == "weights" else J

    def times(self, x: Any, low: Any, width: Any, seed: Any) -> Any:
        if self.wrong == "raises":
            raise SystemExit(3)
        if self.wrong == "batch":
            return x[:1]
        return x * float("nan") if self.wrong == "infinite" else x


def neuron(**methods: Any) -> NeuronModel:
    """A neuron model with one method that is wrong."""
    return type("Wrong", (Steep,), {"name": "wrong", **methods})()


def blobs(load: Any) -> Dataset:
    return type("Wrong", (Blobs,), {"load": load})()


def net(build: Any) -> Architecture:
    def checked(self: Any, input_shape: tuple[int, ...], classes: int) -> Any:
        return build(self, input_shape, classes)

    return type("Wrong", (Architecture,), {"name": "net", "summary": "made up", "build": checked})()


def chain(*first: Any) -> keras.Model:
    return keras.Sequential([*first, keras.layers.Dense(3)])


def reading(**methods: Any) -> Reader:
    return type("Broken", (Lines,), methods)()


TRAIN = {"verb": "train", **SMALL}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {  # what the failure names, and what leads to it
    "datasets": ("blobs", TRAIN),
    "architectures": ("architecture 'net' (", {**TRAIN, "arch": "net", "arch_opt": {}}),
    "neuron_models": ("neuron model 'wrong'", {**TRAIN, "type": "snn", "epochs": 0, "neuron": "wrong"}),
    "constraints": ("hardware constraint 'odd'", {"verb": "eval", "model": "SPIKING"}),
    "exporters": ("exporter 'odd'", {"verb": "export", "model": "SPIKING", "to": "odd"}),
    "readers": ("reader 'lines'", {"verb": "eval", "model": "LINES", **BLOBS}),
    "callbacks": ("training callback 'counting'", TRAIN),
}


@pytest.mark.parametrize(
    ("kind", "thing", "options", "message"),
    [
        ("datasets", blobs(lambda *_: 1 / 0), {}, "load failed for the train split: ZeroDivisionError"),
        ("datasets", blobs(lambda *_: None), {}, "returned a NoneType instead of Samples"),
        ("architectures", net(lambda *_: 1 / 0), {}, "build failed for inputs (6, 6, 1) and 3 classes: ZeroDivision"),
        ("architectures", net(print), {}, "build did not return a Keras model"),
        ("architectures", net(lambda *_: chain()), {}, "the shapes of its network are not known"),
        ("architectures", net(lambda *_: chain(keras.Input((4,)))), {}, "its network maps (None, 4) to (None, 3), not"),
        ("neuron_models", neuron(parameters=lambda self, W, b: (W.T, b)), {}, "parameters returned arrays of shapes"),
        ("neuron_models", neuron(slope=lambda _, sums: keras.ops.sum(sums)), {}, "slope returned a tensor of shape"),
        ("constraints", Odd, {"constraint": {"odd": {"wrong": "weights"}}}, "weights returned a tensor of shape"),
        ("constraints", Odd, {"constraint": {"odd": {"wrong": "batch"}}}, "times returned a tensor of shape (1, "),
        ("constraints", Odd, {"constraint": {"odd": {"wrong": "raises"}}}, "times failed: SystemExit: 3"),
        ("exporters", exporting({}), {}, "export returned dict {}"),
        ("exporters", exporting({"../away": b""}), {}, "a file called '../away'"),
        ("exporters", exporting({"a": 3}), {}, "export returned int for the file a"),
        ("exporters", exporting(lambda *_: 1 / 0), {}, "export failed: ZeroDivisionError"),
        ("readers", reading(read=lambda *_: 3), {}, "read returned int, which is no built Keras model"),
        ("readers", reading(recognises=lambda *_: 1 / 0), {}, "recognises failed: ZeroDivisionError"),
        ("callbacks", Counting(), {"callback": {"counting": {"fails": "make"}}}, "make failed: SystemExit"),
        ("callbacks", Counting(), {"callback": {"counting": {"returns": "false"}}}, "make returned NoneType"),
        (
            "callbacks",
            Counting(),
            {"callback": {"counting": {"fails": "epoch"}}},
            "on_epoch_end failed: RuntimeError: b",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_thing_does_wrong_is_its_failure(spiking, tmp_path, kind, thing, options, message):
    (tmp_path / "net.lines").write_text("5")
    where, call = CALLS[kind]
    call = {**call, **options}
    if "model" in call:
        call["model"] = {"SPIKING": str(spiking), "LINES": str(tmp_path / "net.lines")}[call["model"]]
    registry = registry_with(**{"datasets": [Blobs()], kind: [thing]})
    with pytest.raises(SnnctlError) as caught:
        do(registry, call.pop("verb"), tmp_path / "out", **call)
    assert isinstance(caught.value, DataError if "Samples" in message else PluginError)
    assert message in caught.value.what
    assert where in caught.value.where
    assert not (tmp_path / "out").exists()


def test_nan_under_a_constraint_is_a_warning(spiking: Path, reporter: Any) -> None:
    registry = registry_with(datasets=[Blobs()], constraints=[Odd])
    do(registry, "eval", None, reporter, model=str(spiking), constraint={"odd": {"wrong": "infinite"}})
    [warning] = [text for text in reporter.warnings if "NaN or infinite" in text]
    for word in ("loss", "hardware constraint", "odd"):
        assert word in warning


RETURNED: dict[str, Any] = {}
"""What the step below returns, under "value"."""


class StepOptions(Options):
    seed: str = "a text"


def step(options: StepOptions, run: Run) -> Any:
    value = RETURNED["value"]
    if isinstance(value, type):
        raise value
    return value


STEP = Verb(
    "odd", "made up", f"{__name__}:StepOptions", f"{__name__}:step", makes_model=False, plan_path=f"{__name__}:step"
)


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
        (None, "returned NoneType, which is no Result"),
        (result(metrics=endless()), "metrics of its result: its figure"),
        (result(metrics={"a": "\ud800"}), "which is no text"),
        (result(settings={"a": object()}), "which is no plain data"),
        (result(model="text"), "model of its result is str"),
        (result(failure="text"), "failure of its result is 'text'"),
        (result(files={"../../ESCAPED.txt": "x"}), "which cannot be written"),
        (result(files={"a.txt": "\ud800"}), "that UTF-8 cannot hold"),
        (result(files={"a.txt": 3}), "returned int for the file a.txt"),
    ],
)
def test_what_a_step_returns_is_checked(tmp_path: Path, value: Any, message: str) -> None:
    RETURNED["value"] = value
    with pytest.raises(PluginError) as caught:
        execute(STEP, StepOptions(), Run(registry_with(steps=[STEP])), out=tmp_path / "a" / "run")
    assert message in caught.value.what
    assert caught.value.where.startswith("step 'odd' (")
    assert list(tmp_path.iterdir()) == []


def test_what_a_step_plans_is_checked() -> None:
    RETURNED["value"] = endless()
    with pytest.raises(PluginError, match="its plan: its figure"):
        call_plan(STEP, StepOptions(), Run(registry_with(steps=[STEP])))


def test_a_step_whose_seed_is_a_text_is_recorded(tmp_path: Path) -> None:
    RETURNED["value"] = result(settings={"where": Path("here")}, files={"a.txt": "x"})
    start_afresh(StepOptions().seed)
    execute(STEP, StepOptions(), Run(registry_with(steps=[STEP])), out=tmp_path / "run")
    assert (tmp_path / "run" / "a.txt").read_text() == "x"
    assert '"seed": null' in (tmp_path / "run" / "run.json").read_text()
