"""Checks of a hardware constraint."""

from __future__ import annotations

import pickle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from snnctl.plugins.checks import check_constraint as check_declared
from snnctl.plugins.constraint import HardwareConstraint
from snnctl.plugins.options import declared_options
from snnctl.testing.findings import Checks, Finding, require
from snnctl.testing.tiny import NAME
from snnctl.testing.trial import Trial, registry_with
from snnctl.testing.working import require_same_figures, spiking_run, work

WEIGHTS: tuple[tuple[int, ...], ...] = ((5, 4), (3, 3, 2, 4))
THRESHOLDS: tuple[tuple[int, ...], ...] = ((4,), (6, 6, 4))
TIMES: tuple[tuple[int, ...], ...] = ((3, 4), (3, 6, 6, 4))
PLAIN = (int, float, str, bool, type(None))


def examine_constraint(constraint: type[HardwareConstraint], trial: Trial) -> list[Finding]:
    """Whether what it does is usable, and networks under it can be saved and opened."""
    checks = Checks(f"hardware constraint '{constraint.name}'")
    with checks.that("is declared well"):
        check_declared(constraint)
    options: dict[str, Any] = {}
    made: HardwareConstraint | None = None
    with checks.that("takes its options, plain values that can be written to a file"):
        options = trial.options_of(constraint)
        _require_plain(constraint, options)
        made = constraint(**options)
    if made is None:
        return checks.findings
    with checks.that("pickles"):
        require(type(pickle.loads(pickle.dumps(made))) is constraint, "pickle gives something else back")
    for dtype in ("float32", "float64"):
        with checks.that(f"keeps shapes in {dtype}, with finite gradients"):
            _require_fit(made, constraint(**options), dtype)
    _examine_use(checks, constraint, options)
    return checks.findings


def _require_plain(constraint: type[HardwareConstraint], options: dict[str, Any]) -> None:
    defaults = {name: default for name, (_, default) in declared_options(constraint).items()}
    for name, value in {**defaults, **options}.items():
        require(isinstance(value, PLAIN), f"option {name} is {type(value).__name__} {value!r:.40}; use plain values")


def _require_fit(constraint: HardwareConstraint, again: HardwareConstraint, dtype: str) -> None:
    """Shape, type, gradient, and the same from equal options."""
    for shape in WEIGHTS:
        _require_kept("weights", shape, dtype, constraint.weights, again.weights)
    for shape in THRESHOLDS:
        _require_kept("thresholds", shape, dtype, constraint.thresholds, again.thresholds)

    def timed(each: HardwareConstraint) -> Any:
        import keras

        low, width = (keras.ops.convert_to_tensor(value, dtype) for value in (0.0, 2.0))
        return lambda x: each.times(x, low, width, 7)

    for shape in TIMES:
        _require_kept("times", shape, dtype, timed(constraint), timed(again))


def _require_kept(what: str, shape: tuple[int, ...], dtype: str, change: Any, again: Any) -> None:
    import tensorflow as tf

    values = tf.Variable(np.random.default_rng(0).uniform(0, 1.5, shape), dtype=dtype)
    with tf.GradientTape() as tape:
        found = tf.convert_to_tensor(change(tf.convert_to_tensor(values)))
        total = tf.reduce_sum(found)
    require(tuple(found.shape) == shape, f"{what} has shape {tuple(found.shape)}, and was given {shape}")
    require(found.dtype.name == dtype, f"{what} is {found.dtype.name}, and was given {dtype}")
    require(np.all(np.isfinite(found.numpy())), f"{what} is not finite")
    gradient = tape.gradient(total, values)
    require(
        gradient is not None and np.all(np.isfinite(gradient.numpy())),
        f"no finite gradient goes through {what}; see snnctl.ttfs.constraints.straight_through",
    )
    other = again(tf.convert_to_tensor(values)).numpy()
    require(np.array_equal(found.numpy(), other), f"{what} differs between two objects with equal options")


def _examine_use(checks: Checks, constraint: type[HardwareConstraint], options: dict[str, Any]) -> None:
    registry = registry_with("constraints", constraint)
    chosen = {constraint.name: options}
    with TemporaryDirectory(prefix="snnctl-") as folder:
        place, tuned, measured = Path(folder), None, False
        with checks.that("measures a network under it"):
            work("eval", registry, model=str(spiking_run(registry, place)), data=NAME, constraint=chosen)
            measured = True
        if not measured:
            return
        with checks.that("trains a network under it"):
            tuned = work("finetune", registry, out=place / "tuned", model=str(place / "snn"), constraint=chosen)
        if tuned is not None:
            with checks.that("stays with the network once that is saved and opened"):
                found = work("eval", registry, model=str(place / "tuned"), data=NAME)
                require_same_figures(tuned.metrics, found.metrics)
