"""Jitter and levels of spike times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from by_products import left, together
from event_networks import case
from hypothesis import given, settings
from hypothesis import strategies as st

from snnctl.events import Batch, Hardware, Network, Population, Projection, Readout, simulate

properties = settings(deadline=None, max_examples=30)
seeds = st.integers(0, 2**32)


def wide(neurons: int, width: float) -> Network:
    """One input that fires in the middle of its window, and many neurons that fire in the middle of theirs."""
    empty, zero, t_max = np.zeros(0), np.zeros(1, np.int64), 1.0 + width
    many = np.full(neurons, width), 0.0, np.ones(1), np.zeros(neurons)
    return Network(
        None,
        [
            Population("in", "input", (1,), 0, 0.0, 0.0, 0.0, 1.0, empty, 0.0, empty, empty),
            Population("n", "spiking", (neurons,), 1, 0.0, 1.0, 1.0, t_max, *many),
        ],
        [],
        [Projection("J", "n", np.array([[0]]), np.array([0, 1]), zero, zero, np.full((1, 1, neurons), width), zero)],
        [Readout("out", (1,), 2, 1.0, t_max, np.zeros(1))],
    )


def spikes(network: Network, x: float = 0.5, **options: int) -> Batch:
    (batch,) = simulate(network, np.full((1, 1), x), **options)  # type: ignore[arg-type]
    return batch


def test_jitter_is_normal_with_the_given_deviation_and_not_the_inputs() -> None:
    batch = spikes(replace(wide(40_000, 8.0), hardware=Hardware(noise=0.5)))
    t = batch.times["n"][0]
    np.testing.assert_allclose([t.mean(), t.std()], [5.0, 0.5], atol=0.02)
    np.testing.assert_allclose(np.mean(np.abs(t - 5) < 0.5), 0.6827, atol=0.02)
    assert batch.times["in"][0, 0] == 0.5


def test_jitter_is_confined_to_the_window_and_silent_neurons_stay_silent() -> None:
    """What is moved to the window's end is silent, too."""
    network = replace(wide(10_000, 1.0), hardware=Hardware(noise=3.0))
    t = spikes(network).times["n"][0]
    np.testing.assert_allclose([np.mean(t == 1.0), np.mean(t == np.inf)], [0.434, 0.434], atol=0.03)
    assert np.all((t >= 1.0) & ((t < 2.0) | (t == np.inf)))
    assert np.all(spikes(network, x=0.0).times["n"] == np.inf)


@properties
@given(seeds)
def test_jitter_is_that_of_the_seed_and_the_images_number(seed: int) -> None:
    network = replace(wide(4, 8.0), hardware=Hardware(noise=0.5, seed=seed))
    again = replace(network, hardware=Hardware(noise=0.5, seed=seed + 1))
    t = np.concatenate([batch.times["n"] for batch in simulate(network, np.full((3, 1), 0.5))])
    assert len(np.unique(t)) == 12
    np.testing.assert_array_equal(spikes(network, first=2).times["n"][0], t[2])
    assert not np.intersect1d(spikes(again).times["n"], t).size


@properties
@given(seeds, st.integers(1, 12), st.sampled_from([0.0, 0.1]))
def test_spikes_are_at_levels_of_their_windows(seed: int, bits: int, noise: float) -> None:
    made = case(seed)
    network = replace(made.network, hardware=Hardware(noise, bits))
    batch = together(list(simulate(network, made.inputs)))
    for population in network.populations:
        steps = left(batch, population) / population.width * (2**bits - 1)
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
        assert np.all(batch.times[population.name] != population.t_max)


def test_times_go_to_the_nearest_level_the_ends_of_the_window_among_them() -> None:
    """Half-way times to the even level: 1/6 to the end of the window, which is silence, 1/2 and 5/6 to level 2."""
    x = np.append(np.linspace(0, 1, 1001), [1 / 6, 1 / 2, 5 / 6])[:, None]
    network = replace(wide(1, 1.0), hardware=Hardware(time_bits=2))
    t = np.concatenate([batch.times["in"] for batch in simulate(network, x)])
    np.testing.assert_allclose(np.unique(t), [0, 1 / 3, 2 / 3, np.inf])
    np.testing.assert_array_equal(np.isinf(t[:-3]), x[:-3] < 1 / 6)
    np.testing.assert_allclose(t[-3:, 0], [np.inf, 1 / 3, 1 / 3])
