"""Converting with data of one's own, through the installed command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from installed import COMMAND, Snnctl, metrics

USAGE, DATA, AGREEMENT = 2, 4, 10
Folder = Callable[[str], Path]


@pytest.fixture
def files(snnctl: Snnctl) -> Path:
    """The working folder, with images of mnist-mini in files."""
    from snnctl.data.dataset import DataContext
    from snnctl.plugins import load_registry

    samples = load_registry().dataset("mnist-mini").load("test", DataContext())
    images, labels = samples.inputs[:200], samples.labels[:200]
    np.savez_compressed(snnctl.cwd / "bytes.npz", x=images[..., 0], y=labels)
    unit = (images / 255).astype("float32")
    np.save(snnctl.cwd / "unit.npy", unit)
    unit[17, 3, 4] = np.nan
    np.save(snnctl.cwd / "nan.npy", unit)
    np.save(snnctl.cwd / "first.npy", np.moveaxis(images, -1, 1))
    return snnctl.cwd


@pytest.mark.long
def test_a_bare_model_and_a_file(snnctl: Snnctl, model_files: Path, files: Path) -> None:
    done = snnctl("convert", model_files / "good.h5", "--calibrate", "bytes.npz", "--out", "snn")
    found = metrics(files / "snn")
    assert (found["agreement"], found["images"], found["calibration_images"]) == (1.0, 200, 200)
    assert found["accuracy"] == found["source_accuracy"]
    assert "100.00 %" in done.out
    assert "bytes.npz" in done.out
    record = json.loads((files / "snn" / "run.json").read_text())
    assert (record["settings"]["data"], record["settings"]["input_range"]) == (None, [0.0, 1.0])
    assert record["settings"]["calibrate"] == "bytes.npz"
    message = snnctl.fail(USAGE, "eval", "snn")
    assert "no data set is named" in message
    assert snnctl("eval", "snn", "--data", "mnist-mini", "--limit", "50", "--json").json()["images"] == 50


@pytest.mark.long
def test_a_folder_of_images(snnctl: Snnctl, run_folder: Folder, files: Path) -> None:
    import tensorflow as tf

    with np.load(files / "bytes.npz") as stored:
        for number, (image, label) in enumerate(zip(stored["x"], stored["y"], strict=True)):
            folder = files / "photos" / f"digit {label}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.png").write_bytes(tf.io.encode_png(image[..., None]).numpy())
    arguments = ("--calibrate", "photos", "--require-agreement", "1", "--json")
    done = snnctl("convert", run_folder("relu"), *arguments)
    found = done.json()
    assert found["agreement"] == found["required_agreement"] == 1.0
    assert found["accuracy"] == found["source_accuracy"] > 0.3
    assert "photos: 200 images, brought to 28 x 28 with 1 channel" in done.err
    assert "labels from the subfolders, in this order: digit 0, digit 1" in done.err
    (files / "photos" / "digit 3" / "000.png").write_bytes(b"no image")
    assert "photos/digit 3/000.png: The image is damaged" in snnctl.fail(
        DATA, "convert", run_folder("relu"), "--calibrate", "photos"
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--calibrate", "nan.npy"], ["nan.npy: Sample 17 holds the value nan"]),
        (["--calibrate", "first.npy"], ["(28, 28, 1), but these have shape (1, 28, 28)", "puts them last"]),
        (["--calibrate", "cut.npz"], ["cut.npz: The file cannot be read"]),
        (["--calibrate", "unit.npy", "--preprocess", "mean=0,std=1e-39"], ["preprocess: mean=0.0,std=1e-39"]),
    ],
)
def test_data_that_does_not_fit(
    snnctl: Snnctl, model_files: Path, files: Path, arguments: list[str], words: list[str]
) -> None:
    (files / "cut.npz").write_bytes((files / "bytes.npz").read_bytes()[:3000])
    code = USAGE if "--preprocess" in arguments else DATA
    message = snnctl.fail(code, "convert", model_files / "good.keras", *arguments)
    assert [word for word in words if word not in message] == [], message


@pytest.mark.long
def test_less_agreement_than_required(snnctl: Snnctl, run_folder: Folder, files: Path) -> None:
    required = ("--require-agreement", "1.0", "--quantile", "0.3", "--zeta", "0")
    done = snnctl.attempt("convert", run_folder("relu"), "--limit", "300", *required, "--out", "snn")
    assert done.code == AGREEMENT
    assert "same predictions as the ReLU network" in done.out
    assert f"written all the same, to {files / 'snn'}" in "\n".join(done.error)
    assert len(done.error) <= 3
    assert metrics(files / "snn")["agreement"] < 1
    assert snnctl("eval", "snn", "--limit", "20", "--json").json()["images"] == 20


@pytest.mark.long
def test_a_network_for_0_to_1_given_0_to_255(snnctl: Snnctl, files: Path) -> None:
    import keras

    keras.utils.set_random_seed(0)
    net = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(3, 3),
            keras.layers.BatchNormalization(momentum=0.0),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    net(np.load(files / "unit.npy"), training=True)
    net.save(files / "net.keras")
    good = snnctl("convert", "net.keras", "--calibrate", "unit.npy", "--verify", "none")
    assert "warning" not in good.err
    done = snnctl("convert", "net.keras", "--calibrate", "bytes.npz", "--preprocess", "raw", "--json")
    assert "warning: what 'batch_normalization" in done.err
    assert "The inputs lie from 0 to 255 here" in done.err
    assert len(done.json()["warnings"]) >= 1


# Runs a command and prints the largest memory that it, or a child of it, had (KiB).
LARGEST = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


@pytest.mark.long
def test_two_gigabytes_in_less_than_one(model_files: Path, files: Path) -> None:
    """The file is sparse; memory is that of the command and its children, TensorFlow included."""
    large = np.lib.format.open_memmap(files / "large.npy", "w+", np.uint8, (2_600_000, 28, 28, 1))
    large[::100_000] = 200
    del large
    options = ("--calibrate", "large.npy", "--calibration-images", "200000", "--batch-size", "512")
    command = [sys.executable, "-c", LARGEST, COMMAND, "convert", model_files / "good.keras", *options]
    done = subprocess.run(list(map(str, command)), cwd=files, stdout=subprocess.PIPE, text=True, check=True)
    assert int(done.stdout) < 1_000_000
