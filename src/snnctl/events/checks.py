"""Whether a network is one: shapes, ids, levels, windows, numbers. A checked network cannot lead the kernel astray."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnctl.events.fields import (
    LARGEST,
    SMALLEST,
    check_integer,
    check_integers,
    check_name,
    check_numbers,
    check_range,
    check_shape,
    check_starts,
    is_real,
    is_text,
    require,
)
from snnctl.events.network import PARTS, Coding, Hardware, Network, Pools, Population, Projection, Readout

KINDS = ("input", "spiking", "signed", "relay")
DECODINGS = ("linear", "relu")


def check(network: Network) -> None:
    """Refuses a network that cannot be simulated.

    Raises:
        NetworkError: names the population, pools, projection or readout, and the field.
    """
    _check_kinds(network)
    require(bool(network.populations), "the network has no populations")
    require(bool(network.readouts), "the network has no readouts")
    require(all(is_text(part) for pair in network.about.items() for part in pair), "'about' is not made of texts")
    _check_names(network)
    for population in network.populations:
        _check_population(population)
    _check_coding(network)
    levels = _windows(network.populations)
    ids = _check_pools(network)
    for readout in network.readouts:
        _check_readout(readout, levels)
    for projection in network.projections:
        _check_projection(projection, network, ids)
    _check_hardware(network)


def _check_kinds(network: Network) -> None:
    """Whether everything is an object of its class."""
    require(isinstance(network, Network), f"this is no network, but of the type {type(network).__name__}")
    for name, kind in PARTS.items():
        parts = getattr(network, name)
        known = isinstance(parts, Sequence) and all(isinstance(part, kind) for part in parts)
        require(known, f"{name!r} of the network are not a list of {kind.__name__}")
    require(isinstance(network.coding, Coding | None), "'coding' of the network is no Coding")
    require(isinstance(network.hardware, Hardware), "'hardware' of the network is no Hardware")
    require(isinstance(network.about, dict), "'about' is not made of texts")


def _check_names(network: Network) -> None:
    names: set[str] = set()
    parts: list[Population | Pools | Readout] = [*network.populations, *network.pools, *network.readouts]
    for part in parts:
        check_name("a population, pools or a readout", part.name)
        require(part.name not in names, f"two populations, pools or readouts are called {part.name!r}")
        names.add(part.name)


def _check_coding(network: Network) -> None:
    first, *others = network.populations
    require(first.kind == "input", f"population {first.name!r} comes first, and is not the input")
    for population in others:
        require(population.kind != "input", f"population {population.name!r} is a second input")
    coding = network.coding
    if coding is not None:
        known = is_real(coding.low) and is_real(coding.high) and coding.high - coding.low >= SMALLEST
        require(known, f"coding: the range [{coding.low}, {coding.high}] is empty")
        require(first.width > 1 - 1e-9, f"population {first.name!r}: the input's coding needs a window of width 1")


def _check_population(population: Population) -> None:
    where = f"population {population.name!r}"
    require(isinstance(population.kind, str) and population.kind in KINDS, f"{where}: unknown kind {population.kind!r}")
    check_shape(where, population.shape)
    check_integer(where, "level", population.level)
    for name in ("start", "end", "t_min", "t_max", "A"):
        require(is_real(getattr(population, name)), f"{where}: {name} is not a finite number up to {LARGEST}")
    require(population.width >= SMALLEST, f"{where}: the window [t_min, t_max] is empty")
    for name, sizes in (
        ("threshold", [population.neurons]),
        ("B", [population.neurons, 1]),
        ("low", [population.neurons]),
    ):
        values = getattr(population, name)
        check_numbers(where, name, values, 1)
        allowed = [*sizes, 0] if population.kind == "input" else sizes
        require(values.size in allowed, f"{where}: {name} has {values.size} numbers for {population.neurons} neurons")
    slopes = population.B[population.B > 0]
    require(np.all(slopes >= SMALLEST), f"{where}: B has slopes below {SMALLEST}, other than 0")
    if population.kind == "input":
        require(population.level == 0, f"{where}: the input is not of level 0")
        return
    require(population.level > 0, f"{where}: level 0 is the input's alone")
    require(population.start <= population.end, f"{where}: its inputs' window ends before it starts")
    require(population.end <= population.t_min, f"{where}: it fires before its inputs have arrived (t_min < end)")


def _windows(populations: Sequence[Population]) -> dict[int, tuple[float, float]]:
    """(earliest t_min, t_max) of each level, windows being checked on the way."""
    levels: dict[int, tuple[float, float]] = {}
    last = 0
    for population in populations:
        where, level = f"population {population.name!r}", population.level
        require(level in (last, last + 1), f"{where}: level {level} comes after level {last}")
        last = level
        t_min, t_max = levels.get(level, (population.t_min, population.t_max))
        require(population.t_max == t_max, f"{where}: t_max is {population.t_max}, and that of its level {t_max}")
        levels[level] = (min(t_min, population.t_min), t_max)
        if level:
            _check_integration(where, population.start, "end", population.end, levels[level - 1])
    return levels


def _check_integration(where: str, start: float, field: str, end: float, before: tuple[float, float]) -> None:
    t_min, t_max = before
    require(end == t_max, f"{where}: {field} is {end}, and its inputs' windows end at {t_max}")
    require(start <= t_min, f"{where}: it starts at {start}, and its inputs may fire from {t_min} on")


class _Ids:
    """The spike ids that there are, and their levels."""

    def __init__(self, populations: Sequence[Population]) -> None:
        self.ends = np.cumsum([population.neurons for population in populations])
        self.levels = np.array([population.level for population in populations])

    def __len__(self) -> int:
        return int(self.ends[-1])

    def add(self, pools: Pools) -> None:
        """Ids for some pools."""
        self.ends, self.levels = np.append(self.ends, len(self) + pools.pools), np.append(self.levels, pools.level)

    def of_level(self, ids: np.ndarray, level: int) -> bool:
        """Whether all of some ids in range are of a level."""
        return bool(np.all(self.levels[np.searchsorted(self.ends, ids, side="right")] == level))


def _check_pools(network: Network) -> _Ids:
    """The ids of neurons and pools, pools being checked on the way."""
    ids = _Ids(network.populations)
    for pools in network.pools:
        where = f"pools {pools.name!r}"
        check_shape(where, pools.shape)
        check_integer(where, "level", pools.level)
        require(pools.level in ids.levels, f"{where}: no population is of their level, {pools.level}")
        _check_members(where, pools, ids)
        ids.add(pools)
    return ids


def _check_members(where: str, pools: Pools, ids: _Ids) -> None:
    check_integers(where, "members", pools.members, 1)
    check_starts(where, "start", pools.start, pools.pools, len(pools.members))
    require(np.all(np.diff(pools.start) > 0), f"{where}: a pool has no members")
    check_range(where, "members", pools.members, 0, len(ids))
    require(ids.of_level(pools.members, pools.level), f"{where}: members are not of level {pools.level}")
    latest = pools.latest
    known = isinstance(latest, np.ndarray) and latest.dtype == bool and latest.shape == (pools.pools,)
    require(known, f"{where}: latest is not one boolean for each pool")


def _check_readout(readout: Readout, levels: dict[int, tuple[float, float]]) -> None:
    where = f"readout {readout.name!r}"
    check_shape(where, readout.shape)
    check_integer(where, "level", readout.level)
    known = is_real(readout.start) and is_real(readout.t_read)
    require(known, f"{where}: start or t_read is not a finite number up to {LARGEST}")
    require(readout.level - 1 in levels, f"{where}: no population is of level {readout.level - 1}, which it reads")
    _check_integration(where, readout.start, "t_read", readout.t_read, levels[readout.level - 1])
    check_numbers(where, "D", readout.D, 1)
    require(
        readout.D.size == readout.outputs, f"{where}: D has {readout.D.size} numbers, for {readout.outputs} outputs"
    )
    known = isinstance(readout.decoding, str) and readout.decoding in DECODINGS
    require(known, f"{where}: unknown decoding {readout.decoding!r}")
    if readout.max_value is not None:
        require(is_real(readout.max_value) and readout.max_value > 0, f"{where}: max_value is not a positive number")


def _check_projection(projection: Projection, network: Network, ids: _Ids) -> None:
    where = f"projection {projection.name!r} to {projection.target_name!r}"
    check_name(f"a projection to {projection.target_name!r}", projection.name)
    targets = [each for each in network.populations if each.name == projection.target_name and each.kind != "input"]
    readouts = [each for each in network.readouts if each.name == projection.target_name]
    require(bool(targets or readouts), f"{where}: there is no such population or readout")
    level, size = (targets[0].level, targets[0].neurons) if targets else (readouts[0].level, readouts[0].outputs)
    check_numbers(where, "J", projection.J, 3)
    matrices, channels, width = projection.J.shape
    for name, axes in (("source", 2), ("start", 1), ("target", 1), ("matrix", 1), ("offset", 1)):
        check_integers(where, name, getattr(projection, name), axes)
    source, target, offset = projection.source, projection.target, projection.offset
    require(source.shape[1] == channels, f"{where}: source has {source.shape[1]} channels, and J {channels}")
    require(offset.size == channels, f"{where}: offset has {offset.size} numbers, for {channels} channels")
    check_starts(where, "start", projection.start, len(source), len(target))
    require(len(projection.matrix) == len(target), f"{where}: matrix and target have different lengths")
    check_range(where, "matrix", projection.matrix, 0, matrices)
    check_range(where, "source", source, -1, len(ids))
    current = ids.of_level(source[source >= 0], level - 1)
    require(current, f"{where}: source has spikes that are not of level {level - 1}")
    # Each range by itself first: a sum of numbers of any size could overflow.
    check_range(where, "target", target, 0, size)
    check_range(where, "offset", offset, 0, size)
    if target.size and offset.size:
        last = int(target.max()) + int(offset.max()) + width
        require(last <= size, f"{where}: target, offset and J reach neuron {last - 1} of {size}")


def _check_hardware(network: Network) -> None:
    hardware = network.hardware
    require(is_real(hardware.noise) and hardware.noise >= 0, f"hardware: noise is {hardware.noise!r}")
    for name, most in (("time_bits", 32), ("seed", 2**63)):
        check_integer("hardware", name, getattr(hardware, name))
        require(getattr(hardware, name) <= most, f"hardware: {name} is {getattr(hardware, name)}; at most {most}")
