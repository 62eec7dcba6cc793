"""The table of verbs. Light: a verb's options and its function are imported only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from snnctl.verbs.options import Options
    from snnctl.verbs.result import Result, Run


@dataclass(frozen=True)
class Verb:
    """Something snnctl does.

    Args:
        name: what the command line and recipes call it.
        summary: one line of help.
        options_path: ``module:class`` of its options model.
        function_path: ``module:function`` of what it does.
        makes_model: whether its result is a network, which is always written.
        plan_path: ``module:function`` that tells what it would make; empty if it cannot tell.
    """

    name: str
    summary: str
    options_path: str
    function_path: str
    makes_model: bool = True
    plan_path: str = ""

    @property
    def options(self) -> type[Options]:
        """The options model (imports pydantic)."""
        return _load(self.options_path)

    @property
    def function(self) -> Callable[[Any, Run], Result]:
        """What the verb does: ``function(options, run) -> Result`` (may import TensorFlow)."""
        return _load(self.function_path)

    @property
    def plan(self) -> Callable[[Any, Run], dict[str, Any]]:
        """What the verb would make, as plain data; only of a verb with ``plan_path`` (may import TensorFlow)."""
        return _load(self.plan_path)


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        verb.name: verb
        for verb in (
            Verb(
                "train",
                "Train a ReLU or a spiking network from scratch.",
                "snnctl.verbs.options:TrainOptions",
                "snnctl.verbs.train:train",
            ),
            Verb(
                "convert",
                "Turn a trained ReLU network into a spiking network that computes the same.",
                "snnctl.verbs.options:ConvertOptions",
                "snnctl.verbs.convert:convert",
                plan_path="snnctl.verbs.plan:plan",
            ),
            Verb(
                "finetune",
                "Train a converted or trained network further.",
                "snnctl.verbs.options:FinetuneOptions",
                "snnctl.verbs.finetune:finetune",
            ),
            Verb(
                "eval",
                "Measure a network: accuracy, and for a spiking one spikes, latency and saturation.",
                "snnctl.verbs.options:EvalOptions",
                "snnctl.verbs.evaluate:evaluate",
                makes_model=False,
            ),
        )
    }
)
