"""All metrics of one measurement, side by side: what one of a plugin does wrong is told, and the rest goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import redirect_stdout
from functools import partial
from typing import Any, TypeVar

from snnctl.errors import PluginError
from snnctl.metrics.batch import Batch
from snnctl.metrics.network import MeasuredNetwork, SpikeSource
from snnctl.plugins import Registry
from snnctl.plugins.guard import guard
from snnctl.plugins.metric import NEEDS, Metric
from snnctl.plugins.metrics import HOOK, MetricEntry, plain_figures
from snnctl.plugins.nearest import did_you_mean
from snnctl.progress import Reporter

T = TypeVar("T")


class Measurement:
    """Is shown every batch once, and has the figures then.

    Args:
        network: what is measured.
        registry: has the metrics.
        reporter: told what plugins do wrong.
        labelled: whether the samples have labels.
        compared: whether outputs of a ReLU network come with each batch.
        names: metrics that are wanted; None for all.

    Raises:
        PluginError: one of ``names`` is none.
    """

    def __init__(
        self,
        network: MeasuredNetwork,
        registry: Registry,
        reporter: Reporter,
        *,
        labelled: bool = True,
        compared: bool = False,
        names: Collection[str] | None = None,
    ) -> None:
        self.network, self._registry, self._reporter = network, registry, reporter
        self._failed: dict[str, str] = {}
        entries = registry.metrics(warn=reporter.warn)
        if unknown := [name for name in names or () if name not in entries]:
            raise PluginError(f"no metric called '{unknown[0]}'", todo=did_you_mean(unknown[0], entries))
        there = {
            *(need for need in NEEDS if need not in ("labels", "source")),
            *(["labels"] if labelled and network.scored is not None else []),
            *(["source"] if compared else []),
        }
        self._running: dict[str, tuple[MetricEntry, Metric]] = {}
        for name, entry in entries.items():
            wanted = names is None or name in names
            if wanted and network.kind in entry.metric.networks and there.issuperset(entry.metric.needs):
                self._start(name, entry)

    @property
    def needs(self) -> set[str]:
        """What must be known of each batch."""
        return {need for entry, _ in self._running.values() for need in entry.metric.needs}

    def add(self, batch: Batch) -> None:
        """Show a batch to every metric."""
        for name, (entry, metric) in list(self._running.items()):
            self._guarded(name, entry, partial(metric.add, batch))

    def figures(self) -> dict[str, Any]:
        """The content of ``metrics.json``: snnctl's own figures by themselves, those of plugins under their names.

        ``failed_metrics`` tells of those of plugins that have none: why, by name.
        """
        figures: dict[str, Any] = {"type": self.network.kind, "images": self.network.images}
        if self.network.kind == "snn":
            first, *layers = [_described(source) for source in (self.network.input, *self.network.layers)]
            figures |= {"input": first, "layers": layers}
        of_plugins: dict[str, Any] = {}
        for name, (entry, metric) in list(self._running.items()):
            if entry.own:
                _merge(figures, metric.result())
                continue
            found = self._guarded(name, entry, partial(_result, metric))
            if found is not None:
                of_plugins[name] = found
        if of_plugins:
            figures["plugins"] = of_plugins
        if self._failed:
            figures["failed_metrics"] = dict(self._failed)
        layered = [key for key in ("input", "layers", "readouts") if key in figures]
        return figures | {key: figures.pop(key) for key in layered}  # layers last: they are the longest

    def _start(self, name: str, entry: MetricEntry) -> None:
        metric = self._guarded(name, entry, lambda: entry.metric(self.network))
        if metric is not None:
            self._running[name] = (entry, metric)

    def _guarded(self, name: str, entry: MetricEntry, call: Callable[[], T]) -> T | None:
        """What ``call`` returns; a metric of a plugin that fails is told and measures no longer."""
        if entry.own:
            return call()
        try:
            # stdout belongs to the results
            with guard(f"metric '{name}' fails while measuring", passed=()), redirect_stdout(sys.stderr):
                return call()
        except PluginError as error:
            self._running.pop(name, None)
            self._failed[name] = error.what
            self._registry.blame(entry.hook, HOOK, error.what, self._reporter.warn)
            return None


def _result(metric: Metric) -> dict[str, Any]:
    return plain_figures(metric.result())


def _described(source: SpikeSource) -> dict[str, Any]:
    """Name, neurons and window of a layer."""
    assert source.window is not None
    return {
        "name": source.name,
        "kind": source.kind,
        "level": source.window.level,
        "neurons": source.neurons,
        "window": source.window.width,
        "t_min": source.window.t_min,
        "t_max": source.window.t_max,
    }


def _merge(figures: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add figures; those of layers to the entry of the layer's name."""
    for key, value in more.items():
        there = figures.get(key)
        if isinstance(there, dict) and isinstance(value, Mapping):
            _merge(there, value)
        elif key == "layers" and there is not None:
            entries = {entry["name"]: entry for entry in there}
            for entry in value:
                entries[entry["name"]].update(entry)
        else:
            figures[key] = value
