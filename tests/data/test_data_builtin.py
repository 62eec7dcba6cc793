from __future__ import annotations

import inspect
import time
from pathlib import Path

import numpy as np
import pytest

from snnctl.builtin import datasets
from snnctl.builtin.datasets import ALL, mnist_mini
from snnctl.builtin.datasets.mnist import Mnist
from snnctl.builtin.datasets.mnist_mini import MnistMini
from snnctl.data.dataset import DataContext, Dataset
from snnctl.data.prepare import load_split
from snnctl.data.preprocess import parse_preprocess
from snnctl.data.validate import validate

BY_NAME = {dataset.name: dataset for dataset in ALL}
SIZES = {"mnist": (60_000, 10_000), "fashion-mnist": (60_000, 10_000), "cifar10": (50_000, 10_000)}


def test_the_data_sets() -> None:
    assert list(BY_NAME) == ["mnist-mini", "mnist", "fashion-mnist", "cifar10", "cifar100"]


@pytest.mark.parametrize("dataset", ALL, ids=BY_NAME)
def test_each_is_fully_described(dataset: Dataset) -> None:
    assert len(dataset.class_names) == len(set(dataset.class_names)) == dataset.classes
    assert len(dataset.input_shape) == 3
    assert dataset.summary
    assert dataset.licence
    assert "\n" not in dataset.summary + dataset.licence
    low, high = parse_preprocess("standard", dataset).input_range
    assert -3 < low < 0 < high < 3


def test_class_names_are_in_the_order_of_their_labels() -> None:
    assert list(BY_NAME["cifar100"].class_names) == sorted(BY_NAME["cifar100"].class_names)
    assert BY_NAME["cifar100"].class_names[41] == "lawn_mower"
    assert BY_NAME["cifar10"].class_names[6] == "frog"
    assert BY_NAME["fashion-mnist"].class_names[9] == "Ankle boot"
    assert [int(name) for name in BY_NAME["mnist"].class_names] == list(range(10))


@pytest.mark.parametrize(("split", "count"), [("train", 5000), ("test", 1000)])
def test_mnist_mini_is_balanced_at_every_length(bare_machine: Path, split: str, count: int) -> None:
    samples = MnistMini().load(split, DataContext())
    assert samples.inputs.shape == (count, 28, 28, 1)
    assert samples.inputs.dtype == np.uint8
    assert samples.labels.tolist() == [index % 10 for index in range(count)]


def test_mnist_mini_has_no_image_twice() -> None:
    rows = np.concatenate([MnistMini().load(split, DataContext()).inputs for split in ("train", "test")])
    assert len({row.tobytes() for row in rows}) == 6000


def test_mnist_mini_looks_like_mnist() -> None:
    inputs = MnistMini().load("train", DataContext()).inputs
    assert MnistMini.standard is not None
    assert inputs.mean() == pytest.approx(MnistMini.standard[0], rel=0.02)
    assert inputs.std() == pytest.approx(MnistMini.standard[1], rel=0.02)


def test_mnist_mini_is_inside_the_package() -> None:
    package = Path(inspect.getfile(datasets)).parent
    assert mnist_mini.FILE.parent == package
    assert mnist_mini.FILE.stat().st_size < 1_200_000
    assert "CC BY-SA 3.0" in (package / "MNIST_MINI_LICENCE.md").read_text()
    assert MnistMini().where(DataContext()) == MnistMini().fetch(DataContext(download=False)) == "inside the package"


def test_mnist_mini_loads_quickly() -> None:
    started = time.process_time()
    load_split(MnistMini(), "train", DataContext(), parse_preprocess(None, MnistMini()))
    assert time.process_time() - started < 0.3


@pytest.mark.real_data
@pytest.mark.parametrize("split", ["train", "test"])
def test_mnist_mini_is_part_of_mnist(real_data: DataContext, split: str) -> None:
    whole, part = Mnist().load(split, real_data), MnistMini().load(split, real_data)
    label_of = {image.tobytes(): label for image, label in zip(whole.inputs, whole.labels, strict=True)}
    assert [label_of.get(image.tobytes()) for image in part.inputs] == part.labels.tolist()


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "tolerance"), [("mnist", 1e-3), ("fashion-mnist", 1e-3), ("cifar10", 0.5)])
def test_the_real_data_sets_are_read(real_data: DataContext, name: str, tolerance: float) -> None:
    dataset = BY_NAME[name]
    if dataset.where(real_data) is None:
        pytest.skip(f"{name} is not there")
    for split, count in zip(("train", "test"), SIZES[name], strict=True):
        samples = dataset.load(split, real_data)
        validate(samples, dataset, split)
        assert len(samples) == count
        assert np.bincount(samples.labels).tolist() == pytest.approx([count / 10] * 10, rel=0.15)
        if split == "train":
            assert dataset.standard == pytest.approx(mean_and_std(samples.inputs), abs=tolerance)


def mean_and_std(values: np.ndarray) -> tuple[float, float]:
    counts = sum(np.bincount(part.ravel(), minlength=256) for part in np.array_split(values, 100))
    mean = np.average(np.arange(256), weights=counts)
    return mean, np.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts))
