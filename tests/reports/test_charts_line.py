from __future__ import annotations

import math
import re

import pytest

from reports.svg_reading import Drawing, points, value_at
from snnctl.reports.charts import Series, line_chart


def drawn(*series: Series, **options: bool) -> Drawing:
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
    assert len(shapes) == 8
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
