"""Pools of spikes as lists of their members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from snnctl.lowering.sliding import Slide, slid


@dataclass(frozen=True)
class Members:
    """What is pooled.

    Args:
        passing: which places of the layer's output have a pool, of the output's shape: one that cannot pass anything,
            as nothing can fire there, is none.
        start: (pools + 1,), where each one's members begin.
        ids: of the members' spikes.
        latest: (pools,), whether the latest passes instead of the earliest.
    """

    passing: np.ndarray
    start: np.ndarray
    ids: np.ndarray
    latest: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the pools: the output's, if it has one at each place."""
        return self.passing.shape if self.passing.all() else (len(self.latest),)


def members(layer: Any, ids: np.ndarray) -> Members:
    """The pools of a pooling layer.

    Args:
        layer: an earliest-spike pooling.
        ids: of the spikes that it reads, (\\*sides, channels); -1 where nothing can fire.
    """
    pool, channels = layer.pool, ids.shape[-1]
    moves = zip(pool.pool_size, pool.strides, strict=True)
    taps = slid(ids.shape[:-1], [Slide(size, stride, 1, pool.padding) for size, stride in moves])
    order = np.argsort(taps.result, kind="stable")
    results, places = taps.result[order], taps.place[order]
    pools = (results[:, None] * channels + np.arange(channels)).reshape(-1)
    order = np.argsort(pools, kind="stable")
    pools, read = pools[order], (places[:, None] * channels + np.arange(channels)).reshape(-1)[order]
    count = taps.results * channels
    member = ids.reshape(-1)[read]
    sign = np.asarray(keras.ops.convert_to_numpy(layer.sign)) if layer.signed else np.ones(channels)
    latest = np.broadcast_to(sign < 0, (taps.results, channels)).reshape(-1)
    # A pool that waits for a place where nothing can fire passes nothing.
    never = np.zeros(count, bool)
    never[pools[member < 0]] = True
    kept = (member >= 0) & ~(never & latest)[pools]
    sizes = np.bincount(pools[kept], minlength=count)
    passing = sizes > 0
    start = np.append(0, np.cumsum(sizes[passing]))
    return Members(passing.reshape(*taps.outputs, channels), start, member[kept], latest[passing])
