"""Precision: what a model computes in, and the same model in another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from snnctl.errors import ModelError
from snnctl.models.safety import reason
from snnctl.models.weights import finish

FLOATS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")
TRAINING = ("compile_config", "training_config")


def dtype_of(model: keras.Model) -> str:
    """The type of the model's weights, e.g. "float32"; Keras's default for a model without any."""
    return str(model.weights[0].dtype) if model.weights else str(keras.config.floatx())


@contextmanager
def precision(dtype: str | None) -> Iterator[None]:
    """Within it, new layers compute in ``dtype``, and arrays given to fit and predict are taken in ``dtype``.

    Both matter: Keras casts the arrays it is given to its default type, whatever the model's own is. The defaults
    that were set before are set again afterwards.

    Args:
        dtype: "float32" or "float64"; None changes nothing.
    """
    if dtype is None:
        yield
        return
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)


def as_dtype(model: keras.Model, dtype: str | None, *, allow_code: bool = False) -> keras.Model:
    """The same network, with the same weights, computing in ``dtype``; not compiled.

    Args:
        model: a built ReLU or spiking network; stays as it is.
        dtype: "float32" or "float64"; None, or what the model has, gives back ``model`` itself.
        allow_code: whether code in its Lambda layers may be run.

    Raises:
        ModelError: it holds what cannot be made anew from its configuration.
    """
    if dtype is None:
        return model
    config = without_training(keras.saving.serialize_keras_object(model))
    changed = _with_dtype(config, dtype)
    if changed == config:
        return model
    try:
        with precision(dtype):
            copy = keras.saving.deserialize_keras_object(changed, safe_mode=not allow_code)
    except (TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"the network cannot be rebuilt in {dtype}: {reason(error)}",
            where=model.name,
            todo="Leave out the precision (dtype); or register its own layers, regularizers and functions with "
            "keras.saving.register_keras_serializable, or build it in that precision "
            f"(keras.config.set_floatx('{dtype}')).",
        ) from error
    for new, old in zip(copy.weights, model.weights, strict=True):
        new.assign(keras.ops.convert_to_numpy(old))
    finish(copy)
    return copy


def without_training(node: Any) -> Any:
    """A serialised network without optimiser, loss and metrics, which may be anyone's; nested models too."""
    if isinstance(node, list):
        return [without_training(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {key: without_training(child) for key, child in node.items() if key not in TRAINING}


def _with_dtype(node: Any, dtype: str) -> Any:
    """A serialised object in which everything that had a floating-point type has ``dtype``."""
    if isinstance(node, list):
        return [_with_dtype(child, dtype) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _of_dtype(child, dtype) if key == "dtype" else _with_dtype(child, dtype) for key, child in node.items()
    }


def _of_dtype(old: Any, dtype: str) -> Any:
    """A serialised type, or policy of types, replaced by ``dtype`` if it is a floating-point one."""
    if isinstance(old, dict) and isinstance(old.get("config"), dict):
        return old | {"config": old["config"] | {"name": _of_dtype(old["config"].get("name"), dtype)}}
    return dtype if isinstance(old, str) and old in FLOATS else old
