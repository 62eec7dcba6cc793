"""The parts of a report: each a function of the facts that makes a section, or says why there is none."""

from snnctl.reports.sections.confusions import confusions
from snnctl.reports.sections.conversion import conversion
from snnctl.reports.sections.energy import operations
from snnctl.reports.sections.image import one_image
from snnctl.reports.sections.networks import networks
from snnctl.reports.sections.provenance import provenance
from snnctl.reports.sections.simulation import simulation
from snnctl.reports.sections.spikes import spike_times, spikes_by_layer
from snnctl.reports.sections.sweeps import sweeps
from snnctl.reports.sections.training import training

SECTIONS = (
    spikes_by_layer,
    spike_times,
    one_image,
    conversion,
    simulation,
    sweeps,
    networks,
    operations,
    confusions,
    training,
    provenance,
)

__all__ = ["SECTIONS"]
