"""One layer of Keras 2, with the class and the keys that Keras 3 has for it."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from snnctl.errors import ModelError

Config = dict[str, Any]

RENAMED = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "experimental>SyncBatchNormalization": "BatchNormalization",
}
"""Classes that go by another name in Keras 3."""

KERAS_1 = frozenset({"nb_filter", "nb_row", "nb_col", "border_mode", "dim_ordering", "subsample", "nb_epoch"})
"""Keys that only Keras 1 wrote."""

WITHOUT_EFFECT: dict[str, set[str]] = {
    "BatchNormalization": {"fused", "virtual_batch_size", "renorm_clipping", "renorm_momentum"},
    "DepthwiseConv2D": {"filters"},
    "Embedding": {"input_length"},
}
"""Keys that say how a layer computes or trains, but change nothing about what it computes."""

NEUTRAL = {"groups": 1, "implementation": None}
"""Values of keys unknown to Keras 3 that mean what it does anyway; None: any value."""

NOT_LAYERS = (keras.initializers, keras.regularizers, keras.constraints)


def modern_layer(node: Config) -> Config:
    """A serialised layer, initialiser, regulariser or constraint, as Keras 3 writes it.

    Args:
        node: ``class_name`` and a ``config`` whose parts are modern already.

    Raises:
        ModelError: the layer cannot be expressed, or was written by Keras 1; names it.
    """
    name: str = RENAMED.get(node["class_name"]) or node["class_name"]
    config = _modern_values(name, node["config"])
    _refuse_keras_1(config)
    if name == "BatchNormalization" and config.get("renorm"):
        raise ModelError(
            f"Layer '{config.get('name')}' renormalises batches (renorm=True), which Keras 3 cannot do.",
            todo="Train the network with renorm=False.",
        )
    if name == "ThresholdedReLU":
        return node | {"class_name": "ReLU", "config": _renamed_key(config, "theta", "threshold")}
    if name == "GRU":
        config = {"reset_after": False} | config  # what Keras 2 did before it had the key
    if name == "Lambda":
        config = _modern_lambda(config)
    return node | {"class_name": name, "config": _without_lost_keys(name, config)}


def _modern_values(name: str, config: Config) -> Config:
    """Values in the form in which Keras 3 takes them."""
    if name == "InputLayer" and "batch_input_shape" in config:
        config = config | {"batch_shape": config["batch_input_shape"]}
    if isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config = config | {"axis": config["axis"][0]}
    if name == "LeakyReLU" and "alpha" in config:
        config = _renamed_key(config, "alpha", "negative_slope")
    if _is_policy(config.get("dtype")):
        config = config | {"dtype": config["dtype"]["config"]["name"]}
    return config


def _renamed_key(config: Config, old: str, new: str) -> Config:
    return {new if key == old else key: value for key, value in config.items()}


def _is_policy(dtype: Any) -> bool:
    return isinstance(dtype, dict) and dtype.get("class_name") in ("Policy", "PolicyV1")


def _modern_lambda(config: Config) -> Config:
    """Keras 2 listed bytecode, defaults and closure, and said beside them that they are code."""
    function = config.get("function")
    if isinstance(function, list) and len(function) == 3:
        code = dict(zip(("code", "defaults", "closure"), function, strict=True))
        config = config | {"function": {"class_name": "__lambda__", "config": code}}
    return config


def _refuse_keras_1(config: Config) -> None:
    if found := KERAS_1.intersection(config):
        raise ModelError(
            f"Layer '{config.get('name')}' was written by Keras 1 (it has {', '.join(sorted(found))}), "
            "whose kernels are stored differently.",
            todo="Open the file with a Keras of version 2 and save it again.",
        )


def _without_lost_keys(name: str, config: Config) -> Config:
    """Leave out keys that Keras 3 does not know and that change nothing.

    How a weight was initialised no longer matters once it is read from the file; a layer's option matters
    unless it is off, so one that is on stays and is refused by Keras.
    """
    for module in NOT_LAYERS:
        if inspect.isclass(kind := getattr(module, name, None)):
            known = _parameters(kind)
            return {key: value for key, value in config.items() if key in known}
    layer = getattr(keras.layers, name, None)
    if layer is None:
        return config
    known = _parameters(layer) | _parameters(keras.layers.Layer)
    return {key: value for key, value in config.items() if key in known or _matters(name, key, value)}


def _matters(layer: str, key: str, value: Any) -> bool:
    """Whether a key that Keras 3 does not know changes what the layer computes."""
    if key in WITHOUT_EFFECT.get(layer, ()) or key.endswith("_initializer") or key.startswith("batch_input_shape"):
        return False
    if layer == "Lambda":  # where its function was defined
        return key not in ("function_type", "module", "output_shape_type", "output_shape_module")
    if key in NEUTRAL:
        return NEUTRAL[key] not in (None, value)
    return bool(value)


def _parameters(kind: type) -> set[str]:
    return set(inspect.signature(kind).parameters)
