"""A part of MNIST that comes with the package."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from snnctl.builtin.datasets.mnist import Mnist
from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.data.fingerprint import content_of
from snnctl.data.layouts import NpzFile

FILE = Path(__file__).with_name("mnist_mini.npz")


class MnistMini(Dataset):
    """5,000 training and 1,000 test images of MNIST, the classes taking turns, so any first 10 n are balanced."""

    name = "mnist-mini"
    summary = "6,000 images of MNIST inside the package: nothing to download, 10 classes"
    input_shape = Mnist.input_shape
    classes = Mnist.classes
    class_names = Mnist.class_names
    standard = Mnist.standard
    licence = Mnist.licence
    sizes = MappingProxyType({"train": 5_000, "test": 1_000})

    def load(self, split: str, context: DataContext) -> Samples:
        """All samples of ``split``."""
        return NpzFile(FILE.name, self.input_shape).read(FILE, split)

    def where(self, context: DataContext) -> str:
        """Always there."""
        return "inside the package"

    def fingerprint(self, context: DataContext) -> str:
        """The checksum of the file."""
        return content_of(FILE)
