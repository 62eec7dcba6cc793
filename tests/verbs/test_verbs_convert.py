"""``snnctl.convert`` with data of the caller's own, in memory and in files."""

from collections import UserList
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import snnctl
from model_files import save_weights_keras2
from snnctl.errors import AgreementError, ConversionError, DataError, ModelError, UsageError
from snnctl.plugins import load_registry

UNIT = [0.0, 1.0]


def unit(pixels: np.ndarray) -> np.ndarray:
    return pixels / np.float32(255)


def dense(*shape: int, classes: int = 10) -> keras.Model:
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes)])


def test_an_array_and_a_model_without_touching_the_disk(net, pixels, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = [weight.numpy() for weight in net.weights]
    result = snnctl.convert(net, calibration=unit(pixels))
    assert not list(tmp_path.iterdir())
    assert all((old == new.numpy()).all() for old, new in zip(before, net.weights, strict=True))
    metrics = result.metrics
    assert (metrics["agreement"], metrics["images"], metrics["calibration_images"]) == (1.0, 120, 120)
    assert metrics["max_logit_difference"] < 1e-4
    assert metrics["saturated"] == metrics["out_of_range"] == 0
    assert "accuracy" not in metrics
    assert metrics["warnings"] == []
    assert [result.settings[name] for name in ("data", "preprocess", "input_range")] == [None, None, UNIT]
    logits = result.model.predict(unit(pixels), verbose=0)  # type: ignore[union-attr]
    assert (logits.argmax(-1) == net.predict(unit(pixels), verbose=0).argmax(-1)).all()


@pytest.mark.parametrize("kind", ["array", "dataset", "generator", "npz", "sequence"])
def test_labels_give_accuracies(net, pixels, labels, kind, tmp_path):
    x = unit(pixels)
    batches = [(x[:50], labels[:50]), (x[50:], labels[50:])]
    np.savez_compressed(tmp_path / "d.npz", x=pixels[..., 0], y=labels)
    calibration = {
        "array": lambda: x,
        # Shuffled anew every time: labels must stay with their samples.
        "dataset": lambda: tf.data.Dataset.from_tensor_slices((x, labels)).shuffle(120).batch(17),
        "generator": lambda: lambda: iter(batches),
        "npz": lambda: tmp_path / "d.npz",
        "sequence": lambda: UserList(batches),
    }[kind]()
    options = {"labels": labels} if kind == "array" else {}
    metrics = snnctl.convert(net, calibration=calibration, batch_size=50, **options).metrics
    assert (metrics["accuracy"], metrics["source_accuracy"], metrics["images"]) == (0.75, 0.75, 120)
    assert metrics["agreement"] == 1.0
    assert np.sum(metrics["confusion_matrix"]) == 120
    assert "outputs" not in metrics


@pytest.mark.parametrize(
    ("stored", "options", "input_range", "preprocess"),
    [
        ("uint8", {}, UNIT, "unit"),
        ("uint8", {"preprocess": "raw"}, [0.0, 255.0], "raw"),
        ("unit", {}, UNIT, None),
        ("half", {}, [0.0, 0.5], None),
        ("half", {"input_range": (0, 1)}, UNIT, None),
        ("float", {"preprocess": "mean=127.5,std=127.5"}, [-1.0, 1.0], None),
        ("offset", {"preprocess": "raw"}, [1000.0, 1255.0], "raw"),
    ],
)
def test_preprocessing_and_range(net, pixels, stored, options, input_range, preprocess):
    values = {
        "unit": lambda: unit(pixels),
        "half": lambda: unit(pixels).astype("float64") / 2,
        "float": lambda: pixels.astype("float16"),
        "offset": lambda: pixels.astype("int32") + 1000,
    }.get(stored, lambda: pixels.astype(stored))()
    result = snnctl.convert(net, calibration=values, verify="full", **options)
    assert result.settings["input_range"] == pytest.approx(input_range)
    assert result.settings["preprocess"] == preprocess
    assert result.metrics["out_of_range"] == 0
    assert result.metrics["agreement"] == 1.0


def test_limits(net: keras.Model, pixels: np.ndarray) -> None:
    def figures(calibration: Any = pixels, **options: Any) -> tuple[int, int]:
        metrics = snnctl.convert(net, calibration=calibration, **options).metrics
        return metrics["calibration_images"], metrics.get("images", 0)

    assert figures(limit=30, calibration_images=20, verify="full") == (20, 30)
    assert figures(verify="none") == (120, 0)
    many = np.tile(pixels, (10, 1, 1, 1))
    assert (figures(many), figures(many, verify="full")) == ((1200, 1000), (1200, 1200))
    endless = tf.data.Dataset.from_tensor_slices(pixels).batch(32).repeat()
    with pytest.raises(UsageError, match="has no end"):
        figures(endless)
    assert figures(endless, limit=70) == (70, 70)


def test_a_data_set_by_name_with_a_model_in_memory(tmp_path: Path) -> None:
    """And to verify on, of what was calibrated with a file."""
    net = dense(28, 28, 1)
    result = snnctl.convert(net, data="mnist-mini", calibration_images=50, verify="sample")
    assert (result.metrics["split"], result.metrics["verified_on"]) == ("test", "mnist-mini")
    assert (result.metrics["images"], result.metrics["calibration_images"]) == (1000, 50)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8))
    result = snnctl.convert(net, calibration=tmp_path / "x.npy", data="mnist-mini", limit=80)
    assert (result.metrics["calibration_images"], result.metrics["images"]) == (40, 80)
    assert (result.settings["data"], result.settings["input_range"]) == ("mnist-mini", UNIT)
    assert "accuracy" in result.metrics


