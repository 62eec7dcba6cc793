"""Options are checked here, before any work and without TensorFlow, and never end in a pydantic traceback."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from snnctl.errors import DataError, ModelError, SnnctlError, UsageError
from snnctl.models.load import find_source
from snnctl.plugins import Registry
from snnctl.plugins.problems import Label, Problem, find_problems, quoted
from snnctl.runs import expanded, read_run
from snnctl.verbs.known import recorded
from snnctl.verbs.model_readers import readers_of
from snnctl.verbs.named import find_named_problems, require_names
from snnctl.verbs.options import Options
from snnctl.verbs.recorded import no_data_set, recorded_settings, require_spiking
from snnctl.verbs.result import Given
from snnctl.verbs.simulation import refuse_unfit

Model = TypeVar("Model", bound=Options)


def make_options(model_class: type[Model], mapping: Mapping[str, Any], where: str = "", label: Label = quoted) -> Model:
    """The options in ``mapping`` as a ``model_class``.

    Args:
        model_class: names, types and limits of the options.
        mapping: the options given.
        where: what the message begins with.
        label: what an option is called in messages, given its key.

    Raises:
        UsageError: an unknown key (names the nearest), a missing one or a value that does not fit.
    """
    problems = find_problems(model_class, mapping, label)
    if problems:
        raise UsageError(problems[0].message, where=where, todo=problems[0].todo)
    return model_class.model_validate(dict(mapping))


def find_name_problems(
    model: type[Options],
    given: Mapping[str, Any],
    registry: Registry,
    data: str | None = None,
    data_opt: Mapping[str, Any] | None = None,
) -> list[Problem]:
    """Everything wrong with the names in ``given``: data set, preprocessing, architecture, plugins, and their options.

    Values of the wrong type are passed over: :func:`make_options` complains about those.

    Args:
        model: the options there are; their marks tell what they name.
        given: the options given.
        registry: what can be named.
        data: the data set that is used if ``given`` names none; its preprocessing is checked with it.
        data_opt: its options, if ``given`` names none.
    """
    problems = find_named_problems(model, given, registry)
    wrong = {problem.key.partition(".")[0] for problem in problems}
    used = (data, data_opt or {}) if given.get("data") is None else (given["data"], given.get("data_opt") or {})
    for key, check in _checks(given, registry, *used):
        if key == "preprocess" and wrong & {"data", "data_opt"}:
            continue
        try:
            check()
        except SnnctlError as error:
            problems.append(Problem(key, error.what, error.todo))
    return problems


def check_names(options: Options, registry: Registry, objects: Given | None = None, needs_data: bool = True) -> None:
    """Refuse unknown names and missing files before TensorFlow is imported.

    Args:
        options: of any verb.
        registry: the data sets and architectures there are.
        objects: what is given in Python in place of files.
        needs_data: whether the verb reads data, which must be named then.

    Raises:
        PluginError: no such data set or architecture.
        UsageError: a preprocessing or an option of the architecture that does not fit, or constraints that the
            event-driven simulation cannot be compared under.
        ModelError: the model does not exist, or is of the wrong kind as far as its run tells.
        DataError: the file to calibrate on does not exist.
    """
    given = options.model_dump()
    objects = objects or Given()
    require_names(type(options), given, registry)
    for _, check in _checks(given, registry, given.get("data"), given.get("data_opt") or {}):
        check()
    if given.get("model") is None:
        return
    needs_data = needs_data and "data" in given  # export takes none
    own = not needs_data or given.get("calibrate") is not None or objects.calibration is not None
    if objects.model is None:
        check_model(given["model"], given.get("data"), registry, "calibrate" in given, own, options.spiking_only)
        network = recorded(expanded(given["model"]))
        if given.get("simulator") == "events" and network.whole:
            refuse_unfit(network.under(given), given["model"])
    elif given.get("data") is None and not own:
        raise UsageError(
            f"there is nothing to calibrate {given['model']} on",
            todo="Give calibration= (an array, a tf.data.Dataset or a file), or data= with the name of a data set.",
        )


def check_model(
    model: str,
    data: str | None,
    registry: Registry,
    calibrates: bool = False,
    own_data: bool = False,
    spiking: bool = False,
) -> None:
    """Refuse a model that is not there or is none, or that no data belongs to; no network is opened.

    Args:
        model: path of a run folder or file.
        data: the data set that is named; None if the model's run must name it.
        registry: knows the formats that plugins read.
        calibrates: whether other data than a data set would do.
        own_data: whether such data is named.
        spiking: whether it must be a spiking network, as far as its run tells.

    Raises:
        ModelError: nothing there, no run folder, no file of Keras, a damaged record, or the wrong kind of network.
        UsageError: no data is named.
    """
    path = expanded(model)
    if not os.path.exists(path):
        raise ModelError(f"no model at {model}", todo="name a run folder, a .keras file or an .h5 file")
    find_source(path, readers_of(registry))
    if spiking and path.is_dir() and (record := read_run(path)) is not None:
        require_spiking(record.metrics.get("type", ""), model)
    if data is None and not own_data and recorded_settings(path).get("data") is None:
        raise no_data_set(model, calibrates)


def _checks(
    given: Mapping[str, Any], registry: Registry, data: Any, data_opt: Any
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Checks by the option they blame."""
    preprocess = given.get("preprocess")
    if isinstance(preprocess, str) and isinstance(data, str):
        yield "preprocess", lambda: _check_preprocess(preprocess, registry, data, data_opt)
    elif isinstance(preprocess, str) and data is None and "calibrate" in given:
        yield "preprocess", lambda: _check_spelling(preprocess)
    yield "calibrate", lambda: _check_calibration_file(given.get("calibrate"))
    yield "require_agreement", lambda: _check_requirement(given)


def _check_preprocess(preprocess: str, registry: Registry, data: str, data_opt: Any) -> None:
    """A data set that cannot be had is another option's fault."""
    try:
        dataset = registry.dataset(data, data_opt if isinstance(data_opt, Mapping) else {})
    except (SnnctlError, TypeError):
        return
    from snnctl.data.preprocess import parse_preprocess  # NumPy takes a while

    parse_preprocess(preprocess, dataset)


def _check_spelling(preprocess: str) -> None:
    """The preprocessing of files, whose values are pixels."""
    from snnctl.data.preprocess import RawValues, parse_spelling

    parse_spelling(preprocess, RawValues("data without a data set (--data)", (0.0, 255.0)))


def _check_calibration_file(path: object) -> None:
    if not isinstance(path, str | os.PathLike):
        return
    if os.path.exists(expanded(os.fspath(path))):
        return
    number = str(path).isdigit()
    raise DataError(
        f"there is no file or folder {path} to calibrate on",
        todo="The number of images is set with --calibration-images (calibration_images)."
        if number
        else "Name an .npz or .npy file or a folder of images.",
    )


def _check_requirement(given: Mapping[str, Any]) -> None:
    if given.get("require_agreement") is not None and given.get("verify") == "none":
        raise UsageError(
            "an agreement is required, but nothing is verified", todo="Leave out --verify none, or --require-agreement."
        )
