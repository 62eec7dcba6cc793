"""Spiking networks written in other formats."""

from __future__ import annotations

from snnctl.lowering.network import lower

__all__ = ["lower"]
