"""Plugins: what they can add to snnctl, and the registry of all that are installed.

A plugin package declares an entry point in the group ``snnctl`` that names a module with hook
implementations::

    from snnctl.plugins import Dataset, hookimpl

    @hookimpl
    def register_datasets(register):
        register(MyDataset())
"""

from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.callback import TrainingCallback, TrainingContext
from snnctl.plugins.command import Command
from snnctl.plugins.constraint import HardwareConstraint
from snnctl.plugins.exporter import ExportContext, Exporter
from snnctl.plugins.hookspecs import HOOKS, hookimpl
from snnctl.plugins.loading import load_registry
from snnctl.plugins.metric import Metric
from snnctl.plugins.neuron_model import NeuronModel
from snnctl.plugins.reader import Read, ReadContext, Reader
from snnctl.plugins.registry import PluginInfo, PluginProblem, Registry
from snnctl.plugins.verb import Verb

__all__ = [
    "HOOKS",
    "Architecture",
    "Command",
    "DataContext",
    "Dataset",
    "ExportContext",
    "Exporter",
    "HardwareConstraint",
    "Metric",
    "NeuronModel",
    "PluginInfo",
    "PluginProblem",
    "Read",
    "ReadContext",
    "Reader",
    "Registry",
    "Samples",
    "TrainingCallback",
    "TrainingContext",
    "Verb",
    "hookimpl",
    "load_registry",
]
