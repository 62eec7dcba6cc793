"""What charts of a sweep call its axes and curves, wherever they are drawn."""

from __future__ import annotations

from collections.abc import Sequence

AXES = {
    "noise": "jitter of spike times (τ_c)",
    "time_bits": "bits of spike times",
    "weight_bits": "bits of weights",
    "threshold_bits": "bits of thresholds",
    "latency_quantile": "part of the spikes that windows hold",
    "zeta": "margin of the windows",
}
BEFORE, AFTER = "before", "after"  # stages of a point
UNCONSTRAINED = "unconstrained"
DECADE = 10.0


def stage_name(stage: str, tuned: bool) -> str:
    """What the curve of a stage is called, in a sweep with or without fine-tuning."""
    return f"{stage} fine-tuning" if tuned else "constrained"


def is_logarithmic(axis: str, values: Sequence[float]) -> bool:
    """Whether an axis with these values is drawn logarithmic: that of jitter, if it spans a decade."""
    positive = [value for value in values if value > 0]
    return axis == "noise" and bool(positive) and max(positive) >= DECADE * min(positive)
