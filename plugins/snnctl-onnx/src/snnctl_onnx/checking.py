"""Whether the network that was read computes what onnxruntime computes, where that is installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx

from snnctl.errors import ModelError
from snnctl_onnx.building import Network
from snnctl_onnx.inputs import Input

SAMPLES = 3
# Of how far values vary from sample to sample, and of the largest: rounding stays well below in deep networks, too.
TOLERANCES = {"float32": (1e-3, 1e-5), "float16": (5e-2, 1e-2)}
TINY = 1e-9
NAMED = 5  # layers in a message


def compare(network: Network, given: Input, proto: onnx.ModelProto, path: Path) -> tuple[str, ...]:
    """A note on the largest difference between both networks on random inputs, or on why they were not compared.

    Raises:
        ModelError: they differ by more than rounding; names the first layers that do.
    """
    if find_spec("onnxruntime") is None:
        return ("Not compared with the file, since onnxruntime is not installed.",)
    inputs = _random_inputs(given)
    try:
        theirs = _run(proto, path, given, inputs, network.outputs)
    except Exception as error:  # Whatever onnxruntime finds fault with; its exceptions have no common class.
        return (f"Not compared with the file, since onnxruntime does not run it: {_first_line(error)}.",)
    if not all(np.isfinite(values).all() for values in theirs):
        return ("Not compared with the file, since onnxruntime computes NaN or infinite outputs.",)
    ours = _as_list(network.model(inputs, training=False))
    differences = [
        _difference(_as_in_file(network, name, mine, given), wanted, _tolerance(given))
        for name, mine, wanted in zip(network.outputs, ours, theirs, strict=True)
    ]
    if not all(difference.small for difference in differences):
        raise _error(network, given, proto, path, inputs, differences)
    worst = max(differences, key=lambda difference: difference.largest)
    return (f"Compared with onnxruntime on {len(inputs)} random inputs: {worst.described}.",)


@dataclass(frozen=True)
class Difference:
    """How far the same tensor differs in both networks.

    Args:
        largest: the largest difference.
        value: the largest value.
        allowed: what rounding may make.
    """

    largest: float
    value: float
    allowed: float

    @property
    def small(self) -> bool:
        """Whether it is rounding; never for NaN."""
        return self.largest <= self.allowed

    @property
    def described(self) -> str:
        """For a message."""
        return f"outputs up to {self.value:.3g} differ by up to {self.largest:.2g}"


def _random_inputs(given: Input) -> np.ndarray:
    samples = 2 * given.fixed_batch if given.fixed_batch > 1 else SAMPLES
    return np.random.default_rng(0).standard_normal((samples, *given.sample)).astype(np.float32)


def _run(
    proto: onnx.ModelProto, path: Path, given: Input, inputs: np.ndarray, outputs: Sequence[str]
) -> list[np.ndarray]:
    """The file's tensors of these names."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    known = {output.name for output in proto.graph.output}
    source: Any = str(path)
    if not known.issuperset(outputs):
        shown = onnx.ModelProto()
        shown.CopyFrom(proto)
        shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs if name not in known)
        source = shown.SerializeToString()
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    feed = given.as_file(inputs).astype(onnx.helper.tensor_dtype_to_np_dtype(given.type))
    steps = range(0, len(feed), given.fixed_batch)
    runs = [session.run(list(outputs), {given.name: feed[step : step + given.fixed_batch]}) for step in steps]
    return [np.stack(parts).astype(np.float64) for parts in zip(*runs, strict=True)]


def _as_in_file(network: Network, name: str, tensor: Any, given: Input) -> np.ndarray:
    """A batch of a Keras tensor as the file has it, (runs, \\*shape)."""
    signal = network.signals[name]
    values = np.asarray(keras.ops.convert_to_numpy(tensor), dtype=np.float64)
    values = values.reshape(-1, given.fixed_batch * int(np.prod(values.shape[1:])))
    padded = np.concatenate([np.zeros((len(values), 1)), values], axis=1)
    return padded[:, signal.places(given.fixed_batch)]


def _tolerance(given: Input) -> tuple[float, float]:
    half = given.type in (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    return TOLERANCES["float16" if half else "float32"]


def _difference(ours: np.ndarray, theirs: np.ndarray, tolerance: tuple[float, float]) -> Difference:
    """Of tensors (runs, \\*shape)."""
    value = float(np.max(np.abs(theirs), initial=0.0))
    if ours.shape != theirs.shape:
        return Difference(float("inf"), value, 0.0)
    variation = float(np.max(np.abs(theirs - theirs.mean(axis=0)), initial=0.0))
    allowed = tolerance[0] * variation + tolerance[1] * value + TINY
    return Difference(float(np.max(np.abs(ours - theirs), initial=0.0)), value, allowed)


def _error(
    network: Network,
    given: Input,
    proto: onnx.ModelProto,
    path: Path,
    inputs: np.ndarray,
    found: Sequence[Difference],
) -> ModelError:
    """The error that names the first layers whose outputs differ."""
    names = [name for name in network.signals if name != given.name]
    signals = [network.signals[name] for name in names]
    inner = keras.Model(network.model.inputs, [signal.tensor for signal in signals])
    ours, theirs = _as_list(inner(inputs, training=False)), _run(proto, path, given, inputs, names)
    wrong = [
        signal.tensor._keras_history.operation.name
        for signal, name, mine, wanted in zip(signals, names, ours, theirs, strict=True)
        if not _difference(_as_in_file(network, name, mine, given), wanted, _tolerance(given)).small
    ]
    layers = ", ".join(f"'{name}'" for name in list(dict.fromkeys(wrong))[:NAMED]) or "none by itself"
    worst = next(difference for difference in found if not difference.small)
    return ModelError(
        f"was read as a network that computes something else than onnxruntime: {worst.described}",
        where=str(path),
        todo=f"The first layers that differ: {layers}. This is a fault of snnctl-onnx; please report it.",
    )


def _as_list(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
