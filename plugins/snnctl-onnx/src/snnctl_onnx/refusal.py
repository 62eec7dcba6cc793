"""What cannot be read: every node of a file at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snnctl.errors import ModelError

SHOWN = 8  # names of one kind


class NotReadableError(Exception):
    """Raised by a handler: why its node cannot be read."""


@dataclass(frozen=True)
class Unreadable:
    """A node that cannot be read.

    Args:
        op: its operator.
        name: its name, or that of its output.
        why: one sentence, without its full stop.
    """

    op: str
    name: str
    why: str


def refusal(nodes: Sequence[Unreadable], path: Path) -> ModelError:
    """The error that names every node; nodes of one operator and reason together."""
    if len(nodes) == 1:
        only = nodes[0]
        return ModelError(f"node '{only.name}' ({only.op}) cannot be read: {only.why}", where=str(path))
    kinds: dict[tuple[str, str], list[str]] = {}
    for node in nodes:
        kinds.setdefault((node.op, node.why), []).append(node.name)
    lines = [f"- {_named(names)} ({op}): {why}." for (op, why), names in kinds.items()]
    return ModelError(f"{len(nodes)} nodes cannot be read", where=str(path), todo="\n".join(lines))


def _named(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"node '{names[0]}'"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{len(names)} nodes, {', '.join(names[:SHOWN])}{more}"
