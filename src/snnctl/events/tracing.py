"""What happens within an image: spike times, and the course of a few potentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snnctl.events.arguments import array, neurons, whole_number
from snnctl.events.errors import NetworkError
from snnctl.events.network import Network, Population, Projection, Readout
from snnctl.events.simulation import Batch, simulate


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
    followed, number = neurons(watched), whole_number("number", number, 0)
    (batch,) = simulate(network, array(image)[None], dtype=dtype, threads=1, first=number)
    fired = np.concatenate([times[0] for times in (*batch.times.values(), *batch.pool_times.values())])
    potentials = [_potential(network, batch, fired, name, neuron) for name, neuron in followed]
    logits = [values[0] for values in batch.logits]
    return Trace(_first(batch.times), _first(batch.pool_times), logits, potentials)


def _first(times: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: values[0] for name, values in times.items()}


def _potential(network: Network, batch: Batch, fired: np.ndarray, name: str, neuron: int) -> Potential:
    """The course of one potential.

    Args:
        network: the network.
        batch: the image's.
        fired: absolute spike times by spike id.
        name: of the population or readout.
        neuron: number in it.
    """
    for population in network.populations:
        if population.name == name and population.kind != "input" and 0 <= neuron < population.neurons:
            arrivals = _arrivals(network, fired, name, neuron)
            return _of_neuron(population, neuron, arrivals, float(batch.times[name][0, neuron]))
    for readout in network.readouts:
        if readout.name == name and 0 <= neuron < readout.outputs:
            return _of_output(readout, neuron, _arrivals(network, fired, name, neuron))
    raise NetworkError(f"the network has no neuron {neuron} with a potential in {name!r}")


def _of_neuron(population: Population, neuron: int, arrivals: tuple[np.ndarray, np.ndarray], spike: float) -> Potential:
    t, V = _integration(population.start, population.end, population.A, arrivals)
    last = spike if np.isfinite(spike) else population.t_max
    B = float(np.broadcast_to(population.B, (population.neurons,))[neuron])
    if population.t_min > population.end:
        t, V = np.append(t, population.t_min), np.append(V, V[-1])
    if last > population.t_min:
        t, V = np.append(t, last), np.append(V, V[-1] + B * (last - population.t_min))
    threshold = float(population.threshold[neuron])
    return Potential(population.name, neuron, t, V, threshold, population.t_min, population.t_max, spike)


def _of_output(readout: Readout, neuron: int, arrivals: tuple[np.ndarray, np.ndarray]) -> Potential:
    t, V = _integration(readout.start, readout.t_read, 0.0, arrivals)
    return Potential(readout.name, neuron, t, V + readout.D[neuron], None, readout.t_read, readout.t_read, np.inf)


def _integration(
    start: float, end: float, A: float, arrivals: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Corners while spikes arrive: at the start, at each arrival, and at the end."""
    t, J = arrivals
    corners, which = np.unique(np.concatenate([[start, end], t]), return_inverse=True)
    steps = np.bincount(which[2:], J, len(corners))
    slopes = A + np.cumsum(steps)
    return corners, np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(corners))])


def _arrivals(network: Network, fired: np.ndarray, name: str, neuron: int) -> tuple[np.ndarray, np.ndarray]:
    """Absolute times of all spikes that reach a neuron, and their weights."""
    found = [_through(each, fired, neuron) for each in network.projections if each.target_name == name]
    if not found:
        return np.zeros(0), np.zeros(0)
    times, weights = zip(*found, strict=True)
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
