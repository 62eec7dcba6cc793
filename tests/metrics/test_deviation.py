"""What is told apart when a network and its simulation differ."""

from __future__ import annotations

import numpy as np

from snnctl.metrics.deviation import tied_predictions


def test_a_prediction_is_tied_if_both_classes_have_equal_logits_in_both():
    one = np.array([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0], [0.5, 0.5, 0.2], [0.5, 0.4, 0.2]])
    other = one + np.array([[0, 1e-12, 0], [0, 0, 3], [0, 0, 0], [0, 0.2, 0]])
    assert tied_predictions(one, other, "float64") == 1
    assert tied_predictions(one, one, "float64") == 0


def test_how_equal_depends_on_the_precision_and_the_scale():
    one = np.array([[100.0, 99.995]])
    other = one[:, ::-1]
    assert tied_predictions(one, other, "float32") == 1
    assert tied_predictions(one, other, "float64") == 0
    assert tied_predictions(one / 100, other / 100, "float32") == 1
    assert tied_predictions(one * [1, 0.99], (one * [1, 0.99])[:, ::-1], "float32") == 0


def test_a_single_logit_is_tied_at_zero():
    assert tied_predictions(np.array([[1e-12], [0.5]]), np.array([[-1e-12], [-0.5]]), "float64") == 1
