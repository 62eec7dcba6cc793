from __future__ import annotations

import math
import re
from typing import Any

import pytest

from reports.svg_reading import Drawing, points, value_at
from snnctl.reports.charts import Level, Series, alone, line_panel
from snnctl.reports.spans import accuracy_span


def line_chart(*words_and_series: Any, inline: bool = False, **options: Any) -> str:
    return alone(line_panel(*words_and_series, **options), inline)


def drawn(*series: Series, **options: Any) -> Drawing:
    return Drawing(line_chart("Title", "x", "y", series, **options))


def test_points_stand_at_their_values() -> None:
    chart = drawn(Series("a", [0, 1, 2, 4], [10, 30, 20, 40]))
    (x0, _), (x4, _) = chart.place_of("0"), chart.place_of("4")
    (_, y10), (_, y40) = chart.place_of("10"), chart.place_of("40")
    found = [(value_at(x, (x0, 0), (x4, 4)), value_at(y + 4, (y10, 10), (y40, 40))) for x, y in chart.markers("s0")]
    assert [(round(x, 2), round(y, 1)) for x, y in found] == [(0, 10), (1, 30), (2, 20), (4, 40)]
    (line,) = (item for item in chart.all("path", "curve") if item.get("d", "").count("L") == 3)
    assert points(line.get("d", "")) == chart.markers("s0")


def test_a_logarithmic_axis_is_even_in_decades_and_has_a_place_for_zero() -> None:
    chart = drawn(Series("a", [0, 0.001, 0.01, 0.1], [1, 2, 3, 4]), log_x=True)
    zero, *rest = (x for x, _ in chart.markers("s0"))
    assert rest[1] - rest[0] == pytest.approx(rest[2] - rest[1], abs=0.02)
    assert zero < rest[0]
    assert chart.place_of("0")[0] == pytest.approx(zero)
    assert chart.place_of("0.01")[0] == pytest.approx(rest[1])


def test_values_that_are_none_leave_gaps() -> None:
    chart = drawn(Series("a", [1, 2, 3, 4, 5], [1, 2, math.nan, 4, None]), Series("b", [1, 2, 3], [math.inf, 3, 1e301]))
    assert len(chart.markers("s0")) == 3
    assert len(chart.markers("s1")) == 1
    lines = [item.get("d", "") for item in chart.all("path", "curve")]
    assert [len(points(line)) for line in lines if line != "M-14 0H14"] == [2]  # the fourth stands alone


def test_a_logarithmic_axis_leaves_out_what_is_not_positive() -> None:
    chart = drawn(Series("a", [1, 2, 3], [-1, 10, 1000]), log_y=True)
    assert len(chart.markers("s0")) == 2
    assert "nan" not in line_chart("", "", "", [Series("a", [-1], [1])], log_x=True)


@pytest.mark.parametrize("values", [[], [math.nan], [None]])
def test_nothing_to_draw_is_said(values: list) -> None:
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


def test_percentages_end_at_a_hundred() -> None:
    chart = drawn(Series("a", [1, 2], [0.99, 0.995], [0.02, 0.02]), percent_y=True)
    labels = [float(text[:-2]) for text in chart.texts() if text.endswith(" %")]
    assert max(labels) == 100
    assert min(labels) >= 95


def test_spread_is_a_band_and_at_a_lone_point_a_whisker() -> None:
    chart = drawn(Series("a", [1, 2], [10, 20], [2, 4]), Series("b", [1], [15], [5]))
    (band,) = chart.all("path", "band")
    (_, y10), (_, y20) = chart.place_of("10"), chart.place_of("20")
    ends = [round(value_at(y + 4, (y10, 10), (y20, 20)), 1) for _, y in points(band.get("d", ""))]
    assert ends == [12, 24, 16, 8]
    assert [item for item in chart.all("path", "thin") if "s1" in item.get("class", "")]


def test_series_are_told_apart_without_colour() -> None:
    chart = drawn(*(Series(str(index), [1], [index]) for index in range(16)))
    shapes = {item.get("d") for item in chart.all("path", "marker")}
    looks = {(item.get("d"), item.get("class")) for item in chart.all("path", "marker")}
    assert len(shapes) == 10
    assert len(looks) == 16
    dashed = drawn(Series("a", [1, 2], [1, 2], dashed=True))
    assert dashed.all("path", "dashed")
    assert all("hollow" in item.get("class", "") for item in dashed.all("path", "marker"))


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
    chart = Drawing(text)
    assert any("<script>alert(1)</script>" in label for label in chart.texts())
    text.encode("utf-8")


def test_a_hollow_marker_is_seen_around_a_filled_one() -> None:
    chart = drawn(Series("a", [1, 2], [1, 2], dashed=True, index=1), Series("b", [1, 2], [1, 2], index=1))
    hollow, filled = (
        {
            float(re.findall(r"h([\d.]+)v", item.get("d", ""))[0])
            for item in chart.all("path", "marker")
            if ("hollow" in item.get("class", "")) == wanted
        }
        for wanted in (True, False)
    )
    assert min(hollow) > max(filled) + 2


