"""Singular values and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from snnctl.metrics.spectra import MOST_VALUES, QUANTILES, singular_values, spectrum


def with_singular_values(values, rows, columns, seed=0):
    random = np.random.default_rng(seed)
    U, _ = np.linalg.qr(random.normal(size=(rows, len(values))))
    V, _ = np.linalg.qr(random.normal(size=(columns, len(values))))
    return U @ np.diag(values) @ V.T


def test_zeros_by_rounding_are_no_singular_values():
    matrix = with_singular_values([5.0, 1.0, 1e-3], 8, 6)
    np.testing.assert_allclose(singular_values(matrix), [5.0, 1.0, 1e-3], rtol=1e-9)
    assert singular_values(np.zeros((4, 3))).size == 0
    assert singular_values(np.zeros((0, 3))).size == 0


def test_all_images_together():
    found = spectrum([with_singular_values([4.0, 2.0], 5, 3), with_singular_values([1.0, 0.5, 0.25], 3, 7)])
    values = [4.0, 2.0, 1.0, 0.5, 0.25]
    assert (found.images, found.rank) == (2, 2.5)
    assert (found.largest, found.smallest) == pytest.approx((4.0, 0.25))
    assert found.mean_log == pytest.approx(np.log(values).mean(), abs=1e-12)
    assert found.quantiles == pytest.approx(tuple(np.quantile(values, QUANTILES)))
    assert found.values == pytest.approx((4.0, 2.0))


def test_a_network_in_which_nothing_fires():
    found = spectrum([np.zeros((0, 4)), np.zeros((3, 0))])
    assert np.isnan([found.largest, found.smallest, found.mean_log, *found.quantiles]).all()
    assert (found.rank, found.values) == (0.0, ())


def test_values_are_listed_for_small_layers_only():
    size = MOST_VALUES + 1
    assert spectrum([np.eye(size)]).values == ()
    assert len(spectrum([np.eye(size - 1)]).values) == MOST_VALUES
