"""CIFAR-100, with its fine labels."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from snnctl.builtin.datasets.base import FileDataset
from snnctl.data.fetch import RemoteFile
from snnctl.data.layouts import CifarBatches, decode_binary, decode_pickled

NAMES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""


class Cifar100(FileDataset):
    """Small photographs, 32 x 32 in colour, of many kinds of things."""

    name = "cifar100"
    summary = "CIFAR-100: 60,000 small photographs, 32 x 32 in colour, 100 classes"
    input_shape = (32, 32, 3)
    classes = 100
    class_names = tuple(NAMES.split())
    standard = (121.936, 68.389)
    licence = "Krizhevsky 2009, University of Toronto; no licence stated"
    sizes = MappingProxyType({"train": 50_000, "test": 10_000})
    layouts = (
        CifarBatches(
            "cifar-100-python",
            "cifar-100-python.tar.gz",
            {"train": ("train",), "test": ("test",)},
            partial(decode_pickled, label_key="fine_labels"),
        ),
        CifarBatches(
            "cifar-100-binary",
            "cifar-100-binary.tar.gz",
            {"train": ("train.bin",), "test": ("test.bin",)},
            partial(decode_binary, label_bytes=2),
        ),
    )
    remote = (
        RemoteFile(
            "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
            "sha256:85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            169_001_437,
        ),
    )
