"""The reader as snnctl knows it; light, since it is loaded by every command."""

from __future__ import annotations

from pathlib import Path

from snnctl.plugins import Read, ReadContext, Reader


class OnnxReader(Reader):
    """Networks as PyTorch and others export them."""

    name = "onnx"
    summary = "ONNX files, as PyTorch exports them; images become channels last"
    suffixes = (".onnx",)

    def read(self, path: Path, context: ReadContext) -> Read:
        """The network with its images channels last; compared with onnxruntime where that is installed.

        Raises:
            ModelError: see :func:`snnctl_onnx.reading.read_network`.
        """
        from snnctl_onnx.reading import read_network

        return read_network(path, context)
