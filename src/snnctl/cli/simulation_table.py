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
    "different_saturated_spikes": "saturated spikes, more or fewer in TensorFlow",
    "synaptic_operations": "synaptic operations",
    "different_synaptic_operations": "synaptic operations, more or fewer in TensorFlow",
    "seconds": "seconds, TensorFlow's part included",
    "events_per_second": "synaptic events per second, TensorFlow's part included",
}
DIFFERENCES = {
    "different_predictions": "predictions",
    "different_spikes": "spikes",
    "different_saturated_spikes": "saturated spikes",
    "different_synaptic_operations": "synaptic operations",
}


def simulation_rows(figures: Mapping[str, Any], form: Any) -> list[tuple[str, str]]:
    """Names and texts, in order.

    Args:
        figures: what ``eval --simulator events`` has found.
        form: makes a text of a figure, given its name and itself.
    """
    return [(label, form(key, figures[key])) for key, label in ROWS.items() if figures.get(key) is not None]


def verdict(figures: Mapping[str, Any]) -> str:
    """What the comparison comes to, in a sentence without a full stop.

    Spike times and logits beyond the tolerance are the error that the command ends with.
    """
    found = {name: figures.get(key, 0) for key, name in DIFFERENCES.items()}
    if not any(found.values()):
        of_window = figures.get("largest_relative_difference", 0.0)
        return f"identical spike by spike; times differ by at most {of_window:.1e} of the window"
    words = ", ".join(f"{count:,} {name}" for name, count in found.items() if count)
    spikes, borderline = figures.get("different_spikes", 0), figures.get("borderline_spikes", 0)
    at_the_end = "; the spikes are all at the very end of a window, where rounding decides"
    return f"different: {words}{at_the_end if 0 < spikes == borderline else ''}"
