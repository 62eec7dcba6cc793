"""Fixtures for pytest, known wherever snnctl is installed; ``-p no:snnctl`` leaves them out.

Nothing of snnctl but this module is imported before a test asks for a fixture.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import keras

    from snnctl.data.dataset import Samples
    from snnctl.events.network import Network
    from snnctl.plugins import Registry

SECONDS = 300


@dataclass(frozen=True)
class Done:
    """What a command left behind.

    Args:
        code: its exit code.
        stdout: what it wrote there.
        stderr: what it wrote there.
    """

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Stdout, which ``--json`` makes one JSON document."""
        return json.loads(self.stdout)


@pytest.fixture
def snnctl_registry() -> Registry:
    """Everything that is installed: ``snnctl_registry.dataset("my-data")``."""
    from snnctl.plugins import load_registry

    return load_registry()


@pytest.fixture
def tiny_samples() -> Samples:
    """48 images of 6x6 pixels between 0 and 1, three classes."""
    from snnctl.testing import tiny

    return tiny.tiny_samples(48)


@pytest.fixture
def tiny_relu() -> keras.Model:
    """A ReLU network for ``tiny_samples``: a convolution, pooling, a hidden layer and a readout, random weights."""
    from snnctl.testing import tiny

    return tiny.tiny_relu()


@pytest.fixture
def tiny_snn(tiny_relu: keras.Model) -> keras.Model:
    """The spiking network that computes what ``tiny_relu`` does."""
    from snnctl.testing import tiny

    return tiny.tiny_snn(tiny_relu)


@pytest.fixture
def tiny_network(tiny_snn: keras.Model) -> Network:
    """``tiny_snn`` as plain data: what exporters are given."""
    from snnctl.testing import tiny

    return tiny.tiny_network(tiny_snn)


@pytest.fixture
def run_snnctl(tmp_path: Path) -> Callable[..., Done]:
    """``run_snnctl("train", "--arch", "fc2", ...)`` runs the command in ``tmp_path``; it must succeed.

    ``code=2`` says which exit code is expected instead, and None that any will do.
    """

    def run(*arguments: object, code: int | None = 0) -> Done:
        command = [sys.executable, "-c", "from snnctl.cli import main; main()", *map(str, arguments)]
        environment = {"COLUMNS": "120", **os.environ}
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=SECONDS, check=False
        )
        if code is not None and done.returncode != code:
            pytest.fail(f"snnctl {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr}", False)
        return Done(done.returncode, done.stdout, done.stderr)

    return run