def test_the_record_of_a_run_says_how_its_data_was_prepared(tmp_path: Path) -> None:
    options = {"data": "mnist-mini", "limit": 50, "arch": "fc2", "arch_opt": {"hidden": 8}, "epochs": 0}
    snnctl.train(**options, preprocess="standard", out=tmp_path / "relu")
    recorded = snnctl.load(tmp_path / "relu").run
    assert recorded is not None
    in_numbers = recorded.settings["preprocess"]
    assert in_numbers.startswith("mean=")
    measured = snnctl.evaluate(tmp_path / "relu", limit=20)
    record = tmp_path / "relu" / "run.json"
    record.write_text(record.read_text().replace(in_numbers, "standard"))  # as snnctl 0.1.0 did
    by_name = snnctl.evaluate(tmp_path / "relu", limit=20)
    assert (by_name.settings["preprocess"], by_name.metrics) == (in_numbers, measured.metrics)
    x = np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8)
    result = snnctl.convert(tmp_path / "relu", calibration=x, out=tmp_path / "snn")
    assert result.settings["preprocess"] == in_numbers
    assert result.settings["input_range"][0] < -0.1
    with pytest.raises(UsageError, match="no data set is named"):
        snnctl.evaluate(tmp_path / "snn")
    assert "accuracy" in snnctl.evaluate(tmp_path / "snn", data="mnist-mini", limit=20).metrics


def with_nan(x: np.ndarray) -> np.ndarray:
    values = unit(x)
    values[17, 2, 3] = np.nan
    return values


