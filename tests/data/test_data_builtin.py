"""The data sets that come with snnctl are what they say."""

import inspect
from pathlib import Path

import numpy as np
import pytest

from snnctl.builtin import datasets
from snnctl.builtin.datasets import ALL, mnist_mini
from snnctl.builtin.datasets.mnist import Mnist
from snnctl.builtin.datasets.mnist_mini import MnistMini
from snnctl.data.dataset import DataContext, Dataset
from snnctl.data.preprocess import parse_preprocess
from snnctl.data.validate import validate

BY_NAME = {dataset.name: dataset for dataset in ALL}
SIZES = {"mnist": (60_000, 10_000), "fashion-mnist": (60_000, 10_000), "cifar10": (50_000, 10_000)}


@pytest.mark.parametrize("dataset", ALL, ids=BY_NAME)
def test_each_is_fully_described(dataset: Dataset) -> None:
    assert len(dataset.class_names) == len(set(dataset.class_names)) == dataset.classes
    assert len(dataset.input_shape) == 3
    assert dataset.summary
    assert dataset.licence
    assert "\n" not in dataset.summary + dataset.licence
    low, high = parse_preprocess("standard", dataset).input_range
    assert -3 < low < 0 < high < 3


def test_names_and_class_names_are_in_their_order() -> None:
    assert list(BY_NAME) == ["mnist-mini", "mnist", "fashion-mnist", "cifar10", "cifar100"]
    assert list(BY_NAME["cifar100"].class_names) == sorted(BY_NAME["cifar100"].class_names)
    assert BY_NAME["cifar10"].class_names[6] == "frog"
    assert BY_NAME["fashion-mnist"].class_names[9] == "Ankle boot"
    assert [int(name) for name in BY_NAME["mnist"].class_names] == list(range(10))


def test_mnist_mini_lies_in_the_package_is_balanced_and_looks_like_mnist(bare_machine: Path) -> None:
    train, test = (MnistMini().load(split, DataContext()) for split in ("train", "test"))
    for samples, count in ((train, 5000), (test, 1000)):
        assert (samples.inputs.shape, samples.inputs.dtype) == ((count, 28, 28, 1), np.uint8)
        assert samples.labels.tolist() == [index % 10 for index in range(count)]
    assert len({row.tobytes() for row in np.concatenate([train.inputs, test.inputs])}) == 6000
    assert (train.inputs.mean(), train.inputs.std()) == pytest.approx(MnistMini.standard, rel=0.02)
    package = Path(inspect.getfile(datasets)).parent
    assert mnist_mini.FILE.parent == package
    assert mnist_mini.FILE.stat().st_size < 1_200_000
    assert "CC BY-SA 3.0" in (package / "MNIST_MINI_LICENCE.md").read_text()
    assert MnistMini().where(DataContext()) == MnistMini().fetch(DataContext(download=False)) == "inside the package"


@pytest.mark.real_data
def test_mnist_mini_is_part_of_mnist(real_data: Path) -> None:
    context = DataContext(real_data, download=False)
    for split in ("train", "test"):
        whole, part = Mnist().load(split, context), MnistMini().load(split, context)
        label_of = {image.tobytes(): label for image, label in zip(whole.inputs, whole.labels, strict=True)}
        assert [label_of.get(image.tobytes()) for image in part.inputs] == part.labels.tolist()


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "tolerance"), [("mnist", 1e-3), ("fashion-mnist", 1e-3), ("cifar10", 0.5)])
def test_the_real_data_sets_are_read(real_data: Path, name: str, tolerance: float) -> None:
    dataset, context = BY_NAME[name], DataContext(real_data, download=False)
    if dataset.where(context) is None:
        pytest.skip(f"{name} is not there")
    for split, count in zip(("train", "test"), SIZES[name], strict=True):
        samples = dataset.load(split, context)
        validate(samples, dataset, split)
        assert len(samples) == count
        counts = sum(np.bincount(part.ravel(), minlength=256) for part in np.array_split(samples.inputs, 100))
        mean = np.average(np.arange(256), weights=counts)
        std = np.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts))
        assert np.bincount(samples.labels).tolist() == pytest.approx([count / 10] * 10, rel=0.15)
        assert split == "test" or dataset.standard == pytest.approx((mean, std), abs=tolerance)
