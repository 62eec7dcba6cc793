"""Packages that look installed: a module and a dist-info folder, without pip; and things as if a package had them."""

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

from snnctl.plugins import Registry, load_registry
from snnctl.plugins.registry import Entry

GOOD = """
    from snnctl.plugins import Architecture, Dataset, hookimpl

    class Tiny(Dataset):
        name, summary = "tiny-shapes", "made up"
        input_shape = (8, 8, 1)
        classes = 2

        def load(self, split, context):
            raise NotImplementedError

    class Narrow(Architecture):
        name, summary = "narrow", "made up"

        def build(self, input_shape, classes, *, hidden: int = 3):
            raise NotImplementedError

    @hookimpl
    def register_datasets(register):
        register(Tiny())

    @hookimpl
    def register_architectures(register):
        register(Narrow())
"""
ONE_OF_EACH = """
    from typing import Literal
    from snnctl import plugins as p
    from snnctl.plugins import hookimpl
    class Data(p.Dataset):
        name, summary, input_shape, classes = "twin", "", (2,), 2
        def load(self, split, context): ...
    class Net(p.Architecture):
        name, summary = "twin", ""
        def build(self, input_shape, classes): ...
    class Neuron(p.NeuronModel):
        name, summary = "twin", ""
    class Limit(p.HardwareConstraint):
        name, summary = "twin", ""
        def weights(self, J): return J
    class Format(p.Exporter):
        name, summary = "twin", ""
        def export(self, network, context): ...
    class Files(p.Reader):
        name, summary, suffixes = "twin", "", (".twin",)
        def read(self, path, context): ...
    class Watch(p.TrainingCallback):
        name, summary = "twin", ""
        def make(self, context): ...
    class Count(p.Metric):
        name, summary = "twin", ""
        def __init__(self, network): ...
        def add(self, batch): ...
        def result(self): return {}

    def built(parameters):
        names = dict(globals())
        exec(f"class Odd(p.Architecture):\\n name, summary = 'twin', ''\\n def build({parameters}): ...", names)
        return names["Odd"]()

    def limit(kind, default):
        names = dict(globals())
        exec(f"class Odd(Limit):\\n def __init__(self, *, size: {kind} = {default}): ...", names)
        return names["Odd"]

    MADE = {
        "datasets": Data(),
        "architectures": Net(),
        "neuron_models": Neuron(),
        "constraints": Limit,
        "exporters": Format(),
        "readers": Files(),
        "callbacks": Watch(),
        "steps": p.Verb("twin", "", "somewhere:Options", "somewhere:function"),
        "commands": p.Command("twin", "", "somewhere:function"),
    }
"""
PACKAGE = "laboratory"


def install(folder: Path, module: str, source: str | None, entry_points: str | None = None) -> Path:
    """Put the package ``module`` with ``source`` (None: no such module) into ``folder``; returns it."""
    if source is not None:
        (folder / f"{module}.py").write_text(textwrap.dedent(source))
    info = folder / f"{module}-1.2.dist-info"
    info.mkdir(parents=True)
    name = module.replace("_", "-")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(entry_points or f"[snnctl]\n{name} = {module}\n")
    return folder


def registry_with(**things: list[Any]) -> Registry:
    """snnctl's own registry, and things by the key of their kind, as of the package ``laboratory``."""
    registry = load_registry(entry_points=False)
    claims = {key: dict(names) for key, names in registry.claims.items()}
    for key, added in things.items():
        for thing in added:
            claims[key][thing.name] = (*claims[key].get(thing.name, ()), Entry(thing, PACKAGE))
    return replace(registry, claims=claims)
