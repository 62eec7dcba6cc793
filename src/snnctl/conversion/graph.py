"""The source network as a list of steps, in the order of computation."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from snnctl.errors import ConversionError


@dataclass(frozen=True)
class Step:
    """One call of a layer.

    Args:
        layer: the layer that is called.
        inputs: keys of the tensors it reads.
        output: key of the tensor it makes.
        place: where in the network it stands, for messages, e.g. "layer 'conv2d_1' (Conv2D), 3 of 40".
    """

    layer: keras.layers.Layer
    inputs: tuple[int, ...]
    output: int
    place: str


@dataclass(frozen=True)
class Graph:
    """The steps, the key of the network's output, and the model (its tensors' identities are the keys)."""

    steps: tuple[Step, ...]
    output: int
    model: keras.Model


def graph_of(model: keras.Model) -> Graph:
    """The computation of a Sequential or functional model with one input and one output.

    Raises:
        ConversionError: a subclassed model, an unbuilt one, or several inputs or outputs.
    """
    functional = functional_form(model)
    for tensor in functional.inputs:
        if "float" not in str(tensor.dtype):
            raise ConversionError(
                f"model '{model.name}' takes {tensor.dtype} inputs and rounds what it is given",
                todo="Give the network's Input a floating-point dtype.",
            )
    for kind, tensors in (("inputs", functional.inputs), ("outputs", functional.outputs)):
        if len(tensors) != 1:
            raise ConversionError(
                f"model '{model.name}' has {len(tensors)} {kind}",
                todo="Networks with one input and one output convert.",
            )
    nodes = [
        node
        for depth in sorted(functional._nodes_by_depth, reverse=True)
        for node in functional._nodes_by_depth[depth]
        if not node.is_input
    ]
    total = len(nodes)
    steps = tuple(
        Step(
            layer=node.operation,
            inputs=tuple(id(tensor) for tensor in node.arguments.keras_tensors),
            output=id(node.outputs[0]),
            place=f"layer '{node.operation.name}' ({type(node.operation).__name__}), {number} of {total}",
        )
        for number, node in enumerate(nodes, start=1)
    )
    source = Step(functional.layers[0], (), id(functional.inputs[0]), "the input")
    return Graph((source, *steps), id(functional.outputs[0]), functional)


def functional_form(model: keras.Model) -> keras.Model:
    """The model as a functional one that shares its layers.

    Raises:
        ConversionError: a subclassed or unbuilt model.
    """
    definer = next(cls for cls in type(model).__mro__ if "call" in vars(cls))
    if not definer.__module__.startswith("keras."):
        raise ConversionError(
            f"model '{model.name}' ({type(model).__name__}) computes with a call method of its own",
            todo="Sequential and functional models convert.",
        )
    if isinstance(model, keras.Sequential) and model.built:
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    if not hasattr(model, "_nodes_by_depth"):
        raise ConversionError(
            f"model '{model.name}' ({type(model).__name__}) hides its graph",
            todo="Sequential and functional models convert; give a Sequential model an input shape.",
        )
    return model
