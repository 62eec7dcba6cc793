"""The kinds of things a new plugin can begin with; the templates of each are in ``templates/KIND/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Scaffold:
    """A kind of thing.

    Args:
        kind: what ``--kind`` calls it, and the folder of its templates.
        key: its hook's, see :data:`~snnctl.plugins.kinds.KINDS`.
        module: the module that it is written to.
        words: what descriptions call one of it.
        example: the name of a script that makes a file to try it with; empty if it needs none.
    """

    kind: str
    key: str
    module: str
    words: str
    example: str = ""


SCAFFOLDS: Mapping[str, Scaffold] = MappingProxyType(
    {
        each.kind: each
        for each in (
            Scaffold("dataset", "datasets", "dataset", "a data set"),
            Scaffold("architecture", "architectures", "architecture", "an architecture"),
            Scaffold("layer-rule", "layer_rules", "layer", "a layer that converts", "make_model.py"),
            Scaffold("metric", "metrics", "metric", "a metric"),
            Scaffold("neuron-model", "neuron_models", "neuron", "a neuron model"),
            Scaffold("constraint", "constraints", "constraint", "a hardware constraint"),
            Scaffold("exporter", "exporters", "exporter", "an exporter"),
            Scaffold("reader", "readers", "reader", "a reader", "make_weights.py"),
            Scaffold("callback", "callbacks", "callback", "a training callback"),
            Scaffold("step", "steps", "step", "a recipe step"),
            Scaffold("command", "commands", "command", "a command"),
        )
    }
)
