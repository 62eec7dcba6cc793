"""Plugins: what a data set, an architecture and a metric are, and the registry of all that are installed.

A plugin package declares an entry point in the group ``snnctl`` that names a module with hook
implementations::

    from snnctl.plugins import Dataset, hookimpl

    @hookimpl
    def register_datasets(register):
        register(MyDataset())
"""

from snnctl.data.dataset import DataContext, Dataset, Samples
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.hookspecs import hookimpl
from snnctl.plugins.loading import load_registry
from snnctl.plugins.metric import Metric
from snnctl.plugins.registry import PluginInfo, PluginProblem, Registry

__all__ = [
    "Architecture",
    "DataContext",
    "Dataset",
    "Metric",
    "PluginInfo",
    "PluginProblem",
    "Registry",
    "Samples",
    "hookimpl",
    "load_registry",
]
