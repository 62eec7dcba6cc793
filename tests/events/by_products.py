"""What a network does, by matrix products: no events, no order. For comparison with the simulator."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from event_networks import Case

from snnctl.events import Batch, Network, Population, Projection, simulate


@dataclass
class Products:
    """What happens.

    Args:
        x: time before the end of its window of each spike, (images, spike ids); 0: silent.
        ideal: of each population, the same if its window had no limits.
        logits: of each readout.
    """

    x: np.ndarray
    ideal: dict[str, np.ndarray] = field(default_factory=dict)
    logits: list[np.ndarray] = field(default_factory=list)


def by_products(case: Case) -> Products:
    """ReLU units, as the equations have them."""
    network, (source, *others) = case.network, case.network.populations
    firsts = network.first_ids()
    made = Products(np.zeros((len(case.inputs), ids(network))))
    unit = case.inputs if network.coding is None else (case.inputs + 1) / 2
    made.x[:, : source.neurons] = unit
    for level in range(others[-1].level + 1):
        for population in [each for each in others if each.level == level]:
            V = (population.end - population.start) * population.A + integrated(case, population.name, made.x)
            z = V - population.A * (population.end - population.start) + case.drives[population.name]
            B = np.broadcast_to(population.B, z.shape)
            made.ideal[population.name] = ideal = np.where(B > 0, z / np.where(B > 0, B, 1), 0)
            first = firsts[population.name]
            made.x[:, first : first + population.neurons] = np.clip(ideal, 0, population.width)
        for pools in [each for each in network.pools if each.level == level]:
            for pool, latest in enumerate(pools.latest):
                members = made.x[:, pools.members[pools.start[pool] : pools.start[pool + 1]]]
                made.x[:, firsts[pools.name] + pool] = members.min(axis=1) if latest else members.max(axis=1)
    for readout in network.readouts:
        V = integrated(case, readout.name, made.x) + case.drives[readout.name]
        limit = np.inf if readout.max_value is None else readout.max_value
        made.logits.append(V if readout.decoding == "linear" else np.clip(V, 0, limit))
    return made


def ids(network: Network) -> int:
    """Number of neurons and pools."""
    return sum(each.neurons for each in network.populations) + sum(each.pools for each in network.pools)


def integrated(case: Case, name: str, x: np.ndarray) -> np.ndarray:
    """``sum_j J_ij x_j`` of a population or readout."""
    size = len(case.drives[name])
    network = case.network
    W = sum((weights(each, size, ids(network)) for each in network.projections if each.target_name == name), 0.0)
    return x @ np.broadcast_to(W, (ids(network), size))


def weights(projection: Projection, size: int, count: int) -> np.ndarray:
    """All synapses as a matrix, (spike ids, targets), by the definition of a projection."""
    W = np.zeros((count, size))
    for spike, target, J in synapses(projection):
        W[spike, target] += J
    return W


def synapses(projection: Projection) -> list[tuple[int, int, float]]:
    """(spike id, target, weight) of each synapse."""
    found = []
    for place in range(len(projection.source)):
        for channel, spike in enumerate(projection.source[place]):
            for entry in range(projection.start[place], projection.start[place + 1]):
                for step, J in enumerate(projection.J[projection.matrix[entry], channel]):
                    target = projection.target[entry] + projection.offset[channel] + step
                    if spike >= 0:
                        found.append((int(spike), int(target), float(J)))
    return found


def simulated(case: Case, **options: object) -> Batch:
    """All images in one batch."""
    return together(list(simulate(case.network, case.inputs, **options)))  # type: ignore[arg-type]


def together(batches: list[Batch]) -> Batch:
    """One batch of all."""
    first = batches[0]

    def joined(name: str) -> dict[str, np.ndarray]:
        return {key: np.concatenate([getattr(batch, name)[key] for batch in batches]) for key in getattr(first, name)}

    return Batch(
        first.first,
        sum(batch.images for batch in batches),
        joined("times"),
        joined("pool_times"),
        [np.concatenate(parts) for parts in zip(*(batch.logits for batch in batches), strict=True)],
        joined("events"),
        joined("relay_events"),
    )


def left(batch: Batch, population: Population) -> np.ndarray:
    """Time before the end of the window; 0: silent."""
    t = batch.times[population.name]
    return np.where(np.isfinite(t), population.t_max - t, 0.0)
