"""Checks of a conversion rule for a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from snnctl.plugins.layer_rules import LayerRule
from snnctl.testing.findings import Checks, Finding, Unknown, require
from snnctl.testing.tiny import calibrated, with_random_biases

TOLERANCE = 1e-9  # of float64 logits, relative to the largest


def examine_layer_rule(layer: Any, rule: LayerRule, instances: Sequence[Any] = ()) -> list[Finding]:
    """Whether networks with the layer convert exactly, and can be saved.

    Args:
        layer: the layer class.
        rule: its rule.
        instances: layers to try; by default one made without arguments, if that can be.
    """
    checks = Checks(f"layer rule for {getattr(layer, '__name__', layer)}")
    with checks.that("is a class of Keras layers and a function"):
        _require_layer(layer, rule)
    if not checks.passed("is a class of Keras layers and a function"):
        return checks.findings
    made = list(instances)
    if not made:
        with checks.that("can be made without arguments"):
            made = [_without_arguments(layer)]
    for number, each in enumerate(made, start=1):
        which = f" ({number})" if len(made) > 1 else ""
        with checks.that(f"converts exactly{which}"):
            _require_exact(each, layer, rule)
        with checks.that(f"can be saved and opened{which}"):
            _require_saved(each)
    return checks.findings


def _require_layer(layer: Any, rule: Any) -> None:
    import keras

    require(isinstance(layer, type) and issubclass(layer, keras.layers.Layer), f"{layer!r:.60} is no Keras layer class")
    require(callable(rule), f"{rule!r:.60} is no function")


def _without_arguments(layer: type) -> Any:
    try:
        return layer()
    except (TypeError, ValueError) as error:
        raise Unknown(f"it needs arguments; in a test, give check_layer_rule layers to try ({error})") from error


def _networks(instance: Any) -> list[tuple[str, Callable[[Any], Any]]]:
    """Small networks around a copy of the layer, by what flows through it."""
    import keras

    layers = keras.layers

    def images(layer: Any) -> Any:
        inputs = keras.Input((6, 6, 2))
        return inputs, layer(layers.Conv2D(4, 3, padding="same", name="before")(inputs))

    def vectors(layer: Any) -> Any:
        inputs = keras.Input((8,))
        return inputs, layer(layers.Dense(6, name="before")(inputs))

    def sequences(layer: Any) -> Any:
        inputs = keras.Input((8, 2))
        return inputs, layer(layers.Conv1D(4, 3, name="before")(inputs))

    def two(layer: Any) -> Any:
        inputs = keras.Input((6, 6, 2))
        branches = [layers.Conv2D(4, 3, padding="same", name=name)(inputs) for name in ("before", "beside")]
        return inputs, layer(branches)

    return [("images", images), ("vectors", vectors), ("sequences", sequences), ("two branches", two)]


def _network(instance: Any, around: Callable[[Any], Any]) -> Any:
    import keras

    inputs, behind = around(type(instance).from_config(instance.get_config()))
    rectified = keras.layers.ReLU(name="after")(behind)
    flat = rectified if len(rectified.shape) == 2 else keras.layers.Flatten(name="flatten")(rectified)
    return with_random_biases(keras.Model(inputs, keras.layers.Dense(3, name="readout")(flat)))


def _some_network(instance: Any) -> Any:
    """A network of the first kind that the layer can be called in.

    Raises:
        Unknown: there is none.
    """
    import keras

    said = []
    for what, around in _networks(instance):
        keras.utils.set_random_seed(1)
        try:
            return _network(instance, around)
        except Exception as error:
            said.append(f"{what}: {type(error).__name__}")
    raise Unknown(f"it could be called on nothing that was tried ({', '.join(said)})")


def _require_exact(instance: Any, layer: type, rule: LayerRule) -> None:
    from snnctl.conversion.build import SpikingSettings, build_spiking
    from snnctl.conversion.logits import logits_of
    from snnctl.models.network import precision

    with precision("float64"):
        model = _some_network(_in_float64(instance))
        inputs = np.random.default_rng(0).uniform(-1, 1, (16, *model.input_shape[1:]))
        settings = SpikingSettings(input_range=(-1.0, 1.0), dtype="float64")
        snn = calibrated(build_spiking(model, settings, {layer: rule}), inputs)
        expected = logits_of(model).predict(inputs, verbose=0)
        found = snn.predict(inputs, verbose=0)
    difference = np.abs(found - expected).max() / max(1.0, np.abs(expected).max())
    require(difference < TOLERANCE, f"the spiking network's logits differ by {difference:.2g}")


def _in_float64(instance: Any) -> Any:
    return type(instance).from_config({**instance.get_config(), "dtype": "float64"})


def _require_saved(instance: Any) -> None:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import keras

    from snnctl.models.load import load_model
    from snnctl.plugins import load_registry

    model = _some_network(instance)
    with TemporaryDirectory(prefix="snnctl-") as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        again = load_model(path, readers=load_registry(entry_points=False).readers).model
    inputs = np.random.default_rng(0).random((4, *model.input_shape[1:]))
    same = np.allclose(keras.ops.convert_to_numpy(model(inputs)), keras.ops.convert_to_numpy(again(inputs)), atol=1e-6)
    require(same, "a network with the layer computes something else once it is saved and opened")
