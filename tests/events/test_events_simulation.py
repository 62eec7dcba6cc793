"""The simulator on random networks: neurons, pools, projections and readouts do what the equations say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from by_products import by_products, left, simulated, synapses, together
from event_networks import Case, case
from hypothesis import given, settings
from hypothesis import strategies as st

from snnctl.events import Batch, Network, NetworkError, Population, Projection, Readout, simulate, threshold_for

properties = settings(deadline=None, max_examples=30)
seeds = st.integers(0, 2**32)
cases = st.builds(case, seeds, alpha=st.booleans())
exact_cases = st.builds(case, seeds, exact=st.just(True), alpha=st.booleans())


def same(one: Batch, other: Batch) -> None:
    """Bit for bit."""
    for name in ("times", "pool_times", "events", "relay_events"):
        for key, values in getattr(one, name).items():
            np.testing.assert_array_equal(values, getattr(other, name)[key])
    for values, others in zip(one.logits, other.logits, strict=True):
        np.testing.assert_array_equal(values, others)


@properties
@given(st.one_of(cases, exact_cases), st.booleans())
def test_spikes_and_readouts_are_what_matrix_products_give(case: Case, single: bool) -> None:
    batch, expected, network = (
        simulated(case, dtype="float32" if single else "float64"),
        by_products(case),
        case.network,
    )
    tolerance = 1e-4 if single else 1e-9
    assert list(batch.times) == [population.name for population in network.populations]
    x = [left(batch, population) for population in network.populations]
    for pools in network.pools:
        t_max = next(each.t_max for each in network.populations if each.level == pools.level)
        t = batch.pool_times[pools.name]
        x.append(np.where(np.isfinite(t), t_max - t, 0.0))
    np.testing.assert_allclose(np.concatenate(x, axis=1), expected.x, atol=tolerance)
    for logits, values in zip(batch.logits, expected.logits, strict=True):
        np.testing.assert_allclose(logits, values, atol=tolerance)
    for population in network.populations:
        t = batch.times[population.name]
        assert np.all((t == np.inf) | ((t >= population.t_min) & (t <= population.t_max)))


@properties
@given(exact_cases)
def test_neurons_are_silent_exactly_when_x_is_not_above_zero(case: Case) -> None:
    batch, expected = simulated(case), by_products(case)
    for population in case.network.populations[1:]:
        np.testing.assert_array_equal(np.isinf(batch.times[population.name]), expected.ideal[population.name] <= 0)


@properties
@given(st.one_of(cases, exact_cases))
def test_each_spike_causes_one_event_at_each_of_its_synapses(case: Case) -> None:
    batch, network = simulated(case), case.network
    fired = np.isfinite(np.concatenate([*batch.times.values(), *batch.pool_times.values()], axis=1))
    relays = of_relays(network)
    every, of_relay = dict.fromkeys(batch.events, 0), dict.fromkeys(batch.events, 0)
    for projection in network.projections:
        for spike, _, _ in synapses(projection):
            every[projection.name] = every[projection.name] + fired[:, spike]
            of_relay[projection.name] = of_relay[projection.name] + fired[:, spike] * relays[spike]
    for name in batch.events:
        np.testing.assert_array_equal(batch.events[name], every[name])
        np.testing.assert_array_equal(batch.relay_events[name], of_relay[name])


def of_relays(network: Network) -> list[bool]:
    """Of each spike id: does a relay neuron carry it? A pool's first member speaks for it."""
    found = [population.kind == "relay" for population in network.populations for _ in range(population.neurons)]
    for pools in network.pools:
        found += [found[pools.members[first]] for first in pools.start[:-1]]
    return found


