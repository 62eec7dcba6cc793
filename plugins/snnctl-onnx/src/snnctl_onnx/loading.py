"""The file itself: whether it is an ONNX model, complete and of a version that is known."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.inliner
from google.protobuf.message import DecodeError
from onnx.external_data_helper import ExternalDataInfo, load_external_data_for_model, uses_external_data

from snnctl.errors import ModelError

OLDEST_OPSET = 7  # before it operators broadcast by an attribute
LARGEST_CHECKED = 2**31 - 1  # bytes; protobuf serialises no more
STANDARD = ("", "ai.onnx")


def load(path: Path) -> onnx.ModelProto:
    """The model with all of its weights, its functions inlined.

    Raises:
        ModelError: not readable, no ONNX file, damaged, too old, or without its external data.
    """
    try:
        model = onnx.load(str(path), format="protobuf", load_external_data=False)
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    except DecodeError as error:
        raise ModelError(
            "is damaged, or no ONNX file", where=str(path), todo="Export it again, or copy it again in full."
        ) from error
    if not model.ir_version or not model.graph.node:
        raise ModelError("holds no network", where=str(path), todo="Export it again, or copy it again in full.")
    _require_known_opset(model, path)
    _load_external_data(model, path)
    _require_valid(model, path)
    return onnx.inliner.inline_local_functions(model) if model.functions else model


def opset_of(model: onnx.ModelProto) -> int:
    """Version of the standard operators; 0 when the model uses none."""
    return max((opset.version for opset in model.opset_import if opset.domain in STANDARD), default=0)


def tensors_of(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    """All tensors with external data that may be in it: initialisers and constants of the graph and its functions."""
    nodes = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    constants = [attribute.t for node in nodes for attribute in node.attribute if attribute.HasField("t")]
    return [*model.graph.initializer, *constants]


def _require_known_opset(model: onnx.ModelProto, path: Path) -> None:
    opset, newest = opset_of(model), onnx.defs.onnx_opset_version()
    if 0 < opset < OLDEST_OPSET:
        raise ModelError(
            f"is of opset {opset}, which is too old", where=str(path), todo="Export it with opset_version=11 or later."
        )
    if opset > newest:
        raise ModelError(
            f"is of opset {opset}; the installed onnx knows up to {newest}",
            where=str(path),
            todo="Install a newer onnx, or export with an older opset_version.",
        )


def _load_external_data(model: onnx.ModelProto, path: Path) -> None:
    stored = [ExternalDataInfo(tensor).location for tensor in tensors_of(model) if uses_external_data(tensor)]
    missing = sorted({name for name in stored if not (path.parent / name).is_file()})
    if missing:
        names = ", ".join(f"'{name}'" for name in missing)
        raise ModelError(
            f"its weights are in {names}, which is not there",
            where=str(path),
            todo=f"Put it into the folder of '{path.name}', or export with external_data=False.",
        )
    try:
        load_external_data_for_model(model, str(path.parent))
    except (onnx.checker.ValidationError, ValueError, OSError) as error:
        raise ModelError(f"its external data cannot be read: {_first_line(error)}", where=str(path)) from error


def _require_valid(model: onnx.ModelProto, path: Path) -> None:
    if model.ByteSize() > LARGEST_CHECKED:
        return
    for output in model.graph.output:
        # The checker wants it, though a file runs without.
        if output.type.HasField("tensor_type"):
            output.type.tensor_type.shape.SetInParent()
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError) as error:
        raise ModelError(
            f"is no valid ONNX model: {_first_line(error)}", where=str(path), todo="Export it again."
        ) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
