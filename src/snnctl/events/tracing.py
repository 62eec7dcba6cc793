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
        NetworkError: the network or the image cannot be simulated, or there is no such neuron.
    """
    (batch,) = simulate(network, np.asarray(image)[None], dtype=dtype, threads=1, first=number)
    times = {name: values[0] for name, values in batch.times.items()}
    pool_times = {name: values[0] for name, values in batch.pool_times.items()}
    fired = np.concatenate([*times.values(), *pool_times.values()])  # by spike id
    potentials = [_potential(network, times, fired, *each) for each in watched]
    return Trace(times, pool_times, [values[0] for values in batch.logits], potentials)


def _potential(network: Network, times: dict[str, np.ndarray], fired: np.ndarray, name: str, neuron: int) -> Potential:
    """The course of one potential, from the times of all spikes by population and by id."""
    targets: list[Population | Readout] = [*network.populations[1:], *network.readouts]
    part = next((each for each in targets if each.name == name and neuron in range(prod(each.shape))), None)
    if part is None:
        raise NetworkError(f"the network has no neuron {neuron} with a potential in {name!r}")
    arrivals = [_arrivals(each, fired, neuron) for each in network.projections if each.target_name == name]
    t, J = np.concatenate([np.zeros((2, 0)), *arrivals], axis=1)
    if isinstance(part, Readout):
        t, V = _integrated(part.start, part.t_read, 0.0, t, J)
        return Potential(name, neuron, t, V + part.D[neuron], None, part.t_read, part.t_read, np.inf)
    t, V = _integrated(part.start, part.end, part.A, t, J)
    spike, B = float(times[name][neuron]), float(np.broadcast_to(part.B, part.neurons)[neuron])
    last = spike if np.isfinite(spike) else part.t_max
    if part.t_min > part.end:
        t, V = np.append(t, part.t_min), np.append(V, V[-1])
    if last > part.t_min:
        t, V = np.append(t, last), np.append(V, V[-1] + B * (last - part.t_min))
    return Potential(name, neuron, t, V, float(part.threshold[neuron]), part.t_min, part.t_max, spike)


def _integrated(start: float, end: float, A: float, t: np.ndarray, J: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners (t, V) of a potential that spikes reach at times t through weights J, from start to end."""
    corners, which = np.unique(np.concatenate([[start, end], t]), return_inverse=True)
    slopes = A + np.cumsum(np.bincount(which[2:], J, len(corners)))
    return corners, np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(corners))])


def _arrivals(projection: Projection, fired: np.ndarray, neuron: int) -> np.ndarray:
    """Absolute times and weights of the spikes that reach a neuron, (2, spikes)."""
    place = np.repeat(np.arange(len(projection.source)), np.diff(projection.start))
    # Which of the weights of (entry, channel) is the neuron's, if it is between 0 and L - 1.
    position = neuron - projection.target[:, None].astype(np.int64) - projection.offset
    entry, channel = np.nonzero((position >= 0) & (position < projection.J.shape[2]))
    source = projection.source[place[entry], channel]
    times = np.where(source >= 0, fired[source], np.inf)
    J = projection.J[projection.matrix[entry], channel, position[entry, channel]]
    return np.stack([times, J])[:, np.isfinite(times)]
