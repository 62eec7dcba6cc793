"""The key of a step: the SHA-256 of everything its result depends on. Steps of one key have the same result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnctl.data.fingerprint import content_of, digest
from snnctl.errors import SnnctlError
from snnctl.plugins import Registry
from snnctl.recipes import inputs
from snnctl.recipes.data_sets import configured, context_of, data_identity
from snnctl.recipes.places import all_steps, source_of
from snnctl.recipes.plan import Plan, Step
from snnctl.runs import expanded, plain
from snnctl.verbs.naming import CHOOSES, mark

FORMAT = 2  # of what goes into a key

Keys = Mapping[str, str | None]
"""The keys of steps, by the steps' folders within that of the recipe; None where something is not known."""


def step_keys(plan: Plan, registry: Registry, kept: Keys | None = None) -> Keys:
    """The keys of all steps of all variants.

    The key of a step whose network comes from another step holds that step's key in its place, so that it is known
    before anything is run. None: the samples are not on this machine, or a file cannot be read.

    Args:
        plan: a checked recipe.
        registry: knows the data sets and who provides what.
        kept: keys under which steps were run that are not run again. The steps behind those build on them, and not on
            what the keys would be today.

    Returns:
        The keys as they are today; but of steps behind ``kept`` ones, with those.
    """
    return _Keys(registry).of(plan, kept or {})


def key_now(step: Step, source: str | None, registry: Registry) -> str | None:
    """The key of one step as it is at this moment; see :func:`step_keys`.

    Args:
        step: of a checked recipe.
        source: the key of the step whose network it takes; None if it takes that of no step.
        registry: as above.
    """
    return _Keys(registry).of_step(step, source)


class _Keys:
    """Finds keys, looking at each data set and package once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._machine = inputs.machine()
        self._code = inputs.own_code()
        self._packages: dict[str, dict[str, Any]] = {}
        self._samples: dict[str, Any] = {}

    def of(self, plan: Plan, kept: Keys) -> Keys:
        """See :func:`step_keys`."""
        found: dict[str, str | None] = {}
        for variant, step, place in all_steps(plan):
            source = source_of(variant, step)
            taken = None if source is None else kept.get(source, found[source])
            found[place] = self.of_step(step, taken)
        return found

    def of_step(self, step: Step, source: str | None) -> str | None:
        """See :func:`key_now`."""
        if step.source is not None and source is None:
            return None
        try:
            return self._digest(step, source)
        except (OSError, SnnctlError):  # the step itself will tell what is wrong
            return None

    def _digest(self, step: Step, source: str | None) -> str | None:
        samples = self._of_samples(step)
        if samples is None:
            return None
        options = step.options.model_dump(mode="json")
        model = options.pop("model", None)
        files = {name: content_of(expanded(path)) for name, path in _files(step)}
        ordered = {name: list(value.items()) for name, value in options.items() if _is_chosen(step, name) and value}
        return digest(
            {
                "format": FORMAT,
                "verb": [step.verb.name, step.verb.function_path],
                "options": plain({name: value for name, value in {**options, **ordered}.items() if name not in files}),
                "network": source or (inputs.network(model) if model is not None else None),
                "contents": [files, inputs.contents(_lists(step)), inputs.plugin_files(step, self._registry)],
                "arch_files": inputs.named_files(options.get("arch_opt") or {}),
                "data": {"name": step.data, "options": plain(step.data_opt), "samples": samples},
                "code": self._code,
                "plugins": [self._package(name) for name in inputs.packages(step, self._registry)],
                "machine": self._machine,
            }
        )

    def _of_samples(self, step: Step) -> dict[str, Any] | None:
        if step.data is None:
            return {}
        known = data_identity(step)
        if known not in self._samples:
            found = inputs.samples(configured(step, self._registry), context_of(step), step.data_opt)
            files = inputs.named_files(step.data_opt)
            self._samples[known] = None if found is None else {**found, "named": files}
        return self._samples[known]

    def _package(self, name: str) -> dict[str, Any]:
        if name not in self._packages:
            self._packages[name] = inputs.package(name, self._registry)
        return self._packages[name]


def _is_chosen(step: Step, name: str) -> bool:
    """Whether an option chooses things one after the other, so that their order counts."""
    field = type(step.options).model_fields.get(name)
    return field is not None and mark(field, CHOOSES) is not None


def _lists(step: Step) -> dict[str, Any]:
    """Options that are lists of paths, or have some in them."""
    return {name: value for name, value in step.options if isinstance(value, list | tuple | set | frozenset | dict)}


def _files(step: Step) -> list[tuple[str, Path]]:
    """Options that are paths of files, which are read; ``data_dir`` is only where the data set is looked for."""
    paths = [(name, value) for name, value in step.options if isinstance(value, Path) and name != "data_dir"]
    return [(name, path) for name, path in paths if expanded(path).exists()]
