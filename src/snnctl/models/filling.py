"""Filling a network with the weights of a file, layer by layer, completely or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras

from snnctl.errors import ModelError
from snnctl.models.finishing import finish
from snnctl.models.matching import Layer, Match, best_match, in_order_of, weights_of
from snnctl.models.stored import StoredLayer
from snnctl.models.weight_table import MatchedLayer, WeightTable


def fill(model: keras.Model, stored: Sequence[StoredLayer], layers: Sequence[Layer], path: Path) -> WeightTable:
    """Set all weights of ``model``. Nothing is set unless everything fits.

    Args:
        model: a built network.
        stored: the layers of the file that have weights.
        layers: the layers of the network that they are for, by the names that the file may have for them.
        path: the file, for the message.

    Returns:
        Which layer of the file went to which of the network.

    Raises:
        ModelError: lists every layer that is missing, superfluous or of another shape.
    """
    match = best_match(stored, [(name, layer) for name, layer in layers if layer.weights])
    if match.problems:
        raise ModelError(
            f"The weights do not fit the network: {'; '.join(match.problems)}.",
            where=str(path),
            todo=_advice(match),
        )
    for source, (_, layer) in match.pairs:
        for variable, (_, values) in zip(weights_of(layer), in_order_of(layer, source), strict=True):
            variable.assign(values[()])
    finish(model)
    return _table(match)


def _table(match: Match) -> WeightTable:
    return WeightTable(
        tuple(
            MatchedLayer(source.name, name, tuple(tuple(values.shape) for _, values in source.weights))
            for source, (name, _) in match.pairs
        ),
        match.by,
    )


def _advice(match: Match) -> str:
    """What to do; another number of classes shows in the last layer alone."""
    if match.pairs:
        source, (_, layer) = match.pairs[-1]
        found, wanted = source.weights[-1][1].shape[-1:], tuple(weights_of(layer)[-1].shape[-1:])
        if found != wanted and all(problem.startswith(f"layer '{layer.name}', ") for problem in match.problems):
            return f"The file was made for {found[0]} classes, the network is for {wanted[0]}: check --data."
    return "Check --arch, --arch-opt and --data."
