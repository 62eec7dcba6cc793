"""Where the network of a step comes from: an earlier step, or a file that is there already."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from snnctl.errors import SnnctlError
from snnctl.plugins import Registry
from snnctl.plugins.nearest import did_you_mean
from snnctl.plugins.verb import Verb
from snnctl.recipes.complaints import Complaint
from snnctl.recipes.marked import Marked
from snnctl.recipes.suiting import unsuited
from snnctl.runs import expanded
from snnctl.verbs.known import Known, made, recorded
from snnctl.verbs.recorded import DEFAULT_DATA, recorded_settings
from snnctl.verbs.validation import check_model


@dataclass(frozen=True)
class Reference:
    """What is known of a step's network before it is there.

    Args:
        step: the id of the step it is taken from; None if it is taken from a file or made anew.
        data: the data set it is used with; None if not known.
        data_opt: the options of that data set.
        network: what is known of the network that the step returns.
    """

    step: str | None = None
    data: str | None = None
    data_opt: Mapping[str, Any] = field(default_factory=dict)
    network: Known = field(default_factory=Known)


class Referring(Protocol):
    """A step that is being checked."""

    id: str
    verb: Verb | None
    options: Marked
    reference: Reference | None


def find_reference(
    step: Referring, steps: Sequence[Referring], number: int, registry: Registry
) -> tuple[Reference | None, list[Complaint]]:
    """Where the network of ``step`` comes from, and what is wrong with that.

    Args:
        step: its options are filled in, but need not be valid.
        steps: all steps in order; those before ``step`` have been looked into.
        number: that of ``step`` among them, from 0.
        registry: knows the formats of files.
    """
    given = step.options.plain()
    model, data, data_opt = given.get("model"), given.get("data"), _mapping(given.get("data_opt"))
    if step.verb is not None and "model" not in step.verb.options.model_fields:
        named = data if isinstance(data, str) else DEFAULT_DATA
        return Reference(None, named, data_opt, made(step.verb.name, given, Known())), []
    if not isinstance(model, str):
        return None, []
    earlier = steps[:number]
    takes_none = step.verb is not None and "data" not in step.verb.options.model_fields
    own = takes_none or given.get("calibrate") is not None
    for other in earlier:
        if other.id == model and _may_make_model(other):
            return _of_step(step, other, data, data_opt, own)
    is_step = any(other.id == model for other in earlier)  # a folder may be called like a step that makes none
    if not is_step and os.path.exists(expanded(model)):
        return _of_file(step, model, data, data_opt, own, registry)
    return None, [_nowhere(step, model, earlier, steps)]


def _may_make_model(step: Referring) -> bool:
    """Whether the step makes a network; a step whose verb cannot be told may."""
    return step.verb is None or step.verb.makes_model


def _of_step(
    step: Referring, source: Referring, data: Any, data_opt: Mapping[str, Any], own: bool
) -> tuple[Reference, list[Complaint]]:
    """The network of an earlier step; ``own`` tells that a file is calibrated on."""
    known = source.reference or Reference()
    named = isinstance(data, str)
    used = data if named else None if own else known.data
    options = data_opt if named else {} if own else known.data_opt
    reference = Reference(source.id, used, options, _made_by(step, known.network))
    if _converts(step) and known.network.kind == "snn":
        message = f"step '{source.id}' makes a spiking network already; convert takes a ReLU network"
        return reference, [Complaint(step.options.find("model"), message, f"leave out step '{step.id}'")]
    if step.verb is not None and step.verb.options.spiking_only and known.network.kind == "relu":
        message = f"step '{source.id}' makes a ReLU network; {step.verb.name} takes a spiking one"
        return reference, [Complaint(step.options.find("model"), message, "convert it first")]
    if source.reference is not None and used is None and not own:
        message = f"no data set is named, and step '{source.id}' has none"
        return reference, [Complaint(step.options.find("model"), message, f"add data to step '{step.id}'")]
    return reference, unsuited(step.verb, step.options, known.network, f"step '{source.id}' makes")


def _of_file(
    step: Referring, model: str, data: Any, data_opt: Mapping[str, Any], own: bool, registry: Registry
) -> tuple[Reference | None, list[Complaint]]:
    """The network of a run folder or file; ``own`` tells that a file is calibrated on."""
    named = data if isinstance(data, str) else None
    try:
        spiking = step.verb is not None and step.verb.options.spiking_only
        check_model(model, named, registry, _converts(step), own, spiking)
        settings = {} if own else recorded_settings(Path(expanded(model)))
        network = recorded(Path(expanded(model)))
    except SnnctlError as error:
        message = f"{error.where}: {error.what}" if error.where else error.what
        return None, [Complaint(step.options.find("model"), message, error.todo)]
    used, options = (named, data_opt) if named else (settings.get("data"), _mapping(settings.get("data_opt")))
    reference = Reference(None, used, options, _made_by(step, network))
    if _converts(step) and network.kind == "snn":
        message = f"{model} is a spiking network already; convert takes a ReLU network"
        return reference, [Complaint(step.options.find("model"), message, f"leave out step '{step.id}'")]
    return reference, unsuited(step.verb, step.options, network, f"{model} is")


def _mapping(value: Any) -> Mapping[str, Any]:
    """Options; none if they are no mapping, which is said elsewhere."""
    return value if isinstance(value, Mapping) else {}


def _converts(step: Referring) -> bool:
    return step.verb is not None and step.verb.name == "convert"


def _made_by(step: Referring, source: Known) -> Known:
    """What is known of the step's network, if that of ``source`` is its own; nothing if its verb cannot be told."""
    return Known() if step.verb is None else made(step.verb.name, step.options.plain(), source)


def _nowhere(step: Referring, model: str, earlier: Sequence[Referring], steps: Sequence[Referring]) -> Complaint:
    """Nothing of that name can be used."""
    place = step.options.find("model")
    ids = [other.id for other in earlier if _may_make_model(other)]
    shown = ", ".join(ids) or "none"
    if model in [other.id for other in earlier]:
        return Complaint(place, f"step '{model}' makes no network", f"steps that do: {shown}")
    if model in [other.id for other in steps]:
        return Complaint(place, f"step '{model}' does not come before step '{step.id}'", "change their order")
    todo = did_you_mean(model, ids) or f"earlier steps that make a network: {shown}"
    return Complaint(place, f"'{model}' is neither an earlier step nor a file", todo)
