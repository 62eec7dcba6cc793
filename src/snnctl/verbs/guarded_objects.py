"""Neuron models and constraints of plugins inside networks: what they compute is checked, failures told as theirs."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from snnctl.errors import PluginError, SnnctlError
from snnctl.plugins import HardwareConstraint, NeuronModel
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.options import declared_options

SAID = "_keras_call_info_injected"
"""Keras makes another error, with the call's arguments in its text, of one that comes out of a layer without this."""
OF_PLUGIN = "_snnctl_of_plugin"
"""On the errors that come from a plugin's code, and not on those that Keras makes of them all the same."""


class GuardedNeuron(NeuronModel):
    """A neuron model whose slope is checked.

    Args:
        model: as the plugin registers it.
    """

    def __init__(self, model: NeuronModel) -> None:
        self._model = model

    def slope(self, sums: Any) -> Any:
        """See :meth:`NeuronModel.slope`.

        Raises:
            PluginError: it fails, or is no tensor of the shape and type of ``sums``.
        """
        return _checked(self._model, "slope", sums, lambda: self._model.slope(sums), may_be_none=True)


class GuardedConstraints:
    """Makes constraints of a class whose methods are checked.

    Args:
        constraint: the class, as the plugin registers it.
    """

    def __init__(self, constraint: type[HardwareConstraint]) -> None:
        self._class = constraint
        self._tuples = {name for name, (kind, _) in declared_options(constraint).items() if _may_be_tuple(kind)}

    def __call__(self, **options: Any) -> GuardedConstraint:
        """A constraint with these options.

        Raises:
            TypeError: it does not have them.
            PluginError: it cannot be made.
        """
        inspect.signature(self._class).bind(**options)
        for name in self._tuples & options.keys():  # a file gives back lists
            options[name] = tuple(options[name]) if isinstance(options[name], list) else options[name]
        with _telling(self._class, "__init__"):
            return GuardedConstraint(self._class(**options))


class GuardedConstraint(HardwareConstraint):
    """A constraint whose methods are checked: they keep shapes and types.

    Args:
        constraint: of a plugin.
    """

    def __init__(self, constraint: HardwareConstraint) -> None:
        self._constraint = constraint

    def weights(self, J: Any) -> Any:
        """See :meth:`HardwareConstraint.weights`; PluginError if it fails."""
        return _checked(self._constraint, "weights", J, lambda: self._constraint.weights(J))

    def thresholds(self, D: Any) -> Any:
        """See :meth:`HardwareConstraint.thresholds`; PluginError if it fails."""
        return _checked(self._constraint, "thresholds", D, lambda: self._constraint.thresholds(D))

    def times(self, x: Any, low: Any, width: Any, seed: Any) -> Any:
        """See :meth:`HardwareConstraint.times`; PluginError if it fails."""
        return _checked(self._constraint, "times", x, lambda: self._constraint.times(x, low, width, seed))


def _may_be_tuple(kind: Any) -> bool:
    return typing.get_origin(kind) is tuple or any(typing.get_origin(each) is tuple for each in typing.get_args(kind))


def _checked(thing: Any, method: str, given: Any, compute: Callable[[], Any], may_be_none: bool = False) -> Any:
    """What ``compute`` returns, if it is a tensor like ``given``; arrays of NumPy count.

    Raises:
        PluginError: it is not.
    """
    import keras

    with _telling(thing, method):
        found = compute()
        if found is None and may_be_none:
            return None
        if not isinstance(found, keras.KerasTensor):
            found = keras.ops.convert_to_tensor(found)
        _require_like(found, given, method, origin(thing))
        return found


def _require_like(found: Any, given: Any, method: str, where: str) -> None:
    import keras

    shape, wanted = tuple(found.shape), tuple(given.shape)
    fits = len(shape) == len(wanted) and all(
        one == other or one is None for one, other in zip(shape, wanted, strict=True)
    )
    if not fits:
        raise PluginError(f"{method} returned a tensor of shape {shape}, not {wanted}", where=where)
    dtype, expected = (keras.backend.standardize_dtype(each.dtype) for each in (found, given))
    if dtype != expected:
        raise PluginError(f"{method} returned a tensor of {dtype}, not {expected}", where=where)


@contextmanager
def _telling(thing: Any, method: str) -> Iterator[None]:
    """As :func:`guard`, for code that runs inside a layer."""
    try:
        with guard(f"{method} failed", where=origin(thing)):
            yield
    except SnnctlError as error:
        setattr(error, SAID, True)
        setattr(error, OF_PLUGIN, True)
        raise
