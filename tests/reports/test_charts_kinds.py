"""Bars, histograms, rasters, potentials and confusion matrices: what is drawn where."""

import math
import re
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest

from reports.svg_reading import Drawing, points, value_at
from snnctl.reports.charts import (
    Bars,
    Histogram,
    Spikes,
    Trajectory,
    bar_chart,
    confusion_matrix,
    histograms,
    neuron_potential,
    output_potentials,
    raster,
)


def number(item: Element, name: str) -> float:
    return float(item.get(name, "nan"))


def test_bars_are_as_long_as_their_values() -> None:
    chart = Drawing(bar_chart("T", "x", ["a", "b"], [Bars("one", [0.2, 0.8]), Bars("two", [0.4, None])]))
    widths = {(item[0].text or ""): number(item, "width") for item in chart.all("rect", "bar") if len(item) == 1}
    assert set(widths) == {"a, one: 0.2", "b, one: 0.8", "a, two: 0.4"}
    assert widths["b, one: 0.8"] == pytest.approx(4 * widths["a, one: 0.2"], abs=0.05)
    assert widths["a, two: 0.4"] == pytest.approx(2 * widths["a, one: 0.2"], abs=0.05)
    assert {"a", "b", "one", "two", "0.2", "0.8", "0.4"} <= set(chart.texts())
    many = Drawing(bar_chart("T", "x", ["a"], [Bars(str(index), [1.0]) for index in range(30)]))
    assert len({item.get("class") for item in many.all("rect", "bar")}) == 30, "told apart without colour"
    assert "no values" in Drawing(bar_chart("T", "x", [], [])).texts()
    for value in (0.0, -1.0, 1e300):
        chart = Drawing(bar_chart("T", "x", ["a", "b"], [Bars("", [value, 0.0])]))
        for item in chart.all("rect", "bar"):
            assert 0 <= number(item, "x") <= number(item, "x") + number(item, "width") <= number(chart.root, "width")
    with pytest.raises(ValueError, match="1 values for 2 groups"):
        bar_chart("T", "x", ["a", "b"], [Bars("one", [1.0])])


def test_a_histogram_is_as_high_as_its_counts() -> None:
    chart = Drawing(histograms("T", "x", [Histogram("layer", "note", 1, 3, [0, 2, 4, 1])]))
    (path,) = chart.all("path", "histogram")
    heights = [float(y) for y in re.findall(r"V([-\d.]+)", path.get("d", ""))]
    base = heights[-1]
    assert [(base - y) / (base - heights[2]) for y in heights[:4]] == pytest.approx([0, 0.5, 1, 0.25])
    assert {"layer", "note", "1", "3"} <= set(chart.texts())
    empty = Drawing(histograms("T", "x", [Histogram("silent", "", 0, 1, [0, 0]), Histogram("none", "", 0, 1, [])]))
    assert not empty.all("path", "histogram")
    assert "silent: none." in (empty.root[1].text or "")


def dots(chart: Drawing, place: int = 0) -> list[tuple[float, float]]:
    """Where the dots of a population are: each is told from where the last one was."""
    x = y = 0.0
    places = []
    for dx, dy in re.findall(r"m([-\d.]+) ([-\d.]+)h0", chart.all("path", "dots")[place].get("d", "")):
        x, y = x + float(dx), y + float(dy)
        places.append((x, y))
    return places


def test_dots_stand_at_the_times_of_their_spikes() -> None:
    chart = Drawing(raster("T", [Spikes("in", [0.0, math.inf, 0.5], 0, 1), Spikes("out", [2.0, None], 1, 3)]))
    (x0, _), (x1, _), (x3, _) = (chart.place_of(text) for text in ("0", "1", "3"))
    first, second = dots(chart)
    assert value_at(first[0], (x0, 0), (x3, 3)) == pytest.approx(0, abs=0.01)
    assert value_at(second[0], (x0, 0), (x3, 3)) == pytest.approx(0.5, abs=0.01)
    assert first[1] < second[1]
    ((x, _),) = dots(chart, 1)
    assert x == pytest.approx((x1 + x3) / 2, abs=0.2)
    assert {"2 of 3", "1 of 2"} <= set(chart.texts())
    assert "no spikes" in Drawing(raster("T", [])).texts()
    assert not Drawing(raster("T", [Spikes("silent", [math.inf], 0, 1)])).all("path", "dots")


