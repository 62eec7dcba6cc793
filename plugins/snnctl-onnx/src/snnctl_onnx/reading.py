"""From a file to a Keras network: load, build, compare."""

from __future__ import annotations

from pathlib import Path

import onnx

from snnctl.errors import ModelError
from snnctl.plugins import Read, ReadContext
from snnctl_onnx.building import build_network
from snnctl_onnx.checking import compare
from snnctl_onnx.inputs import input_of
from snnctl_onnx.loading import load

AGAIN = "Export it again, or copy it again in full."


def read_network(path: Path, context: ReadContext) -> Read:
    """The network in an ONNX file, float32 unless float64 is asked for.

    Raises:
        ModelError: the file is damaged, or incomplete, or holds nodes that cannot be read (all are named), has several
            inputs or one of unknown size, or onnxruntime computes something else than the network that was read.
    """
    proto = load(path)
    try:
        return _read(proto, path, context)
    except MemoryError as error:
        raise ModelError("does not fit into memory", where=str(path), todo=AGAIN) from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # of what the checker of onnx lets pass
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"is damaged: {first[:200].rstrip('.')}", where=str(path), todo=AGAIN) from error


def _read(proto: onnx.ModelProto, path: Path, context: ReadContext) -> Read:
    given = input_of(proto, path, context.input_shape)
    network = build_network(proto, path, given, context.dtype or "float32")
    return Read(network.model, (*given.notes, *network.notes, *compare(network, given, proto, path)))
