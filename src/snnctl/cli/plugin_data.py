"""What is known of plugins and of what they add, as plain data. Light: no pydantic, no rich, no NumPy of its own."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from snnctl.cli.option_data import options_data, type_name
from snnctl.errors import PluginError
from snnctl.plugins.hookspecs import HOOKS
from snnctl.plugins.kinds import KINDS

if TYPE_CHECKING:
    from snnctl.plugins import PluginInfo, Registry

Data = dict[str, Any]


def listed(plugin: PluginInfo, registry: Registry) -> Data:
    """What `snnctl plugins list` tells: names only, nothing that a late hook would add."""
    problems = problems_of(plugin, registry)
    told = "; ".join(f"{each['message']}" for each in problems) or plugin.error
    return {**plugin.as_data(), "error": told, "problems": problems}


def problems_of(plugin: PluginInfo, registry: Registry) -> list[Data]:
    """Hook and message of everything that the plugin did wrong so far."""
    return [
        {"hook": problem.hook or None, "message": problem.told}
        for problem in registry.problems
        if (problem.package, problem.entry_point) == (plugin.package, plugin.name)
    ]


def shown(name: str, registry: Registry) -> Data:
    """The plugin called ``name``, or ``{"things": [...]}``: all things of that name.

    Calls the late hooks of the plugin, which may import Keras; those of others only if nothing else has the name.

    Raises:
        PluginError: there is none (names the nearest), or there are several.
    """
    from snnctl.testing.lookup import find_plugin, named_plugins

    if named_plugins(name, registry):
        return plugin_data(find_plugin(name, registry), registry)
    things = _things_called(name, registry)
    return {"things": things} if things else plugin_data(find_plugin(name, registry), registry)


def plugin_data(plugin: PluginInfo, registry: Registry) -> Data:
    """Package, hooks, problems, and everything it adds. Calls its late hooks, which may import Keras."""
    from snnctl.testing.lookup import late_things, things_of
    from snnctl.testing.package import module_of, requires_hooks

    module = module_of(plugin)
    adds: dict[str, list[Data]] = {}
    for key, name in things_of(plugin):
        adds.setdefault(key, []).append(_thing(key, name, plugin.package, registry))
    rules, metrics = late_things(plugin, registry)
    if rules:
        adds["layer_rules"] = [
            {
                "name": layer.__name__,
                "package": plugin.package,
                "summary": f"layer of {layer.__module__}",
                "options": {},
            }
            for layer, _ in rules
        ]
    if metrics:
        adds["metrics"] = [_late(metric, plugin.package) for metric in metrics]
    return {
        "name": plugin.name,
        "package": plugin.package,
        "version": plugin.version,
        "summary": _summary(plugin.package),
        "module": module,
        "hooks": {"provided": HOOKS, "required": requires_hooks(module)},
        "adds": adds,
        "problems": problems_of(plugin, registry),
    }


def _summary(package: str) -> str:
    """What the package says of itself."""
    try:
        return metadata.metadata(package)["Summary"] or ""
    except (metadata.PackageNotFoundError, KeyError):
        return ""


def _things_called(name: str, registry: Registry) -> list[Data]:
    package, _, short = name.rpartition(":")
    found = [
        {"kind": key, **_thing(key, short, entry.package, registry)}
        for key in KINDS
        for entry in registry.claims.get(key, {}).get(short, ())
        if package in ("", entry.package)
    ]
    if not found and (entry := registry.metrics().get(short)) and package in ("", entry.hook.package):
        found.append({"kind": "metrics", **_late(entry.metric, entry.hook.package)})
    return found


def _thing(key: str, name: str, package: str, registry: Registry) -> Data:
    thing = registry.find(key, f"{package}:{name}")
    return {"name": name, "package": package, "summary": thing.summary, "options": _options(key, thing)}


def _late(metric: Any, package: str) -> Data:
    return {"name": metric.name, "package": package, "summary": metric.summary, "options": {}}


def _options(key: str, thing: Any) -> Data:
    return _of_model(thing) if key == "steps" else options_data(thing)


def _of_model(verb: Any) -> Data:
    """The options of a step; its model is imported, and one that cannot be has no options to tell of."""
    try:
        fields = verb.options.model_fields
    except PluginError as error:
        return {"error": " ".join(str(error).split())}
    return {
        name: {
            "type": type_name(field.annotation),
            **(
                {"required": True} if field.is_required() else {"default": field.get_default(call_default_factory=True)}
            ),
            "help": field.description or "",
        }
        for name, field in fields.items()
    }
