"""Checks of a data set."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from snnctl.data.dataset import SPLITS, DataContext, Dataset, Samples
from snnctl.data.stream import first
from snnctl.data.validate import validate
from snnctl.plugins.checks import check_dataset as check_declared
from snnctl.plugins.checks import check_samples_of
from snnctl.testing.findings import Checks, Finding, Unknown, Worth, Wrong, require
from snnctl.testing.trial import Trial

SLOW_WHERE = 0.5  # seconds
STREAMED = 512  # samples of a stream that are looked at
BATCH = 64


def examine_dataset(dataset: Dataset, trial: Trial) -> list[Finding]:
    """Whether the data set keeps its promises; a stream is looked at as far as its first 512 samples.

    Args:
        dataset: as a plugin registers it.
        trial: options, and whether it may download.
    """
    checks = Checks(f"data set '{dataset.name}'")
    with checks.that("is declared well"):
        check_declared(dataset)
    configured = dataset
    with checks.that("takes its options"):
        configured = _configured(dataset, trial)
    if not checks.passed("takes its options"):
        return checks.findings
    with checks.that("pickles with its options"):
        _require_pickling(configured)
    context = DataContext(trial.data_dir, download=trial.download, reporter=trial.reporter)
    with checks.that("tells quickly where it is"):
        _require_quick(configured, context)
    if not trial.download and _is_absent(configured, context):
        checks.skip("loads", "it is not here; --download lets it fetch its files")
        return checks.findings
    train, test = (_examine_split(checks, configured, split, context) for split in SPLITS)
    if train is not None and test is not None:
        with checks.that("has other samples to test than to train"):
            require(
                len(train) != len(test) or not np.array_equal(train.inputs, test.inputs),
                "both splits hold the same samples",
            )
    return checks.findings


def _configured(dataset: Dataset, trial: Trial) -> Dataset:
    given = trial.options_of(dataset)
    if type(dataset).configured is Dataset.configured:
        return dataset
    configured = dataset.configured(**given)
    require(isinstance(configured, Dataset), f"configured returned {type(configured).__name__}, no Dataset")
    require(configured.name == dataset.name, f"configured changed its name to '{configured.name}'")
    check_samples_of(configured)
    require(
        type(configured) is not type(dataset) or configured is not dataset or not given,
        "configured returned the same object, not a new one: options of one use would hold for others",
    )
    return configured


def _require_pickling(dataset: Dataset) -> None:
    """Options and data set are sent to other processes."""
    try:
        again = pickle.loads(pickle.dumps(dataset))
    except Exception as error:
        raise Wrong(f"pickle fails: {type(error).__name__}: {error}") from error
    for name in ("name", "input_shape", "classes", "class_names", "raw_range", "standard"):
        before, after = getattr(dataset, name), getattr(again, name)
        require(before == after, f"{name} is {after!r:.60} after pickling, and was {before!r:.60}")


def _require_quick(dataset: Dataset, context: DataContext) -> None:
    offline = DataContext(context.data_dir, download=False)
    started = time.perf_counter()
    found = dataset.where(offline)
    seconds = time.perf_counter() - started
    require(found is None or isinstance(found, str), f"where returned {type(found).__name__}, no text")
    if seconds > SLOW_WHERE:
        raise Worth(f"where took {seconds:.1f} s; listings and completion call it")


def _is_absent(dataset: Dataset, context: DataContext) -> bool:
    """Whether loading would have to download; a data set that does not say where it is may be here all the same."""
    with suppress(Exception):
        if type(dataset).where is not Dataset.where:
            return dataset.where(context) is None
    return False


def _examine_split(checks: Checks, dataset: Dataset, split: str, context: DataContext) -> Samples | None:
    """The samples, if they are what they should be."""
    loads, same = f"loads the {split} split as promised", f"loads the {split} split alike twice"
    samples = None
    with checks.that(loads):
        samples = _samples(dataset, split, context)
        validate(samples, dataset, split)
    if samples is None or not checks.passed(loads):
        checks.skip(same, "it does not load")
        return None
    with checks.that(same):
        again = _samples(dataset, split, context)
        require(
            samples.inputs.dtype == again.inputs.dtype and np.array_equal(samples.inputs, again.inputs),
            "inputs differ: values, order or number change from one load to the next",
        )
        require(np.array_equal(samples.labels, again.labels), "labels differ from one load to the next")
    with checks.that(f"has every class in the {split} split"):
        if dataset.stream(split, context) is not None:
            raise Unknown(f"only the first {len(samples)} samples of a stream are looked at")
        _require_classes(samples, dataset)
    return samples


def _require_classes(samples: Samples, dataset: Dataset) -> None:
    missing = np.setdiff1d(np.arange(dataset.classes), samples.labels)
    if len(missing):
        some = ", ".join(map(str, missing[:5]))
        raise Worth(f"{len(missing)} of {dataset.classes} classes do not occur among {len(samples):,} samples: {some}")


def _samples(dataset: Dataset, split: str, context: DataContext) -> Samples:
    """The samples of a split, those of a stream up to a number."""
    stream = dataset.stream(split, context)
    if stream is None:
        return dataset.load(split, context)
    if not stream.labelled:
        raise Unknown("the samples have no labels")
    parts = list(first(stream, STREAMED).pairs(BATCH))
    require(parts, "there are no samples")
    return Samples(np.concatenate([inputs for inputs, _ in parts]), np.concatenate(list(_labels(parts))))


def _labels(parts: list) -> Iterator[np.ndarray]:
    for _, labels in parts:
        require(labels is not None, "a batch of a labelled stream has no labels")
        yield labels
