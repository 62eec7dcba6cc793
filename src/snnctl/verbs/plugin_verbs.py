"""Steps of plugins: whatever their code raises or returns is judged here, before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath
from typing import Any, TypeVar

from snnctl.errors import PluginError, SnnctlError
from snnctl.plugins import Registry
from snnctl.plugins.guard import guard
from snnctl.plugins.metrics import plain_figures
from snnctl.plugins.own import OWN
from snnctl.plugins.verb import Verb, code_package
from snnctl.verbs.guarded_objects import OF_PLUGIN
from snnctl.verbs.result import Result, Run
from snnctl.verbs.run_files import checked_files

T = TypeVar("T")


def call(verb: Verb, options: Any, run: Run) -> Result:
    """``verb.function(options, run)``.

    Raises:
        PluginError: the verb is a plugin's, and its function fails or returns what is no result; or something else of
            a plugin failed, whatever libraries made of its error on the way.
    """
    return _called(verb, lambda: verb.function, options, run, ("it", "its result"), checked)


def call_plan(verb: Verb, options: Any, run: Run) -> dict[str, Any]:
    """``verb.plan(options, run)``: what the verb would make, as plain data.

    Raises:
        PluginError: the verb is a plugin's, and its function fails or returns what is no mapping of plain data.
    """
    return _called(
        verb,
        lambda: verb.plan,
        options,
        run,
        ("its plan", "its plan"),
        lambda found, where: _plain("its plan", found, where),
    )


def _called(
    verb: Verb,
    code: Callable[[], Callable[[Any, Run], Any]],
    options: Any,
    run: Run,
    told: tuple[str, str],
    check: Callable[[Any, str], T],
) -> T:
    """What ``code()`` returns for the options; snnctl's own is taken as it is, a plugin's is guarded and checked.

    Args:
        verb: whose code it is.
        code: imports the function.
        options: of the verb.
        run: of the verb.
        told: what messages say has failed, and cannot be read.
        check: makes plain data of what was found, given that and its place for messages.
    """
    package = package_of(verb, run.registry)
    if package == OWN:
        with _traced_to_plugins():
            own: T = code()(options, run)
            return own
    where = f"step '{verb.name}' ({package})"
    function = code()  # says itself what cannot be imported
    with guard(f"{told[0]} failed", where=where), _traced_to_plugins():
        found = function(options, run)
    with guard(f"{told[1]} cannot be read", where=where):
        return check(found, where)


def package_of(verb: Verb, registry: Registry) -> str:
    """The package that has registered the verb; that of its function, if nobody has."""
    entries = registry.claims.get("steps", {}).get(verb.name, ())
    found = next((entry.package for entry in entries if entry.thing is verb), None)
    return found or code_package(verb)


def checked(result: Any, where: str) -> Result:
    """What a plugin's step returned, as plain data and safe files.

    Raises:
        PluginError: it is no :class:`Result`, or something in it cannot be written.
    """
    if not isinstance(result, Result):
        raise PluginError(f"its function returned {type(result).__name__}, which is no Result", where=where)
    if not isinstance(result.verb, str):
        raise PluginError(f"verb of its result is {result.verb!r:.60}, which is no text", where=where)
    if result.failure is not None and not isinstance(result.failure, SnnctlError):
        raise PluginError(f"failure of its result is {result.failure!r:.60}, which is no SnnctlError", where=where)
    _require_model(result.model, where)
    if not isinstance(result.files, Mapping):
        raise PluginError(f"files of its result is {result.files!r:.60}, which must hold contents by name", where=where)
    return replace(
        result,
        metrics=_plain("metrics of its result", result.metrics, where),
        settings=_plain("settings of its result", result.settings, where),
        history=_history(result.history, where),
        files=checked_files(result.files, "its function", where),
    )


def _require_model(model: Any, where: str) -> None:
    if model is None:
        return
    import keras

    if not isinstance(model, keras.Model) or not model.built:
        raise PluginError(f"model of its result is {type(model).__name__}, which is no built Keras model", where=where)


def _history(history: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(history, list | tuple):
        raise PluginError(f"history of its result is {history!r:.60}, which must hold figures by epoch", where=where)
    return [_plain("history of its result", epoch, where) for epoch in history]


def _plain(name: str, value: Any, where: str) -> dict[str, Any]:
    """A mapping of plain data; paths, which settings may hold, become texts."""
    if isinstance(value, Mapping):
        value = {key: str(item) if isinstance(item, PurePath) else item for key, item in value.items()}
    try:
        return plain_figures(value)
    except PluginError as error:
        raise PluginError(f"{name}: {error.what}", where=where) from error


@contextmanager
def _traced_to_plugins() -> Iterator[None]:
    """Of an error inside a network, raises the plugin's: Keras makes new ones, of the same class with other words."""
    try:
        yield
    except Exception as error:
        cause = _of_plugin(error)
        if cause is None or (isinstance(error, SnnctlError) and not isinstance(error, PluginError)):
            raise
        raise cause from None


def _of_plugin(error: BaseException) -> PluginError | None:
    """The failure of a plugin that an error of Keras or TensorFlow was made of."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        if isinstance(each, PluginError) and hasattr(each, OF_PLUGIN):
            return each
        seen.add(id(each))
        each = each.__cause__ or each.__context__
    return None
