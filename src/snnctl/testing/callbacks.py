"""Checks of a training callback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from snnctl.plugins import Registry
from snnctl.plugins.callback import TrainingCallback, TrainingContext
from snnctl.plugins.checks import check_instance
from snnctl.testing.findings import Checks, Finding, Worth, require
from snnctl.testing.tiny import tiny_relu, tiny_samples
from snnctl.testing.trial import Trial, registry_with
from snnctl.testing.working import train_tiny, unmeasured

KINDS: tuple[tuple[Literal["relu", "snn"], str], ...] = (("relu", "ReLU"), ("snn", "spiking"))


def examine_callback(callback: TrainingCallback, trial: Trial) -> list[Finding]:
    """Whether small trainings run under it, and come to the same weights as without it; its files go nowhere."""
    checks = Checks(f"training callback '{callback.name}'")
    with checks.that("is declared well"):
        check_instance(callback, TrainingCallback)
    options: dict[str, Any] | None = None
    with checks.that("takes its options"):
        options = trial.options_of(callback)
    if options is None:
        return checks.findings
    registry = unmeasured(registry_with("callbacks", callback))
    with _empty_folder():
        with checks.that("makes a callback of Keras, a new one for each training"):
            _require_new(callback, options)
        for kind, word in KINDS:
            with checks.that(f"leaves the training of a {word} network as it is"):
                _require_same_weights(callback, registry, kind, options)
    return checks.findings


@contextmanager
def _empty_folder() -> Iterator[None]:
    """An empty working folder, for callbacks that write files."""
    before = os.getcwd()
    with TemporaryDirectory(prefix="snnctl-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _require_new(callback: TrainingCallback, options: dict[str, Any]) -> None:
    import keras

    samples = tiny_samples(48)
    context = TrainingContext("train", tiny_relu(), "relu", 1, 16, samples, samples)
    made, again = (callback.make(context, **options) for _ in range(2))
    require(isinstance(made, keras.callbacks.Callback), f"make returned {type(made).__name__}, no Keras callback")
    require(made is not again, "make returned the same object twice")


def _require_same_weights(
    callback: TrainingCallback, registry: Registry, kind: Literal["relu", "snn"], options: dict[str, Any]
) -> None:
    watched = train_tiny(registry, type=kind, callback={callback.name: options})
    alone = train_tiny(registry, type=kind)
    assert watched.model is not None
    assert alone.model is not None
    same = [
        np.array_equal(one, other)
        for one, other in zip(watched.model.get_weights(), alone.model.get_weights(), strict=True)
    ]
    if not all(same):
        raise Worth(
            f"{same.count(False)} of {len(same)} weights differ from those of a training without it; if not meant"
        )
