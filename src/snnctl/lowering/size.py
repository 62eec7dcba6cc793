"""How large a network is."""

from __future__ import annotations

import numpy as np

from snnctl.events.network import Network


def synapses(network: Network) -> dict[str, int]:
    """Number of synapses that reach each population and readout, by name; none where there are none."""
    found: dict[str, int] = {}
    for projection in network.projections:
        firing = (projection.source >= 0).sum(axis=1)
        count = int(np.dot(firing, np.diff(projection.start))) * projection.J.shape[2]
        found[projection.target_name] = found.get(projection.target_name, 0) + count
    return found
