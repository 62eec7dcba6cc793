"""What happens within an image: spike times, and the course of a few potentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from snnctl.events.network import Network, NetworkError, Population, Projection, Readout
from snnctl.events.simulation import simulate


@dataclass(frozen=True)
class Potential:
    """The course of one potential: straight lines between its corners. Times in tau_c.

    Args:
        population: name of the neuron's population, or of the readout.
        neuron: its number in C order.
        t: (corners,), absolute, rising.
        V: (corners,).
        threshold: that it must reach; None for a readout.
        t_min: when it may fire first; for a readout, when it is read.
        t_max: when last; for a readout, when it is read.
        spike_time: absolute; infinity when it is silent, and for a readout.
    """

    population: str
    neuron: int
    t: np.ndarray
    V: np.ndarray
    threshold: float | None
    t_min: float
    t_max: float
    spike_time: float


@dataclass(frozen=True)
class Trace:
    """One image, spike by spike.

    Args:
        times: absolute spike times of each population, (neurons,); infinity: silent.
        pool_times: of the spikes that pools passed on.
        logits: of each readout, (outputs,).
        potentials: of the watched neurons, in their order.
    """

    times: dict[str, np.ndarray]
    pool_times: dict[str, np.ndarray]
    logits: list[np.ndarray]
    potentials: list[Potential]


def trace(
    network: Network,
    image: np.ndarray,
    watched: Sequence[tuple[str, int]] = (),
    *,
    dtype: str = "float64",
    number: int = 0,
) -> Trace:
    """Simulates one image and follows some potentials through their windows.

    A neuron's potential is followed from the start of its inputs' window until it fires, or to the end of its own
    window; a readout's, which begins at D, until it is read. Spikes are not at the crossing where the threshold is
    crossed before ``t_min``, or with jitter.

    Args:
        network: what to simulate.
        image: input values, of the input's shape.
        watched: names of populations or readouts, and numbers of neurons in them.
        dtype: see :func:`snnctl.events.simulate`; potentials are followed in float64.
        number: of the image: with the seed it decides on the jitter.

    Raises:
        NetworkError: the network or the image cannot be simulated, there is no such neuron, or an argument is something
            else.
    """
    (batch,) = simulate(network, np.asarray(image)[None], dtype=dtype, threads=1, first=number)
    times = {name: values[0] for name, values in batch.times.items()}
    pool_times = {name: values[0] for name, values in batch.pool_times.items()}
    fired = np.concatenate([*times.values(), *pool_times.values()])  # by spike id
    potentials = []
    for name, neuron in watched:
        target = _target(network, name, neuron)
        t, J = _arrivals(network, fired, name, neuron)
        if isinstance(target, Population):
            potentials.append(_of_neuron(target, neuron, t, J, float(times[name][neuron])))
        else:
            potentials.append(_of_readout(target, neuron, t, J))
    return Trace(times, pool_times, [values[0] for values in batch.logits], potentials)


def _target(network: Network, name: str, neuron: int) -> Population | Readout:
    """The population or readout in which a neuron with a potential is."""
    targets: list[Population | Readout] = [*network.populations[1:], *network.readouts]
    for target in targets:
        if target.name == name and neuron in range(prod(target.shape)):
            return target
    raise NetworkError(f"the network has no neuron {neuron} with a potential in {name!r}")


def _of_neuron(population: Population, neuron: int, t: np.ndarray, J: np.ndarray, spike: float) -> Potential:
    t, V = _integration(population.start, population.end, population.A, t, J)
    last = spike if np.isfinite(spike) else population.t_max
    B = float(np.broadcast_to(population.B, (population.neurons,))[neuron])
    if population.t_min > population.end:
        t, V = np.append(t, population.t_min), np.append(V, V[-1])
    if last > population.t_min:
        t, V = np.append(t, last), np.append(V, V[-1] + B * (last - population.t_min))
    threshold = float(population.threshold[neuron])
    return Potential(population.name, neuron, t, V, threshold, population.t_min, population.t_max, spike)


def _of_readout(readout: Readout, neuron: int, t: np.ndarray, J: np.ndarray) -> Potential:
    t, V = _integration(readout.start, readout.t_read, 0.0, t, J)
    return Potential(readout.name, neuron, t, V + readout.D[neuron], None, readout.t_read, readout.t_read, np.inf)


def _integration(start: float, end: float, A: float, t: np.ndarray, J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners (t, V) of a potential that spikes reach at times t through weights J, from start to end."""
    corners, which = np.unique(np.concatenate([[start, end], t]), return_inverse=True)
    slopes = A + np.cumsum(np.bincount(which[2:], J, len(corners)))
    return corners, np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(corners))])


def _arrivals(network: Network, fired: np.ndarray, name: str, neuron: int) -> tuple[np.ndarray, np.ndarray]:
    """Absolute times of all spikes that reach a neuron, and their weights."""
    times, weights = [np.zeros(0)], [np.zeros(0)]
    for projection in network.projections:
        if projection.target_name == name:
            t, J = _through(projection, fired, neuron)
            times.append(t)
            weights.append(J)
    return np.concatenate(times), np.concatenate(weights)


def _through(projection: Projection, fired: np.ndarray, neuron: int) -> tuple[np.ndarray, np.ndarray]:
    width = projection.J.shape[2]
    place = np.repeat(np.arange(len(projection.source)), np.diff(projection.start))
    # Which of the weights of (entry, channel) is the neuron's, if it is between 0 and L - 1.
    position = neuron - projection.target[:, None].astype(np.int64) - projection.offset
    entry, channel = np.nonzero((position >= 0) & (position < width))
    source = projection.source[place[entry], channel]
    times = np.where(source >= 0, fired[source], np.inf)
    arrived = np.isfinite(times)
    weights = projection.J[projection.matrix[entry], channel, position[entry, channel]].astype(np.float64)
    return times[arrived], weights[arrived]
