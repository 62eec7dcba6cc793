"""What is told of a network that diverged."""

from __future__ import annotations

import csv
import io

from snnctl.reports.network_charts import MOST_POINTS
from snnctl.training.trajectory import Track
from snnctl.verbs.comparing.trajectory_figures import charts, figures, table

NONE = float("nan")
RELU = Track("relu", [NONE, 2.0, 1.0], [0.0] * 3, [1.0] * 3, {0: 0.1, 2: 0.9})
LOST = Track("alpha1", [NONE, 2.0], [0.0, 0.5], [1.0, 0.8], {0: 0.2}, diverged=2)


def test_its_figures_end():
    assert figures(LOST) == {
        "neuron": "alpha1",
        "loss": None,
        "distance": None,
        "largest_distance": 0.5,
        "cosine": None,
        "accuracy": None,
        "accuracies": {"0": 0.2},
        "diverged": 2,
    }
    assert (figures(RELU)["loss"], figures(RELU)["accuracy"]) == (1.0, 0.9)


def test_the_table_goes_on_without_it():
    rows = list(csv.DictReader(io.StringIO(table([RELU, LOST]))))
    assert [row["relu_loss"] for row in rows] == ["", "2.0", "1.0"]
    assert [row["alpha1_loss"] for row in rows] == ["", "2.0", ""]
    assert [row["alpha1_accuracy"] for row in rows] == ["0.2", "", ""]


def test_long_curves_are_thinned():
    steps = 5 * MOST_POINTS
    long = Track("b1", [1.0] * steps, [1e-12] * steps, [1.0] * steps)
    drawn = charts([RELU, long], "fc2")["trajectory_loss.svg"]
    assert len(drawn) < 100 * MOST_POINTS
