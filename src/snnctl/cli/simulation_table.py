"""How far a network and its event-driven simulation agree, on stdout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROWS = {
    "images": "images",
    "agreement": "same predictions",
    "different_predictions": "different predictions",
    "max_logit_difference": "largest logit difference",
    "largest_time_difference": "largest difference of spike times (tau_c)",
    "largest_relative_difference": "the same, of the window",
    "spikes": "spikes",
    "different_spikes": "fired by one of the two only",
    "borderline_spikes": "of these, at the window's very end",
    "saturated_spikes": "saturated spikes",
    "different_saturated_spikes": "more or fewer in TensorFlow",
    "synaptic_operations": "synaptic operations",
    "different_synaptic_operations": "more or fewer in TensorFlow",
    "seconds": "seconds",
    "events_per_second": "synaptic events per second",
}


def simulation_rows(figures: Mapping[str, Any], form: Any) -> list[tuple[str, str]]:
    """Names and texts, in order.

    Args:
        figures: what ``eval --simulator events`` has found.
        form: makes a text of a figure, given its name and itself.
    """
    return [(label, form(key, figures[key])) for key, label in ROWS.items() if figures.get(key) is not None]
