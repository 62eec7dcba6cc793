"""Weights must be numbers."""

from __future__ import annotations

import keras
import numpy as np

from snnctl.errors import ModelError


def check_finite(model: keras.Model, where: str = "") -> None:
    """Refuse a model with NaN or infinite weights.

    Args:
        model: a built network.
        where: what the message begins with, such as the file it came from.

    Raises:
        ModelError: names the layer and the weight.
    """
    for weight in model.weights:
        values = keras.ops.convert_to_numpy(weight)
        bad = values.size - np.count_nonzero(np.isfinite(values))
        if bad:
            layer, _, name = weight.path.rpartition("/")
            raise ModelError(
                f"Layer '{layer}' has NaN or infinite values in its {name}: {bad} of {values.size}.",
                where=where,
                todo="Its training diverged; take an earlier checkpoint or train again with a smaller learning rate.",
            )
