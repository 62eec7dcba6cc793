"""Conversion rules of plugins: asked for late, because layer classes cannot be named without Keras."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from snnctl.errors import PluginError
from snnctl.plugins.guard import guard
from snnctl.plugins.late_hook import LateHook

LayerRule = Callable[..., Any]
"""``rule(context, layer, *signals)`` gives the signal behind the layer; snnctl.conversion says what these are."""

HOOK = "register_layer_rules"


def collect_rules(
    hooks: Iterable[LateHook], builtin: Collection[type], blame: Callable[[LateHook, str], None]
) -> dict[type, LayerRule]:
    """Call every hook; what one does wrong is told and left out, the rest stays.

    Args:
        hooks: one for each plugin that has one, in the order of precedence.
        builtin: layer classes that snnctl has rules for.
        blame: told what a hook did wrong.

    Returns:
        By layer class, a rule that raises SnnctlError or, whatever else the plugin's code raises, PluginError.
    """
    rules: dict[type, LayerRule] = {}
    owners = dict.fromkeys(builtin, "snnctl")
    for hook in hooks:
        hook.call_guarded(HOOK, _Register(hook, rules, owners, blame), blame)
    return rules


@dataclass(frozen=True)
class _Register:
    """The function that one plugin's hook is given."""

    hook: LateHook
    rules: dict[type, LayerRule]
    owners: dict[type, str]
    blame: Callable[[LateHook, str], None]

    def __call__(self, layer: Any, rule: Any) -> None:
        try:
            with guard("registers a broken layer rule", passed=(PluginError,)):
                _check(layer, rule, self.owners)
                self.rules[layer] = _guarded(rule, layer, self.hook)
                self.owners[layer] = self.hook.package
        except PluginError as error:
            self.blame(self.hook, error.what)


def _check(layer: Any, rule: Any, owners: dict[type, str]) -> None:
    """Refuse what is no layer class or no rule, and a layer that has a rule.

    Raises:
        PluginError: what is wrong.
    """
    if not isinstance(layer, type):
        raise PluginError(f"registers a layer rule for {type(layer).__name__} {layer!r:.60}, which is no class")
    if not callable(rule):
        raise PluginError(f"registers {type(rule).__name__} {rule!r:.60} as the rule for {_named(layer)}: no function")
    if layer in owners:
        raise PluginError(f"a layer rule for {_named(layer)} is already provided by {owners[layer]}")


def _guarded(rule: LayerRule, layer: type, hook: LateHook) -> LayerRule:
    """``rule``, with its failures told as the plugin's."""

    @wraps(rule)
    def guarded(*arguments: Any, **named: Any) -> Any:
        with guard(f"its rule for {_named(layer)} failed", where=hook.where):
            return rule(*arguments, **named)

    return guarded


def _named(layer: type) -> str:
    """Name and package of a class."""
    return f"{layer.__qualname__} ({layer.__module__.partition('.')[0]})"
