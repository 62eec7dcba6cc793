"""Networks are trained on folders of images, converted and measured on them."""

from __future__ import annotations

import json
import os
import shutil
import tracemalloc
from pathlib import Path

import pytest
from imagefolder_trees import plant, striped, touch
from snnctl_imagefolder import reading

import snnctl
from snnctl.errors import DataError, ModelError
from snnctl.plugins import DataContext, load_registry

COUNTS = {"train/h": 40, "train/v": 30, "test/h": 10, "test/v": 10}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return striped(tmp_path_factory.mktemp("tree") / "photos", COUNTS)


@pytest.fixture(scope="module")
def trained(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "relu"
    options = {"root": str(photos), "channels": 1}
    result = snnctl.train(arch="fc2", data="imagefolder", data_opt=options, epochs=8, lr=0.01, batch_size=10, out=out)
    assert result.metrics["accuracy"] == 1.0
    assert result.metrics["images"] == 20
    return out


def test_a_network_is_trained_and_converted(trained: Path) -> None:
    """What the run records is enough: neither data set nor options are named again."""
    result = snnctl.convert(trained)
    assert result.metrics["agreement"] == 1.0
    assert result.metrics["accuracy"] == 1.0
    assert result.metrics["images"] == 20
    assert result.metrics["calibration_images"] == 70


def test_a_run_is_measured_from_another_folder(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root is recorded as an absolute path, however it was given."""
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(photos.parent)
    options = {"root": "photos", "channels": 1}
    out = tmp_path / "run"
    snnctl.train(arch="fc2", data="imagefolder", data_opt=options, epochs=1, limit=20, out=out)
    record = json.loads((out / "run.json").read_text())
    assert record["settings"]["data_opt"] == {"root": str(photos), "channels": 1}
    assert record["options"]["data_opt"] == options
    monkeypatch.chdir(tmp_path / "sub")
    assert snnctl.evaluate("../run").metrics["images"] == 20


def test_conversion_with_images_without_labels(trained: Path, photos: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted((photos / "train").rglob("*.png"))):
        shutil.copy(path, tmp_path / f"{number}.png")
    options = {"root": str(tmp_path), "channels": 1, "classes": 2}
    result = snnctl.convert(trained, data="imagefolder", data_opt=options)
    assert result.metrics["agreement"] == 1.0
    assert "accuracy" not in result.metrics
    assert "source_accuracy" not in result.metrics
    assert result.metrics["calibration_images"] + result.metrics["images"] == 70


def test_without_labels_nothing_is_trained_or_measured(trained: Path, tmp_path: Path) -> None:
    plant(tmp_path, *(f"{number}.png" for number in range(20)), size=(8, 8))
    options = {"root": str(tmp_path), "channels": 1, "classes": 2}
    with pytest.raises(DataError, match="no labels"):
        snnctl.train(arch="fc2", data="imagefolder", data_opt=options, epochs=1, out=tmp_path / "out")
    with pytest.raises(DataError, match="no labels"):
        snnctl.evaluate(trained, data="imagefolder", data_opt=options)
    assert not (tmp_path / "out").exists()


def test_another_number_of_classes_is_refused(trained: Path, tmp_path: Path) -> None:
    plant(tmp_path, "a/1.png", "b/1.png", "c/1.png", size=(8, 8))
    with pytest.raises(ModelError, match="imagefolder"):
        snnctl.convert(trained, data="imagefolder", data_opt={"root": str(tmp_path), "channels": 1})


@pytest.mark.long
def test_damaged_images_end_a_conversion_unless_left_out(trained: Path, photos: Path, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    shutil.copytree(photos, root)
    touch(root, "train/h/bad.jpg")
    options = {"root": str(root), "channels": 1}
    with pytest.raises(DataError, match=r"1 of 71 images cannot be read: train/h/bad\.jpg"):
        snnctl.convert(trained, data="imagefolder", data_opt=options)
    result = snnctl.convert(trained, data="imagefolder", data_opt={**options, "skip_corrupt": True})
    assert result.metrics["calibration_images"] == 70


@pytest.mark.long
def test_a_conversion_decodes_no_more_than_it_uses(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    decode = reading.Files.decode
    monkeypatch.setattr(reading.Files, "decode", lambda files, name: (seen.add(name), decode(files, name))[1])
    snnctl.convert(trained, verify="none", calibration_images=9)
    assert len(seen) == 9


def test_the_limit_keeps_the_classes_in_proportion(photos: Path) -> None:
    dataset = load_registry().dataset("imagefolder", {"root": str(photos)})
    labels = dataset.load("train", DataContext()).labels
    assert labels[:7].sum() == 3
    assert labels[:35].sum() == 15


@pytest.mark.long
def test_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    """1,000 images of 192x192 pixels are 110 MB decoded; streamed they take less than a fifth."""
    root = plant(tmp_path, "train/a/0.png", "test/a/0.png", size=(192, 192))
    for number in range(1, 1000):
        os.link(root / "train/a/0.png", root / f"train/a/{number}.png")
    stream = load_registry().dataset("imagefolder", {"root": str(root)}).stream("train", DataContext())
    assert stream is not None
    tracemalloc.start()
    assert sum(len(inputs) for inputs in stream.batches(64)) == 1000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 22e6


@pytest.mark.long
@pytest.mark.real_data
def test_cifar10_from_its_images_is_cifar10(tmp_path: Path) -> None:
    """The JPEG tree and the pickled batches hold the same pixels in another order: every figure is the same."""
    root = Path(os.environ.get("SNNCTL_DATA", "nowhere"), "cifar10-images")
    if not root.is_dir():
        pytest.skip("needs cifar10-images/ in SNNCTL_DATA")
    options = {"root": str(root)}
    snnctl.train(
        arch="lenet5", data="imagefolder", data_opt=options, epochs=1, limit=10_000, seed=1, out=tmp_path / "relu"
    )
    here = snnctl.convert(tmp_path / "relu", calibration_images=500, out=tmp_path / "snn")
    there = snnctl.convert(tmp_path / "relu", data="cifar10", calibration_images=500)
    assert here.metrics["images"] == there.metrics["images"] == 10_000
    assert here.metrics["agreement"] == 1.0
    assert here.metrics["source_accuracy"] == there.metrics["source_accuracy"]
    assert here.metrics["accuracy"] == there.metrics["accuracy"]
    images = snnctl.evaluate(tmp_path / "snn", data="imagefolder", data_opt=options)
    pickled = snnctl.evaluate(tmp_path / "snn", data="cifar10")
    assert images.metrics["images"] == pickled.metrics["images"] == 10_000
    assert images.metrics["accuracy"] == pickled.metrics["accuracy"] > 0.3
    assert images.metrics["loss"] == pytest.approx(pickled.metrics["loss"], rel=1e-5)
    assert images.metrics["spikes_per_neuron"] == pytest.approx(pickled.metrics["spikes_per_neuron"], rel=1e-5)
