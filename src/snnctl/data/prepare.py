"""From a data set's files to what a network is fed: loaded, checked, cut to size and preprocessed."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from snnctl.data.dataset import SPLITS, DataContext, Dataset, Samples
from snnctl.data.preprocess import Preprocessing
from snnctl.data.validate import validate
from snnctl.errors import UsageError


def load_split(
    dataset: Dataset,
    split: str,
    context: DataContext,
    preprocessing: Preprocessing,
    *,
    limit: int | None = None,
    dtype: DTypeLike = "float32",
) -> Samples:
    """The first ``limit`` samples of a split, ready for a network.

    Args:
        dataset: the data set.
        split: "train" or "test".
        context: where its files are found.
        preprocessing: how raw values become inputs.
        limit: how many samples at most; None for all.
        dtype: precision of the inputs.

    Returns:
        Inputs of shape (samples, \\*input_shape) in ``dtype``, labels of shape (samples,) in int64. All samples of
        the split are checked, also those beyond ``limit``.

    Raises:
        DataError: files are missing or damaged, or hold something else than the data set promises.
        UsageError: no such split, or a limit below 1.
    """
    raw = load_raw(dataset, split, context, limit=limit)
    return Samples(preprocessing.apply(raw.inputs, dtype), raw.labels)


def load_raw(dataset: Dataset, split: str, context: DataContext, *, limit: int | None = None) -> Samples:
    """The first ``limit`` samples of a split as stored; arguments and errors as of :func:`load_split`.

    Returns:
        Inputs of shape (samples, \\*input_shape), labels of shape (samples,) in int64.
    """
    if split not in SPLITS:
        raise UsageError(f'There is no split "{split}".', todo=f"Splits: {', '.join(SPLITS)}.")
    if limit is not None and limit < 1:
        raise UsageError(f"The limit must be at least 1, not {limit}.", where="limit")
    samples = dataset.load(split, context)
    validate(samples, dataset, split)
    return Samples(samples.inputs[:limit], samples.labels[:limit].astype(np.int64))
