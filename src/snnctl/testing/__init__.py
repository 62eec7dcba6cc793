"""What plugins test themselves with: the checks of ``snnctl plugins check``, and fixtures for pytest.

The whole test of a plugin::

    from snnctl.testing import check_plugin

    def test_it_conforms():
        check_plugin("my-plugin")

Each check raises :class:`NonconformingError`, an AssertionError that tells everything that is wrong, and returns its
findings otherwise. Importing this module imports nothing heavy; the fixtures are in :mod:`snnctl.testing.fixtures`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnctl.testing.findings import Finding, NonconformingError, demand

if TYPE_CHECKING:
    from snnctl.plugins import (
        Architecture,
        Command,
        Dataset,
        Exporter,
        HardwareConstraint,
        Metric,
        NeuronModel,
        Reader,
        TrainingCallback,
        Verb,
    )

__all__ = [
    "Finding",
    "NonconformingError",
    "check_architecture",
    "check_callback",
    "check_command",
    "check_constraint",
    "check_dataset",
    "check_exporter",
    "check_layer_rule",
    "check_metric",
    "check_neuron_model",
    "check_plugin",
    "check_reader",
    "check_step",
]

Findings = list[Finding]
File = str | PathLike[str]


def check_plugin(
    name: str,
    *,
    download: bool = False,
    data_dir: File | None = None,
    samples: Iterable[File] = (),
    **options: Any,
) -> Findings:
    """Everything that ``snnctl plugins check NAME`` checks.

    Args:
        name: of an installed plugin, of its package, or of something it adds.
        download: whether data sets may download what is not here; their samples are not checked otherwise.
        data_dir: folder in which data sets are looked for first.
        samples: files that its readers should be able to read.
        options: for what it adds; a data set with options that must be given is checked only with them.

    Raises:
        NonconformingError: something is not as it should be.
        PluginError: no such plugin.
        UsageError: an option that nothing of the plugin has.
    """
    from snnctl.plugins import load_registry
    from snnctl.testing.lookup import find_plugin
    from snnctl.testing.plugin import examine_plugin
    from snnctl.testing.trial import Trial

    registry = load_registry()
    trial = Trial(options, download, Path(data_dir) if data_dir is not None else None, tuple(map(Path, samples)))
    return demand(examine_plugin(find_plugin(name, registry), registry, trial))


def check_dataset(
    dataset: Dataset, *, download: bool = False, data_dir: File | None = None, **options: Any
) -> Findings:
    """Both splits load, alike each time, with the promised shapes, values and labels; options and data set pickle.

    Args:
        dataset: as the plugin registers it.
        download: whether it may download what is not here; its samples are not checked otherwise.
        data_dir: folder in which it is looked for first.
        options: its options.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.datasets import examine_dataset
    from snnctl.testing.trial import Trial

    trial = Trial(options, download, Path(data_dir) if data_dir is not None else None)
    return demand(examine_dataset(dataset, trial))


def check_architecture(architecture: Architecture, **options: Any) -> Findings:
    """It builds afresh for the shapes of common data sets, or refuses them in words, and converts exactly.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.architectures import examine_architecture
    from snnctl.testing.trial import Trial

    return demand(examine_architecture(architecture, Trial(options)))


def check_layer_rule(layer: type, rule: Any, instances: Sequence[Any] = ()) -> Findings:
    """Small networks with the layer convert exactly, and can be saved and opened.

    Args:
        layer: the layer class.
        rule: its rule.
        instances: layers to try; by default one made without arguments.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.layer_rules import examine_layer_rule

    return demand(examine_layer_rule(layer, rule, instances))


def check_metric(metric: type[Metric]) -> Findings:
    """It measures small networks of the kinds it applies to, and its figures are plain data.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.metrics import examine_metric
    from snnctl.testing.trial import Trial

    return demand(examine_metric(metric, Trial()))


def check_neuron_model(model: NeuronModel) -> Findings:
    """Parameters and slopes have the right shapes; a network of it trains, and computes the same when opened again.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.neuron_models import examine_neuron_model

    return demand(examine_neuron_model(model))


def check_constraint(constraint: type[HardwareConstraint], **options: Any) -> Findings:
    """It keeps shapes and types, lets gradients through, and stays with a network that is saved and opened.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.constraints import examine_constraint
    from snnctl.testing.trial import Trial

    return demand(examine_constraint(constraint, Trial(options)))


def check_exporter(exporter: Exporter, **options: Any) -> Findings:
    """It writes a small network, twice the same, under names that do not leave the run folder.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.exporters import examine_exporter
    from snnctl.testing.trial import Trial

    return demand(examine_exporter(exporter, Trial(options)))


def check_reader(reader: Reader, samples: Iterable[File] = ()) -> Findings:
    """It refuses in words what is no model of its format, and reads ``samples``, twice the same.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.readers import examine_reader
    from snnctl.testing.trial import Trial

    return demand(examine_reader(reader, Trial(samples=tuple(map(Path, samples)))))


def check_callback(callback: TrainingCallback, **options: Any) -> Findings:
    """Small trainings run under it, and come to the same weights as without it.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.callbacks import examine_callback
    from snnctl.testing.trial import Trial

    return demand(examine_callback(callback, Trial(options)))


def check_step(verb: Verb, **options: Any) -> Findings:
    """Its options are described, have defaults that fit, and make a JSON schema; it can stand in a recipe.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.steps import examine_step
    from snnctl.testing.trial import Trial

    return demand(examine_step(verb, Trial(options)))


def check_command(command: Command) -> Findings:
    """Typer can make a command of its code, and that shows its help.

    Raises:
        NonconformingError: something is not so.
    """
    from snnctl.testing.commands import examine_command

    return demand(examine_command(command))