@pytest.mark.parametrize(
    ("calibration", "options", "error", "message"),
    [
        (lambda x: x.transpose(0, 3, 1, 2), {}, DataError, "channels come first"),
        (lambda x: x[0], {}, DataError, "single sample"),
        (with_nan, {}, DataError, "Sample 17 holds"),
        (lambda x: unit(x) * 0, {}, DataError, "lie from 0 to 0"),
        (lambda x: x.astype(float) * 1e300, {}, DataError, "no range of inputs"),
        (lambda x: x.astype("int32") + 1, {}, DataError, "Sample 1 holds the value 256, but unit is for"),
        (lambda x: unit(x) - 1, {"preprocess": "unit"}, DataError, "Sample 0 holds the value -1"),
        (lambda x: x, {"preprocess": "standard"}, UsageError, "no standard preprocessing"),
        (lambda x: x, {"labels": np.zeros(3)}, DataError, "120 samples come with labels"),
        (lambda x: x, {"labels": np.full(120, 3)}, DataError, "Sample 0 has label 3"),
        (lambda x: x, {"calibrate": "x.npy"}, UsageError, "both given"),
        (lambda x: x, {"verify": "none", "require_agreement": 1.0}, UsageError, "nothing is verified"),
        (lambda x: x, {"input_range": (1, 0)}, UsageError, "P should be smaller"),
        (lambda x: x, {"input_range": (0, 1, 2)}, UsageError, "two numbers P,Q"),
        (lambda x: x, {"input_range": (0, float("inf"))}, UsageError, "finite"),
        (lambda x: None, {"calibrate": 500}, UsageError, "calibration_images"),
        (lambda x: None, {}, UsageError, "there is nothing to calibrate"),
        (lambda x: None, {"labels": np.zeros(3)}, UsageError, "labels are given without"),
        (lambda x: "nowhere.npz", {}, DataError, "no file or folder nowhere.npz"),
        (lambda x: {"x": x}, {}, UsageError, "type dict are no samples"),
        (lambda x: [*x], {}, UsageError, "numpy.asarray"),
        (lambda x: lambda: (1 / 0 for _ in range(2)), {}, DataError, "ZeroDivisionError"),
        (lambda x: x, {"out": ""}, UsageError, "out is empty"),
        (lambda x: "", {}, UsageError, "is empty"),
        (lambda x: None, {"calibrate": np.zeros(3)}, UsageError, "with calibration="),
    ],
)
def test_mistakes(net, pixels, calibration, options, error, message):
    with pytest.raises(error) as caught:
        snnctl.convert(net, calibration=calibration(pixels), **options)
    assert message in str(caught.value)


def test_models_that_are_none(pixels: np.ndarray, net: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not of type int"):
        snnctl.convert(5, calibration=pixels)  # type: ignore[arg-type]
    with pytest.raises(ConversionError, match="hides its graph"):
        snnctl.convert(keras.Sequential([keras.layers.Dense(3)]), calibration=pixels)
    snn = snnctl.convert(net, calibration=pixels, verify="none").model
    with pytest.raises(ModelError, match="is a spiking network already"):
        snnctl.convert(snn, calibration=pixels)
    coded = keras.Sequential([keras.Input((7,)), keras.layers.Lambda(lambda x: x), keras.layers.Dense(3)])
    coded.save(file := tmp_path / "code.keras")
    with pytest.raises(ModelError):
        snnctl.convert(file, calibration=np.eye(9, 7))
    with pytest.raises(ConversionError, match="Lambda"):
        snnctl.convert(file, calibration=np.eye(9, 7), allow_code=True)
    assert snnctl.load(file, allow_code=True).kind == "relu"


def test_less_agreement_than_required(net: keras.Model, pixels: np.ndarray, tmp_path: Path) -> None:
    assert snnctl.convert(net, calibration=pixels, require_agreement=1.0).metrics["required_agreement"] == 1.0
    with pytest.raises(AgreementError, match="1 is required") as caught:
        snnctl.convert(net, calibration=pixels, quantile=0.1, zeta=0, require_agreement=1.0, out=tmp_path / "snn")
    assert caught.value.exit_code == 10
    assert "written all the same" in caught.value.todo
    assert caught.value.result.metrics["agreement"] < 1
    assert (tmp_path / "snn" / "model.keras").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preprocess": "raw"}, "spreads"),
        ({"input_range": (0, 0.5)}, "outside the coded range from 0 to 0.5"),
        ({"labels": np.arange(120) % 3}, "guessing gives 33.3 %"),
    ],
)
def test_warnings_are_told_and_kept(net, pixels, reporter, options, message):
    result = snnctl.convert(net, calibration=pixels, reporter=reporter, **options)
    assert reporter.warnings == result.metrics["warnings"]
    assert any(message in warning for warning in reporter.warnings)


