"""Pooling over spike times in one, two and three dimensions, and in both precisions."""

from __future__ import annotations

from itertools import product

import keras
import numpy as np
import pytest

import snnctl.layers as ttfs

SHAPES = {1: (11, 3), 2: (7, 6, 3), 3: (5, 4, 6, 3)}
POOLS = {1: ttfs.EarliestSpikePooling1D, 2: ttfs.EarliestSpikePooling2D, 3: ttfs.EarliestSpikePooling3D}
SIGN = np.array([1.0, -1.0, 1.0])
# Size, strides, padding of the first axes.
WINDOWS = [
    *(((2, 2, 2), None, "valid"), ((3, 2, 1), (2, 1, 3), "same"), ((1, 4, 3), (1, 3, 2), "same")),
    *(((4, 3, 2), (1, 2, 2), "valid"), ((2, 3, 3), (3, 3, 1), "same")),
]


def passed(x: np.ndarray, size: tuple, strides: tuple, padding: str, sign: np.ndarray) -> np.ndarray:
    """Pool by pool: the largest local time is the earliest spike; the smallest one, where the sign is turned."""
    sides, found = x.shape[1:-1], []
    axes = []
    for side, width, stride in zip(sides, size, strides, strict=True):
        count = -(-side // stride) if padding == "same" else (side - width) // stride + 1
        before = max(0, (count - 1) * stride + width - side) // 2 if padding == "same" else 0
        axes.append([slice(max(0, at * stride - before), at * stride - before + width) for at in range(count)])
    for windows in product(*axes):
        members = x[(slice(None), *windows)].reshape(len(x), -1, x.shape[-1])
        found.append(np.where(sign > 0, members.max(axis=1), members.min(axis=1)))
    return np.stack(found, axis=1).reshape(len(x), *map(len, axes), -1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_earliest_spike_passes_or_the_latest_where_the_sign_is_turned(rank: int, dtype: str) -> None:
    x = np.maximum(np.random.default_rng(rank).normal(size=(2, *SHAPES[rank])), 0).astype(dtype)  # some are silent
    for size, strides, padding in WINDOWS:
        size, strides = size[:rank], (strides or size)[:rank]
        for sign in (np.ones(3), SIGN):
            pool = POOLS[rank](size, strides, padding, signed=bool(np.any(sign < 0)), dtype=dtype)
            pool.build(x.shape)
            if pool.weights:
                pool.sign.assign(sign)
            assert tuple(pool.compute_output_shape(x.shape)) == pool(x).shape
            assert pool(x).dtype == dtype
            np.testing.assert_array_equal(pool(x), passed(x, size, strides, padding, sign))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pooling_is_restored_from_a_file(rank: int, tmp_path) -> None:
    start = keras.Input(SHAPES[rank])
    pool = POOLS[rank]((3, 2, 2)[:rank], 2, "same", signed=True, name="pool")
    model = keras.Model(start, pool(start))
    pool.sign.assign(SIGN)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("pool").get_config() == pool.get_config()
    x = np.random.default_rng(1).random((2, *SHAPES[rank]), dtype="float32")
    np.testing.assert_array_equal(loaded(x), model(x))
