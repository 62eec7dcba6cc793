"""The options of ``export``."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from snnctl.verbs.naming import of_kind, options_of
from snnctl.verbs.options import ConstraintOptions


class ExportOptions(ConstraintOptions):
    """Write a spiking network as plain data: neurons, thresholds, windows and synapses."""

    spiking_only = True

    model: str = Field(description="Run folder or .keras file of a spiking network.")
    seed: int = Field(0, ge=0, lt=2**32, description="Seed of the jitter.")
    to: str = Field(
        "npz", description="Format; npz: as docs/events.md describes it.", json_schema_extra=of_kind("exporters")
    )
    to_opt: dict[str, Any] = Field(
        default_factory=dict, description="Option of the format, name=value.", json_schema_extra=options_of("to")
    )
