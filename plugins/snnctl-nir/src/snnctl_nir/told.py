"""What a user is told about a network in NIR: what the primitives say, and what only the metadata do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snnctl.events.network import Network
    from snnctl_nir.writing import Written

SHOWN = 6


def warning() -> str:
    """What holds for every network of snnctl."""
    return (
        "NIR has no windows: they are in the nodes' metadata, and a tool that does not read them computes something "
        'else (see "NIR" in the documentation of snnctl)'
    )


def notes(written: Written, network: Network) -> list[str]:
    """What of this network the primitives say in another way, or not at all; one sentence each."""
    counts, coding, hardware = written.counts, network.coding, network.hardware
    found = []
    if coding is not None:
        found.append(f"how values from {coding.low:g} to {coding.high:g} become spikes is in the metadata of the input")
    if counts["readout"]:
        found.append(f"where {counts['readout']} readouts begin, D, is in the metadata: NIR's integrators begin at 0")
    if counts["pools"]:
        found.append(f"{counts['pools']} pools by first spike are written as sums and neurons that fire once, exactly")
    if counts["relay"]:
        found.append(f"that {counts['relay']} relay neurons hold their spikes back for a window is in the metadata")
    if counts["alpha1"]:
        found.append(f"the constant current A of {counts['alpha1']} alpha1 neurons is in the metadata")
    if hardware.noise or hardware.time_bits:
        found.append("jitter and rounding of spike times are in the metadata; weights and thresholds are rounded")
    if written.widened:
        found.append(
            f"{_some(written.widened)}: written with weights of 0 between the groups, as nir does not accept grouped "
            "convolutions"
        )
    if written.listed:
        found.append(f"{_some(written.listed)}: written as matrices, for want of a primitive")
    return found


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
