"""A spiking network on other hardware: constraints are part of a network, and are exchanged here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from snnctl.ttfs.constraints import ConstrainedLayer, Constraints, is_synaptic
from snnctl.ttfs.integration import IntegratingLayer
from snnctl.ttfs.keras_graph import producer

__all__ = ["Constraints", "constrained", "constraints_of", "restart_jitter", "unwrapped", "with_quantized_weights"]


@keras.saving.register_keras_serializable("snnctl")
class ConstrainedWiring(ConstrainedLayer, keras.layers.Wrapper):
    """A linear layer of Keras that computes with the weights that its hardware has.

    Args:
        layer: the linear layer, which holds, and trains, the weights before rounding.
        constraints: see :class:`~snnctl.ttfs.constraints.ConstrainedLayer`.

    Shapes and weights: the layer's.
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs: Any) -> None:
        super().__init__(layer=layer, **kwargs)

    def call(self, inputs):
        return self.through(self.layer, inputs)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)


def constrained(model: keras.Model, constraints: Constraints) -> keras.Model:
    """A new model with the same weights and names on hardware with these constraints, in place of those it had.

    ``constrained(model, Constraints())`` takes all of them away. The weights are those before rounding.

    Args:
        model: a spiking network, functional or sequential; stays as it is.
        constraints: what the hardware does.

    Returns:
        The network, not compiled.
    """

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model):
            return constrained(layer, constraints)
        layer = unwrapped(layer)
        config = layer.get_config()
        if isinstance(layer, ConstrainedLayer):
            config.pop("activity_regularizer", None)  # a penalty while training, no part of the network
            return type(layer).from_config({**config, "constraints": constraints.in_force()})
        new = type(layer).from_config(config)
        if constraints.on_weights and _linear_parts(layer):
            return ConstrainedWiring(new, name=layer.name, dtype=layer.dtype_policy, constraints=constraints.in_force())
        return new

    copy = keras.models.clone_model(model, _inputs(model), clone_function=clone)
    for old in model.layers:
        new = copy.get_layer(old.name)
        new.set_weights(old.get_weights())
        if isinstance(new, keras.layers.Normalization):
            new.finalize_state()
    return copy


def constraints_of(model: keras.Model) -> Constraints:
    """What a network is constrained by; nothing for one that is not spiking."""
    constraints = (layer.constraints for layer in model.layers if isinstance(layer, ConstrainedLayer))
    return next(constraints, Constraints())


def with_quantized_weights(model: keras.Model) -> keras.Model:
    """A new model whose weights and thresholds are the rounded ones, and only the constraints on times any more.

    It computes the same. This is what is written into a chip.

    Raises:
        ValueError: constraints of plugins are in force: what they do to weights and to times cannot be taken apart.
    """
    constraints = constraints_of(model)
    if constraints.constraint:
        raise ValueError(f"the network is under constraints of plugins: {', '.join(constraints.constraint)}")
    copy = constrained(model, constraints.times_only())
    for old in model.layers:
        new = copy.get_layer(old.name)
        for weight in (J for part in _linear_parts(new) for J in part.weights if is_synaptic(J, part)):
            weight.assign(constraints.weights(keras.ops.convert_to_tensor(weight)))
        if isinstance(old, IntegratingLayer):
            new.D.assign(old.offset_values())
    return copy


def restart_jitter(model: keras.Model) -> None:
    """Begin again with the first jitter, so that measuring twice finds the same."""
    for layer in model.layers:
        if isinstance(layer, ConstrainedLayer) and layer.jitter_seed is not None:
            layer.jitter_seed.restart()


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


def _linear_parts(layer: keras.layers.Layer) -> Sequence[keras.layers.Layer]:
    """The linear layers whose weights are J: the synapses of a layer that integrates, or wiring itself."""
    if isinstance(layer, IntegratingLayer):
        return layer.synapses
    return [layer] if any("kernel" in weight.name for weight in layer.weights) else []
