"""Whether a network can do what a step asks of it, as far as is known before either is there."""

from __future__ import annotations

from snnctl.plugins.verb import Verb
from snnctl.recipes.complaints import Complaint
from snnctl.recipes.marked import Marked
from snnctl.recipes.place import Place
from snnctl.verbs.constraints import asked_for
from snnctl.verbs.known import CONSTRAINTS, WINDOWS, Known
from snnctl.verbs.options import BITS, NO_BITS, ConstraintOptions
from snnctl.verbs.simulation import Obstacle, obstacles


def unsuited(verb: Verb | None, options: Marked, network: Known, named: str) -> list[Complaint]:
    """What a ReLU network does not do, ranges of weights that do not fit, and what keeps a spiking network from being
    simulated event by event.

    Args:
        verb: of the step; None if it cannot be told.
        options: of the step; they need not be valid.
        network: what the step takes.
        named: the network as the subject of a sentence that goes on with its kind.
    """
    if verb is None:
        return []
    given = options.plain()
    constrains = issubclass(verb.options, ConstraintOptions)
    simulates = "simulator" in verb.options.model_fields and given.get("simulator") == "events"
    if network.kind == "relu":
        return [*_simulated(options, simulates, named), *_constrained(options, constrains, named)]
    return [
        *(_hindered(options, obstacles(network.under(given))) if simulates else []),
        *(_ranged(options, network, named) if constrains else []),
    ]


def _simulated(options: Marked, simulates: bool, named: str) -> list[Complaint]:
    message = f"{named} a ReLU network; only spiking networks are simulated event by event"
    return [Complaint(options.find("simulator"), message, "convert it first")] if simulates else []


def _constrained(options: Marked, constrains: bool, named: str) -> list[Complaint]:
    given = options.plain()
    if not constrains or not (asked := asked_for(given)):
        return []
    first = next((name for name in (*CONSTRAINTS, *WINDOWS) if given.get(name) is not None), "constraint")
    return [Complaint(options.find(first), f"{named} a ReLU network; {asked}", "convert it first")]


def _hindered(options: Marked, found: list[Obstacle]) -> list[Complaint]:
    """One complaint for each place."""
    places: dict[Place, list[Obstacle]] = {}
    for obstacle in found:
        places.setdefault(_place(options, obstacle), []).append(obstacle)
    return [
        Complaint(
            place,
            "; ".join(obstacle.what for obstacle in there),
            "set " + " and ".join(obstacle.todo(_setting) for obstacle in there),
        )
        for place, there in places.items()
    ]


def _ranged(options: Marked, network: Known, named: str) -> list[Complaint]:
    """A range of weights that are not rounded, or one end that does not fit the other, which the network carries."""
    given = options.plain()
    ends = [name for name in ("w_min", "w_max") if given.get(name) is not None]
    if not ends:
        return []
    merged = network.under(given)
    if merged.rounds_weights is False:
        return [Complaint(options.find(ends[0]), NO_BITS, BITS)]
    if len(ends) == 2 or not merged.rounds_weights:  # both ends given: the options themselves are wrong
        return []
    [end], [other] = ends, [name for name in ("w_min", "w_max") if name not in ends]
    low, high = (_number(merged.constraints.get(name)) for name in ("w_min", "w_max"))
    if low is None or high is None or low < high:
        return []
    relation = "below" if end == "w_min" else "above"
    message = f"{named} a network whose {other} is {network.constraints[other]}; {end} must be {relation} it"
    return [Complaint(options.find(end), message, f"set {other} too")]


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _place(options: Marked, obstacle: Obstacle) -> Place:
    """That of the constraint, or of the simulator if the network carries it."""
    return options.find(obstacle.option if obstacle.option in options.value else "simulator")


def _setting(name: str, value: str) -> str:
    return f"{name}: {value}"
