"""Checks of an exporter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from snnctl.errors import SnnctlError
from snnctl.plugins.checks import check_instance
from snnctl.plugins.exporter import ExportContext, Exporter
from snnctl.testing.findings import Checks, Finding, Unknown, require
from snnctl.testing.trial import Trial, registry_with
from snnctl.testing.working import work
from snnctl.verbs.result import Given

if TYPE_CHECKING:
    import keras

RESERVED = ("model.keras", "metrics.json", "run.json", "history.csv")


def examine_exporter(exporter: Exporter, trial: Trial) -> list[Finding]:
    """Whether a small network is written, twice the same, under names that are safe."""
    checks = Checks(f"exporter '{exporter.name}'")
    with checks.that("is declared well"):
        check_instance(exporter, Exporter)
    options: dict[str, Any] = {}
    with checks.that("takes its options"):
        options = trial.options_of(exporter)
    snn = trial.networks.snn
    files: Mapping[str, Any] | None = None
    with checks.that("writes a small network, or refuses it in words"):
        files = _files_or_refusal(exporter, snn, options)
    if files is None:
        return checks.findings
    with checks.that("names files of the run folder"):
        for name in files:
            _require_safe(name)
    with checks.that("writes the same twice"):
        again = _files(exporter, snn, options)
        require(list(files) == list(again), f"the files are {', '.join(again)}, and were {', '.join(files)}")
        different = [name for name in files if files[name] != again[name]]
        require(not different, f"{', '.join(different)} differs: leave out times, random numbers and object addresses")
    with checks.that("works as `snnctl export --to`"):
        _require_exported(exporter, snn, options, set(files))
    return checks.findings


def _files_or_refusal(exporter: Exporter, snn: keras.Model, options: dict[str, Any]) -> Mapping[str, Any]:
    try:
        return _files(exporter, snn, options)
    except SnnctlError as refusal:
        raise Unknown(f"refused: {' '.join(str(refusal).split())}") from refusal


def _files(exporter: Exporter, snn: keras.Model, options: dict[str, Any]) -> Mapping[str, Any]:
    from snnctl.lowering import lower

    files = exporter.export(lower(snn), ExportContext(snn, "tiny"), **options)
    require(isinstance(files, Mapping), f"export returned {type(files).__name__}, no mapping of names to contents")
    require(files, "export returned no files")
    for name, content in files.items():
        require(isinstance(content, str | bytes), f"{name!r:.40} holds {type(content).__name__}, no text or bytes")
    return dict(files)


def _require_safe(name: Any) -> None:
    require(isinstance(name, str) and name.isprintable(), f"{name!r:.60} is no name of a file")
    path = PurePosixPath(name)
    good = name and path.name == name and "\\" not in name and ":" not in name and name not in (".", "..")
    require(good, f"'{name}' leaves the run folder; give names without folders")
    require(not name.startswith("."), f"'{name}' would be hidden")
    require(name not in RESERVED, f"'{name}' is a file of the run folder itself")


def _require_exported(exporter: Exporter, snn: keras.Model, options: dict[str, Any], names: set[str]) -> None:
    registry = registry_with("exporters", exporter)
    with TemporaryDirectory(prefix="snnctl-") as folder:
        out = Path(folder) / "run"
        work("export", registry, out=out, given=Given(model=snn), model="tiny", to=exporter.name, to_opt=options)
        missing = names - {path.name for path in out.iterdir()}
    require(not missing, f"the run folder lacks {', '.join(sorted(missing))}")
