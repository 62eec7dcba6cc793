"""The nodes of a NIR graph in the order of computation."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import nir

from snnctl.errors import ModelError


def sources(graph: nir.NIRGraph) -> dict[str, list[str]]:
    """Of each node, those whose edges end in it."""
    found: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for start, end in graph.edges:
        found[end].append(start)
    return found


def in_order(graph: nir.NIRGraph, where: str) -> list[str]:
    """All nodes, each behind those that it reads.

    Raises:
        ModelError: edges run in a circle.
    """
    try:
        return list(TopologicalSorter(sources(graph)).static_order())
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise ModelError(
            f"The graph is recurrent: {circle}.", where=where, todo="snnctl has feed-forward networks only."
        ) from error
