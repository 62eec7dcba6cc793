"""Which layer of a file of weights went to which layer of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class MatchedLayer:
    """Two layers that were taken for the same.

    Args:
        stored: the name in the file.
        layer: the name in the network.
        shapes: of the weights, in the file's order.
    """

    stored: str
    layer: str
    shapes: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class WeightTable:
    """All layers with weights, those of the file beside those of the network.

    Args:
        rows: in the network's order.
        by: how they were matched: by their names, or by their order because the names differ.
    """

    rows: tuple[MatchedLayer, ...]
    by: Literal["name", "order"]

    def lines(self) -> list[str]:
        """The table as aligned text, a line a layer: name in the file, name in the network, shapes."""
        width = max((len(row.stored) for row in self.rows), default=0)
        other = max((len(row.layer) for row in self.rows), default=0)
        return [
            f"{row.stored:{width}} -> {row.layer:{other}}  {', '.join(map(_product, row.shapes))}" for row in self.rows
        ]


def _product(shape: tuple[int, ...]) -> str:
    """``(3, 3, 64)`` -> ``3×3×64``."""
    return "×".join(map(str, shape)) or "1"
