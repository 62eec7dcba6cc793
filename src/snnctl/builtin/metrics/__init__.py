"""snnctl's own metrics, in the order in which their figures are written."""

from __future__ import annotations

from snnctl.builtin.metrics.answers import Accuracy, Confusion, Loss, SourceAgreement, Top5
from snnctl.builtin.metrics.operations import Energy, Macs, SynapticOperations
from snnctl.builtin.metrics.spikes import FirstSpikes, InputRange, Latency, Saturation, Spikes
from snnctl.plugins.metric import Metric

ALL: tuple[type[Metric], ...] = (
    Accuracy,
    Top5,
    Loss,
    Spikes,
    Latency,
    Saturation,
    InputRange,
    SynapticOperations,
    Macs,
    Energy,
    SourceAgreement,
    FirstSpikes,
    Confusion,
)
