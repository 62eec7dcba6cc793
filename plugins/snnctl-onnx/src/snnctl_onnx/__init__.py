"""Reads ONNX files into Keras networks, for every command of snnctl that takes a model."""

from __future__ import annotations

from collections.abc import Callable

from snnctl.plugins import Reader, hookimpl
from snnctl_onnx.reader import OnnxReader


@hookimpl
def register_readers(register: Callable[[Reader], None]) -> None:
    """Add ``onnx``."""
    register(OnnxReader())
