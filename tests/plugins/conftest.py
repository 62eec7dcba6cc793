"""Packages that look installed, for tests within one process."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import fake_package
from snnctl.cli.installed import installed
from snnctl.plugins import Registry, load_registry

Install = Callable[..., Registry]


@pytest.fixture
def install(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """``install(pp_one=source)`` makes packages look installed until the test ends, and returns the new registry."""
    folder = tmp_path_factory.mktemp("site")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)  # `plugins check` starts a process
    modules: list[str] = []

    def add(**sources: str | None) -> Registry:
        for module, source in sources.items():
            fake_package.install(folder, module, source)
            modules.append(module)
        importlib.invalidate_caches()
        installed.cache_clear()
        return load_registry()

    yield add
    installed.cache_clear()
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def new_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """``new_package("name", "dataset", ...)`` begins a plugin of these kinds that is found without pip; its folder."""
    from snnctl.scaffold import SCAFFOLDS, Names, new_package, write_package

    modules: list[str] = []

    def begin(name: str, *kinds: str) -> Path:
        scaffolds = [SCAFFOLDS[kind] for kind in kinds]
        names = Names.of(name, scaffolds)
        folder = write_package(tmp_path / name, new_package(names, scaffolds))
        monkeypatch.syspath_prepend(folder / "src")
        fake_package.install(folder / "src", names.module, None)
        modules.append(names.module)
        return folder

    yield begin
    for name in [name for name in sys.modules if name.partition(".")[0] in modules]:
        del sys.modules[name]
