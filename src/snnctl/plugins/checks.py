"""What a registered thing must look like; anything else is refused with the reason."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

from snnctl.data.dataset import Dataset
from snnctl.errors import PluginError
from snnctl.plugins.command import Command
from snnctl.plugins.constraint import HardwareConstraint
from snnctl.plugins.options import declared_options
from snnctl.plugins.reader import Reader
from snnctl.plugins.verb import Verb
from snnctl.plugins.written_options import check_written_options

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
CONSTRAINING = ("weights", "thresholds", "times")


def check_instance(thing: Any, kind: type) -> Any:
    """``thing``, if it is an instance of ``kind`` with a usable name, a summary, and options that are declared well.

    Raises:
        PluginError: what is wrong with it.
    """
    if inspect.isclass(thing) and issubclass(thing, kind):
        raise PluginError(f"registers the class {thing.__name__}; register an instance of it")
    if not isinstance(thing, kind):
        raise PluginError(f"registers {type(thing).__name__} {thing!r:.60}, which is no {kind.__name__}")
    _check_texts(thing, type(thing).__name__)
    declared_options(thing)
    return thing


def check_dataset(thing: Any) -> Dataset:
    """``thing``, if it is a usable data set; with options, shape and classes may be left to :meth:`Dataset.configured`.

    Raises:
        PluginError: what is wrong with it.
    """
    dataset = check_instance(thing, Dataset)
    if not declared_options(dataset):
        check_samples_of(dataset)
    _require(_interval(dataset.raw_range), dataset, "raw_range", "(smallest, largest), two different finite numbers")
    _require(_mean_std(dataset.standard), dataset, "standard", "None or (mean, std) with std > 0")
    _require(isinstance(dataset.licence, str), dataset, "licence", "a text")
    return dataset


def check_samples_of(dataset: Dataset) -> Dataset:
    """``dataset``, if it says what its samples are: their shape, and how many classes there are.

    Raises:
        PluginError: what is wrong with it.
    """
    _require(_sizes(dataset.input_shape), dataset, "input_shape", "one or more positive integers")
    _require(_is_int(dataset.classes) and dataset.classes >= 1, dataset, "classes", "an integer of at least 1")
    _require(_names_classes(dataset), dataset, "class_names", "() or one text for each class")
    return dataset


def check_constraint(thing: Any) -> type[HardwareConstraint]:
    """``thing``, if it is a usable class of hardware constraints.

    Raises:
        PluginError: what is wrong with it.
    """
    if isinstance(thing, HardwareConstraint):
        raise PluginError(f"registers an instance of {type(thing).__name__}; register the class")
    if not (inspect.isclass(thing) and issubclass(thing, HardwareConstraint)):
        raise PluginError(f"registers {type(thing).__name__} {thing!r:.60}, which is no subclass of HardwareConstraint")
    _check_texts(thing, thing.__name__)
    if all(getattr(thing, name) is getattr(HardwareConstraint, name) for name in CONSTRAINING):
        raise PluginError(f"'{thing.name}' defines none of {', '.join(CONSTRAINING)}: it constrains nothing")
    check_written_options(thing)
    return thing


def check_reader(thing: Any) -> Reader:
    """``thing``, if it is a usable reader.

    Raises:
        PluginError: what is wrong with it.
    """
    reader = check_instance(thing, Reader)
    _require(_suffixes(reader.suffixes), reader, "suffixes", "a tuple of texts such as '.onnx', lower case")
    return reader


def check_step(thing: Any) -> Verb:
    """``thing``, if it is a usable verb.

    Raises:
        PluginError: what is wrong with it.
    """
    verb = check_instance(thing, Verb)
    _require_path(verb, "options_path")
    _require_path(verb, "function_path")
    if verb.plan_path:
        _require_path(verb, "plan_path")
    return verb


def check_command(thing: Any) -> Command:
    """``thing``, if it is a usable command.

    Raises:
        PluginError: what is wrong with it.
    """
    command = check_instance(thing, Command)
    _require_path(command, "path")
    return command


def _check_texts(thing: Any, called: str) -> None:
    name = thing.name
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise PluginError(f"{called} has the name {name!r:.60}; use lower case, digits and dashes")
    _require(isinstance(thing.summary, str), thing, "summary", "a text")


def _require_path(thing: Any, attribute: str) -> None:
    value = getattr(thing, attribute)
    _require(isinstance(value, str) and PATH.fullmatch(value) is not None, thing, attribute, "'module:name'")


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


def _suffixes(value: Any) -> bool:
    texts = isinstance(value, tuple | list) and all(isinstance(suffix, str) for suffix in value)
    return texts and all(len(suffix) > 1 and suffix[0] == "." and suffix == suffix.lower() for suffix in value)
