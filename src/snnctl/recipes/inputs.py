"""What the result of a step depends on besides its options: files, samples, code, packages and the kind of device."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import snnctl
from snnctl.data.dataset import DataContext, Dataset
from snnctl.data.fingerprint import content_of, digest, stat_of
from snnctl.plugins import Registry
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.loading import GROUP
from snnctl.plugins.options import read_options
from snnctl.plugins.own import OWN
from snnctl.recipes.plan import Step
from snnctl.runs import expanded, read_run, versions
from snnctl.verbs.naming import CHOOSES, NAMES, OPTIONS_OF, mark

RUN_MODEL = "model.keras"
SWITCHES = ("TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS", "NVIDIA_TF32_OVERRIDE", "XLA_FLAGS", "TF_XLA_FLAGS")
GPU_FILES = ("/dev/nvidia0", "/dev/kfd")  # NVIDIA's, AMD's
GPU_PACKAGES = ("tensorflow-metal",)
HIDES_GPUS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


def machine() -> dict[str, Any]:
    """Versions of the packages that compute, the kind of device, and switches that change the last bits."""
    return {
        "versions": versions(),
        "processor": platform.machine(),
        "device": device_kind(),
        "switches": {name: os.environ[name] for name in SWITCHES if name in os.environ},
    }


def device_kind() -> str:
    """What computes, "cpu" or "gpu": told by device files and packages, because TensorFlow takes seconds to tell."""
    if any(os.environ.get(name) in ("", "-1") for name in HIDES_GPUS):
        return "cpu"
    return "gpu" if any(map(os.path.exists, GPU_FILES)) or any(map(_installed, GPU_PACKAGES)) else "cpu"


def own_code() -> str:
    """The SHA-256 of snnctl's source files, so that an edited checkout is another version."""
    return _sources(Path(str(snnctl.__file__)).parent)


def packages(step: Step, registry: Registry) -> list[str]:
    """The plugins' packages that have a part in the step, sorted.

    They provide the step itself, its data set or anything its options name; or metrics, which every measurement takes;
    or layer rules, which every conversion takes; or readers, if the network is in a file.
    """
    named = {registry.owner(kind, name) for kind, name in _named(step)}
    late = {
        plugin.package for plugin in registry.plugins if plugin.late or (_opens(step) and plugin.adds.get("readers"))
    }
    steps = registry.claims.get("steps", {}).values()
    verb = {entry.package for entries in steps for entry in entries if entry.thing is step.verb}
    return sorted((named | late | verb) - {OWN})


def package(name: str, registry: Registry) -> dict[str, Any]:
    """Version and source files of a plugin's package; the latter change with every edit of a checkout."""
    version = next((plugin.version for plugin in registry.plugins if plugin.package == name), "?")
    return {"name": name, "version": version, "source": [_sources(path) for path in _module_files(name)]}


def network(path: str) -> dict[str, Any]:
    """The network in a file or run folder: its content, and the settings that later steps take over.

    Raises:
        OSError: it cannot be read.
        ModelError: the run's record is damaged.
    """
    place = expanded(path)
    record = read_run(place) if place.is_dir() else None
    if record is None:
        return {"content": content_of(place)}
    return {"content": content_of(place / RUN_MODEL), "settings": record.settings}


