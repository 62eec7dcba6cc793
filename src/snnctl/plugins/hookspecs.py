"""The hooks a plugin can implement (pluggy project name and entry-point group: ``snnctl``).

Their version is :data:`HOOKS`. Within a major version hooks, and what they are given, only gain: what works with 1.0
works with every 1.x. A plugin that needs a newer one says so: ``requires_hooks = "1.1"`` in its module.
"""

from __future__ import annotations

from collections.abc import Callable

import pluggy

from snnctl.data.dataset import Dataset
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.callback import TrainingCallback
from snnctl.plugins.command import Command
from snnctl.plugins.constraint import HardwareConstraint
from snnctl.plugins.exporter import Exporter
from snnctl.plugins.layer_rules import LayerRule
from snnctl.plugins.metric import Metric
from snnctl.plugins.neuron_model import NeuronModel
from snnctl.plugins.reader import Reader
from snnctl.plugins.verb import Verb

HOOKS = "1.0"

hookspec = pluggy.HookspecMarker("snnctl")
hookimpl = pluggy.HookimplMarker("snnctl")


@hookspec
def register_datasets(register: Callable[[Dataset], None]) -> None:
    """Add data sets: call ``register`` once with an instance of each. Since 1.0."""


@hookspec
def register_architectures(register: Callable[[Architecture], None]) -> None:
    """Add architectures: call ``register`` once with an instance of each. Since 1.0."""


@hookspec
def register_layer_rules(register: Callable[[type, LayerRule], None]) -> None:
    """Add conversion rules: call ``register(LayerClass, rule)`` for each Keras layer class. Since 1.0.

    Called when a network is converted, not before: this hook may import Keras.
    """


@hookspec
def register_metrics(register: Callable[[type[Metric]], None]) -> None:
    """Add metrics: call ``register`` once with each class. Since 1.0.

    Called when a network is measured, not before: this hook may import Keras.
    """


@hookspec
def register_neuron_models(register: Callable[[NeuronModel], None]) -> None:
    """Add neuron models: call ``register`` once with an instance of each. Since 1.0."""


@hookspec
def register_constraints(register: Callable[[type[HardwareConstraint]], None]) -> None:
    """Add hardware constraints: call ``register`` once with each class. Since 1.0."""


@hookspec
def register_exporters(register: Callable[[Exporter], None]) -> None:
    """Add formats that spiking networks are written in: call ``register`` once with an instance of each. Since 1.0."""


@hookspec
def register_readers(register: Callable[[Reader], None]) -> None:
    """Add formats that networks are read from: call ``register`` once with an instance of each. Since 1.0."""


@hookspec
def register_callbacks(register: Callable[[TrainingCallback], None]) -> None:
    """Add training callbacks: call ``register`` once with an instance of each. Since 1.0."""


@hookspec
def register_steps(register: Callable[[Verb], None]) -> None:
    """Add verbs, which are steps of recipes and commands: call ``register`` once with each. Since 1.0."""


@hookspec
def register_commands(register: Callable[[Command], None]) -> None:
    """Add commands of the command line: call ``register`` once with each. Since 1.0."""
