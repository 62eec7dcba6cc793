"""What plugins add to networks, made known to Keras so that files that name it can be opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from snnctl.plugins import NeuronModel, Registry
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.own import OWN
from snnctl.verbs.guarded_objects import GuardedConstraints, GuardedNeuron

if TYPE_CHECKING:
    from snnctl.conversion.network import Neuron


def register_with_keras(registry: Registry) -> None:
    """Register the neuron models and constraints of plugins with Keras, each as ``package:name`` and with a guard."""
    from snnctl.ttfs.constraints import Kind, register

    guarded: dict[Kind, Callable[[Any], Any]] = {"neuron_models": GuardedNeuron, "constraints": GuardedConstraints}
    for kind, guarding in guarded.items():
        for name, thing in registry.all(kind).items():
            qualified = registry.qualified(kind, name)
            if not qualified.startswith(f"{OWN}:"):
                register(kind, qualified, guarding(thing))


def neuron_of(name: str, registry: Registry) -> Neuron:
    """The neuron model called ``name``, as conversion takes it.

    Raises:
        PluginError: there is none; later, that its own code fails.
    """
    from snnctl.conversion.network import Neuron

    model = registry.neuron_model(name)
    return Neuron(name, model.fires_as or registry.qualified("neuron_models", name), _Parameters(model))


class _Parameters:
    """(J, D) of a plugin's model, with its failures told as such."""

    def __init__(self, model: NeuronModel) -> None:
        self._model = model

    def __call__(self, W: Any, b: Any) -> Any:
        import numpy as np

        from snnctl.errors import PluginError

        where = origin(self._model)
        with guard("parameters failed", where=where):
            J, D = (np.asarray(part) for part in self._model.parameters(W, b))
        if J.shape != W.shape or D.shape != b.shape:
            raise PluginError(
                f"parameters returned arrays of shapes {J.shape} and {D.shape}, not {W.shape} and {b.shape}",
                where=where,
            )
        return J, D
