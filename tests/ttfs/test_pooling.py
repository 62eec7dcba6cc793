"""Pooling over spike times in one, two and three dimensions, and in both precisions."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference
import snnctl.layers as ttfs

END = 9.0
SHAPES = {1: (11, 3), 2: (7, 6, 3), 3: (5, 4, 6, 3)}
POOLS = {1: ttfs.EarliestSpikePooling1D, 2: ttfs.EarliestSpikePooling2D, 3: ttfs.EarliestSpikePooling3D}
SIGN = np.array([1.0, -1.0, 1.0])


def local_times(rank: int, seed: int) -> np.ndarray:
    """Some neurons are silent."""
    return np.maximum(np.random.default_rng(seed).normal(size=(2, *SHAPES[rank])), 0)


def expected(x, sign, size, strides, padding):
    """Local times of the spikes that pass."""
    spikes = reference.Spikes(np.where(x > 0, END - x, np.inf), np.zeros(x.shape[1:]), 0)
    passed = reference.pooled(spikes, reference.Image(size, strides, padding), sign)
    return END - np.minimum(passed.t, END)


@given(
    st.sampled_from([1, 2, 3]),
    st.data(),
    st.sampled_from(["same", "valid"]),
    st.sampled_from(["float32", "float64"]),
    st.integers(0, 10_000),
)
@settings(deadline=None, max_examples=60)
def test_the_earliest_spike_passes_or_the_latest_where_the_sign_is_turned(rank, data, padding, dtype, seed):
    size = tuple(data.draw(st.integers(1, 4)) for _ in range(rank))
    strides = tuple(data.draw(st.integers(1, 3)) for _ in range(rank))
    x = local_times(rank, seed)
    pool = POOLS[rank](size, strides, padding, signed=True, dtype=dtype)
    pool(x.astype(dtype))
    pool.sign.assign(SIGN)
    passed = pool(x.astype(dtype))
    assert passed.dtype == dtype
    assert tuple(passed.shape) == tuple(pool.compute_output_shape(x.shape))
    tolerance = 1e-12 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(passed, expected(x, SIGN, size, strides, padding), atol=tolerance)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_without_signs_all_channels_pass_the_earliest(rank, dtype):
    x = local_times(rank, 0).astype(dtype)
    pool = POOLS[rank](2, dtype=dtype)
    assert not pool.weights or rank == 0
    np.testing.assert_allclose(pool(x), expected(x, np.ones(1), (2,) * rank, (2,) * rank, "valid"), atol=1e-6)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pooling_is_restored_from_a_file(rank, dtype, tmp_path):
    start = keras.Input(SHAPES[rank], dtype=dtype)
    size = (3, 2, 2)[:rank]
    pool = POOLS[rank](size if rank > 1 else 3, 2, "same", signed=True, name="pool", dtype=dtype)
    model = keras.Model(start, pool(start))
    pool.sign.assign(SIGN)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("pool").get_config() == pool.get_config()
    x = local_times(rank, 1).astype(dtype)
    np.testing.assert_array_equal(loaded(x), model(x))


def test_signed_spikes_are_compared_by_their_times():
    """All of a pool share a reference time; its smallest value passes last."""
    x = np.random.default_rng(0).normal(size=(2, 6, 1))
    low = -4.0
    spikes = reference.Spikes(END - (x - low), np.full(x.shape[1:], low), 0)
    passed = reference.pooled(spikes, reference.Image((3,), (2,), "same"), np.ones(1))
    pool = ttfs.EarliestSpikePooling1D(3, 2, "same", dtype="float64")
    np.testing.assert_allclose(pool(x), END - passed.t + passed.low, atol=1e-12)
