"""How much work a step is: how many samples pass through a network, told by options and the sizes of the data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from snnctl.verbs.feed import SAMPLE

Sizes = Mapping[str, int]


def samples_shown(verb: str, options: Mapping[str, Any], sizes: Sizes) -> int | None:
    """The samples that pass through a network in a step, each as often as it does; None if that is not known.

    Args:
        verb: its name.
        options: of the step, plain data.
        sizes: samples in the splits of its data set; empty if they are not known.
    """
    count = COUNTS.get(verb)
    if count is None or not {"train", "test"} <= set(sizes):
        return None
    limit = options.get("limit")
    return count(options, {name: min(size, limit or size) for name, size in sizes.items()})


def _train(options: Mapping[str, Any], sizes: Sizes) -> int:
    """The test split is looked at after each epoch, and at the end."""
    return _epochs(options, sizes) + sizes["test"]


def _finetune(options: Mapping[str, Any], sizes: Sizes) -> int:
    """It is measured before, too."""
    return _epochs(options, sizes) + 2 * sizes["test"]


def _convert(options: Mapping[str, Any], sizes: Sizes) -> int | None:
    """Calibration, and verification of two networks."""
    if options.get("calibrate") is not None:
        return None
    test = {"full": sizes["test"], "sample": min(SAMPLE, sizes["test"]), "none": 0}
    return min(options["calibration_images"], sizes["train"]) + 2 * test[options.get("verify") or "full"]


def _evaluate(options: Mapping[str, Any], sizes: Sizes) -> int:
    return sizes[options["split"]]


def _epochs(options: Mapping[str, Any], sizes: Sizes) -> int:
    return int(options["epochs"]) * (sizes["train"] + sizes["test"])


COUNTS: Mapping[str, Callable[[Mapping[str, Any], Sizes], int | None]] = {
    "train": _train,
    "convert": _convert,
    "finetune": _finetune,
    "eval": _evaluate,
}
"""Of the steps whose work is known beforehand."""
