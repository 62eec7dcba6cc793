"""Whether what came out of a conversion can be right, and whether the comparison says anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from snnctl.errors import AgreementError
from snnctl.metrics.predictions import predictions

if TYPE_CHECKING:
    import keras

LOW_PRECISION = ("float16", "bfloat16")
TOLERANCES = {"float32": 1e-3, "float64": 1e-7}  # of the largest logit; rounding stays far below
# Rounding grows with the activations: logits that are this small a part of them are all rounding.
SMALLEST_PART = 1e-3
CONSTANT = 1e-6  # part of the largest logit
MANY = 50  # samples of which some should differ


def low_precision(model: keras.Model) -> str | None:
    """The type of less than 32 bits that a layer of the network computes in; None if there is none."""
    for layer in model._flatten_layers():
        if layer.weights and layer.compute_dtype in LOW_PRECISION:
            return str(layer.compute_dtype)
    return None


def rounding_of_source(model: keras.Model) -> list[str]:
    """A warning if the source network rounds so coarsely that the networks differ by it."""
    coarse = low_precision(model)
    if coarse is None:
        return []
    return [
        f"layers of the ReLU network compute in {coarse}, the spiking network does not: the two differ by the ReLU "
        "network's own rounding; --dtype float32 computes both in full precision"
    ]


def defect(metrics: dict[str, Any], model: keras.Model, dtype: str) -> AgreementError | None:
    """The error that the networks differ where the conversion is exact; None if they do not, or nothing was compared.

    Args:
        metrics: of the conversion.
        model: the source network.
        dtype: the precision of the spiking network.
    """
    outputs = metrics.get("outputs") or ([metrics] if "max_logit_difference" in metrics else [])
    for figures in outputs:
        if not math.isfinite(figures["max_logit_difference"]):
            return _no_number(figures)
    if not outputs or metrics["saturated"] or metrics["out_of_range"]:
        return None
    if dtype not in TOLERANCES or low_precision(model) is not None:
        return None
    least = SMALLEST_PART * max((layer["window"] for layer in metrics["layers"]), default=0.0)
    for figures in outputs:
        if figures["max_logit_difference"] > TOLERANCES[dtype] * max(figures["largest_logit"], least):
            return _differing(figures, dtype)
    return None


class Variety:
    """How far one output of the ReLU network varies from sample to sample, batch by batch.

    Args:
        name: of the output.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._low: np.ndarray | float = np.inf
        self._high: np.ndarray | float = -np.inf
        self._answers: set[int] = set()
        self._samples = self._columns = 0

    def add(self, logits: np.ndarray) -> None:
        """A batch of logits (samples, \\*outputs)."""
        self._low = np.minimum(self._low, logits.min(axis=0))
        self._high = np.maximum(self._high, logits.max(axis=0))
        self._answers.update(np.unique(predictions(logits)).tolist())
        self._samples += len(logits)
        self._columns = logits.shape[-1]

    @property
    def warning(self) -> str | None:
        """That it answers the same to everything, in which case another network that does so too says little."""
        scale = np.maximum(np.abs(self._low), np.abs(self._high)).max()
        if self._samples > 1 and np.max(self._high - self._low) <= CONSTANT * scale:
            what = f"the outputs of the ReLU network ('{self.name}') are the same for all compared samples"
        # A single unit need not decide between classes: it may be a number that is never negative.
        elif self._columns > 1 and self._samples >= MANY and len(self._answers) == 1:
            [answer] = self._answers
            what = f"the ReLU network ('{self.name}') answers class {answer} to all compared samples"
        else:
            return None
        return f"{what}: that the networks agree says little. Check --preprocess and the data"


def _differing(figures: dict[str, Any], dtype: str) -> AgreementError:
    rounding = "" if dtype == "float64" else " --dtype float64 shows whether it could be rounding after all."
    return AgreementError(
        "the spiking network differs from the ReLU network although nothing saturates and all inputs are in range: "
        f"logits differ by up to {figures['max_logit_difference']:.3g}, and the largest is "
        f"{figures['largest_logit']:.3g}. This is a defect of the conversion",
        todo=f"Please report it, with the network if you can.{rounding}",
    )


def _no_number(figures: dict[str, Any]) -> AgreementError:
    if not math.isfinite(figures["largest_logit"]):
        return AgreementError(
            "the ReLU network itself answers some samples with values that are no finite numbers",
            todo="Check its weights and --preprocess; a network that computes in float16 may need --dtype float32.",
        )
    return AgreementError(
        "the spiking network answers some samples with values that are no finite numbers. This is a defect of the "
        "conversion",
        todo="Please report it, with the network if you can.",
    )
