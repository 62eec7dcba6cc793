"""How each Keras layer converts: one rule a layer class, looked up by the exact class.

A subclass does not inherit its parent's rule: it may compute something else, and conversion never guesses.
"""

from __future__ import annotations

from snnctl.conversion.rule import Rule
from snnctl.conversion.rules.activations import ACTIVATION_RULES
from snnctl.conversion.rules.linear import LINEAR_RULES
from snnctl.conversion.rules.merging import MERGING_RULES
from snnctl.conversion.rules.normalization import NORMALIZATION_RULES
from snnctl.conversion.rules.operations import OPERATION_RULES
from snnctl.conversion.rules.pooling import POOLING_RULES
from snnctl.conversion.rules.reshaping import RESHAPING_RULES
from snnctl.conversion.rules.time_distributed import TIME_DISTRIBUTED_RULES
from snnctl.conversion.rules.vanishing import VANISHING_RULES


def default_rules() -> dict[type, Rule]:
    """All rules snnctl knows, by class of the layer or operation."""
    return {
        **LINEAR_RULES,
        **NORMALIZATION_RULES,
        **ACTIVATION_RULES,
        **POOLING_RULES,
        **RESHAPING_RULES,
        **MERGING_RULES,
        **TIME_DISTRIBUTED_RULES,
        **VANISHING_RULES,
        **OPERATION_RULES,
    }
