"""What snnctl brings along, registered through the same hooks as anyone's."""

from __future__ import annotations

from collections.abc import Callable

from snnctl.data.dataset import Dataset
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.callback import TrainingCallback
from snnctl.plugins.command import Command
from snnctl.plugins.constraint import HardwareConstraint
from snnctl.plugins.exporter import Exporter
from snnctl.plugins.hookspecs import hookimpl
from snnctl.plugins.metric import Metric
from snnctl.plugins.neuron_model import NeuronModel
from snnctl.plugins.reader import Reader
from snnctl.plugins.verb import Verb


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


@hookimpl
def register_neuron_models(register: Callable[[NeuronModel], None]) -> None:
    """Add b1, alpha1 and smart-alpha1."""
    from snnctl.builtin.neuron_models import ALL

    for model in ALL:
        register(model)


@hookimpl
def register_constraints(register: Callable[[type[HardwareConstraint]], None]) -> None:
    """Add noise, time-bits, weight-bits and threshold-bits."""
    from snnctl.builtin.constraints import ALL

    for constraint in ALL:
        register(constraint)


@hookimpl
def register_exporters(register: Callable[[Exporter], None]) -> None:
    """Add npz."""
    from snnctl.builtin.exporters import ALL

    for exporter in ALL:
        register(exporter)


@hookimpl
def register_readers(register: Callable[[Reader], None]) -> None:
    """Add keras, hdf5 and saved-model."""
    from snnctl.builtin.readers import ALL

    for reader in ALL:
        register(reader)


@hookimpl
def register_callbacks(register: Callable[[TrainingCallback], None]) -> None:
    """Add early-stopping."""
    from snnctl.builtin.callbacks import ALL

    for callback in ALL:
        register(callback)


@hookimpl
def register_steps(register: Callable[[Verb], None]) -> None:
    """Add train, convert, finetune, eval, export, sweep, gradients and trajectory."""
    from snnctl.builtin.steps import ALL

    for verb in ALL:
        register(verb)


@hookimpl
def register_commands(register: Callable[[Command], None]) -> None:
    """Add the commands that are no steps of recipes."""
    from snnctl.builtin.commands import ALL

    for command in ALL:
        register(command)
