"""Nodes that do not depend on the input are computed, by ONNX's own reference implementation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from snnctl_onnx.refusal import NotReadableError

RANDOM = ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli")


def computed(
    node: onnx.NodeProto, values: Sequence[np.ndarray | None], opsets: Sequence[onnx.OperatorSetIdProto]
) -> list[np.ndarray]:
    """What a node makes of given arrays.

    Args:
        node: the node; its names do not matter.
        values: what it reads, None where an input is left out.
        opsets: the model's.

    Raises:
        NotReadableError: it draws random numbers, or the reference does not know it or its inputs.
    """
    if node.op_type in RANDOM:
        raise NotReadableError("it draws random numbers")
    single = onnx.NodeProto()
    single.CopyFrom(node)
    del single.input[:], single.output[:]
    single.input.extend("" if value is None else f"in{place}" for place, value in enumerate(values))
    single.output.extend(f"out{place}" if name else "" for place, name in enumerate(node.output))
    feeds: Mapping[str, np.ndarray] = {f"in{place}": value for place, value in enumerate(values) if value is not None}
    infos = [onnx.ValueInfoProto(name=name) for name in feeds]
    graph = onnx.helper.make_graph([single], "node", infos, [onnx.ValueInfoProto(name=o) for o in single.output if o])
    try:
        model = onnx.helper.make_model(graph, opset_imports=list(opsets))
        with np.errstate(all="ignore"):
            return [np.asarray(value) for value in ReferenceEvaluator(model).run(None, dict(feeds))]
    except Exception as error:  # The reference raises whatever its NumPy code does.
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotReadableError(f"it cannot be computed beforehand: {first}") from error
