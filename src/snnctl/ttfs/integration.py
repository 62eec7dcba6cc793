"""What spiking layers and readouts share: synapses that are summed, and an offset per neuron; and the readout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import keras
from keras import ops

from snnctl.ttfs.constraints import ConstrainedLayer

DECODINGS = ("linear", "relu")


class IntegratingLayer(ConstrainedLayer):
    """Sums the currents of its synapse groups and adds the offset D of each neuron.

        z = D + sum_g synapses_g(x_g)

    where ``x_g`` are the layer-local spike times of group g. A group is a chain of Keras's own linear layers
    without bias (``Dense``, ``Conv2D``, ...); an empty chain connects one to one, with weights of 1.

    D holds one value per channel (last axis), or, when ``border_classes`` is given, as many values per channel and an
    index that says which of them holds at each position of the output: a convolution with zero padding that reads a
    shifted signal needs other offsets at the border (docs/mathematics.md).

    Args:
        synapses: one linear layer, one chain of them, or a list of chains; with several chains the layer
            is called on a list of as many tensors.
        border_classes: number of distinct offsets per channel; None for one.
        source: names of the layers of the ReLU network that became this one, for the reader.
        train_D: whether D is trained; not so where neurons just carry a value, which the ReLU network has no bias for.
        constraints: see :class:`~snnctl.ttfs.constraints.ConstrainedLayer`.

    Weights: ``D`` of shape (channels,) or (border classes, channels), in tau_c; ``position_index`` of the output's
    shape without batch and channels, integers below ``border_classes`` (not trainable).

    Raises:
        ValueError: a synapse layer has a bias, an activation or another precision.
    """

    def __init__(
        self,
        synapses: Any,
        border_classes: int | None = None,
        source: Sequence[str] = (),
        train_D: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.border_classes = border_classes
        self.source = tuple(source)
        self.train_D = train_D
        groups = [synapses] if isinstance(synapses, keras.layers.Layer) else list(synapses)
        if any(isinstance(part, keras.layers.Layer) for part in groups):
            groups = [groups]
        self._group_sizes = [len(group) for group in groups]
        # One flat list: Keras saves the weights of layers in a list, but not of layers in a list of lists.
        self.synapses = [layer for group in groups for layer in group]
        for layer in self.synapses:
            if getattr(layer, "use_bias", False):
                raise ValueError(f"synapse layer {layer.name} has a bias; the offset of a neuron is the layer's D")
            if getattr(layer, "activation", None) not in (None, keras.activations.linear):
                raise ValueError(f"synapse layer {layer.name} has an activation; synapses are linear")
            if layer.compute_dtype != self.compute_dtype:
                what = f"synapse layer {layer.name} computes in {layer.compute_dtype}, but layer {self.name}"
                raise ValueError(f"{what} in {self.compute_dtype}: give both the same dtype")

    def groups(self) -> Iterator[list[keras.layers.Layer]]:
        """The chains of synapse layers, one for each input tensor."""
        layers = iter(self.synapses)
        for size in self._group_sizes:
            yield list(islice(layers, size))

    def _by_group(self, inputs: Any) -> Any:
        """The input, or its shape, of each group."""
        return inputs if len(self._group_sizes) > 1 else [inputs]

    def build(self, input_shape) -> None:
        shapes = zip(self.groups(), self._by_group(input_shape), strict=True)
        outputs = [_build_chain(group, tuple(shape)) for group, shape in shapes]
        if any(shape[1:] != outputs[0][1:] for shape in outputs):
            raise ValueError(f"layer {self.name}: the synapse groups' outputs differ in shape: {outputs}")
        *positions, channels = outputs[0][1:]
        rows = () if self.border_classes is None else (self.border_classes,)
        self.D = self.add_weight(name="D", shape=(*rows, channels), initializer="zeros", trainable=self.train_D)
        if self.border_classes is not None:
            self.position_index = self.add_weight(
                name="position_index", shape=positions, dtype="int32", initializer="zeros", trainable=False
            )

    def currents(self, inputs):
        """``sum_g synapses_g(x_g)``."""
        currents = []
        for group, x in zip(self.groups(), self._by_group(inputs), strict=True):
            for linear in group:
                x = self.through(linear, x)
            currents.append(x)
        return sum(currents[1:], currents[0])  # (batch, *neurons)

    def offset_values(self):
        """D as the hardware has it, of D's shape."""
        return self.constraints.thresholds(ops.convert_to_tensor(self.D))

    def offsets(self):
        """D as the hardware has it, broadcastable to (batch, \\*neurons)."""
        D = self.offset_values()  # (channels,) or (border classes, channels)
        return D if self.border_classes is None else ops.take(D, self.position_index, axis=0)

    def integrate(self, inputs):
        """``D + sum_g synapses_g(x_g)``, in tau_c."""
        return self.currents(inputs) + ops.cast(self.offsets(), self.compute_dtype)  # (batch, *neurons)

    def compute_output_shape(self, input_shape):
        return _build_chain(next(self.groups()), tuple(self._by_group(input_shape)[0]))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "synapses": keras.saving.serialize_keras_object(list(self.groups())),
            "border_classes": self.border_classes,
            "source": list(self.source),
            "train_D": self.train_D,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> IntegratingLayer:
        config = {**config, "synapses": keras.saving.deserialize_keras_object(config["synapses"])}
        if "positions" in config:  # as snnctl 0.1.0 called them
            config["border_classes"] = config.pop("positions")
            if config.get("signed"):  # whose networks are converted again
                cls = keras.saving.get_registered_object("snnctl>SignedLayer")
        return cls(**config)


