"""Whether a network can do what a step asks of it, as far as is known before either is there."""

from __future__ import annotations

from snnctl.recipes.marked import Complaint, Marked
from snnctl.verbs.catalog import Verb
from snnctl.verbs.constraints import asked_for
from snnctl.verbs.known import CONSTRAINTS, WINDOWS, Known
from snnctl.verbs.options import ConstraintOptions
from snnctl.verbs.simulation import Obstacle, obstacles


def unsuited(verb: Verb | None, options: Marked, network: Known, named: str) -> list[Complaint]:
    """What a ReLU network does not do, and what keeps a spiking one from being simulated event by event.

    Args:
        verb: of the step; None if it cannot be told.
        options: of the step; they need not be valid.
        network: what the step takes.
        named: the network as the subject of a sentence that goes on with its kind.
    """
    if verb is None:
        return []
    given = options.plain()
    simulates = "simulator" in verb.options.model_fields and given.get("simulator") == "events"
    if network.kind == "relu":
        constrains = issubclass(verb.options, ConstraintOptions)
        return [*_simulated(options, simulates, named), *_constrained(options, constrains, named)]
    found = obstacles(network.under(given)) if simulates else []
    return [Complaint(_place(options, obstacle), obstacle.what, f"set {obstacle.todo(_setting)}") for obstacle in found]


def _simulated(options: Marked, simulates: bool, named: str) -> list[Complaint]:
    message = f"{named} a ReLU network; only spiking networks are simulated event by event"
    return [Complaint(options.find("simulator"), message, "convert it first")] if simulates else []


def _constrained(options: Marked, constrains: bool, named: str) -> list[Complaint]:
    given = options.plain()
    if not constrains or not (asked := asked_for(given)):
        return []
    first = next(name for name in (*CONSTRAINTS, *WINDOWS) if given.get(name) is not None)
    return [Complaint(options.find(first), f"{named} a ReLU network; {asked}", "convert it first")]


def _place(options: Marked, obstacle: Obstacle) -> str:
    """That of the constraint, or of the simulator if the network carries it."""
    return options.find(obstacle.option if obstacle.option in options.value else "simulator")


def _setting(name: str, value: str) -> str:
    return f"{name}: {value}"