def test_sources_that_round_coarsely_or_always_say_the_same(pixels: np.ndarray) -> None:
    half = keras.layers.Dense(3, dtype="mixed_float16")
    net = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(5, "relu"), half])
    metrics = snnctl.convert(net, calibration=pixels).metrics
    assert sum("compute in float16" in warning for warning in metrics["warnings"]) == 1
    assert snnctl.convert(net, calibration=pixels, dtype="float32").metrics["warnings"] == []
    for kernel, bias, words in ((0.0, 1.0, "the same for all"), (1.0, 1e4, "answers class 1")):
        net = dense(6, 6, 1, classes=3)
        weights, _ = net.layers[-1].get_weights()
        net.layers[-1].set_weights([weights * kernel, np.array([0, bias, 0])])
        [warning] = snnctl.convert(net, calibration=pixels).metrics["warnings"]
        assert words in warning


@pytest.mark.parametrize(("add", "message"), [(3.0, "defect of the conversion"), (np.nan, "no finite numbers")])
def test_a_wrong_conversion_is_told(net, pixels, tmp_path, monkeypatch, add, message):
    """The readout is off by a number."""
    from snnctl.conversion import build

    right = build.build_spiking

    def wrong(*arguments: Any) -> keras.Model:
        snn = right(*arguments)
        weight = snn.layers[-1].weights[-1]
        weight.assign(weight.numpy() + add)
        return snn

    monkeypatch.setattr(build, "build_spiking", wrong)
    with pytest.raises(AgreementError, match=message) as caught:
        snnctl.convert(net, calibration=pixels, out=tmp_path / "snn")
    assert "report it" in caught.value.todo
    assert "written all the same" in caught.value.todo
    assert (tmp_path / "snn" / "model.keras").exists()


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    encode = {".png": tf.io.encode_png, ".jpg": tf.io.encode_jpeg}[path.suffix]
    path.write_bytes(encode(image).numpy())


@pytest.mark.parametrize("channels", [1, 3])
def test_a_folder_of_images_is_read_as_keras_reads_it(tmp_path: Path, reporter: Any, channels: int) -> None:
    rng = np.random.default_rng(0)
    for number in range(9):
        size = (9 + number, 14, 1 + 2 * (number % 2))
        write(tmp_path / "abc"[number % 3] / f"{number}.png", rng.integers(0, 256, size, np.uint8))
    net = dense(8, 8, channels, classes=3)
    result = snnctl.convert(net, calibration=tmp_path, reporter=reporter)
    mode = "grayscale" if channels == 1 else "rgb"
    read = {"image_size": (8, 8), "color_mode": mode, "batch_size": 9, "shuffle": False, "verbose": False}
    [(images, labels)] = keras.utils.image_dataset_from_directory(tmp_path, **read).as_numpy_iterator()
    accuracy = np.mean(net.predict(images / 255, verbose=0).argmax(-1) == labels)
    assert (result.metrics["source_accuracy"], result.metrics["agreement"]) == (pytest.approx(accuracy), 1.0)
    assert result.settings["input_range"] == UNIT
    assert any("bilinear" in note for note in reporter.notes)
    assert any("a, b, c" in note for note in reporter.notes)
    few = snnctl.convert(net, calibration=tmp_path, limit=3, input_range=(0, 1)).metrics
    assert np.sum(few["confusion_matrix"], axis=1).tolist() == [1, 1, 1], "every class is among them"


def test_subfolders_that_are_no_classes(tmp_path: Path, reporter: Any) -> None:
    write(tmp_path / "one" / "1.jpg", np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "one" / "list.txt").write_text("")
    metrics = snnctl.convert(dense(8, 8, 3, classes=3), calibration=tmp_path, reporter=reporter).metrics
    assert "accuracy" not in metrics
    assert any("1 subfolder, but the network has 3 classes" in note for note in reporter.notes)
    assert any("1 file of other kinds" in note for note in reporter.notes)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\nnonsense", None])
def test_a_damaged_image_is_named(tmp_path: Path, content: bytes | None) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.jpg", np.full((9, 9, 3), 9 * number, np.uint8))
    bad = tmp_path / "3.jpg"
    bad.write_bytes(bad.read_bytes()[:200] if content is None else content)
    with pytest.raises(DataError, match="damaged or of another format") as caught:
        snnctl.convert(dense(8, 8, 3), calibration=tmp_path)
    assert caught.value.where == str(bad)
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize("shape", [(5,), (8, 8, 2), (None, None, 3)])
def test_networks_that_take_no_images(tmp_path: Path, shape: tuple[Any, ...]) -> None:
    write(tmp_path / "1.png", np.zeros((9, 9, 3), np.uint8))
    inputs = keras.Input(shape)
    x = inputs if len(shape) == 1 else keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(2, 1)(inputs))
    with pytest.raises(DataError, match="images cannot be brought to"):
        snnctl.convert(keras.Model(inputs, keras.layers.Dense(2)(x)), calibration=tmp_path)


