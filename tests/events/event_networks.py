"""Small random networks of every kind of part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from snnctl.events import Coding, Network, Pools, Population, Projection, Readout

NOTHING = np.zeros(0)


@dataclass(frozen=True)
class Case:
    """A network with what it was made of.

    Args:
        network: the network.
        drives: D of each population and readout.
        inputs: for it, (images, neurons).
        exact: whether nothing is rounded.
    """

    network: Network
    drives: dict[str, np.ndarray]
    inputs: np.ndarray
    exact: bool


def case(seed: int, *, exact: bool = False, alpha: bool = False, images: int = 3) -> Case:
    """A random network.

    Args:
        seed: of everything.
        exact: no operation rounds, and many spikes are simultaneous: all numbers are multiples of a power of two.
        alpha: potentials rise by themselves, with slopes while firing that differ from neuron to neuron.
        images: number of inputs.
    """
    return Maker(np.random.default_rng(seed), exact, alpha).case(images)


class Maker:
    """Draws networks: what there is first, then how it is connected."""

    def __init__(self, rng: np.random.Generator, exact: bool, alpha: bool) -> None:
        self.rng, self.exact, self.alpha = rng, exact, alpha
        self.levels = int(rng.integers(1, 4))
        # Neurons of each population, by level; the input is alone.
        self.sizes = [rng.integers(1, 8, 1 if level == 0 else 2) for level in range(self.levels + 1)]
        self.pools_of = rng.integers(0, 3, self.levels + 1)
        self.drives: dict[str, np.ndarray] = {}

    def case(self, images: int) -> Case:
        coding = Coding(-1.0, 1.0) if self.rng.random() < 0.5 else None
        x = self.rounded(self.rng.random((images, self.sizes[0][0]))) * (self.rng.random((images, 1)) < 0.9)
        populations = self.populations()
        pools = [self.pool(level, number) for level in range(self.levels + 1) for number in range(self.pools_of[level])]
        readouts = self.readouts(populations[-1].t_max, min(each.t_min for each in populations[-2:]))
        projections: list[Projection] = []
        for target in (*populations[1:], *readouts):
            size = target.shape[0]
            projections += [self.projection(target.name, size, target.level - 1) for _ in range(2)]
        network = Network(coding, populations, pools, projections, readouts)
        return Case(network, self.drives, x if coding is None else x * 2 - 1, self.exact)

    def rounded(self, values: np.ndarray) -> np.ndarray:
        return np.round(values * 4) / 4 if self.exact else values

    def populations(self) -> list[Population]:
        """Windows of one level end together and may begin at different times."""
        t_min = t_max = 0.0
        made = [Population("in", "input", (int(self.sizes[0][0]),), 0, t_min, t_min, t_min, t_max + 1.0, *self.input())]
        t_max += 1.0
        for level in range(1, self.levels + 1):
            start, end = t_min, t_max
            widths = self.rounded(self.rng.uniform(0.5, 3, 2))
            t_max = end + float(widths.max())
            for number, size in enumerate(self.sizes[level]):
                begin = t_max - float(widths[number])
                made.append(
                    self.population(f"{level}.{number}", int(size), level, (start, end, max(begin, end), t_max))
                )
            t_min = min(each.t_min for each in made[-2:])
        return made

    def input(self) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
        return NOTHING, 0.0, NOTHING, NOTHING

    def population(self, name: str, size: int, level: int, times: tuple[float, float, float, float]) -> Population:
        start, end, t_min, t_max = times
        A, B = 0.0, np.ones(1)
        if self.alpha:
            A, B = 1.0, self.rng.choice([1.0, 2.0] if self.exact else [-0.3, 0.5, 1.7], size)
        self.drives[name] = D = self.rounded(self.rng.normal(size=size) / 2)
        threshold = B * (t_max - t_min) + A * (end - start) - D
        kind: Any = str(self.rng.choice(["spiking", "signed", "relay"]))
        low = np.full(size, -1.0 if kind == "signed" else 0.0)
        return Population(name, kind, (size,), level, *times, threshold, A, B, low)

    def pool(self, level: int, number: int) -> Pools:
        """Two pools, of neurons and of pools that come before."""
        sizes = self.rng.integers(1, 4, 2)
        start = np.concatenate([[0], np.cumsum(sizes)])
        members = self.rng.choice(self.ids(level, number), sizes.sum())
        return Pools(f"pools {level}.{number}", (2,), level, start, members, self.rng.random(2) < 0.4)

    def ids(self, level: int, pools: int) -> np.ndarray:
        """Spike ids of a level's neurons and of its first pools."""
        before = sum(int(sizes.sum()) for sizes in self.sizes[:level])
        neurons = np.arange(before, before + self.sizes[level].sum())
        first = sum(int(sizes.sum()) for sizes in self.sizes) + 2 * int(self.pools_of[:level].sum())
        return np.concatenate([neurons, np.arange(first, first + 2 * pools)])

    def readouts(self, t_read: float, start: float) -> list[Readout]:
        made = []
        for name, decoding, limit in (("out", "linear", None), ("relu", "relu", None), ("clipped", "relu", 0.5)):
            self.drives[name] = self.rounded(self.rng.normal(size=3))
            decoded: Any = decoding
            made.append(Readout(name, (3,), self.levels + 1, start, t_read, self.drives[name], decoded, limit))
        return made

    def projection(self, name: str, size: int, level: int) -> Projection:
        """Any wiring: places, channels, offsets, several entries of a place or none, gaps in the source."""
        places, channels, matrices = (int(n) for n in self.rng.integers(1, 4, 3))
        width = int(self.rng.integers(1, size + 1))
        offset = self.rng.integers(0, size - width + 1, channels)
        start = np.concatenate([[0], np.cumsum(self.rng.integers(0, 4, places))])
        source = self.rng.choice(self.ids(level, int(self.pools_of[level])), (places, channels))
        return Projection(
            f"J {level}",
            name,
            np.where(self.rng.random(source.shape) < 0.2, -1, source),
            start,
            self.rng.integers(0, size - width - offset.max() + 1, start[-1]),
            self.rng.integers(0, matrices, start[-1]),
            self.rounded(self.rng.normal(size=(matrices, channels, width))),
            offset,
        )
