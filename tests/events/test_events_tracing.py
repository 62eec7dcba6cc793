"""The courses of potentials: against the equation of the potential, spike by spike."""

from __future__ import annotations

import numpy as np
import pytest
from by_products import simulated, synapses
from event_networks import Case, case
from hypothesis import given, settings
from hypothesis import strategies as st

from snnctl.events import Population, Potential, Readout, trace

cases = st.builds(case, st.integers(0, 2**32), exact=st.booleans(), alpha=st.booleans(), images=st.just(1))


@settings(deadline=None, max_examples=30)
@given(cases)
def test_potentials_follow_the_equation_to_their_spike_or_end(case: Case) -> None:
    network, batch = case.network, simulated(case)
    watched = [
        (each, neuron) for each in (*network.populations[1:], *network.readouts) for neuron in range(*each.shape)
    ]
    image = trace(network, case.inputs[0], [(target.name, neuron) for target, neuron in watched])
    fired = np.concatenate([*image.times.values(), *image.pool_times.values()])
    for (target, neuron), potential in zip(watched, image.potentials, strict=True):
        assert (potential.population, potential.neuron) == (target.name, neuron)
        assert np.all(np.diff(potential.t) > 0)
        np.testing.assert_allclose(potential.V, course(case, target, potential, fired), atol=1e-9)
        if isinstance(target, Readout):
            assert potential.threshold is None
            assert target.decoding != "linear" or potential.V[-1] == pytest.approx(image.logits[0][neuron], abs=1e-9)
            continue
        assert potential.threshold == target.threshold[neuron]
        assert potential.spike_time == batch.times[target.name][0, neuron]
        if np.isinf(potential.spike_time):
            assert potential.t[-1] == potential.t_max
            assert potential.V[-1] <= potential.threshold + 1e-9 or potential.V[-1] <= potential.V[-2]
        else:
            assert potential.t[-1] == pytest.approx(potential.spike_time)
            assert potential.V[-1] >= potential.threshold - 1e-9
            if potential.spike_time > potential.t_min:
                assert potential.V[-1] == pytest.approx(potential.threshold, abs=1e-9)


def course(case: Case, target: Population | Readout, potential: Potential, fired: np.ndarray) -> np.ndarray:
    """The potential at the corners, by adding up what each spike has added by then."""
    t = np.minimum(potential.t, target.t_read if isinstance(target, Readout) else target.end)
    if isinstance(target, Readout):
        V = np.full(len(t), target.D[potential.neuron])
    else:
        B = np.broadcast_to(target.B, target.shape)[potential.neuron]
        V = target.A * (t - target.start) + B * np.maximum(potential.t - target.t_min, 0)
    for projection in case.network.projections:
        if projection.target_name == potential.population:
            for spike, reached, J in synapses(projection):
                if reached == potential.neuron and np.isfinite(fired[spike]):
                    V = V + J * np.maximum(t - fired[spike], 0)
    return V