@properties
@given(seeds, st.sampled_from([0.0, 0.3]), st.sampled_from([0, 3]))
def test_threads_and_batches_are_irrelevant(seed: int, noise: float, bits: int) -> None:
    made = case(seed, images=5)
    hardware = replace(made.network.hardware, noise=noise, time_bits=bits)
    made = replace(made, network=replace(made.network, hardware=hardware))
    expected = simulated(made, threads=1)
    same(expected, simulated(made, threads=3))
    pieces = [made.inputs[:1], made.inputs[1:1], made.inputs[1:4], made.inputs[4:]]
    batches = list(simulate(made.network, iter(pieces), threads=2))
    assert [batch.first for batch in batches] == [0, 1, 4]
    same(expected, together(batches))


def test_a_source_may_refill_its_array() -> None:
    made = case(0, images=5)

    def camera() -> Iterator[np.ndarray]:
        frame = np.empty_like(made.inputs[:1])
        for image in made.inputs:
            frame[0] = image
            yield frame

    for threads in (1, 2):
        same(simulated(made), together(list(simulate(made.network, camera(), threads=threads))))


def chain(J: float, D: float, start: float = 0.0, width: float = 0.7, K: float = 1.0) -> Network:
    """One input, one neuron, one readout, connected by J and K; at a late time."""
    empty, zero, B = np.zeros(0), np.zeros(1, np.int64), np.ones(1)
    end, t_max = start + 1.0, start + 1.0 + width
    threshold = threshold_for(np.full(1, D), t_max - end, B)
    source = Population("in", "input", (1,), 0, start, start, start, end, empty, 0.0, empty, empty)
    neuron = Population("n", "spiking", (1,), 1, start, end, end, t_max, threshold, 0.0, B, np.zeros(1))

    def synapse(name: str, spike: int, target: str, weight: float) -> Projection:
        J = np.full((1, 1, 1), weight)
        return Projection(name, target, np.array([[spike]]), np.array([0, 1]), zero, zero, J, zero)

    projections = [synapse("J", 0, "n", J), synapse("K", 1, "out", K)]
    return Network(None, [source, neuron], [], projections, [Readout("out", (1,), 2, end, t_max, np.zeros(1))])


@pytest.mark.parametrize("start", [0.0, 0.1, 1234.56])
@pytest.mark.parametrize(
    ("J", "D", "x", "fires"),
    [
        (1.0, 0.0, 0.0, False),  # nothing arrives, nothing leaves
        (1.0, 0.0, 1e-300, True),  # as late as can be
        (1e-30, 0.0, 1.0, True),
        (-1e-30, 0.0, 1.0, False),
        (0.0, 0.0, 1.0, False),
        (-0.5, 0.25, 0.5, False),  # at the window's very end: silent
    ],
)
def test_crossings_at_the_end_of_the_window(J: float, D: float, x: float, fires: bool, start: float) -> None:
    (batch,) = simulate(chain(J, D, start), np.full((1, 1), x))
    assert np.isfinite(batch.times["n"][0, 0]) == fires
    assert batch.events["K"][0] == int(fires)


def test_neurons_over_their_threshold_fire_when_their_window_begins() -> None:
    network = chain(5.0, 0.0)
    (batch,) = simulate(network, np.ones((1, 1)))
    assert batch.times["n"][0, 0] == network.populations[1].t_min
    np.testing.assert_allclose(batch.logits[0], network.populations[1].width)


def test_potentials_beyond_single_precision_are_refused() -> None:
    network = chain(1e30, 0.0, width=1e15, K=1e30)
    (batch,) = simulate(network, np.ones((1, 1)))
    np.testing.assert_allclose(batch.logits[0], 1e45)
    with pytest.raises(NetworkError, match="potentials of out are beyond the range of float32"):
        list(simulate(network, np.ones((1, 1)), dtype="float32"))


def test_no_thread_works_on_when_nobody_wants_more() -> None:
    def endless() -> object:
        while True:
            yield np.zeros((1, 1))

    batches = simulate(chain(1.0, 0.0), endless(), threads=3)  # type: ignore[arg-type]
    assert next(batches).first == 0
    workers = [thread for thread in threading.enumerate() if thread.name.startswith("snnctl-events")]
    assert workers
    batches.close()  # type: ignore[attr-defined]
    for thread in workers:
        thread.join(timeout=10)
        assert not thread.is_alive()
