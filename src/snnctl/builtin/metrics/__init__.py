"""snnctl's own metrics, in the order in which their figures are written."""

from __future__ import annotations

from snnctl.builtin.metrics.accuracy import Accuracy
from snnctl.builtin.metrics.agreement import SourceAgreement
from snnctl.builtin.metrics.confusion import Confusion
from snnctl.builtin.metrics.energy import Energy
from snnctl.builtin.metrics.first_spikes import FirstSpikes
from snnctl.builtin.metrics.input_range import InputRange
from snnctl.builtin.metrics.latency import Latency
from snnctl.builtin.metrics.loss import Loss
from snnctl.builtin.metrics.macs import Macs
from snnctl.builtin.metrics.saturation import Saturation
from snnctl.builtin.metrics.spikes import Spikes
from snnctl.builtin.metrics.synaptic_operations import SynapticOperations
from snnctl.builtin.metrics.top5 import Top5
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
