"""The architectures snnctl brings along, registered through the same hook as anyone's."""

from __future__ import annotations

from snnctl.builtin.architectures.fc import FC
from snnctl.builtin.architectures.fc2 import FC2
from snnctl.builtin.architectures.lenet5 import LeNet5
from snnctl.builtin.architectures.resnet20 import ResNet20
from snnctl.builtin.architectures.vgg16 import VGG16
from snnctl.plugins.architecture import Architecture

ALL: tuple[Architecture, ...] = (FC2(), FC(), LeNet5(), ResNet20(), VGG16())

__all__ = ["ALL", "FC", "FC2", "VGG16", "LeNet5", "ResNet20"]
