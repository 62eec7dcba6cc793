"""Fixtures of the data tests: no network, and a machine without data."""

import socket
from pathlib import Path
from typing import Any

import pytest

from snnctl.builtin.datasets.fashion_mnist import FashionMnist


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine can be reached."""
    resolve = socket.getaddrinfo

    def resolve_local(host: str, *rest: Any, **options: Any) -> Any:
        if host != "127.0.0.1":
            raise OSError("network is unreachable")
        return resolve(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_local)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data anywhere; returns the empty home folder."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("SNNCTL_DATA", "KERAS_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(FashionMnist, "system_folders", (tmp_path / "system",))
    return home
