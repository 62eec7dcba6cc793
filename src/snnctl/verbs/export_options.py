"""The options of ``export``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from snnctl.verbs.options import ConstraintOptions


class ExportOptions(ConstraintOptions):
    """Write a spiking network as plain data: neurons, thresholds, windows and synapses."""

    spiking_only = True

    model: str = Field(description="Run folder or .keras file of a spiking network.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of the jitter.")
    to: Literal["npz"] = Field("npz", description="Format: npz, as docs/events.md describes it.")
