"""The result of ``gradients`` as a table, as curves, and as a difference from the ReLU network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from snnctl.verbs.comparing.csv_text import csv_text

Matrices = dict[str, list[np.ndarray] | None]
"""The Jacobians of one layer, one an image, by kind."""
SPECTRA = ("jacobian", "depth")
FIGURES = ("largest", "smallest", "mean_log", "rank")


def differences(found: Sequence[Matrices], relu: Sequence[Matrices] | None) -> dict[str, Any]:
    """Largest difference of an entry of a layer's Jacobians from the ReLU network's, relative to its largest entry.

    None where they cannot be compared: other neurons fire, or layers stand for no ReLU unit. Empty for the ReLU one.
    """
    if relu is None:
        return {}
    if len(found) != len(relu):
        return {"jacobian_difference": None}
    pairs = [
        (own, reference)
        for mine, theirs in zip(found, relu, strict=True)
        for own, reference in zip(mine["jacobian"] or [], theirs["jacobian"] or [], strict=True)
    ]
    if not pairs or any(own.shape != reference.shape for own, reference in pairs):
        return {"jacobian_difference": None}
    return {"jacobian_difference": max(_relative(own, reference) for own, reference in pairs)}


def _relative(own: np.ndarray, reference: np.ndarray) -> float:
    scale = np.abs(reference).max(initial=0.0)
    return float(np.abs(own - reference).max(initial=0.0) / scale) if scale else 0.0


def table(networks: Sequence[dict[str, Any]]) -> str:
    """One line a network and layer, as CSV."""
    rows = []
    for network in networks:
        for number, layer in enumerate(network["layers"], start=1):
            row = {"neuron": network["neuron"], "layer": number}
            row.update({key: value for key, value in layer.items() if key not in SPECTRA})
            for kind in SPECTRA:
                spectrum = layer[kind] or {}
                row.update({f"{kind}_{key}": spectrum.get(key) for key in FIGURES})
                row.update({f"{kind}_{key}": value for key, value in spectrum.get("quantiles", {}).items()})
            rows.append(row)
    return csv_text(rows)


def charts(networks: Sequence[dict[str, Any]], arch: str) -> dict[str, str]:
    """Gradients and singular values layer by layer, as SVG by file name."""
    from snnctl.reports.network_charts import gradient_chart, jacobian_chart

    files = {"gradients.svg": gradient_chart(networks, arch)}
    spectra = jacobian_chart(networks, arch)
    return files if spectra is None else {**files, "jacobians.svg": spectra}
