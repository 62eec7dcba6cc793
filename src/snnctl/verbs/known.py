"""What is known of a network that is not open: from the record of its run, or from the options that will make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from snnctl.runs import read_run

CONSTRAINTS = ("noise", "time_bits", "weight_bits", "threshold_bits", "w_min", "w_max", "constraint")
OWN = ("noise", "time-bits", "weight-bits", "threshold-bits")
"""snnctl's own constraints, when they are chosen by name."""
WINDOWS = ("latency_quantile", "zeta")
KINDS = ("relu", "snn")
PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class Known:
    """A network, as far as one can tell.

    Args:
        kind: "relu" or "snn"; None if not known.
        dtype: its precision; None if not known.
        constraints: those it carries, by name, None or 0 where it carries none; of what is not there nothing is known.
    """

    kind: str | None = None
    dtype: str | None = None
    constraints: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def whole(self) -> bool:
        """Whether there is nothing to add; otherwise opening it may tell more."""
        return self.kind is not None and self.dtype is not None

    def number(self, name: str) -> float:
        """The constraint of that name; 0 where none is known."""
        value = self.constraints.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else 0

    @property
    def of_plugins(self) -> list[str]:
        """Names of the constraints that are chosen by name, which may be those of plugins."""
        chosen = self.constraints.get("constraint")
        names = chosen if isinstance(chosen, Mapping) else [chosen] if isinstance(chosen, str) else []
        return [name for name in names if name not in (*OWN, "none")]

    @property
    def rounds_weights(self) -> bool | None:
        """Whether weights are rounded; None if not known."""
        bits = self.constraints.get("weight_bits", "")
        return bool(bits) if bits is None or type(bits) is int else None

    def under(self, options: Mapping[str, Any]) -> Known:
        """The same network opened by a verb with these options, which need not be valid."""
        given = {name: value for name in CONSTRAINTS if (value := options.get(name)) is not None}
        dtype = self.dtype if options.get("dtype") is None else _word(options["dtype"], PRECISIONS)
        network = Known(self.kind, dtype, {**self.constraints, **given})
        if network.rounds_weights is False:  # a range goes with the rounding
            return replace(network, constraints={**network.constraints, "w_min": None, "w_max": None})
        return network


def recorded(model: Path) -> Known:
    """What the run folder ``model`` tells of its network; nothing of a file.

    Raises:
        ModelError: the run's record is damaged.
    """
    record = read_run(model) if model.is_dir() else None
    if record is None:
        return Known()
    settings = record.settings
    kind, dtype = _word(record.metrics.get("type"), KINDS), _word(settings.get("dtype"), PRECISIONS)
    return Known(kind, dtype, {name: settings[name] for name in CONSTRAINTS if name in settings})


def made(verb: str, options: Mapping[str, Any], source: Known) -> Known:
    """What ``verb`` makes.

    Args:
        verb: its name.
        options: as given; they need not be valid.
        source: the network it takes, if it takes one.
    """
    if verb == "train":
        kind = _word(options.get("type", "relu"), KINDS)
        return Known(kind, "float32", dict.fromkeys(CONSTRAINTS)).under(options)
    if verb == "convert":
        return Known("snn", source.under(options).dtype, dict.fromkeys(CONSTRAINTS))
    return source.under(options)


def _word(value: Any, known: tuple[str, ...]) -> str | None:
    """A word that means something; None for any other value."""
    return value if isinstance(value, str) and value in known else None
