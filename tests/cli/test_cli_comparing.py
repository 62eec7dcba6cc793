"""``gradients`` and ``trajectory`` on stdout."""

from __future__ import annotations

from snnctl.cli.comparing_tables import MOST_LAYERS, comparing_rows
from snnctl.cli.tables import format_figure


def layer(number, depth=True):
    spectrum = {"smallest": 0.5, "largest": 2.0} if depth else None
    return {"name": f"dense_{number}", "activation_gradient": 0.25 * number, "depth": spectrum}


def networks(layers, **figures):
    return [
        {"neuron": "relu", "loss": 2.3, "layers": layers},
        {"neuron": "b1", "loss": 2.3, "layers": layers, "jacobian_difference": 0.0, **figures},
    ]


def tables(metrics):
    return [(list(heads), rows) for _, heads, rows in comparing_rows(metrics, format_figure)]


def test_gradients_layer_by_layer():
    norms, spectra, whole = tables({"networks": networks([layer(1), layer(2, depth=False)])})
    assert norms[0] == ["layer", "relu", "b1"]
    assert norms[1] == [("1 dense_1", "0.25", "0.25"), ("2 dense_2", "0.5", "0.5")]
    assert spectra[1] == [("1 dense_1", "0.5 .. 2", "0.5 .. 2"), ("2 dense_2", "", "")]
    assert whole[1] == [("relu", "2.3", ""), ("b1", "2.3", "0")]


def test_of_deep_networks_the_middle_is_left_out():
    norms, *_ = tables({"networks": networks([layer(number) for number in range(1, 31)])})
    places = [row[0] for row in norms[1]]
    assert len(places) == MOST_LAYERS + 1
    assert (places[0], places[5:8], places[-1]) == ("1 dense_1", ["6 dense_6", "...", "25 dense_25"], "30 dense_30")
    assert norms[1][6] == ("...", "", "")


def test_trajectories():
    lost = {
        "neuron": "alpha1",
        "loss": None,
        "accuracy": None,
        "distance": None,
        "diverged": 7,
        "largest_distance": 0.5,
    }
    kept = {"neuron": "b1", "loss": 0.5, "accuracy": 0.9, "distance": 0.0, "diverged": None, "largest_distance": 1e-12}
    [(heads, rows)] = tables({"networks": [kept, lost]})
    assert heads == ["network", "last loss", "accuracy", "distance from relu", "largest distance", "diverged in step"]
    assert rows == [("b1", "0.5", "90.00 %", "0", "1e-12", ""), ("alpha1", "", "", "", "0.5", "7")]
