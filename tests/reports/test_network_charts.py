"""Charts of networks side by side can be told apart where curves coincide."""

from __future__ import annotations

import re

from snnctl.reports.network_charts import jacobian_chart, loss_chart

CURVE = re.compile(r'<path d="M[^H"]*" class="curve ([^"]*)"')


def test_both_ends_of_a_network_have_its_colour_and_relu_is_seen_below() -> None:
    layers = [{"depth": {"largest": 2.0, "smallest": value}} for value in (0.5, 0.25)]
    chart = jacobian_chart([{"neuron": "relu", "layers": layers}, {"neuron": "b1", "layers": layers}], "fc2") or ""
    assert CURVE.findall(chart) == ["s0 wide", "s0 wide dashed", "s1", "s1 dashed"]
    assert jacobian_chart([{"neuron": "relu", "layers": [{"depth": None}]}], "fc2") is None


def test_losses_have_a_logarithmic_axis() -> None:
    chart = loss_chart({"relu": [None, 1000.0, 0.001]}, "fc2")
    ticks = re.findall(r'text-anchor="end"[^>]*>([^<]+)<', chart)
    assert len(ticks) >= 3
    assert "0" not in ticks
