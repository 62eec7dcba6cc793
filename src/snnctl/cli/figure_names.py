"""What figures are called on stdout, and in which order they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PERCENT = {
    "accuracy": "accuracy",
    "top5_accuracy": "top-5 accuracy",
    "accuracy_before": "accuracy before",
    "source_accuracy": "accuracy of the ReLU network",
    "agreement": "same predictions as the ReLU network",
    "required_agreement": "required",
    "saturated": "saturated spikes",
    "out_of_range": "inputs out of range",
}
NUMBERS = {
    "loss": "loss",
    "max_logit_difference": "largest logit difference",
    "mean_logit_difference": "mean logit difference",
    "spikes_per_neuron": "spikes per neuron",
    "latency": "latency (tau_c)",
    "latency_before": "latency before (tau_c)",
    "latency_given": "latency as given (tau_c)",
    "synaptic_operations": "synaptic operations per image",
    "relay_synaptic_operations": "of relay neurons, besides",
    "macs": "ReLU multiply-accumulates per image",
    "nonzero_macs": "with a non-zero input",
}
COUNTS = {
    "different_predictions": "different predictions",
    "images": "images",
    "calibration_images": "images for calibration",
}
TEXTS = {
    "constraints": "hardware",
    "hardware": "hardware",
    "failed_metrics": "metrics that failed",
    "verified_on": "verified on",
    "last_spike": "last spike (tau_c)",
    "energy": "energy per image, estimate (nJ)",
}
CONSTRAINED = {
    "accuracy_before": "accuracy before (constrained)",
    "latency_before": "latency before (constrained, tau_c)",
}
"""What figures are called that were measured under constraints before the network was trained under them."""
NOT_COUNTABLE = ("synaptic_operations", "macs")  # told when they are there and empty
ORDER = (
    "type",
    "constraints",
    "hardware",
    "accuracy",
    "top5_accuracy",
    "accuracy_before",
    "source_accuracy",
    "agreement",
    "required_agreement",
    "different_predictions",
    "max_logit_difference",
    "mean_logit_difference",
    "loss",
    "spikes_per_neuron",
    "latency",
    "latency_before",
    "latency_given",
    "last_spike",
    "saturated",
    "out_of_range",
    "synaptic_operations",
    "relay_synaptic_operations",
    "macs",
    "nonzero_macs",
    "energy",
    "verified_on",
    "split",
    "images",
    "calibration_images",
    "failed_metrics",
)


def label_of(key: str, metrics: Mapping[str, Any]) -> str:
    """What people are told a figure is called; its own name if it has no other.

    Args:
        key: the figure's name.
        metrics: all of them.
    """
    if key in CONSTRAINED and metrics.get("constraints"):
        return CONSTRAINED[key]
    return {**PERCENT, **NUMBERS, **COUNTS, **TEXTS}.get(key, key)
