"""CIFAR-10."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from snnctl.builtin.datasets.base import FileDataset
from snnctl.data.fetch import RemoteFile
from snnctl.data.layouts import CifarBatches, decode_binary, decode_pickled

TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))


class Cifar10(FileDataset):
    """Small photographs, 32 x 32 in colour."""

    name = "cifar10"
    summary = "CIFAR-10: 60,000 small photographs, 32 x 32 in colour, 10 classes"
    input_shape = (32, 32, 3)
    classes = 10
    class_names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    standard = (120.707, 64.15)
    licence = "Krizhevsky 2009, University of Toronto; no licence stated"
    sizes = MappingProxyType({"train": 50_000, "test": 10_000})
    layouts = (
        CifarBatches(
            "cifar-10-batches-py",
            "cifar-10-python.tar.gz",
            {"train": TRAIN, "test": ("test_batch",)},
            partial(decode_pickled, label_key="labels"),
        ),
        CifarBatches(
            "cifar-10-batches-bin",
            "cifar-10-binary.tar.gz",
            {"train": tuple(f"{name}.bin" for name in TRAIN), "test": ("test_batch.bin",)},
            partial(decode_binary, label_bytes=1),
        ),
    )
    remote = (
        RemoteFile(
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            170_498_071,
        ),
    )
