"""Simulates a network, spike by spike."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from snnctl.events.arguments import numbered, whole_number
from snnctl.events.checks import check
from snnctl.events.delivery import deliver, prepare
from snnctl.events.errors import NetworkError
from snnctl.events.firing import coded, crossings, on_hardware, pooled
from snnctl.events.network import Network, Readout
from snnctl.events.plan import Level, plan

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
    """

    first: int
    images: int
    times: dict[str, np.ndarray]
    pool_times: dict[str, np.ndarray]
    logits: list[np.ndarray]
    events: dict[str, np.ndarray]
    relay_events: dict[str, np.ndarray]


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
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise NetworkError(f"the simulator computes in {' or '.join(DTYPES)}, not in {dtype!r}")
    check(network)
    workers = _cores() if threads is None else whole_number("threads", threads, 1)
    arrays = numbered(network, inputs, whole_number("first", first, 0))
    levels = plan(network, dtype)
    prepare(dtype)
    return _in_order(Work(network, levels, dtype), _chunks(levels, arrays), workers)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_order(work: Work, chunks: Iterator[tuple[int, np.ndarray]], threads: int) -> Iterator[Batch]:
    pool = ThreadPoolExecutor(threads, thread_name_prefix="snnctl-events")
    waiting: deque[Future[Batch]] = deque()
    try:
        for first, images in chunks:
            waiting.append(pool.submit(work.batch, first, images))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _chunks(levels: Sequence[Level], arrays: Iterator[tuple[int, np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
    """(number of its first image, (images, neurons)) of pieces that take neither long nor much memory."""
    events = sum(level.fan_out for level in levels)
    times = sum(level.width + level.potentials for level in levels)
    most = int(max(1, min(IMAGES_AT_ONCE, EVENTS_AT_ONCE // max(events, 1), TIMES_AT_ONCE // max(times, 1))))
    for first, values in arrays:
        for start in range(0, len(values), most):
            yield first + start, values[start : start + most]


@dataclass(frozen=True)
class Work:
    """A network ready to be simulated.

    Args:
        network: the network, checked.
        levels: its levels.
        dtype: of potentials.
    """

    network: Network
    levels: Sequence[Level]
    dtype: str

    def batch(self, first: int, values: np.ndarray) -> Batch:
        """Simulates some images.

        Args:
            first: number of the first.
            values: input values, (images, neurons).
        """
        images = len(values)
        batch = Batch(first, images, {}, {}, [], {}, {})
        for projection in self.network.projections:
            batch.events[projection.name] = np.zeros(images, np.int64)
            batch.relay_events[projection.name] = np.zeros(images, np.int64)
        generators = _generators(self.network, first, images)
        arrived = {self.network.populations[0].name: coded(self.network.coding, values.astype(np.float64))}
        read: dict[str, np.ndarray] = {}
        for level in self.levels:
            left = self._fired(level, arrived, generators, batch)
            potentials = self._delivered(level, left, batch)
            arrived = {name: potentials[:, columns] for name, columns in level.targets.items()}
            read.update(arrived)
        batch.logits.extend(_logits(readout, read[readout.name]) for readout in self.network.readouts)
        return batch

    def _fired(
        self,
        level: Level,
        arrived: dict[str, np.ndarray],
        generators: Sequence[np.random.Generator],
        batch: Batch,
    ) -> np.ndarray:
        """Time left of the level's spikes, (images, spike ids)."""
        left = np.zeros((batch.images, level.width))
        for population in level.populations:
            V = arrived[population.name]
            x = V if population.kind == "input" else crossings(population, V)
            left[:, level.columns[population.name]] = x = on_hardware(x, population, self.network.hardware, generators)
            batch.times[population.name] = _absolute(x, population.t_min, population.t_max)
        for pools, members in zip(level.pools, level.members, strict=True):
            left[:, level.columns[pools.name]] = x = pooled(pools, left[:, members])
            batch.pool_times[pools.name] = _absolute(x, *level.window)
        return left

    def _delivered(self, level: Level, left: np.ndarray, batch: Batch) -> np.ndarray:
        """What the level's spikes have added to potentials by the end of their window, (images, potentials)."""
        final = np.zeros((batch.images, level.potentials), self.dtype)
        events = np.zeros((batch.images, len(level.counters)), np.int64)
        deliver(left, *level.slots, np.empty(level.potentials, self.dtype), final, events)
        if not np.isfinite(final).all():
            raise NetworkError(f"potentials of {', '.join(level.targets)} are beyond the range of {self.dtype}")
        for number, (name, relayed) in enumerate(level.counters):
            batch.events[name] += events[:, number]
            if relayed:
                batch.relay_events[name] += events[:, number]
        return final


def _generators(network: Network, first: int, images: int) -> list[np.random.Generator]:
    if not network.hardware.noise:
        return []
    seed = network.hardware.seed
    return [np.random.default_rng([seed, first + image]) for image in range(images)]


def _absolute(x: np.ndarray, t_min: float, t_max: float) -> np.ndarray:
    return np.where(x > 0, np.maximum(t_max - x, t_min), np.inf)  # t_max - (t_max - t_min) may be rounded below t_min


def _logits(readout: Readout, V: np.ndarray) -> np.ndarray:
    potential = V.astype(np.float64) + readout.D
    if readout.decoding == "linear":
        return potential
    return np.clip(potential, 0.0, readout.max_value)
