"""Write docs/reference/*.md from the code; ``--check`` only tells whether they are up to date.

What is registered by other packages is left out: the pages tell of snnctl alone.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reference_tables import default_words, limits, table, type_words, write_or_check

from snnctl.plugins import Dataset, Registry, Verb, hookspecs, load_registry
from snnctl.plugins.options import REQUIRED, declared_options

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
MADE = "<!-- Made by scripts/make_reference.py; do not edit. -->\n"
FLAGS = {"model": "`MODEL`"}
PAGES = {
    "datasets": "data-sets",
    "architectures": "architectures",
    "layer_rules": "layer-rules",
    "metrics": "metrics",
    "neuron_models": "neuron-models",
    "constraints": "constraints",
    "exporters": "exporters",
    "readers": "readers",
    "callbacks": "callbacks",
    "steps": "steps",
    "commands": "commands",
}
"""Which page of docs/hooks/ tells of what a hook adds."""


def main(arguments: list[str]) -> int:
    """Write the pages, or compare with ``--check``; returns the exit code."""
    registry = load_registry(entry_points=False)
    pages = {
        "options.md": options_page(registry),
        "hooks.md": hooks_page(),
        "architectures.md": architectures_page(registry),
        "datasets.md": datasets_page(registry),
        "builtins.md": builtins_page(registry),
    }
    return write_or_check({FOLDER / name: text for name, text in pages.items()}, __file__, arguments)


def options_page(registry: Registry) -> str:
    """Every verb with its options, as recipes, flags and Python take them."""
    introduction = (
        "A [recipe's](../recipes.md) step is a verb with its options. The same options are flags of the\n"
        "[command](../cli.md) and arguments in [Python](../python-api.md): one definition is behind all of them.\n"
    )
    return "\n".join(
        ["# Steps and options", "", MADE, introduction, *(_options_of(verb) for verb in registry.verbs.values())]
    )


def _options_of(verb: Verb) -> str:
    rows = [
        (
            f"`{name}`",
            FLAGS.get(name, f"`--{name.replace('_', '-')}`"),
            type_words(field.annotation),
            "required" if field.is_required() else default_words(field.get_default(call_default_factory=True)),
            limits(field),
            field.description or "",
        )
        for name, field in sorted(verb.options.model_fields.items(), key=lambda item: not item[1].is_required())
    ]
    head = ("key", "flag", "type", "default", "limits", "meaning")
    return f"## {verb.name}\n\n{verb.summary}\n\n{table(head, rows)}"


def hooks_page() -> str:
    """Every hook with its signature and its description."""
    introduction = (
        f"Version {hookspecs.HOOKS}. [Writing a plugin](../plugins.md) tells how they are used, and what is promised.\n"
    )
    return "\n".join(["# Hooks", "", MADE, introduction, *(_hook(name, spec) for name, spec in _specifications())])


def _specifications() -> Iterator[tuple[str, Any]]:
    for name, found in vars(hookspecs).items():
        if name.startswith("register_") and inspect.isfunction(found):
            yield name, found


def _hook(name: str, specification: Any) -> str:
    signature = str(inspect.signature(specification)).replace("'", "")
    page = PAGES[name.removeprefix("register_")]
    text = (inspect.getdoc(specification) or "").replace("``", "`")
    return f"## `{name}`\n\n`{name}{signature}`\n\n{text}\n\n[An example, and all about it](../hooks/{page}.md)\n"


def architectures_page(registry: Registry) -> str:
    """Every architecture with its options."""
    parts = [
        f"## `{name}`\n\n{architecture.summary.rstrip('.')}.\n\n{_options_table(architecture)}"
        for name, architecture in registry.architectures.items()
    ]
    introduction = (
        "`--arch NAME` chooses one, `--arch-opt NAME=VALUE` an option of it; in recipes `arch` and `arch_opt`. A\n"
        "[plugin](../hooks/architectures.md) adds more.\n"
    )
    return "\n".join(["# Architectures", "", MADE, introduction, *parts])


def datasets_page(registry: Registry) -> str:
    """Every data set."""
    head = ("name", "", "shape", "classes", "values", "`--preprocess standard`", "licence and source")
    rows = [_dataset_row(name, dataset) for name, dataset in registry.datasets.items()]
    introduction = (
        "`--data NAME` chooses one. [Where data comes from](../data.md) tells where files are looked for; a\n"
        "[plugin](../hooks/data-sets.md) adds more.\n"
    )
    return "\n".join(["# Data sets", "", MADE, introduction, table(head, rows)])


def _dataset_row(name: str, dataset: Dataset) -> tuple[str, ...]:
    standard = "" if dataset.standard is None else f"mean {dataset.standard[0]:g}, deviation {dataset.standard[1]:g}"
    return (
        f"`{name}`",
        dataset.summary,
        " x ".join(map(str, dataset.input_shape)),
        str(dataset.classes),
        f"{dataset.raw_range[0]:g} to {dataset.raw_range[1]:g}",
        standard,
        dataset.licence,
    )


def builtins_page(registry: Registry) -> str:
    """What else snnctl brings along, by kind."""
    parts = [
        _things("Neuron models", "Used as `snnctl train --type snn --neuron NAME`", registry.all("neuron_models")),
        _things("Hardware constraints", "Used as `--constraint NAME.OPTION=VALUE`", registry.all("constraints")),
        _things("Exporters", "Used as `snnctl export RUN --to NAME`", registry.all("exporters")),
        _things("Readers", "The file decides which one reads it", registry.all("readers")),
        _things("Training callbacks", "Used as `--callback NAME.OPTION=VALUE`", registry.all("callbacks")),
    ]
    introduction = (
        "What snnctl brings along besides [architectures](architectures.md), [data sets](datasets.md) and\n"
        "[metrics](../metrics.md). It is registered through the same [hooks](hooks.md) as anyone's.\n"
    )
    return "\n".join(["# Neurons, constraints, formats, callbacks", "", MADE, introduction, *parts])


def _things(title: str, used: str, things: dict[str, Any]) -> str:
    rows = [(f"`{name}`", thing.summary, _options_line(thing)) for name, thing in things.items()]
    return f"## {title}\n\n{used}.\n\n{table(('name', '', 'options'), rows)}"


def _options_table(thing: Any) -> str:
    rows = [
        (f"`{name}`", type_words(kind), "required" if default is REQUIRED else default_words(default))
        for name, (kind, default) in declared_options(thing).items()
    ]
    return table(("option", "type", "default"), rows) if rows else "No options.\n"


def _options_line(thing: Any) -> str:
    return ", ".join(_option(name, *declared) for name, declared in declared_options(thing).items())


def _option(name: str, kind: Any, default: Any) -> str:
    ending = "" if default in (None, REQUIRED) else f", by default {default_words(default)}"
    return f"`{name}` ({type_words(kind)}{ending})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
