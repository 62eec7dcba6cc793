"""The checks of plugins find what is wrong with things that make, change, measure and write networks."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import keras
import numpy as np
import pytest
from keras import ops

from snnctl.errors import ModelError, UsageError
from snnctl.plugins import (
    Architecture,
    ExportContext,
    Exporter,
    HardwareConstraint,
    Metric,
    NeuronModel,
    TrainingCallback,
    TrainingContext,
)
from snnctl.testing import (
    NonconformingError,
    check_architecture,
    check_callback,
    check_constraint,
    check_exporter,
    check_layer_rule,
    check_metric,
    check_neuron_model,
)
from snnctl.testing.findings import counted


def refused(check: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises(NonconformingError) as caught:
        check(*arguments, **options)
    return str(caught.value)


def passed(number: int, skipped: int = 0) -> dict[str, int]:
    """The counts of a thing with which nothing is wrong."""
    return {"passed": number, "failed": 0, "warned": 0, "skipped": skipped}


def odd(base: type, **members: Any) -> type:
    """A class like ``base`` but for some of its members."""
    return type("Odd", (base,), members)


def network(units: int = 3, activation: str = "relu", hidden: int = 4) -> keras.Model:
    layers = [keras.layers.Dense(hidden, activation=activation), keras.layers.Dense(units)]
    return keras.Sequential([keras.Input((20,)), *layers])


def unseeded() -> keras.Model:
    model = network()
    model.set_weights([np.random.default_rng().normal(size=weight.shape) for weight in model.get_weights()])
    return model


class Small(Architecture):
    """Nothing is wrong with it; it takes samples that are no images."""

    name, summary = "small", "small"

    def build(self, input_shape: tuple[int, ...], classes: int, *, hidden: int = 4) -> keras.Model:
        if input_shape != (20,):
            raise UsageError(f"small takes no samples of shape {input_shape}")
        return self.network(hidden)

    def network(self, hidden: int) -> keras.Model:
        return network(hidden=hidden)


class Kept(Small):
    kept: keras.Model | None = None

    def network(self, hidden: int) -> keras.Model:
        self.kept = self.kept or network()
        return self.kept


class Fallen(Small):
    def build(self, input_shape: tuple[int, ...], classes: int, *, hidden: int = "many") -> keras.Model:  # type: ignore[assignment]
        return super().build(input_shape, classes)


class Halfway(Small):
    """Works with its default alone; None is refused in words."""

    def build(
        self, input_shape: tuple[int, ...], classes: int, *, pool: Literal["max", "average"] | None = "max"
    ) -> keras.Model:
        if pool is None:
            raise UsageError("no")
        if pool == "average":
            raise TypeError("no such pool")
        return super().build(input_shape, classes)


def test_a_good_architecture() -> None:
    assert counted(check_architecture(Small(), hidden="7")) == passed(6, skipped=3)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Kept, "build returned the same model twice"),
        (odd(Small, network=lambda *_: unseeded()), "two models from the same seed have other weights"),
        (odd(Small, network=lambda *_: network(activation="tanh")), "converts exactly: failed"),
        (
            odd(Small, network=lambda *_: network(units=1)),
            "its network maps (None, 20) to (None, 1), not (None, 20) to (None, 3)",
        ),
        (odd(Small, network=lambda *_: Small().build((), 0)), "it refused every shape that was tried"),
        (Halfway, "with pool=average: build failed for inputs (20,) and 3 classes: TypeError: no such pool"),
        (Fallen, "option 'hidden' of architecture 'small' is 'many'"),
    ],
)
def test_what_is_wrong_with_an_architecture(architecture: type[Architecture], message: str) -> None:
    assert message in refused(check_architecture, architecture())


@keras.saving.register_keras_serializable("testing-checks")
class Scaled(keras.layers.Layer):
    def __init__(self, k: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.k = k

    def call(self, x: Any) -> Any:
        return self.k * x

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable("testing-checks")
class Doubled(Scaled):
    def __init__(self, k: float = 2.0, **kwargs: Any) -> None:
        super().__init__(k, **kwargs)


@pytest.mark.long
def test_layer_rules() -> None:
    def scale(context: Any, layer: Scaled, signal: Any) -> Any:
        return context.affine(signal, layer.k)

    assert counted(check_layer_rule(Doubled, scale))["passed"] == 4
    assert "logits differ by" in refused(check_layer_rule, Doubled, lambda context, layer, signal: signal)
    assert "is no Keras layer class" in refused(check_layer_rule, dict, print)
    assert counted(check_layer_rule(Scaled, scale))["skipped"] == 1
    assert counted(check_layer_rule(Scaled, scale, [Scaled(2.0), Scaled(-0.5)]))["passed"] == 5


class Count(Metric):
    name, summary = "count", "count"

    def __init__(self, network: Any) -> None:
        super().__init__(network)
        self.sizes: list[int] = []

    def add(self, batch: Any) -> None:
        self.sizes.append(len(batch))

    def result(self) -> Mapping[str, Any]:
        return {"samples": sum(self.sizes)}


@pytest.mark.long
def test_metrics() -> None:
    assert counted(check_metric(Count)) == passed(4)
    average = odd(Count, result=lambda self: {"samples": sum(self.sizes) / len(self.sizes)})
    warned = [finding for finding in check_metric(average) if finding.state == "warned"]
    assert len(warned) == 2
    assert "result.samples is 7.5 in batches of 8 and 30 in batches of 30" in warned[0].message
    spiking = odd(Count, networks=("snn",))
    assert "ZeroDivisionError" in refused(check_metric, odd(spiking, result=lambda self: {"samples": 1 / 0}))
    assert "which is no plain data" in refused(check_metric, odd(spiking, result=lambda self: {"samples": object()}))


class Names(Exporter):
    name, summary = "names", "names"

    def export(self, network: Any, context: ExportContext, *, file: str = "names.txt") -> Mapping[str, bytes | str]:
        return {file: "\n".join(each.name for each in network.populations)}


class Choosing(Names):
    def export(self, network: Any, context: ExportContext) -> Mapping[str, bytes | str]:  # type: ignore[override]
        raise ModelError("no pools in this format")


def test_exporters() -> None:
    assert counted(check_exporter(Names(), file="layers.txt")) == passed(6)
    [skipped] = [finding for finding in check_exporter(Choosing()) if finding.state == "skipped"]
    assert skipped.message == "refused: no pools in this format"
    for file in ("../up.txt", "/etc/passwd", "a/b.txt", "a\\b.txt", ".hidden", "run.json", "..", "", "a\n"):
        assert "names files of the run folder: failed" in refused(check_exporter, Names(), file=file)
    changing = odd(Names, export=lambda self, network, context: {"a.bin": np.random.default_rng().bytes(8)})
    assert "a.bin differs: leave out times" in refused(check_exporter, changing())
    numbers = odd(Names, export=lambda self, network, context: {"a.txt": 42})
    assert "'a.txt' holds int, no text or bytes" in refused(check_exporter, numbers())


class Steep(NeuronModel):
    name, summary = "steep", "steep"

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return 2 * W, 2 * b

    def slope(self, sums: Any) -> Any:
        return 2.0 * ops.ones_like(sums)


@pytest.mark.long
@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, ""),
        ({"parameters": lambda self, W, b: (W.T, b)}, "J has shape (4, 5), and must have (5, 4)"),
        (
            {"parameters": lambda self, W, b: (W + np.random.default_rng().random(), b)},
            "parameters gives other numbers the second time",
        ),
        ({"slope": lambda self, sums: ops.mean(sums)}, "slope has shape () for sums of shape (1, 4)"),
        ({"slope": lambda self, sums: sums / (sums - sums)}, "slope is not finite"),
    ],
)
def test_neuron_models(members: dict[str, Any], message: str) -> None:
    if message:
        assert message in refused(check_neuron_model, odd(Steep, **members)())
    else:
        assert counted(check_neuron_model(Steep())) == passed(6)


class Halved(HardwareConstraint):
    name, summary = "halved", "halved"

    def __init__(self, *, part: float = 0.5) -> None:
        self.part = part

    def weights(self, J: Any) -> Any:
        return self.part * J


@pytest.mark.long
@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, ""),
        (
            {"weights": lambda self, J: ops.convert_to_tensor(np.round(np.asarray(J)), J.dtype)},
            "no finite gradient goes through weights",
        ),
        ({"thresholds": lambda self, D: ops.sum(D)}, "thresholds has shape (), and was given (4,)"),
        (
            {"times": lambda self, x, low, width, seed: x + np.random.default_rng().random(x.shape).astype("float32")},
            "times differs between two objects with equal options",
        ),
    ],
)
def test_constraints(members: dict[str, Any], message: str) -> None:
    if message:
        assert message in refused(check_constraint, odd(Halved, **members))
    else:
        assert counted(check_constraint(Halved, part="0.25")) == passed(8)


class Watching(TrainingCallback):
    name, summary = "watching", "watching"

    def make(self, context: TrainingContext, *, every: int = 1) -> keras.callbacks.Callback:
        return keras.callbacks.Callback()


class Meddler(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.trainable_weights[0].assign_add(ops.ones_like(self.model.trainable_weights[0]))


@pytest.mark.long
def test_callbacks() -> None:
    assert counted(check_callback(Watching(), every=3)) == passed(5)
    meddling = odd(Watching, make=lambda self, context: Meddler())
    warned = [finding for finding in check_callback(meddling()) if finding.state == "warned"]
    assert len(warned) == 2
    assert "weights differ from those of a training without it" in warned[0].message
    nothing = odd(Watching, make=lambda self, context: object())
    assert "make returned object, no Keras callback" in refused(check_callback, nothing())