def test_large_populations_are_drawn_in_part_and_unequal_windows_equally_wide() -> None:
    text = raster("T", [Spikes("conv", [0.5 + (index % 97) / 200 for index in range(65_536)], 0, 1)])
    assert len(dots(Drawing(text))) == 300
    assert len(text) < 10_000
    assert "65 536 of 65 536" in Drawing(text).texts()
    chart = Drawing(raster("T", [Spikes("a", [0.5], 0, 1), Spikes("b", [500.0], 1, 1001)]))
    at = [chart.place_of(text)[0] for text in ("0", "1", "1001")]
    assert at[1] - at[0] == pytest.approx(at[2] - at[1])
    assert any("equally wide" in text for text in chart.texts())


def test_a_potential_reaches_its_threshold_at_its_spike() -> None:
    neuron = Trajectory("n", [0, 10, 25], [0, 1, 4], threshold=4, t_min=10, t_max=30, spike=25)
    chart = Drawing(neuron_potential("T", neuron))
    (curve,) = chart.all("path", "curve")
    (spike,) = chart.all("circle")
    assert (number(spike, "cx"), number(spike, "cy")) == pytest.approx(points(curve.get("d", ""))[-1])
    (x1, _), (x3, _) = chart.place_of("10"), chart.place_of("30")
    (window,) = chart.all("rect", "window")
    assert number(window, "x") == pytest.approx(x1)
    assert number(window, "width") == pytest.approx(x3 - x1, abs=0.02)
    assert "fires at 25" in (chart.root[1].text or "")
    silent = Drawing(neuron_potential("T", Trajectory("n", [0, 3], [0, 1], threshold=4, t_min=1, t_max=3)))
    assert not silent.all("circle")
    assert "stays silent" in (silent.root[1].text or "")


def test_the_winner_is_drawn_over_the_others_and_names_do_not_touch() -> None:
    outputs = [Trajectory(str(index), [0, 1], [0, 0.5 + index / 1000]) for index in range(10)]
    chart = Drawing(output_potentials("T", outputs, 9))
    curves = chart.all("path", "curve")
    assert [item for item in curves if "winner" in item.get("class", "")] == curves[-1:]
    right = max(number(item, "x") for item in chart.all("text"))
    names = sorted(number(item, "y") for item in chart.all("text") if number(item, "x") == right)
    assert len(names) == 10
    assert all(below - above >= 14.9 for above, below in pairwise(names))
    assert [item.text for item in chart.all("text", "strong")] == ["9"]


def test_a_confusion_matrix_has_labels_below_each_other() -> None:
    chart = Drawing(confusion_matrix("T", [[5, 1], [0, 4]], ["cat", "dog"]))
    cells = {(item[0].text or ""): item for item in chart.all("rect", "heat")}
    assert set(cells) == {"cat, taken for cat: 5", "cat, taken for dog: 1", "dog, taken for dog: 4"}
    right, wrong = cells["cat, taken for cat: 5"], cells["cat, taken for dog: 1"]
    assert number(wrong, "x") > number(right, "x")
    assert wrong.get("y") == right.get("y")
    assert number(wrong, "fill-opacity") < number(right, "fill-opacity")
    assert "9 of 10 predictions are right" in (chart.root[1].text or "")
    many = Drawing(confusion_matrix("T", [[7 if i == j else 0 for j in range(100)] for i in range(100)]))
    assert len(many.all("rect", "heat")) == 100
    assert many.texts().count("7") <= 2  # as class numbers only
    for counts, names in (([[1, 2]], []), ([[1]], ["a", "b"])):
        with pytest.raises(ValueError, match="square"):
            confusion_matrix("T", counts, names)
