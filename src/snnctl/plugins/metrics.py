"""Metrics of plugins: asked for late, when something is measured."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from snnctl.errors import PluginError
from snnctl.plugins.checks import NAME
from snnctl.plugins.guard import guard
from snnctl.plugins.late_hook import LateHook
from snnctl.plugins.metric import NEEDS, NETWORKS, Metric
from snnctl.plugins.own import OWN

HOOK = "register_metrics"
MOST_NESTED = 32  # lists and mappings in one another
LARGEST = sys.float_info.max  # of a whole number, too: readers of JSON make it a float


@dataclass(frozen=True)
class MetricEntry:
    """A metric that is registered.

    Args:
        metric: its class.
        hook: of the plugin that has it.
    """

    metric: type[Metric]
    hook: LateHook

    @property
    def own(self) -> bool:
        """Whether it is snnctl's: its figures stand in ``metrics.json`` by themselves, others' under their name."""
        return self.hook.package == OWN


def collect_metrics(hooks: Iterable[LateHook], blame: Callable[[LateHook, str], None]) -> dict[str, MetricEntry]:
    """Call every hook; what one does wrong is told and left out, the rest stays.

    Args:
        hooks: one for each plugin that has one, in the order of precedence.
        blame: told what a hook did wrong.

    Returns:
        By name, in the order of registration.
    """
    entries: dict[str, MetricEntry] = {}
    for hook in hooks:
        hook.call_guarded(HOOK, _Register(hook, entries, blame), blame)
    return entries


def plain_figures(figures: Any) -> dict[str, Any]:
    """What a metric returned as data that JSON can say; NaN and infinities stay.

    Raises:
        PluginError: it is no mapping, something else is in it, or a number or text that no reader of JSON takes.
    """
    if not isinstance(figures, Mapping):
        raise PluginError(f"its result is {type(figures).__name__} {figures!r:.60}, which is no mapping of figures")
    return {_key(key): _plain(value, _key(key)) for key, value in figures.items()}


def _plain(value: Any, where: str, depth: int = 1) -> Any:
    if depth > MOST_NESTED:
        raise PluginError(f"its figure '{where:.60}' is nested more than {MOST_NESTED} deep")
    if hasattr(value, "tolist"):  # NumPy's
        value = value.tolist()
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, f"{where}.{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, where, depth + 1) for item in value]
    if isinstance(value, str) and not _is_text(value):
        raise PluginError(f"its figure '{where}' is {value!r:.60}, which is no text")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        raise PluginError(f"its figure '{where}' is a whole number of {value.bit_length():,} bits, which is too large")
    if value is None or isinstance(value, str | int | float):
        return value
    raise PluginError(f"its figure '{where}' is {type(value).__name__} {value!r:.60}, which is no plain data")


def _is_text(value: str) -> bool:
    """Whether UTF-8 can hold it: a half of a surrogate pair it cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _key(key: Any) -> str:
    if not isinstance(key, str) or not _is_text(key):
        raise PluginError(f"a figure is called {key!r:.60}, which is no text")
    return key


@dataclass(frozen=True)
class _Register:
    """The function that one plugin's hook is given."""

    hook: LateHook
    entries: dict[str, MetricEntry]
    blame: Callable[[LateHook, str], None]

    def __call__(self, metric: Any) -> None:
        try:
            with guard("registers a broken metric", passed=(PluginError,)):
                _check(metric)
                if metric.name in self.entries:
                    owner = self.entries[metric.name].hook.package
                    raise PluginError(f"metric '{metric.name}' is already provided by {owner}")
                self.entries[metric.name] = MetricEntry(metric, self.hook)
        except PluginError as error:
            self.blame(self.hook, error.what)


def _check(metric: Any) -> None:
    """Refuse what is no usable class of metrics.

    Raises:
        PluginError: what is wrong.
    """
    if isinstance(metric, Metric):
        raise PluginError(f"registers an instance of {type(metric).__name__}; register the class")
    if not (inspect.isclass(metric) and issubclass(metric, Metric)):
        raise PluginError(f"registers {type(metric).__name__} {metric!r:.60}, which is no subclass of Metric")
    name = metric.name
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise PluginError(f"{metric.__name__} has the name {name!r:.60}; use lower case, digits and dashes")
    if inspect.isabstract(metric):
        missing = ", ".join(sorted(metric.__abstractmethods__))
        raise PluginError(f"metric '{name}' lacks the method {missing}")
    if not isinstance(metric.summary, str):
        raise PluginError(f"metric '{name}' has summary = {metric.summary!r:.60}, which must be a text")
    _check_words(name, "networks", metric.networks, NETWORKS, least=1)
    _check_words(name, "needs", metric.needs, NEEDS, least=0)


def _check_words(name: str, attribute: str, words: Any, known: tuple[str, ...], least: int) -> None:
    good = isinstance(words, tuple | list) and len(words) >= least and all(word in known for word in words)
    if not good:
        raise PluginError(f"metric '{name}' has {attribute} = {words!r:.60}, which must be some of {', '.join(known)}")
