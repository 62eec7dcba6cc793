"""MNIST."""

from __future__ import annotations

from types import MappingProxyType

from snnctl.builtin.datasets.base import FileDataset
from snnctl.data.fetch import RemoteFile
from snnctl.data.layouts import IdxFiles, NpzFile

SITE = "https://storage.googleapis.com/cvdf-datasets/mnist"


class Mnist(FileDataset):
    """Handwritten digits, 28 x 28 grey values."""

    name = "mnist"
    summary = "MNIST: 70,000 handwritten digits, 28 x 28 grey values, 10 classes"
    input_shape = (28, 28, 1)
    classes = 10
    class_names = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
    standard = (33.318, 78.567)
    licence = "LeCun, Cortes, Burges; CC BY-SA 3.0"
    sizes = MappingProxyType({"train": 60_000, "test": 10_000})
    layouts = (IdxFiles(input_shape), NpzFile("mnist.npz", input_shape))
    remote = (
        RemoteFile(
            f"{SITE}/train-images-idx3-ubyte.gz",
            "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            9_912_422,
        ),
        RemoteFile(
            f"{SITE}/train-labels-idx1-ubyte.gz",
            "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            28_881,
        ),
        RemoteFile(
            f"{SITE}/t10k-images-idx3-ubyte.gz",
            "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            1_648_877,
        ),
        RemoteFile(
            f"{SITE}/t10k-labels-idx1-ubyte.gz",
            "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            4_542,
        ),
    )
