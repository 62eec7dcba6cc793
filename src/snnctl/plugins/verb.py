"""What a verb is: something snnctl does, as a step of recipes and as a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from snnctl.plugins.own import OWN

RESERVED = ("out", "overwrite", "json", "as_json", "help")
"""Options that every command has; a step's own may not be called so."""

if TYPE_CHECKING:
    from snnctl.verbs.options import Options
    from snnctl.verbs.result import Result, Run


@dataclass(frozen=True)
class Verb:
    """Something snnctl does. Light: options and function are named, and imported only when they are asked for.

    Args:
        name: what the command line and recipes call it: lower case, digits and dashes.
        summary: one line of help.
        options_path: ``module:class`` of its options model, a subclass of :class:`snnctl.verbs.options.Options`.
        function_path: ``module:function`` of what it does.
        makes_model: whether its result is a network, which is always written.
        plan_path: ``module:function`` that tells what it would make; empty if it cannot tell.
        makes_folder: whether its result, though no network, is written to a new folder in runs/ if none is named.
        resumes: whether it keeps what it has found so far, so that it can go on after an interruption.
    """

    name: str
    summary: str
    options_path: str
    function_path: str
    makes_model: bool = True
    plan_path: str = ""
    makes_folder: bool = False
    resumes: bool = False

    @property
    def writes(self) -> bool:
        """Whether a run folder is written even if none is named."""
        return self.makes_model or self.makes_folder

    @property
    def options(self) -> type[Options]:
        """The options model (imports pydantic).

        Raises:
            PluginError: a plugin's cannot be imported, is none, or has an option that is called as a flag of all
                commands.
        """
        return _options(self)

    @property
    def function(self) -> Callable[[Any, Run], Result]:
        """What the verb does: ``function(options, run) -> Result`` (may import TensorFlow).

        Raises:
            PluginError: a plugin's cannot be imported.
        """
        return named(self.function_path, f"step '{self.name}'")

    @property
    def plan(self) -> Callable[[Any, Run], dict[str, Any]]:
        """What the verb would make, as plain data; only of a verb with ``plan_path`` (may import TensorFlow)."""
        return named(self.plan_path, f"step '{self.name}'")


def code_package(verb: Verb) -> str:
    """The top-level package that a verb's function is in; snnctl's for one made on the spot, which names none."""
    path: str = getattr(verb, "function_path", OWN)
    return path.partition(":")[0].partition(".")[0]


def named(path: str, what: str) -> Any:
    """What ``module:name`` names.

    Args:
        path: of a module and something in it.
        what: whose it is, for the message.

    Raises:
        PluginError: the module cannot be imported, or has nothing of that name.
    """
    from snnctl.plugins.guard import guard

    module, _, name = path.partition(":")
    with guard(f"{path} cannot be imported", where=f"{what} ({module.partition('.')[0]})"):
        return getattr(import_module(module), name)


@cache  # recipes ask for it again and again
def _options(verb: Verb) -> Any:
    from snnctl.errors import PluginError

    model = named(verb.options_path, f"step '{verb.name}'")
    where = f"step '{verb.name}' ({verb.options_path.partition('.')[0]})"
    if not (isinstance(model, type) and hasattr(model, "model_fields") and hasattr(model, "spiking_only")):
        raise PluginError(f"{verb.options_path} is no subclass of snnctl.verbs.options.Options", where=where)
    taken = [name for name in (*RESERVED, *(["plan"] if verb.plan_path else [])) if name in model.model_fields]
    if taken:
        raise PluginError(
            f"{verb.options_path} has an option called '{taken[0]}', which is a flag of all commands",
            where=where,
            todo="Its author should give it another name.",
        )
    return model
