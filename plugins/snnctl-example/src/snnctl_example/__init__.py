"""An example plugin for snnctl: the data set ``bars``, the architecture ``allconv`` and the metric ``silent``.

The entry point in ``pyproject.toml`` names this module. snnctl imports it and calls the first two hooks below, even
for a command that needs neither (``snnctl data list``): import as little as you can, and never TensorFlow or Keras.
"""

from __future__ import annotations

from collections.abc import Callable

from snnctl.plugins import Architecture, Dataset, Metric, hookimpl
from snnctl_example.allconv import AllConv
from snnctl_example.bars import Bars


@hookimpl
def register_datasets(register: Callable[[Dataset], None]) -> None:
    """Add ``bars``. Register instances, not classes; call ``register`` once for each."""
    register(Bars())


@hookimpl
def register_architectures(register: Callable[[Architecture], None]) -> None:
    """Add ``allconv``."""
    register(AllConv())


@hookimpl
def register_metrics(register: Callable[[type[Metric]], None]) -> None:
    """Add ``silent``. Register the class. This hook is called only when something is measured."""
    from snnctl_example.silent import Silent

    register(Silent)