@keras.saving.register_keras_serializable("snnctl")
class Readout(IntegratingLayer):
    """Reads the potentials at ``t_min``, the end of the last hidden layer's window, as logits.

        V_i(t_min) = D_i + sum_j J_ij (t_min - t_j) = D_i + sum_j J_ij x_j          [HP, Methods]

    Args:
        synapses: see :class:`~snnctl.ttfs.integration.IntegratingLayer`, as for all further arguments.
        decoding: "linear", or "relu" for a source network that ends in a ReLU, so that its ties stay ties.
        max_value: largest output of the "relu" decoding (a clipped ReLU); None for no limit.

    Shapes: local spike times (batch, \\*inputs), or a list of them; out (batch, \\*outputs).

    Raises:
        ValueError: unknown decoding, or a synapse layer that is not linear.
    """

    def __init__(self, synapses: Any, decoding: str = "linear", max_value: float | None = None, **kwargs: Any) -> None:
        super().__init__(synapses, **kwargs)
        if decoding not in DECODINGS:
            raise ValueError(f"unknown decoding {decoding!r}; known: {', '.join(DECODINGS)}")
        self.decoding = decoding
        self.max_value = max_value

    def call(self, inputs):
        """The logits."""
        potential = self.integrate(inputs)  # (batch, *outputs)
        if self.decoding == "linear":
            return potential
        positive = ops.relu(potential)
        return positive if self.max_value is None else ops.minimum(positive, self.max_value)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "decoding": self.decoding, "max_value": self.max_value}


@keras.saving.register_keras_serializable("snnctl")
class Diagonal(keras.layers.Layer):
    """Synapses that connect each neuron with its own successor only: ``J_i x_i``, a weight per channel or per neuron.

    Args:
        per_neuron: a weight for each neuron of the tensor; otherwise one per channel (last axis).
        signs: whether the weights are +1 and -1, the signs of other synapses' weights, which no hardware rounds.

    Shapes: any shape in, the same out. Weights: ``kernel``, (channels,) or the input's shape without batch.
    """

    def __init__(self, per_neuron: bool = False, signs: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.per_neuron, self.signs = per_neuron, signs

    def build(self, input_shape) -> None:
        shape = tuple(input_shape[1:]) if self.per_neuron else (input_shape[-1],)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="ones")

    def call(self, inputs):
        """``J_i x_i``."""
        return inputs * ops.cast(self.kernel, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "per_neuron": self.per_neuron, "signs": self.signs}


def _build_chain(group: list[keras.layers.Layer], shape: tuple) -> tuple:
    """Builds a chain that reads tensors of ``shape``; the shape of its outputs."""
    for layer in group:
        if not layer.built:
            layer.build(shape)
        shape = tuple(layer.compute_output_shape(shape))
    return shape
