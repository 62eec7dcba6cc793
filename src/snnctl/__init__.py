"""Exact conversion, training and measurement of time-to-first-spike (TTFS) spiking networks.

>>> import snnctl
>>> relu = snnctl.train(arch="fc2", data="mnist-mini", epochs=3, out="runs/relu")  # doctest: +SKIP
>>> snn = snnctl.convert("runs/relu", data="mnist-mini", out="runs/snn")  # doctest: +SKIP
>>> snn.metrics["agreement"]  # doctest: +SKIP
1.0

Importing ``snnctl`` imports nothing heavy; TensorFlow is imported by the first call that computes. oneDNN, which makes
training on a CPU up to four times faster, is switched on for it unless the environment says otherwise.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import keras

    from snnctl.models.load import LoadedModel
    from snnctl.progress import Reporter
    from snnctl.recipes import Outcome
    from snnctl.verbs.result import Given, Result

__all__ = [
    "convert",
    "evaluate",
    "export",
    "finetune",
    "gradients",
    "load",
    "report",
    "run_recipe",
    "sweep",
    "train",
    "trajectory",
]

Folder = str | os.PathLike[str]

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
ONEDNN_SET_BY = "user" if ONEDNN in os.environ else "snnctl"
if "tensorflow" not in sys.modules:  # which reads it once; by itself it uses oneDNN on CPUs with AVX-512 VNNI only
    os.environ.setdefault(ONEDNN, "1")


def train(
    *, out: Folder | None = None, overwrite: bool = False, reporter: Reporter | None = None, **options: Any
) -> Result:
    """Train a ReLU or a spiking network from scratch.

    Args:
        out: folder to write model, figures and provenance to; None writes nothing.
        overwrite: whether ``out`` may hold a run already.
        reporter: receives progress; silent by default.
        options: as of ``snnctl train``, with underscores: ``arch``, ``data``, ``type``, ``epochs``, ...

    Raises:
        SnnctlError: see ``snnctl.errors``; :class:`~snnctl.errors.UsageError` for an unknown or unfit option.
    """
    return _call("train", options, out, overwrite, reporter)


def convert(
    model: Folder | keras.Model,
    *,
    calibration: Any = None,
    labels: Any = None,
    out: Folder | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
    **options: Any,
) -> Result:
    """Turn a trained ReLU network into a spiking network that computes the same.

    Args:
        model: a Keras model; or run folder, ``.keras`` file, full ``.h5``, or weights-only ``.h5`` with ``arch``.
        calibration: what to calibrate on in place of a data set (``data``): an array (samples, \\*input_shape), a
            ``tf.data.Dataset`` in batches, x or (x, y), a function that makes a generator of such batches, or the path
            of an ``.npz`` or ``.npy`` file or of a folder of images.
        labels: of an array, (samples,); accuracies are measured with them.
        out: see :func:`train`.
        overwrite: see :func:`train`.
        reporter: see :func:`train`; warnings are in ``result.metrics["warnings"]`` as well.
        options: as of ``snnctl convert``.

    Returns:
        ``result.model`` is the spiking Keras model, ``result.metrics`` holds the figures.

    Raises:
        SnnctlError: see :func:`train`; :class:`~snnctl.errors.ConversionError` names a layer not covered;
            :class:`~snnctl.errors.AgreementError`, whose ``result`` is what came out, if less than
            ``require_agreement`` is reached.
    """
    from snnctl.verbs.given import given_objects

    named, objects = given_objects(model, calibration, labels, options)
    return _call("convert", {**options, **named}, out, overwrite, reporter, objects)


def finetune(
    model: Folder,
    *,
    out: Folder | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
    **options: Any,
) -> Result:
    """Train a converted or trained network further; arguments as of :func:`convert`."""
    return _call("finetune", {"model": _path(model), **options}, out, overwrite, reporter)


def evaluate(
    model: Folder,
    *,
    out: Folder | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
    **options: Any,
) -> Result:
    """Measure a network; arguments as of :func:`convert`. The figures are in ``metrics``."""
    return _call("eval", {"model": _path(model), **options}, out, overwrite, reporter)


def export(
    model: Folder | keras.Model,
    *,
    out: Folder | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
    **options: Any,
) -> Result:
    """Write a spiking network as plain data: neurons, thresholds, windows and synapses (``docs/events.md``).

    Args:
        model: a spiking Keras model, a run folder or a ``.keras`` file.
        out: see :func:`train`.
        overwrite: see :func:`train`.
        reporter: see :func:`train`.
        options: as of ``snnctl export``.

    Returns:
        ``result.files["network.npz"]`` is the file's content, ``result.metrics`` tells how large the network is.

    Raises:
        SnnctlError: see :func:`train`; :class:`~snnctl.errors.ModelError` for a ReLU network.
    """
    from snnctl.verbs.given import given_objects

    named, objects = given_objects(model, None, None, options)
    return _call("export", {**options, **named}, out, overwrite, reporter, objects)


def gradients(
    *, out: Folder | None = None, overwrite: bool = False, reporter: Reporter | None = None, **options: Any
) -> Result:
    """Compare how gradients travel through a ReLU network and its spiking forms, before training.

    Args:
        out: see :func:`train`.
        overwrite: see :func:`train`.
        reporter: see :func:`train`.
        options: as of ``snnctl gradients``: ``arch``, ``data``, ``neurons``, ``images``, ...

    Returns:
        ``result.metrics["networks"]`` holds the figures layer by layer, ``result.files`` the table and the curves.

    Raises:
        SnnctlError: see :func:`train`.
    """
    return _call("gradients", options, out, overwrite, reporter)


def trajectory(
    *, out: Folder | None = None, overwrite: bool = False, reporter: Reporter | None = None, **options: Any
) -> Result:
    """Train a ReLU network and its spiking forms side by side on the same batches; arguments as of :func:`gradients`.

    Returns:
        ``result.metrics["networks"]`` holds what each came to, ``result.files["trajectory.csv"]`` every step.
    """
    return _call("trajectory", options, out, overwrite, reporter)


def sweep(
    model: Folder,
    *,
    out: Folder | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
    **options: Any,
) -> Result:
    """Measure a spiking network under hardware constraints, value by value; arguments as of :func:`convert`.

    Axes are numbers, lists of them, ranges, or texts such as ``"3..8"``: ``time_bits=range(3, 9)``. If ``out`` is
    given and the sweep is interrupted, the same call goes on with the rest.

    Returns:
        ``result.metrics["points"]`` holds mean and spread of each point, ``["rows"]`` the figures seed by seed;
        ``result.files`` the same as ``sweep.csv``, and ``sweep.svg``.

    Raises:
        SnnctlError: see :func:`train`.
        KeyboardInterrupt: :class:`~snnctl.errors.Interrupted`, which says what is kept, if anything is.
    """
    return _call("sweep", {"model": _path(model), **options}, out, overwrite, reporter)


def run_recipe(
    path: Folder,
    *,
    out: Folder | None = None,
    overwrite: bool = False,
    resume: bool = False,
    force: bool = False,
    cache: Folder | bool = True,
    reporter: Reporter | None = None,
    **settings: Any,
) -> Outcome:
    """Check a whole recipe, then run its steps.

    Args:
        path: the YAML file.
        out: folder in which each step gets one of its own; a new one in ``runs/`` by default.
        overwrite: see :func:`train`.
        resume: go on in the folder of a run that was interrupted.
        force: run steps that are in the cache again.
        cache: the folder in which complete steps are kept; True: ``runs/.cache``, False: none.
        reporter: see :func:`train`.
        settings: variables, and options of steps: ``run_recipe(path, **{"relu.epochs": 1})``.

    Raises:
        RecipeError: everything that is wrong with the recipe, by line and column.
        SnnctlError: a step failed; what the steps before it wrote is kept.
    """
    from snnctl.recipes import run_recipe as run
    from snnctl.verbs.given import output_path

    return run(
        path,
        settings,
        out=output_path(out, overwrite),
        overwrite=overwrite,
        resume=resume,
        force=force,
        cache=cache,
        reporter=reporter,
    )


def report(
    *runs: Folder,
    out: Folder | None = None,
    overwrite: bool = False,
    reporter: Reporter | None = None,
    **options: Any,
) -> Path:
    """Compare runs in one HTML file.

    Args:
        runs: run folders, and folders of recipes.
        out: the file; ``report.html`` in the folder of a single run, or else in the working folder, when not given.
        overwrite: whether ``out`` may be another file than a report.
        reporter: see :func:`train`; is warned of what could not be had.
        options: as of ``snnctl report``: ``image`` (None for none), ``title``, ``data_dir``, ``allow_code``.

    Returns:
        The absolute path of the file.

    Raises:
        SnnctlError: a run is missing or damaged, there is no such image, or the file cannot be written.
    """
    from snnctl.plugins import load_registry
    from snnctl.progress import SilentReporter
    from snnctl.verbs.given import output_path
    from snnctl.verbs.report.options import ReportOptions
    from snnctl.verbs.report.report import write_report
    from snnctl.verbs.result import Run
    from snnctl.verbs.validation import make_options

    target = output_path(out, overwrite)
    checked = make_options(ReportOptions, {**options, "runs": [os.fspath(folder) for folder in runs]})
    run = Run(load_registry(), reporter or SilentReporter())
    return write_report(checked, run, out=target, overwrite=overwrite)[1]


def load(path: Folder, *, allow_code: bool = False) -> LoadedModel:
    """Open a run folder or a model file; ``.model`` is the Keras model.

    Args:
        path: of either.
        allow_code: whether code that the file holds may run; only for files you trust.

    Raises:
        ModelError: missing or damaged.
    """
    from dataclasses import replace
    from pathlib import Path

    from snnctl.conversion.upgrade import upgraded
    from snnctl.models.load import load_model
    from snnctl.plugins import load_registry
    from snnctl.verbs.conversion_rules import layer_rules
    from snnctl.verbs.model_readers import readers_of
    from snnctl.verbs.result import Run

    run = Run(load_registry())
    layer_rules(run)  # plugins register the layers that a file may hold
    loaded = load_model(Path(path), readers=readers_of(run.registry), allow_code=allow_code)
    return replace(loaded, model=upgraded(loaded.model))


def _path(model: Folder) -> str:
    try:
        return os.fspath(model)
    except TypeError:
        from snnctl.errors import UsageError

        raise UsageError(
            f"a model is named by its path, not given as a {type(model).__name__}",
            todo="Save it first: model.save('model.keras').",
        ) from None


def _call(
    name: str,
    options: dict[str, Any],
    out: Folder | None,
    overwrite: bool,
    reporter: Reporter | None,
    objects: Given | None = None,
) -> Result:
    from snnctl.errors import AgreementError
    from snnctl.plugins import load_registry
    from snnctl.progress import SilentReporter
    from snnctl.verbs.execute import execute, failure
    from snnctl.verbs.given import output_path
    from snnctl.verbs.result import Given, Run
    from snnctl.verbs.validation import check_names, make_options

    target = output_path(out, overwrite)
    run = Run(load_registry(), reporter or SilentReporter(), objects or Given())
    verb = run.registry.verb(name)
    checked = make_options(verb.options, options)
    check_names(checked, run.registry, run.given)
    command = [f"snnctl.{verb.function_path.partition(':')[2]}(...)"]
    result, folder = execute(verb, checked, run, out=target, overwrite=overwrite, command=command)
    if (missed := failure(result, folder)) is not None:
        if isinstance(missed, AgreementError):
            missed.result = result
        raise missed
    return result


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("snnctl")
    raise AttributeError(f"module 'snnctl' has no attribute '{name}'")