def test_several_outputs_of_which_one_names_classes(pixels: np.ndarray) -> None:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6, 6, 1))
    x = keras.layers.Conv2D(3, 3, activation="relu", padding="same")(inputs)
    maps = keras.layers.Conv2D(2, 1, name="maps")(x)
    classes = keras.layers.Dense(4, activation="softmax", name="classes")(keras.layers.Flatten()(x))
    net = keras.Model(inputs, [maps, classes])
    right = net.predict(unit(pixels), verbose=0)[1].argmax(-1)
    metrics = snnctl.convert(net, calibration=pixels, labels=right).metrics
    assert (metrics["agreement"], metrics["accuracy"], metrics["source_accuracy"]) == (1.0, 1.0, 1.0)
    named = [(each["name"], each["samples"]) for each in metrics["outputs"]]
    assert named == [("maps", 120 * 36), ("classes", 120)]
    only_maps = snnctl.convert(keras.Model(inputs, maps), calibration=pixels, labels=right % 2).metrics
    assert only_maps["agreement"] == 1.0
    assert "accuracy" not in only_maps


@pytest.mark.parametrize(
    ("name", "values", "used", "told"),
    [
        ("y", np.arange(120) % 2 == 1, True, ""),
        ("targets", np.arange(120) % 2, False, "not from 'targets'"),
        ("weights", np.arange(120) % 2, False, ""),
        ("y", np.zeros((120, 4, 4), int), False, "its labels are not used"),
    ],
)
def test_labels_in_a_file(net, pixels, tmp_path, reporter, name, values, used, told):
    inputs = keras.Input((6, 6, 1))
    model = net if values.ndim == 1 else keras.Model(inputs, keras.layers.Conv2D(2, 3)(inputs))
    np.savez(tmp_path / "d.npz", x=pixels, **{name: values})
    metrics = snnctl.convert(model, calibration=tmp_path / "d.npz", reporter=reporter).metrics
    assert ("accuracy" in metrics) == used
    assert any("not from" in note or "labels are not used" in note for note in reporter.notes) == bool(told)
    assert told in "".join(reporter.notes)


@pytest.mark.parametrize(("file", "classes"), [("net.weights.h5", 3), ("net.h5", 7)])
def test_weights_without_a_data_set(tmp_path: Path, file: str, classes: int) -> None:
    """The shapes are those of the samples and of the weights; of images there is none."""
    net = load_registry().architecture("fc2").build((6, 6, 1), classes)
    if file == "net.h5":
        save_weights_keras2(net, tmp_path / file)
    else:
        net.save_weights(tmp_path / file)
    x = np.random.default_rng(0).uniform(size=(60, 6, 6, 1)).astype("float32")
    result = snnctl.convert(tmp_path / file, arch="fc2", calibration=x)
    assert result.metrics["agreement"] == 1.0
    assert result.model is not None
    assert result.model.output_shape == (None, classes)
    write(tmp_path / "images/0.png", np.zeros((6, 6, 1), "uint8"))
    with pytest.raises(ModelError, match="does not tell what shape") as caught:
        snnctl.convert(tmp_path / file, arch="fc2", calibration=tmp_path / "images")
    assert "--data" in caught.value.todo


def test_a_network_that_does_not_say_what_it_takes(tmp_path: Path) -> None:
    net = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(3)])
    net.build((None, 7))
    net.save(tmp_path / "net.keras")
    np.save(tmp_path / "x.npy", np.random.default_rng(0).uniform(size=(20, 7)).astype("float32"))
    assert snnctl.convert(tmp_path / "net.keras", calibration=tmp_path / "x.npy").metrics["agreement"] == 1.0
