"""Line charts: what is drawn where."""

import math
import re
from typing import Any

import pytest

from reports.svg_reading import Drawing, points, value_at
from snnctl.reports.charts import Level, Series, alone, line_panel
from snnctl.reports.network_charts import jacobian_chart, loss_chart
from snnctl.reports.spans import accuracy_span


def line_chart(*words_and_series: Any, inline: bool = False, **options: Any) -> str:
    return alone(line_panel(*words_and_series, **options), inline)


def drawn(*series: Series, **options: Any) -> Drawing:
    return Drawing(line_chart("Title", "x", "y", series, **options))


def percentages(chart: Drawing) -> list[float]:
    return [float(text[:-2]) for text in chart.texts() if text.endswith(" %")]


def test_points_stand_at_their_values() -> None:
    chart = drawn(Series("a", [0, 1, 2, 4], [10, 30, 20, 40]))
    (x0, _), (x4, _) = chart.place_of("0"), chart.place_of("4")
    (_, y10), (_, y40) = chart.place_of("10"), chart.place_of("40")
    places = [(value_at(x, (x0, 0), (x4, 4)), value_at(y + 4, (y10, 10), (y40, 40))) for x, y in chart.markers("s0")]
    assert [(round(x, 2), round(y, 1)) for x, y in places] == [(0, 10), (1, 30), (2, 20), (4, 40)]
    (line,) = (item for item in chart.all("path", "curve") if item.get("d", "").count("L") == 3)
    assert points(line.get("d", "")) == chart.markers("s0")


def test_a_logarithmic_axis_is_even_in_decades_and_has_a_place_for_zero() -> None:
    chart = drawn(Series("a", [0, 0.001, 0.01, 0.1], [1, 2, 3, 4]), log_x=True)
    zero, *rest = (x for x, _ in chart.markers("s0"))
    assert rest[1] - rest[0] == pytest.approx(rest[2] - rest[1], abs=0.02)
    assert zero < rest[0]
    assert chart.place_of("0")[0] == pytest.approx(zero)
    assert chart.place_of("0.01")[0] == pytest.approx(rest[1])
    wide = drawn(Series("a", [1, 2], [6e-6, 7e3]), log_y=True).texts()
    assert {"10⁻⁶", "10⁰", "10⁴"} <= set(wide), "it begins below the lowest value, and has one notation"
    assert "0.1" in drawn(Series("a", [1, 2], [0.14, 3.5]), log_y=True).texts()


def test_values_that_are_none_leave_gaps() -> None:
    chart = drawn(Series("a", [1, 2, 3, 4, 5], [1, 2, math.nan, 4, None]), Series("b", [1, 2, 3], [math.inf, 3, 1e301]))
    assert len(chart.markers("s0")) == 3
    assert len(chart.markers("s1")) == 1
    lines = [item.get("d", "") for item in chart.all("path", "curve")]
    assert [len(points(line)) for line in lines if line != "M-14 0H14"] == [2]  # the fourth stands alone
    assert len(drawn(Series("a", [1, 2, 3], [-1, 10, 1000]), log_y=True).markers("s0")) == 2
    for values in ([], [math.nan], [None]):
        chart = drawn(Series("a", [1] * len(values), values))
        assert "no values" in chart.texts()
        assert not chart.markers("s0")


@pytest.mark.parametrize(
    "values",
    [[5.0], [0.0], [-3.0], [5.0, 5.0, 5.0], [1e-300, 2e-300], [1e300, -1e300], [1e16, 1e16 + 2], [1e-12, 1.0]],
    ids=str,
)
@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
def test_any_values_fit_between_the_axes(values: list[float], log: bool) -> None:
    chart = drawn(Series("a", range(len(values)), values, [0.1] * len(values)), log_y=log)
    height = float(chart.root.get("height", "nan"))
    assert all(0 < y < height for _, y in chart.markers("s0"))
    assert len(chart.markers("s0")) == len([value for value in values if value >= 0 or not log])
    assert 2 <= len([text for text in chart.texts() if text[0] in "−0123456789"]) < 40


@pytest.mark.parametrize(
    ("values", "low", "high"), [([0.935, 0.941], 91, 96), ([0.999, 1.0], 98, 100), ([0, 0], 0, 2), ([0.7], 60, 80)]
)
def test_an_axis_of_accuracies_spans_at_least_two_points_up_to_a_hundred(values, low, high):
    labels = percentages(drawn(Series("a", range(len(values)), values), percent_y=True, least=0.02))
    assert low <= min(labels) <= max(labels) <= high
    assert max(labels) - min(labels) >= 1.5
    assert accuracy_span([0.5, None, math.nan], 100) == pytest.approx(0.2), "four standard errors"


