"""Which layers of a ReLU network leave nothing in its spiking network."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import keras

from snnctl.conversion.graph import graph_of
from snnctl.conversion.rule import Rule
from snnctl.conversion.rules import default_rules
from snnctl.conversion.rules.activations import ACTIVATION_RULES
from snnctl.conversion.rules.operations import OPERATION_RULES
from snnctl.conversion.rules.vanishing import VANISHING_RULES
from snnctl.ttfs.keras_graph import nn_operations

L = keras.layers
A = keras.activations
FUNCTIONS = (A.linear, A.relu, A.leaky_relu, A.softmax, A.sigmoid)
PASSING: dict[type, Rule] = {
    **ACTIVATION_RULES,
    **{
        cls: OPERATION_RULES[cls]
        for cls in (nn_operations.Relu, nn_operations.LeakyRelu, nn_operations.Softmax, nn_operations.Sigmoid)
    },
}


def vanished(model: keras.Model, rules: Mapping[type, Rule], kept: Collection[str]) -> list[str]:
    """Names of the layers that provably leave nothing, each once.

    A spiking network does not record all that was folded into it, so that a layer it does not name may still be in
    its weights. Only those are told that cannot be: what does nothing outside training, linear activations, a softmax
    or sigmoid, and ReLUs of values that are never negative.

    Args:
        model: a network that converts.
        rules: rules of plugins, which come before snnctl's own.
        kept: the names that the spiking network has recorded: ReLUs that fire are always among them.
    """
    known = {**default_rules(), **rules}
    return list(
        dict.fromkeys(
            step.name
            for step in graph_of(model).steps
            if step.name not in kept and _leaves_nothing(step.layer, known.get(type(step.layer)))
        )
    )


def _leaves_nothing(layer: Any, rule: Rule | None) -> bool:
    if isinstance(layer, L.TimeDistributed):
        return _leaves_nothing(layer.layer, default_rules().get(type(layer.layer)))
    if rule in VANISHING_RULES.values():
        return True
    if rule is None or rule is not PASSING.get(type(layer)):
        return False
    if isinstance(layer, L.Activation):
        return layer.activation in FUNCTIONS
    # A limit stays as the width of a window, though it be another ReLU that is named there.
    return getattr(layer, "max_value", None) is None
