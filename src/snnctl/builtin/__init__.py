"""snnctl's own data sets, architectures and metrics, registered through the same hooks as anyone's."""

from __future__ import annotations

from collections.abc import Callable

from snnctl.data.dataset import Dataset
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.hookspecs import hookimpl
from snnctl.plugins.metric import Metric


@hookimpl
def register_datasets(register: Callable[[Dataset], None]) -> None:
    """Add mnist, fashion-mnist, cifar10, cifar100 and mnist-mini."""
    from snnctl.builtin.datasets import ALL

    for dataset in ALL:
        register(dataset)


@hookimpl
def register_architectures(register: Callable[[Architecture], None]) -> None:
    """Add fc, fc2, lenet5, resnet20 and vgg16."""
    from snnctl.builtin.architectures import ALL

    for architecture in ALL:
        register(architecture)


@hookimpl
def register_metrics(register: Callable[[type[Metric]], None]) -> None:
    """Add all that ``docs/metrics.md`` describes."""
    from snnctl.builtin.metrics import ALL

    for metric in ALL:
        register(metric)