def test_spread_is_a_band_and_at_a_lone_point_a_whisker() -> None:
    chart = drawn(Series("a", [1, 2], [10, 20], [2, 4]), Series("b", [1], [15], [5]))
    (band,) = chart.all("path", "band")
    (_, y10), (_, y20) = chart.place_of("10"), chart.place_of("20")
    ends = [round(value_at(y + 4, (y10, 10), (y20, 20)), 1) for _, y in points(band.get("d", ""))]
    assert ends == [12, 24, 16, 8]
    assert [item for item in chart.all("path", "thin") if "s1" in item.get("class", "")]


def test_series_are_told_apart_without_colour() -> None:
    chart = drawn(*(Series(str(index), [1], [index]) for index in range(16)))
    assert len({(item.get("d"), item.get("class")) for item in chart.all("path", "marker")}) == 16
    assert len({item.get("d") for item in chart.all("path", "marker")}) == 10
    dashed = drawn(Series("a", [1, 2], [1, 2], dashed=True))
    assert dashed.all("path", "dashed")
    assert all("hollow" in item.get("class", "") for item in dashed.all("path", "marker"))
    places = list(range(100))  # a dense curve is marked where others are not
    chart = drawn(Series("a", places, places), Series("b", places, places))
    first, second = chart.markers("s0"), chart.markers("s1")
    assert 4 <= len(first) <= 12
    assert not set(first) & set(second)


def test_it_is_an_image_with_a_name_and_a_description_that_holds_the_figures() -> None:
    chart = drawn(Series("curve", [1, 2], [0.25, 0.75]))
    assert chart.root.get("role") == "img"
    title, description = chart.root[0], chart.root[1]
    assert title.text == "Title"
    assert "curve: 2 points, from 0.25 at 1 to 0.75 at 2" in (description.text or "")


def test_texts_from_outside_are_texts() -> None:
    hostile = "</text><script>alert(1)</script>\"'&\x00\x1b\ud800"
    text = line_chart(hostile, hostile, hostile, [Series(hostile, [1], [1])])
    assert "<script" not in text
    assert any("<script>alert(1)</script>" in label for label in Drawing(text).texts())
    text.encode("utf-8")


def test_a_level_goes_from_side_to_side_at_its_value() -> None:
    chart = drawn(Series("a", [1, 2], [10, 20]), levels=[Level("free", 30, 3), Level("other", 25, dotted=True)])
    (_, y10), (_, y30) = chart.place_of("10"), chart.place_of("30")
    starts = {
        item[0].text: points(item.get("d", "").replace("H", " L0 "))[0]
        for item in chart.all("path", "level")
        if len(item)
    }
    assert set(starts) == {"free: 30", "other: 25"}
    assert starts["free: 30"][0] == chart.place_of("1")[0]
    assert value_at(starts["other: 25"][1] + 4, (y10, 10), (y30, 30)) == pytest.approx(25, abs=0.1)
    assert "free: 30 throughout" in (chart.root[1].text or "")
    assert {"free", "other"} <= set(chart.texts())


def test_ticks_and_titles_can_be_read() -> None:
    chart = drawn(Series("a", [0.3], [0.7]), levels=[Level("free", 0.74)], percent_y=True)
    ((x, _),) = chart.markers("s0")
    assert chart.place_of("0.3")[0] == x, "a single value stands in the middle"
    assert not [text for text in drawn(Series("a", [1, 2, 3], [1, 2, 2])).texts() if "." in text]
    chart = drawn(Series("a", [1, 2], [-1e-7, 1e-7]))  # long labels
    ticks = [item for item in chart.all("text") if item.get("text-anchor") == "end"]
    lefts = [float(item.get("x", "nan")) - 0.6 * 12 * len("".join(item.itertext())) for item in ticks]
    assert min(lefts) > chart.place_of("y")[0] >= 20
    words = "Singular values of the Jacobian from the input to each layer (fc8, before training)"
    heads = re.findall(r'<text [^>]*class="head"[^>]*>([^<]*)<', line_chart(words, "x", "y", [Series("a", [1], [2])]))
    assert len(heads) == 2
    assert " ".join(heads) == words


def test_networks_side_by_side_are_told_apart_where_curves_coincide() -> None:
    layers = [{"depth": {"largest": 2.0, "smallest": value}} for value in (0.5, 0.25)]
    chart = jacobian_chart([{"neuron": "relu", "layers": layers}, {"neuron": "b1", "layers": layers}], "fc2") or ""
    curves = re.findall(r'<path d="M[^H"]*" class="curve ([^"]*)"', chart)
    assert curves == ["s0 wide", "s0 wide dashed", "s1", "s1 dashed"]
    assert jacobian_chart([{"neuron": "relu", "layers": [{"depth": None}]}], "fc2") is None
    chart = loss_chart({"relu": [None, 1000.0, 0.001]}, "fc2")
    ticks = re.findall(r'text-anchor="end"[^>]*>([^<]+)<', chart)
    assert len(ticks) >= 3
    assert "0" not in ticks, "losses have a logarithmic axis"
