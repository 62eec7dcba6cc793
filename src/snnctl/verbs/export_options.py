"""The options of ``export``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from snnctl.verbs.options import Options


class ExportOptions(Options):
    """Write a spiking network as plain data: neurons, thresholds, windows and synapses."""

    spiking_only = True

    model: str = Field(description="Run folder or .keras file of a spiking network.")
    to: Literal["npz"] = Field("npz", description="Format: npz, as docs/events.md describes it.")
