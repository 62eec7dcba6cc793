"""What a model's configuration may hold: known layers, and no code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import keras

from snnctl.errors import ModelError

PACKAGE = "snnctl>"
MODELS = ("Functional", "Model", "Sequential")
CODE = ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
ACTIVATIONS = ("activation", "recurrent_activation")
MOST_LAYERS = 10_000
Config = dict[str, Any]


def vet(config: Config, path: Path | str, *, allow_code: bool = False) -> None:
    """Refuse a configuration with code or unknown layers, before anything is built from it.

    Args:
        config: a serialised Keras model, as Keras 3 writes it.
        path: the file it came from, for the message.
        allow_code: whether it may hold code.

    Raises:
        ModelError: a layer with code, serialised code, a class or function that is not known, or a configuration
            that Keras did not write; names the layer.
    """
    check_form(config, path)
    if any(_registered_name(found).startswith(PACKAGE) for found in [config, *_objects(config)]):
        import snnctl.layers  # noqa: F401  (registers the spiking layers)
    if not allow_code:
        refuse_code(config, path)
    for layer in [config, *_layers(config)]:
        _refuse_unknown(layer, path)
    for layer in reversed([config, *_layers(config)]):  # the inner ones first, for their names
        _refuse_unknown_functions(layer, path)


def check_form(config: Any, path: Path | str) -> None:
    """Refuse what Keras, of whichever version, did not write as the configuration of a network.

    Raises:
        ModelError: says so.
    """
    layers = [config, *_listed(config)]
    if not all(_is_well_formed(layer) for layer in layers):
        raise ModelError(
            "The configuration of the network or of a layer is not as Keras writes it.",
            where=str(path),
            todo="Copy or save it again.",
        )
    if len(layers) > MOST_LAYERS:
        raise ModelError(f"The network has {len(layers):,} layers; at most {MOST_LAYERS:,} are read.", where=str(path))


def refuse_code(config: Config, path: Path | str) -> None:
    """Refuse a configuration, of Keras 2 or 3, with code in it.

    Raises:
        ModelError: names the layer.
    """
    for layer in reversed([config, *_layers(config)]):  # the inner ones first, for their names
        for found in [layer, *_objects(layer.get("config"))]:
            if found["class_name"] in CODE:
                raise ModelError(
                    f"{_called(layer)} holds Python code, which is not run from a model file.",
                    where=str(path),
                    todo="Replace it with standard layers and save the model again; "
                    "or, if you trust whoever made the file, add --allow-code.",
                )


def holds_spiking_layers(model: keras.Model) -> bool:
    """Whether any layer, nested ones included, is one of snnctl's."""
    return any(
        keras.saving.get_registered_name(type(layer)).startswith(PACKAGE)
        or (isinstance(layer, keras.Model) and holds_spiking_layers(layer))
        for layer in model.layers
    )


def kind_of(model: keras.Model, where: str = "") -> Literal["relu", "snn"]:
    """Whether a network is a spiking one; all layers of a spiking network must be its own.

    Args:
        model: the network.
        where: what the message begins with, such as the file it came from.

    Raises:
        ModelError: spiking layers stand in a model inside the network; names both.
    """
    if way := _way_to_spiking(model):
        inner = "".join(f".get_layer('{name}')" for name in way)
        raise ModelError(
            f"The spiking network '{way[-1]}' is nested inside another model, '{model.name}'.",
            where=where,
            todo=f"Save the inner model by itself: model{inner}.save('inner.keras'), where model is the outer one "
            "(snnctl.load opens files).",
        )
    return "snn" if holds_spiking_layers(model) else "relu"


def _way_to_spiking(model: keras.Model) -> list[str]:
    """Names of the models, from the outside in, that lead to nested spiking layers; empty if there are none."""
    for layer in model.layers:
        if isinstance(layer, keras.Model) and holds_spiking_layers(layer):
            return [layer.name, *_way_to_spiking(layer)]
    return []


def _is_well_formed(layer: object) -> bool:
    form = layer if isinstance(layer, dict) else {}
    wanted = {"class_name": str, "config": dict | list, "module": str | None}  # early Keras listed the layers
    return all(isinstance(form.get(key), kind) for key, kind in wanted.items())


def _refuse_unknown(layer: Config, path: Path | str) -> None:
    if not _is_known(layer):
        raise ModelError(
            f"{_called(layer)} is of class {layer['class_name']}, which neither Keras nor snnctl has.",
            where=str(path),
            todo="Replace it with standard layers and save the model again, or install the plugin that brings it "
            "(docs/plugins.md, Layer rules).",
        )


def _refuse_unknown_functions(layer: Config, path: Path | str) -> None:
    for name in _unknown_functions(layer.get("config")):
        raise ModelError(
            f"{_called(layer)} uses the function {name}, which neither Keras nor snnctl has.",
            where=str(path),
            todo="Replace it with a standard one and save the model again.",
        )


def _unknown_functions(config: Any) -> Iterator[str]:
    for found in _objects(config):
        if found["class_name"] == "function" and not _is_known_function(found):
            yield str(found.get("config"))
    for key in ACTIVATIONS:
        name = config.get(key) if isinstance(config, dict) else None
        if isinstance(name, str) and not _is_activation(name):
            yield name


def _is_known_function(found: Config) -> bool:
    module, name = found.get("module"), str(found.get("config"))
    if keras.saving.get_registered_object(_registered_name(found)) is not None:
        return True
    return _is_activation(name) if module in (None, "builtins") else str(module).startswith("keras")


def _is_activation(name: str) -> bool:
    return keras.saving.get_registered_object(name) is not None or hasattr(keras.activations, name)


def _is_known(layer: Config) -> bool:
    if keras.saving.get_registered_object(_registered_name(layer)) is not None:
        return True
    name, module = layer["class_name"], layer.get("module")
    if module is not None:
        return module == "keras" or module.startswith("keras.")
    return name in MODELS or hasattr(keras.layers, name)


def _called(found: Config) -> str:
    """The layer's name, as the start of a sentence."""
    config = found.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return f"Layer '{name}'" if name else f"A {found['class_name']} in the model"


def _registered_name(found: Config) -> str:
    return str(found.get("registered_name") or found["class_name"])


def _objects(node: Any) -> Iterator[Config]:
    """Every serialised object below ``node``, outer before inner."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        if isinstance(child, dict) and isinstance(child.get("class_name"), str):
            yield child
        yield from _objects(child)


def _layers(node: Any) -> Iterator[Config]:
    """Every serialised layer in the layer lists below ``node``."""
    return (layer for layer in _listed(node) if isinstance(layer, dict) and "class_name" in layer)


def _listed(node: Any) -> Iterator[Any]:
    """Everything in the layer lists below ``node``."""
    if isinstance(node, list):
        for child in node:
            yield from _listed(child)
    elif isinstance(node, dict):
        listed = node.get("layers")
        if isinstance(listed, list):
            yield from listed
        for child in node.values():
            yield from _listed(child)
