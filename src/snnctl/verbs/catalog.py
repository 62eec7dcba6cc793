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
        makes_folder: whether its result, though no network, is written to a new folder in runs/ if none is named.
        resumes: whether it keeps what it has found so far, so that it can go on after an interruption.
    """

    name: str
    summary: str
    options_path: str
    function_path: str
    makes_model: bool = True
    plan_path: str = ""
    makes_folder: bool = False
    resumes: bool = False

    @property
    def writes(self) -> bool:
        """Whether a run folder is written even if none is named."""
        return self.makes_model or self.makes_folder

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
            Verb(
                "export",
                "Write a spiking network as plain data: neurons, thresholds, windows and synapses.",
                "snnctl.verbs.export_options:ExportOptions",
                "snnctl.verbs.export:export",
                makes_model=False,
                makes_folder=True,
            ),
            Verb(
                "sweep",
                "Measure a spiking network under hardware constraints, value by value.",
                "snnctl.verbs.sweep.options:SweepOptions",
                "snnctl.verbs.sweep.sweep:sweep",
                makes_model=False,
                makes_folder=True,
                resumes=True,
            ),
            Verb(
                "gradients",
                "Compare how gradients travel through a ReLU network and its spiking forms.",
                "snnctl.verbs.comparing.options:GradientsOptions",
                "snnctl.verbs.comparing.gradients:gradients",
                makes_model=False,
                makes_folder=True,
            ),
            Verb(
                "trajectory",
                "Train a ReLU network and its spiking forms side by side, and tell how far they part.",
                "snnctl.verbs.comparing.options:TrajectoryOptions",
                "snnctl.verbs.comparing.trajectory:trajectory",
                makes_model=False,
                makes_folder=True,
            ),
        )
    }
)
