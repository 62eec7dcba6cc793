"""How far a network and its event-driven simulation agree, on stdout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROWS = {
    "images": "images",
    "agreement": "same predictions",
    "different_predictions": "different predictions",
    "tied_predictions": "of these, between classes with equal logits",
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
EXPLAINED = {
    (
        "different_predictions",
        "tied_predictions",
    ): "the predictions are all ties, logits that are equal but for rounding",
    ("different_spikes", "borderline_spikes"): "the spikes are all at the very end of a window, where rounding decides",
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
    causes = [cause for (key, part), cause in EXPLAINED.items() if 0 < figures.get(key, 0) == figures.get(part, 0)]
    return "; ".join([f"different: {words}", *causes])
