"""A spiking network on other hardware: constraints are part of a network, and are exchanged here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras

from snnctl.ttfs.coding import InputCoding
from snnctl.ttfs.constraints import (
    Constraints,
    from_config,
    is_synaptic,
    linear_call,
    rounded_weights,
    to_config,
)
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.keras_graph import producer
from snnctl.ttfs.relay import Relay

__all__ = [
    "Constraints",
    "constrained",
    "constraints_of",
    "restart_jitter",
    "unwrapped",
    "with_quantized_weights",
]


@keras.saving.register_keras_serializable("snnctl")
class ConstrainedWiring(keras.layers.Wrapper):
    """A linear layer of Keras that computes with rounded weights; those that it holds, and trains, are not rounded.

    Args:
        layer: the linear layer.
        constraints: of the hardware, by name (:class:`snnctl.ttfs.constraints.Constraints`).

    Shapes and weights: the layer's.
    """

    def __init__(self, layer: keras.layers.Layer, constraints: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.constraints = from_config(constraints)

    @property
    def kernel(self) -> keras.Variable:
        """The layer's."""
        return self.layer.kernel

    def call(self, inputs):
        """What the layer makes of them."""
        return linear_call(self.layer, inputs, self.constraints)

    def compute_output_shape(self, input_shape):
        """The layer's."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Everything needed to build the layer again."""
        return {**super().get_config(), **to_config(self.constraints)}


CARRIERS = (InputCoding, IntegratingLayer, Relay)
"""The layers that hold constraints themselves; other ones with weights are wrapped."""


def constrained(model: keras.Model, constraints: Constraints) -> keras.Model:
    """A new model with the same weights and names on hardware with these constraints, in place of those it had.

    ``constrained(model, Constraints())`` takes all of them away. The weights are those before rounding.

    Args:
        model: a spiking network, functional or sequential; stays as it is.
        constraints: what the hardware does.

    Returns:
        The network, not compiled.

    """

    def again(layer: keras.layers.Layer) -> keras.layers.Layer:
        return constrained(layer, constraints) if isinstance(layer, keras.Model) else _again(layer, constraints)

    copy = keras.models.clone_model(model, _inputs(model), clone_function=again)
    for old in model.layers:
        new = copy.get_layer(old.name)
        new.set_weights(old.get_weights())
        if isinstance(new, keras.layers.Normalization):
            new.finalize_state()
    return copy


def constraints_of(model: keras.Model) -> Constraints:
    """What a network is constrained by; nothing for one that is not spiking."""
    found = (layer.constraints for layer in model.layers if isinstance(layer, (*CARRIERS, ConstrainedWiring)))
    return next(found, Constraints())


def with_quantized_weights(model: keras.Model) -> keras.Model:
    """A new model whose weights and thresholds are the rounded ones, and only the constraints on times any more.

    It computes the same. This is what is written into a chip.

    Raises:
        ValueError: constraints of plugins are in force: what they do to weights and to times cannot be taken apart.
    """
    constraints = constraints_of(model)
    if constraints.of_plugins:
        raise ValueError(f"the network is under constraints of plugins: {', '.join(constraints.constraint)}")
    copy = constrained(model, constraints.times_only())
    for old in model.layers:
        new = copy.get_layer(old.name)
        if constraints.weight_bits:
            for weight in _weights(new):
                weight.assign(rounded_weights(keras.ops.convert_to_tensor(weight), constraints))
        if isinstance(old, IntegratingLayer):
            new.D.assign(old.offset_values())
    return copy


def restart_jitter(model: keras.Model) -> None:
    """Begin again with the first jitter, so that measuring twice finds the same."""
    for layer in model.layers:
        seed = getattr(layer, "jitter_seed", None)
        if seed is not None:
            seed.restart()


def unwrapped(layer: Any) -> Any:
    """The layer of Keras that wiring is made of; any other layer itself."""
    return layer.layer if isinstance(layer, ConstrainedWiring) else layer


def _inputs(model: keras.Model) -> Any:
    """Inputs of the same names: Keras would name them after their tensors. A sequential model's keep theirs."""
    if isinstance(model, keras.Sequential):
        return None
    return keras.tree.map_structure(
        lambda x: keras.Input(batch_shape=x.shape, dtype=x.dtype, name=producer(x)[0].name), model.input
    )


def _again(layer: keras.layers.Layer, constraints: Constraints) -> keras.layers.Layer:
    """A layer made anew, with these constraints."""
    layer = unwrapped(layer)
    config = {name: value for name, value in layer.get_config().items() if name != "constraints"}
    if isinstance(layer, CARRIERS):
        config.pop("activity_regularizer", None)  # a penalty while training, no part of the network
        return type(layer).from_config({**config, **to_config(constraints)})
    new = type(layer).from_config(config)
    if constraints.on_weights and _is_wiring_with_weights(layer):
        return ConstrainedWiring(new, name=layer.name, dtype=layer.dtype_policy, **to_config(constraints))
    return new


def _is_wiring_with_weights(layer: keras.layers.Layer) -> bool:
    return any("kernel" in weight.name for weight in layer.weights)


def _weights(layer: keras.layers.Layer) -> Iterator[keras.Variable]:
    """The synaptic weights J of a layer of an unconstrained network."""
    wiring = [layer] if _is_wiring_with_weights(layer) else []
    parts = layer.synapses if isinstance(layer, IntegratingLayer) else wiring
    yield from (weight for part in parts for weight in part.weights if is_synaptic(weight))
