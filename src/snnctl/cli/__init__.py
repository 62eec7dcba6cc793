"""The command line. Importing it imports neither TensorFlow, NumPy nor pydantic."""

from snnctl.cli.entry import main

__all__ = ["main"]
