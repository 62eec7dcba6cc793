"""The built-in data sets."""

from __future__ import annotations

from snnctl.builtin.datasets.cifar10 import Cifar10
from snnctl.builtin.datasets.cifar100 import Cifar100
from snnctl.builtin.datasets.fashion_mnist import FashionMnist
from snnctl.builtin.datasets.mnist import Mnist
from snnctl.builtin.datasets.mnist_mini import MnistMini
from snnctl.data.dataset import Dataset

ALL: tuple[Dataset, ...] = (MnistMini(), Mnist(), FashionMnist(), Cifar10(), Cifar100())
