"""Packages that look installed: a module and a dist-info folder, without pip."""

from __future__ import annotations

import textwrap
from pathlib import Path

GOOD = """
    from snnctl.plugins import Architecture, Dataset, hookimpl

    class Tiny(Dataset):
        name = "tiny-shapes"
        summary = "made up"
        input_shape = (8, 8, 1)
        classes = 2

        def load(self, split, context):
            raise NotImplementedError

    class Narrow(Architecture):
        name = "narrow"
        summary = "made up"

        def build(self, input_shape, classes, *, hidden: int = 3):
            raise NotImplementedError

    @hookimpl
    def register_datasets(register):
        register(Tiny())

    @hookimpl
    def register_architectures(register):
        register(Narrow())
"""


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