def samples(dataset: Dataset, context: DataContext, options: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the samples of a data set depend on besides its options and its package; None if they are not here.

    A file that an option names counts by its content with the options, and not again by its time of change.

    Args:
        dataset: with its options.
        context: where it is looked for.
        options: as given.

    Raises:
        PluginError: the data set's own code fails.
        OSError: a file cannot be looked at.
    """
    with guard("fingerprint failed", where=origin(dataset)):
        own = dataset.fingerprint(context)
        if own is not None:
            return {"fingerprint": str(own)}
        if type(dataset).where is Dataset.where:
            return {}
        where = dataset.where(context)
    if where is None:
        return None
    path = expanded(where)
    if path.is_file() and any(
        path.samefile(named) for value in options.values() for named in _existing(value, str | Path)
    ):
        return {"where": where}
    return {"where": where, "files": stat_of(path, below=True) if path.exists() else None}


def named_files(options: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the files and folders hold that texts in options name, by the options' names.

    Files count by content, folders by the names, sizes and times of change of what is below them.

    Raises:
        OSError: one cannot be looked at.
    """
    found = {name: [_held(path) for path in _existing(value, str | Path)] for name, value in options.items()}
    return {name: held for name, held in found.items() if held}


def contents(options: Mapping[str, Any]) -> dict[str, list[str]]:
    """The same of paths alone, texts left aside.

    Raises:
        OSError: one cannot be looked at.
    """
    found = {name: [_held(path) for path in _existing(value, Path)] for name, value in options.items()}
    return {name: held for name, held in found.items() if held}


def plugin_files(step: Step, registry: Registry) -> dict[str, dict[str, list[str]]]:
    """:func:`named_files` of the options of everything that the step's options name or choose.

    Of training callbacks only files in options of type ``Path`` count: other texts may be where they write.

    Raises:
        OSError: one cannot be looked at.
        SnnctlError: what is named is not registered.
    """
    found = {}
    for place, kind, name, given in _with_options(step):
        values, _ = read_options(registry.find(kind, name), given)
        if kind == "callbacks":
            values = {key: [path for path in _existing(value, Path) if path.is_file()] for key, value in values.items()}
        if held := named_files(values):
            found[place] = held
    return found


def _with_options(step: Step) -> Iterator[tuple[str, str, str, Mapping[str, Any]]]:
    """(place, kind, name, options) of everything that is named together with options of its own."""
    fields = type(step.options).model_fields
    for option, field in fields.items():
        value = getattr(step.options, option)
        if (key := mark(field, OPTIONS_OF)) is not None and key in fields:
            name, kind = getattr(step.options, key, None), mark(fields[key], NAMES)
            if isinstance(name, str) and kind is not None and isinstance(value, Mapping):
                yield option, kind, name, value
        elif (kind := mark(field, CHOOSES)) is not None and isinstance(value, Mapping):
            yield from ((f"{option}.{name}", kind, name, given) for name, given in value.items())


def _existing(value: Any, kind: Any) -> Iterator[Path]:
    """The files and folders that exist, of those that a value names, or lists and mappings in it."""
    if isinstance(value, Mapping):
        yield from (path for item in value.values() for path in _existing(item, kind))
    elif isinstance(value, list | tuple):
        yield from (path for item in value for path in _existing(item, kind))
    elif isinstance(value, set | frozenset):
        yield from (path for item in sorted(value, key=str) for path in _existing(item, kind))
    elif isinstance(value, kind) and str(value) and _exists(str(value)):
        yield expanded(value)


def _exists(path: str) -> bool:
    try:
        return os.path.exists(expanded(path))
    except ValueError:  # a zero byte
        return False


def _held(path: Path) -> str:
    return stat_of(path, below=True) if path.is_dir() else content_of(path)


def _named(step: Step) -> Iterator[tuple[str, str]]:
    """(kind, name) of everything that the step's options name."""
    if step.data is not None:
        yield "datasets", step.data
    for name, field in type(step.options).model_fields.items():
        value = getattr(step.options, name)
        kind, chosen = mark(field, NAMES), mark(field, CHOOSES)
        if kind is not None and isinstance(value, str):
            yield kind, value
        if chosen is not None:
            yield from ((chosen, each) for each in value or ())


def _opens(step: Step) -> bool:
    """Whether the network comes out of a file."""
    return step.source is None and getattr(step.options, "model", None) is not None


def _module_files(name: str) -> list[Path]:
    """The folders, or single files, of the modules that the package's entry points name."""
    try:
        points = metadata.distribution(name).entry_points.select(group=GROUP)
    except metadata.PackageNotFoundError:
        return []
    found = []
    for point in points:
        parts = point.value.partition(":")[0].split(".")
        prefixes = (".".join(parts[: number + 1]) for number in range(len(parts)))
        files = map(_file_of, prefixes)
        file = next((Path(file) for file in files if file), None)  # a namespace has none
        if file is not None:
            found.append(file.parent if file.name == "__init__.py" else file)
    return sorted(set(found))


def _file_of(module: str) -> str | None:
    """The file of a module; one that is not imported is only looked for, which imports nothing."""
    if module in sys.modules or "." in module:
        return getattr(sys.modules.get(module), "__file__", None)
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec is not None and spec.has_location else None


def _sources(path: Path) -> str:
    """The SHA-256 of a Python file, or of all those below a folder."""
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    return digest([[str(file.relative_to(path)), content_of(file)] for file in files])


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
