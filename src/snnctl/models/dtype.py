"""Precision: what a model computes in, and the same model in another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from snnctl.errors import ModelError
from snnctl.models.finishing import finish

LONGEST_REASON = 300  # characters
FLOATS = ("float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16")


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
    config = keras.saving.serialize_keras_object(model)
    if set(_floats(config)) <= {dtype}:
        return model
    copy = _rebuilt(model, config, dtype, allow_code)
    for new, old in zip(copy.weights, model.weights, strict=True):
        new.assign(keras.ops.convert_to_numpy(old))
    finish(copy)
    return copy


def _rebuilt(model: keras.Model, config: Any, dtype: str, allow_code: bool) -> keras.Model:
    """The network made anew from its configuration, which only what Keras knows by name can be."""
    try:
        with precision(dtype):
            return keras.saving.deserialize_keras_object(_with_dtype(config, dtype), safe_mode=not allow_code)
    except (TypeError, ValueError, AttributeError) as error:
        if "safe_mode" in str(error) or "unsafe" in str(error):  # code that may not run: told by who opens the file
            raise
        reason = " ".join(str(error).rpartition("Exception encountered:")[2].split())[:LONGEST_REASON]
        raise ModelError(
            f"the network cannot be rebuilt in {dtype}: {reason}",
            where=model.name,
            todo="Leave out the precision (dtype); or register its own layers, regularizers and functions with "
            "keras.saving.register_keras_serializable, or build it in that precision "
            f"(keras.config.set_floatx('{dtype}')).",
        ) from error


def _with_dtype(node: Any, dtype: str) -> Any:
    """A serialised object in which everything that had a floating-point type has ``dtype``."""
    if isinstance(node, list):
        return [_with_dtype(child, dtype) for child in node]
    if not isinstance(node, dict):
        return node
    return {
        key: dtype if key == "dtype" and _float_name(child) else _with_dtype(child, dtype)
        for key, child in node.items()
        if key != "compile_config"
    }


def _floats(node: Any) -> Iterator[str]:
    """The floating-point types in a serialised object."""
    if isinstance(node, list):
        for child in node:
            yield from _floats(child)
    elif isinstance(node, dict):
        for key, child in node.items():
            name = _float_name(child) if key == "dtype" else None
            yield from [name] if name else _floats(child)


def _float_name(dtype: Any) -> str | None:
    """The name of a serialised type or policy if it is a floating-point one."""
    name = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype
    return name if name in FLOATS else None
