"""Which layer of Keras 3 does what an operation of TensorFlow did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snnctl.models.operation import Operation, is_reference

Layer = tuple[str, dict[str, Any]]
"""Class and configuration of a layer of Keras 3; the operation's tensors are its inputs."""


def layer_for(operation: Operation) -> Layer:
    """The layer that computes what ``operation`` does.

    Raises:
        KeyError, ValueError, TypeError, ZeroDivisionError: there is none; the operation or its arguments are others.
    """
    return LAYERS[operation.function](operation)


def _add(operation: Operation) -> Layer:
    return _merged("Add", operation) or _scaled(1.0, _constant_of_two(operation))


def _subtract(operation: Operation) -> Layer:
    if operation.constant is None and len(operation.tensors) == 1:  # constant - x
        return _scaled(-1.0, _constant_of_two(operation))
    return _merged("Subtract", operation) or _scaled(1.0, _times(operation.constant, -1.0))


def _multiply(operation: Operation) -> Layer:
    return _merged("Multiply", operation) or _scaled(_constant_of_two(operation), 0.0)


def _divide(operation: Operation) -> Layer:
    constant = operation.constant
    inverse = [1.0 / value for value in constant] if isinstance(constant, list) else 1.0 / constant
    return _scaled(inverse, 0.0)


def _maximum(operation: Operation) -> Layer:
    return _merged("Maximum", operation) or _if(_constant_of_two(operation) == 0, ("ReLU", {}))


def _minimum(operation: Operation) -> Layer:
    return _merged("Minimum", operation) or _if(False, ("", {}))


def _sum(operation: Operation) -> Layer:
    return _merged("Add", operation) or ("Activation", {"activation": "linear"})


def _concatenate(operation: Operation) -> Layer:
    return _merged("Concatenate", operation, axis=int(operation.options["axis"])) or (
        "Activation",
        {"activation": "linear"},
    )


def _clip(operation: Operation) -> Layer:
    low, high = operation.options["clip_value_min"], operation.options["clip_value_max"]
    return _if(low == 0 and high > 0, ("ReLU", {"max_value": float(high)}))


def _leaky(operation: Operation) -> Layer:
    return "LeakyReLU", {"negative_slope": float(operation.options.get("alpha", 0.2))}  # TensorFlow's default


def _softmax(operation: Operation) -> Layer:
    axis = operation.options.get("axis")
    return "Softmax", {"axis": -1 if axis is None else int(axis)}


def _mean(operation: Operation) -> Layer:
    options = operation.options
    keep = bool(options.get("keepdims", options.get("keep_dims", False)))
    return _if(options["axis"] == [1, 2], ("GlobalAveragePooling2D", {"keepdims": keep}))


def _reshape(operation: Operation) -> Layer:
    batch, *sample = operation.options["shape"]
    return _if(batch == -1 and all(size > 0 for size in sample), ("Reshape", {"target_shape": sample}))


def _activation(name: str) -> Callable[[Operation], Layer]:
    def layer(operation: Operation) -> Layer:
        return _if(len(operation.operands) == 1, ("Activation", {"activation": name}))

    return layer


LAYERS: dict[str, Callable[[Operation], Layer]] = {
    "__operators__.add": _add,
    "math.add": _add,
    "math.subtract": _subtract,
    "math.multiply": _multiply,
    "math.truediv": _divide,
    "math.divide": _divide,
    "math.negative": lambda _: _scaled(-1.0, 0.0),
    "math.maximum": _maximum,
    "math.minimum": _minimum,
    "math.add_n": _sum,
    "concat": _concatenate,
    "clip_by_value": _clip,
    "identity": _activation("linear"),
    "nn.relu": lambda _: ("ReLU", {}),
    "nn.relu6": lambda _: ("ReLU", {"max_value": 6.0}),
    "nn.leaky_relu": _leaky,
    "nn.softmax": _softmax,
    "nn.elu": _activation("elu"),
    "nn.selu": _activation("selu"),
    "nn.silu": _activation("silu"),
    "math.sigmoid": _activation("sigmoid"),
    "math.softplus": _activation("softplus"),
    "math.tanh": _activation("tanh"),
    "math.reduce_mean": _mean,
    "reshape": _reshape,
}
"""The layer for each operation; ValueError or TypeError if its arguments are not those of a layer."""


def _merged(kind: str, operation: Operation, **config: Any) -> Layer | None:
    """A layer that takes several tensors, if all operands are."""
    tensors = len(operation.tensors)
    return (kind, config) if tensors == len(operation.operands) > 1 else None


def _scaled(scale: Any, offset: Any) -> Layer:
    return "Rescaling", {"scale": _numbers(scale), "offset": _numbers(offset)}


def _constant_of_two(operation: Operation) -> Any:
    """The constant beside the one tensor, on either side of it."""
    (constant,) = (operand for operand in operation.operands if not is_reference(operand))
    return constant


def _numbers(value: Any) -> float | list[float]:
    """A number, or one a channel."""
    return [float(entry) for entry in value] if isinstance(value, list) else float(value)


def _times(value: Any, factor: float) -> Any:
    return [factor * entry for entry in value] if isinstance(value, list) else factor * value


def _if(possible: bool, layer: Layer) -> Layer:
    if not possible:
        raise ValueError
    return layer
