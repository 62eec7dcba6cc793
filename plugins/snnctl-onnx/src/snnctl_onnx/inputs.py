"""The network's input: which it is, how large, and how its axes are ordered."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import onnx

from snnctl.errors import ModelError
from snnctl.models.safety import LARGEST_TENSOR

FLOATS = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.DOUBLE,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
)


@dataclass(frozen=True)
class Input:
    """The input of the file and of the network made of it.

    Args:
        name: in the file.
        shape: in the file, with the batch: the file's own, or 1 when it is open.
        sample: of the Keras network, without the batch.
        index: where each number of ``shape`` is in a batch of the network, see :class:`snnctl_onnx.signals.Signal`.
        type: ONNX's number of its type.
        notes: what the user should know.
    """

    name: str
    shape: tuple[int, ...]
    sample: tuple[int, ...]
    index: np.ndarray | None
    type: int
    notes: tuple[str, ...] = ()

    @property
    def fixed_batch(self) -> int:
        """How many samples the file takes at once."""
        return self.shape[0]

    def as_file(self, batch: np.ndarray) -> np.ndarray:
        """A batch of the network, (batch, \\*sample), as the file takes it, (batch, \\*shape[1:])."""
        if self.index is not None:
            return batch.reshape(len(batch), *self.shape[1:])
        return np.moveaxis(batch, -1, 1)


def input_of(model: onnx.ModelProto, path: Path, data: tuple[int, ...] | None) -> Input:
    """The one input of a model.

    Args:
        model: as loaded.
        path: of its file, for messages.
        data: shape of a sample, channels last, if the data is known.

    Raises:
        ModelError: several inputs or none, whole numbers, or a size that neither the file nor the data tells.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1:
        names = ", ".join(value.name for value in inputs) or "none"
        raise ModelError(
            f"has {len(inputs)} inputs ({names})", where=str(path), todo="Networks with one input can be read."
        )
    value = inputs[0]
    tensor = value.type.tensor_type
    if tensor.elem_type not in FLOATS:
        kind = onnx.helper.tensor_dtype_to_string(tensor.elem_type).rsplit(".", 1)[-1] if tensor.elem_type else "?"
        raise ModelError(
            f"its input '{value.name}' is of type {kind}",
            where=str(path),
            todo="Export the network with inputs of type float; scaling is done by --preprocess.",
        )
    sides = tuple(side.dim_value if side.dim_value > 0 else None for side in tensor.shape.dim)
    if len(sides) < 2:
        raise ModelError(
            f"its input '{value.name}' has no axis for samples and values", where=str(path), todo="Export it with one."
        )
    last = _is_channels_last(model, value.name, len(sides))
    sample = _filled(sides[1:], last, data, value.name, path)
    if prod((sides[0] or 1, *sample)) > LARGEST_TENSOR:
        raise ModelError(
            f"its input '{value.name}' of {_by((sides[0] or 1, *sample))} does not fit into memory",
            where=str(path),
            todo="If it should be small, the file is damaged: export it again.",
        )
    return _laid_out(value.name, (sides[0] or 1, *sample), last, data, tensor.elem_type)


def _is_channels_last(model: onnx.ModelProto, name: str, rank: int) -> bool:
    """Whether the file takes channels last: then the first it does is to move them."""
    readers = [node for node in model.graph.node if name in node.input]
    moves = [attribute.ints for node in readers for attribute in node.attribute if attribute.name == "perm"]
    wanted = [0, rank - 1, *range(1, rank - 1)]
    return rank > 2 and bool(readers) and len(moves) == len(readers) and all(list(perm) == wanted for perm in moves)


def _filled(
    sides: tuple[int | None, ...], last: bool, data: tuple[int, ...] | None, name: str, path: Path
) -> tuple[int, ...]:
    """The sides with those that are open taken from the data."""
    known = None
    if data is not None and len(data) == len(sides):
        known = data if last else (data[-1], *data[:-1])
    filled = [side or (known[place] if known else None) for place, side in enumerate(sides)]
    if any(side is None for side in filled):
        shown = "x".join("?" if side is None else str(side) for side in sides)
        raise ModelError(
            f"its input '{name}' has no fixed size, {shown}",
            where=str(path),
            todo="Name the data with --data, which has one, or export the network with fixed height and width.",
        )
    return tuple(side for side in filled if side is not None)


def _laid_out(name: str, shape: tuple[int, ...], last: bool, data: tuple[int, ...] | None, kind: int) -> Input:
    sides = shape[1:]
    plain = np.arange(1, prod(shape) + 1).reshape(shape)
    if len(sides) == 1 and data != sides and data is not None and data[-1] == 1 and prod(data) == sides[0]:
        return Input(name, shape, data, plain, kind, (f"Images of {_by(data)} are flattened to {sides[0]} values.",))
    if data is not None and data == (*sides, 1) and len(sides) > 1:
        return Input(name, shape, data, plain, kind)
    if last:
        return Input(name, shape, sides, plain, kind)
    if len(sides) == 1:
        return Input(name, shape, sides, None, kind)
    sample = (*sides[1:], sides[0])
    note = f"The file takes its inputs as {_by(sides)}, channels first; the network read from it as {_by(sample)}."
    return Input(name, shape, sample, None, kind, (note,))


def _by(sides: tuple[int, ...]) -> str:
    return "x".join(map(str, sides))
