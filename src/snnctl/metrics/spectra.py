"""Singular values of Jacobians, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_VALUES = 512  # singular values that are listed one by one


@dataclass(frozen=True)
class Spectrum:
    """The singular values of one layer's Jacobians, those of all images together.

    Gradients pass well through a network with singular values about 1. They vanish or explode where these go to 0 or
    infinity with depth. [HP, Results]

    Args:
        images: number of Jacobians, one an image; those without a neuron that fires on either side have no values.
        largest: the largest singular value; NaN when there is none.
        smallest: the smallest one that is not zero to rounding.
        mean_log: mean of the natural logarithms.
        quantiles: at :data:`QUANTILES`.
        rank: mean number of singular values of an image that are not zero to rounding.
        values: those of the first image, in descending order; empty if they are more than :data:`MOST_VALUES`.
    """

    images: int
    largest: float
    smallest: float
    mean_log: float
    quantiles: tuple[float, ...]
    rank: float
    values: tuple[float, ...]


def singular_values(jacobian: np.ndarray) -> np.ndarray:
    """The singular values that are not zero to rounding, in descending order.

    Args:
        jacobian: (outputs, inputs), of any size, empty ones too.
    """
    if jacobian.size == 0:
        return np.zeros(0)
    values = np.linalg.svd(jacobian, compute_uv=False)
    rounding = values[0] * max(jacobian.shape) * np.finfo(jacobian.dtype).eps  # as numpy.linalg.matrix_rank has it
    return values[values > rounding]


def spectrum(jacobians: Sequence[np.ndarray]) -> Spectrum:
    """The spectrum of one layer's Jacobians, (outputs, inputs) each; their sizes may differ from image to image."""
    found = [singular_values(jacobian).astype(np.float64) for jacobian in jacobians]
    pooled = np.concatenate([np.zeros(0), *found])
    if not pooled.size:
        nothing = float("nan")
        return Spectrum(len(found), nothing, nothing, nothing, (nothing,) * len(QUANTILES), 0.0, ())
    return Spectrum(
        images=len(found),
        largest=float(pooled.max()),
        smallest=float(pooled.min()),
        mean_log=float(np.log(pooled).mean()),
        quantiles=tuple(np.quantile(pooled, QUANTILES).tolist()),
        rank=pooled.size / len(found),
        values=tuple(found[0].tolist()) if len(found[0]) <= MOST_VALUES else (),
    )