def test_a_level_goes_from_side_to_side_at_its_value() -> None:
    chart = drawn(Series("a", [1, 2], [10, 20]), levels=[Level("free", 30, 3), Level("other", 25, dotted=True)])
    (_, y10), (_, y30) = chart.place_of("10"), chart.place_of("30")
    found = {
        item[0].text: points(item.get("d", "").replace("H", " L0 "))[0]
        for item in chart.all("path", "level")
        if len(item)
    }
    assert set(found) == {"free: 30", "other: 25"}
    assert found["free: 30"][0] == chart.place_of("1")[0]
    at = value_at(found["other: 25"][1] + 4, (y10, 10), (y30, 30))
    assert at == pytest.approx(25, abs=0.1)
    assert "free: 30 throughout" in (chart.root[1].text or "")
    assert {"free", "other"} <= set(chart.texts())


def test_a_single_value_stands_in_the_middle_of_its_axis() -> None:
    chart = drawn(Series("a", [0.3], [0.7]), levels=[Level("free", 0.74)], percent_y=True)
    ((x, _),) = chart.markers("s0")
    assert chart.place_of("0.3")[0] == x
    assert [text for text in chart.texts() if text.startswith("0.")] == ["0.3"]


@pytest.mark.parametrize(("values", "low", "high"), [([0.935, 0.941], 91, 96), ([0.999, 1.0], 98, 100), ([0, 0], 0, 2)])
def test_an_axis_of_accuracies_spans_at_least_two_points(values: list[float], low: float, high: float) -> None:
    texts = drawn(Series("a", [1, 2], values), percent_y=True, least=0.02).texts()
    labels = [float(text[:-2]) for text in texts if text.endswith(" %")]
    assert low <= min(labels) <= max(labels) <= high
    assert max(labels) - min(labels) >= 1.5


def test_four_standard_errors_are_spanned() -> None:
    assert accuracy_span([0.5, None, math.nan], 100) == pytest.approx(0.2)
    assert accuracy_span([0.99], 10_000) == accuracy_span([], 100) == accuracy_span([0.5], None) == 0.02


def test_a_logarithmic_axis_begins_below_the_lowest_value_and_has_one_notation() -> None:
    def labels(low: float, high: float) -> list[str]:
        chart = drawn(Series("a", [1, 2], [low, high]), log_y=True)
        return [text for text in chart.texts() if text not in ("Title", "x", "y", "a", "1", "2")][:99]

    wide = labels(6e-6, 7e3)
    assert {"10⁻⁶", "10⁰", "10⁴"} <= set(wide)
    assert all(text.startswith("10") and not text.isascii() for text in wide)
    assert labels(0.14, 3.5)[0] == "0.1"
    assert "5" in labels(0.14, 3.5) or "10" in labels(0.14, 3.5)


def test_a_dense_curve_is_marked_where_others_are_not() -> None:
    places = list(range(100))
    chart = drawn(Series("a", places, places), Series("b", places, places))
    first, second = chart.markers("s0"), chart.markers("s1")
    assert 4 <= len(first) <= 12
    assert not set(first) & set(second)


def test_names_of_axes_keep_away_from_the_edge() -> None:
    chart = drawn(Series("a", [1, 2], [-1e-7, 1e-7]))
    assert chart.place_of("y")[0] >= 20
    ticks = [item for item in chart.all("text") if item.get("text-anchor") == "end"]
    widths = [0.6 * 12 * len("".join(item.itertext())) for item in ticks]
    lefts = [float(item.get("x", "nan")) - width for item, width in zip(ticks, widths, strict=True)]
    assert min(lefts) > chart.place_of("y")[0]


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="series 'a'"):
        line_chart("", "", "", [Series("a", [1, 2], [1])])
    with pytest.raises(ValueError, match="series 'a'"):
        line_chart("", "", "", [Series("a", [1], [1], [1, 2])])


def test_whole_numbers_have_whole_ticks() -> None:
    chart = drawn(Series("a", [1, 2, 3], [1, 2, 2]))
    assert not [text for text in chart.texts() if "." in text]


def test_a_file_of_its_own_brings_its_style_and_one_in_a_page_does_not() -> None:
    own, inline = (line_chart("", "", "", [], inline=inline) for inline in (False, True))
    assert "prefers-color-scheme:dark" in own
    assert "<style" not in inline


def test_a_long_title_is_broken_into_lines() -> None:
    words = "Singular values of the Jacobian from the input to each layer (fc8, before training)"
    heads = re.findall(r'<text [^>]*class="head"[^>]*>([^<]*)<', line_chart(words, "x", "y", [Series("a", [1], [2])]))
    assert len(heads) == 2
    assert " ".join(heads) == words
