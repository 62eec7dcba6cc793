"""What a checked recipe comes to: its steps, each with valid options."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snnctl.verbs.catalog import Verb
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
    """

    id: str
    verb: Verb
    options: Options
    source: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    data: str | None = None


@dataclass(frozen=True)
class Plan:
    """A checked recipe.

    Args:
        path: the recipe's file.
        name: the recipe's name; its file's by default.
        description: what it is for.
        steps: in order.
    """

    path: Path
    name: str
    description: str
    steps: tuple[Step, ...]

    def resolved(self) -> dict[str, Any]:
        """The recipe without variables, defaults and settings; means the same as what was run."""
        steps = [{"id": step.id, step.verb.name: step.given} for step in self.steps]
        return {"name": self.name, "description": self.description, "steps": steps}
