"""The checks of plugins find what is wrong with things that make, change, measure and write networks."""

from __future__ import annotations

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
    """What the check says is wrong."""
    with pytest.raises(NonconformingError) as caught:
        check(*arguments, **options)
    return str(caught.value)


class Small(Architecture):
    """Nothing is wrong with it; it takes samples that are no images."""

    name = "small"
    summary = "small"

    def build(self, input_shape: tuple[int, ...], classes: int, *, hidden: int = 4) -> keras.Model:
        """One hidden layer."""
        if len(input_shape) != 1:
            raise UsageError(f"small takes no samples of shape {input_shape}")
        return self.network(input_shape, classes, hidden)

    def network(self, input_shape: tuple[int, ...], classes: int, hidden: int) -> keras.Model:
        """The network itself."""
        layers = [keras.layers.Dense(hidden, activation="relu"), keras.layers.Dense(classes)]
        return keras.Sequential([keras.Input(input_shape), *layers])


class Kept(Small):
    """Builds once."""

    made: keras.Model | None = None

    def network(self, input_shape: tuple[int, ...], classes: int, hidden: int) -> keras.Model:
        """The same each time."""
        self.made = self.made or super().network(input_shape, classes, hidden)
        return self.made


class Unseeded(Small):
    """Draws weights elsewhere."""

    def network(self, input_shape: tuple[int, ...], classes: int, hidden: int) -> keras.Model:
        """Other weights each time, whatever the seed."""
        model = super().network(input_shape, classes, hidden)
        random = np.random.default_rng()
        model.set_weights([random.normal(size=weight.shape) for weight in model.get_weights()])
        return model


class Smooth(Small):
    """Has no spiking form."""

    def network(self, input_shape: tuple[int, ...], classes: int, hidden: int) -> keras.Model:
        """A hidden layer of tanh."""
        layers = [keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(classes)]
        return keras.Sequential([keras.Input(input_shape), *layers])


class Narrow(Small):
    """Forgets the classes."""

    def network(self, input_shape: tuple[int, ...], classes: int, hidden: int) -> keras.Model:
        """One output."""
        return super().network(input_shape, 1, hidden)


class Choosy(Small):
    """Refuses everything."""

    def build(self, input_shape: tuple[int, ...], classes: int, *, hidden: int = 4) -> keras.Model:
        """Never."""
        raise UsageError("no")


class Fallen(Small):
    """A default of the wrong type."""

    def build(self, input_shape: tuple[int, ...], classes: int, *, hidden: int = "many") -> keras.Model:  # type: ignore[assignment]
        """Never well."""
        return super().build(input_shape, classes)


class Halfway(Small):
    """Works with its default alone."""

    def build(
        self, input_shape: tuple[int, ...], classes: int, *, pool: Literal["max", "average"] | None = "max"
    ) -> keras.Model:
        """Fails with the other one; None is refused in words."""
        if pool is None:
            raise UsageError("no")
        if pool == "average":
            raise TypeError("no such pool")
        return super().build(input_shape, classes)


def test_a_good_architecture() -> None:
    assert counted(check_architecture(Small(), hidden="7")) == {"passed": 6, "failed": 0, "warned": 0, "skipped": 3}


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Kept, "build returned the same model twice"),
        (Unseeded, "two models from the same seed have other weights"),
        (Smooth, "converts exactly: failed"),
        (Narrow, "its network maps (None, 20) to (None, 1), not (None, 20) to (None, 3)"),
        (Choosy, "it refused every shape that was tried"),
        (Halfway, "with pool=average: build failed for inputs (20,) and 3 classes: TypeError: no such pool"),
        (Fallen, "option 'hidden' of architecture 'small' is 'many'"),
    ],
)
def test_what_is_wrong_with_an_architecture(architecture: type[Architecture], message: str) -> None:
    assert message in refused(check_architecture, architecture())


@keras.saving.register_keras_serializable("testing-checks")
class Doubled(keras.layers.Layer):
    """Twice its input."""

    def call(self, x: Any) -> Any:
        """Twice."""
        return 2 * x


