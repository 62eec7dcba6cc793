"""Checks of a neuron model."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from snnctl.plugins.checks import check_instance
from snnctl.plugins.neuron_model import NeuronModel
from snnctl.testing.findings import Checks, Finding, require
from snnctl.testing.tiny import NAME
from snnctl.testing.trial import registry_with
from snnctl.testing.working import require_same_figures, train_tiny, work

WEIGHTS = ((5, 4), (3, 4, 4), (3, 3, 2, 4), (3, 3, 1, 4))
"""Of Dense layers and of convolutions of one and two dimensions."""
SUMS = ((1, 4), (2, 6, 6, 4))


def examine_neuron_model(model: NeuronModel) -> list[Finding]:
    """Whether its parameters and slopes are usable, and networks of it can be trained, saved and opened."""
    checks = Checks(f"neuron model '{model.name}'")
    with checks.that("is declared well"):
        check_instance(model, NeuronModel)
    with checks.that("gives weights and D of the same shapes"):
        for shape in WEIGHTS:
            _require_parameters(model, shape)
    for dtype in ("float32", "float64"):
        with checks.that(f"gives slopes in {dtype}, with finite gradients"):
            for shape in SUMS:
                _require_slope(model, shape, dtype)
    with TemporaryDirectory(prefix="snnctl-") as folder:
        registry, out = registry_with("neuron_models", model), Path(folder) / "snn"
        trained = None
        with checks.that("trains"):
            trained = train_tiny(registry, out, type="snn", neuron=model.name)
        if trained is not None:
            with checks.that("computes the same once it is saved and opened"):
                found = work("eval", registry, model=str(out), data=NAME)
                require_same_figures(trained.metrics, found.metrics)
    return checks.findings


def _require_parameters(model: NeuronModel, shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    W, b = random.normal(0, 0.3, shape), random.normal(0, 0.1, shape[-1:])
    kept = W.copy(), b.copy()
    found = model.parameters(W, b)
    require(isinstance(found, tuple) and len(found) == 2, "parameters must return (J, D)")
    require(np.array_equal(W, kept[0]) and np.array_equal(b, kept[1]), "parameters changed the arrays it was given")
    for what, value, given in (("J", found[0], W), ("D", found[1], b)):
        array = np.asarray(value)
        require(array.shape == given.shape, f"{what} has shape {array.shape}, and must have {given.shape}")
        require(array.dtype.kind == "f" and np.all(np.isfinite(array)), f"{what} must hold finite numbers")
    again = model.parameters(*kept)
    require(
        all(np.array_equal(one, other) for one, other in zip(found, again, strict=True)),
        "parameters gives other numbers the second time",
    )


def _require_slope(model: NeuronModel, shape: tuple[int, ...], dtype: str) -> None:
    import keras
    import tensorflow as tf

    sums = tf.Variable(np.random.default_rng(0).normal(0, 0.3, shape), dtype=dtype)
    with tf.GradientTape() as tape:
        slope: Any = model.slope(tf.convert_to_tensor(sums))
        if slope is None:
            return
        require(keras.ops.is_tensor(slope), f"slope returned {type(slope).__name__}, no tensor")
        require(tuple(slope.shape) == shape, f"slope has shape {tuple(slope.shape)} for sums of shape {shape}")
        require(slope.dtype.name == dtype, f"slope is {slope.dtype.name} for sums in {dtype}")
        total = tf.reduce_sum(slope)
    require(np.all(np.isfinite(slope.numpy())), "slope is not finite")
    gradient = tape.gradient(total, sums)
    require(gradient is None or np.all(np.isfinite(gradient.numpy())), "the gradient of slope is not finite")
