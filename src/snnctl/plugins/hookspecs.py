"""The hooks a plugin can implement (pluggy project name and entry-point group: ``snnctl``)."""

from __future__ import annotations

from collections.abc import Callable

import pluggy

from snnctl.data.dataset import Dataset
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.layer_rules import LayerRule
from snnctl.plugins.metric import Metric

hookspec = pluggy.HookspecMarker("snnctl")
hookimpl = pluggy.HookimplMarker("snnctl")


@hookspec
def register_datasets(register: Callable[[Dataset], None]) -> None:
    """Add data sets: call ``register`` once with an instance of each."""


@hookspec
def register_architectures(register: Callable[[Architecture], None]) -> None:
    """Add architectures: call ``register`` once with an instance of each."""


@hookspec
def register_layer_rules(register: Callable[[type, LayerRule], None]) -> None:
    """Add conversion rules: call ``register(LayerClass, rule)`` for each Keras layer class.

    Called when a network is converted, not before: this hook may import Keras.
    """


@hookspec
def register_metrics(register: Callable[[type[Metric]], None]) -> None:
    """Add metrics: call ``register`` once with each class.

    Called when a network is measured, not before: this hook may import Keras.
    """
