"""Hardware constraints, simulated in the forward pass and trained through with straight-through gradients."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Constraints:
    """What hardware does to spike times, weights and thresholds; the default is nothing.

    - *noise*: normal jitter of the times of neurons that fire (not of the input's); silent ones stay silent; then confined
      to the window.
    - *time_bits* b: times are rounded to the 2^b levels of the layer's window (both ends are levels), after the jitter. The
      input's spikes too. A spike that is moved to the window's end is none.
    - *weight_bits* b: J, the readout's too, is rounded to 2^b levels from ``w_min`` to ``w_max``, moved by less than a step
      so that 0 is a level if it lies between; weights outside saturate. Computed in float64.
    - *threshold_bits* b: D is rounded to 2^b levels from the layer's smallest to its largest.

    Args:
        noise: standard deviation, in tau_c.
        time_bits: 0: not rounded.
        weight_bits: 0: not rounded.
        threshold_bits: 0: not rounded.
        w_min: smallest weight; None: the layer's own.
        w_max: largest weight; None: the layer's own.
        seed: of the jitter.
    """

    noise: float = 0.0
    time_bits: int = 0
    weight_bits: int = 0
    threshold_bits: int = 0
    w_min: float | None = None
    w_max: float | None = None
    seed: int = 0
