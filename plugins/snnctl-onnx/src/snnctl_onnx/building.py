"""From the file's nodes to a functional Keras model: node by node, in the file's order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx

from snnctl.errors import ModelError
from snnctl_onnx.context import Context, Value
from snnctl_onnx.folding import computed
from snnctl_onnx.inputs import Input
from snnctl_onnx.loading import STANDARD, opset_of
from snnctl_onnx.moving import standard_form
from snnctl_onnx.names import layer_name, unused
from snnctl_onnx.operators import HANDLERS, REASONS
from snnctl_onnx.refusal import NotReadableError, Unreadable, refusal
from snnctl_onnx.signals import Signal

LOST = object()  # stands for what a node that cannot be read would have made


@dataclass(frozen=True)
class Network:
    """What was built.

    Args:
        model: the Keras network.
        signals: by the name of the file's tensor, in the file's order.
        outputs: names of the file's tensors that the model's outputs are, in its order.
        notes: what the user should know.
    """

    model: keras.Model
    signals: dict[str, Signal]
    outputs: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class Walk:
    """What is known while the nodes are gone through.

    Args:
        opsets: the model's.
        opset: version of the standard operators.
        batch: the file's.
        dtype: of the network.
        ending: names of the network's outputs.
        used: names of tensors that are read.
        values: tensors so far, by name.
        taken: names of layers so far.
        unreadable: nodes that cannot be read.
    """

    opsets: Sequence[onnx.OperatorSetIdProto]
    opset: int
    batch: int
    dtype: str
    ending: frozenset[str]
    used: frozenset[str]
    values: dict[str, Any]
    taken: set[str] = field(default_factory=set)
    unreadable: list[Unreadable] = field(default_factory=list)


def build_network(proto: onnx.ModelProto, path: Path, given: Input, dtype: str) -> Network:
    """The Keras network of a model.

    Args:
        proto: as loaded.
        path: of its file, for messages.
        given: its input.
        dtype: "float32" or "float64".

    Raises:
        ModelError: nodes that cannot be read, all of them; an output that does not depend on the input.
    """
    entry = keras.Input(given.sample, dtype=dtype, name=layer_name(given.name, "input", (), set()))
    ending = frozenset(output.name for output in proto.graph.output)
    nodes = needed(proto.graph.node, ending)
    used = frozenset([*ending, *(name for node in nodes for name in _read_by(node))])
    values: dict[str, Any] = {
        tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in proto.graph.initializer if tensor.name in used
    }
    rounded = [name for name, array in values.items() if _is_rounded(array, dtype)]
    values[given.name] = Signal(entry, given.shape, given.index)
    walk = Walk(proto.opset_import, opset_of(proto), given.fixed_batch, dtype, ending, used, values, {entry.name})
    for node in nodes:
        _read(walk, node)
    outputs = [_output(walk, output.name, path) for output in proto.graph.output] if not walk.unreadable else []
    if walk.unreadable:
        raise refusal(walk.unreadable, path)
    tensors = [signal.tensor for _, signal in outputs]
    name = layer_name(path.stem, "network", (), set())
    model = keras.Model(entry, tensors if len(tensors) > 1 else tensors[0], name=name)
    compared = tuple(_logits(nodes, output) for output, _ in outputs)
    walk.values.update((before, signal) for before, (_, signal) in zip(compared, outputs, strict=True))
    signals = {name: value for name, value in walk.values.items() if isinstance(value, Signal)}
    return Network(model, signals, compared, _notes(compared, outputs, rounded, dtype))


def needed(nodes: Sequence[onnx.NodeProto], outputs: Iterable[str]) -> list[onnx.NodeProto]:
    """The nodes that outputs depend on, in their order."""
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            kept.append(node)
            wanted.update(_read_by(node))
    return kept[::-1]


def _read_by(node: onnx.NodeProto) -> list[str]:
    """Names of what a node reads, also inside its branches."""
    inner = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    names = [name for graph in inner for child in graph.node for name in _read_by(child)]
    return [*node.input, *names, *(output.name for graph in inner for output in graph.output)]


def _read(walk: Walk, node: onnx.NodeProto) -> None:
    """Adds what a node makes to the values, or the node to those that cannot be read."""
    name = node.name or next(filter(None, node.output), node.op_type)
    inputs = [walk.values[given] if given else None for given in node.input]
    try:
        if any(value is LOST for value in inputs):
            _require_known(node)
            made: list[Any] = [LOST] * len(node.output)
        elif node.op_type == "If" and isinstance(inputs[0], np.ndarray):
            made = _branch(walk, node, bool(inputs[0].item()))
        elif not any(isinstance(value, Signal) for value in inputs):
            made = list(computed(node, inputs, walk.opsets))
        else:
            made = _handled(walk, node, name, inputs)
    except NotReadableError as error:
        walk.unreadable.append(Unreadable(node.op_type, name, str(error)))
        made = [LOST] * len(node.output)
    walk.values.update(zip(node.output, made, strict=False))


def _handled(walk: Walk, node: onnx.NodeProto, name: str, inputs: Sequence[Value]) -> list[Any]:
    _require_known(node)
    layer = layer_name(node.name or name, node.op_type, node.input, walk.taken)
    context = Context(node, layer, walk.opset, walk.opsets, walk.batch, walk.dtype, walk.taken, walk.ending, walk.used)
    try:
        made = HANDLERS[node.op_type](context, *inputs)
    except (ValueError, TypeError, IndexError, KeyError, MemoryError) as error:
        # Tensors of shapes that do not go together, which Keras and NumPy notice.
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotReadableError(f"its inputs or attributes do not fit: {first}") from error
    return made if isinstance(made, list) else [made]


def _require_known(node: onnx.NodeProto) -> None:
    if node.domain not in STANDARD:
        raise NotReadableError(f"it is an operator of '{node.domain}', not of ONNX")
    if node.op_type not in HANDLERS:
        raise NotReadableError(REASONS.get(node.op_type, "the operator is not known"))


def _branch(walk: Walk, node: onnx.NodeProto, condition: bool) -> list[Any]:
    """The values of that branch of an If whose condition holds whatever the input."""
    wanted = "then_branch" if condition else "else_branch"
    graph = next(attribute.g for attribute in node.attribute if attribute.name == wanted)
    walk.values.update({tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer})
    for child in graph.node:
        _read(walk, child)
    return [walk.values[output.name] for output in graph.output]


def _output(walk: Walk, name: str, path: Path) -> tuple[str, Signal]:
    """An output in the standard layout, behind a layer."""
    value = walk.values[name]
    if not isinstance(value, Signal):
        raise ModelError(f"its output '{name}' does not depend on its input", where=str(path))
    context = Context(
        onnx.NodeProto(), unused("output", walk.taken), walk.opset, walk.opsets, walk.batch, walk.dtype,
        walk.taken, walk.ending, walk.used,
    )  # fmt: skip
    try:
        signal = standard_form(context, value)
    except NotReadableError as error:
        raise ModelError(f"its output '{name}' cannot be read: {error}", where=str(path)) from error
    walk.values[name] = signal
    return name, signal


def _logits(nodes: Sequence[onnx.NodeProto], output: str) -> str:
    """The tensor that an output of the model is: before a logarithm at the end, which is left out."""
    for node in nodes:
        if node.op_type == "LogSoftmax" and output in node.output:
            return node.input[0]
    return output


def _is_rounded(array: np.ndarray, dtype: str) -> bool:
    return array.dtype == np.float64 and dtype == "float32" and bool(np.any(array != array.astype(np.float32)))


def _notes(
    compared: Sequence[str], outputs: Sequence[tuple[str, Signal]], rounded: Sequence[str], dtype: str
) -> tuple[str, ...]:
    notes = []
    if any(before != output for before, (output, _) in zip(compared, outputs, strict=True)):
        notes.append("The LogSoftmax at the end is left out: the network returns logits.")
    if rounded:
        notes.append(f"{len(rounded)} weights are in double precision and were rounded to {dtype}.")
    return tuple(notes)
