"""Fashion-MNIST."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from snnctl.builtin.datasets.base import FileDataset
from snnctl.data.fetch import RemoteFile
from snnctl.data.layouts import IdxFiles, NpzFile

# The publisher's site has no https; the checksums make up for it.
SITE = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"


class FashionMnist(FileDataset):
    """Pieces of clothing, 28 x 28 grey values."""

    name = "fashion-mnist"
    summary = "Fashion-MNIST: 70,000 pieces of clothing, 28 x 28 grey values, 10 classes"
    input_shape = (28, 28, 1)
    classes = 10
    class_names = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    standard = (72.940, 90.021)
    licence = "Zalando Research; MIT"
    sizes = MappingProxyType({"train": 60_000, "test": 10_000})
    layouts = (IdxFiles(input_shape), NpzFile("fashion-mnist.npz", input_shape))
    system_folders = (Path("/usr/share/datasets/fashion-mnist"),)
    remote = (
        RemoteFile(
            f"{SITE}/train-images-idx3-ubyte.gz",
            "sha256:3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            26_421_880,
        ),
        RemoteFile(
            f"{SITE}/train-labels-idx1-ubyte.gz",
            "sha256:a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            29_515,
        ),
        RemoteFile(
            f"{SITE}/t10k-images-idx3-ubyte.gz",
            "sha256:346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            4_422_102,
        ),
        RemoteFile(
            f"{SITE}/t10k-labels-idx1-ubyte.gz",
            "sha256:67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            5_148,
        ),
    )
