"""What the result of a step depends on besides its options: files, samples, code, packages and the kind of device."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import snnctl
from snnctl.data.dataset import DataContext, Dataset
from snnctl.data.fingerprint import content_of, digest, stat_of
from snnctl.plugins import Registry
from snnctl.plugins.guard import guard, origin
from snnctl.plugins.loading import GROUP
from snnctl.plugins.registry import OWN
from snnctl.recipes.plan import Step
from snnctl.runs import expanded, read_run, versions
from snnctl.verbs.naming import CHOOSES, NAMES, mark

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


def samples(dataset: Dataset, context: DataContext) -> dict[str, Any] | None:
    """What the samples of a data set depend on besides its options and its package; None if they are not here.

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
    return {"where": where, "files": stat_of(path, below=True) if path.exists() else None}


def named_files(options: Mapping[str, Any]) -> dict[str, str]:
    """Names, sizes and times of change of the files and folders that options name, by the options' names.

    Raises:
        OSError: one cannot be looked at.
    """
    texts = {name: value for name, value in options.items() if isinstance(value, str) and value}
    return {name: stat_of(expanded(text), below=True) for name, text in texts.items() if os.path.exists(expanded(text))}


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
        files = (getattr(sys.modules.get(prefix), "__file__", None) for prefix in prefixes)
        file = next((Path(file) for file in files if file), None)  # a namespace has none
        if file is not None:
            found.append(file.parent if file.name == "__init__.py" else file)
    return sorted(set(found))


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
