"""Spiking networks written in other formats."""
