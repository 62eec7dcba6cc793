"""Which layers of the ReLU network are in the wiring and in carried neurons, told by the names conversion gave them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from snnctl.conversion.spiking_table import SpikingRow

FIRING = ("spiking", "clipped", "signed", "readout")
NUMBER = re.compile(r"_\d+$")
JOINT = "_wiring"
CARRIED = "_carried"
SCALE = "scale"  # factors that were folded from several layers


def with_origins(rows: Sequence[SpikingRow], names: Sequence[str]) -> tuple[SpikingRow, ...]:
    """The rows of a spiking network with ``source`` also where it records none.

    Wiring that only one layer of neurons reads (or the two halves of a leaky ReLU) is part of that layer too.

    Args:
        rows: of the whole network.
        names: of the layers of the ReLU network, in the order of computation.
    """
    named = {row.name: replace(row, source=row.source or _parts(row.name, names)) for row in rows}
    readers: dict[str, set[tuple[str, ...]]] = {}
    for row in named.values():
        for name in row.reads:
            readers.setdefault(name, set()).add((row.kind, *row.source))
    order = {name: position for position, name in enumerate(names)}
    made = [(row, (*row.source, *_own_wiring(row, named, readers))) for row in named.values()]
    return tuple(
        replace(row, source=tuple(sorted(dict.fromkeys(parts), key=lambda part: order.get(part, -1))))
        for row, parts in made
    )


def _own_wiring(row: SpikingRow, named: dict[str, SpikingRow], readers: dict[str, set[tuple[str, ...]]]) -> list[str]:
    if row.kind not in FIRING:
        return []
    own = [name for name in row.reads if _is_wiring(named.get(name)) and len(readers[name]) == 1]
    return [part for name in own for part in _behind(name, named)]


def _behind(name: str, named: dict[str, SpikingRow]) -> list[str]:
    """What is in the wiring, and in the wiring of the same sum before it."""
    row = named[name]
    stem = name.split(JOINT)[0]
    before = [read for read in row.reads if read.startswith(stem + JOINT) and _is_wiring(named.get(read))]
    return [*(part for read in before for part in _behind(read, named)), *row.source]


def _is_wiring(row: SpikingRow | None) -> bool:
    return row is not None and row.kind == "wiring"


def _parts(name: str, names: Collection[str]) -> tuple[str, ...]:
    """``value_wiring_linear``: linear and value; ``value_wiring``, ``value_carried``: value; or a layer's own name.

    A number behind a name may be its own or tell it from others of its name.
    """
    for wanted in (name, NUMBER.sub("", name)):
        value, _, linear = wanted.removesuffix("_negative").removesuffix(CARRIED).partition(JOINT)
        parts = [part for part in (linear.removeprefix("_"), value) if part in names and part != SCALE]
        if parts:
            return tuple(dict.fromkeys(parts))
    return ()
