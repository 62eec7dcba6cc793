"""Checks of an architecture."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from snnctl.errors import PluginError, UsageError
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.checks import check_instance
from snnctl.testing.choices import choices
from snnctl.testing.findings import Checks, Finding, Unknown, Worth, Wrong, require
from snnctl.testing.tiny import calibrated, with_random_biases
from snnctl.testing.trial import Trial

if TYPE_CHECKING:
    import keras

Shape = tuple[int, ...]

SHAPES: tuple[tuple[Shape, int], ...] = (
    ((28, 28, 1), 10),
    ((32, 32, 3), 10),
    ((8, 8, 1), 4),
    ((20,), 3),
)
"""Input shapes and classes: snnctl's own data sets, small images, and samples that are no images."""
TOLERANCE = 1e-9  # of float64 logits, relative to the largest
MOST_WEIGHTS = 3_000_000  # converted in float64 within seconds


def examine_architecture(architecture: Architecture, trial: Trial) -> list[Finding]:
    """Whether it builds what it is asked for, or says why not, and whether that converts exactly."""
    checks = Checks(f"architecture '{architecture.name}'")
    with checks.that("is declared well"):
        check_instance(architecture, Architecture)
    options: dict[str, Any] = {}
    with checks.that("takes its options, and its defaults fit their types"):
        options = trial.options_of(architecture)
        _require_defaults(architecture)
    built: list[tuple[Shape, int]] = []
    for shape, classes in SHAPES:
        with checks.that(f"builds for {'x'.join(map(str, shape))} and {classes} classes, or refuses"):
            _build_or_refuse(architecture, shape, classes, options, built)
    if not built:
        with checks.that("fits some data"):
            require(False, "it refused every shape that was tried")
        return checks.findings
    shape, classes = min(built, key=lambda each: int(np.prod(each[0])))
    with checks.that("builds with each choice of its options, or refuses"):
        for choice in choices(architecture):
            _build_or_refuse_choice(architecture, shape, classes, options, choice)
    with checks.that("builds afresh each time, the same from the same seed"):
        _require_fresh(architecture, shape, classes, options)
    with checks.that("converts exactly"):
        _require_exact(architecture, shape, classes, options)
    return checks.findings


def _require_defaults(architecture: Architecture) -> None:
    from snnctl.plugins.options import declared_options, read_options

    defaults = {name: default for name, (_, default) in declared_options(architecture).items()}
    _, problems = read_options(architecture, defaults)
    require(not problems, "; ".join(problem.message for problem in problems))


def _build_or_refuse(
    architecture: Architecture,
    shape: Shape,
    classes: int,
    options: dict[str, Any],
    built: list[tuple[Shape, int]],
) -> None:
    """Note the shape as built if it is."""
    from snnctl.verbs.building import build

    try:
        build(architecture, shape, classes, options)
    except UsageError as refusal:
        raise Unknown(f"refused: {' '.join(str(refusal).split())}") from refusal
    built.append((shape, classes))


def _build_or_refuse_choice(
    architecture: Architecture, shape: Shape, classes: int, options: dict[str, Any], choice: dict[str, Any]
) -> None:
    from snnctl.verbs.building import build

    told = ", ".join(f"{name}={value}" for name, value in choice.items())
    with suppress(UsageError):
        try:
            build(architecture, shape, classes, {**options, **choice})
        except PluginError as error:
            raise Wrong(f"with {told}: {' '.join(error.what.split())}") from error


def _seeded(architecture: Architecture, shape: Shape, classes: int, options: dict[str, Any]) -> keras.Model:
    import keras

    from snnctl.verbs.building import build

    keras.utils.set_random_seed(1)
    return build(architecture, shape, classes, options)


def _require_fresh(architecture: Architecture, shape: Shape, classes: int, options: dict[str, Any]) -> None:
    model, again = (_seeded(architecture, shape, classes, options) for _ in range(2))
    require(
        model is not again, "build returned the same model twice: trained weights of one run would go into the next"
    )
    shared = {id(weight) for weight in model.weights} & {id(weight) for weight in again.weights}
    require(not shared, "two models share weights: trained weights of one run would go into the next")
    same = len(model.weights) == len(again.weights) and all(
        np.array_equal(one, other) for one, other in zip(model.get_weights(), again.get_weights(), strict=True)
    )
    require(same, "two models from the same seed have other weights: draw them with Keras's initialisers")


def _require_exact(architecture: Architecture, shape: Shape, classes: int, options: dict[str, Any]) -> None:
    """Random weights and inputs, in float64, where nothing but a mistake makes a difference."""
    from snnctl.conversion.build import SpikingSettings, build_spiking
    from snnctl.conversion.logits import logits_of
    from snnctl.models.network import precision

    with precision("float64"):
        model = with_random_biases(_seeded(architecture, shape, classes, options))
        if model.count_params() > MOST_WEIGHTS:
            raise Unknown(f"it has {model.count_params():,} weights; try it with `snnctl train` and `snnctl convert`")
        inputs = np.random.default_rng(0).random((8, *shape))
        snn = calibrated(build_spiking(model, SpikingSettings(dtype="float64")), inputs)
        expected = logits_of(model).predict(inputs, verbose=0)
        found = snn.predict(inputs, verbose=0)
    require(np.all(np.isfinite(expected)), "the ReLU network's logits are not finite")
    difference = np.abs(found - expected).max() / max(1.0, np.abs(expected).max())
    require(difference < TOLERANCE, f"the spiking network's logits differ by {difference:.2g}")
    if len(np.unique(expected.round(12))) == 1:
        raise Worth("all logits are the same, whatever the input")
