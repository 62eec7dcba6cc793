"""Spiking networks written in other formats."""

from __future__ import annotations

from snnctl.export.lowering import lower

__all__ = ["lower"]
