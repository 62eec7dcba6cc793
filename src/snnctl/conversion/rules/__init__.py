"""How each Keras layer converts: one rule a layer class, looked up by the exact class.

A subclass does not inherit its parent's rule: it may compute something else, and conversion never guesses.
"""

from __future__ import annotations

from snnctl.conversion.rule import Rule
from snnctl.conversion.rules.activations import ACTIVATION_RULES, VANISHING_RULES
from snnctl.conversion.rules.linear import LINEAR_RULES, NORMALIZATION_RULES
from snnctl.conversion.rules.moving import MOVING_RULES


def default_rules() -> dict[type, Rule]:
    """All rules snnctl knows, by class of the layer or operation."""
    return {**LINEAR_RULES, **NORMALIZATION_RULES, **ACTIVATION_RULES, **MOVING_RULES, **VANISHING_RULES}
