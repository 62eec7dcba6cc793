"""The courses of potentials: against the equation of the potential, spike by spike."""

from __future__ import annotations

import numpy as np
import pytest
from by_products import simulated, synapses
from event_networks import Case, case
from hypothesis import given, settings
from hypothesis import strategies as st

from snnctl.events import NetworkError, Population, Potential, trace

cases = st.builds(case, st.integers(0, 2**32), exact=st.booleans(), alpha=st.booleans(), images=st.just(1))
properties = settings(deadline=None, max_examples=30)


@properties
@given(cases)
def test_potentials_follow_the_equation(case: Case) -> None:
    network = case.network
    targets = [*network.populations[1:], *network.readouts]
    watched = [(target.name, neuron) for target in targets for neuron in range(target.shape[0])]
    found = trace(network, case.inputs[0], watched)
    fired = np.concatenate([*found.times.values(), *found.pool_times.values()])
    assert [(potential.population, potential.neuron) for potential in found.potentials] == watched
    for potential in found.potentials:
        assert np.all(np.diff(potential.t) > 0)
        for target in targets:
            if target.name == potential.population:
                expected = course(case, target, potential, fired)
                np.testing.assert_allclose(potential.V, expected, atol=1e-9)


def course(case: Case, target: object, potential: Potential, fired: np.ndarray) -> np.ndarray:
    """The potential at the corners, by adding up what each spike has added by then."""
    neuron = isinstance(target, Population)
    start, end = (target.start, target.end) if neuron else (target.start, target.t_read)  # type: ignore[attr-defined,union-attr]
    t = np.minimum(potential.t, end)
    V = (target.A if neuron else 0.0) * (t - start) + (0.0 if neuron else target.D[potential.neuron])  # type: ignore[union-attr,attr-defined]
    for projection in case.network.projections:
        if projection.target_name == potential.population:
            for spike, reached, J in synapses(projection):
                if reached == potential.neuron and np.isfinite(fired[spike]):
                    V = V + J * np.maximum(t - fired[spike], 0)
    if neuron:
        B = np.broadcast_to(target.B, target.shape)[potential.neuron]  # type: ignore[union-attr]
        V = V + B * np.maximum(potential.t - target.t_min, 0)  # type: ignore[union-attr]
    return V


@properties
@given(cases)
def test_potentials_end_at_their_threshold_or_window_or_reading(case: Case) -> None:
    network, batch = case.network, simulated(case)
    watched = [(each.name, neuron) for each in network.populations[1:] for neuron in range(each.neurons)]
    for potential in trace(network, case.inputs[0], watched).potentials:
        assert potential.spike_time == batch.times[potential.population][0, potential.neuron]
        assert potential.threshold is not None
        if np.isinf(potential.spike_time):
            assert potential.t[-1] == potential.t_max
            assert potential.V[-1] <= potential.threshold + 1e-9 or potential.V[-1] <= potential.V[-2]
        else:
            assert potential.t[-1] == pytest.approx(potential.spike_time)
            assert potential.V[-1] >= potential.threshold - 1e-9
            if potential.spike_time > potential.t_min:
                assert potential.V[-1] == pytest.approx(potential.threshold, abs=1e-9)
    found = trace(network, case.inputs[0], [("out", 1)])
    assert found.potentials[0].threshold is None
    assert found.potentials[0].V[-1] == pytest.approx(found.logits[0][1], abs=1e-9)


@pytest.mark.parametrize("watched", [("in", 0), ("out", 3), ("out", -1), ("nobody", 0)])
def test_what_has_no_potential_is_refused(watched: tuple[str, int]) -> None:
    made = case(1)
    with pytest.raises(NetworkError, match=f"no neuron {watched[1]} with a potential in '{watched[0]}'"):
        trace(made.network, made.inputs[0], [watched])