@keras.saving.register_keras_serializable("testing-checks")
class Scaled(keras.layers.Layer):
    """Needs an argument."""

    def __init__(self, k: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.k = k

    def call(self, x: Any) -> Any:
        """k times."""
        return self.k * x

    def get_config(self) -> dict[str, Any]:
        """With k."""
        return {**super().get_config(), "k": self.k}


@pytest.mark.long
def test_layer_rules() -> None:
    good = check_layer_rule(Doubled, lambda context, layer, signal: context.affine(signal, 2.0))
    assert counted(good)["passed"] == 4
    assert "logits differ by" in refused(check_layer_rule, Doubled, lambda context, layer, signal: signal)
    assert "is no Keras layer class" in refused(check_layer_rule, dict, print)

    def scale(context: Any, layer: Scaled, signal: Any) -> Any:
        return context.affine(signal, layer.k)

    assert counted(check_layer_rule(Scaled, scale))["skipped"] == 1
    assert counted(check_layer_rule(Scaled, scale, [Scaled(2.0), Scaled(-0.5)]))["passed"] == 5


class Count(Metric):
    """Nothing is wrong with it."""

    name = "count"
    summary = "count"

    def __init__(self, network: Any) -> None:
        super().__init__(network)
        self.sizes: list[int] = []

    def add(self, batch: Any) -> None:
        """Notes how many."""
        self.sizes.append(len(batch))

    def result(self) -> Mapping[str, Any]:
        """The sum."""
        return {"samples": sum(self.sizes)}


class Average(Count):
    """An average of averages."""

    def result(self) -> Mapping[str, Any]:
        """Depends on the batches."""
        return {"samples": sum(self.sizes) / len(self.sizes)}


class Failing(Count):
    """Fails at the end."""

    networks = ("snn",)

    def result(self) -> Mapping[str, Any]:
        """No figures."""
        raise ValueError("no luck")


class Objects(Failing):
    """Figures that JSON cannot say."""

    def result(self) -> Mapping[str, Any]:
        """An object."""
        return {"samples": object()}


@pytest.mark.long
def test_metrics() -> None:
    assert counted(check_metric(Count)) == {"passed": 4, "failed": 0, "warned": 0, "skipped": 0}
    warned = [finding for finding in check_metric(Average) if finding.state == "warned"]
    assert len(warned) == 2
    assert "result.samples is 7.5 in batches of 8 and 30 in batches of 30" in warned[0].message
    assert "ValueError: no luck" in refused(check_metric, Failing)
    assert "which is no plain data" in refused(check_metric, Objects)


class Names(Exporter):
    """The layers' names."""

    name = "names"
    summary = "names"

    def export(self, network: Any, context: ExportContext, *, file: str = "names.txt") -> Mapping[str, bytes | str]:
        """One file."""
        return {file: "\n".join(each.name for each in network.populations)}


class Choosing(Names):
    """Cannot say what the network has."""

    def export(self, network: Any, context: ExportContext) -> Mapping[str, bytes | str]:  # type: ignore[override]
        """Never."""
        raise ModelError("no pools in this format")


class Random(Names):
    """Never the same."""

    def export(self, network: Any, context: ExportContext) -> Mapping[str, bytes | str]:  # type: ignore[override]
        """Random bytes."""
        return {"a.bin": np.random.default_rng().bytes(8)}


class Numbers(Names):
    """No text."""

    def export(self, network: Any, context: ExportContext) -> Mapping[str, bytes | str]:  # type: ignore[override]
        """A number."""
        return {"a.txt": 42}  # type: ignore[dict-item]


def test_exporters() -> None:
    assert counted(check_exporter(Names(), file="layers.txt")) == {"passed": 6, "failed": 0, "warned": 0, "skipped": 0}
    [skipped] = [finding for finding in check_exporter(Choosing()) if finding.state == "skipped"]
    assert skipped.message == "refused: no pools in this format"
    assert "a.bin differs: leave out times" in refused(check_exporter, Random())
    assert "'a.txt' holds int, no text or bytes" in refused(check_exporter, Numbers())


@pytest.mark.parametrize(
    "file", ["../up.txt", "/etc/passwd", "a/b.txt", "a\\b.txt", ".hidden", "run.json", "..", "", "a\n"]
)
def test_names_of_files_that_are_not_safe(file: str) -> None:
    assert "names files of the run folder: failed" in refused(check_exporter, Names(), file=file)


class Steep(NeuronModel):
    """Slope 2."""

    name = "steep"
    summary = "steep"

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Twice as large."""
        return 2 * W, 2 * b

    def slope(self, sums: Any) -> Any:
        """2."""
        return 2.0 * ops.ones_like(sums)


class Transposed(Steep):
    """Mistakes the axes."""

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Another shape."""
        return W.T, b


class Drawn(Steep):
    """Not twice the same."""

    def parameters(self, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Random."""
        return W + np.random.default_rng().random(), b


class Flat(Steep):
    """One slope for all."""

    def slope(self, sums: Any) -> Any:
        """A number for all neurons."""
        return ops.mean(sums)


class Infinite(Steep):
    """Divides by what may be 0."""

    def slope(self, sums: Any) -> Any:
        """Infinite."""
        return sums / (sums - sums)


@pytest.mark.long
def test_a_good_neuron_model() -> None:
    assert counted(check_neuron_model(Steep())) == {"passed": 6, "failed": 0, "warned": 0, "skipped": 0}


@pytest.mark.long
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Transposed, "J has shape (4, 5), and must have (5, 4)"),
        (Drawn, "parameters gives other numbers the second time"),
        (Flat, "slope has shape () for sums of shape (1, 4)"),
        (Infinite, "slope is not finite"),
    ],
)
def test_what_is_wrong_with_a_neuron_model(model: type[NeuronModel], message: str) -> None:
    assert message in refused(check_neuron_model, model())


class Halved(HardwareConstraint):
    """Weights lose a part."""

    name = "halved"
    summary = "halved"

    def __init__(self, *, part: float = 0.5) -> None:
        self.part = part

    def weights(self, J: Any) -> Any:
        """A part of them."""
        return self.part * J


class Rounded(Halved):
    """No gradient goes through."""

    def weights(self, J: Any) -> Any:
        """To whole numbers, by way of NumPy."""
        return ops.convert_to_tensor(np.round(np.asarray(J)), J.dtype)


class Summed(Halved):
    """Another shape."""

    def thresholds(self, D: Any) -> Any:
        """One for all."""
        return ops.sum(D)


class Noisy(Halved):
    """Not twice the same."""

    def times(self, x: Any, low: Any, width: Any, seed: Any) -> Any:
        """Random, whatever the seed."""
        return x + ops.cast(np.random.default_rng().random(x.shape), x.dtype)


@pytest.mark.long
def test_a_good_constraint() -> None:
    found = check_constraint(Halved, part="0.25")
    assert counted(found) == {"passed": 8, "failed": 0, "warned": 0, "skipped": 0}


@pytest.mark.long
@pytest.mark.parametrize(
    ("constraint", "message"),
    [
        (Rounded, "no finite gradient goes through weights"),
        (Summed, "thresholds has shape (), and was given (4,)"),
        (Noisy, "times differs between two objects with equal options"),
    ],
)
def test_what_is_wrong_with_a_constraint(constraint: type[HardwareConstraint], message: str) -> None:
    assert message in refused(check_constraint, constraint)


class Watching(TrainingCallback):
    """Only looks."""

    name = "watching"
    summary = "watching"

    def make(self, context: TrainingContext, *, every: int = 1) -> keras.callbacks.Callback:
        """Does nothing."""
        return keras.callbacks.Callback()


class Meddling(Watching):
    """Changes weights."""

    def make(self, context: TrainingContext, *, every: int = 1) -> keras.callbacks.Callback:
        """After each epoch."""

        class Meddler(keras.callbacks.Callback):
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                self.model.trainable_weights[0].assign_add(ops.ones_like(self.model.trainable_weights[0]))

        return Meddler()


class Nothing(Watching):
    """Makes no callback."""

    def make(self, context: TrainingContext, *, every: int = 1) -> keras.callbacks.Callback:
        """An object."""
        return object()  # type: ignore[return-value]


@pytest.mark.long
def test_callbacks() -> None:
    assert counted(check_callback(Watching(), every=3)) == {"passed": 5, "failed": 0, "warned": 0, "skipped": 0}
    warned = [finding for finding in check_callback(Meddling()) if finding.state == "warned"]
    assert len(warned) == 2
    assert "weights differ from those of a training without it" in warned[0].message
    assert "make returned object, no Keras callback" in refused(check_callback, Nothing())
