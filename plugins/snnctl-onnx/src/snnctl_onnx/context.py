"""What a handler works with: its node, and the means to make layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import onnx

from snnctl_onnx.names import unused
from snnctl_onnx.refusal import NotReadableError
from snnctl_onnx.signals import Signal

Value = Signal | np.ndarray | None
"""What a node reads: a tensor that depends on the input, a constant, or nothing where an input is left out."""


@dataclass(frozen=True)
class Context:
    """What a handler is given besides the node's inputs.

    Args:
        node: the node.
        name: of its layer.
        opset: version of the operators.
        opsets: all versions, as the model states them.
        batch: samples the file takes at once; 1 when open.
        dtype: the network's precision.
        taken: names of layers so far.
        ending: names of the network's outputs.
        used: names of tensors that some node or output reads.
    """

    node: onnx.NodeProto
    name: str
    opset: int
    opsets: Sequence[onnx.OperatorSetIdProto]
    batch: int
    dtype: str
    taken: set[str]
    ending: frozenset[str]
    used: frozenset[str]

    def attribute(self, name: str, default: Any = None) -> Any:
        """An attribute's value; texts as str."""
        for attribute in self.node.attribute:
            if attribute.name == name:
                value = onnx.helper.get_attribute_value(attribute)
                return value.decode() if isinstance(value, bytes) else value
        return default

    def refuse(self, why: str) -> NotReadableError:
        """The error that says why the node cannot be read."""
        return NotReadableError(why)

    def constant(self, value: Value, what: str) -> np.ndarray:
        """A value that must be a constant.

        Raises:
            NotReadableError: it depends on the network's input, or is left out.
        """
        if not isinstance(value, np.ndarray):
            raise self.refuse(f"{what} must be constant")
        return value

    def signal(self, value: Value) -> Signal:
        """A value that must depend on the network's input.

        Raises:
            NotReadableError: it is a constant.
        """
        if not isinstance(value, Signal):
            raise self.refuse("what it works on does not depend on the network's input")
        return value

    def weights(self, value: Value, what: str) -> np.ndarray:
        """Constant numbers in the network's precision."""
        return self.constant(value, what).astype(self.dtype)

    def layer(
        self,
        cls: type[keras.layers.Layer],
        inputs: Any,
        *args: Any,
        part: str = "",
        weights: Sequence[np.ndarray] = (),
        **options: Any,
    ) -> Any:
        """What a new layer makes of Keras tensors.

        Args:
            cls: the layer's class.
            inputs: what it is called on.
            args: the layer's.
            part: what the layer does for the node, when it is not the node's main layer.
            weights: in the layer's order.
            options: the layer's.
        """
        name = unused(f"{self.name}_{part}" if part else self.name, self.taken)
        self.taken.add(name)
        layer = cls(*args, name=name, dtype=self.dtype, **options)
        outputs = layer(inputs)
        if weights:
            layer.set_weights(list(weights))
        return outputs
