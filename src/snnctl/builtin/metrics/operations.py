"""Operations of an image: accumulates, multiply-accumulates, and an estimate of the energy that they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from snnctl.metrics.batch import Batch
from snnctl.metrics.network import PRICES, MeasuredNetwork
from snnctl.plugins.metric import Metric

PJ_IN_NJ = 1000.0


class Sums:
    """Operations by layer, summed up over all batches of a network; None where they cannot be counted."""

    def __init__(self, network: MeasuredNetwork) -> None:
        self._network = network
        self._counts: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int | None]) -> None:
        """The operations of a batch, by layer."""
        self._counts.update({name: count for name, count in counts.items() if count is not None})

    def per_image(self, names: Iterable[str]) -> float | None:
        """Operations per image of some layers together."""
        if self._network.macs is None:
            return None
        return sum(self._counts[name] for name in names) / self._network.images


class SynapticOperations(Metric):
    """``synaptic_operations``: spikes times the synapses they reach, per image; None where those cannot be counted.

    Those that relay neurons integrate stand apart. A layer's are those that it integrates.
    """

    name = "synaptic-operations"
    summary = "Accumulates per image: spikes times their true fan-out"
    networks = ("snn",)
    needs = ("spikes",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._sums = Sums(network)

    def add(self, batch: Batch) -> None:
        self._sums.add(batch.synaptic_operations)

    def result(self) -> Mapping[str, Any]:
        network, per_image = self.network, self._sums.per_image
        relays = network.integrating(relays=True)
        layers = [{"name": layer.name, "synaptic_operations": per_image([layer.name])} for layer in network.layers]
        readouts = [
            {"name": name, "kind": "readout", "synaptic_operations": per_image([name])} for name in network.readouts
        ]
        return {
            "synaptic_operations": per_image(network.integrating(relays=False)),
            "relay_synaptic_operations": per_image(relays) if relays else 0.0,
            "layers": layers,
            "readouts": readouts,
        }


class Macs(Metric):
    """``macs``: all multiply-accumulates of an image; ``nonzero_macs``: those with an input that is not 0, on average.

    Of a spiking network they are those of the ReLU network that it equals. None where they cannot be counted.
    """

    name = "macs"
    summary = "Multiply-accumulates per image of the ReLU network, dense and non-zero"
    needs = ("nonzero",)

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._nonzero = Sums(network)

    def add(self, batch: Batch) -> None:
        self._nonzero.add(batch.nonzero_operations)

    def result(self) -> Mapping[str, Any]:
        nonzero = self._nonzero.per_image(self.network.integrating(relays=False))
        return {"macs": self.network.macs, "nonzero_macs": nonzero}


class Energy(Metric):
    """``energy``: operations times what one costs, in nJ an image, with the assumption it rests on.

    A spiking network pays for all synaptic operations, those of relay neurons among them; a ReLU network for all
    multiply-accumulates (``relu_nj``), or for those with an input that is not 0 (``relu_nonzero_nj``).
    """

    name = "energy"
    summary = "Estimate of the energy per image"
    needs = ("spikes", "nonzero")

    def __init__(self, network: MeasuredNetwork) -> None:
        super().__init__(network)
        self._accumulates, self._nonzero = Sums(network), Sums(network)

    def add(self, batch: Batch) -> None:
        self._nonzero.add(batch.nonzero_operations)
        if self.network.kind == "snn":
            self._accumulates.add(batch.synaptic_operations)

    def result(self) -> Mapping[str, Any]:
        network, (ac_pj, mac_pj) = self.network, self.network.prices
        integrating = network.integrating(relays=False)
        figures: dict[str, Any] = {}
        if network.kind == "snn":
            accumulates = self._accumulates.per_image([*integrating, *network.integrating(relays=True)])
            figures["spiking_nj"] = _energy(accumulates, ac_pj)
        figures["relu_nj"] = _energy(network.macs, mac_pj)
        figures["relu_nonzero_nj"] = _energy(self._nonzero.per_image(integrating), mac_pj)
        source = "45 nm, Horowitz 2014" if network.prices == PRICES else "as given"
        assumption = (
            f"{source}: {ac_pj:g} pJ an accumulate, {mac_pj:g} pJ a multiply-accumulate; "
            "memory, routing and neurons not counted"
        )
        return {"energy": {**figures, "ac_pj": ac_pj, "mac_pj": mac_pj, "assumption": assumption}}


def _energy(count: float | None, price: float) -> float | None:
    return None if count is None else count * price / PJ_IN_NJ
