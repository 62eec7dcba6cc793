"""Charts of a ReLU network and its spiking forms side by side, from the figures of ``gradients`` and ``trajectory``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from snnctl.reports.charts import Series, alone, line_panel

RELU = "relu"  # drawn wide: spiking forms that equal it lie on top
MOST_POINTS = 400  # of a curve; more would not be seen
ENDS = ("largest", "smallest")
NO_NUMBER = float("nan")

Network = Mapping[str, Any]


def gradient_chart(networks: Sequence[Network], arch: str, *, inline: bool = False) -> str:
    """Norms of the loss's gradient with respect to spike times (of ReLU, activations), layer by layer, as SVG.

    Args:
        networks: of the ``metrics.json`` of ``gradients``.
        arch: their architecture.
        inline: see :func:`~snnctl.reports.charts.svg.document`.
    """
    norms = [
        Series(name, _places(network), [layer.get("activation_gradient") for layer in network["layers"]], wide=wide)
        for network in networks
        for name, wide in [_named(network)]
    ]
    title = f"Gradient of the loss, layer by layer ({arch}, before training)"
    return alone(line_panel(title, "layer", "norm of the gradient", norms, log_y=True), inline=inline)


def jacobian_chart(networks: Sequence[Network], arch: str, *, inline: bool = False) -> str | None:
    """Ends of the spectra of Jacobians from the input to each layer, as SVG; None if there are none.

    Args:
        networks: see :func:`gradient_chart`.
        arch: likewise.
        inline: likewise.
    """
    if not any(layer.get("depth") for network in networks for layer in network["layers"]):
        return None
    spectra = [
        Series(f"{name}, {end}", _places(network), _ends(network, end), (), end == "smallest", index, wide)
        for index, network in enumerate(networks)
        for name, wide in [_named(network)]
        for end in ENDS
    ]
    title = f"Singular values of the Jacobian from the input to each layer ({arch}, before training)"
    return alone(line_panel(title, "layer", "singular value", spectra, log_y=True), inline=inline)


def distance_chart(curves: Mapping[str, Sequence[float | None]], arch: str, *, inline: bool = False) -> str:
    """Distances of the weights from the ReLU network's, step by step, as SVG.

    Args:
        curves: by network, a value a step.
        arch: see :func:`gradient_chart`.
        inline: likewise.
    """
    series = [Series(name, *thinned(curve), index=place) for place, (name, curve) in enumerate(curves.items(), start=1)]
    title = f"Distance of the weights from the ReLU network's ({arch})"
    return alone(line_panel(title, "step", "relative distance", series, log_y=True), inline=inline)


def loss_chart(curves: Mapping[str, Sequence[float | None]], arch: str, *, inline: bool = False) -> str:
    """Losses step by step, as SVG; arguments as of :func:`distance_chart`."""
    series = [Series(name, *thinned(curve), wide=name == RELU) for name, curve in curves.items()]
    title = f"Loss while training ({arch})"
    return alone(line_panel(title, "step", "loss of the step's batch", series, log_y=True), inline=inline)


def thinned(values: Sequence[float | None]) -> tuple[list[float], list[float | None]]:
    """Places and values, thinned evenly; the last one is among them."""
    stride = max(-(-len(values) // MOST_POINTS), 1)
    chosen = range((len(values) - 1) % stride, len(values), stride)
    return list(map(float, chosen)), [values[place] for place in chosen]


def _named(network: Network) -> tuple[str, bool]:
    name = str(network["neuron"])
    return name, name == RELU


def _places(network: Network) -> list[float]:
    return [float(place) for place in range(1, len(network["layers"]) + 1)]


def _ends(network: Network, end: str) -> list[float | None]:
    return [(layer.get("depth") or {}).get(end, NO_NUMBER) for layer in network["layers"]]
