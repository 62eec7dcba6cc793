"""Simulates a network, spike by spike."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from snnctl.events.checks import check, require
from snnctl.events.kernel import coded, crossings, deliver, on_hardware, pooled
from snnctl.events.network import Network, NetworkError, Readout
from snnctl.events.plan import Level, plan

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # not on macOS
DTYPES = ("float32", "float64")
EVENTS_AT_ONCE = 3e8  # of a chunk of images, at most: it takes about a second, and cannot be interrupted
TIMES_AT_ONCE = 4e6
IMAGES_AT_ONCE = 64


@dataclass(frozen=True)
class Batch:
    """What some images have caused.

    Args:
        first: number of the first image.
        images: how many.
        times: absolute spike times of each population, (images, neurons), float64, in tau_c; infinity: silent.
        pool_times: of the spikes that pools passed on, (images, pools).
        logits: of each readout, (images, outputs).
        events: synaptic events that were processed, by the name of the projection, (images,).
        relay_events: those among them that were caused by spikes of relay neurons.
        saturated: how many spikes of each population would have come before their window, (images,).
    """

    first: int
    images: int
    times: dict[str, np.ndarray]
    pool_times: dict[str, np.ndarray]
    logits: list[np.ndarray]
    events: dict[str, np.ndarray]
    relay_events: dict[str, np.ndarray]
    saturated: dict[str, np.ndarray] = field(default_factory=dict)


def simulate(
    network: Network,
    inputs: np.ndarray | Iterable[np.ndarray],
    *,
    dtype: str = "float64",
    threads: int | None = None,
    first: int = 0,
) -> Iterator[Batch]:
    """Every spike of a network, for any number of images.

    Level by level, an image's spikes are delivered in the order of their times; each arrival changes the slopes of the
    potentials that it reaches. Then each neuron's crossing of its threshold is solved. What comes out depends neither
    on the number of threads nor on how images are gathered in batches.

    Args:
        network: what to simulate.
        inputs: values as the input coding takes them (local spike times for a network without one),
            (images, \\*shape of the input), or several such arrays one after the other.
        dtype: precision of weights and potentials, "float32" or "float64"; times are float64.
        threads: at work on images; None: as many as there are cores.
        first: number of the first image; an image's jitter depends on its number and the seed.

    Returns:
        Batches in the order of the images, of some convenient size.

    Raises:
        NetworkError: the network, an input or an option is not what it must be. At the call, but for the inputs in one
            of several arrays.
    """
    require(dtype in DTYPES, f"the simulator computes in {' or '.join(DTYPES)}, not in {dtype!r}")
    workers = CORES if threads is None else threads
    for name, value, least in (("threads", workers, 1), ("first", first, 0)):
        whole = isinstance(value, (int, np.integer)) and value >= least
        require(whole, f"{name} is {value!r}, not a whole number from {least} on")
    check(network)
    single = hasattr(inputs, "__array__")
    arrays = _numbered(network, [np.asarray(inputs)] if single else inputs, int(first))
    if single:
        arrays = iter(list(arrays))  # checked at once
    levels = plan(network, dtype)
    return _in_order(partial(_simulated, network, levels, dtype), _chunks(levels, arrays), int(workers))


def _numbered(network: Network, arrays: Iterable[np.ndarray], first: int) -> Iterator[tuple[int, np.ndarray]]:
    """(number of its first image, (images, neurons)) of each array of input values, checked."""
    coding, source = network.coding, network.populations[0]
    for values in map(np.asarray, arrays):
        require(values.dtype.kind in "fiub", f"the inputs are {values.dtype}, not numbers")
        fits = values.ndim > 0 and values.shape[1:] in (source.shape, (source.neurons,))
        takes = ", ".join(["images", *map(str, source.shape)])
        require(fits, f"the inputs have the shape {values.shape}; the network takes ({takes})")
        values = values.reshape(len(values), source.neurons)
        valid = np.isfinite(values) if coding else (values >= 0) & (values <= source.width)
        if not valid.all():
            image, neuron = np.argwhere(~valid)[0]
            limits = "finite" if coding else f"in [0, {source.width}], times before the end of the input's window"
            raise NetworkError(
                f"input {neuron} of image {first + image} is {values[image, neuron]}; inputs must be {limits}"
            )
        yield first, values
        first += len(values)


def _in_order(
    work: Callable[[int, np.ndarray], Batch], chunks: Iterator[tuple[int, np.ndarray]], threads: int
) -> Iterator[Batch]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="snnctl-events")
    waiting: deque[Future[Batch]] = deque()
    try:
        for first, images in chunks:
            waiting.append(pool.submit(work, first, images))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _chunks(levels: Sequence[Level], arrays: Iterator[tuple[int, np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
    """Pieces of arrays that take neither long nor much memory."""
    events = sum(level.fan_out for level in levels)
    times = sum(level.width + level.potentials for level in levels)
    most = int(max(1, min(IMAGES_AT_ONCE, EVENTS_AT_ONCE // max(events, 1), TIMES_AT_ONCE // max(times, 1))))
    for first, values in arrays:
        for start in range(0, len(values), most):
            yield first + start, values[start : start + most]


def _simulated(network: Network, levels: Sequence[Level], dtype: str, first: int, values: np.ndarray) -> Batch:
    """What some images, the first of which has the number ``first``, cause; input values are (images, neurons)."""
    images, hardware = len(values), network.hardware
    counts = {projection.name: np.zeros(images, np.int64) for projection in network.projections}
    batch = Batch(first, images, {}, {}, [], counts, {name: zeros.copy() for name, zeros in counts.items()})
    numbers = range(first, first + images) if hardware.noise > 0 else ()
    generators = [np.random.default_rng([hardware.seed, number]) for number in numbers]
    arrived = {network.populations[0].name: coded(network.coding, values.astype(np.float64))}
    read: dict[str, np.ndarray] = {}
    for level in levels:
        left = np.zeros((images, level.width))  # time left of the level's spikes
        for population in level.populations:
            x = arrived[population.name]
            if population.kind != "input":
                z = crossings(population, x)
                batch.saturated[population.name] = np.count_nonzero(z > population.width, axis=1)
                x = np.minimum(z, population.width)
            left[:, level.columns[population.name]] = x = on_hardware(x, population, hardware, generators)
            batch.times[population.name] = _absolute(x, population.t_min, population.t_max)
        for pools, members in zip(level.pools, level.members, strict=True):
            left[:, level.columns[pools.name]] = x = pooled(pools, left[:, members])
            batch.pool_times[pools.name] = _absolute(x, *level.window)
        potentials = _delivered(level, left, dtype, batch)
        arrived = {name: potentials[:, columns] for name, columns in level.targets.items()}
        read.update(arrived)
    batch.logits.extend(_logits(readout, read[readout.name]) for readout in network.readouts)
    return batch


def _delivered(level: Level, left: np.ndarray, dtype: str, batch: Batch) -> np.ndarray:
    """What the level's spikes have added to potentials by the end of their window, (images, potentials)."""
    final = np.zeros((batch.images, level.potentials), dtype)
    events = np.zeros((batch.images, len(level.counters)), np.int64)
    deliver(left, *level.slots, np.empty(level.potentials, dtype), final, events)
    if not np.isfinite(final).all():
        raise NetworkError(f"potentials of {', '.join(level.targets)} are beyond the range of {dtype}")
    for number, (name, relayed) in enumerate(level.counters):
        batch.events[name] += events[:, number]
        if relayed:
            batch.relay_events[name] += events[:, number]
    return final


def _absolute(x: np.ndarray, t_min: float, t_max: float) -> np.ndarray:
    return np.where(x > 0, np.maximum(t_max - x, t_min), np.inf)  # t_max - (t_max - t_min) may be rounded below t_min


def _logits(readout: Readout, V: np.ndarray) -> np.ndarray:
    potential = V.astype(np.float64) + readout.D
    if readout.decoding == "linear":
        return potential
    return np.clip(potential, 0.0, readout.max_value)
