"""Networks are trained on folders of images, converted and measured on them."""

import json
import os
import shutil
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from imagefolder_trees import plant
from PIL import Image
from snnctl_imagefolder import reading

import snnctl
from snnctl.errors import DataError, ModelError
from snnctl.plugins import DataContext, load_registry


def striped(root: Path, counts: Mapping[str, int], size: int = 8) -> Path:
    """Images by folder that can be learnt: folders that end in "h" hold horizontal stripes, others vertical ones."""
    random = np.random.default_rng(0)
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True)
        for number in range(count):
            stripes = np.tile(200 * (np.arange(size) // 2 % 2), (size, 1)) + random.integers(0, 55, (size, size))
            stripes = stripes.T if folder.endswith("h") else stripes
            Image.fromarray(stripes.astype(np.uint8)).save(root / folder / f"{number:03}.png")
    return root


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    counts = {"train/h": 40, "train/v": 30, "test/h": 10, "test/v": 10}
    return striped(tmp_path_factory.mktemp("tree") / "photos", counts)


@pytest.fixture(scope="module")
def trained(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained in the folder of the images."""
    out = tmp_path_factory.mktemp("runs") / "relu"
    options = {"arch": "fc2", "arch_opt": {"hidden": 10}, "epochs": 8, "lr": 0.01, "batch_size": 10, "xla": "off"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(photos.parent)
        result = snnctl.train(data="imagefolder", data_opt={"root": "photos", "channels": 1}, out=out, **options)
    assert (result.metrics["accuracy"], result.metrics["images"]) == (1.0, 20)
    return out


def test_a_network_is_trained_and_converted(trained: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the run records is enough, with an absolute root; no more images are decoded than are used."""
    record = json.loads((trained / "run.json").read_text())
    assert record["settings"]["data_opt"] == {"root": str(photos), "channels": 1}
    assert record["options"]["data_opt"] == {"root": "photos", "channels": 1}
    seen: set[str] = set()
    decode = reading.Files.decode
    monkeypatch.setattr(reading.Files, "decode", lambda files, name: (seen.add(name), decode(files, name))[1])
    metrics = snnctl.convert(trained, calibration_images=9).metrics
    assert (metrics["agreement"], metrics["accuracy"]) == (1.0, 1.0)
    assert (metrics["images"], metrics["calibration_images"]) == (20, 9)
    assert len(seen) == 29


def test_images_without_labels_are_enough_to_convert_but_not_to_train(trained, photos, tmp_path):
    (tmp_path / "images").mkdir()
    for number, path in enumerate(sorted((photos / "train").rglob("*.png"))):
        shutil.copy(path, tmp_path / "images" / f"{number}.png")
    data = {"data": "imagefolder", "data_opt": {"root": str(tmp_path / "images"), "channels": 1, "classes": 2}}
    result = snnctl.convert(trained, **data)
    assert result.metrics["agreement"] == 1.0
    assert not {"accuracy", "source_accuracy"} & result.metrics.keys()
    assert result.metrics["calibration_images"] + result.metrics["images"] == 70
    with pytest.raises(DataError, match="no labels"):
        snnctl.train(arch="fc2", epochs=1, out=tmp_path / "out", **data)
    with pytest.raises(DataError, match="no labels"):
        snnctl.evaluate(trained, **data)
    assert not (tmp_path / "out").exists()


def test_data_that_does_not_fit_the_network(trained: Path, photos: Path, tmp_path: Path) -> None:
    plant(tmp_path / "three", "a/1.png", "b/1.png", "c/1.png", size=(8, 8))
    with pytest.raises(ModelError, match="imagefolder"):
        snnctl.convert(trained, data="imagefolder", data_opt={"root": str(tmp_path / "three"), "channels": 1})
    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "photos/train/h/bad.jpg").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"1 of 71 images cannot be read: train/h/bad\.jpg"):
        snnctl.convert(trained, data="imagefolder", data_opt={"root": str(tmp_path / "photos"), "channels": 1})


def test_the_limit_keeps_the_classes_in_proportion(photos: Path) -> None:
    dataset = load_registry().dataset("imagefolder", {"root": str(photos)})
    labels = dataset.load("train", DataContext()).labels
    assert (labels[:7].sum(), labels[:35].sum()) == (3, 15)


def test_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    """200 images of 192x192 pixels are 22 MB decoded; streamed they take less than a third."""
    root = plant(tmp_path, "train/a/0.png", "test/a/0.png", size=(192, 192))
    for number in range(1, 200):
        os.link(root / "train/a/0.png", root / f"train/a/{number}.png")
    stream = load_registry().dataset("imagefolder", {"root": str(root)}).stream("train", DataContext())
    assert stream is not None
    tracemalloc.start()
    assert sum(len(inputs) for inputs in stream.batches(16)) == 200
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 7e6


@pytest.mark.long
@pytest.mark.real_data
def test_cifar10_from_its_images_is_cifar10(tmp_path: Path) -> None:
    """The JPEG tree and the pickled batches hold the same pixels in another order: every figure is the same."""
    root = Path(os.environ.get("SNNCTL_DATA", "nowhere"), "cifar10-images")
    if not root.is_dir():
        pytest.skip("needs cifar10-images/ in SNNCTL_DATA")
    images = {"data": "imagefolder", "data_opt": {"root": str(root)}}
    snnctl.train(arch="lenet5", epochs=1, limit=10_000, seed=1, out=tmp_path / "relu", **images)
    here = snnctl.convert(tmp_path / "relu", calibration_images=500, out=tmp_path / "snn").metrics
    there = snnctl.convert(tmp_path / "relu", data="cifar10", calibration_images=500).metrics
    assert here["images"] == there["images"] == 10_000
    assert here["agreement"] == 1.0
    assert (here["source_accuracy"], here["accuracy"]) == (there["source_accuracy"], there["accuracy"])
    measured = [snnctl.evaluate(tmp_path / "snn", **data).metrics for data in (images, {"data": "cifar10"})]
    assert measured[0]["accuracy"] == measured[1]["accuracy"] > 0.3
    for figure in ("loss", "spikes_per_neuron"):
        assert measured[0][figure] == pytest.approx(measured[1][figure], rel=1e-5)
