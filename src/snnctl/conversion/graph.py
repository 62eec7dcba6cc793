"""The source network as a list of steps, in the order of computation; nested models are opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras

from snnctl.errors import ConversionError
from snnctl.ttfs.keras_graph import calls, has_graph

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Step:
    """One call of a layer or operation.

    Args:
        layer: the layer, or Keras operation, that is called.
        name: its name.
        inputs: keys of the tensors it reads.
        outputs: keys of the tensors it makes.
        place: where in the network it stands, for messages, e.g. "layer 'conv2d_1' (Conv2D), 3 of 40".
        arguments: all it is called with (Keras's ``SymbolicArguments``).
    """

    layer: Any
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    place: str
    arguments: Any

    def call(self, values: Mapping[int, Any]) -> list[Any]:
        """The layer called anew, on ``values`` by key; its outputs."""
        read = zip(self.arguments.keras_tensors, self.inputs, strict=True)
        args, kwargs = self.arguments.fill_in({id(tensor): values[key] for tensor, key in read})
        return keras.tree.flatten(self.layer(*args, **kwargs))


Call = Callable[[Step, Mapping[int, Any]], list[Any]]
"""The outputs of a step, given the values so far by key."""


@dataclass(frozen=True)
class Graph:
    """A whole network.

    Args:
        steps: in the order of computation.
        input: key of the input.
        outputs: keys of the outputs.
        shapes: shape of each tensor by key, without the batch.
        model: the functional model.
    """

    steps: tuple[Step, ...]
    input: int
    outputs: tuple[int, ...]
    shapes: Mapping[int, Shape]
    model: keras.Model


def graph_of(model: keras.Model) -> Graph:
    """The computation of a Sequential or functional model with one input.

    Raises:
        ConversionError: a subclassed model, an unbuilt one, several inputs, or an input of whole numbers.
    """
    functional = functional_form(model)
    inputs, name = functional.inputs, f"model '{model.name}'"
    if odd := [str(tensor.dtype) for tensor in inputs if "float" not in str(tensor.dtype)]:
        todo = "Give the network's Input a floating-point dtype."
        raise ConversionError(f"{name} takes {odd[0]} inputs and rounds what it is given", todo=todo)
    if any(len(tensor.shape) < 2 for tensor in inputs):
        raise ConversionError(f"{name} takes single numbers", todo="Give the network's Input a shape, e.g. (1,).")
    if len(inputs) != 1:
        raise ConversionError(f"{name} has {len(inputs)} inputs", todo="Networks with one input convert.")
    keys, shapes = {id(inputs[0]): 0}, {0: tuple(inputs[0].shape[1:])}
    steps = list(_steps(functional, keys, shapes, ""))
    numbered = (replace(step, place=f"{step.place}, {i} of {len(steps)}") for i, step in enumerate(steps, start=1))
    return Graph(tuple(numbered), 0, tuple(keys[id(tensor)] for tensor in functional.outputs), shapes, functional)


def _steps(functional: keras.Model, keys: dict[int, int], shapes: dict[int, Shape], within: str) -> Iterator[Step]:
    """The steps of a model whose input tensors have keys already; gives keys to all others."""
    for node in calls(functional):
        layer, arguments = node.operation, node.arguments
        inputs = tuple(keys[id(tensor)] for tensor in arguments.keras_tensors)
        entered = _entered(layer, arguments)
        if entered is not None:
            nested = functional_form(layer)
            inside = {id(inner): keys[id(outer)] for inner, outer in entered}
            yield from _steps(nested, inside, shapes, f"{within} of '{layer.name}'")
            for outer, inner in zip(node.outputs, nested.outputs, strict=True):
                keys[id(outer)] = inside[id(inner)]
            continue
        for tensor in node.outputs:
            keys[id(tensor)] = len(shapes)
            shapes[len(shapes)] = tuple(tensor.shape[1:])
        outputs = tuple(keys[id(tensor)] for tensor in node.outputs)
        kind = "layer" if isinstance(layer, keras.layers.Layer) else "operation"
        place = f"{kind} '{layer.name}' ({type(layer).__name__}){within}"
        yield Step(layer, layer.name, inputs, outputs, place, arguments)


def extra_arguments(arguments: Any) -> list[str]:
    """Names of what a layer is called with besides tensors of the network: masks, constants; one may come twice."""
    values = [*(("a constant", value) for value in arguments.args), *arguments.kwargs.items()]
    parts = [(name, part) for name, value in values if name != "training" for part in keras.tree.flatten(value)]
    return [name for name, part in parts if part is not None and not keras.backend.is_keras_tensor(part)]


def _entered(layer: Any, arguments: Any) -> list[tuple[Any, Any]] | None:
    """The inputs of a nested model with the tensors given to them; None for a layer that is not to be opened."""
    if not opens(layer) or extra_arguments(arguments):
        return None
    inner, outer = functional_form(layer).inputs, list(arguments.keras_tensors)
    by_name = arguments.args[0] if len(arguments.args) == 1 else arguments.kwargs
    if isinstance(by_name, dict) and sorted(by_name) == sorted(tensor.name for tensor in inner):
        outer = [by_name[tensor.name] for tensor in inner]
    elif isinstance(by_name, dict) and by_name is not arguments.kwargs:
        return None
    pairs = list(zip(inner, outer, strict=False))
    # Keras would adapt the rank, and round to another type.
    alike = all(len(a.shape) == len(b.shape) and str(a.dtype) in ("float32", "float64") for a, b in pairs)
    return pairs if alike and len(inner) == len(outer) else None


def computed(graph: Graph, inputs: Any, call: Call = Step.call) -> list[Any]:
    """The outputs of a network for ``inputs``, symbolic or not; ``call`` makes the outputs of each step."""
    values: dict[int, Any] = {graph.input: inputs}
    for step in graph.steps:
        values.update(zip(step.outputs, call(step, values), strict=True))
    return [values[key] for key in graph.outputs]


def replayed(graph: Graph, shape: Shape, call: Call = Step.call, name: str | None = None) -> keras.Model:
    """A functional model that shares the graph's layers and computes it anew, nested models opened.

    Its input has this ``shape``, without the batch; its name is the source's unless given; see also :func:`computed`.
    """
    inputs = keras.Input(shape, dtype=graph.model.inputs[0].dtype)
    outputs = computed(graph, inputs, call)
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name=name or graph.model.name)


def sized(model: keras.Model, shape: tuple[int, ...]) -> keras.Model:
    """The model with its input's size fixed to ``shape`` (without the batch); as it is when it is fixed already.

    Raises:
        ConversionError: see :func:`graph_of`; the model cannot take inputs of this shape.
    """
    graph = graph_of(model)
    if None not in graph.shapes[graph.input]:
        return model
    try:
        return replayed(graph, shape)
    except ValueError as error:
        what = f"model '{model.name}' does not take inputs of shape {shape}: {str(error).splitlines()[0]}"
        raise ConversionError(what, todo="Use data of the size that the network was trained on.") from error


def opens(layer: Any) -> bool:
    """Whether a layer is a model whose graph can be walked."""
    return isinstance(layer, keras.Model) and _computes_as_keras_does(layer) and hasattr(layer, "inputs")


def functional_form(model: keras.Model) -> keras.Model:
    """The model as a functional one that shares its layers.

    Raises:
        ConversionError: a subclassed or unbuilt model.
    """
    name, todo = f"model '{model.name}' ({type(model).__name__})", "Sequential and functional models convert"
    if not _computes_as_keras_does(model):
        raise ConversionError(f"{name} computes with a call method of its own", todo=f"{todo}.")
    if isinstance(model, keras.Sequential) and model.built:
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    if not has_graph(model):
        raise ConversionError(f"{name} hides its graph", todo=f"{todo}; give a Sequential model an input shape.")
    return model


def _computes_as_keras_does(model: keras.Model) -> bool:
    definer = next(cls for cls in type(model).__mro__ if "call" in vars(cls))
    return definer.__module__.startswith("keras.")
