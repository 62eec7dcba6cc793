"""What a registered data set or architecture must look like; anything else is refused with the reason."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

from snnctl.data.dataset import Dataset
from snnctl.errors import PluginError
from snnctl.plugins.architecture import Architecture
from snnctl.plugins.options import declared_options

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def check_dataset(thing: Any) -> Dataset:
    """``thing``, if it is a usable data set.

    Raises:
        PluginError: what is wrong with it.
    """
    dataset = _instance(thing, Dataset)
    _require(_sizes(dataset.input_shape), dataset, "input_shape", "one or more positive integers")
    _require(_is_int(dataset.classes) and dataset.classes >= 1, dataset, "classes", "an integer of at least 1")
    _require(_names_classes(dataset), dataset, "class_names", "() or one text for each class")
    _require(_interval(dataset.raw_range), dataset, "raw_range", "(smallest, largest), two different finite numbers")
    _require(_mean_std(dataset.standard), dataset, "standard", "None or (mean, std) with std > 0")
    _require(isinstance(dataset.licence, str), dataset, "licence", "a text")
    return dataset


def check_architecture(thing: Any) -> Architecture:
    """``thing``, if it is a usable architecture.

    Raises:
        PluginError: what is wrong with it.
    """
    architecture = _instance(thing, Architecture)
    declared_options(architecture)
    return architecture


def _instance(thing: Any, kind: type) -> Any:
    if inspect.isclass(thing) and issubclass(thing, kind):
        raise PluginError(f"registers the class {thing.__name__}; register an instance of it")
    if not isinstance(thing, kind):
        raise PluginError(f"registers {type(thing).__name__} {thing!r:.60}, which is no {kind.__name__}")
    name = thing.name  # type: ignore[attr-defined]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise PluginError(f"{type(thing).__name__} has the name {name!r:.60}; use lower case, digits and dashes")
    _require(isinstance(thing.summary, str), thing, "summary", "a text")  # type: ignore[attr-defined]
    return thing


def _require(good: bool, thing: Any, attribute: str, wanted: str) -> None:
    if not good:
        value = getattr(thing, attribute)
        raise PluginError(f"'{thing.name}' has {attribute} = {value!r:.60}, which must be {wanted}")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(map(_is_finite, value))


def _sizes(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) > 0 and all(_is_int(size) and size > 0 for size in value)


def _interval(value: Any) -> bool:
    return _pair(value) and value[0] < value[1]


def _mean_std(value: Any) -> bool:
    return value is None or (_pair(value) and value[1] > 0)


def _names_classes(dataset: Dataset) -> bool:
    names = dataset.class_names
    if not isinstance(names, tuple | list):
        return False
    return all(isinstance(name, str) for name in names) and len(names) in (0, dataset.classes)
