"""Whose things are snnctl's own: those of the package of this name."""

OWN = "snnctl"
