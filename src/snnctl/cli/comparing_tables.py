"""The results of ``gradients`` and ``trajectory`` on stdout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_LAYERS = 12  # of a deep network some in the middle are left out

Rows = list[tuple[str, ...]]


def comparing_rows(metrics: Mapping[str, Any], form: Any) -> Iterator[tuple[str, Sequence[str], Rows]]:
    """Titles, heads and rows of the tables of networks side by side; none for results of other verbs.

    Args:
        metrics: of any verb.
        form: makes a text of a figure, given its name and itself.
    """
    networks = metrics.get("networks")
    if not isinstance(networks, list) or not networks:
        return
    if "layers" in networks[0]:
        yield "norm of the loss's gradient, layer by layer", *_by_layer(networks, "activation_gradient", form)
        yield "singular values over depth, smallest .. largest", *_by_layer(networks, "depth", form)
        yield (
            "networks",
            *_of_networks(networks, {"neuron": "network", "loss": "loss", "jacobian_difference": DIFFERENCE}, form),
        )
    else:
        yield "networks", *_of_networks(networks, TRAJECTORY, form)


DIFFERENCE = "Jacobians: largest difference from relu"
TRAJECTORY = {
    "neuron": "network",
    "loss": "last loss",
    "accuracy": "accuracy",
    "distance": "distance from relu",
    "largest_distance": "largest distance",
    "cosine": "cosine",
    "diverged": "diverged in step",
}
"""Figures of a network, and the heads of their columns."""


def _of_networks(networks: Sequence[Mapping[str, Any]], heads: Mapping[str, str], form: Any) -> tuple[list[str], Rows]:
    shown = [key for key in heads if any(network.get(key) is not None for network in networks)]
    rows = [tuple(form(key, network.get(key)) for key in shown) for network in networks]
    return [heads[key] for key in shown], rows


def _by_layer(networks: Sequence[Mapping[str, Any]], figure: str, form: Any) -> tuple[list[str], Rows]:
    """One column a network: of every layer the gradient's norm, or the ends of the spectrum over its depth."""
    names = [layer["name"] for layer in networks[0]["layers"]]
    rows: Rows = []
    for place in _places(len(names)):
        cells = [_cell(network["layers"], place, figure, form) for network in networks]
        rows.append((f"{place + 1} {names[place]}" if place >= 0 else "...", *cells))
    return ["layer", *(str(network["neuron"]) for network in networks)], rows


def _cell(layers: Sequence[Mapping[str, Any]], place: int, figure: str, form: Any) -> str:
    if not 0 <= place < len(layers) or layers[place][figure] is None:
        return ""
    value = layers[place][figure]
    if figure == "activation_gradient":
        return form("", value)
    return f"{form('', value['smallest'])} .. {form('', value['largest'])}"


def _places(layers: int) -> list[int]:
    """The layers that are shown; -1 where some are left out."""
    if layers <= MOST_LAYERS:
        return list(range(layers))
    half = MOST_LAYERS // 2
    return [*range(half), -1, *range(layers - half, layers)]
