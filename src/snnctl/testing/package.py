"""Checks of the package a plugin comes in: what it says of itself, and what importing it costs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata

from snnctl.plugins import HOOKS, PluginInfo, Registry
from snnctl.plugins.loading import GROUP
from snnctl.plugins.own import OWN
from snnctl.testing.findings import Checks, Finding, Worth, require

HEAVY = ("tensorflow", "keras", "torch", "jax", "onnx", "onnxruntime", "scipy", "pandas", "matplotlib", "sklearn")
FORBIDDEN = ("tensorflow", "keras", "torch", "jax")
SLOW_IMPORT = 100  # milliseconds
SECONDS = 120
SCRIPT = """
import importlib, json, sys, time
import snnctl.plugins, snnctl.plugins.kinds
started = time.perf_counter()
module = importlib.import_module({module!r})
imported = 1000 * (time.perf_counter() - started)
at_import = sorted({{name.partition(".")[0] for name in sys.modules}} & set({heavy!r}))
for key in snnctl.plugins.kinds.KINDS:
    hook = getattr(module, "register_" + key, None)
    if hook is not None:
        hook(register=lambda thing: None)
at_registration = sorted({{name.partition(".")[0] for name in sys.modules}} & set({heavy!r}))
print("\\nfound " + json.dumps([imported, at_import, at_registration]))
"""


def module_of(plugin: PluginInfo) -> str:
    """The module that holds the plugin's hooks; empty if it is not known."""
    if plugin.package == OWN and plugin.name == "builtin":
        return "snnctl.builtin"
    for point in metadata.entry_points(group=GROUP):
        if point.name == plugin.name and point.dist is not None and point.dist.name == plugin.package:
            return point.module
    return ""


def examine_package(plugin: PluginInfo, registry: Registry) -> list[Finding]:
    """Whether the package is described, loads without problems, and is light.

    Args:
        plugin: which one.
        registry: what became of it; all its hooks have been called.
    """
    checks = Checks("package")
    with checks.that("loads and registers without problems"):
        told = [problem.told for problem in problems_of(plugin, registry)]
        require(not told, "; ".join(told))
    with checks.that("has a version, a summary and snnctl among its dependencies"):
        _require_metadata(plugin)
    module = module_of(plugin)
    if not module:
        checks.skip("is imported quickly", "its module is not known")
        return checks.findings
    _examine_import(checks, module)
    with checks.that(f"works with version {HOOKS} of the hooks"):
        _require_hooks(module)
    return checks.findings


def problems_of(plugin: PluginInfo, registry: Registry) -> list:
    """What the plugin did wrong so far."""
    here = (plugin.package, plugin.name)
    return [problem for problem in registry.problems if (problem.package, problem.entry_point) == here]


def _require_metadata(plugin: PluginInfo) -> None:
    found = metadata.metadata(plugin.package)
    require(plugin.version not in ("", "?"), "it has no version")
    needs = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in metadata.requires(plugin.package) or ()}
    lacks = [] if "Summary" in found else ["it has no summary (description in pyproject.toml)"]
    lacks += [] if OWN in needs or plugin.package == OWN else ["its dependencies do not name snnctl"]
    if lacks:
        raise Worth("; ".join(lacks))


def _examine_import(checks: Checks, module: str) -> None:
    found: tuple[float, list[str], list[str]] | None = None
    with checks.that("can be imported by itself"):
        found = _imported(module)
    if found is None:
        return
    milliseconds, at_import, at_registration = found
    for when, packages in (("import", at_import), ("registration", at_registration)):
        with checks.that(f"leaves TensorFlow and the like alone at {when}"):
            forbidden = [name for name in packages if name in FORBIDDEN]
            require(not forbidden, f"it imports {', '.join(forbidden)}: import them inside functions")
            if packages:
                raise Worth(f"it imports {', '.join(packages)}, which every command waits for")
    with checks.that(f"is imported within {SLOW_IMPORT} ms"):
        if milliseconds > SLOW_IMPORT:
            raise Worth(f"importing {module} takes {milliseconds:.0f} ms, and every command waits for it")


def _imported(module: str) -> tuple[float, list[str], list[str]]:
    """Milliseconds, and heavy packages imported by the module and by its early hooks, in a fresh interpreter."""
    script = SCRIPT.format(module=module, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=SECONDS, check=False)
    require(done.returncode == 0, (done.stderr.strip().splitlines() or ["it ends the interpreter"])[-1])
    [line] = [line for line in done.stdout.splitlines() if line.startswith("found ")]
    milliseconds, at_import, at_registration = json.loads(line.removeprefix("found "))
    return milliseconds, at_import, at_registration


def _require_hooks(module: str) -> None:
    wanted = requires_hooks(module)
    require(wanted is None or isinstance(wanted, str), f"requires_hooks is {wanted!r:.40}, no text")


def requires_hooks(module: str) -> object:
    """Which version of the hooks a plugin's module asks for; None for any."""
    return getattr(sys.modules.get(module), "requires_hooks", None)
