"""The kinds of things that plugins add, one for each hook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from snnctl.data.dataset import Dataset
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.callback import TrainingCallback
from snnctl.plugins.checks import (
    check_command,
    check_constraint,
    check_dataset,
    check_instance,
    check_reader,
    check_step,
)
from snnctl.plugins.constraint import HardwareConstraint
from snnctl.plugins.exporter import Exporter
from snnctl.plugins.neuron_model import NeuronModel
from snnctl.plugins.reader import Reader


@dataclass(frozen=True)
class Kind:
    """A kind of thing that is looked up by name.

    Args:
        key: in JSON, and in the name of the hook.
        one: what messages call one of them.
        many: what tables call them.
        check: returns what is registered if it is usable, and raises PluginError if not.
        listing: the command that shows all.
    """

    key: str
    one: str
    many: str
    check: Callable[[Any], Any]
    listing: str = "snnctl plugins list"

    @property
    def hook(self) -> str:
        """The name of the hook."""
        return f"register_{self.key}"


def _instances(kind: type) -> Callable[[Any], Any]:
    return partial(check_instance, kind=kind)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.key: kind
        for kind in (
            Kind("datasets", "data set", "data sets", check_dataset, "snnctl data list"),
            Kind("architectures", "architecture", "architectures", _instances(Architecture), "snnctl archs list"),
            Kind("neuron_models", "neuron model", "neuron models", _instances(NeuronModel)),
            Kind("constraints", "hardware constraint", "hardware constraints", check_constraint),
            Kind("exporters", "exporter", "exporters", _instances(Exporter)),
            Kind("readers", "reader", "readers", check_reader),
            Kind("callbacks", "training callback", "training callbacks", _instances(TrainingCallback)),
            Kind("steps", "step", "steps", check_step, "snnctl --help"),
            Kind("commands", "command", "commands", check_command, "snnctl --help"),
        )
    }
)
"""What is registered as soon as a plugin is loaded, by key."""

LATE: Mapping[str, str] = MappingProxyType({"layer_rules": "layer rules", "metrics": "metrics"})
"""What is registered when it is needed, because its hook may import Keras: key -> what tables call them."""

_WORDS: tuple[tuple[type, str], ...] = (
    (Dataset, "data set"),
    (Architecture, "architecture"),
    (HardwareConstraint, "hardware constraint"),
    (Exporter, "exporter"),
    (Reader, "reader"),
    (TrainingCallback, "training callback"),
    (NeuronModel, "neuron model"),
)


def word_for(thing: Any) -> str:
    """What messages call the kind of a registered thing, be it a class or an instance."""
    cls = thing if isinstance(thing, type) else type(thing)
    return next((word for base, word in _WORDS if issubclass(cls, base)), "plugin")
