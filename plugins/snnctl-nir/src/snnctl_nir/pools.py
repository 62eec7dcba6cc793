"""Pooling by first spike in NIR: neurons that fire at the spike which decides.

Every neuron fires at most once. The spikes of a pool's members, added up, lift a potential by 1 each. So it passes 1/2
at the first of them and n - 1/2 at the last of n, if all of them come. Reset to -n, it passes neither again.
"""

from __future__ import annotations

from math import prod
from typing import Any

import keras
import nir
import numpy as np

from snnctl_nir.arrangement import Shape, to_nir
from snnctl_nir.forms import members, pool_axes


def deciding(layer: Any, shape: Shape, order: np.ndarray, dtype: str) -> nir.IF:
    """The neurons that read the sums of a pooling layer's members.

    Args:
        layer: the pooling.
        shape: of what it reads.
        order: how what it makes is arranged.
        dtype: of the weights.
    """
    counts = members(pool_axes(layer.pool, shape), shape)
    everywhere = np.broadcast_to(counts[..., None], (*counts.shape, shape[-1]))
    threshold = np.full(everywhere.shape, 0.5)
    if layer.signed:
        latest = keras.ops.convert_to_numpy(layer.sign) < 0
        threshold = np.where(latest, everywhere - 0.5, 0.5)
    most = -float(prod(layer.pool.pool_size if not isinstance(layer.pool.pool_size, int) else (layer.pool.pool_size,)))
    return nir.IF(
        r=np.ones(order.shape, dtype),
        v_threshold=to_nir(threshold, order),
        v_reset=np.full(order.shape, most),
    )
