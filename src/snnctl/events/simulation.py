"""Simulates a network, spike by spike."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from math import prod

import numpy as np

from snnctl.events.checks import check, require
from snnctl.events.kernel import coded, crossings, deliver, on_hardware, pooled
from snnctl.events.network import Network, NetworkError, Pools, Population, Readout

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # not on macOS
DTYPES = ("float32", "float64")
EVENTS_AT_ONCE = 3e8  # of a chunk of images, at most: it takes about a second, and cannot be interrupted
TIMES_AT_ONCE = 4e6
IMAGES_AT_ONCE = 128


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
    layout = _plan(network, dtype)
    return _in_order(partial(_simulated, network, layout, dtype), _chunks(layout, arrays), int(workers))


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
        limits = "finite" if coding else f"in [0, {source.width}], times before the end of the input's window"
        if not valid.all():
            image, neuron = np.argwhere(~valid)[0]
            value = values[image, neuron]
            raise NetworkError(f"input {neuron} of image {first + image} is {value}; inputs must be {limits}")
        yield first, values
        first += len(values)


def _chunks(layout: Plan, arrays: Iterator[tuple[int, np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
    """Copies of pieces, float64, that take neither long nor much memory; callers may refill their arrays meanwhile."""
    _, entry, end, _, _, width, *_ = layout.slots
    events, times = int(((end - entry) * width).sum()), _size(layout.spikes) + _size(layout.potentials)  # if all fire
    most = int(max(1, min(IMAGES_AT_ONCE, EVENTS_AT_ONCE // max(events, 1), TIMES_AT_ONCE // times)))
    for first, values in arrays:
        for start in range(0, len(values), most):
            yield first + start, values[start : start + most].astype(np.float64)


def _in_order(
    work: Callable[[int, np.ndarray], Batch], chunks: Iterator[tuple[int, np.ndarray]], threads: int
) -> Iterator[Batch]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="snnctl-events")
    waiting: deque[Future[Batch]] = deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(work, *chunk))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _simulated(network: Network, layout: Plan, dtype: str, first: int, values: np.ndarray) -> Batch:
    """What some images, the first of which has the number ``first``, cause; input values are (images, neurons)."""
    images, hardware = len(values), network.hardware
    events, relay_events = ({each.name: np.zeros(images, np.int64) for each in network.projections} for _ in range(2))
    batch = Batch(first, images, {}, {}, [], events, relay_events)
    numbers = range(first, first + images) if hardware.noise > 0 else ()
    generators = [np.random.default_rng([hardware.seed, number]) for number in numbers]
    left = np.zeros((images, _size(layout.spikes)))  # time left of all spikes
    potentials = np.zeros((images, _size(layout.potentials)), dtype)
    slope, counts = np.empty(potentials.shape[1], dtype), np.zeros((images, len(layout.counters)), np.int64)
    reached: list[Population | Readout] = [*network.populations, *network.readouts]
    for level in range(max(population.level for population in network.populations) + 1):
        populations = [population for population in network.populations if population.level == level]
        pools = [pools for pools in network.pools if pools.level == level]
        firing: list[Population | Pools] = [*populations, *pools]
        for population in populations:
            if population.kind == "input":
                x = coded(network.coding, values)
            else:
                z = crossings(population, potentials[:, layout.potentials[population.name]])
                batch.saturated[population.name] = np.count_nonzero(z > population.width, axis=1)
                x = np.minimum(z, population.width)
            left[:, layout.spikes[population.name]] = x = on_hardware(x, population, hardware, generators)
            batch.times[population.name] = _absolute(x, population.t_min, population.t_max)
        t_min, t_max = min(population.t_min for population in populations), populations[0].t_max
        for each in pools:
            left[:, layout.spikes[each.name]] = x = pooled(each, left[:, each.members])
            batch.pool_times[each.name] = _absolute(x, t_min, t_max)
        ids = np.concatenate([np.r_[layout.spikes[each.name]] for each in firing])
        targets = {each.name: layout.potentials[each.name] for each in reached if each.level == level + 1}
        if targets:
            start, stop = min(each.start for each in targets.values()), max(each.stop for each in targets.values())
            deliver(left, ids, *layout.slots, start, stop, slope, potentials, counts)
            if not np.isfinite(potentials[:, start:stop]).all():
                raise NetworkError(f"potentials of {', '.join(targets)} are beyond the range of {dtype}")
    for (name, relayed), count in zip(layout.counters, counts.T, strict=True):
        events[name] += count
        relay_events[name] += count * relayed
    for readout in network.readouts:
        logits = potentials[:, layout.potentials[readout.name]].astype(np.float64) + readout.D
        batch.logits.append(logits if readout.decoding == "linear" else np.clip(logits, 0.0, readout.max_value))
    return batch


def _absolute(x: np.ndarray, t_min: float, t_max: float) -> np.ndarray:
    t = np.maximum(t_max - x, t_min)  # t_max - (t_max - t_min) may be rounded below t_min
    np.putmask(t, x <= 0, np.inf)  # half of np.where's time
    return t


@dataclass(frozen=True)
class Plan:
    """A network laid out for the kernel: which spike reaches which targets through which weights.

    Args:
        spikes: the spike ids of each population, then of all pools, by name.
        potentials: where the potentials of each population and readout stand, by name and level by level.
        counters: name of the projection, and whether relay neurons carried the spikes, of each counter of events.
        slots: arguments of :func:`snnctl.events.kernel.deliver` from ``slot_start`` to ``J``.
    """

    spikes: dict[str, slice]
    potentials: dict[str, slice]
    counters: Sequence[tuple[str, bool]]
    slots: tuple[np.ndarray, ...]


def _plan(network: Network, dtype: str) -> Plan:
    """The layout of a checked network; ``dtype`` is that of the weights."""
    reached: list[Population | Readout] = [*network.populations[1:], *network.readouts]
    spikes = _in_a_row([*network.populations, *network.pools])
    potentials = _in_a_row(sorted(reached, key=lambda part: part.level))
    relayed = np.zeros(_size(spikes), bool)  # whether a relay neuron carries the spike
    for population in network.populations:
        relayed[spikes[population.name]] = population.kind == "relay"
    for pools in network.pools:
        relayed[spikes[pools.name]] = relayed[pools.members[pools.start[:-1]]]
    counters = [(projection.name, relay) for projection in network.projections for relay in (False, True)]
    return Plan(spikes, potentials, counters, _slots(network, potentials, relayed, dtype))


def _size(places: dict[str, slice]) -> int:
    """How many elements there are."""
    return max((place.stop for place in places.values()), default=0)


def _in_a_row(parts: Sequence[Population | Pools | Readout]) -> dict[str, slice]:
    """Where the elements of parts stand, one part after the other."""
    ends = list(accumulate((prod(part.shape) for part in parts), initial=0))
    return {part.name: slice(*ends[number : number + 2]) for number, part in enumerate(parts)}


def _slots(network: Network, potentials: dict[str, slice], relayed: np.ndarray, dtype: str) -> tuple[np.ndarray, ...]:
    """The places and channels of projections, sorted by the spikes that stand there: see :attr:`Plan.slots`."""
    most = sum(len(each.target) + each.J.size for each in network.projections) + len(relayed)
    whole = np.int32 if most < 2**31 else np.int64
    # Each list begins with an empty array, so that a network without projections has arrays, too.
    slots, targets, rows = [np.zeros((7, 0), whole)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    weights = [np.zeros(0, dtype)]
    entries = size = 0
    for number, projection in enumerate(network.projections):
        _, channels, width = projection.J.shape
        place, channel = np.nonzero(projection.source >= 0)
        spike = projection.source[place, channel]
        start = projection.start.astype(np.int64) + entries
        offset, full = projection.offset[channel], np.full(len(spike), width)
        slot = spike, start[place], start[place + 1], channel * width, offset, full, 2 * number + relayed[spike]
        slots.append(np.stack(slot, dtype=whole, casting="same_kind"))
        targets.append(projection.target.astype(np.int64) + potentials[projection.target_name].start)
        rows.append(projection.matrix.astype(np.int64) * (channels * width) + size)
        weights.append(projection.J.astype(dtype, copy=False).reshape(-1))
        entries += len(projection.target)
        size += projection.J.size
    spike, *others = np.concatenate(slots, axis=1)
    order = np.argsort(spike, kind="stable")
    slot_start = np.append(0, np.cumsum(np.bincount(spike, minlength=len(relayed))))
    return (slot_start, *(other[order] for other in others), *map(np.concatenate, (targets, rows, weights)))
