"""``trajectory``: a ReLU network and its spiking forms, trained side by side."""

import csv
import io
from typing import Any

import pytest

import snnctl
from snnctl.errors import UsageError
from snnctl.reports.network_charts import MOST_POINTS
from snnctl.training.trajectory import Track
from snnctl.verbs.comparing.trajectory_figures import charts, figures, table

SMALL: dict[str, Any] = {
    "arch": "fc",
    "arch_opt": {"widths": [10, 10]},
    "data": "mnist-mini",
    "limit": 100,
    "xla": "off",
}
NONE = float("nan")
RELU = Track("relu", [NONE, 2.0, 1.0], [0.0] * 3, [1.0] * 3, {0: 0.1, 2: 0.9})
LOST = Track("alpha1", [NONE, 2.0], [0.0, 0.5], [1.0, 0.8], {0: 0.2}, diverged=2)


@pytest.fixture(scope="module")
def trajectory() -> Any:
    return snnctl.trajectory(
        **SMALL, batch_size=8, lr=3e-3, steps=12, measure_every=6, alpha1_lr=1e-3, preprocess="standard", sparsity=1.0
    )


def network(result: Any, neuron: str) -> dict[str, Any]:
    return next(each for each in result.metrics["networks"] if each["neuron"] == neuron)


def test_b1_stays_and_the_others_part(trajectory: Any) -> None:
    relu, b1, alpha1, smart = (network(trajectory, name) for name in ("relu", "b1", "alpha1", "smart-alpha1"))
    assert b1["largest_distance"] < 1e-9
    assert b1["accuracies"] == relu["accuracies"]
    assert list(relu["accuracies"]) == ["0", "6", "12"]
    assert alpha1["distance"] > 1e-3
    assert smart["distance"] > 1e-3
    assert relu["distance"] == 0
    assert trajectory.settings["neurons"] == ["relu", "b1", "alpha1", "smart-alpha1"]


def test_every_step_is_in_the_table_and_curves(trajectory: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(trajectory.files["trajectory.csv"])))
    assert [int(row["step"]) for row in rows] == list(range(13))
    assert rows[0]["relu_loss"] == ""
    assert float(rows[-1]["alpha1_distance"]) == network(trajectory, "alpha1")["distance"]
    assert [row["step"] for row in rows if row["b1_accuracy"]] == ["0", "6", "12"]
    assert "relu_distance" not in rows[0]
    distances = [float(row["alpha1_distance"]) for row in rows]
    assert distances[0] == 0 < distances[6] < distances[-1]
    for name in ("trajectory.svg", "trajectory_loss.svg"):
        assert trajectory.files[name].startswith("<svg")


def test_networks_that_train_otherwise_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot be compared: batch normalisation"):
        snnctl.trajectory(arch="resnet20", arch_opt={"depth": 8}, data="mnist-mini", limit=16, neurons="b1")


def test_figures_of_a_network_that_diverged_end() -> None:
    assert figures(LOST) == {
        "neuron": "alpha1",
        **dict.fromkeys(("loss", "distance", "cosine", "accuracy")),
        "largest_distance": 0.5,
        "accuracies": {"0": 0.2},
        "diverged": 2,
    }
    assert (figures(RELU)["loss"], figures(RELU)["accuracy"]) == (1.0, 0.9)
    rows = list(csv.DictReader(io.StringIO(table([RELU, LOST]))))
    assert [row["relu_loss"] for row in rows] == ["", "2.0", "1.0"]
    assert [row["alpha1_loss"] for row in rows] == ["", "2.0", ""]
    assert [row["alpha1_accuracy"] for row in rows] == ["0.2", "", ""]


def test_long_curves_are_thinned() -> None:
    steps = 5 * MOST_POINTS
    long = Track("b1", [1.0] * steps, [1e-12] * steps, [1.0] * steps)
    assert len(charts([RELU, long], "fc2")["trajectory_loss.svg"]) < 100 * MOST_POINTS
