"""What a checked recipe comes to: its variants, each with the steps it is made of and their valid options."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snnctl.plugins.verb import Verb
from snnctl.verbs.options import Options


@dataclass(frozen=True)
class Step:
    """One step.

    Args:
        id: its name, and that of its folder.
        verb: what it does.
        options: valid options; ``model`` may still be the id of an earlier step.
        source: the id of the step whose network it takes; None if it takes a file or none.
        given: the options as written, for the resolved recipe.
        data: the data set it uses, its own or that of its network.
        data_opt: the options of that data set.
    """

    id: str
    verb: Verb
    options: Options
    source: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    data: str | None = None
    data_opt: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """The steps under one combination of the matrix's values.

    Args:
        name: that of its folder, such as ``lr=0.001-seed=0``; empty if the recipe has no matrix.
        settings: the values, by the keys of the matrix; empty if the recipe has none.
        steps: in order.
    """

    name: str
    settings: dict[str, Any]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Plan:
    """A checked recipe.

    Args:
        path: the recipe's file.
        name: the recipe's name; its file's by default.
        description: what it is for.
        variants: one for each combination of the matrix's values, the last key's fastest; one without a matrix.
        bases: the files it extends, the nearest first.
        document: the recipe with its bases and settings in it; variables, defaults and the matrix are not filled in.
    """

    path: Path
    name: str
    description: str
    variants: tuple[Variant, ...]
    bases: tuple[Path, ...] = ()
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the first variant; of the only one, if the recipe has no matrix."""
        return self.variants[0].steps

    @property
    def has_matrix(self) -> bool:
        """Whether each variant has a folder of its own."""
        return bool(self.variants[0].name)

    def resolved(self, variant: Variant | None = None) -> dict[str, Any]:
        """A recipe without bases and settings that means the same as what was run.

        Args:
            variant: whose steps to tell, with variables and defaults filled in; by default the only one, or, of a
                recipe with a matrix, the whole recipe with variables, defaults and matrix.
        """
        if variant is None and self.has_matrix:
            return self.document
        told = variant or self.variants[0]
        steps = [{"id": step.id, step.verb.name: step.given} for step in told.steps]
        return {"name": self.name, "description": self.description, "steps": steps}
