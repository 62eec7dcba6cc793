"""Whether a network can be simulated: types, shapes and values of all fields, by a table; then ids, levels and windows.

A checked network cannot lead the kernel astray, which computes without checking bounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from math import prod
from reprlib import repr as shortened
from typing import Any

import numpy as np

from snnctl.events.network import Coding, Hardware, Network, NetworkError, Pools, Population, Projection, Readout

MOST = 2**28  # neurons, pools or outputs of one part: more is a damaged file
LARGEST, SMALLEST = 1e30, 1e-30  # magnitude of a number; of a span or slope that is divided by. Beyond, floats overflow


@dataclass(frozen=True)
class Value:
    """A field that is no array: whether a value is valid, and what it must be, in words."""

    valid: Callable[[Any], bool]
    what: str


@dataclass(frozen=True)
class Array:
    """A field that is an array.

    Args:
        dtypes: one of these. Real numbers are finite, and of a magnitude of at most ``LARGEST``.
        axes: a name for the size of each axis; the first array with an axis of a name decides on the size.
        low: smallest of its whole numbers, if ``below`` limits them.
        below: name of a size; whole numbers are smaller.
        starts: (parts, entries), names of sizes, of an array of the positions where parts start that follow one another
            and fill all entries; the last number is the end.
        shared: whether one number may stand for all.
    """

    dtypes: tuple[type, ...]
    axes: tuple[str, ...]
    low: int = 0
    below: str | None = None
    starts: tuple[str, str] | None = None
    shared: bool = False


REAL, WHOLE = (np.float64, np.float32), (np.int64, np.int32)


def _number(low: float, high: float = LARGEST, *, whole: bool = False) -> Value:
    types: tuple[type, ...] = (int, np.integer) if whole else (int, float, np.integer, np.floating)

    def valid(value: Any) -> bool:
        return isinstance(value, types) and not isinstance(value, bool) and bool(low <= value <= high)  # type: ignore[operator]

    return Value(valid, f"a {'whole number' if whole else 'number'} from {low} to {high}")


def _one_of(*texts: str) -> Value:
    return Value(lambda value: isinstance(value, str) and value in texts, f"one of {', '.join(texts)}")


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(type(side) is int and side > 0 for side in value) and prod(value) < MOST


NUMBER, POSITIVE = _number(-LARGEST), _number(np.nextafter(0.0, 1.0))
NAME = Value(lambda value: isinstance(value, str) and value != "", "a text that is not empty")
SHAPE = Value(_is_shape, f"a tuple of positive whole numbers with a product below {MOST}")
PLACE = {"name": NAME, "shape": SHAPE, "level": _number(0, MOST, whole=True)}

# "elements": neurons, pools or outputs of the part; "ids": spikes that there are; "targets": elements that are reached.
FIELDS: Mapping[type, Mapping[str, Value | Array]] = {
    Coding: {"low": NUMBER, "high": NUMBER},
    Hardware: {"noise": _number(0.0), "time_bits": _number(0, 32, whole=True), "seed": _number(0, 2**63, whole=True)},
    Population: {
        **PLACE,
        "kind": _one_of("input", "spiking", "signed", "relay"),
        **dict.fromkeys(("start", "end", "t_min", "t_max", "A"), NUMBER),
        "threshold": Array(REAL, ("elements",)),
        "B": Array(REAL, ("elements",), shared=True),
        "low": Array(REAL, ("elements",)),
    },
    Pools: {
        **PLACE,
        "members": Array(WHOLE, ("members",), below="ids"),
        "start": Array(WHOLE, ("starts",), starts=("elements", "members")),
        "latest": Array((np.bool_,), ("elements",)),
    },
    Projection: {
        "name": NAME,
        "target_name": NAME,
        "J": Array(REAL, ("matrices", "channels", "L")),
        "source": Array(WHOLE, ("places", "channels"), low=-1, below="ids"),
        "target": Array(WHOLE, ("entries",), below="targets"),
        "matrix": Array(WHOLE, ("entries",), below="matrices"),
        "offset": Array(WHOLE, ("channels",), below="targets"),
        "start": Array(WHOLE, ("starts",), starts=("places", "entries")),
    },
    Readout: {
        **PLACE,
        "start": NUMBER,
        "t_read": NUMBER,
        "D": Array(REAL, ("elements",)),
        "decoding": _one_of("linear", "relu"),
        "max_value": Value(lambda value: value is None or POSITIVE.valid(value), "a positive number, or None"),
    },
}


def require(condition: object, what: str) -> None:
    """Refuses with a sentence unless the condition holds."""
    if not condition:
        raise NetworkError(what)


def check(network: Network) -> None:
    """Refuses a network that cannot be simulated.

    Raises:
        NetworkError: names the population, pools, projection or readout, and the field.
    """
    require(network.populations, "the network has no populations")
    require(network.readouts, "the network has no readouts")
    _check_values(network)
    if network.coding:
        low, high, width = network.coding.low, network.coding.high, network.populations[0].width
        require(high - low >= SMALLEST, f"coding: the range from low, {low}, to high, {high}, is empty")
        require(width > 1 - 1e-9, f"{_label(network.populations[0])}: the input's coding needs a window of width 1")
    levels = _check_windows(network)
    for population in network.populations[1:]:  # the input's arrays mean nothing
        _check_arrays(population)
        slopes = population.B[population.B > 0]
        require(np.all(slopes >= SMALLEST), f"{_label(population)}: B has slopes below {SMALLEST}, other than 0")
    for readout in network.readouts:
        _check_arrays(readout)
    _check_connections(network, levels)


def _label(part: Any) -> str:
    """How messages name a part."""
    kind = type(part).__name__.lower()
    if isinstance(part, Projection):
        return f"{kind} {shortened(part.name)} to {shortened(part.target_name)}"
    return f"{kind} {shortened(part.name)}" if hasattr(part, "name") else kind


def _check_values(network: Network) -> None:
    """Whether all fields that are no arrays are what the table has, and no name stands for two parts."""
    named: list[Any] = [*network.populations, *network.pools, *network.readouts]
    for part in (*filter(None, [network.coding]), network.hardware, *named, *network.projections):
        for name, rule in FIELDS[type(part)].items():
            if isinstance(rule, Value):
                value = getattr(part, name)
                require(rule.valid(value), f"{_label(part)}: {name} is {shortened(value)}, not {rule.what}")
    about = network.about
    texts = isinstance(about, dict) and all(isinstance(text, str) for pair in about.items() for text in pair)
    require(texts, "'about' of the network is not made of texts")
    for name, count in Counter(part.name for part in named).items():
        require(count == 1, f"two populations, pools or readouts are called {name!r}")


def _check_windows(network: Network) -> dict[int, tuple[float, float]]:
    """(earliest t_min, t_max) of each level, whose windows follow one another and end together."""
    levels: dict[int, tuple[float, float]] = {}

    def check_integration(where: str, level: int, start: float, end: float, field: str) -> None:
        require(level - 1 in levels, f"{where}: level is {level}, and no population before it is of level {level - 1}")
        t_min, t_max = levels[level - 1]
        require(end == t_max, f"{where}: {field} is {end}, and its inputs' windows end at {t_max}")
        require(start <= t_min, f"{where}: start is {start}, and its inputs may fire from {t_min} on")

    for number, each in enumerate(network.populations):
        where, level = _label(each), each.level
        first = (each.kind == "input") == (number == 0)
        require(first, f"{where}: kind is {each.kind}; the first population alone is the input")
        if number == 0:
            require(level == 0, f"{where}: level is {level}; the input's is 0")
        else:
            check_integration(where, level, each.start, each.end, "end")
            require(level >= max(levels), f"{where}: level {level} comes after level {max(levels)}")
            require(each.t_min >= each.end, f"{where}: t_min is {each.t_min}, before its inputs' windows end")
        require(each.width >= SMALLEST, f"{where}: the window from t_min to t_max is empty")
        t_min, t_max = levels.get(level, (each.t_min, each.t_max))
        require(each.t_max == t_max, f"{where}: t_max is {each.t_max}, and that of its level {t_max}")
        levels[level] = (min(t_min, each.t_min), t_max)
    for readout in network.readouts:
        check_integration(_label(readout), readout.level, readout.start, readout.t_read, "t_read")
    return levels


def _check_arrays(part: Any, **sizes: int) -> None:
    """Whether all arrays of a part are what the table has; ``sizes`` by the names that it has for them.

    The part's other fields are checked already.
    """
    if hasattr(part, "shape"):
        sizes["elements"] = prod(part.shape)
    for name, rule in FIELDS[type(part)].items():
        if isinstance(rule, Array):
            _check_array(f"{_label(part)}: {name}", getattr(part, name), rule, sizes)


def _check_array(field: str, values: Any, rule: Array, sizes: dict[str, int]) -> None:
    """One array; sizes that it is the first to have are added."""
    dtypes = " or ".join(dtype.__name__ for dtype in rule.dtypes)
    require(isinstance(values, np.ndarray) and values.dtype in rule.dtypes, f"{field} is not an array of {dtypes}")
    if not (values.shape == (1,) and rule.shared):
        if rule.starts:
            sizes[rule.axes[0]] = sizes[rule.starts[0]] + 1
        shape = tuple(sizes.setdefault(axis, size) for axis, size in zip(rule.axes, values.shape, strict=False))
        fits = values.ndim == len(rule.axes) and values.shape == shape
        require(fits, f"{field} has the shape {values.shape}; its axes are {', '.join(rule.axes)}, here {shape}")
    if rule.dtypes == REAL:
        require(np.all(np.abs(values) <= LARGEST), f"{field} has numbers that are not finite, or beyond {LARGEST}")
    if rule.below and values.size:
        end = sizes[rule.below]
        inside = rule.low <= values.min() and values.max() < end
        require(inside, f"{field} has numbers outside [{rule.low}, {end - 1}]")
    if rule.starts:
        end = sizes[rule.starts[1]]
        rises = values[0] == 0 and values[-1] == end and np.all(values[1:] >= values[:-1])
        require(rises, f"{field} does not rise from 0 to {end}")


def _check_connections(network: Network, levels: Container[int]) -> None:
    """Whether pools and projections lead from spikes of the right level to what is there."""
    firing: list[Population | Pools] = [*network.populations, *network.pools]
    ends = np.cumsum([prod(part.shape) for part in firing])
    levels_of_parts = np.array([part.level for part in firing])

    def check_level(part: Pools | Projection, field: str, ids: np.ndarray, level: int) -> None:
        of_ids = levels_of_parts[np.searchsorted(ends, ids, side="right")]
        require(np.all(of_ids == level), f"{_label(part)}: {field} has spikes that are not of level {level}")

    for before, pools in zip(ends[len(network.populations) - 1 :], network.pools, strict=False):
        require(pools.level in levels, f"{_label(pools)}: level is {pools.level}, and no population is of this level")
        _check_arrays(pools, ids=int(before))
        require(np.all(np.diff(pools.start) > 0), f"{_label(pools)}: start leaves a pool without members")
        check_level(pools, "members", pools.members, pools.level)
    reached: list[Population | Readout] = [*network.populations[1:], *network.readouts]
    targets = {part.name: part for part in reached}
    for each in network.projections:
        require(each.target_name in targets, f"{_label(each)}: there is no such population or readout")
        target = targets[each.target_name]
        size = prod(target.shape)
        _check_arrays(each, ids=int(ends[-1]), targets=size)
        check_level(each, "source", each.source[each.source >= 0], target.level - 1)
        if each.target.size and each.offset.size:
            last = int(each.target.max()) + int(each.offset.max()) + each.J.shape[2]
            require(last <= size, f"{_label(each)}: target, offset and J reach neuron {last - 1} of {size}")
