"""How long a step may take: as long as steps of its kind took before, scaled by the number of samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from snnctl.errors import SnnctlError
from snnctl.recipes.cache import Cache
from snnctl.recipes.work import samples_shown
from snnctl.runs import RunRecord, expanded, read_run

MOST_RUNS = 300  # that are looked at, the youngest
DEEPEST = 10  # steps from a network back to its training
KINDS_MADE = {"convert": "snn"}


@dataclass(frozen=True)
class Network:
    """What is known of a network without opening it.

    Args:
        arch: its architecture; None if not known.
        arch_opt: the architecture's options, as a text.
        kind: "relu" or "snn"; None if not known.
    """

    arch: str | None = None
    arch_opt: str = ""
    kind: str | None = None

    def after(self, verb: str) -> Network:
        """What the verb makes of it."""
        return replace(self, kind=KINDS_MADE.get(verb, self.kind))


@dataclass(frozen=True)
class Job:
    """A step that was run, or is to be.

    Args:
        verb: its name.
        data: its data set.
        network: what it works on.
        samples: how many pass through the network.
        seconds: how long it took; 0 if it is to be run.
        started: when; ISO 8601.
    """

    verb: str
    data: str | None
    network: Network
    samples: int
    seconds: float = 0.0
    started: str = ""


def estimate(job: Job, past: Iterable[Job]) -> float | None:
    """Seconds that ``job`` may take; None if nothing of its kind has been run.

    Runs with the same options of the architecture go before others of that architecture; then the one is taken that is
    nearest in length, of several the youngest. What does not depend on the number of samples is scaled along, so that a
    long step is overestimated by a short one.
    """
    alike = [each for each in past if _kind(each) == _kind(job) and each.samples and each.network.arch is not None]
    if not alike:
        return None
    if not job.samples:
        return 0.0

    def nearness(each: Job) -> tuple[bool, int, str]:
        halvings = round(abs(math.log2(each.samples / job.samples)))
        return each.network.arch_opt == job.network.arch_opt, -halvings, each.started

    nearest = max(alike, key=nearness)
    return nearest.seconds * job.samples / nearest.samples


def past_jobs(runs: Path, cache: Cache | None, sizes: Mapping[str, Mapping[str, int]]) -> list[Job]:
    """The jobs that the cache and the folders below ``runs`` tell of.

    Args:
        runs: a folder of run folders and recipes' folders.
        cache: None for none.
        sizes: samples in the splits of data sets, by name.
    """
    found = [_job(record, _of_entry(cache, key), sizes) for key, record in _entries(cache)] if cache else []
    found += [_job(record, _of_folder(folder), sizes) for folder, record in _folders(runs)]
    return [job for job in found if job is not None]


def recorded_network(folder: Path) -> Network:
    """The network that a run folder holds, or has measured."""
    return _of_folder(folder)


def trained(options: Mapping[str, Any]) -> Network:
    """The network that a training with these options makes."""
    arch = options.get("arch")
    kind = options.get("type")
    return Network(arch if isinstance(arch, str) else None, _text(options.get("arch_opt")), kind)


def _kind(job: Job) -> tuple[Any, ...]:
    return job.verb, job.data, job.network.arch, job.network.kind


def _job(record: RunRecord, network: Network, sizes: Mapping[str, Mapping[str, int]]) -> Job | None:
    data = record.settings.get("data")
    try:
        count = samples_shown(record.verb, record.options, sizes.get(data) or {}) if isinstance(data, str) else None
    except (KeyError, TypeError, ValueError):  # written by another version
        return None
    if count is None or not record.duration:
        return None
    return Job(record.verb, data, network, count, float(record.duration), record.started)


def _entries(cache: Cache) -> Iterator[tuple[str, RunRecord]]:
    for key in _youngest(cache.keys(), cache.run_of):
        if (record := _read(cache.run_of(key))) is not None:
            yield key, record


def _of_entry(cache: Cache, key: str, depth: int = 0) -> Network:
    record = _read(cache.run_of(key))
    if record is None or depth > DEEPEST:
        return Network()
    source = cache.source_of(key)
    if source is None:
        return _of_record(record, cache.run_of(key), depth)
    return _of_entry(cache, source, depth + 1).after(record.verb)


def _folders(runs: Path) -> Iterator[tuple[Path, RunRecord]]:
    patterns = ("*/run.json", "*/*/run.json", "*/*/*/run.json")
    found = [path.parent for pattern in patterns for path in runs.glob(pattern)]
    shown = [folder for folder in found if not any(part.startswith(".") for part in folder.relative_to(runs).parts)]
    for folder in _youngest(shown, lambda folder: folder):
        if (record := _read(folder)) is not None:
            yield folder, record


def _of_folder(folder: Path, depth: int = 0) -> Network:
    record = _read(folder)
    return Network() if record is None or depth > DEEPEST else _of_record(record, folder, depth)


def _of_record(record: RunRecord, folder: Path, depth: int) -> Network:
    if record.verb == "train" or record.settings.get("arch"):
        return trained(record.settings).after(record.verb)
    named = record.settings.get("model")
    if not isinstance(named, str) or not named:
        return Network()
    places = (expanded(named), folder.parent / Path(named).name)
    source = next((place for place in places if place != folder and (place / "run.json").is_file()), None)
    return Network() if source is None else _of_folder(source, depth + 1).after(record.verb)


def _youngest(items: Iterable[Any], folder_of: Any) -> list[Any]:
    times = []
    for item in items:
        try:
            times.append(((folder_of(item) / "run.json").stat().st_mtime_ns, item))
        except OSError:
            continue
    return [item for _, item in sorted(times, key=lambda pair: pair[0], reverse=True)[:MOST_RUNS]]


def _read(folder: Path) -> RunRecord | None:
    try:
        return read_run(folder)
    except SnnctlError:
        return None


def _text(value: Any) -> str:
    return str(sorted(value.items())) if isinstance(value, Mapping) else ""
