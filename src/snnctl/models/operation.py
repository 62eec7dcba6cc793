"""One call of a TensorFlow operation in a Keras 2 model, however it was written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Operation:
    """One call of an operation.

    Args:
        function: its name, as TensorFlow 2 calls it: "math.add".
        operands: tensors, each a reference ``[layer, node, tensor]``, and constants, in order.
        options: the other arguments.
    """

    function: str
    operands: list[Any]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def tensors(self) -> list[list[Any]]:
        """The operands that are tensors."""
        return [operand for operand in self.operands if is_reference(operand)]

    @property
    def constant(self) -> Any:
        """The second operand of two, if it is the constant one and the first is a tensor; else None."""
        first, *others = self.operands
        return others[0] if len(others) == 1 and is_reference(first) and not is_reference(others[0]) else None


def is_reference(value: Any) -> bool:
    """Whether ``value`` is a tensor in a configuration: ``[layer, node, tensor]``."""
    return (
        isinstance(value, list)
        and len(value) >= 3
        and isinstance(value[0], str)
        and all(isinstance(number, int) for number in value[1:3])
    )
