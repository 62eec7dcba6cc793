"""Figures summed up batch by batch are those of the whole."""

import keras
import numpy as np
import pytest

from snnctl.metrics.predictions import Agreement, losses, worst

layers = keras.layers
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(40, 5), (40, 1), (40, 3, 4, 2), (40, 3, 4, 1)])
def test_sums_over_batches(shape: tuple[int, ...]) -> None:
    first = RNG.normal(size=shape).astype("float32")
    second = first + RNG.normal(0, 0.5, shape).astype("float32")
    running = Agreement()
    for start in range(0, 40, 7):
        running.add(first[start : start + 7], second[start : start + 7])
    found = running.figures()
    assert 0.3 < found["agreement"] < 1
    assert found["samples"] == np.prod(shape[:-1])
    assert found["max_logit_difference"] == np.abs(first.astype(float) - second).max()
    assert found["mean_logit_difference"] == pytest.approx(np.abs(first.astype(float) - second).mean())
    assert found["largest_logit"] == np.abs(first).max()
    chosen = (first > 0) == (second > 0) if shape[-1] == 1 else first.argmax(-1) == second.argmax(-1)
    assert worst([found])["different_predictions"] == np.count_nonzero(~chosen)


def test_the_loss_of_a_single_unit_is_that_of_two_classes() -> None:
    logits, labels = RNG.normal(size=(40, 1)), RNG.integers(0, 2, 40)
    probability = 1 / (1 + np.exp(-logits[:, 0]))
    expected = -np.log(np.where(labels == 1, probability, 1 - probability))
    np.testing.assert_allclose(losses(logits, labels), expected, rtol=1e-9)


def test_the_worst_of_several_outputs() -> None:
    keys = ("samples", "agreement", "max_logit_difference", "mean_logit_difference", "largest_logit")
    one = dict(zip(keys, (10, 0.5, 1.0, np.nan, 3.0), strict=True))
    other = dict(zip(keys, (20, 0.4, 2.0, 0.1, 2.0), strict=True))
    assert list(worst([one, other]).values()) == pytest.approx([20, 0.4, 2.0, np.nan, 3.0, 12], nan_ok=True)
